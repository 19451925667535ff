//! `X509Store`.

use ironssl::x509 as core;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::{Crl, X509, cryptography};
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// A set of trusted certificates, and how to verify against it.
///
/// `SSL.Context.get_cert_store` gives that of a context; X509StoreContext verifies against one. (X509_STORE_new)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct X509Store(core::X509Store);

impl X509Store {
    /// Wraps a store of the core.
    pub(crate) fn from_core(store: core::X509Store) -> Self {
        Self(store)
    }

    /// The store of the core.
    pub(crate) fn core(&self) -> &core::X509Store {
        &self.0
    }
}

#[pymethods]
impl X509Store {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::X509Store::new().or_raise::<Crypto>().map(Self)
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// Trust a certificate as it is now. One that is there already is no error.
    ///
    /// cert: an X509. Raises TypeError for anything else, Error for a certificate that is not complete.
    /// (X509_STORE_add_cert)
    fn add_cert(&self, cert: &Bound<'_, PyAny>) -> PyResult<()> {
        let cert = cert.cast::<X509>().map_err(|_| PyTypeError::new_err("cert must be an X509 instance"))?;
        self.0.add_cert(cert.get().core()).or_raise::<Crypto>()
    }

    /// How many certificates and revocation lists it holds. (X509_STORE_get1_objects)
    fn _count(&self) -> PyResult<usize> {
        self.0.count().or_raise::<Crypto>()
    }

    /// Add a copy of a revocation list. The flag X509StoreFlags.CRL_CHECK makes verifications use it for the
    /// certificate itself; with CRL_CHECK_ALL added (alone that does nothing) for its whole chain.
    ///
    /// crl: a CRL, or a CertificateRevocationList of the package cryptography. Raises TypeError for anything else,
    /// Error for a list that is not complete. (X509_STORE_add_crl)
    fn add_crl(&self, crl: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(list) = crl.cast::<Crl>() {
            return self.0.add_crl(list.get().core()).or_raise::<Crypto>();
        }
        let der = cryptography::revocation_list_der(crl)?;
        self.0.add_crl(&core::X509Crl::from_der(der.as_slice()).or_raise::<Crypto>()?).or_raise::<Crypto>()
    }

    /// Add flags of X509StoreFlags, or-ed, to those that are set.
    ///
    /// Raises TypeError for anything but an int, OverflowError for one that is negative or has more than 64 bits.
    /// (X509_STORE_set_flags)
    fn set_flags(&self, flags: &Bound<'_, PyAny>) -> PyResult<()> {
        let bits = argument::integer(flags, "flags")?;
        // As everything that may wait for the lock of all stores, or for a file.
        flags.py().detach(|| self.0.set_flags(bits)).or_raise::<Crypto>()
    }

    /// Verify as if it were another time.
    ///
    /// vfy_time: a datetime.datetime, in UTC where it has no time zone. Raises TypeError for anything else,
    /// OverflowError where it is not in the years 1 to 9999 in UTC. (X509_VERIFY_PARAM_set_time)
    fn set_time(&self, vfy_time: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = vfy_time.py();
        let class = py.import(intern!(py, "datetime"))?.getattr(intern!(py, "datetime"))?;
        if !vfy_time.is_instance(&class)? {
            return Err(PyTypeError::new_err("vfy_time must be a datetime.datetime"));
        }
        let fields = vfy_time.call_method0(intern!(py, "utctimetuple"))?;
        let seconds = py.import(intern!(py, "calendar"))?.call_method1(intern!(py, "timegm"), (fields,))?;
        let seconds = seconds.extract()?;
        py.detach(|| self.0.set_time(seconds)).or_raise::<Crypto>()
    }

    /// Trust the certificates of a file of PEM blocks, and those of a directory prepared with `openssl rehash`.
    /// Revocation lists are read from both, too.
    ///
    /// Directories from the fifth on are to be named before the first verification: OpenSSL moves its list for them,
    /// also while another thread goes through it.
    ///
    /// cafile, capath: str, bytes or os.PathLike; either may be None, not both. A directory is not looked at before it
    /// is needed: one that does not exist raises nothing, and trusts nobody.
    ///
    /// Raises Error where the file cannot be read or holds neither certificate nor revocation list, or both are None;
    /// ValueError for a path with a NUL, TypeError for other types. (X509_STORE_load_file, X509_STORE_load_path)
    #[pyo3(signature = (cafile, capath = None))]
    fn load_locations(
        &self,
        py: Python<'_>,
        cafile: Option<&Bound<'_, PyAny>>,
        capath: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (file, directory) = (cafile.map(argument::path).transpose()?, capath.map(argument::path).transpose()?);
        py.detach(|| self.0.load_locations(file.as_deref(), directory.as_deref())).or_raise::<Crypto>()
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
