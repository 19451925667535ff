//! `Connection` as a context manager: a close_notify alert, then the end of the transport.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;

use super::Connection;
use crate::attached::{Purpose, calling};

#[pymethods]
impl Connection {
    /// Give the Connection itself; `__exit__` ends it.
    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().core()?;
        Ok(slf)
    }

    /// Send a close_notify alert, as far as that can be done without waiting, and call `close`, if there is one: a
    /// Connection in memory has none. What a corked Connection has gathered is sent before, and that waits, unless the
    /// body of the with statement has raised something.
    ///
    /// That the alert cannot be sent (the peer is gone, the handshake was never done) raises nothing. What uncork and
    /// close raise comes out of here, unless the body has raised something; what is no Exception, such as
    /// KeyboardInterrupt, always does.
    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (error, traceback);
        let py = slf.py();
        let clean = kind.is_none();
        // An alert need not arrive, but what was gathered has been taken for sent.
        let sent = if clean && slf.get().core()?.is_gathering() { slf.get().uncork(py) } else { Ok(()) };
        let said = match sent {
            Ok(()) => slf.get().driven(py, ironssl::ssl::Connection::say_goodbye),
            Err(_) => Ok(()),
        };
        let closed = calling(py, Purpose::Answer, || match slf.getattr_opt("close")? {
            Some(close) => close.call0().map(drop),
            None => Ok(()),
        });
        // What went wrong with the alert counts only if it is no ordinary exception; those come first.
        let raised = [(said, false), (closed, clean), (sent, clean)];
        let mut raised: Vec<(PyErr, bool)> =
            raised.into_iter().filter_map(|(result, counts)| Some((result.err()?, counts))).collect();
        let urgent = raised.iter().position(|(error, _)| !error.is_instance_of::<PyException>(py));
        match urgent.or_else(|| raised.iter().position(|(_, counts)| *counts)) {
            Some(index) => Err(raised.swap_remove(index).0),
            None => Ok(()),
        }
    }
}
