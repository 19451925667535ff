//! The extension module `OpenSSL._rust`: Python's view of the crate `ironssl`.
//!
//! Lives here: argument conversion, Python classes, exceptions, and what the garbage collector must see. Must not live
//! here: anything that touches C. `crypto` never imports `ssl`.
#![forbid(unsafe_code)]

use pyo3::prelude::*;
use pyo3::types::PyCFunction;

mod argument;
mod attached;
mod callback;
mod crypto;
mod error;
mod exceptions;
mod gc;
mod handle;
mod rand;
mod ssl;

/// Has the functions of a native module say that they are of the public one: programs pickle them by that name.
fn publish(module: &Bound<'_, PyModule>, public: &str) -> PyResult<()> {
    for value in module.dict().values() {
        if value.is_instance_of::<PyCFunction>() {
            value.setattr("__module__", public)?;
        }
    }
    Ok(())
}

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

    /// Whether OpenSSL was built together with the extension, and not found where that was built.
    #[pymodule_export]
    const VENDORED: bool = ironssl::version::VENDORED;

    /// What OpenSSL calls one of its parts and a reason of it, by their numbers: a tuple as in `Error.args[0]`.
    #[pyfunction]
    fn error_text(library: i32, reason: i32) -> (String, &'static str, String) {
        let (library, reason) = ironssl::queue::texts(library, reason);
        (library, "", reason)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        attached::prepare_end(module)?;
        ironssl::queue::own();
        // Nothing of OpenSSL that needs memory has been called before.
        module.add("OWN_ALLOCATOR", ironssl::python::install_allocator())
    }

    /// Whether this thread's OpenSSL error queue is empty, as every operation leaves it. For tests.
    #[pyfunction]
    fn error_queue_is_empty() -> bool {
        ironssl::queue::is_empty()
    }
}
