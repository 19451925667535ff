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

/// Writes a certificate, as bytes.
///
/// type is FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. Raises crypto.Error where cert is not complete.
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

/// Writes a certificate request, as bytes.
///
/// type is FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. Raises crypto.Error where req is not complete.
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

/// Writes a certificate revocation list, as bytes.
///
/// type is FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. Raises crypto.Error where crl is not complete.
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

/// Writes a private key, as bytes.
///
/// type is FILETYPE_PEM (PKCS#8), FILETYPE_ASN1 (the older form of its kind, where there is one) or FILETYPE_TEXT (RSA
/// only). With cipher, the name of a cipher such as "aes-256-cbc", the key is encrypted, which only FILETYPE_PEM can be.
/// passphrase is bytes, a str, which stands for its UTF-8, or a callable: it is called with one argument, which is true,
/// and returns at most 1024 bytes. What it raises comes out of this function.
///
/// Raises crypto.Error for a key that is empty, or has only a public part, which FILETYPE_TEXT alone can show.
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
    let written = passphrase.with(|passphrase| match file_type {
        FileType::Pem => key.to_pem(cipher, passphrase),
        FileType::Asn1 => key.to_der(),
        FileType::Text => key.to_text(),
    })?;
    Ok(PyBytes::new(py, &written))
}

/// Writes the public part of a key, a SubjectPublicKeyInfo, as bytes.
///
/// type is FILETYPE_PEM or FILETYPE_ASN1. Raises crypto.Error for a key that is empty.
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
