//! Attributes that a `Connection` does not have are those of its transport: `Connection.__getattr__`.
//!
//! Theory. A class with `__getattr__` makes CPython look up methods the slow way, with an object for each bound method:
//! measured with 64-byte messages in memory, that was a quarter of all time. Connections in memory have nobody to
//! delegate to. So the class has the method when it is imported, gives it up when the first connection in memory is
//! made, and gets it back, for good, with the first connection over a transport. In between the lookups of classes
//! derived from it are plain ones too, since CPython passes the change on to them.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyString, PyType};

use super::Connection;
use crate::attached::{Purpose, calling};

/// Whether the class delegates now.
enum Delegation {
    /// Yes, as it did when it was imported; no connection was made yet.
    AtFirst,
    /// No: all connections so far are in memory.
    Off,
    /// Yes, and it stays so.
    ForGood,
}

static DELEGATION: Mutex<Delegation> = Mutex::new(Delegation::AtFirst);

const HOOK: &str = "__getattr__";

impl Connection {
    /// Lets the class delegate, when it is imported.
    pub(crate) fn install_delegation(class: &Bound<'_, PyType>) -> PyResult<()> {
        class.setattr(HOOK, class.getattr("_delegated")?)
    }

    /// A connection is made: `delegates` says whether it has somebody to delegate to.
    pub(super) fn note_delegation(py: Python<'_>, delegates: bool) -> PyResult<()> {
        let class = py.get_type::<Self>();
        // No Python code runs while the lock is held but that of `type`, which is CPython's own.
        let mut delegation = DELEGATION.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        match (&*delegation, delegates) {
            (Delegation::ForGood, _) | (Delegation::Off, false) => {}
            (Delegation::AtFirst, true) => *delegation = Delegation::ForGood,
            (Delegation::Off, true) => {
                Self::install_delegation(&class)?;
                *delegation = Delegation::ForGood;
            }
            (Delegation::AtFirst, false) => {
                // Somebody may have put something else there.
                if class.getattr(HOOK)?.is(&class.getattr("_delegated")?) {
                    class.delattr(HOOK)?;
                    *delegation = Delegation::Off;
                } else {
                    *delegation = Delegation::ForGood;
                }
            }
        }
        Ok(())
    }
}

impl Connection {
    /// The object that is read from.
    pub(crate) fn reader<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.socket.get(py).map(|reader| reader.into_bound(py))
    }

    /// The object that is written to, which may be the same.
    pub(crate) fn writer<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.writer.get(py).map(|writer| writer.into_bound(py)).or_else(|| self.reader(py))
    }

    /// An attribute of the transports. `wanted` is the one that the caller asked the connection for.
    pub(super) fn passed_on<'py>(&self, py: Python<'py>, name: &str, wanted: &str) -> PyResult<Bound<'py, PyAny>> {
        let Some(reader) = self.reader(py) else {
            return Err(PyAttributeError::new_err(format!("'Connection' object has no attribute '{wanted}'")));
        };
        match self.writer.get(py) {
            // The descriptor of the writer does not tell when there is something to read.
            Some(writer) if name != "fileno" => match reader.getattr_opt(name)? {
                Some(attribute) => Ok(attribute),
                None => writer.into_bound(py).getattr(name),
            },
            _ => reader.getattr(name),
        }
    }
}

#[pymethods]
impl Connection {
    /// Whatever the class does not have is the transport's: `Connection.__getattr__`.
    ///
    /// Where there are two, it is the reader's, or else the writer's; but close is both's, and fileno the reader's only.
    /// Raises AttributeError for a name that the transport does not have either, and where there is none.
    fn _delegated<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let (this, py) = (slf.get(), slf.py());
        let name = name.to_cow()?;
        let found = this.passed_on(py, &name, &name)?;
        let two = this.writer.get(py).is_some();
        if two && name == "close" { slf.getattr(pyo3::intern!(py, "_close_both")) } else { Ok(found) }
    }

    /// Close the reader and the writer, the second also where the first raises something.
    fn _close_both(&self, py: Python<'_>) -> PyResult<()> {
        let close = |end: Option<Bound<'_, PyAny>>| match end.map(|end| end.getattr_opt("close")).transpose()?.flatten()
        {
            Some(close) => close.call0().map(drop),
            // The number of a descriptor.
            None => Ok(()),
        };
        match calling(py, Purpose::Answer, || (close(self.reader(py)), close(self.writer(py)))) {
            (Err(first), Err(second)) => {
                second.set_context(py, Some(first));
                Err(second)
            }
            (first, second) => first.and(second),
        }
    }
}
