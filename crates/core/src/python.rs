//! What the Python package promises for itself, so that it needs no `unsafe` code: not for Rust programs.

use std::os::fd::RawFd;

use crate::allocator;
use crate::transport::Descriptor;

/// [`allocator::install`], for an extension module that is being loaded: only it has this copy of OpenSSL.
#[must_use]
pub fn install_allocator() -> bool {
    // SAFETY: the module's initialisation is the first to call OpenSSL, and other threads cannot before it is over.
    unsafe { allocator::install() }
}

/// [`Descriptor::new`], for the number of an object with `fileno`: whoever hands one over keeps it open, and the
/// package keeps the object. That is Python's contract, where any program may use any number.
#[must_use]
pub fn descriptor(number: RawFd) -> Descriptor {
    // SAFETY: as above.
    unsafe { Descriptor::new(number) }
}
