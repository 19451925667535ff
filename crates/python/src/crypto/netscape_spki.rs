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
/// `NetscapeSPKI()` is empty: set its public key and sign it. `NetscapeSPKI(enc)` reads what b64_encode gives, bytes or
/// ASCII text; crypto.Error for anything else.
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

    /// The object in base64, as bytes. Raises crypto.Error where it has no key, or is not signed.
    fn b64_encode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.core().to_base64().or_raise::<Crypto>()?))
    }

    /// The public key, as a PKey that has no private part.
    fn get_pubkey(&self) -> PyResult<PKey> {
        self.core().public_key().or_raise::<Crypto>().map(PKey::from_core)
    }

    /// Sets the public key to the public part of pkey. The private part, if any, stays out.
    #[pyo3(signature = (pkey))]
    fn set_pubkey(&self, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = PKey::of(pkey)?.require("NetscapeSPKI.set_pubkey")?;
        self.core().set_public_key(&key).or_raise::<Crypto>()
    }

    /// Signs with pkey and the message digest of the name given, such as "sha256".
    ///
    /// Keys that hash what they sign themselves (Ed25519, Ed448, ML-DSA, SLH-DSA) take no digest: the one given, which
    /// may then be None, is not used. Raises ValueError for a key without private part and for an unknown digest. Other
    /// threads run meanwhile.
    #[pyo3(signature = (pkey, digest))]
    fn sign(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>, digest: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = PKey::of(pkey)?.require_to_sign()?;
        let digest = sign::digest(&key, digest)?;
        let object = self.core();
        py.detach(|| object.sign(&key, digest)).or_raise::<Crypto>()
    }

    /// Verifies the signature with key, a PKey, and returns True.
    ///
    /// Raises crypto.Error where it is not the signature of that key. Other threads run meanwhile.
    #[pyo3(signature = (key))]
    fn verify(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let key = PKey::of(key)?.require("NetscapeSPKI.verify")?;
        let object = self.core();
        py.detach(|| object.verify(&key)).or_raise::<Crypto>()?;
        Ok(true)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
