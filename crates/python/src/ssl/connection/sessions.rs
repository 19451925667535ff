//! `Connection`: sessions, and the name that a client asks for.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Connection;
use crate::error::{OrRaise, Ssl};
use crate::ssl::session::Session;

#[pymethods]
impl Connection {
    /// A copy of the session of this connection, to resume it with `set_session` later; None before a handshake.
    ///
    /// In TLS 1.3 a client's session can be resumed only after the server's ticket came, so after some data was
    /// received. One that is taken after an end without close_notify can be resumed, too; of the peer's certificates it
    /// has the first only, and not `get_peer_cert_chain`. (SSL_get_session, SSL_SESSION_dup)
    fn get_session(&self, py: Python<'_>) -> PyResult<Option<Session>> {
        Ok(self.held(py, ironssl::ssl::Connection::session)?.or_raise::<Ssl>()?.map(Session::from_core))
    }

    /// Ask to resume a session in the handshake to come.
    ///
    /// Raises TypeError for anything but a Session, ValueError for one of another Context. (SSL_set_session)
    fn set_session(&self, py: Python<'_>, session: &Bound<'_, PyAny>) -> PyResult<()> {
        let session =
            session.cast::<Session>().map_err(|_| PyTypeError::new_err("session must be a Session instance"))?;
        let session = session.get().core()?;
        self.held(py, |core| core.set_session(session))?.or_raise::<Ssl>()
    }

    /// Whether the handshake resumed a session. (SSL_session_reused)
    fn session_reused(&self, py: Python<'_>) -> PyResult<bool> {
        self.held(py, ironssl::ssl::Connection::is_session_reused)
    }

    /// Set the name that a client asks the server for: bytes, without a NUL (server name indication, RFC 6066).
    ///
    /// Raises TypeError for str and for a name with a NUL, Error for one that is empty or too long.
    /// (SSL_set_tlsext_host_name)
    fn set_tlsext_host_name(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let Ok(name) = name.cast::<PyBytes>() else {
            return Err(PyTypeError::new_err("name must be a byte string"));
        };
        let name = name.as_bytes();
        if name.contains(&0) {
            return Err(PyTypeError::new_err("name must not contain NUL byte"));
        }
        self.held(py, |core| core.set_host_name(name))?.or_raise::<Ssl>().map_err(|error| {
            if error.is_instance_of::<PyValueError>(py) { PyTypeError::new_err(error.to_string()) } else { error }
        })
    }
}
