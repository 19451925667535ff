//! DTLS: the timer behind lost datagrams, and how large they may be.
//!
//! Theory. In a handshake each side repeats its last flight until the peer's answer comes: after a second, after two
//! more, and so on (RFC 6347, 4.2.4). OpenSSL does so by itself when an operation finds nothing to read and the time
//! has come. Over a transport that waits, the wait ends in time for that (`patience`); everywhere else the caller has
//! to come by in time: [`Connection::timeout`] says when.

use std::time::Duration;

use ironssl_sys as ffi;

use super::{Connection, Want, failure_of};
use crate::error::{Error, Result};
use crate::ssl::engine::Inner;
use crate::ssl::link::FLIGHT;
use crate::ssl::status::Failure;

/// The smallest size that OpenSSL takes (`DTLS_CTRL_SET_LINK_MTU` less the most that a link adds).
const SMALLEST: usize = 208;

impl Connection {
    /// Whether it speaks over datagrams.
    #[must_use]
    pub fn is_datagram(&self) -> bool {
        self.datagrams
    }

    /// How long to wait for the peer's answer in a handshake before [`Connection::handle_timeout`] is due; none where
    /// no answer is waited for (`DTLSv1_get_timeout`).
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        time_left(&self.engine.enter())
    }

    /// Repeats the last flight of the handshake if the time for that has come (`DTLSv1_handle_timeout`). Whether it
    /// has.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Error`] after the 13th repetition in a row.
    pub fn handle_timeout(&self) -> Result<bool, Failure> {
        let repeated = self.drive(|inner| {
            inner.operate("DTLSv1_handle_timeout", |ssl| {
                // SAFETY: the `SSL` is valid and its lock held; other protocols do not know the command, and say 0.
                match unsafe { ffi::SSL_ctrl(ssl, ffi::DTLS_CTRL_HANDLE_TIMEOUT, 0, std::ptr::null_mut()) } {
                    0 => Ok(false),
                    1.. => Ok(true),
                    _ => Err(-1),
                }
            })
        })?;
        self.flush().map_err(|trouble| failure_of(trouble, Want::Write))?;
        Ok(repeated)
    }

    /// Says how many bytes a datagram may have at most, without the headers of IP and UDP (`SSL_set_mtu`). Without
    /// this a connected socket is asked for it; in memory it is 256.
    ///
    /// # Errors
    /// [`Error::Value`] for fewer than 208, [`Error::OpenSsl`] without DTLS.
    pub fn set_ciphertext_mtu(&self, size: usize) -> Result<()> {
        self.refuse_stream()?;
        if size < SMALLEST {
            return Err(Error::value(format!("a datagram has to take at least {SMALLEST} bytes, not {size}")));
        }
        let inner = self.engine.enter();
        inner.state().wire.borrow_mut().link_mut().set(size);
        set_size(&inner, size);
        Ok(())
    }

    /// How many bytes of plaintext fit into a datagram at most; 0 before a cipher was agreed on (`DTLS_get_data_mtu`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] without DTLS.
    pub fn cleartext_mtu(&self) -> Result<usize> {
        self.refuse_stream()?;
        let inner = self.engine.enter();
        let known = inner.state().wire.borrow().link().largest();
        if let Some(size) = known {
            set_size(&inner, size);
        }
        // SAFETY: the `SSL` is valid, its lock held, and its protocol DTLS.
        Ok(unsafe { ffi::DTLS_get_data_mtu(inner.as_ptr()) })
    }

    pub(super) fn refuse_stream(&self) -> Result<()> {
        if self.datagrams { Ok(()) } else { Err(Error::ssl("not a DTLS connection: a stream has no datagrams")) }
    }

    /// How long a read may wait for datagrams: until the last flight is to be repeated.
    pub(super) fn patience(&self, inner: &Inner) -> Option<Duration> {
        // SAFETY: the `SSL` is valid and its lock held.
        if !self.datagrams || unsafe { ffi::SSL_is_init_finished(inner.as_ptr()) } == 1 {
            return None;
        }
        time_left(inner)
    }
}

/// Tells OpenSSL the size. In a handshake it is bounded by the buffer for a flight.
fn set_size(inner: &Inner, size: usize) {
    // SAFETY: the `SSL` is valid and its lock held.
    let established = unsafe { ffi::SSL_is_init_finished(inner.as_ptr()) } == 1;
    let size = if established { size } else { size.min(FLIGHT) };
    // SAFETY: as above; OpenSSL leaves alone what it does not like.
    unsafe { ffi::SSL_set_mtu(inner.as_ptr(), i64::try_from(size).unwrap_or(i64::MAX)) };
}

/// How long until the last flight is to be repeated.
fn time_left(inner: &Inner) -> Option<Duration> {
    let mut left = libc::timeval { tv_sec: 0, tv_usec: 0 };
    // SAFETY: the `SSL` is valid and its lock held; DTLS writes a `timeval`, other protocols nothing.
    let running = unsafe { ffi::SSL_ctrl(inner.as_ptr(), ffi::DTLS_CTRL_GET_TIMEOUT, 0, (&raw mut left).cast()) };
    if running != 1 {
        return None;
    }
    let seconds = Duration::from_secs(u64::try_from(left.tv_sec).unwrap_or(0));
    Some(seconds + Duration::from_micros(u64::try_from(left.tv_usec).unwrap_or(0)))
}
