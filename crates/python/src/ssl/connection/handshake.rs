//! `Connection`: taking a side, shaking hands, renegotiating, closing.

use ironssl::ssl::{Judge, Shutdown};
use pyo3::prelude::*;

use super::Connection;
use crate::argument::integer;
use crate::error::{OrRaise, Ssl};
use crate::ssl::callbacks::{Callback, callable};

#[pymethods]
impl Connection {
    /// Work as a client from now on; the handshake is made by the next operation that needs it.
    /// (SSL_set_connect_state)
    pub(super) fn set_connect_state(&self, py: Python<'_>) -> PyResult<()> {
        self.held(py, ironssl::ssl::Connection::set_connect_state)?.or_raise::<Ssl>()
    }

    /// Work as a server from now on; the handshake is made by the next operation that needs it.
    /// (SSL_set_accept_state)
    pub(super) fn set_accept_state(&self, py: Python<'_>) -> PyResult<()> {
        self.held(py, ironssl::ssl::Connection::set_accept_state)?.or_raise::<Ssl>()
    }

    /// Shake hands, or do what is left of it: after `renegotiate`, or instead of leaving it to `send` and `recv`.
    ///
    /// Raises the same exceptions as send and recv, and what a callback raised. (SSL_do_handshake)
    fn do_handshake(&self, py: Python<'_>) -> PyResult<()> {
        self.driven(py, ironssl::ssl::Connection::handshake)
    }

    /// Ask for a new handshake, which the next operations make. For TLS 1.2 and older.
    ///
    /// Returns True, or False if one has been asked for already. Raises Error in TLS 1.3, and before the first handshake
    /// is done. (SSL_renegotiate)
    fn renegotiate(&self, py: Python<'_>) -> PyResult<bool> {
        if self.renegotiate_pending(py)? {
            return Ok(false);
        }
        self.held(py, ironssl::ssl::Connection::renegotiate)?.or_raise::<Ssl>()?;
        Ok(true)
    }

    /// Whether a new handshake was asked for and is not done. (SSL_renegotiate_pending)
    fn renegotiate_pending(&self, py: Python<'_>) -> PyResult<bool> {
        self.held(py, ironssl::ssl::Connection::is_renegotiating)
    }

    /// How many times the connection has renegotiated. (SSL_total_renegotiations)
    fn total_renegotiations(&self, py: Python<'_>) -> PyResult<i64> {
        self.held(py, ironssl::ssl::Connection::renegotiations)
    }

    /// Send a close_notify alert; if that was done, look for the peer's.
    ///
    /// Returns True if both alerts have been exchanged, else False: then call `recv`, or this again, when the socket
    /// can be read. Raises the same exceptions as send and recv; Error in the middle of a handshake. (SSL_shutdown)
    fn shutdown(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.driven(py, ironssl::ssl::Connection::shutdown)? == Shutdown::Complete)
    }

    /// SENT_SHUTDOWN, RECEIVED_SHUTDOWN, both or-ed, or 0. (SSL_get_shutdown)
    fn get_shutdown(&self, py: Python<'_>) -> PyResult<i32> {
        self.held(py, ironssl::ssl::Connection::shutdown_state)
    }

    /// Replace the shutdown state: SENT_SHUTDOWN, RECEIVED_SHUTDOWN, both or-ed, or 0.
    ///
    /// Raises TypeError for anything but an int. (SSL_set_shutdown)
    fn set_shutdown(&self, py: Python<'_>, state: &Bound<'_, PyAny>) -> PyResult<()> {
        let state = integer(state, "state")?;
        self.held(py, |core| core.set_shutdown_state(state))
    }

    /// Set how the peer is verified, as `Context.set_verify` does for connections made later. Without a callback
    /// OpenSSL's verdict stands, and that of the Context is not asked any more.
    ///
    /// A server does not resume sessions that were made when less was demanded of the client, or another callback was
    /// asked. Where a callback demands a certificate in the middle of a handshake that resumes a session without one, the
    /// handshake fails with Error. So does a client's that has begun to resume a session of a server that nobody has
    /// verified.
    ///
    /// Raises TypeError for a mode that is no int and a callback that cannot be called. (SSL_set_verify)
    #[pyo3(signature = (mode, callback = None))]
    fn set_verify(slf: &Bound<'_, Self>, mode: &Bound<'_, PyAny>, callback: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let mode = integer(mode, "mode")?;
        let callback = callback.map_or(Ok(None), callable)?;
        let (this, py) = (slf.get(), slf.py());
        let judge = callback.map(|_| Judge::another());
        this.callbacks.change(py, &[(Callback::Verify, callback)])?;
        Self::be_asked(slf)?;
        this.held(py, |core| core.set_verify(mode, judge))?.or_raise::<Ssl>()
    }
}
