//! Objects of the package `cryptography`, through DER.
//!
//! The package is no dependency: it is imported here, when one of these functions is called, and nowhere else.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

use crate::argument::Data;

/// Where `cryptography` keeps how things are encoded.
fn serialization(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "cryptography.hazmat.primitives.serialization"))
}

/// `cryptography.x509`.
fn x509(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "cryptography.x509"))
}

/// A `cryptography.x509.Certificate` from its DER.
pub(super) fn certificate<'py>(py: Python<'py>, der: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    x509(py)?.call_method1(intern!(py, "load_der_x509_certificate"), (PyBytes::new(py, der),))
}

/// The DER of a `cryptography.x509.Certificate`; TypeError for anything else.
pub(super) fn certificate_der<'py>(object: &Bound<'py, PyAny>) -> PyResult<Data<'py>> {
    der(object, "Certificate", "Must be a certificate")
}

/// A `cryptography.x509.CertificateSigningRequest` from its DER.
pub(super) fn request<'py>(py: Python<'py>, der: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    x509(py)?.call_method1(intern!(py, "load_der_x509_csr"), (PyBytes::new(py, der),))
}

/// The DER of a `cryptography.x509.CertificateSigningRequest`; TypeError for anything else.
pub(super) fn request_der<'py>(object: &Bound<'py, PyAny>) -> PyResult<Data<'py>> {
    der(object, "CertificateSigningRequest", "Must be a certificate signing request")
}

/// A `cryptography.x509.CertificateRevocationList` from its DER.
pub(super) fn revocation_list<'py>(py: Python<'py>, der: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    x509(py)?.call_method1(intern!(py, "load_der_x509_crl"), (PyBytes::new(py, der),))
}

/// The DER of a `cryptography.x509.CertificateRevocationList`; TypeError for anything else.
pub(super) fn revocation_list_der<'py>(object: &Bound<'py, PyAny>) -> PyResult<Data<'py>> {
    der(object, "CertificateRevocationList", "Must be a certificate revocation list")
}

/// A `cryptography.x509.Name` from its DER.
pub(crate) fn name<'py>(py: Python<'py>, der: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    x509(py)?.getattr(intern!(py, "Name"))?.call_method1(intern!(py, "from_bytes"), (PyBytes::new(py, der),))
}

/// The DER of an object of a class of `cryptography.x509`; TypeError for anything else.
fn der<'py>(object: &Bound<'py, PyAny>, class: &str, otherwise: &'static str) -> PyResult<Data<'py>> {
    let py = object.py();
    if !object.is_instance(&x509(py)?.getattr(class)?)? {
        return Err(PyTypeError::new_err(otherwise));
    }
    let der = serialization(py)?.getattr(intern!(py, "Encoding"))?.getattr(intern!(py, "DER"))?;
    Data::from_buffer(&object.call_method1(intern!(py, "public_bytes"), (der,))?)
}

/// A key of `cryptography` from its DER.
pub(super) fn key<'py>(py: Python<'py>, der: &[u8], private: bool) -> PyResult<Bound<'py, PyAny>> {
    let der = PyBytes::new(py, der);
    if private {
        serialization(py)?.call_method1(intern!(py, "load_der_private_key"), (der, py.None()))
    } else {
        serialization(py)?.call_method1(intern!(py, "load_der_public_key"), (der,))
    }
}

/// The DER of a key of `cryptography`, and whether it is a private one; TypeError for anything else.
pub(super) fn key_der<'py>(object: &Bound<'py, PyAny>) -> PyResult<(Data<'py>, bool)> {
    let py = object.py();
    let types = py.import(intern!(py, "cryptography.hazmat.primitives.asymmetric.types"))?;
    let serialization = serialization(py)?;
    let attribute = |class: &str, name: &str| serialization.getattr(class)?.getattr(name);
    let der = attribute("Encoding", "DER")?;
    if is_one_of(object, &types.getattr(intern!(py, "PrivateKeyTypes"))?)? {
        let plain = serialization.getattr(intern!(py, "NoEncryption"))?.call0()?;
        let arguments = (der, attribute("PrivateFormat", "PKCS8")?, plain);
        let encoded = object.call_method1(intern!(py, "private_bytes"), arguments)?;
        return Ok((Data::from_buffer(&encoded)?, true));
    }
    if is_one_of(object, &types.getattr(intern!(py, "PublicKeyTypes"))?)? {
        let arguments = (der, attribute("PublicFormat", "SubjectPublicKeyInfo")?);
        let encoded = object.call_method1(intern!(py, "public_bytes"), arguments)?;
        return Ok((Data::from_buffer(&encoded)?, false));
    }
    Err(PyTypeError::new_err("Unsupported key type"))
}

/// Whether an object is of one of the classes of a `typing.Union`.
fn is_one_of(object: &Bound<'_, PyAny>, union: &Bound<'_, PyAny>) -> PyResult<bool> {
    for class in union.getattr(intern!(object.py(), "__args__"))?.try_iter()? {
        if let Ok(class) = class?.cast_into::<PyType>()
            && object.is_instance(&class)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
