//! `Connection` as a context manager: a close_notify alert, then the end of the transport.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;

use super::Connection;

#[pymethods]
impl Connection {
    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().core()?;
        Ok(slf)
    }

    /// Send a close_notify alert, as far as that can be done without waiting, and call `close`, if there is one: a
    /// Connection in memory has none.
    ///
    /// That the alert cannot be sent (the peer is gone, the handshake was never done) raises nothing. What close raises
    /// comes out of here, unless the body of the with statement has raised something.
    #[pyo3(signature = (kind, error, traceback, /))]
    fn __exit__(
        slf: &Bound<'_, Self>,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (error, traceback);
        let py = slf.py();
        // An alert need not arrive, but what was gathered has been taken for sent.
        let sent = if slf.get().core()?.is_gathering() { slf.get().uncork(py) } else { Ok(()) };
        let said = match sent {
            Ok(()) => slf.get().driven(py, ironssl::ssl::Connection::say_goodbye),
            Err(_) => Ok(()),
        };
        let closed = slf.getattr_opt("close").and_then(|close| close.map_or(Ok(()), |close| close.call0().map(drop)));
        let ordinary = |raised: &PyErr| raised.is_instance_of::<PyException>(py);
        match (said, closed) {
            // An exception of a callback that is no ordinary one, such as KeyboardInterrupt.
            (Err(raised), _) if !ordinary(&raised) => Err(raised),
            (_, Err(raised)) if kind.is_none() || !ordinary(&raised) => Err(raised),
            _ => match sent {
                Err(raised) if kind.is_none() || !ordinary(&raised) => Err(raised),
                _ => Ok(()),
            },
        }
    }
}
