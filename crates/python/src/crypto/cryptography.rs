//! Objects of the package `cryptography`, through DER.
//!
//! The package is no dependency: it is imported here, when one of these functions is called, and nowhere else. What is
//! read from an object imports nothing while the package is not loaded, for then it cannot be one of the package's.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::argument::Data;

/// Where `cryptography` keeps how things are encoded.
fn serialization(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "cryptography.hazmat.primitives.serialization"))
}

/// `cryptography.x509`.
fn x509(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "cryptography.x509"))
}

/// Whether the package is loaded, without which there is no object of it.
fn is_loaded(py: Python<'_>) -> PyResult<bool> {
    let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
    let found = modules.call_method1(intern!(py, "get"), (intern!(py, "cryptography"),))?;
    Ok(!found.is_none())
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
    if !is_loaded(py)? || !object.is_instance(&x509(py)?.getattr(class)?)? {
        return Err(PyTypeError::new_err(otherwise));
    }
    let der = serialization(py)?.getattr(intern!(py, "Encoding"))?.getattr(intern!(py, "DER"))?;
    Data::from_buffer(&object.call_method1(intern!(py, "public_bytes"), (der,))?)
}

/// The DER of a `cryptography.x509.Name`; TypeError for anything else.
pub(super) fn name_der<'py>(object: &Bound<'py, PyAny>) -> PyResult<Data<'py>> {
    let py = object.py();
    if !is_loaded(py)? || !object.is_instance(&x509(py)?.getattr(intern!(py, "Name"))?)? {
        return Err(PyTypeError::new_err("Must be a name"));
    }
    Data::from_buffer(&object.call_method0(intern!(py, "public_bytes"))?)
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

/// The keys that are taken from `cryptography`, each a module there and how its classes' names begin: those that sign.
/// What only agrees on a secret (DH, X25519, X448, ML-KEM) is no key of a certificate. An old release has fewer modules.
const KINDS: [(&str, &[&str]); 6] = [
    ("rsa", &["RSA"]),
    ("ec", &["EllipticCurve"]),
    ("ed25519", &["Ed25519"]),
    ("ed448", &["Ed448"]),
    ("dsa", &["DSA"]),
    ("mldsa", &["MLDSA44", "MLDSA65", "MLDSA87"]),
];

/// The DER of a key of `cryptography`, and whether it is a private one; TypeError for anything else.
pub(super) fn key_der<'py>(object: &Bound<'py, PyAny>) -> PyResult<(Data<'py>, bool)> {
    let wrong = || PyTypeError::new_err("Unsupported key type");
    if !is_loaded(object.py())? {
        return Err(wrong());
    }
    let serialization = serialization(object.py())?;
    let attribute = |class: &str, name: &str| serialization.getattr(class)?.getattr(name);
    let der = attribute("Encoding", "DER")?;
    if is_key(object, "PrivateKey")? {
        let plain = serialization.getattr(intern!(object.py(), "NoEncryption"))?.call0()?;
        let arguments = (der, attribute("PrivateFormat", "PKCS8")?, plain);
        let encoded = object.call_method1(intern!(object.py(), "private_bytes"), arguments)?;
        return Ok((Data::from_buffer(&encoded)?, true));
    }
    if is_key(object, "PublicKey")? {
        let arguments = (der, attribute("PublicFormat", "SubjectPublicKeyInfo")?);
        let encoded = object.call_method1(intern!(object.py(), "public_bytes"), arguments)?;
        return Ok((Data::from_buffer(&encoded)?, false));
    }
    Err(wrong())
}

/// Whether an object is a key that is taken, of a class whose name ends in `PrivateKey` or `PublicKey`.
fn is_key(object: &Bound<'_, PyAny>, part: &str) -> PyResult<bool> {
    let py = object.py();
    for (module, names) in KINDS {
        let Ok(module) = py.import(format!("cryptography.hazmat.primitives.asymmetric.{module}")) else { continue };
        for name in names {
            if object.is_instance(&module.getattr(format!("{name}{part}"))?)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
