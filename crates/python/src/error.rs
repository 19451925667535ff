//! Core errors as Python exceptions: the only file that makes a `PyErr` from one.
//!
//! `crypto`, `rand` and `ssl` each have an `Error` of their own, so a conversion names its module:
//! `.or_raise::<Crypto>()?`.

use ironssl::ssl::Failure;
use ironssl::{Entry, Error, ErrorStack};
use pyo3::exceptions::{PyAttributeError, PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::attached::{Purpose, attached};
use crate::exceptions;

/// A module with an `Error` class.
pub(crate) trait Raises {
    /// The module's `Error` for what OpenSSL said.
    fn new_err(stack: &ErrorStack) -> PyErr;
}

/// Raises `OpenSSL.crypto.Error`.
pub(crate) struct Crypto;

impl Raises for Crypto {
    fn new_err(stack: &ErrorStack) -> PyErr {
        exceptions::crypto::Error::new_err((tuples(stack),))
    }
}

/// Raises `OpenSSL.SSL.Error`.
pub(crate) struct Ssl;

impl Raises for Ssl {
    fn new_err(stack: &ErrorStack) -> PyErr {
        let error = exceptions::ssl::Error::new_err((tuples(stack),));
        let details: Vec<_> = stack.entries().iter().map(Entry::data).filter(|data| !data.is_empty()).collect();
        if details.is_empty() {
            return error;
        }
        attached(Purpose::Answer, |py| {
            let set = PyTuple::new(py, details).and_then(|details| error.value(py).setattr("details", details));
            set.err().unwrap_or(error)
        })
    }
}

/// Raises `OpenSSL.rand.Error`.
pub(crate) struct Rand;

impl Raises for Rand {
    fn new_err(stack: &ErrorStack) -> PyErr {
        exceptions::rand::Error::new_err((tuples(stack),))
    }
}

/// The tuples of `Error.args[0]`: library, function, reason.
pub(crate) fn tuples(stack: &ErrorStack) -> Vec<(String, String, String)> {
    stack
        .entries()
        .iter()
        .map(|entry| (entry.library().to_owned(), entry.function().to_owned(), entry.reason().to_owned()))
        .collect()
}

/// The Python exception for a core error, in module `M`.
pub(crate) fn to_py<M: Raises>(error: Error) -> PyErr {
    match error {
        Error::OpenSsl(stack) => M::new_err(&stack),
        Error::Value(text) => PyValueError::new_err(text.into_owned()),
        Error::Kind(text) => PyTypeError::new_err(text.into_owned()),
        Error::Unsupported(text) => PyNotImplementedError::new_err(text.into_owned()),
        Error::Stale => PyAttributeError::new_err(Error::Stale.to_string()),
        Error::Io(error) => PyErr::from(error),
        Error::Callback(parked) => match parked.downcast::<PyErr>() {
            Ok(raised) => *raised,
            Err(_) => pyo3::exceptions::PyRuntimeError::new_err("a callback failed"),
        },
        other => pyo3::exceptions::PyRuntimeError::new_err(other.to_string()),
    }
}

/// `result.or_raise::<Crypto>()?`: core results as Python results.
pub(crate) trait OrRaise<T> {
    /// The value, or the exception of module `M` for the error.
    fn or_raise<M: Raises>(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for ironssl::Result<T> {
    fn or_raise<M: Raises>(self) -> PyResult<T> {
        self.map_err(to_py::<M>)
    }
}

/// The value, none where the operating system refused, or the exception of module `M` for another error.
pub(crate) fn unless_refused<M: Raises, T>(result: ironssl::Result<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Io(_)) => Ok(None),
        Err(error) => Err(to_py::<M>(error)),
    }
}

/// The Python exception for an operation of a connection that did not complete.
pub(crate) fn failure_to_py(py: Python<'_>, failure: Failure) -> PyErr {
    use exceptions::ssl::{SysCallError, WantReadError, WantWriteError, WantX509LookupError, ZeroReturnError};
    match failure {
        Failure::WantRead => WantReadError::new_err(()),
        Failure::WantWrite => WantWriteError::new_err(()),
        Failure::WantX509Lookup => WantX509LookupError::new_err(()),
        Failure::Closed => ZeroReturnError::new_err(()),
        Failure::UnexpectedEof => SysCallError::new_err((-1, "Unexpected EOF")),
        Failure::System(number) => SysCallError::new_err((number, errno_name(py, number))),
        Failure::Error(error) => to_py::<Ssl>(error),
        other => exceptions::ssl::Error::new_err(other.to_string()),
    }
}

/// The name of an errno, such as `ECONNRESET`; none for a number without one.
fn errno_name(py: Python<'_>, number: i32) -> Option<Py<PyAny>> {
    py.import("errno").and_then(|errno| errno.getattr("errorcode")?.get_item(number)).ok().map(Bound::unbind)
}
