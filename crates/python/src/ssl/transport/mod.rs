//! What a Connection moves its ciphertext through: which transport an object makes, and Python objects as transports.
//!
//! Lives here: what is asked of an object, and what its answers and exceptions mean. Must not live here: the objects
//! themselves. The Connection holds them, where the garbage collector sees them; the transport in the core finds them
//! through it.
//!
//! Theory. An object with a descriptor is used through that alone, with no Python on the way. Of any other object a
//! method is called with the GIL, while the thread has its turn to read or to write and no other lock. Nothing that it
//! returns is trusted: a wrong type or a wrong count is an exception, and the operation fails with it.

use ironssl::ssl::Method;
use ironssl::transport::{Cause, Descriptor, Reader, Transport, Trouble, Writer};
use pyo3::exceptions::{
    PyBlockingIOError, PyBrokenPipeError, PyConnectionResetError, PyException, PyOverflowError, PyReferenceError,
    PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyInt, PyString, PyWeakrefMethods, PyWeakrefReference};

use crate::exceptions::ssl::{SysCallError, WantReadError, WantWriteError};
use crate::ssl::connection::Connection;

mod reader;
mod writer;

use reader::PyReader;
use writer::PyWriter;

/// The transport of a new Connection: one object for both ways, or a reader and a writer.
pub(crate) fn new(
    connection: &Bound<'_, Connection>,
    method: Method,
    reader: &Bound<'_, PyAny>,
    writer: Option<&Bound<'_, PyAny>>,
) -> PyResult<Transport> {
    let writer = writer.unwrap_or(reader);
    let from = descriptor(reader)?;
    let to = if writer.is(reader) { from } else { descriptor(writer)? };
    if to.is_some() {
        flush_file(writer)?;
    }
    if let (Some(from), Some(to)) = (from, to)
        && from.as_raw_fd() == to.as_raw_fd()
    {
        return Ok(Transport::Descriptor(from));
    }
    Ok(Transport::Custom {
        reader: match from {
            Some(descriptor) => Box::new(descriptor) as Box<dyn Reader>,
            None => Box::new(PyReader::new(connection, reader)?),
        },
        writer: match to {
            Some(descriptor) => Box::new(descriptor) as Box<dyn Writer>,
            None => Box::new(PyWriter::new(connection, writer, method.is_datagram())?),
        },
    })
}

/// The descriptor of a socket-like object, or of a number; none for an object whose methods are to be called.
fn descriptor(object: &Bound<'_, PyAny>) -> PyResult<Option<Descriptor>> {
    let plain = is_plain_socket(object);
    if !plain && is_tls(object) {
        return Ok(None);
    }
    let wrong = || PyTypeError::new_err("argument must be an int, or have a fileno() method.");
    let number = match object.getattr_opt(pyo3::intern!(object.py(), "fileno"))? {
        Some(fileno) if !fileno.is_none() => match fileno.call0() {
            Ok(number) => number.extract::<i32>().map_err(|_| wrong())?,
            // How the classes of io say that they have none.
            Err(error) if error.is_instance(object.py(), unsupported(object.py())?) => return Ok(None),
            Err(error) => return Err(error),
        },
        _ => match object.extract::<i32>() {
            Ok(number) => number,
            Err(_) if object.is_instance_of::<PyInt>() => return Err(wrong()),
            Err(_) => return Ok(None),
        },
    };
    if number < 0 {
        return Err(PyValueError::new_err(format!("file descriptor cannot be a negative integer ({number})")));
    }
    if !plain && is_file(object)? && is_file_over_tls(object)? {
        return Ok(None);
    }
    Ok(Some(ironssl::python::descriptor(number).watchful()))
}

/// Whether an object is just a `socket.socket`. Most are, and nothing more has to be asked of them.
fn is_plain_socket(object: &Bound<'_, PyAny>) -> bool {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let class = CLASS.get_or_try_init(py, || {
        let module = imported(py, pyo3::intern!(py, "socket"))?.ok_or_else(|| PyRuntimeError::new_err("no sockets"))?;
        module.getattr("socket").map(Bound::unbind)
    });
    class.is_ok_and(|class| object.get_type().is(class))
}

/// A module that has been imported, if it has.
fn imported<'py>(py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static MODULES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    MODULES.import(py, "sys", "modules")?.get_item(name)
}

/// Whether an object is a TLS connection, ours or the standard library's. What is written to it must not get to its
/// descriptor as it is.
fn is_tls(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<Connection>() || is_of_stdlib(object, "SSLSocket")
}

/// Whether an object is an instance of a class of the standard library's `ssl`. Nothing is where that was not imported.
fn is_of_stdlib(object: &Bound<'_, PyAny>, class: &str) -> bool {
    let py = object.py();
    let is = || -> PyResult<bool> {
        match imported(py, pyo3::intern!(py, "ssl"))? {
            Some(ssl) => object.is_instance(&ssl.getattr(class)?),
            None => Ok(false),
        }
    };
    // Where somebody put something else in the place of the module.
    is().unwrap_or(false)
}

