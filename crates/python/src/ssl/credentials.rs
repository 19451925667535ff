//! Certificates, keys and names as `Context` and `Connection` take them: ours, or those of the cryptography package.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::crypto::{PKey, X509, X509Name};
use crate::error::{OrRaise, Ssl};

/// A certificate argument.
pub(super) fn certificate(object: &Bound<'_, PyAny>) -> PyResult<ironssl::x509::X509> {
    if let Ok(certificate) = object.cast::<X509>() {
        return Ok(certificate.get().core().clone());
    }
    if !is_of_cryptography(object) {
        return Err(PyTypeError::new_err("Must be a certificate"));
    }
    let converted = object.py().get_type::<X509>().call_method1("from_cryptography", (object,))?;
    Ok(converted.cast_into::<X509>()?.get().core().clone())
}

/// A private key argument.
pub(super) fn private_key(object: &Bound<'_, PyAny>) -> PyResult<ironssl::pkey::PKey> {
    if let Ok(key) = object.cast::<PKey>() {
        return key.get().core().ok_or_else(|| PyTypeError::new_err("the PKey holds no key"));
    }
    if !is_of_cryptography(object) {
        return Err(PyTypeError::new_err("Unsupported key type"));
    }
    let converted = object.py().get_type::<PKey>().call_method1("from_cryptography_key", (object,))?;
    converted.cast_into::<PKey>()?.get().core().ok_or_else(|| PyTypeError::new_err("the PKey holds no key"))
}

/// The name of an authority as an argument.
pub(super) fn authority(object: &Bound<'_, PyAny>) -> PyResult<ironssl::x509::X509Name> {
    if let Ok(name) = object.cast::<X509Name>() {
        return name.get().core().copy().or_raise::<Ssl>();
    }
    if is_of_cryptography(object)
        && let Ok(name) = X509Name::from_cryptography(object)
    {
        return Ok(name);
    }
    let kind = object.get_type().name()?;
    Err(PyTypeError::new_err(format!("client CAs must be X509Name objects, not {kind} objects")))
}

/// Whether an object is of a class of the cryptography package, which is imported for those only.
fn is_of_cryptography(object: &Bound<'_, PyAny>) -> bool {
    let module = object.get_type().module();
    module.is_ok_and(|module| module.to_str().is_ok_and(|name| name.split('.').next() == Some("cryptography")))
}
