//! Next Protocol Negotiation, the predecessor of ALPN: the names that releases had for it.
//!
//! It was never standardized, TLS 1.3 has no place for it, and peers that speak it are gone.

use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;

use super::connection::Connection;
use super::context::Context;

/// What each of the methods raises.
fn not_available() -> PyErr {
    PyNotImplementedError::new_err("NPN not available")
}

#[pymethods]
impl Context {
    /// Raises NotImplementedError: there is no NPN any more. See `set_alpn_select_callback`.
    fn set_npn_advertise_callback(&self, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let _not_used = callback;
        Err(not_available())
    }

    /// Raises NotImplementedError: there is no NPN any more. See `set_alpn_protos`.
    fn set_npn_select_callback(&self, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let _not_used = callback;
        Err(not_available())
    }
}

#[pymethods]
impl Connection {
    /// Raises NotImplementedError: there is no NPN any more. See `get_alpn_proto_negotiated`.
    fn get_next_proto_negotiated(&self) -> PyResult<()> {
        Err(not_available())
    }
}
