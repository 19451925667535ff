//! `X509StoreContext`, and `X509_verify_cert_error_string`.
//!
//! `X509StoreContextError` is a Python class (`OpenSSL/crypto.py`): a class with attributes of its own cannot derive from
//! `Exception` in the stable ABI of Python 3.11. It is fetched when one is raised.

use std::sync::{Mutex, PoisonError};

use ironssl::x509::{self as core, Verdict};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::{X509, X509Store};
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// What is to be verified.
#[derive(Clone)]
struct Task {
    store: core::X509Store,
    certificate: core::X509,
    untrusted: Vec<core::X509>,
}

/// Verifies a certificate against a store.
///
/// X509StoreContext(store, certificate, chain=None): store, an X509Store, says what is trusted; certificate is an X509;
/// chain is an iterable of X509 that may help to build a chain and are not trusted themselves. It can be used again and
/// again: each verification looks at the store as it is then.
///
/// Raises TypeError for other types. (X509_STORE_CTX_new, X509_STORE_CTX_init)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct X509StoreContext(Mutex<Option<Task>>);

/// An X509Store argument; TypeError for anything else.
fn store(object: &Bound<'_, PyAny>) -> PyResult<core::X509Store> {
    let store = object.cast::<X509Store>().map_err(|_| PyTypeError::new_err("store must be an X509Store instance"))?;
    Ok(store.get().core().clone())
}

/// For an object that only `__new__` has seen.
fn unmade() -> PyErr {
    PyValueError::new_err("X509StoreContext.__init__() was not called")
}

impl X509StoreContext {
    /// The chain, or the exception for why there is none.
    fn verify(&self, py: Python<'_>) -> PyResult<Vec<core::X509>> {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let task = task.ok_or_else(unmade)?;
        let verdict = py.detach(|| core::verify(&task.store, &task.certificate, &task.untrusted));
        match verdict.or_raise::<Crypto>()? {
            Verdict::Trusted(chain) => Ok(chain),
            Verdict::Refused(refusal) => Err(error(py, &refusal)?),
        }
    }
}

/// `X509StoreContextError` for a refusal.
fn error(py: Python<'_>, refusal: &core::Refusal) -> PyResult<PyErr> {
    let text = refusal.to_string();
    let errors = (refusal.code(), refusal.depth(), text.as_str());
    let errors = PyList::new(py, errors.into_pyobject(py)?.iter())?;
    let certificate = refusal.certificate().map(|found| Bound::new(py, X509::from_core(found.clone()))).transpose()?;
    let class = py.import(intern!(py, "OpenSSL.crypto"))?.getattr(intern!(py, "X509StoreContextError"))?;
    Ok(PyErr::from_value(class.call1((text.as_str(), errors, certificate))?))
}

#[pymethods]
impl X509StoreContext {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(store, certificate, chain=None)")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Mutex::new(None))
    }

    #[pyo3(signature = (store, certificate, chain = None))]
    fn __init__(
        &self,
        store: &Bound<'_, PyAny>,
        certificate: &Bound<'_, PyAny>,
        chain: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let store = self::store(store)?;
        let certificate =
            certificate.cast::<X509>().map_err(|_| PyTypeError::new_err("certificate must be an X509 instance"))?;
        let mut untrusted = Vec::new();
        if let Some(chain) = chain {
            for element in chain.try_iter()? {
                let element = element?
                    .cast_into::<X509>()
                    .map_err(|_| PyTypeError::new_err("One of the elements is not an X509 instance"))?;
                untrusted.push(element.get().core().clone());
            }
        }
        let task = Task { store, certificate: certificate.get().core().clone(), untrusted };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        Ok(())
    }

    /// Verify against another store from now on.
    ///
    /// store: an X509Store. Raises TypeError for anything else. (X509_STORE_CTX_init)
    #[pyo3(signature = (store))]
    fn set_store(&self, store: &Bound<'_, PyAny>) -> PyResult<()> {
        let store = self::store(store)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().ok_or_else(unmade)?.store = store;
        Ok(())
    }

    /// Verify the certificate. Other threads run meanwhile.
    ///
    /// Raises X509StoreContextError where it is not to be trusted, Error where it is not complete. (X509_verify_cert)
    fn verify_certificate(&self, py: Python<'_>) -> PyResult<()> {
        self.verify(py).map(drop)
    }

    /// Verify the certificate and return the chain from it to the one that the store trusts, as a list of X509. Other
    /// threads run meanwhile.
    ///
    /// Raises X509StoreContextError where it is not to be trusted, Error where it is not complete. (X509_verify_cert,
    /// X509_STORE_CTX_get0_chain)
    fn get_verified_chain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let chain = self.verify(py)?;
        let chain = chain.into_iter().map(|found| Bound::new(py, X509::from_core(found)));
        PyList::new(py, chain.collect::<PyResult<Vec<_>>>()?)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}

/// What the number of a verification error means, as str.
///
/// code: one of SSL.X509VerificationCodes. Raises TypeError for anything but an int, OverflowError for more than 64
/// bits. (X509_verify_cert_error_string)
#[pyfunction]
#[pyo3(name = "X509_verify_cert_error_string")]
pub(crate) fn error_string(code: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(core::error_text(argument::integer(code, "code")?))
}
