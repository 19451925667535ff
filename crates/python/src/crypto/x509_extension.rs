//! `X509Extension`.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use ironssl::x509 as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use super::X509;
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// An extension of a certificate, of a request or of a revocation list.
///
/// X509Extension(type_name, critical, value, subject=None, issuer=None): type_name is OpenSSL's short name, such as
/// b"basicConstraints", critical a truth value; value has the syntax of OpenSSL's configuration files (x509v3_config),
/// such as b"CA:TRUE, pathlen:0". Name and value are bytes or str. subject and issuer are X509, for the values that are
/// taken from a certificate: b"hash" for subjectKeyIdentifier, b"keyid" for authorityKeyIdentifier.
///
/// No value can name a file or a section of a configuration. Raises Error for an unknown name and for a value that
/// OpenSSL refuses, ValueError for a NUL, a line break, and bytes that are not UTF-8, TypeError for other types.
/// (X509V3_EXT_nconf)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct X509Extension(Mutex<Option<core::X509Extension>>);

impl X509Extension {
    /// Wraps an extension of the core.
    pub(crate) fn from_core(extension: core::X509Extension) -> Self {
        Self(Mutex::new(Some(extension)))
    }

    /// The extension of the core.
    fn core(&self) -> PyResult<core::X509Extension> {
        let extension = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        extension.ok_or_else(|| PyValueError::new_err("X509Extension.__init__() was not called"))
    }

    /// The extensions of an iterable of them; ValueError for an element that is none.
    pub(crate) fn list(iterable: &Bound<'_, PyAny>) -> PyResult<Vec<core::X509Extension>> {
        let mut list = Vec::new();
        for element in iterable.try_iter()? {
            let element = element?
                .cast_into::<Self>()
                .map_err(|_| PyValueError::new_err("One of the elements is not an X509Extension"))?;
            list.push(element.get().core()?);
        }
        Ok(list)
    }
}

/// Text in bytes or str.
fn text<'a>(object: &'a Bound<'_, PyAny>, label: &str) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = object.cast::<PyString>() {
        return text.to_cow();
    }
    let bytes = object.cast::<PyBytes>().map_err(|_| PyTypeError::new_err(format!("{label} must be bytes or str")))?;
    match std::str::from_utf8(bytes.as_bytes()) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => Err(PyValueError::new_err(format!("{label} must be UTF-8"))),
    }
}

/// An optional X509; TypeError for anything else.
fn certificate(object: Option<&Bound<'_, PyAny>>, label: &str) -> PyResult<Option<core::X509>> {
    let Some(object) = object else { return Ok(None) };
    let certificate =
        object.cast::<X509>().map_err(|_| PyTypeError::new_err(format!("{label} must be an X509 instance")))?;
    Ok(Some(certificate.get().core().clone()))
}

#[pymethods]
impl X509Extension {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(type_name, critical, value, subject=None, issuer=None)"
    )]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Mutex::new(None))
    }

    #[pyo3(signature = (type_name, critical, value, subject = None, issuer = None))]
    fn __init__(
        &self,
        type_name: &Bound<'_, PyAny>,
        critical: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        subject: Option<&Bound<'_, PyAny>>,
        issuer: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (name, value) = (text(type_name, "type_name")?, text(value, "value")?);
        let critical = critical.is_truthy()?;
        let (subject, issuer) = (certificate(subject, "subject")?, certificate(issuer, "issuer")?);
        let made = core::X509Extension::from_text(&name, critical, &value, subject.as_ref(), issuer.as_ref());
        let made = made.or_raise::<Crypto>()?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(())
    }

    /// Whether it is critical: who does not understand it must refuse what it is in. (X509_EXTENSION_get_critical)
    fn get_critical(&self) -> PyResult<bool> {
        Ok(self.core()?.is_critical())
    }

    /// The short name, such as b"subjectAltName"; b"UNDEF" where OpenSSL knows none. (X509_EXTENSION_get_object)
    fn get_short_name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.core()?.short_name()))
    }

    /// The value as it is encoded, in DER: bytes. (X509_EXTENSION_get_data)
    fn get_data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.core()?.data()))
    }

    /// The value in words.
    ///
    /// Alternative names are joined with ", ", each with its kind before it, as in "DNS:example.org, IP
    /// Address:192.0.2.1". Commas, backslashes and control characters in them are written as a backslash and two
    /// hexadecimal digits, so that no name can pass for several; a NUL is kept. The bytes of an
    /// extension that OpenSSL does not know are shown in hexadecimal.
    ///
    /// Raises Error where it knows the extension and cannot decode the value. (X509V3_EXT_print, GENERAL_NAME_print)
    fn __str__(&self) -> PyResult<String> {
        self.core()?.to_text().or_raise::<Crypto>()
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
