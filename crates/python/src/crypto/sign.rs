//! The functions `sign` and `verify`, and the digest argument of everything that signs.

use ironssl::digest::Digest;
use ironssl::pkey as core;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::{PKey, X509};
use crate::argument::{self, Data};
use crate::error::{Crypto, OrRaise};

/// The digest that an argument names, for a signature with `key`; none for keys that take none, whatever it names.
pub(super) fn digest(key: &core::PKey, digest: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Digest>> {
    let Some(digest) = digest else { return Ok(None) };
    let name = argument::name(digest, "digest")?;
    if key.signs_without_digest() { Ok(None) } else { Digest::by_name(&name).or_raise::<Crypto>().map(Some) }
}

/// Sign data with a private key. Returns the signature, as bytes. Other threads run meanwhile.
///
/// pkey: a PKey. data: an object with the buffer protocol, or str, which is encoded as UTF-8, with a
/// DeprecationWarning. digest: as in `X509.sign`.
///
/// Raises ValueError for a key without private part and for an unknown digest, Error for a digest that the key cannot
/// sign, TypeError for other types. (EVP_DigestSign)
#[pyfunction]
#[pyo3(signature = (pkey, data, digest))]
pub(crate) fn sign<'py>(
    py: Python<'py>,
    pkey: &Bound<'_, PyAny>,
    data: &Bound<'_, PyAny>,
    digest: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let key = PKey::of(pkey, "pkey")?.require_to_sign()?;
    let data = Data::from_buffer_or_deprecated_str(data, "data")?;
    let digest = self::digest(&key, digest)?;
    let data = data.as_slice();
    let signature = py.detach(|| key.sign(data, digest)).or_raise::<Crypto>()?;
    Ok(PyBytes::new(py, &signature))
}

/// Verify that a signature is one of data by the key of a certificate. Returns None. Other threads run meanwhile.
///
/// cert: an X509. signature: an object with the buffer protocol. data: as in `sign`. digest: as in `X509.sign`.
///
/// Raises Error where it is not, or the certificate has no key; ValueError for an unknown digest, TypeError for other
/// types. (EVP_DigestVerify)
#[pyfunction]
#[pyo3(signature = (cert, signature, data, digest))]
pub(crate) fn verify(
    py: Python<'_>,
    cert: &Bound<'_, PyAny>,
    signature: &Bound<'_, PyAny>,
    data: &Bound<'_, PyAny>,
    digest: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let cert = cert.cast::<X509>().map_err(|_| PyTypeError::new_err("cert must be an X509 instance"))?;
    let signature = Data::from_buffer(signature)?;
    let data = Data::from_buffer_or_deprecated_str(data, "data")?;
    let key = cert.get().core().public_key().or_raise::<Crypto>()?;
    let digest = self::digest(&key, digest)?;
    let (signature, data) = (signature.as_slice(), data.as_slice());
    py.detach(|| key.verify(signature, data, digest)).or_raise::<Crypto>()
}
