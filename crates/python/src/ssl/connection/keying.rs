//! `Connection`: what the handshake made: randoms, the secret, Finished messages, keys for other purposes.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::Connection;
use crate::argument::{Data, integer};
use crate::error::{OrRaise, Ssl};

/// Bytes for the caller, where there are some.
fn bytes<'py>(py: Python<'py>, found: Option<&[u8]>) -> Option<Bound<'py, PyBytes>> {
    found.map(|found| PyBytes::new(py, found))
}

/// A label or a context: bytes of any kind, but no text.
fn binary<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Data<'py>> {
    if object.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!("{name} must be bytes, not str")));
    }
    Data::from_buffer(object)
}

#[pymethods]
impl Connection {
    /// The random value of the client's hello, 32 bytes, or None before there is one. (SSL_get_client_random)
    fn client_random<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = self.held(py, ironssl::ssl::Connection::client_random)?;
        Ok(bytes(py, found.as_ref().map(<[u8; 32]>::as_slice)))
    }

    /// The random value of the server's hello, 32 bytes, or None before there is one. (SSL_get_server_random)
    fn server_random<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = self.held(py, ironssl::ssl::Connection::server_random)?;
        Ok(bytes(py, found.as_ref().map(<[u8; 32]>::as_slice)))
    }

    /// The secret of the session, or None before there is one: up to TLS 1.2 the master secret, which decrypts the
    /// whole connection, in TLS 1.3 that from which the session is resumed. (SSL_SESSION_get_master_key)
    fn master_key<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let found = self.held(py, ironssl::ssl::Connection::master_key)?;
        Ok(bytes(py, found.as_ref().map(|key| key.as_slice())))
    }

    /// The Finished message that this side has sent last, as bytes, or None. (SSL_get_finished)
    fn get_finished<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(bytes(py, self.held(py, ironssl::ssl::Connection::finished)?.as_deref()))
    }

    /// The Finished message that came last from the peer, as bytes, or None. (SSL_get_peer_finished)
    fn get_peer_finished<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(bytes(py, self.held(py, ironssl::ssl::Connection::peer_finished)?.as_deref()))
    }

    /// Derive keys for another purpose from those of the connection, the same ones on both sides.
    ///
    /// label: bytes, the name of the purpose, such as b"EXTRACTOR-dtls_srtp". olen: how many bytes to return. context:
    /// bytes that the keys are bound to, or None; up to TLS 1.2, None gives other keys than b"".
    ///
    /// Raises Error before the handshake is done, and for more bytes than TLS 1.3 can make (255 hashes); TypeError for
    /// str; ValueError for an olen below 1 or above 1,048,576. (SSL_export_keying_material, RFC 5705)
    #[pyo3(signature = (label, olen, context = None))]
    fn export_keying_material<'py>(
        &self,
        py: Python<'py>,
        label: &Bound<'py, PyAny>,
        olen: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let label = binary(label, "label")?;
        let context = context.map(|context| binary(context, "context")).transpose()?;
        let length: i64 = integer(olen, "olen")?;
        let length = usize::try_from(length).map_err(|_| PyValueError::new_err("olen must not be negative"))?;
        let (label, context) = (label.as_slice(), context.as_ref().map(Data::as_slice));
        let exported = self.held(py, |core| core.export_keying_material(label, length, context))?;
        Ok(PyBytes::new(py, &exported.or_raise::<Ssl>()?))
    }

    /// The SRTP protection profile that was agreed on in a DTLS handshake, such as b"SRTP_AEAD_AES_128_GCM"; b"" where
    /// there is none. `Context.set_tlsext_use_srtp` offers some. (SSL_get_selected_srtp_profile, RFC 5764)
    fn get_selected_srtp_profile<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let found = self.held(py, ironssl::ssl::Connection::srtp_profile)?;
        Ok(PyBytes::new(py, found.unwrap_or_default().as_bytes()))
    }
}
