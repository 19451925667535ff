//! `OpenSSL.SSL.Context`: the class. Its methods are in files by topic.

use std::sync::OnceLock;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::error::{OrRaise, Ssl};
use crate::gc::Slot;
use crate::ssl::callbacks::Callbacks;

mod authorities;
mod callbacks;
mod credentials;
mod key_exchange;
mod settings;
mod trust;

/// What connections are made with: certificates, keys, trust, protocol versions, ciphers and callbacks.
///
/// Context(method): method is one of the *_METHOD constants; TLS_METHOD speaks the best version that both sides have.
/// Raises ValueError for a protocol that the library does not have, TypeError for anything but an int. (SSL_CTX_new)
///
/// A Context can be changed at any time, from any thread. A Connection has what was set before it was made.
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.SSL")]
#[derive(Default)]
pub(crate) struct Context {
    core: OnceLock<ironssl::ssl::Context>,
    app_data: Slot,
    pub(super) callbacks: Slot<Callbacks>,
    passphrase_callback: Slot,
    passphrase_data: Slot,
}

impl Context {
    /// The context.
    pub(crate) fn core(&self) -> PyResult<&ironssl::ssl::Context> {
        self.core.get().ok_or_else(|| PyTypeError::new_err("Context.__init__() has not been called"))
    }
}

#[pymethods]
impl Context {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(method)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    fn __init__(&self, method: &Bound<'_, PyAny>) -> PyResult<()> {
        let number: i64 = method.extract().map_err(|_| PyTypeError::new_err("method must be an integer"))?;
        let method = ironssl::ssl::Method::from_number(number).or_raise::<Ssl>()?;
        let core = ironssl::ssl::Context::new(method).or_raise::<Ssl>()?;
        self.core.set(core).map_err(|_| PyValueError::new_err("Context.__init__() was called twice"))
    }

    /// Keep any object with this Context; `get_app_data` returns it.
    fn set_app_data(&self, data: Py<PyAny>) {
        self.app_data.set(Some(data));
    }

    /// The object given to `set_app_data`, or None.
    fn get_app_data(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.app_data.get(py)
    }

    /// Another Context with all that was set on this one: settings, certificates and keys, callbacks, the application
    /// data, and the attributes that a program gave it. What is set on one of the two later is not for the other; but
    /// the store of trusted certificates is one and the same for both.
    ///
    /// Returns an object of the same class, made without a call of its __init__. Sessions belong to one Context: those
    /// of this one cannot be resumed with the copy.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let (py, this) = (slf.py(), slf.get());
        let core = this.core()?.copy().or_raise::<Ssl>()?;
        let class = slf.get_type();
        let copy = class.call_method1(intern!(py, "__new__"), (&class,))?.cast_into::<Self>()?;
        let that = copy.get();
        that.core.set(core).map_err(|_| PyTypeError::new_err("__new__() must not return an object that is in use"))?;
        that.callbacks.set(this.callbacks.get(py));
        that.app_data.set(this.app_data.get(py));
        that.passphrase_callback.set(this.passphrase_callback.get(py));
        that.passphrase_data.set(this.passphrase_data.get(py));
        let attributes = intern!(py, "__dict__");
        copy.getattr(attributes)?.call_method1(intern!(py, "update"), (slf.getattr(attributes)?,))?;
        Ok(copy)
    }

    fn __reduce_ex__(&self, _protocol: i32) -> PyResult<()> {
        Err(PyTypeError::new_err("cannot copy or pickle a Context; Context.copy() makes another one"))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.app_data.visit(&visit)?;
        self.callbacks.visit(&visit)?;
        self.passphrase_callback.visit(&visit)?;
        self.passphrase_data.visit(&visit)
    }

    fn __clear__(&self) {
        self.app_data.clear();
        self.callbacks.clear();
        self.passphrase_callback.clear();
        self.passphrase_data.clear();
    }
}
