//! What C calls back: the only folder with `extern "C" fn`, and the guard that each of them stands behind.
//!
//! The rules, the same for all: OpenSSL's error queue and `errno` are put aside while user code runs; no panic crosses
//! into C; whatever the user code fails with, a panic included, is parked; the value that C then gets is the one that
//! refuses (fail closed). The operation that drove OpenSSL takes the parked failure and returns it to its own caller;
//! a panic goes on unwinding there (`unpark`).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::error::Parked;
use crate::queue;

#[cfg(ossl_vendored)]
pub(crate) mod allocator;
pub(crate) mod bio;
pub(crate) mod cookie;
pub(crate) mod fork;
pub(crate) mod handshake;
pub(crate) mod ocsp;
pub(crate) mod passphrase;
pub(crate) mod signatures;
pub(crate) mod verify;

/// A panic of user code on its way through C.
struct Panic(Box<dyn Any + Send>);

/// Runs user code for C: `body`, and where it fails or panics, `park` and the value `refused`.
pub(crate) fn guard<R>(refused: R, park: impl FnOnce(Parked), body: impl FnOnce() -> Result<R, Parked>) -> R {
    let _saved = queue::Saved::new();
    let _stay = fork::InCallback::new();
    let parked = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => return value,
        Ok(Err(parked)) => parked,
        Err(panic) => Box::new(Panic(panic)),
    };
    park(parked);
    refused
}

/// A parked failure for the caller of the operation: as it is, or as the panic that it was.
pub(crate) fn unpark(parked: Parked) -> Parked {
    match parked.downcast::<Panic>() {
        Ok(panic) => resume_unwind(panic.0),
        Err(parked) => parked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_and_panics_are_parked() {
        let mut parked = None;
        assert_eq!(guard(-1, |p| parked = Some(p), || Ok(7)), 7);
        assert!(parked.is_none());
        assert_eq!(guard(-1, |p| parked = Some(p), || Err(Box::new(5_u8))), -1);
        assert_eq!(unpark(parked.take().unwrap()).downcast_ref::<u8>(), Some(&5));
        assert_eq!(guard(-1, |p| parked = Some(p), || panic!("user code")), -1);
        let parked = parked.take().unwrap();
        let panic = catch_unwind(AssertUnwindSafe(|| unpark(parked))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"user code"));
    }
}