/// `io.UnsupportedOperation`.
fn unsupported(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    CLASS.import(py, "io", "UnsupportedOperation")
}

/// Whether an object has a method of this name.
fn has(object: &Bound<'_, PyAny>, name: &str) -> PyResult<bool> {
    Ok(object.getattr_opt(name)?.is_some_and(|method| method.is_callable()))
}

/// Whether an object is a file rather than a socket: those have a method to send.
fn is_file(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(!has(object, "send")?)
}

/// Whether a file was made by the `makefile` of a TLS connection, whose descriptor it passes on.
fn is_file_over_tls(file: &Bound<'_, PyAny>) -> PyResult<bool> {
    let raw = file.getattr_opt("raw")?.unwrap_or_else(|| file.clone());
    for name in ["_connection", "_sock"] {
        if raw.getattr_opt(name)?.is_some_and(|below| is_tls(&below)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was written to a buffered file before it became a transport goes first.
fn flush_file(writer: &Bound<'_, PyAny>) -> PyResult<()> {
    if !is_plain_socket(writer) && is_file(writer)? && has(writer, "flush")? {
        writer.call_method0(pyo3::intern!(writer.py(), "flush"))?;
    }
    Ok(())
}

/// An object that has none of the methods it needs.
fn unusable(object: &Bound<'_, PyAny>, lacks: &str) -> PyErr {
    match object.get_type().name() {
        Ok(class) => PyTypeError::new_err(format!(
            "a '{class}' object cannot be the transport: it is no int, has no fileno() that gives a descriptor, and {lacks}"
        )),
        Err(error) => error,
    }
}

/// Which of the transports of a Connection.
#[derive(Clone, Copy)]
enum End {
    Reader,
    Writer,
}

/// The way from the core back to a Python object: through the Connection, which this does not keep alive (it owns the
/// core that owns this).
struct Place {
    connection: Py<PyWeakrefReference>,
    end: End,
}

impl Place {
    fn new(connection: &Bound<'_, Connection>, end: End) -> PyResult<Self> {
        Ok(Self { connection: PyWeakrefReference::new(connection.as_any())?.unbind(), end })
    }

    fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let connection = self.connection.bind(py).upgrade_as::<Connection>()?;
        let object = connection.and_then(|connection| match self.end {
            End::Reader => connection.get().reader(py),
            End::Writer => connection.get().writer(py),
        });
        object.ok_or_else(|| PyReferenceError::new_err("the transport of the Connection is gone"))
    }
}

/// What an exception of a transport means.
fn trouble(py: Python<'_>, error: PyErr) -> Trouble {
    let value = error.value(py);
    if error.is_instance_of::<PyBlockingIOError>(py) {
        Trouble::WouldBlock
    } else if error.is_instance_of::<WantReadError>(py) || is_of_stdlib(value, "SSLWantReadError") {
        Trouble::MustRead
    } else if error.is_instance_of::<WantWriteError>(py) || is_of_stdlib(value, "SSLWantWriteError") {
        Trouble::MustWrite
    } else {
        let cause = if says_that_the_peer_is_gone(py, &error) {
            Cause::Gone
        } else if error.is_instance_of::<PyException>(py) {
            Cause::Transport
        } else {
            // KeyboardInterrupt and the like.
            Cause::Program
        };
        Trouble::Caller { parked: Box::new(error), cause }
    }
}

/// Whether an exception is what a socket raises whose peer is gone, or what a TLS connection raises over such a socket.
fn says_that_the_peer_is_gone(py: Python<'_>, error: &PyErr) -> bool {
    if error.is_instance_of::<SysCallError>(py) {
        let errno = error.value(py).getattr("args").and_then(|args| args.get_item(0)?.extract::<i32>());
        return errno.is_ok_and(Cause::is_gone);
    }
    error.is_instance_of::<PyBrokenPipeError>(py) || error.is_instance_of::<PyConnectionResetError>(py)
}

/// A count that a method returned, which must not be more than `most`.
fn count(returned: &Bound<'_, PyAny>, method: &str, most: usize) -> PyResult<usize> {
    let wrong = |given: &dyn std::fmt::Display| {
        PyValueError::new_err(format!("{method}() gave {given} as its count, which must be between 0 and {most}"))
    };
    match returned.extract::<i64>() {
        Ok(number) => match usize::try_from(number) {
            Ok(count) if count <= most => Ok(count),
            _ => Err(wrong(&number)),
        },
        Err(error) if error.is_instance_of::<PyOverflowError>(returned.py()) => Err(wrong(&"more than 64 bits")),
        Err(error) if error.is_instance_of::<PyTypeError>(returned.py()) => Err(wrong_type(returned, method, "an int")),
        Err(error) => Err(error),
    }
}

/// The exception for a result of a wrong type.
fn wrong_type(returned: &Bound<'_, PyAny>, method: &str, wanted: &str) -> PyErr {
    match returned.get_type().name() {
        Ok(class) => PyTypeError::new_err(format!("{method}() must return {wanted}, not {class}")),
        Err(error) => error,
    }
}
