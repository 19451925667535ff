//! The functions that begin with `load_`.

use ironssl::{pkey, x509};
use pyo3::prelude::*;

use super::file_type::FileType;
use super::passphrase::Given;
use super::{Crl, PKey, X509, X509Req};
use crate::argument::Data;
use crate::error::{Crypto, OrRaise};

/// Read a certificate, the first one in buffer. Returns an X509.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. buffer: an object with the buffer protocol, or ASCII str. Raises Error where
/// there is no certificate of this type in it, ValueError for another filetype and for other text, TypeError for other
/// objects. (PEM_read_bio_X509, d2i_X509)
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

/// Read a certificate request, the first one in buffer. Returns an X509Req.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. buffer: an object with the buffer protocol, or ASCII str. Raises Error where
/// there is no request of this type in it, ValueError for another filetype and for other text, TypeError for other
/// objects. (PEM_read_bio_X509_REQ, d2i_X509_REQ)
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

/// Read a certificate revocation list, the first one in buffer. Returns a CRL.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. buffer: an object with the buffer protocol, or ASCII str. Raises Error where
/// there is no revocation list of this type in it, ValueError for another filetype and for other text, TypeError for
/// other objects. (PEM_read_bio_X509_CRL, d2i_X509_CRL)
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

/// Read a private key, the first one in buffer. Returns a PKey.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. buffer: an object with the buffer protocol, or ASCII str. passphrase, for an
/// encrypted key in PEM: bytes, a str, which stands for its UTF-8, or a callable: it is called with one argument, which
/// is false, and returns bytes. It has at most 1024 bytes. What a callable raises comes out of this function. Nobody is
/// ever asked on a terminal.
///
/// Raises Error where there is no key of this type in buffer, or the passphrase is missing or wrong; ValueError for
/// another filetype, for other text, for a passphrase that is too long, or given for FILETYPE_ASN1, and where a
/// callable returns anything but bytes; TypeError for other objects. (PEM_read_bio_PrivateKey, d2i_AutoPrivateKey)
#[pyfunction]
#[pyo3(signature = (r#type, buffer, passphrase = None))]
pub(crate) fn load_privatekey(
    py: Python<'_>,
    r#type: &Bound<'_, PyAny>,
    buffer: &Bound<'_, PyAny>,
    passphrase: Option<&Bound<'_, PyAny>>,
) -> PyResult<PKey> {
    let buffer = Data::from_buffer_or_ascii(buffer)?.secret();
    let file_type = FileType::to_load(r#type)?;
    let passphrase = Given::from_argument(passphrase, file_type)?;
    let data = buffer.as_slice();
    let key = passphrase.with(py, |passphrase| match file_type {
        FileType::Asn1 => pkey::PKey::from_der(data),
        _ => pkey::PKey::from_pem(data, passphrase),
    });
    key.map(PKey::from_core)
}

/// Read a public key, the first one in buffer. Returns a PKey.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. buffer: an object with the buffer protocol, or ASCII str. Raises Error where
/// there is no public key of this type in it, ValueError for another filetype and for other text, TypeError for other
/// objects. (PEM_read_bio_PUBKEY, d2i_PUBKEY)
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
