//! `Connection`: sending and receiving.
//!
//! Short messages are moved with the GIL held as long as nobody has to wait: giving it up and taking it back costs more
//! than a small record does. Everything else runs without the GIL, a handshake above all. What is received goes by way
//! of the stack, or through a buffer of the thread's own, kept for the next time, or, where it is much, straight into
//! the object that is returned.

use std::cell::RefCell;

use ironssl::ssl::{Attempt, Connection as Core, Hold, Later, RECORD};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

use super::Connection;
use crate::argument::{Data, integer};

/// MSG_PEEK: leave what was read to be read again.
const MSG_PEEK: i64 = 2;

/// The most bytes of ciphertext that are surely not two full records. In memory, one is moved with the GIL held.
pub(super) const SHORT: usize = RECORD + 256;

/// SSL_MODE_ENABLE_PARTIAL_WRITE: a write may end after one record of several.
const ENABLE_PARTIAL_WRITE: i64 = 1;

/// More bytes than this are decrypted straight into the object that is returned.
const COPIED: usize = 2048;

/// Over a socket, so many bytes are moved with the GIL held. Who asks for more may get a whole record at once; who does
/// not gets them by way of the stack.
const LONG: usize = 4096;

thread_local! {
    /// Where plaintext is decrypted to on its way into a Python object.
    static PLAINTEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A larger buffer than this, of four full records and a little, is not kept.
const KEPT: usize = 4 * (RECORD + 256);

/// Runs `work` with the thread's buffer, empty. A callback that comes by here again finds a new one.
pub(super) fn with_buffer<T>(work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut buffer = PLAINTEXT.take();
    buffer.clear();
    let result = work(&mut buffer);
    if buffer.capacity() <= KEPT {
        PLAINTEXT.replace(buffer);
    }
    result
}

impl Connection {
    /// Receives at most `limit` bytes and hands them to `take`.
    fn receive<T>(
        &self,
        py: Python<'_>,
        limit: usize,
        peek: bool,
        mut take: impl FnMut(&[u8]) -> PyResult<T>,
    ) -> PyResult<T> {
        let core = self.core()?;
        let mut later = None;
        if limit <= LONG && core.is_memory() {
            if let Some(hold) = core.try_hold().filter(Hold::is_established) {
                return hold.read_now(limit, peek, take).map_err(|failure| self.exception(py, failure))?;
            }
        } else if limit <= LONG {
            match core.read_now(limit, peek, &mut take).map_err(|failure| self.exception(py, failure))? {
                Attempt::Done(taken) => return taken,
                Attempt::Later(what) => later = Some(what),
            }
        }
        with_buffer(|buffer| {
            self.receive_to(py, buffer, limit, peek, later)?;
            take(buffer)
        })
    }

    /// Receives at most `limit` bytes into a buffer, much or after a wait.
    fn receive_to(
        &self,
        py: Python<'_>,
        buffer: &mut Vec<u8>,
        limit: usize,
        peek: bool,
        mut later: Option<Later>,
    ) -> PyResult<usize> {
        let core = self.core()?;
        if core.is_memory()
            && let Some(hold) = core.try_hold().filter(|hold| hold.fed() <= SHORT && hold.is_established())
        {
            return hold.read_to(buffer, limit, peek).map_err(|failure| self.exception(py, failure));
        }
        self.driven(py, |core| match later.take() {
            Some(later) => core.read_later(later, buffer, limit, peek),
            None => core.read_to(buffer, limit, peek),
        })
    }

    /// Receives at most `limit` bytes in memory, one whole record as a rule, straight into the object that is returned.
    /// None where that is not the better way: there is little, or more than one record (fewer and larger objects are
    /// better then), or another thread was faster.
    fn receive_directly<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let core = self.core()?;
        if !core.is_memory() {
            return Ok(None);
        }
        let suits = |hold: &Hold<'_>| (COPIED..=SHORT).contains(&hold.fed()) && hold.is_established();
        let Some(hold) = core.try_hold().filter(suits) else { return Ok(None) };
        let length = hold.ready().map_err(|failure| self.exception(py, failure))?.min(limit);
        if length <= COPIED {
            return Ok(None);
        }
        let mut count = 0;
        let bytes = PyBytes::new_with(py, length, |buffer| {
            count = hold.read_pending(buffer);
            Ok(())
        })?;
        Ok(match count {
            0 => None,
            _ if count == length => Some(bytes),
            _ => Some(PyBytes::new(py, &bytes.as_bytes()[..count])),
        })
    }

    /// Sends some of `data`, or the `whole` of it; how many bytes went.
    fn transmit(&self, py: Python<'_>, data: &[u8], whole: bool) -> PyResult<usize> {
        let core = self.core()?;
        let write = if whole { Core::write_all } else { Core::write };
        if data.len() > if core.is_memory() { RECORD } else { LONG } {
            return self.driven(py, |core| write(core, data));
        }
        if core.is_gathering() {
            return if core.gather_now(data) { Ok(data.len()) } else { self.driven(py, |core| write(core, data)) };
        }
        if core.is_memory() {
            return match core.try_hold().filter(Hold::is_established) {
                Some(hold) if whole => hold.write_all(data).map_err(|failure| self.exception(py, failure)),
                Some(hold) => hold.write(data).map_err(|failure| self.exception(py, failure)),
                None => self.driven(py, |core| write(core, data)),
            };
        }
        match core.write_now(data, whole).map_err(|failure| self.exception(py, failure))? {
            Attempt::Done(count) => Ok(count),
            Attempt::Later(later) => {
                let mut later = Some(later);
                self.driven(py, |core| match later.take() {
                    Some(later) => core.write_later(later, data, whole),
                    None => write(core, data),
                })
            }
        }
    }
}

