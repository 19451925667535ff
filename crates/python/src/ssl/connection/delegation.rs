//! Attributes that a `Connection` does not have are those of its transport: `Connection.__getattr__`.
//!
//! Theory. A class with `__getattr__` makes CPython look up methods the slow way, with an object for each bound method:
//! measured with 64-byte messages in memory, that was a quarter of all time. Connections in memory have nobody to
//! delegate to. So the class has the method when it is imported, gives it up when the first connection in memory is
//! made, and gets it back, for good, with the first connection over a transport. In between the lookups of classes
//! derived from it are plain ones too, since CPython passes the change on to them.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyString, PyType};

use super::Connection;

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

#[pymethods]
impl Connection {
    /// Whatever the class does not have is the transport's: `Connection.__getattr__`.
    ///
    /// Raises AttributeError for a name that the transport does not have either, and where there is none.
    fn _delegated(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> PyResult<Py<PyAny>> {
        let socket = self.socket(py, &name.to_cow()?)?;
        socket.getattr(py, name)
    }
}
