//! `X509VerificationCodes`.

use ironssl::ssl::constants::VERIFICATION_CODES;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// What the verification of a certificate comes to, as verification callbacks are told and `get_verify_result` says:
/// OK is 0, the others are numbers that crypto.X509_verify_cert_error_string has a text for.
#[pyclass(frozen, subclass, module = "OpenSSL.SSL")]
pub(crate) struct X509VerificationCodes;

#[pymethods]
impl X509VerificationCodes {
    #[new]
    fn __new__() -> Self {
        Self
    }
}

/// The class, with the codes of the core's table as attributes.
pub(super) fn class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let class = py.get_type::<X509VerificationCodes>();
    for (name, value) in VERIFICATION_CODES {
        class.setattr(*name, *value)?;
    }
    Ok(class)
}