/// A size argument: an int that is not negative.
fn size(object: &Bound<'_, PyAny>, name: &str) -> PyResult<usize> {
    let number: i64 = integer(object, name)?;
    usize::try_from(number).map_err(|_| PyValueError::new_err(format!("{name} must not be negative")))
}

/// Whether the flags of a recv method ask to leave the data there.
fn peeks(flags: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
    let flags: i64 = flags.map_or(Ok(0), |flags| integer(flags, "flags"))?;
    Ok(flags & MSG_PEEK != 0)
}

#[pymethods]
impl Connection {
    /// Send some of buf: one TLS record, so up to 16,384 bytes; or all of it, as `sendall`, without the mode
    /// SSL_MODE_ENABLE_PARTIAL_WRITE (1), which `Context.clear_mode` takes away.
    ///
    /// buf: bytes, or any object with a contiguous buffer of bytes; str is encoded as UTF-8, with a DeprecationWarning.
    /// flags is ignored. Returns how many bytes were sent; 0 for an empty buf.
    ///
    /// Raises WantReadError or WantWriteError where the transport cannot go on; repeat the call with the same bytes
    /// then (in any object, by send or sendall): what was encrypted is sent once. SysCallError where the transport
    /// failed, Error for a violation of the protocol, and after shutdown, TypeError and BufferError for another kind of
    /// object, ValueError for more than 2,147,483,647 bytes. That the peer has closed its side keeps nobody from
    /// sending. (SSL_write)
    #[pyo3(signature = (buf, flags = None), text_signature = "($self, buf, flags=0)")]
    fn send(&self, py: Python<'_>, buf: &Bound<'_, PyAny>, flags: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        let _ = flags;
        if let Ok(bytes) = buf.cast_exact::<PyBytes>()
            && bytes.as_bytes().len() <= RECORD
        {
            return self.transmit(py, bytes.as_bytes(), false);
        }
        let core = self.core()?;
        let whole = !core.is_datagram() && self.held(py, Core::mode)? & ENABLE_PARTIAL_WRITE == 0;
        let limit = if core.is_datagram() {
            // It goes whole or not at all: one byte more than it can hold shows that it cannot.
            RECORD + 1
        } else if whole || core.is_noted() {
            // All of it, or perhaps more of it than a record, because it is repeated.
            usize::MAX
        } else {
            RECORD
        };
        let (data, mut length) = Data::start_of(buf, "buf", limit)?;
        if buf.is_instance_of::<PyBytes>() && !buf.is_exact_instance_of::<PyBytes>() {
            // As long as it says itself that it is.
            length = length.max(buf.len()?);
        }
        if i32::try_from(length).is_err() {
            return Err(PyValueError::new_err("Cannot send more than 2**31-1 bytes at once."));
        }
        self.transmit(py, data.as_slice(), whole)
    }

    /// The same as `send`.
    #[pyo3(signature = (buf, flags = None), text_signature = "($self, buf, flags=0)")]
    fn write(&self, py: Python<'_>, buf: &Bound<'_, PyAny>, flags: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        self.send(py, buf, flags)
    }

    /// Send all of buf, many TLS records at a time.
    ///
    /// buf, flags: as for `send`. Returns how many bytes were sent: all. Raises the same exceptions as send, but for
    /// the limit of its length. After WantReadError or WantWriteError repeat the call with the same bytes: it goes on
    /// where it stopped. After any other error it is unknown how much has been sent. (SSL_write)
    #[pyo3(signature = (buf, flags = None), text_signature = "($self, buf, flags=0)")]
    fn sendall(&self, py: Python<'_>, buf: &Bound<'_, PyAny>, flags: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        let _ = flags;
        let data = Data::from_buffer_or_deprecated_str(buf, "buf")?;
        self.transmit(py, data.as_slice(), true)
    }

