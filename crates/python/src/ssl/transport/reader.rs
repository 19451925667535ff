//! A Python object that ciphertext is read from.

use ironssl::transport::{Reader, Trouble, on_first_thread};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice, PyString};

use super::{End, Place, count, has, trouble, unusable, wrong_type};
use crate::argument::Data;
use crate::attached::{Purpose, attached};
use crate::exceptions::ssl::ZeroReturnError;
use crate::ssl::connection::Connection;

/// What can be called, in the order of preference. `read` comes before `read1`, which on a buffered file that does not
/// block returns the same for "nothing yet" and for the end.
const METHODS: [(&str, bool); 5] =
    [("recv", false), ("recv_into", true), ("read", false), ("readinto", true), ("read1", false)];

/// Calls a method of the reader of a Connection.
pub(super) struct PyReader {
    place: Place,
    method: &'static str,
    /// Whether the method fills a buffer, and returns a count; others return bytes.
    fills: bool,
}

impl PyReader {
    /// The reader of `connection`, which is to be `object`.
    pub(super) fn new(connection: &Bound<'_, Connection>, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        for (method, fills) in METHODS {
            if has(object, method)? {
                return Ok(Self { place: Place::new(connection, End::Reader)?, method, fills });
            }
        }
        Err(unusable(object, "has none of recv(), recv_into(), read(), readinto() and read1()"))
    }

    /// Reads at most `limit` bytes; none for "try later".
    fn ask(&self, py: Python<'_>, buffer: &mut Vec<u8>, limit: usize) -> PyResult<Option<usize>> {
        let object = self.place.object(py)?;
        let method = PyString::intern(py, self.method);
        if self.fills {
            self.ask_to_fill(&object, &method, buffer, limit)
        } else {
            let returned = object.call_method1(&method, (limit,))?;
            if returned.is_none() { Ok(None) } else { self.take(&returned, buffer, limit).map(Some) }
        }
    }

    /// Takes over what a method returned.
    fn take(&self, returned: &Bound<'_, PyAny>, buffer: &mut Vec<u8>, limit: usize) -> PyResult<usize> {
        let data = match returned.cast::<PyBytes>() {
            Ok(bytes) => Data::Bytes(bytes.clone()),
            Err(_) => Data::from_buffer(returned).map_err(|_| wrong_type(returned, self.method, "bytes"))?,
        };
        let bytes = data.as_slice();
        if bytes.len() > limit {
            let method = self.method;
            let length = bytes.len();
            return Err(PyValueError::new_err(format!("{method}({limit}) returned {length} bytes")));
        }
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Lets a method fill a buffer, which is new each time: the object may keep it.
    fn ask_to_fill(
        &self,
        object: &Bound<'_, PyAny>,
        method: &Bound<'_, PyString>,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> PyResult<Option<usize>> {
        let py = object.py();
        let place = PyByteArray::new_with(py, limit, |_| Ok(()))?;
        // A view, so that nobody can change the length.
        let view = PyMemoryView::from(place.as_any())?;
        let returned = object.call_method1(method, (&view,))?;
        if returned.is_none() {
            return Ok(None);
        }
        let count = count(&returned, self.method, limit)?;
        let filled = PyMemoryView::from(place.as_any())?.get_item(PySlice::new(py, 0, isize::try_from(count)?, 1))?;
        buffer.extend_from_slice(&PyBuffer::<u8>::get(&filled)?.to_vec(py)?);
        Ok(Some(count))
    }
}

impl Reader for PyReader {
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        attached(Purpose::Transport, |py| match self.ask(py, buffer, limit) {
            Ok(Some(count)) => Ok(count),
            Ok(None) => Err(Trouble::WouldBlock),
            // How a TLS connection says that its peer has closed it.
            Err(error) if error.is_instance_of::<ZeroReturnError>(py) => Ok(0),
            Err(error) => Err(trouble(py, error)),
        })
    }

    fn watches(&self) -> bool {
        on_first_thread()
    }
}
