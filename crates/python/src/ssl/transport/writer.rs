//! A Python object that ciphertext is written to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ironssl::transport::{Trouble, Writer, on_first_thread};
use pyo3::exceptions::{PyBlockingIOError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::{End, Place, count, has, is_tls, trouble, unusable};
use crate::attached::{Purpose, attached};
use crate::ssl::connection::Connection;

/// What can be called, in the order of preference.
const METHODS: [&str; 2] = ["send", "write"];

/// The least that is offered to an object which takes less than it is offered.
const LEAST: usize = 1024;

/// Calls a method of the writer of a Connection.
pub(super) struct PyWriter {
    place: Place,
    method: &'static str,
    /// Whether what is written is a datagram, which goes as a whole.
    datagrams: bool,
    /// Whether the object has to be told to send what it holds back.
    flushes: bool,
    /// Whether it may hold back something now.
    holds_back: AtomicBool,
    /// How many bytes are offered at once. What is offered is copied, and an object that takes a few bytes at a time
    /// is not to have many copied each time.
    window: AtomicUsize,
}

impl PyWriter {
    /// The writer of `connection`, which is to be `object`.
    pub(super) fn new(
        connection: &Bound<'_, Connection>,
        object: &Bound<'_, PyAny>,
        datagrams: bool,
    ) -> PyResult<Self> {
        for method in METHODS {
            if has(object, method)? {
                return Ok(Self {
                    place: Place::new(connection, End::Writer)?,
                    method,
                    datagrams,
                    // A TLS connection sends at once; a `flush` that it passes on is another object's.
                    flushes: !is_tls(object) && has(object, "flush")?,
                    holds_back: AtomicBool::new(false),
                    window: AtomicUsize::new(usize::MAX),
                });
            }
        }
        Err(unusable(object, "has neither send() nor write()"))
    }

    /// Writes some of `offered`; 0 for "try later".
    fn ask(&self, py: Python<'_>, offered: &[u8]) -> PyResult<usize> {
        let object = self.place.object(py)?;
        let data = PyBytes::new(py, offered);
        let returned = match object.call_method1(PyString::intern(py, self.method), (data,)) {
            Ok(returned) => returned,
            Err(error) => return self.taken_nevertheless(py, error, offered.len()),
        };
        if returned.is_none() && self.method == "write" {
            // How the raw files of io say it. Of send it more likely is that somebody forgot to return the count.
            return Ok(0);
        }
        self.check(count(&returned, self.method, offered.len())?, offered.len())
    }

    /// How much was taken by a method that raised `error`: a buffered file that does not block says so.
    fn taken_nevertheless(&self, py: Python<'_>, error: PyErr, most: usize) -> PyResult<usize> {
        if !error.is_instance_of::<PyBlockingIOError>(py) {
            return Err(error);
        }
        match error.value(py).getattr_opt(pyo3::intern!(py, "characters_written"))? {
            None => Ok(0),
            Some(taken) => self.check(count(&taken, self.method, most)?, most),
        }
    }

    /// A datagram cannot be taken in part.
    fn check(&self, count: usize, length: usize) -> PyResult<usize> {
        if self.datagrams && 0 < count && count < length {
            let method = self.method;
            return Err(PyValueError::new_err(format!("{method}() took {count} of the {length} bytes of a datagram")));
        }
        Ok(count)
    }

    fn adapt(&self, offered: usize, taken: usize) {
        let window = if taken < offered { taken.saturating_mul(4).max(LEAST) } else { offered.saturating_mul(2) };
        self.window.store(window.max(LEAST), Ordering::Relaxed);
    }
}

impl Writer for PyWriter {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        let window = if self.datagrams { data.len() } else { self.window.load(Ordering::Relaxed) };
        let offered = &data[..data.len().min(window)];
        // Also where it raises something: what it holds back then is not known.
        self.holds_back.store(self.flushes, Ordering::Relaxed);
        match attached(Purpose::Transport, |py| self.ask(py, offered).map_err(|error| trouble(py, error)))? {
            0 => Err(Trouble::WouldBlock),
            taken => {
                if offered.len() < data.len() || taken < offered.len() {
                    self.adapt(offered.len(), taken);
                }
                Ok(taken)
            }
        }
    }

    fn holds_back(&self) -> bool {
        self.holds_back.load(Ordering::Relaxed)
    }

    fn flush(&self) -> Result<(), Trouble> {
        attached(Purpose::Transport, |py| {
            let object = self.place.object(py).map_err(|error| trouble(py, error))?;
            object.call_method0(pyo3::intern!(py, "flush")).map_err(|error| trouble(py, error))?;
            self.holds_back.store(false, Ordering::Relaxed);
            Ok(())
        })
    }

    fn watches(&self) -> bool {
        on_first_thread()
    }
}