    /// Receive data: at least one byte and at most bufsiz, as bytes. It is that of one TLS record, or of several where
    /// that costs no wait: of small ones that have come over a socket, of up to four full ones (16,384 bytes). A
    /// bufsiz of 0 raises WantReadError where nothing has come, else SysCallError.
    ///
    /// flags: socket.MSG_PEEK leaves the data to be received again.
    ///
    /// Raises ZeroReturnError when the peer has closed the connection cleanly, SysCallError(-1, 'Unexpected EOF') when
    /// it ended otherwise, WantReadError where none has come yet on a transport that does not wait, WantWriteError,
    /// SysCallError where the transport failed, Error for a violation of the protocol, what a callback raised,
    /// ValueError for a negative bufsiz, TypeError for one that is no int, OverflowError for one of more than 64 bits.
    /// (SSL_read, SSL_peek)
    #[pyo3(signature = (bufsiz, flags = None))]
    fn recv<'py>(
        &self,
        py: Python<'py>,
        bufsiz: &Bound<'py, PyAny>,
        flags: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let limit = size(bufsiz, "bufsiz")?;
        if limit > LONG
            && !peeks(flags)?
            && let Some(bytes) = self.receive_directly(py, limit)?
        {
            return Ok(bytes);
        }
        self.receive(py, limit, peeks(flags)?, |plaintext| Ok(PyBytes::new(py, plaintext)))
    }

    /// The same as `recv`.
    #[pyo3(signature = (bufsiz, flags = None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        bufsiz: &Bound<'py, PyAny>,
        flags: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.recv(py, bufsiz, flags)
    }

    /// Receive data into a buffer: at least one byte and at most nbytes, or what fits.
    ///
    /// buffer: an object with a writable, contiguous buffer, such as bytearray or memoryview. nbytes: None or 0 for the
    /// whole buffer. flags: socket.MSG_PEEK leaves the data to be received again. Returns the number of bytes received;
    /// 0 for a buffer without room, whatever has come.
    ///
    /// Raises the same exceptions as `recv`, TypeError or BufferError for another kind of buffer. (SSL_read, SSL_peek)
    #[pyo3(signature = (buffer, nbytes = None, flags = None))]
    fn recv_into(
        &self,
        py: Python<'_>,
        buffer: &Bound<'_, PyAny>,
        nbytes: Option<&Bound<'_, PyAny>>,
        flags: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<usize> {
        let view = writable(buffer)?;
        let room = view.len()?;
        let wanted = nbytes.map_or(Ok(0), |nbytes| size(nbytes, "nbytes"))?;
        let limit = if wanted == 0 { room } else { room.min(wanted) };
        if limit == 0 {
            return Ok(0);
        }
        let count = self.receive(py, limit, peeks(flags)?, |plaintext| {
            let slice = PySlice::new(py, 0, isize::try_from(plaintext.len())?, 1);
            PyBuffer::<u8>::get(&view.get_item(slice)?)?.copy_from_slice(py, plaintext)?;
            Ok(plaintext.len())
        });
        view.call_method0("release")?;
        count
    }

    /// How many bytes `recv` can return without reading from the transport.
    ///
    /// It is 1 where there are none but the next recv has an exception to raise at once: the last one met an alert or
    /// an error behind the data that it returned. (SSL_pending)
    fn pending(&self, py: Python<'_>) -> PyResult<usize> {
        self.held(py, Core::pending)
    }

    /// Whether the last operation stopped because more has to be read from the transport.
    fn want_read(&self) -> PyResult<bool> {
        Ok(self.core()?.wants_read())
    }

    /// Whether the last operation stopped because the transport could not be written to.
    fn want_write(&self) -> PyResult<bool> {
        Ok(self.core()?.wants_write())
    }
}

/// A view of the bytes of a writable, contiguous buffer.
fn writable<'py>(buffer: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyMemoryView>> {
    let view = PyMemoryView::from(buffer)?;
    if view.getattr("readonly")?.is_truthy()? {
        return Err(PyTypeError::new_err("the buffer must be writable"));
    }
    if !view.getattr("c_contiguous")?.is_truthy()? {
        return Err(PyBufferError::new_err("the buffer is not C-contiguous"));
    }
    Ok(view.call_method1("cast", ("B",))?.cast_into::<PyMemoryView>()?)
}
