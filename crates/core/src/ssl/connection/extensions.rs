//! What a connection agrees on in the extensions of the handshake: the server's name, protocols, a stapled OCSP
//! response, and how it tells of its progress.

use std::ffi::{CStr, c_long};

use ironssl_sys as ffi;

use super::Connection;
use crate::callback::handshake;
use crate::check;
use crate::error::Result;
use crate::queue;
use crate::ssl::alpn;

impl Connection {
    /// The name that the client asks for (`SSL_get_servername`); none where it asks for none.
    #[must_use]
    pub fn server_name(&self) -> Option<Vec<u8>> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        let name = unsafe { ffi::SSL_get_servername(inner.as_ptr(), ffi::TLSEXT_NAMETYPE_host_name) };
        if name.is_null() {
            return None;
        }
        // SAFETY: a terminated string that the `SSL` or its session keeps, and the lock keeps those.
        Some(unsafe { CStr::from_ptr(name) }.to_bytes().to_vec())
    }

    /// The application protocols that the client offers, the preferred one first (`SSL_set_alpn_protos`).
    ///
    /// # Errors
    /// [`Error::Value`](crate::Error::Value) for no protocol, and for one that is empty or longer than 255 bytes.
    pub fn set_alpn_protocols(&self, protocols: &[impl AsRef<[u8]>]) -> Result<()> {
        let list = alpn::encode(protocols)?;
        let length = alpn::length(&list)?;
        let inner = self.engine.enter();
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held; the list has so many bytes, and is copied.
        let set = unsafe { ffi::SSL_set_alpn_protos(inner.as_ptr(), list.as_ptr(), length) };
        check::zero(set, "SSL_set_alpn_protos")
    }

    /// The application protocol that was agreed on (`SSL_get0_alpn_selected`); empty where there is none.
    #[must_use]
    pub fn alpn_protocol(&self) -> Vec<u8> {
        let inner = self.engine.enter();
        let (mut protocol, mut length) = (std::ptr::null(), 0);
        // SAFETY: the `SSL` is valid and its lock held; both places can be written to.
        unsafe { ffi::SSL_get0_alpn_selected(inner.as_ptr(), &raw mut protocol, &raw mut length) };
        match usize::try_from(length) {
            // SAFETY: OpenSSL says that so many bytes are there; the lock keeps them.
            Ok(length) if !protocol.is_null() => unsafe { std::slice::from_raw_parts(protocol, length) }.to_vec(),
            _ => Vec::new(),
        }
    }

    /// Asks the server to staple an OCSP response to its certificate (`SSL_set_tlsext_status_type`). The delegate says
    /// what becomes of it, if the context asks ([`Question::Ocsp`](crate::ssl::Question::Ocsp)).
    ///
    /// # Errors
    /// [`Error::OpenSsl`](crate::Error::OpenSsl).
    pub fn request_ocsp(&self) -> Result<()> {
        let inner = self.engine.enter();
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held.
        let set: c_long = unsafe { ffi::SSL_set_tlsext_status_type(inner.as_ptr(), ffi::TLSEXT_STATUSTYPE_ocsp) };
        check::one_long(set, "SSL_set_tlsext_status_type")
    }

    /// Tells the delegate what happens in the handshake from now on (`SSL_set_info_callback`), or leaves that to the
    /// context.
    pub fn tell_info(&self, on: bool) {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the callback finds its state through the `SSL`.
        unsafe { ffi::SSL_set_info_callback(inner.as_ptr(), if on { Some(handshake::info) } else { None }) };
    }
}
