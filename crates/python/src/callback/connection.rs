//! The delegate of a connection: the callables of its Python object.

use ironssl::Parked;
use ironssl::ssl::Delegate;
use pyo3::exceptions::PyReferenceError;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};

use crate::crypto::X509;
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
        Python::attach(|py| {
            let connection = self.connection.bind(py).upgrade_as::<Connection>()?;
            ask(&connection.ok_or_else(|| PyReferenceError::new_err("the Connection is gone"))?)
        })
        .map_err(|error| Box::new(error) as Parked)
    }
}

impl Delegate for PyDelegate {
    fn verify(&self, certificate: ironssl::x509::X509, error: i32, depth: i32, passed: bool) -> Result<bool, Parked> {
        self.ask(|connection| {
            let py = connection.py();
            let Some(callback) = connection.get().verify_callback(py) else { return Ok(passed) };
            let certificate = Py::new(py, X509::from_core(certificate))?;
            callback.bind(py).call1((connection, certificate, error, depth, i32::from(passed)))?.is_truthy()
        })
    }
}
