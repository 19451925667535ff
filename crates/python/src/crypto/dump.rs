//! The functions that begin with `dump_`.

use ironssl::pkey::Cipher;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::file_type::FileType;
use super::passphrase::Given;
use super::{Crl, PKey, X509, crl, refusal, x509_req};
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// Write a certificate, as bytes.
///
/// type: FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. cert: an X509. Raises Error for one that is not complete, which
/// FILETYPE_TEXT alone can show; ValueError for another filetype, TypeError for anything but an X509.
/// (PEM_write_bio_X509, i2d_X509, X509_print)
#[pyfunction]
#[pyo3(signature = (r#type, cert))]
pub(crate) fn dump_certificate<'py>(
    py: Python<'py>,
    r#type: &Bound<'_, PyAny>,
    cert: &Bound<'_, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let cert = cert.cast::<X509>().map_err(|_| PyTypeError::new_err("cert must be an X509"))?.get().core();
    let written = match FileType::to_dump(r#type)? {
        FileType::Pem => cert.to_pem(),
        FileType::Asn1 => cert.to_der(),
        FileType::Text => cert.to_text(),
    };
    Ok(PyBytes::new(py, &written.or_raise::<Crypto>()?))
}

/// Write a certificate request, as bytes.
///
/// type: FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. req: an X509Req. Raises Error for one that is not complete,
/// which FILETYPE_TEXT alone can show; ValueError for another filetype, TypeError for anything but an X509Req.
/// (PEM_write_bio_X509_REQ, i2d_X509_REQ, X509_REQ_print)
#[pyfunction]
#[pyo3(signature = (r#type, req))]
pub(crate) fn dump_certificate_request<'py>(
    py: Python<'py>,
    r#type: &Bound<'_, PyAny>,
    req: &Bound<'_, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let request = x509_req::argument(req)?;
    let written = match FileType::to_dump(r#type)? {
        FileType::Pem => request.to_pem(),
        FileType::Asn1 => request.to_der(),
        FileType::Text => request.to_text(),
    };
    Ok(PyBytes::new(py, &written.or_raise::<Crypto>()?))
}

/// Write a certificate revocation list, as bytes.
///
/// type: FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. crl: a CRL. Raises Error for one that is not complete, which
/// FILETYPE_TEXT alone can show; ValueError for another filetype, TypeError for anything but a CRL.
/// (PEM_write_bio_X509_CRL, i2d_X509_CRL, X509_CRL_print)
#[pyfunction]
#[pyo3(signature = (r#type, crl))]
pub(crate) fn dump_crl<'py>(
    py: Python<'py>,
    r#type: &Bound<'_, PyAny>,
    crl: &Bound<'_, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let list = crl.cast::<Crl>().map_err(|_| PyTypeError::new_err("crl must be a CRL"))?;
    crl::dump(py, list.get().core(), FileType::to_dump(r#type)?)
}

/// Write a private key, as bytes.
///
/// type: FILETYPE_PEM (PKCS#8), FILETYPE_ASN1 (the older form of its kind, where there is one) or FILETYPE_TEXT (RSA
/// only). pkey: a PKey. cipher: the name of a cipher, such as "aes-256-cbc", to encrypt the key with, which only
/// FILETYPE_PEM can be; or None. passphrase: bytes, a str, which stands for its UTF-8, or a callable: it is called with
/// one argument, which is true, and returns bytes. It has at most 1024 bytes. What a callable raises comes out of this
/// function.
///
/// Raises Error for a key that is empty, or has only a public part, which FILETYPE_TEXT alone can show, and for a
/// cipher that cannot encrypt keys. Raises ValueError for another filetype, for an unknown cipher, for a passphrase
/// that is too long, or given for another type than FILETYPE_PEM, and where a callable returns anything but bytes.
/// Raises TypeError for a cipher without a passphrase, for FILETYPE_TEXT of another key than RSA, and for other types
/// of arguments. (PEM_write_bio_PrivateKey, i2d_PrivateKey_bio, EVP_PKEY_print_private)
#[pyfunction]
#[pyo3(signature = (r#type, pkey, cipher = None, passphrase = None))]
pub(crate) fn dump_privatekey<'py>(
    py: Python<'py>,
    r#type: &Bound<'_, PyAny>,
    pkey: &Bound<'_, PyAny>,
    cipher: Option<&Bound<'_, PyAny>>,
    passphrase: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let pkey = pkey.cast::<PKey>().map_err(|_| PyTypeError::new_err("pkey must be a PKey"))?.get();
    let cipher = match (cipher, passphrase) {
        (None, _) => None,
        (Some(_), None) => {
            let text = "if a value is given for cipher one must also be given for passphrase";
            return Err(PyTypeError::new_err(text));
        }
        (Some(cipher), Some(_)) => Some(Cipher::by_name(&argument::name(cipher, "cipher")?).or_raise::<Crypto>()?),
    };
    let file_type = FileType::to_dump(r#type)?;
    let passphrase = Given::from_argument(passphrase, file_type)?;
    let key = pkey.require("dump_privatekey")?;
    if !key.is_private() && file_type != FileType::Text {
        return Err(refusal("dump_privatekey", "the key has only a public part"));
    }
    let written = passphrase.with(py, |passphrase| match file_type {
        FileType::Pem => key.to_pem(cipher, passphrase),
        FileType::Asn1 => key.to_der(),
        FileType::Text => key.to_text(),
    })?;
    Ok(PyBytes::new(py, &written))
}

/// Write the public part of a key, a SubjectPublicKeyInfo, as bytes.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. pkey: a PKey. Raises Error for one that is empty, ValueError for another
/// filetype, TypeError for anything but a PKey. (PEM_write_bio_PUBKEY, i2d_PUBKEY_bio)
#[pyfunction]
#[pyo3(signature = (r#type, pkey))]
pub(crate) fn dump_publickey<'py>(
    py: Python<'py>,
    r#type: &Bound<'_, PyAny>,
    pkey: &Bound<'_, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let pkey = pkey.cast::<PKey>().map_err(|_| PyTypeError::new_err("pkey must be a PKey"))?.get();
    let file_type = FileType::to_load(r#type)?;
    let key = pkey.require("dump_publickey")?;
    let written = match file_type {
        FileType::Pem => key.public_to_pem(),
        FileType::Asn1 => key.public_to_der(),
        FileType::Text => return Err(PyValueError::new_err("type argument must be FILETYPE_PEM or FILETYPE_ASN1")),
    };
    Ok(PyBytes::new(py, &written.or_raise::<Crypto>()?))
}
