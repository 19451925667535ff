//! `Connection`: what is agreed on in the extensions of the handshake, and how it tells of its progress.

use std::sync::atomic::Ordering;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Connection;
use crate::argument::Data;
use crate::error::{OrRaise, Ssl};
use crate::ssl::callbacks::{Callback, callable};

/// A list of application protocols: any iterable of bytes, or other objects with the buffer protocol.
pub(crate) fn protocols(protos: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u8>>> {
    let wrong = || PyTypeError::new_err("protos must be a list of bytes");
    if protos.is_instance_of::<PyBytes>() {
        return Err(wrong());
    }
    protos
        .try_iter()?
        .map(|protocol| Data::from_buffer(&protocol?).map(|data| data.as_slice().to_vec()).map_err(|_| wrong()))
        .collect()
}

#[pymethods]
impl Connection {
    /// The name that the client asks for, or None: bytes. (SSL_get_servername, RFC 6066)
    fn get_servername<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let name = self.held(py, ironssl::ssl::Connection::server_name)?;
        Ok(name.map(|name| PyBytes::new(py, &name)))
    }

    /// Set the application protocols that the client offers, as `Context.set_alpn_protos` does.
    ///
    /// protos, and the exceptions: as there. (SSL_set_alpn_protos, RFC 7301)
    fn set_alpn_protos(&self, py: Python<'_>, protos: &Bound<'_, PyAny>) -> PyResult<()> {
        let protocols = protocols(protos)?;
        self.held(py, |core| core.set_alpn_protocols(&protocols))?.or_raise::<Ssl>()
    }

    /// The application protocol that was agreed on: bytes, b"" where there is none. (SSL_get0_alpn_selected, RFC 7301)
    fn get_alpn_proto_negotiated<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.held(py, ironssl::ssl::Connection::alpn_protocol)?))
    }

    /// Ask the server to staple an OCSP response to its certificate; `Context.set_ocsp_client_callback` sets who judges
    /// it. Call it before the handshake. (SSL_set_tlsext_status_type, RFC 6066)
    fn request_ocsp(&self, py: Python<'_>) -> PyResult<()> {
        self.held(py, ironssl::ssl::Connection::request_ocsp)?.or_raise::<Ssl>()
    }

    /// Set a callable that is told what happens in the handshake, as `Context.set_info_callback` does for connections
    /// made later.
    ///
    /// callback: as there; None leaves it to the Context.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_set_info_callback)
    fn set_info_callback(slf: &Bound<'_, Self>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        let callback = callable(callback)?;
        let (this, py, own) = (slf.get(), slf.py(), callback.is_some());
        let context = this.context.get(py);
        let inherited = context.and_then(|context| context.get().callbacks.callable(py, Callback::Info));
        let inherited = inherited.as_ref().map(|callback| callback.bind(py));
        this.callbacks.change(py, &[(Callback::Info, callback.or(inherited))])?;
        this.own_info.store(own, Ordering::Relaxed);
        Self::be_asked(slf)?;
        this.held(py, |core| core.tell_info(own))
    }

    /// Wait, as a DTLS server, for a client that has shown that it can be reached: it gets a cookie and sends it back.
    /// Nothing is kept of clients that do not. Then call `do_handshake`.
    ///
    /// The Context needs both cookie callbacks, `set_cookie_generate_callback` and `set_cookie_verify_callback`.
    ///
    /// Raises WantReadError where no such client has come on a transport that does not wait, SysCallError where the
    /// transport failed, Error for a Context without the callbacks and for a connection that is not DTLS, and what a
    /// callback raised. (DTLSv1_listen, RFC 6347)
    #[pyo3(name = "DTLSv1_listen")]
    fn dtls_listen(&self, py: Python<'_>) -> PyResult<()> {
        self.driven(py, ironssl::ssl::Connection::listen)
    }
}
