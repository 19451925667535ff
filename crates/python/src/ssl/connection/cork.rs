//! `Connection`: many small writes as few full records.

use pyo3::prelude::*;

use super::Connection;

/// What `Connection.cork` returns: at the end of a with statement it takes the cork out.
#[pyclass(frozen, module = "OpenSSL.SSL", name = "_Cork")]
pub(crate) struct Cork(Py<Connection>);

#[pymethods]
impl Cork {
    fn __enter__(&self, py: Python<'_>) -> Py<Connection> {
        self.0.clone_ref(py)
    }

    /// Send what was gathered. What that raises comes out of here, unless the body has raised something.
    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (error, traceback);
        match self.0.get().uncork(py) {
            Err(raised) if kind.is_none() => Err(raised),
            _ => Ok(()),
        }
    }
}

#[pymethods]
impl Connection {
    /// Gather what is sent from now on, and send it in full TLS records (16,384 bytes), until `uncork`: many small
    /// sends then cost no more on the wire than a large one.
    ///
    /// `with connection.cork(): ...` calls uncork at its end. What is gathered is also sent before anything of a whole
    /// record or more, by `shutdown`, and at the end of `with connection:`, which raises what that raises; not by `recv`:
    /// who waits for an answer calls uncork first. What is gathered when the Connection goes otherwise is lost. With DTLS
    /// nothing is gathered: each message stays one.
    fn cork(slf: Bound<'_, Self>) -> PyResult<Cork> {
        slf.get().held(slf.py(), ironssl::ssl::Connection::cork)?;
        Ok(Cork(slf.unbind()))
    }

    /// Send what was gathered since `cork`, and gather no more. Does nothing where nothing is gathered.
    ///
    /// Raises the same exceptions as `send`; after WantReadError and WantWriteError call it again. (SSL_write)
    pub(super) fn uncork(&self, py: Python<'_>) -> PyResult<()> {
        self.driven(py, ironssl::ssl::Connection::uncork)
    }
}
