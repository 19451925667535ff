//! `PKCS7`, and `load_pkcs7_data`.

use ironssl::asn1::object::Nid;
use ironssl::pkcs7 as core;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::file_type::FileType;
use super::{Crl, X509, X509Store};
use crate::argument::{self, Data};
use crate::error::{Crypto, OrRaise};

/// A PKCS#7 object: signed or encrypted data, or a bag of certificates; `load_pkcs7_data` reads one. (RFC 2315)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct PKCS7(core::Pkcs7);

#[pymethods]
impl PKCS7 {
    /// Whether it is signed data. (RFC 2315)
    fn type_is_signed(&self) -> bool {
        self.0.is_signed()
    }

    /// Whether it is enveloped data: encrypted for somebody. (RFC 2315)
    fn type_is_enveloped(&self) -> bool {
        self.0.is_enveloped()
    }

    /// Whether it is signed and enveloped data. (RFC 2315)
    #[pyo3(name = "type_is_signedAndEnveloped")]
    fn type_is_signed_and_enveloped(&self) -> bool {
        self.0.is_signed_and_enveloped()
    }

    /// Whether it is plain data. (RFC 2315)
    fn type_is_data(&self) -> bool {
        self.0.is_data()
    }

    /// The short name of the type, such as b"pkcs7-signedData". (OBJ_nid2sn)
    fn get_type_name<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.kind().map_or(&b"UNDEF"[..], Nid::short_name))
    }

    /// The certificates that come with signed data, a list of X509 in their order; empty for other types. (RFC 2315)
    fn get_certificates<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let found = self.0.certificates().into_iter().map(|one| Bound::new(py, X509::from_core(one)));
        PyList::new(py, found.collect::<PyResult<Vec<_>>>()?)
    }

    /// Copies of the revocation lists that come with signed data, a list of CRL in their order; empty for other types.
    /// (X509_CRL_dup)
    fn get_crls<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let found = self.0.crls().or_raise::<Crypto>()?;
        let found = found.into_iter().map(|one| Bound::new(py, Crl::from_core(one)));
        PyList::new(py, found.collect::<PyResult<Vec<_>>>()?)
    }

    /// The data in data or in signed data, as bytes. Nobody has verified it; see `verify`. None where it is kept
    /// elsewhere (a detached signature), is of another type, or is encrypted. (RFC 2315)
    fn get_data<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.data().map(|data| PyBytes::new(py, &data))
    }

    /// Verify signed data: each signature, and that a store trusts each signer for e-mail. Returns the data, as bytes.
    /// Other threads run meanwhile.
    ///
    /// store: an X509Store. data: what a detached signature is of, an object with the buffer protocol, or None.
    ///
    /// Raises Error where it is no signed data, nobody has signed it, a signature does not fit, or a signer is not
    /// trusted; TypeError for other types. (PKCS7_verify)
    #[pyo3(signature = (store, data = None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        store: &Bound<'_, PyAny>,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let store =
            store.cast::<X509Store>().map_err(|_| PyTypeError::new_err("store must be an X509Store instance"))?;
        let data = data.map(Data::from_buffer).transpose()?;
        let (store, detached) = (store.get().core(), data.as_ref().map(Data::as_slice));
        let data = py.detach(|| self.0.verify(store, detached)).or_raise::<Crypto>()?;
        Ok(PyBytes::new(py, &data))
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}

/// Read a PKCS#7 object, the first one in buffer. Returns a PKCS7.
///
/// type: FILETYPE_PEM or FILETYPE_ASN1. buffer: an object with the buffer protocol, or ASCII str. Raises Error where
/// there is no PKCS#7 object of this type in it, ValueError for another filetype and for other text, TypeError for
/// other objects. (PEM_read_bio_PKCS7, d2i_PKCS7)
#[pyfunction]
#[pyo3(signature = (r#type, buffer))]
pub(crate) fn load_pkcs7_data(r#type: &Bound<'_, PyAny>, buffer: &Bound<'_, PyAny>) -> PyResult<PKCS7> {
    let buffer = Data::from_buffer_or_ascii(buffer)?;
    let object = match FileType::to_load(r#type)? {
        FileType::Asn1 => core::Pkcs7::from_der(buffer.as_slice()),
        _ => core::Pkcs7::from_pem(buffer.as_slice()),
    };
    object.or_raise::<Crypto>().map(PKCS7)
}
