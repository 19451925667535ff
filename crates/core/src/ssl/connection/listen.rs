//! A DTLS server that waits for a client which has shown that it can be reached (`DTLSv1_listen`).

use ironssl_sys as ffi;

use super::Connection;
use crate::check;
use crate::error::Result;
use crate::queue;
use crate::ssl::engine::Inner;
use crate::ssl::status::{Failure, Outcome};

impl Connection {
    /// Waits for a client that sends back the cookie which the delegate made for it (RFC 6347, 4.2.1). Nothing is kept
    /// of those that do not. Then shake hands.
    ///
    /// The context must ask for both, [`Question::GenerateCookie`](crate::ssl::Question::GenerateCookie) and
    /// [`Question::VerifyCookie`](crate::ssl::Question::VerifyCookie).
    ///
    /// # Errors
    /// [`Failure`]; also for a stream, which stays as it is.
    pub fn listen(&self) -> Result<(), Failure> {
        self.refuse_stream()?;
        self.noting(|| {
            self.drive(listen)?;
            // The answers to clients without a cookie; datagrams may be lost.
            self.flush_if_possible(true)
        })
    }
}

fn listen(inner: &Inner) -> Outcome<()> {
    let address = Address::new();
    let outcome = inner.operate("DTLSv1_listen", |ssl| {
        let Ok(address) = &address else { return Err(-1) };
        // SAFETY: the `SSL` is valid and its lock held; the address is valid. Our BIO knows no addresses.
        match unsafe { ffi::DTLSv1_listen(ssl, address.0) } {
            1.. => Ok(true),
            // Nothing has come, or nothing good, which is no failure.
            0 => Ok(false),
            failed => Err(failed),
        }
    });
    queue::clear();
    match outcome {
        Outcome::Done(true) => Outcome::Done(()),
        Outcome::Done(false) => Outcome::WantRead,
        Outcome::WantRead => Outcome::WantRead,
        Outcome::WantWrite => Outcome::WantWrite,
        Outcome::Failed(failure) => Outcome::Failed(failure),
    }
}

/// An address for OpenSSL to write to.
struct Address(*mut ffi::BIO_ADDR);

impl Address {
    fn new() -> Result<Self> {
        // SAFETY: no preconditions; the address is ours.
        check::borrowed(unsafe { ffi::BIO_ADDR_new() }, "BIO_ADDR_new").map(|address| Self(address.as_ptr()))
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        // SAFETY: the address is ours, and freed once.
        unsafe { ffi::BIO_ADDR_free(self.0) }
    }
}
