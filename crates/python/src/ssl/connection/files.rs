//! `Connection`: a file object over it. The file itself is in `OpenSSL._file`, since a subclass of `io.RawIOBase`
//! cannot be made here with the stable ABI.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::Connection;

#[pymethods]
impl Connection {
    /// Make a file object over the connection, as `socket.socket.makefile` does over a socket.
    ///
    /// mode: 'r' (the default), 'w' or 'rw', with a 'b' for bytes, without for str. buffering: None or -1 for 16,384
    /// bytes (a TLS record), 0 for an unbuffered file of bytes, 1 in a file of str for lines, else a number of bytes.
    /// encoding, errors, newline: as for `open`. Returns an object of the module io: a TextIOWrapper, a BufferedReader,
    /// a BufferedWriter, a BufferedRWPair, or a raw file.
    ///
    /// The file ends where the peer has closed the TLS connection cleanly; where the stream ends otherwise, reading
    /// raises SysCallError(-1, 'Unexpected EOF'), and whatever else recv and send raise. On a transport that does not
    /// wait, reads and writes do what io says for that (return None, raise BlockingIOError); a socket with a timeout is
    /// waited for, and then TimeoutError raised. To close the file does not close the connection, and sends no
    /// close_notify alert; but the socket stays open until its files are closed too.
    ///
    /// Raises ValueError for another mode, for a file of str without a buffer, and for an encoding, errors or newline of
    /// a file of bytes; TypeError and LookupError as `open` does.
    #[pyo3(
        signature = (mode = None, buffering = None, *, encoding = None, errors = None, newline = None),
        text_signature = "($self, mode='r', buffering=None, *, encoding=None, errors=None, newline=None)"
    )]
    fn makefile<'py>(
        slf: &Bound<'py, Self>,
        mode: Option<&Bound<'py, PyAny>>,
        buffering: Option<&Bound<'py, PyAny>>,
        encoding: Option<&Bound<'py, PyAny>>,
        errors: Option<&Bound<'py, PyAny>>,
        newline: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        slf.get().core()?;
        let ends = (slf.get().reader(py), slf.get().writer(py));
        let mode = mode.cloned().unwrap_or_else(|| PyString::new(py, "r").into_any());
        py.import("OpenSSL._file")?.call_method1("make", (slf, ends, mode, buffering, encoding, errors, newline))
    }
}
