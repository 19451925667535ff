//! `PKCS12`, and `load_pkcs12`.

use std::sync::{Mutex, PoisonError};

use ironssl::pkcs12 as core;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::passphrase::utf8;
use super::{PKey, X509};
use crate::argument::{self, Data, Given};
use crate::error::{Crypto, OrRaise};
use crate::gc::Slot;

/// What is in a PKCS#12 file: a private key, its certificate, further certificates, and a name.
///
/// `PKCS12()` is empty: fill it with the methods that begin with `set_`, and `export` it. `load_pkcs12` reads one. (RFC
/// 7292)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
#[derive(Default)]
pub(crate) struct PKCS12 {
    key: Slot<PKey>,
    certificate: Slot<X509>,
    others: Slot<PyTuple>,
    friendly_name: Mutex<Option<Vec<u8>>>,
}

impl PKCS12 {
    /// Wraps what a file held.
    fn from_core(py: Python<'_>, file: core::Pkcs12) -> PyResult<Self> {
        let made = Self { friendly_name: Mutex::new(file.friendly_name), ..Self::default() };
        made.key.set(file.key.map(|key| Py::new(py, PKey::from_core(key))).transpose()?);
        made.certificate.set(file.certificate.map(|found| Py::new(py, X509::from_core(found))).transpose()?);
        if !file.others.is_empty() {
            let others = file.others.into_iter().map(|found| Bound::new(py, X509::from_core(found)));
            made.others.set(Some(PyTuple::new(py, others.collect::<PyResult<Vec<_>>>()?)?.unbind()));
        }
        Ok(made)
    }

    /// What the file is to hold.
    fn to_core(&self, py: Python<'_>) -> PyResult<core::Pkcs12> {
        let others = match self.others.get(py) {
            Some(others) => others.bind(py).iter().map(|other| certificate(&other)).collect::<PyResult<Vec<_>>>()?,
            None => Vec::new(),
        };
        Ok(core::Pkcs12 {
            key: self.key.get(py).map(|key| key.get().require("PKCS12.export")).transpose()?,
            certificate: self.certificate.get(py).map(|found| found.get().core().clone()),
            others: others.iter().map(|other| other.get().core().clone()).collect(),
            friendly_name: self.friendly_name.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }
}

/// An X509; TypeError for anything else.
fn certificate<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, X509>> {
    Ok(object.cast::<X509>().map_err(|_| PyTypeError::new_err("cert must be an X509 instance"))?.clone())
}

/// A passphrase: bytes, or str, which stands for its UTF-8.
fn passphrase<'py>(object: Option<&Bound<'py, PyAny>>) -> PyResult<Option<Data<'py>>> {
    let Some(object) = object else { return Ok(None) };
    if let Ok(text) = object.cast::<PyString>() {
        utf8(text)?;
    }
    Ok(Some(Data::from_buffer_or_deprecated_str(object, "passphrase")?.secret()))
}

#[pymethods]
impl PKCS12 {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// The certificate of the key, an X509, or None.
    fn get_certificate(&self, py: Python<'_>) -> Option<Py<X509>> {
        self.certificate.get(py)
    }

    /// Set the certificate of the key.
    ///
    /// cert: an X509, or None. Raises TypeError for anything else.
    #[pyo3(signature = (cert))]
    fn set_certificate(&self, cert: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.certificate.set(cert.map(certificate).transpose()?.map(Bound::unbind));
        Ok(())
    }

    /// The private key, a PKey, or None.
    fn get_privatekey(&self, py: Python<'_>) -> Option<Py<PKey>> {
        self.key.get(py)
    }

    /// Set the private key.
    ///
    /// pkey: a PKey, or None. Raises TypeError for anything else.
    #[pyo3(signature = (pkey))]
    fn set_privatekey(&self, pkey: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = pkey.map(|object| object.cast::<PKey>().map(|key| key.clone().unbind())).transpose();
        self.key.set(key.map_err(|_| PyTypeError::new_err("pkey must be a PKey instance"))?);
        Ok(())
    }

    /// The further certificates, a tuple of X509, or None where there are none. All certificates of a file without a
    /// private key are here.
    fn get_ca_certificates(&self, py: Python<'_>) -> Option<Py<PyTuple>> {
        self.others.get(py)
    }

