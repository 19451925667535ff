//! What became of a TLS operation: the only file that reads `SSL_get_error`.

use std::ffi::{c_int, c_long};
use std::fmt;

use ironssl_sys as ffi;

use super::alert;
use crate::check;
use crate::error::{Error, Parked};
use crate::queue;
use crate::x509::error_text;

/// Why an operation on a connection did not complete.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// More ciphertext from the peer is needed first; repeat the operation then.
    WantRead,
    /// The transport takes no more ciphertext now; repeat the operation, with the same data, when it does.
    WantWrite,
    /// A callback asked to be called again (`SSL_ERROR_WANT_X509_LOOKUP`); none of this crate does.
    WantX509Lookup,
    /// A signal came before anything was moved; repeat the operation after its handler ran.
    Interrupted,
    /// The peer closed the TLS connection with a close_notify alert.
    Closed,
    /// The peer's stream ended without a close_notify alert.
    UnexpectedEof,
    /// The transport failed, with this `errno`.
    System(i32),
    /// OpenSSL refused, a callback failed, or the operation cannot be made now.
    Error(Error),
}

impl Failure {
    /// The same, to be told once more; none for what a callback failed with, which its owner takes.
    pub(crate) fn again(&self) -> Option<Self> {
        Some(match self {
            Self::WantRead => Self::WantRead,
            Self::WantWrite => Self::WantWrite,
            Self::WantX509Lookup => Self::WantX509Lookup,
            Self::Interrupted => Self::Interrupted,
            Self::Closed => Self::Closed,
            Self::UnexpectedEof => Self::UnexpectedEof,
            Self::System(number) => Self::System(*number),
            Self::Error(Error::OpenSsl(stack)) => Self::Error(Error::OpenSsl(stack.clone())),
            Self::Error(_) => return None,
        })
    }

    /// Whether it is a refusal of OpenSSL's for which it gave no reason.
    pub(crate) fn is_unexplained(&self) -> bool {
        matches!(self, Self::Error(Error::OpenSsl(stack)) if stack.is_unexplained())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WantRead => f.write_str("more data from the peer is needed first"),
            Self::WantWrite => f.write_str("the transport takes no more data now"),
            Self::WantX509Lookup => f.write_str("a certificate callback asked to be called again"),
            Self::Interrupted => f.write_str("interrupted by a signal"),
            Self::Closed => f.write_str("the peer closed the TLS connection"),
            Self::UnexpectedEof => f.write_str("the peer's stream ended without a close_notify alert"),
            Self::System(number) => std::io::Error::from_raw_os_error(*number).fmt(f),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Parked> for Failure {
    fn from(parked: Parked) -> Self {
        Self::Error(Error::Callback(parked))
    }
}

/// What one call of OpenSSL came to.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// It is complete.
    Done(T),
    /// The inbox is empty.
    WantRead,
    /// OpenSSL could not write. Our BIO takes everything, so this is not met; what waits is sent then.
    WantWrite,
    /// It failed.
    Failed(Failure),
}

impl<T> Outcome<T> {
    /// The same, with another value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(change(value)),
            Self::WantRead => Outcome::WantRead,
            Self::WantWrite => Outcome::WantWrite,
            Self::Failed(failure) => Outcome::Failed(failure),
        }
    }

    /// What comes next, if this is done.
    pub(crate) fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Done(value) => next(value),
            Self::WantRead => Outcome::WantRead,
            Self::WantWrite => Outcome::WantWrite,
            Self::Failed(failure) => Outcome::Failed(failure),
        }
    }
}

/// Reads the status of a call that did not succeed.
///
/// # Safety
/// `ssl` is valid, the error queue was empty before the call that returned `returned`, and nothing of OpenSSL was
/// called on this thread since.
#[allow(clippy::disallowed_methods, reason = "this file is the door")]
pub(crate) unsafe fn of_failed<T>(ssl: *const ffi::SSL, returned: c_int, call: &'static str) -> Outcome<T> {
    // SAFETY: the status is read right after the call, as it must be.
    let status = unsafe { ffi::SSL_get_error(ssl, returned) };
    match status {
        // OpenSSL 4 does not look at the queue for this: where a call fails before it comes to do anything, the status
        // is what the one before it has waited for, and who believes it waits for ever.
        ffi::SSL_ERROR_WANT_READ | ffi::SSL_ERROR_WANT_WRITE if queue::last_is_of(ffi::ERR_LIB_SSL) => {
            Outcome::Failed(Failure::Error(check::failure(call)))
        }
        ffi::SSL_ERROR_WANT_READ => {
            queue::clear();
            Outcome::WantRead
        }
        ffi::SSL_ERROR_WANT_WRITE => {
            queue::clear();
            Outcome::WantWrite
        }
        ffi::SSL_ERROR_ZERO_RETURN => Outcome::Failed(Failure::Closed),
        ffi::SSL_ERROR_WANT_X509_LOOKUP => Outcome::Failed(Failure::WantX509Lookup),
        // Our BIO makes no system call, so this is the end of the stream, or an error with a reason in the queue.
        ffi::SSL_ERROR_SYSCALL if queue::is_empty() => Outcome::Failed(Failure::UnexpectedEof),
        ffi::SSL_ERROR_SSL if queue::last_is(ffi::ERR_LIB_SSL, ffi::SSL_R_UNEXPECTED_EOF_WHILE_READING) => {
            queue::clear();
            Outcome::Failed(Failure::UnexpectedEof)
        }
        _ => {
            let mut error = check::failure(call);
            // SAFETY: the `SSL` is valid; the call only reads.
            explain(&mut error, unsafe { ffi::SSL_get_verify_result(ssl) });
            Outcome::Failed(Failure::Error(error))
        }
    }
}

/// Says what OpenSSL's reason leaves out: why a certificate was refused, and what an alert is called in the standards.
fn explain(error: &mut Error, verdict: c_long) {
    let Error::OpenSsl(stack) = error else { return };
    stack.explain(|entry| match queue::ssl_reason(entry)? {
        ffi::SSL_R_CERTIFICATE_VERIFY_FAILED if verdict != c_long::from(ffi::X509_V_OK) => {
            Some(format!("verification error {verdict}: {}", error_text(verdict)))
        }
        reason => {
            let number = reason - ffi::SSL_AD_REASON_OFFSET;
            alert::name(number).map(|name| format!("alert {number} from the peer: {name}"))
        }
    });
}
