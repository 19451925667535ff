//! `CRL`.

use ironssl::x509 as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple, PyType};

use super::file_type::FileType;
use super::revoked::{Revoked, entry};
use super::x509::when;
use super::{PKey, X509, X509Name, cryptography, sign};
use crate::argument::{self, Given};
use crate::error::{Crypto, OrRaise};

/// A certificate revocation list.
///
/// `CRL()` is empty: add Revoked entries, and `export` it, or `sign` it and write it with `dump_crl`. `load_crl` reads
/// one. (X509_CRL_new, RFC 5280)
#[pyclass(frozen, subclass, dict, weakref, name = "CRL", module = "OpenSSL.crypto")]
pub(crate) struct Crl(core::X509Crl);

impl Crl {
    /// Wraps a list of the core.
    pub(crate) fn from_core(list: core::X509Crl) -> Self {
        Self(list)
    }

    /// The list of the core.
    pub(crate) fn core(&self) -> &core::X509Crl {
        &self.0
    }
}

/// An X509 argument; TypeError for anything else, naming the parameter `label`.
fn certificate<'a>(object: &'a Bound<'_, PyAny>, label: &str) -> PyResult<&'a core::X509> {
    let found = object.cast::<X509>().map_err(|_| PyTypeError::new_err(format!("{label} must be an X509 instance")))?;
    Ok(found.get().core())
}

/// A list in a form of its own.
pub(super) fn dump<'py>(py: Python<'py>, list: &core::X509Crl, file_type: FileType) -> PyResult<Bound<'py, PyBytes>> {
    let written = match file_type {
        FileType::Pem => list.to_pem(),
        FileType::Asn1 => list.to_der(),
        FileType::Text => list.to_text(),
    };
    Ok(PyBytes::new(py, &written.or_raise::<Crypto>()?))
}

