//! The delegate of a connection: the callables of its Python object.

use ironssl::Parked;
use ironssl::ssl::{Delegate, ServerName};
use pyo3::exceptions::{PyException, PyReferenceError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyWeakrefMethods, PyWeakrefReference};

use crate::attached::{Purpose, attached};
use crate::crypto::X509;
use crate::ssl::callbacks::{Callback, NoOverlappingProtocols};
use crate::ssl::connection::Connection;

/// Finds the Python object of a connection without keeping it alive (the object owns the connection that owns this).
pub(crate) struct PyDelegate {
    connection: Py<PyWeakrefReference>,
}

impl PyDelegate {
    /// The delegate of `connection`.
    pub(crate) fn new(connection: &Bound<'_, Connection>) -> PyResult<Self> {
        Ok(Self { connection: PyWeakrefReference::new(connection.as_any())?.unbind() })
    }

    /// Runs `ask` with the Python object; what it raises is parked.
    fn ask<T>(&self, ask: impl FnOnce(&Bound<'_, Connection>) -> PyResult<T>) -> Result<T, Parked> {
        attached(Purpose::Answer, |py| {
            let connection = self.connection.bind(py).upgrade_as::<Connection>()?;
            ask(&connection.ok_or_else(|| PyReferenceError::new_err("the Connection is gone"))?)
        })
        .map_err(|error| Box::new(error) as Parked)
    }

    /// Calls a callable that only listens, if there is one. An `Exception` that it raises has no call to come out of:
    /// `sys.unraisablehook` gets it. What is none (KeyboardInterrupt and the like) is parked.
    fn tell<A>(&self, which: Callback, arguments: impl FnOnce(&Bound<'_, Connection>) -> A) -> Result<(), Parked>
    where
        A: for<'py> pyo3::call::PyCallArgs<'py>,
    {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, which) else { return Ok(()) };
            let callback = callback.bind(py);
            match callback.call1(arguments(connection)) {
                Err(error) if error.is_instance_of::<PyException>(py) => error.write_unraisable(py, Some(callback)),
                other => drop(other?),
            }
            Ok(())
        })
    }
}

/// What a callback returned, if it is bytes.
fn bytes(answer: &Bound<'_, PyAny>, whose: &str) -> PyResult<Vec<u8>> {
    match answer.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
        Err(_) => Err(PyTypeError::new_err(format!("the {whose} callback must return bytes"))),
    }
}

/// Shows an exception that does not come out of a call to `sys.excepthook`.
fn show(py: Python<'_>, error: &PyErr) {
    let hook = || {
        let hook = py.import(pyo3::intern!(py, "sys"))?.getattr(pyo3::intern!(py, "excepthook"))?;
        hook.call1((error.get_type(py), error.value(py), error.traceback(py)))
    };
    if let Err(failed) = hook() {
        failed.write_unraisable(py, None);
    }
}

impl Delegate for PyDelegate {
    fn verify(&self, certificate: ironssl::x509::X509, error: i32, depth: i32, passed: bool) -> Result<bool, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, Callback::Verify) else { return Ok(passed) };
            let certificate = Py::new(py, X509::from_core(certificate))?;
            callback.bind(py).call1((connection, certificate, error, depth, i32::from(passed)))?.is_truthy()
        })
    }

    fn info(&self, place: i32, value: i32) -> Result<(), Parked> {
        self.tell(Callback::Info, |connection| (connection.clone().unbind(), place, value))
    }

    fn keylog(&self, line: &[u8]) -> Result<(), Parked> {
        self.tell(Callback::KeyLog, |connection| {
            (connection.clone().unbind(), PyBytes::new(connection.py(), line).unbind())
        })
    }

    fn server_name(&self) -> Result<ServerName, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, Callback::ServerName) else {
                return Ok(ServerName::Ignore);
            };
            match callback.bind(py).call1((connection,)) {
                Ok(_) => Ok(ServerName::Acknowledge),
                Err(error) if error.is_instance_of::<PyException>(py) => {
                    show(py, &error);
                    connection.get().keep_cause(py, error);
                    Ok(ServerName::Refuse)
                }
                Err(error) => Err(error),
            }
        })
    }

    fn select_alpn(&self, offered: &[&[u8]]) -> Result<Option<Vec<u8>>, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, Callback::SelectAlpn) else { return Ok(None) };
            let offered = PyList::new(py, offered.iter().map(|protocol| PyBytes::new(py, protocol)))?;
            let answer = callback.bind(py).call1((connection, offered))?;
            if answer.is_instance_of::<NoOverlappingProtocols>() {
                return Ok(None);
            }
            match answer.cast::<PyBytes>() {
                Ok(protocol) => Ok(Some(protocol.as_bytes().to_vec())),
                Err(_) => Err(PyTypeError::new_err("the ALPN callback must return bytes or NO_OVERLAPPING_PROTOCOLS")),
            }
        })
    }

    fn ocsp_response(&self) -> Result<Option<Vec<u8>>, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, Callback::OcspServer) else { return Ok(None) };
            let data = connection.get().callback(py, Callback::OcspServerData);
            bytes(&callback.bind(py).call1((connection, data))?, "OCSP server").map(Some)
        })
    }

    fn check_ocsp(&self, response: &[u8]) -> Result<bool, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, Callback::OcspClient) else { return Ok(true) };
            let data = connection.get().callback(py, Callback::OcspClientData);
            callback.bind(py).call1((connection, PyBytes::new(py, response), data))?.is_truthy()
        })
    }

    fn generate_cookie(&self) -> Result<Vec<u8>, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let callback = connection.get().callback(py, Callback::GenerateCookie);
            let callback = callback.ok_or_else(|| PyTypeError::new_err("there is no callback to generate a cookie"))?;
            bytes(&callback.bind(py).call1((connection,))?, "cookie generate")
        })
    }

    fn verify_cookie(&self, cookie: &[u8]) -> Result<bool, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().callback(py, Callback::VerifyCookie) else { return Ok(false) };
            callback.bind(py).call1((connection, PyBytes::new(py, cookie)))?.is_truthy()
        })
    }
}
