//! `Connection` in memory, for programs with an event loop of their own: one call for each piece of ciphertext that
//! came, one for each piece of data that is to go.
//!
//! As for sending and receiving, short pieces are moved with the GIL held.

use ironssl::ssl::Hold;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Connection;
use super::data::{SHORT, with_buffer};
use super::memory::feed;
use crate::argument::Data;

/// What a caller gave: borrowed from a `bytes`, copied from anything else with a buffer.
///
/// Buffers of single bytes take a short way here; what does not fit, `Data` says.
fn given<'py>(object: &Bound<'py, PyAny>) -> PyResult<Data<'py>> {
    if object.is_exact_instance_of::<PyBytes>() {
        return Data::from_buffer(object);
    }
    match PyBuffer::<u8>::get(object) {
        Ok(buffer) if buffer.is_c_contiguous() => Ok(Data::Copied(buffer.to_vec(object.py())?)),
        _ => Data::from_buffer(object),
    }
}

/// All ciphertext for the peer, with which a call ends.
fn drained<'py>(py: Python<'py>, hold: &Hold<'_>) -> PyResult<Bound<'py, PyBytes>> {
    let ciphertext = match hold.drain_now(usize::MAX, |ciphertext| PyBytes::new(py, ciphertext)) {
        Some(bytes) => Ok(bytes),
        None => PyBytes::new_with(py, hold.drainable(), |buffer| {
            hold.drain(buffer);
            Ok(())
        }),
    };
    hold.rest();
    ciphertext
}

impl Connection {
    /// As `drained`, after an operation without the GIL.
    fn drained_later<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let core = self.core()?;
        match core.try_hold() {
            Some(hold) => drained(py, &hold),
            None => Ok(PyBytes::new(py, &py.detach(|| core.drain_vec(usize::MAX)))),
        }
    }
}

#[pymethods]
impl Connection {
    /// Take ciphertext that came from the peer, and do all that follows from it.
    ///
    /// ciphertext: bytes, or any object with a contiguous buffer. Without any, the call does what is still to be done,
    /// such as to begin a handshake.
    ///
    /// Returns a tuple (data, answer, ended). data: everything that could be decrypted, as bytes; it may be empty.
    /// answer: all ciphertext that is to be sent to the peer now, as bytes; it may be empty. ended: True if nothing more
    /// will come; then another call raises what `recv` would: ZeroReturnError where the peer has closed the connection
    /// cleanly, else what is wrong with the records after data.
    ///
    /// An end (or an error) without data before it is raised by this very call: a close_notify alert that comes alone
    /// raises ZeroReturnError at once, and no call has returned True before. So who reads to the end waits for that
    /// exception, and calls again without any ciphertext where ended is True.
    ///
    /// This is bio_write, do_handshake if that is not done, recv as often as it gives something, and bio_read, in one.
    /// For the end of the peer's stream call `bio_shutdown` first. Whether the handshake is done, `do_handshake` tells.
    ///
    /// Raises the exceptions of `recv` except WantReadError; what there is to answer (an alert) is then left to
    /// `bio_read`. TypeError for a connection with a socket, ValueError for DTLS, TypeError or BufferError for another
    /// kind of object. (SSL_read)
    #[pyo3(signature = (ciphertext = None))]
    fn exchange<'py>(
        &self,
        py: Python<'py>,
        ciphertext: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>, bool)> {
        let core = self.in_memory()?;
        let data = ciphertext.map(given).transpose()?;
        with_buffer(|buffer| {
            if let Some(hold) = core.try_hold() {
                if let Some(data) = data {
                    feed(&hold, data);
                }
                if hold.fed() <= SHORT && hold.is_established() {
                    let ended = hold.unseal(buffer).map_err(|failure| self.exception(py, failure))?;
                    return Ok((PyBytes::new(py, buffer), drained(py, &hold)?, ended));
                }
            } else if let Some(data) = data {
                let ciphertext = data.as_slice();
                py.detach(|| core.feed(ciphertext));
            }
            let ended = self.driven(py, |core| core.unseal(buffer))?;
            Ok((PyBytes::new(py, buffer), self.drained_later(py)?, ended))
        })
    }

    /// Encrypt data for the peer.
    ///
    /// data: bytes, or any object with a contiguous buffer. Returns ciphertext that is to be sent to the peer, as bytes:
    /// that of all of data, and what else was waiting to be sent.
    ///
    /// This is sendall and bio_read in one.
    ///
    /// Raises the exceptions of `sendall`: WantReadError where there is a handshake to be made first, which `exchange`
    /// does; then nothing was encrypted, and what is to be sent for the handshake is left to `bio_read`. TypeError for a
    /// connection with a socket, ValueError for DTLS, TypeError or BufferError for another kind of object. (SSL_write)
    fn seal<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let core = self.in_memory()?;
        let data = given(data)?;
        let plaintext = data.as_slice();
        if plaintext.len() <= SHORT
            && let Some(hold) = core.try_hold().filter(Hold::is_established)
        {
            hold.seal(plaintext).map_err(|failure| self.exception(py, failure))?;
            return drained(py, &hold);
        }
        self.driven(py, |core| core.seal(plaintext))?;
        self.drained_later(py)
    }
}
