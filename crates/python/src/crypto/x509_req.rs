//! `X509Req`.

use ironssl::x509 as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use super::{PKey, X509Extension, X509Name, cryptography, sign};
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// A request for a certificate (PKCS#10).
///
/// `X509Req()` is empty: set its subject and its public key, then `sign` it. `load_certificate_request` reads one.
/// (X509_REQ_new, RFC 2986)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct X509Req(core::X509Req);

impl X509Req {
    /// Wraps a request of the core.
    pub(crate) fn from_core(request: core::X509Req) -> Self {
        Self(request)
    }

    /// The request of the core.
    pub(crate) fn core(&self) -> &core::X509Req {
        &self.0
    }
}

#[pymethods]
impl X509Req {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::X509Req::new().or_raise::<Crypto>().map(Self)
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// The request as one of the package cryptography, which must be installed: a CertificateSigningRequest.
    ///
    /// Raises ImportError where it is not installed, Error where the request is not complete. (i2d_X509_REQ)
    fn to_cryptography<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        cryptography::request(py, &self.0.to_der().or_raise::<Crypto>()?)
    }

    /// Make an X509Req from a CertificateSigningRequest of the package cryptography, crypto_req.
    ///
    /// Raises TypeError for anything else. (d2i_X509_REQ)
    #[classmethod]
    fn from_cryptography(_cls: &Bound<'_, PyType>, crypto_req: &Bound<'_, PyAny>) -> PyResult<Self> {
        let der = cryptography::request_der(crypto_req)?;
        core::X509Req::from_der(der.as_slice()).or_raise::<Crypto>().map(Self)
    }

    /// The version as it is encoded, 0 in every request that follows RFC 2986. (X509_REQ_get_version)
    fn get_version(&self) -> i64 {
        self.0.version()
    }

    /// Set the version, which must be 0.
    ///
    /// Raises ValueError for any other one, TypeError for another type, OverflowError for more than 64 bits.
    /// (X509_REQ_set_version)
    fn set_version(&self, version: &Bound<'_, PyAny>) -> PyResult<()> {
        let version: i64 = argument::integer(version, "version")?;
        if version != 0 {
            return Err(PyValueError::new_err("Invalid version. The only valid version for X509Req is 0."));
        }
        self.0.set_version(version).or_raise::<Crypto>()
    }

    /// The subject as an X509Name: a live view, whose changes change the request. (X509_REQ_get_subject_name)
    fn get_subject(&self) -> X509Name {
        X509Name::from_core(self.0.subject())
    }

    /// The public key, as a PKey that has no private part.
    ///
    /// Raises Error where there is none, or one of a kind that OpenSSL does not know. (X509_REQ_get_pubkey)
    fn get_pubkey(&self) -> PyResult<PKey> {
        self.0.public_key().or_raise::<Crypto>().map(PKey::from_core)
    }

    /// Set the public key to the public part of pkey. The private part, if any, stays out.
    ///
    /// Raises Error for a PKey that is empty, TypeError for anything else. (X509_REQ_set_pubkey)
    #[pyo3(signature = (pkey))]
    fn set_pubkey(&self, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = PKey::of(pkey, "pkey")?.require("X509Req.set_pubkey")?;
        self.0.set_public_key(&key).or_raise::<Crypto>()
    }

    /// Sign the request with a private key. Other threads run meanwhile.
    ///
    /// pkey: a PKey. digest: as in `X509.sign`.
    ///
    /// Raises ValueError for a key without private part and for an unknown digest, Error where the request is not
    /// complete, or the key cannot sign such a digest, TypeError for other types. (X509_REQ_sign)
    #[pyo3(signature = (pkey, digest))]
    fn sign(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>, digest: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = PKey::of(pkey, "pkey")?.require_to_sign()?;
        let digest = sign::digest(&key, digest)?;
        py.detach(|| self.0.sign(&key, digest)).or_raise::<Crypto>()
    }

    /// Verify the signature with pkey, a PKey, and return True. Other threads run meanwhile.
    ///
    /// Raises Error where it is not the signature of that key, or the key is empty, TypeError for anything but a PKey.
    /// (X509_REQ_verify)
    #[pyo3(signature = (pkey))]
    fn verify(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>) -> PyResult<bool> {
        let key = PKey::of(pkey, "pkey")?.require("X509Req.verify")?;
        py.detach(|| self.0.verify(&key)).or_raise::<Crypto>()?;
        Ok(true)
    }

    /// Ask for extensions. One that was asked for by an earlier call is replaced by one of the same kind.
    ///
    /// extensions: an iterable of X509Extension. Raises ValueError for an element that is none; nothing is added then.
    /// Raises TypeError for what is not iterable. (X509_REQ_add_extensions)
    fn add_extensions(&self, extensions: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.add_extensions(&X509Extension::list(extensions)?).or_raise::<Crypto>()
    }

    /// The extensions asked for, a list of X509Extension. (X509_REQ_get_extensions)
    fn get_extensions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let extensions = self.0.extensions().or_raise::<Crypto>()?;
        let extensions = extensions.into_iter().map(|one| Bound::new(py, X509Extension::from_core(one)));
        PyList::new(py, extensions.collect::<PyResult<Vec<_>>>()?)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}

/// An X509Req argument called `req`; TypeError for anything else.
pub(crate) fn argument<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a core::X509Req> {
    let request = object.cast::<X509Req>().map_err(|_| PyTypeError::new_err("req must be an X509Req"))?;
    Ok(request.get().core())
}
