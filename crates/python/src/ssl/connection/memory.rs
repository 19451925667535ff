//! `Connection` in memory: the caller moves the ciphertext.

use ironssl::ssl::Hold;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use super::Connection;
use crate::argument::{Data, integer};
use crate::exceptions::ssl::WantReadError;

impl Connection {
    /// The connection, if it is one in memory.
    pub(super) fn in_memory(&self) -> PyResult<&ironssl::ssl::Connection> {
        let core = self.core()?;
        if core.is_memory() { Ok(core) } else { Err(PyTypeError::new_err("Connection sock was not None")) }
    }
}

/// Ciphertext of so many bytes (one record, as a rule) in a `bytes` object is not copied but kept, as the object, until
/// it is used. More is copied all the same: the chunks that copies go to are used again, while what is kept must be
/// allocated anew, page by page (writes of 1 MiB took twice the time).
const LENT: std::ops::RangeInclusive<usize> = 4096..=16 * 1024 + 256;

/// Gives ciphertext to the connection.
pub(super) fn feed(hold: &Hold<'_>, data: Data<'_>) {
    let length = data.as_slice().len();
    match data {
        // What goes with an object of a subclass may be code of anybody's.
        Data::Bytes(bytes) if LENT.contains(&length) && hold.fed() == 0 && bytes.is_exact_instance_of::<PyBytes>() => {
            hold.feed_lent(Box::new(PyBackedBytes::from(bytes)));
        }
        Data::Copied(copy) if length >= *LENT.start() && hold.fed() == 0 => hold.feed_lent(Box::new(copy)),
        data => hold.feed(data.as_slice()),
    }
}

/// There is no ciphertext for the peer.
fn nothing() -> PyErr {
    WantReadError::new_err(())
}

#[pymethods]
impl Connection {
    /// Take ciphertext for the peer: at most bufsiz bytes. With DTLS they are one datagram, or what is left of one; in
    /// a handshake as many whole ones as fit, as long as `set_ciphertext_mtu` has not said what the link takes.
    ///
    /// Raises WantReadError where there is none, TypeError for a connection with a socket and for a bufsiz that is no
    /// int, ValueError for one that is negative, OverflowError for one of more than 64 bits. (BIO_read)
    fn bio_read<'py>(&self, py: Python<'py>, bufsiz: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let core = self.in_memory()?;
        let size: i64 = integer(bufsiz, "bufsiz")?;
        let size = usize::try_from(size).map_err(|_| PyValueError::new_err("bufsiz must not be negative"))?;
        let Some(hold) = core.try_hold() else {
            let ciphertext = py.detach(|| core.drain_vec(size));
            return if ciphertext.is_empty() { Err(nothing()) } else { Ok(PyBytes::new(py, &ciphertext)) };
        };
        if let Some(bytes) = hold.drain_now(size, |ciphertext| PyBytes::new(py, ciphertext)) {
            return Ok(bytes);
        }
        match hold.drainable_within(size) {
            0 => Err(nothing()),
            length => PyBytes::new_with(py, length, |buffer| {
                hold.drain(buffer);
                Ok(())
            }),
        }
    }

    /// Give ciphertext that came from the peer.
    ///
    /// buf: bytes, or any object with a contiguous buffer of bytes; str is encoded as UTF-8, with a DeprecationWarning.
    /// Returns how many bytes were taken: all.
    ///
    /// Raises TypeError for a connection with a socket, TypeError and BufferError for another kind of object.
    /// (BIO_write)
    fn bio_write(&self, py: Python<'_>, buf: &Bound<'_, PyAny>) -> PyResult<usize> {
        let core = self.in_memory()?;
        if let Ok(bytes) = buf.cast_exact::<PyBytes>()
            && let ciphertext = bytes.as_bytes()
            && ciphertext.len() < *LENT.start()
            && let Some(hold) = core.try_hold()
        {
            hold.feed(ciphertext);
            return Ok(ciphertext.len());
        }
        let data = Data::from_buffer_or_deprecated_str(buf, "buf")?;
        let length = data.as_slice().len();
        match core.try_hold() {
            Some(hold) => feed(&hold, data),
            None => {
                let ciphertext = data.as_slice();
                py.detach(|| core.feed(ciphertext));
            }
        }
        Ok(length)
    }

    /// Say that the peer's stream has ended: no more ciphertext comes.
    ///
    /// Raises TypeError for a connection with a socket. (BIO_set_mem_eof_return)
    fn bio_shutdown(&self, py: Python<'_>) -> PyResult<()> {
        self.in_memory()?;
        self.held(py, ironssl::ssl::Connection::feed_end)
    }
}
