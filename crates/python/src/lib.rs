//! The extension module `OpenSSL._rust`: Python's view of the crate `ironssl`.
//!
//! Lives here: argument conversion, Python classes, exceptions, and what the garbage collector must see. Must not live
//! here: anything that touches C. `crypto` never imports `ssl`.
#![forbid(unsafe_code)]

use pyo3::prelude::*;

mod argument;
mod callback;
mod crypto;
mod error;
mod exceptions;
mod gc;
mod handle;
mod rand;
mod ssl;

/// The native half of the package `OpenSSL`; import `OpenSSL.crypto`, `OpenSSL.SSL` or `OpenSSL.rand` instead.
#[pymodule(gil_used = false)]
mod _rust {
    use super::*;

    #[pymodule_export]
    use crate::crypto::module::crypto;
    #[pymodule_export]
    use crate::handle::Handle;
    #[pymodule_export]
    use crate::rand::rand;
    #[pymodule_export]
    use crate::ssl::module::ssl;

    /// The version of this project.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// Whether this thread's OpenSSL error queue is empty, as every operation leaves it. For tests.
    #[pyfunction]
    fn error_queue_is_empty() -> bool {
        ironssl::queue::is_empty()
    }
}