#[pymethods]
impl Crl {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::X509Crl::new().or_raise::<Crypto>().map(Self)
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// The list as one of the package cryptography, which must be installed: a CertificateRevocationList.
    ///
    /// Raises ImportError where it is not installed, Error where the list is not complete. (i2d_X509_CRL)
    fn to_cryptography<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        cryptography::revocation_list(py, &self.0.to_der().or_raise::<Crypto>()?)
    }

    /// Make a CRL from a CertificateRevocationList of the package cryptography, crypto_crl.
    ///
    /// Raises TypeError for anything else. (d2i_X509_CRL)
    #[classmethod]
    fn from_cryptography(_cls: &Bound<'_, PyType>, crypto_crl: &Bound<'_, PyAny>) -> PyResult<Self> {
        let der = cryptography::revocation_list_der(crypto_crl)?;
        core::X509Crl::from_der(der.as_slice()).or_raise::<Crypto>().map(Self)
    }

    /// Copies of the entries, a tuple of Revoked, or None where there are none. (X509_CRL_get_REVOKED)
    fn get_revoked<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let entries = self.0.revoked().or_raise::<Crypto>()?;
        if entries.is_empty() {
            return Ok(None);
        }
        let entries = entries.into_iter().map(|one| Bound::new(py, Revoked::from_core(one)));
        PyTuple::new(py, entries.collect::<PyResult<Vec<_>>>()?).map(Some)
    }

    /// Add a copy of revoked, a Revoked.
    ///
    /// Raises TypeError for anything else, Error for one that lacks its date. (X509_CRL_add0_revoked)
    fn add_revoked(&self, revoked: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.add_revoked(entry(revoked)?).or_raise::<Crypto>()
    }

    /// A copy of the issuer, an X509Name. (X509_CRL_get_issuer)
    fn get_issuer(&self) -> PyResult<X509Name> {
        self.0.issuer().or_raise::<Crypto>().map(X509Name::from_core)
    }

    /// Set the version as it is encoded: 1 for v2.
    ///
    /// version: any int of 64 bits. Raises TypeError for another type, OverflowError for more bits.
    /// (X509_CRL_set_version)
    fn set_version(&self, version: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_version(argument::integer(version, "version")?).or_raise::<Crypto>()
    }

    /// Set when this list was issued.
    ///
    /// when: a time, and the exceptions for it, as in `X509.set_notBefore`. (X509_CRL_set1_lastUpdate)
    #[pyo3(name = "set_lastUpdate", signature = (when))]
    fn set_last_update(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_last_update(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Set when the next list is to be issued.
    ///
    /// when: a time, and the exceptions for it, as in `X509.set_notBefore`. (X509_CRL_set1_nextUpdate)
    #[pyo3(name = "set_nextUpdate", signature = (when))]
    fn set_next_update(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_next_update(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Make the subject of a certificate the issuer, sort the entries by their serial numbers, and sign with a private
    /// key. Nobody checks that the key is the certificate's. Other threads run meanwhile.
    ///
    /// issuer_cert: an X509. issuer_key: a PKey. digest: as in `X509.sign`.
    ///
    /// Raises ValueError for a key without private part and for an unknown digest, Error for a digest that the key
    /// cannot sign, TypeError for other types. (X509_CRL_sort, X509_CRL_sign)
    #[pyo3(signature = (issuer_cert, issuer_key, digest))]
    fn sign(
        &self,
        py: Python<'_>,
        issuer_cert: &Bound<'_, PyAny>,
        issuer_key: &Bound<'_, PyAny>,
        digest: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let issuer = certificate(issuer_cert, "issuer_cert")?;
        let key = PKey::of(issuer_key, "issuer_key")?.require_to_sign()?;
        let digest = sign::digest(&key, digest)?;
        py.detach(|| self.0.sign(issuer, &key, digest)).or_raise::<Crypto>()
    }

    /// Sign the list as `sign` does, issued now and valid for a number of days, and return it as bytes. The entries
    /// stay in their order.
    ///
    /// cert: an X509, the issuer. key: a PKey. type: FILETYPE_PEM, FILETYPE_ASN1 or FILETYPE_TEXT. days: an int.
    /// digest: as in `X509.sign`.
    ///
    /// Raises TypeError without a digest, unless the key takes none, and for other types of arguments; ValueError for
    /// another filetype, an unknown digest, a key without private part, and days that lead out of the years 0 to 9999;
    /// OverflowError for days of more than 64 bits; Error for a key that is empty, and for a digest that the key cannot
    /// sign. (X509_CRL_sign, PEM_write_bio_X509_CRL, i2d_X509_CRL, X509_CRL_print)
    #[pyo3(signature = (cert, key, r#type = Given(None), days = Given(None), digest = None))]
    #[pyo3(text_signature = "($self, cert, key, type=1, days=100, digest=None)")]
    fn export<'py>(
        &self,
        py: Python<'py>,
        cert: &Bound<'_, PyAny>,
        key: &Bound<'_, PyAny>,
        r#type: Given<'_>,
        days: Given<'_>,
        digest: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        const SECONDS_PER_DAY: i64 = 24 * 60 * 60;
        let issuer = certificate(cert, "cert")?;
        let key = PKey::of(key, "key")?;
        let file_type = r#type.or(FileType::Pem, |object| {
            argument::integer::<i64>(object, "type")?;
            FileType::to_dump(object)
        })?;
        let days: i64 = days.or(100, |days| argument::integer(days, "days"))?;
        let seconds = days.checked_mul(SECONDS_PER_DAY).ok_or_else(|| PyValueError::new_err("too many days"))?;
        key.require("CRL.export")?;
        let key = key.require_to_sign()?;
        if digest.is_none() && !key.signs_without_digest() {
            return Err(PyTypeError::new_err("digest must be provided"));
        }
        let digest = sign::digest(&key, digest)?;
        self.0.set_last_update_from_now(0).or_raise::<Crypto>()?;
        self.0.set_next_update_from_now(seconds).or_raise::<Crypto>()?;
        py.detach(|| self.0.sign_unsorted(issuer, &key, digest)).or_raise::<Crypto>()?;
        dump(py, &self.0, file_type)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
