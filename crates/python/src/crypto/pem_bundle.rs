//! The functions that read PEM files with many entries.

use ironssl::pem::{self, Item};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::file_type::FileType;
use super::passphrase::Given;
use super::{Crl, PKey, X509};
use crate::argument::Data;
use crate::error::{Crypto, OrRaise};

/// Read all certificates, keys and revocation lists of a PEM file. Returns a list of X509, PKey and CRL in their order.
///
/// data: an object with the buffer protocol, or ASCII str. passphrase: for encrypted keys, as in `load_privatekey`; a
/// callable is asked for each of them. Other blocks, and text between blocks, are left out.
///
/// Raises Error where there is none, or one is damaged; the first reason names the entry, which counts from 1, and the
/// line where it begins. Raises ValueError and TypeError as `load_privatekey` does. (PEM_read_bio_X509_AUX,
/// PEM_read_bio_PrivateKey, PEM_read_bio_PUBKEY, PEM_read_bio_X509_CRL)
#[pyfunction]
#[pyo3(signature = (data, passphrase = None))]
pub(crate) fn load_pem_bundle<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyAny>,
    passphrase: Option<&Bound<'_, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let data = Data::from_buffer_or_ascii(data)?.secret();
    let passphrase = Given::from_argument(passphrase, FileType::Pem)?;
    let data = data.as_slice();
    let list = PyList::empty(py);
    for item in passphrase.with(py, |passphrase| pem::items(data, passphrase))? {
        match item {
            Item::Certificate(certificate) => list.append(Bound::new(py, X509::from_core(certificate))?)?,
            Item::Key(key) => list.append(Bound::new(py, PKey::from_core(key))?)?,
            Item::Crl(crl) => list.append(Bound::new(py, Crl::from_core(crl))?)?,
        }
    }
    Ok(list)
}

/// Read all certificates of a PEM file. Returns a list of X509 in their order; what else is in the file is left out.
///
/// data: an object with the buffer protocol, or ASCII str. Raises Error as `load_pem_bundle` does, ValueError for other
/// text, TypeError for other objects. (PEM_read_bio_X509_AUX)
#[pyfunction]
#[pyo3(signature = (data))]
pub(crate) fn load_certificates<'py>(py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let data = Data::from_buffer_or_ascii(data)?;
    let found = pem::certificates(data.as_slice()).or_raise::<Crypto>()?;
    let found = found.into_iter().map(|one| Bound::new(py, X509::from_core(one)));
    PyList::new(py, found.collect::<PyResult<Vec<_>>>()?)
}
