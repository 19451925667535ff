//! What is linked: texts and the number of the OpenSSL library.

use std::ffi::CStr;

use ironssl_sys as ffi;

/// Whether the library was built together with this crate, and not found where that was built.
pub const VENDORED: bool = cfg!(ossl_vendored);

/// Text about the library; `kind` is one of `OPENSSL_VERSION`, `OPENSSL_CFLAGS` and so on
/// ([`crate::ssl::constants::OTHERS`]), any other number gives `not available` (`OpenSSL_version`).
#[must_use]
pub fn text(kind: i32) -> &'static str {
    // SAFETY: any number is allowed; the texts are literals.
    let text = unsafe { CStr::from_ptr(ffi::OpenSSL_version(kind)) };
    text.to_str().unwrap_or("")
}

/// The version as a number, such as 0x40000030 for 4.0.3 (`OpenSSL_version_num`).
#[must_use]
pub fn number() -> u64 {
    // SAFETY: no preconditions.
    unsafe { ffi::OpenSSL_version_num() }
}
