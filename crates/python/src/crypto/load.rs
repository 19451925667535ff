//! The functions that begin with `load_`.

use ironssl::{pkey, x509};
use pyo3::prelude::*;

use super::file_type::FileType;
use super::passphrase::Given;
use super::{Crl, PKey, X509, X509Req};
use crate::argument::Data;
use crate::error::{Crypto, OrRaise};

/// Reads a certificate, the first one in buffer.
///
/// type is FILETYPE_PEM or FILETYPE_ASN1; buffer is an object with the buffer protocol, or ASCII text. Raises
/// crypto.Error where there is no certificate of this type in it.
#[pyfunction]
#[pyo3(signature = (r#type, buffer))]
pub(crate) fn load_certificate(r#type: &Bound<'_, PyAny>, buffer: &Bound<'_, PyAny>) -> PyResult<X509> {
    let buffer = Data::from_buffer_or_ascii(buffer)?;
    let certificate = match FileType::to_load(r#type)? {
        FileType::Asn1 => x509::X509::from_der(buffer.as_slice()),
        _ => x509::X509::from_pem(buffer.as_slice()),
    };
    certificate.or_raise::<Crypto>().map(X509::from_core)
}

/// Reads a certificate request, the first one in buffer.
///
/// type is FILETYPE_PEM or FILETYPE_ASN1; buffer is an object with the buffer protocol, or ASCII text. Raises
/// crypto.Error where there is no request of this type in it.
#[pyfunction]
#[pyo3(signature = (r#type, buffer))]
pub(crate) fn load_certificate_request(r#type: &Bound<'_, PyAny>, buffer: &Bound<'_, PyAny>) -> PyResult<X509Req> {
    let buffer = Data::from_buffer_or_ascii(buffer)?;
    let request = match FileType::to_load(r#type)? {
        FileType::Asn1 => x509::X509Req::from_der(buffer.as_slice()),
        _ => x509::X509Req::from_pem(buffer.as_slice()),
    };
    request.or_raise::<Crypto>().map(X509Req::from_core)
}

/// Reads a certificate revocation list, the first one in buffer.
///
/// type is FILETYPE_PEM or FILETYPE_ASN1; buffer is an object with the buffer protocol, or ASCII text. Raises
/// crypto.Error where there is no revocation list of this type in it.
#[pyfunction]
#[pyo3(signature = (r#type, buffer))]
pub(crate) fn load_crl(r#type: &Bound<'_, PyAny>, buffer: &Bound<'_, PyAny>) -> PyResult<Crl> {
    let buffer = Data::from_buffer_or_ascii(buffer)?;
    let list = match FileType::to_load(r#type)? {
        FileType::Asn1 => x509::X509Crl::from_der(buffer.as_slice()),
        _ => x509::X509Crl::from_pem(buffer.as_slice()),
    };
    list.or_raise::<Crypto>().map(Crl::from_core)
}

/// Reads a private key, the first one in buffer.
///
/// type is FILETYPE_PEM or FILETYPE_ASN1; buffer is an object with the buffer protocol, or ASCII text. passphrase, for
/// an encrypted key in PEM, is bytes, a str, which stands for its UTF-8, or a callable: it is called with one argument,
/// which is false, and returns at most 1024 bytes. What it raises comes out of this function. Nobody is ever asked on a
/// terminal.
///
/// Raises crypto.Error where there is no key of this type in buffer, or the passphrase is missing or wrong.
#[pyfunction]
#[pyo3(signature = (r#type, buffer, passphrase = None))]
pub(crate) fn load_privatekey(
    r#type: &Bound<'_, PyAny>,
    buffer: &Bound<'_, PyAny>,
    passphrase: Option<&Bound<'_, PyAny>>,
) -> PyResult<PKey> {
    let buffer = Data::from_buffer_or_ascii(buffer)?.secret();
    let file_type = FileType::to_load(r#type)?;
    let passphrase = Given::from_argument(passphrase, file_type)?;
    let key = passphrase.with(|passphrase| match file_type {
        FileType::Asn1 => pkey::PKey::from_der(buffer.as_slice()),
        _ => pkey::PKey::from_pem(buffer.as_slice(), passphrase),
    });
    key.map(PKey::from_core)
}

/// Reads a public key, the first one in buffer.
///
/// type is FILETYPE_PEM or FILETYPE_ASN1; buffer is an object with the buffer protocol, or ASCII text. Raises
/// crypto.Error where there is no public key of this type in it.
#[pyfunction]
#[pyo3(signature = (r#type, buffer))]
pub(crate) fn load_publickey(r#type: &Bound<'_, PyAny>, buffer: &Bound<'_, PyAny>) -> PyResult<PKey> {
    let buffer = Data::from_buffer_or_ascii(buffer)?;
    let key = match FileType::to_load(r#type)? {
        FileType::Asn1 => pkey::PKey::public_from_der(buffer.as_slice()),
        _ => pkey::PKey::public_from_pem(buffer.as_slice()),
    };
    key.or_raise::<Crypto>().map(PKey::from_core)
}