    /// Set the further certificates.
    ///
    /// cacerts: an iterable of X509, or None. Raises TypeError for anything else.
    #[pyo3(signature = (cacerts))]
    fn set_ca_certificates(&self, py: Python<'_>, cacerts: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let others = match cacerts {
            Some(cacerts) => {
                let elements = cacerts.try_iter()?.map(|element| {
                    let wrong = || PyTypeError::new_err("iterable must only contain X509 instances");
                    element?.cast_into::<X509>().map_err(|_| wrong())
                });
                Some(PyTuple::new(py, elements.collect::<PyResult<Vec<_>>>()?)?.unbind())
            }
            None => None,
        };
        self.others.set(others);
        Ok(())
    }

    /// The name of key and certificate, UTF-8 in bytes, or None.
    fn get_friendlyname<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let name = self.friendly_name.lock().unwrap_or_else(PoisonError::into_inner);
        name.as_ref().map(|name| PyBytes::new(py, name))
    }

    /// Set the name of key and certificate: UTF-8 in bytes, str, or None.
    ///
    /// Raises TypeError for anything else, ValueError for a str that UTF-8 cannot encode. Bytes that are not UTF-8, and
    /// a NUL, are refused by `export`.
    #[pyo3(signature = (name))]
    fn set_friendlyname(&self, name: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let name = match name {
            None => None,
            Some(name) => match name.cast::<PyString>() {
                Ok(text) => Some(text.to_cow()?.as_bytes().to_vec()),
                Err(_) => Some(
                    name.cast::<PyBytes>()
                        .map_err(|_| PyTypeError::new_err("name must be a byte string or None"))?
                        .as_bytes()
                        .to_vec(),
                ),
            },
        };
        *self.friendly_name.lock().unwrap_or_else(PoisonError::into_inner) = name;
        Ok(())
    }

    /// Write the file, as bytes. Other threads run meanwhile.
    ///
    /// passphrase: bytes, str, which is encoded as UTF-8, with a DeprecationWarning, or None. iter: how often the
    /// passphrase is hashed to encrypt. maciter: how often for the checksum; -1 leaves the checksum out, and
    /// `load_pkcs12` then refuses the file under its passphrase. For both 0 is OpenSSL's default. algorithm: the name
    /// of a cipher, such as "aes-256-cbc", to encrypt as modern programs do (PBES2). Without one it is
    /// pbeWithSHA1And3-KeyTripleDES-CBC, which all programs read and which is weak.
    ///
    /// Raises Error for an empty object, for an empty key, for a name that is not UTF-8, and where certificate and key
    /// do not belong together; ValueError for a NUL in passphrase or name, for an unknown algorithm, and for a key
    /// without private part; OverflowError for numbers of more than 32 bits; TypeError for other types. (PKCS12_create,
    /// i2d_PKCS12)
    #[pyo3(signature = (passphrase = None, iter = Given(None), maciter = Given(None), *, algorithm = None))]
    #[pyo3(text_signature = "($self, passphrase=None, iter=2048, maciter=1, *, algorithm=None)")]
    fn export<'py>(
        &self,
        py: Python<'py>,
        passphrase: Option<&Bound<'_, PyAny>>,
        iter: Given<'_>,
        maciter: Given<'_>,
        algorithm: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let passphrase = self::passphrase(passphrase)?;
        let iterations = iter.or(2048, |iter| argument::integer(iter, "iter"))?;
        let mac_iterations = maciter.or(1, |maciter| argument::integer(maciter, "maciter"))?;
        let algorithm = match algorithm {
            Some(name) => core::Algorithm::by_name(&argument::name(name, "algorithm")?).or_raise::<Crypto>()?,
            None => core::Algorithm::default(),
        };
        let file = self.to_core(py)?;
        let passphrase = passphrase.as_ref().map(Data::as_slice);
        let der = py.detach(|| file.to_der(passphrase, iterations, mac_iterations, algorithm));
        Ok(PyBytes::new(py, &der.or_raise::<Crypto>()?))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.key.visit(&visit)?;
        self.certificate.visit(&visit)?;
        self.others.visit(&visit)
    }

    fn __clear__(&self) {
        self.key.clear();
        self.certificate.clear();
        self.others.clear();
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}

/// Read a PKCS#12 file. Returns a PKCS12. Other threads run meanwhile.
///
/// buffer: an object with the buffer protocol, or ASCII str. passphrase: bytes, str, which is encoded as UTF-8, with a
/// DeprecationWarning, or None. Old algorithms are understood where OpenSSL's legacy provider is at hand.
///
/// Raises Error where buffer holds no such file, or the passphrase is wrong or missing, or where there is a passphrase and
/// no checksum to prove it by ("mac absent"; without one, or with an empty one, such a file is read); ValueError for a NUL
/// in it, TypeError for other types. (d2i_PKCS12, PKCS12_parse)
#[pyfunction]
#[pyo3(signature = (buffer, passphrase = None))]
pub(crate) fn load_pkcs12(
    py: Python<'_>,
    buffer: &Bound<'_, PyAny>,
    passphrase: Option<&Bound<'_, PyAny>>,
) -> PyResult<PKCS12> {
    let (buffer, passphrase) = (Data::from_buffer_or_ascii(buffer)?.secret(), self::passphrase(passphrase)?);
    let (der, passphrase) = (buffer.as_slice(), passphrase.as_ref().map(Data::as_slice));
    let file = py.detach(|| core::Pkcs12::from_der(der, passphrase)).or_raise::<Crypto>()?;
    PKCS12::from_core(py, file)
}
