//! `OpenSSL.SSL.Session`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// A TLS session that can be resumed: taken with `Connection.get_session`, given to a later connection of the same
/// Context with `Connection.set_session`.
///
/// It is an independent copy (SSL_SESSION_dup): however the connection that it came from ends, it can still be resumed.
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.SSL")]
#[derive(Default)]
pub(crate) struct Session {
    core: Option<ironssl::ssl::Session>,
}

impl Session {
    /// The object for a session of the core's.
    pub(crate) fn from_core(session: ironssl::ssl::Session) -> Self {
        Self { core: Some(session) }
    }

    /// The session.
    pub(crate) fn core(&self) -> PyResult<&ironssl::ssl::Session> {
        self.core.as_ref().ok_or_else(|| PyTypeError::new_err("this Session was not taken from a Connection"))
    }
}

#[pymethods]
impl Session {
    #[new]
    fn new() -> Self {
        Self::default()
    }
}
