//! Algorithms that only OpenSSL's legacy provider has (DES, RC2 and the like), for reading what old programs wrote.
//!
//! The provider is there for the time of one operation, and only where the operation has failed without it: nothing is
//! switched on for the rest of the process.

use ironssl_sys as ffi;

use crate::check;
use crate::error::{Error, Result};
use crate::queue;

/// Does `work`, and where that fails for want of an algorithm, does it again with the legacy provider at hand.
///
/// # Errors
/// What `work` fails with; where there is no legacy provider either, what it failed with at first.
pub(crate) fn retry<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let first = match work() {
        Err(error) if lacks_an_algorithm(&error) => error,
        done => return done,
    };
    queue::clear();
    // SAFETY: null is the default library context; the name is terminated; 1 keeps the default provider.
    let provider = unsafe {
        let raw = ffi::OSSL_PROVIDER_try_load(std::ptr::null_mut(), c"legacy".as_ptr(), 1);
        check::owned(raw, "OSSL_PROVIDER_try_load")
    };
    queue::clear();
    let Ok(_loaded) = provider else { return Err(first) };
    work()
}

/// Whether an operation failed because no provider has an algorithm.
fn lacks_an_algorithm(error: &Error) -> bool {
    let Error::OpenSsl(stack) = error else { return false };
    stack
        .entries()
        .iter()
        .any(|entry| entry.library() == "digital envelope routines" && entry.reason() == "unsupported")
}
