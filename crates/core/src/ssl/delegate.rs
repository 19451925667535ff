//! What the owner of a connection is asked in the middle of an operation. `callback` asks, `engine` keeps whom.

use crate::error::{Error, Parked, Result};
use crate::x509::X509;

/// What the owner of a connection answers when OpenSSL asks in the middle of an operation.
///
/// An `Err` fails the handshake and comes out of the operation that drove it, as [`Error::Callback`].
///
/// To have a delegate does not call it. Nothing is asked before it is asked for: `verify` by
/// [`Connection::set_verify`](super::Connection::set_verify) with a judge, everything else by
/// [`Context::ask`](super::Context::ask), before the connection is made (`info` also by
/// [`Connection::tell_info`](super::Connection::tell_info)).
pub trait Delegate: Send + Sync {
    /// Whether a certificate of the peer's chain passes. `error` is OpenSSL's verdict (`X509_V_OK` or one of
    /// `X509_V_ERR_*`), `depth` its place in the chain (0 is the peer's own), `passed` whether OpenSSL accepts it.
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn verify(&self, certificate: X509, error: i32, depth: i32, passed: bool) -> Result<bool, Parked> {
        let _ = (certificate, error, depth);
        Ok(passed)
    }

    /// Something happened: `place` says where, in bits of `SSL_CB_*` and `SSL_ST_*`, `value` is the result of a step or
    /// the number of an alert (`SSL_CTX_set_info_callback`).
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn info(&self, place: i32, value: i32) -> Result<(), Parked> {
        let _ = (place, value);
        Ok(())
    }

    /// A line for a key log file, without an end of line (`SSL_CTX_set_keylog_callback`). It is a secret: who has it can
    /// decrypt the connection.
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn keylog(&self, line: &[u8]) -> Result<(), Parked> {
        let _ = line;
        Ok(())
    }

    /// A client has said which name it wants, or that it does not care: [`Connection::server_name`] has it. Now is the
    /// time for [`Connection::set_context`], as the certificate is chosen next
    /// (`SSL_CTX_set_tlsext_servername_callback`).
    ///
    /// A delegate that calls its connection keeps a [`std::sync::Weak`] of it: the connection owns the delegate.
    ///
    /// # Errors
    /// Whatever the owner failed with.
    ///
    /// [`Connection::server_name`]: super::Connection::server_name
    /// [`Connection::set_context`]: super::Connection::set_context
    fn server_name(&self) -> Result<ServerName, Parked> {
        Ok(ServerName::Ignore)
    }

    /// Which of the application protocols that a client offers a server speaks; none to go on without one
    /// (`SSL_CTX_set_alpn_select_cb`). Something else than `offered` fails the handshake.
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn select_alpn(&self, offered: &[&[u8]]) -> Result<Option<Vec<u8>>, Parked> {
        let _ = offered;
        Ok(None)
    }

    /// The OCSP response, in DER, that a server sends with its certificate to a client that asked for one; none to send
    /// none (`SSL_CTX_set_tlsext_status_cb`).
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn ocsp_response(&self) -> Result<Option<Vec<u8>>, Parked> {
        Ok(None)
    }

    /// Whether a client that asked for an OCSP response goes on with the one that it got; it is empty where the server
    /// sent none (`SSL_CTX_set_tlsext_status_cb`).
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn check_ocsp(&self, response: &[u8]) -> Result<bool, Parked> {
        let _ = response;
        Ok(true)
    }

    /// A cookie for the client of a DTLS server, at most 255 bytes (`SSL_CTX_set_cookie_generate_cb`).
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn generate_cookie(&self) -> Result<Vec<u8>, Parked> {
        Err(Box::new(Error::ssl("cookie gen callback failure")))
    }

    /// Whether a cookie that came back is one of ours (`SSL_CTX_set_cookie_verify_cb`).
    ///
    /// # Errors
    /// Whatever the owner failed with.
    fn verify_cookie(&self, cookie: &[u8]) -> Result<bool, Parked> {
        let _ = cookie;
        Ok(false)
    }
}

/// What a server makes of the name that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerName {
    /// It is a name of ours; the client is told so.
    Acknowledge,
    /// It does not matter.
    Ignore,
    /// There is no such name here: the handshake fails with the alert unrecognized_name.
    Refuse,
}

/// The delegate of a connection that has none: OpenSSL's own verdicts stand.
pub(super) struct Defaults;

impl Delegate for Defaults {}
