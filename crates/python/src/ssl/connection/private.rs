//! `Connection`: private attributes of the original that programs look at. `handle` has the opaque ones.

use pyo3::prelude::*;

use super::Connection;
use crate::ssl::context::Context;

#[pymethods]
impl Connection {
    /// The same as `get_context()`.
    #[getter]
    fn _context(&self, py: Python<'_>) -> PyResult<Py<Context>> {
        self.get_context(py)
    }

    /// The socket that the Connection was made with, or None.
    #[getter]
    fn _socket<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.reader(py)
    }
}
