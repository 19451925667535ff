//! `SSL.OpenSSL_version` and its older name, and where the library looks for trust.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Text about the linked OpenSSL, as bytes.
///
/// type: one of OPENSSL_VERSION (the version), OPENSSL_CFLAGS, OPENSSL_BUILT_ON, OPENSSL_PLATFORM, OPENSSL_DIR; for any
/// other number the library's answer is b"not available". Raises TypeError for anything but an int, OverflowError for
/// one of more than 32 bits. (OpenSSL_version)
#[pyfunction]
#[pyo3(name = "OpenSSL_version")]
pub(crate) fn openssl_version(py: Python<'_>, r#type: i32) -> Bound<'_, PyBytes> {
    PyBytes::new(py, ironssl::version::text(r#type).as_bytes())
}

/// Where the library was built to look for trusted certificates: a file, a directory, and the variables of the
/// environment that name others. (X509_get_default_cert_file and the like)
#[pyfunction]
pub(crate) fn library_paths() -> (&'static str, &'static str, &'static str, &'static str) {
    let paths = ironssl::ssl::LibraryPaths::get();
    (paths.file, paths.directory, paths.file_variable, paths.directory_variable)
}
