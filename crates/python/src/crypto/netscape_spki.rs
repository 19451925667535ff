//! `NetscapeSPKI`.

use std::sync::{Mutex, PoisonError};

use ironssl::spki as core;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use super::{PKey, sign};
use crate::argument::{self, Data};
use crate::error::{Crypto, OrRaise};

/// A public key that its private key has signed, as Netscape's browsers sent them (SPKAC).
///
/// `NetscapeSPKI()` is empty: set its public key and sign it. `NetscapeSPKI(enc)` reads what `b64_encode` gives: an
/// object with the buffer protocol, or ASCII str. Raises Error for what cannot be read, ValueError for other text,
/// TypeError for other objects. (NETSCAPE_SPKI_new, NETSCAPE_SPKI_b64_decode)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct NetscapeSPKI(Mutex<core::NetscapeSpki>);

impl NetscapeSPKI {
    /// The object of the core, shared.
    fn core(&self) -> core::NetscapeSpki {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[pymethods]
impl NetscapeSPKI {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(enc=None)")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::NetscapeSpki::new().or_raise::<Crypto>().map(|object| Self(Mutex::new(object)))
    }

    #[pyo3(signature = (enc = None))]
    fn __init__(&self, enc: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        if let Some(enc) = enc {
            let text = Data::from_buffer_or_ascii(enc)?;
            let read = core::NetscapeSpki::from_base64(text.as_slice()).or_raise::<Crypto>()?;
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = read;
        }
        Ok(())
    }

    /// The object in base64, as bytes.
    ///
    /// Raises Error where it has no key, or is not signed. (i2d_NETSCAPE_SPKI, EVP_EncodeBlock)
    fn b64_encode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.core().to_base64().or_raise::<Crypto>()?))
    }

    /// The public key, as a PKey that has no private part.
    ///
    /// Raises Error where there is none, or one of a kind that OpenSSL does not know. (NETSCAPE_SPKI_get_pubkey)
    fn get_pubkey(&self) -> PyResult<PKey> {
        self.core().public_key().or_raise::<Crypto>().map(PKey::from_core)
    }

    /// Set the public key to the public part of pkey. The private part, if any, stays out.
    ///
    /// Raises Error for a PKey that is empty, TypeError for anything else. (NETSCAPE_SPKI_set_pubkey)
    #[pyo3(signature = (pkey))]
    fn set_pubkey(&self, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = PKey::of(pkey, "pkey")?.require("NetscapeSPKI.set_pubkey")?;
        self.core().set_public_key(&key).or_raise::<Crypto>()
    }

    /// Sign with a private key. Other threads run meanwhile.
    ///
    /// pkey: a PKey. digest: as in `X509.sign`.
    ///
    /// Raises ValueError for a key without private part and for an unknown digest, Error where there is no public key,
    /// or the key cannot sign such a digest, TypeError for other types. (NETSCAPE_SPKI_sign)
    #[pyo3(signature = (pkey, digest))]
    fn sign(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>, digest: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = PKey::of(pkey, "pkey")?.require_to_sign()?;
        let digest = sign::digest(&key, digest)?;
        let object = self.core();
        py.detach(|| object.sign(&key, digest)).or_raise::<Crypto>()
    }

    /// Verify the signature with key, a PKey, and return True. Other threads run meanwhile.
    ///
    /// Raises Error where it is not the signature of that key, TypeError for anything but a PKey.
    /// (NETSCAPE_SPKI_verify)
    #[pyo3(signature = (key))]
    fn verify(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let key = PKey::of(key, "key")?.require("NetscapeSPKI.verify")?;
        let object = self.core();
        py.detach(|| object.verify(&key)).or_raise::<Crypto>()?;
        Ok(true)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
