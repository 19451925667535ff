//! The `FILETYPE_*` constants.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The forms that certificates and keys are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileType {
    /// `FILETYPE_PEM`
    Pem,
    /// `FILETYPE_ASN1`
    Asn1,
    /// `FILETYPE_TEXT`
    Text,
}

impl FileType {
    /// The values of the constants: the first two are OpenSSL's, the third is pyOpenSSL's own.
    pub(crate) const PEM: i64 = 1;
    pub(crate) const ASN1: i64 = 2;
    pub(crate) const TEXT: i64 = 0xffff;

    /// For functions that read: PEM and ASN1; ValueError for anything else, of whatever type.
    pub(crate) fn to_load(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(Self::PEM) => Ok(Self::Pem),
            Ok(Self::ASN1) => Ok(Self::Asn1),
            _ => Err(PyValueError::new_err("type argument must be FILETYPE_PEM or FILETYPE_ASN1")),
        }
    }

    /// For functions that write: all three; ValueError for anything else, of whatever type.
    pub(crate) fn to_dump(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(Self::PEM) => Ok(Self::Pem),
            Ok(Self::ASN1) => Ok(Self::Asn1),
            Ok(Self::TEXT) => Ok(Self::Text),
            _ => Err(PyValueError::new_err("type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT")),
        }
    }
}
