//! C's return conventions: the only file that makes errors of them. What merely answers yes or no is read where it is
//! asked.
//!
//! OpenSSL has several: 1 or failure, positive or failure, a pointer or null. Each function here takes what a call
//! returned and its name, and gives a `Result`: on failure the thread's error queue, or, where OpenSSL left no reason
//! there, an entry that names the call. An error is never empty.

use std::ffi::{c_int, c_long};
use std::ptr::NonNull;

use crate::error::{Error, Result};
use crate::handle::{Handle, Object};
use crate::queue;

/// The error of a failed call: the queue, or the call's name where the queue is empty.
#[cold]
pub(crate) fn failure(call: &'static str) -> Error {
    let stack = queue::take();
    Error::OpenSsl(if stack.entries().is_empty() { stack.unexplained(call) } else { stack })
}

/// Exactly 1 is success.
pub(crate) fn one(returned: c_int, call: &'static str) -> Result<()> {
    if returned == 1 { Ok(()) } else { Err(failure(call)) }
}

/// Exactly 0 is success (`SSL_set_alpn_protos` and its kind).
pub(crate) fn zero(returned: c_int, call: &'static str) -> Result<()> {
    if returned == 0 { Ok(()) } else { Err(failure(call)) }
}

/// Anything above 0 is success, and the value.
pub(crate) fn positive(returned: c_int, call: &'static str) -> Result<usize> {
    match usize::try_from(returned) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(failure(call)),
    }
}

/// 0 and above is success, and the value.
pub(crate) fn not_negative(returned: c_int, call: &'static str) -> Result<usize> {
    usize::try_from(returned).map_err(|_| failure(call))
}

/// Exactly 1 of a `long` (the `*_ctrl` calls) is success.
pub(crate) fn one_long(returned: c_long, call: &'static str) -> Result<()> {
    if returned == 1 { Ok(()) } else { Err(failure(call)) }
}

/// A pointer that the caller now owns; null is failure.
///
/// # Safety
/// `returned` is null or one reference that the caller owns.
pub(crate) unsafe fn owned<T: Object>(returned: *mut T, call: &'static str) -> Result<Handle<T>> {
    match NonNull::new(returned) {
        // SAFETY: passed on from this function's own contract.
        Some(raw) => Ok(unsafe { Handle::from_raw(raw) }),
        None => Err(failure(call)),
    }
}

/// A pointer that stays another object's; null is failure.
pub(crate) fn borrowed<T>(returned: *mut T, call: &'static str) -> Result<NonNull<T>> {
    NonNull::new(returned).ok_or_else(|| failure(call))
}

/// A Rust length as C's `int`.
pub(crate) fn int_len(length: usize) -> Result<c_int> {
    c_int::try_from(length).map_err(|_| Error::value(format!("{length} bytes are more than OpenSSL takes at once")))
}

/// A Rust length as C's `long`.
pub(crate) fn long_len(length: usize) -> Result<c_long> {
    c_long::try_from(length).map_err(|_| Error::value(format!("{length} bytes are more than OpenSSL takes at once")))
}
