//! `Connection`: the timer of DTLS, and the size of its datagrams.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::Connection;
use crate::argument::integer;
use crate::error::{OrRaise, Ssl};

#[pymethods]
impl Connection {
    /// How many seconds to wait for the peer's answer in a DTLS handshake before `DTLSv1_handle_timeout` is due: a
    /// float, 0.0 if that is now; None where no answer is waited for.
    ///
    /// Over a socket that blocks, `do_handshake` looks after the timer itself. (DTLSv1_get_timeout, RFC 6347)
    #[pyo3(name = "DTLSv1_get_timeout")]
    fn dtls_timeout(&self, py: Python<'_>) -> PyResult<Option<f64>> {
        Ok(self.held(py, ironssl::ssl::Connection::timeout)?.map(|left| left.as_secs_f64()))
    }

    /// Send the last messages of a DTLS handshake again, if the time for that has come; then the timer starts anew,
    /// with twice the time. `do_handshake`, `recv` and `send` do this too.
    ///
    /// Returns True if messages were sent (in memory: wait for `bio_read`), else False. Raises Error when the peer has
    /// not answered to 12 repetitions, WantWriteError where the socket takes nothing now, SysCallError where it
    /// failed. (DTLSv1_handle_timeout, RFC 6347)
    #[pyo3(name = "DTLSv1_handle_timeout")]
    fn dtls_handle_timeout(&self, py: Python<'_>) -> PyResult<bool> {
        self.driven(py, ironssl::ssl::Connection::handle_timeout)
    }

    /// Set how large a datagram of DTLS may be, without the headers of IP and UDP. The messages of the handshake are
    /// cut to that size (and to 4096 bytes). Before this is called, a connected socket is asked for it; in memory it is
    /// 256.
    ///
    /// mtu: a number of bytes, from 208 on. Unlike in OpenSSL itself, it lasts without OP_NO_QUERY_MTU.
    ///
    /// Raises ValueError for fewer, TypeError for anything but an int, OverflowError for one of more than 64 bits,
    /// Error for a connection that is not DTLS. (SSL_set_mtu)
    fn set_ciphertext_mtu(&self, py: Python<'_>, mtu: &Bound<'_, PyAny>) -> PyResult<()> {
        let mtu: i64 = integer(mtu, "mtu")?;
        let size = usize::try_from(mtu).map_err(|_| PyValueError::new_err("mtu must not be negative"))?;
        self.held(py, |core| core.set_ciphertext_mtu(size))?.or_raise::<Ssl>()
    }

    /// How many bytes `send` can be given so that they fit into one datagram of DTLS; 0 before a cipher was agreed on.
    /// Nothing keeps `send` from taking more, up to 16,384 bytes; the network then splits or drops them.
    ///
    /// Raises Error for a connection that is not DTLS. (DTLS_get_data_mtu)
    fn get_cleartext_mtu(&self, py: Python<'_>) -> PyResult<usize> {
        self.held(py, ironssl::ssl::Connection::cleartext_mtu)?.or_raise::<Ssl>()
    }
}
