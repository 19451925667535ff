//! `PKey`.

use std::sync::{Mutex, PoisonError};

use ironssl::pkey as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::cryptography;
use super::refusal;
use crate::argument;
use crate::error::{Crypto, OrRaise};
use crate::exceptions;

/// The numbers of the `TYPE_*` constants (`EVP_PKEY_*`).
pub(crate) const TYPE_RSA: i64 = 6;
pub(crate) const TYPE_DSA: i64 = 116;
pub(crate) const TYPE_DH: i64 = 28;
pub(crate) const TYPE_EC: i64 = 408;

/// A key: a pair of a private and a public part, a public part alone, or nothing yet.
///
/// `PKey()` is empty: `generate_key` fills it. `load_privatekey`, `load_publickey`, `X509.get_pubkey` and
/// `from_cryptography_key` give keys that are not. A key with only a public part never gives up a private one.
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct PKey(Mutex<Option<core::PKey>>);

impl PKey {
    /// Wraps a key of the core.
    pub(crate) fn from_core(key: core::PKey) -> Self {
        Self(Mutex::new(Some(key)))
    }

    /// A PKey argument called `label`; TypeError for anything else.
    pub(crate) fn of<'a>(object: &'a Bound<'_, PyAny>, label: &str) -> PyResult<&'a Self> {
        let wrong = |_| PyTypeError::new_err(format!("{label} must be a PKey instance"));
        Ok(object.cast::<Self>().map_err(wrong)?.get())
    }

    /// The key of the core, shared; none where there is no key yet.
    pub(crate) fn core(&self) -> Option<core::PKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As [`PKey::core`]; `crypto.Error` where there is no key yet.
    pub(crate) fn require(&self, function: &str) -> PyResult<core::PKey> {
        self.core().ok_or_else(|| refusal(function, "the key is uninitialized"))
    }

    /// As [`PKey::core`], for signing; ValueError where there is no private part, or no key yet.
    pub(crate) fn require_to_sign(&self) -> PyResult<core::PKey> {
        match self.core() {
            Some(key) if key.is_private() => Ok(key),
            Some(_) => Err(PyValueError::new_err("Key only has public part")),
            None => Err(PyValueError::new_err("Key is uninitialized")),
        }
    }
}

#[pymethods]
impl PKey {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Mutex::new(None))
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// Make a new pair and put it into this object. Other threads run meanwhile.
    ///
    /// type: TYPE_RSA or TYPE_DSA. bits: the size of the modulus or of the prime.
    ///
    /// Raises ValueError where bits is not above 0, Error for other types of keys and for sizes that OpenSSL refuses,
    /// TypeError for anything but an int, OverflowError for bits of more than 32 bits. (EVP_PKEY_keygen)
    #[pyo3(signature = (r#type, bits))]
    fn generate_key(&self, py: Python<'_>, r#type: &Bound<'_, PyAny>, bits: &Bound<'_, PyAny>) -> PyResult<()> {
        let kind: i64 = argument::integer(r#type, "type")?;
        let bits: i32 = argument::integer(bits, "bits")?;
        if kind != TYPE_RSA && kind != TYPE_DSA {
            // As all releases do, a text and no list.
            return Err(exceptions::crypto::Error::new_err("No such key type"));
        }
        let bits = u32::try_from(bits).map_err(|_| PyValueError::new_err("Invalid number of bits"))?;
        let made = py
            .detach(|| if kind == TYPE_RSA { core::PKey::generate_rsa(bits) } else { core::PKey::generate_dsa(bits) });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(made.or_raise::<Crypto>()?);
        Ok(())
    }

    /// Check that the numbers of an RSA pair fit together, and return True. Other threads run meanwhile.
    ///
    /// Raises Error where they do not, TypeError for a public key, an empty one, and keys other than RSA.
    /// (EVP_PKEY_check)
    fn check(&self, py: Python<'_>) -> PyResult<bool> {
        let key = self.core().ok_or_else(|| PyTypeError::new_err("Only RSA keys can currently be checked."))?;
        py.detach(|| key.check()).or_raise::<Crypto>()?;
        Ok(true)
    }

    /// The type of the key: TYPE_RSA, TYPE_DSA or another number that OpenSSL gives to a kind of key; 0 for an empty
    /// one. (EVP_PKEY_get_base_id)
    fn r#type(&self) -> i32 {
        self.core().map_or(0, |key| key.id())
    }

    /// The number of bits of the key; 0 for an empty one. (EVP_PKEY_get_bits)
    fn bits(&self) -> u32 {
        self.core().map_or(0, |key| key.bits())
    }

    /// The key as one of the package cryptography, which must be installed: a private key, or a public one where this
    /// object has no private part.
    ///
    /// Raises ImportError where it is not installed, Error for a key that is empty, and what the package raises for a
    /// kind that it does not know. (i2d_PrivateKey_bio, i2d_PUBKEY_bio)
    fn to_cryptography_key<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let key = self.require("PKey.to_cryptography_key")?;
        if key.is_private() {
            cryptography::key(py, &key.to_der().or_raise::<Crypto>()?, true)
        } else {
            cryptography::key(py, &key.public_to_der().or_raise::<Crypto>()?, false)
        }
    }

    /// Make a PKey from a private or public key of the package cryptography, crypto_key.
    ///
    /// Kinds of keys: RSA, DSA, elliptic curves, Ed25519, Ed448, ML-DSA. A subclass makes an object of its own, which
    /// it must be able to do without arguments. Raises TypeError for anything else. (d2i_AutoPrivateKey, d2i_PUBKEY)
    #[classmethod]
    fn from_cryptography_key<'py>(
        cls: &Bound<'py, PyType>,
        crypto_key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (der, private) = cryptography::key_der(crypto_key)?;
        let der = der.as_slice();
        let key = if private { core::PKey::from_der(der) } else { core::PKey::public_from_der(der) };
        let key = key.or_raise::<Crypto>()?;
        let made = cls.call0()?;
        *made.cast::<Self>()?.get().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(made)
    }

    /// Whether there is a key in this object.
    #[getter]
    fn _initialized(&self) -> bool {
        self.core().is_some()
    }

    /// Whether there is only a public part.
    #[getter]
    fn _only_public(&self) -> bool {
        self.core().is_some_and(|key| !key.is_private())
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
