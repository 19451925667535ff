//! Memory for OpenSSL, from mimalloc. No user code runs here.

use std::ffi::{c_char, c_int, c_void};

use libmimalloc_sys as mimalloc;

/// `CRYPTO_malloc_fn`. OpenSSL never asks for nothing.
pub(crate) unsafe extern "C" fn allocate(size: usize, _file: *const c_char, _line: c_int) -> *mut c_void {
    // SAFETY: no preconditions; null where there is no memory, as OpenSSL expects.
    unsafe { mimalloc::mi_malloc(size) }
}

/// `CRYPTO_realloc_fn`.
pub(crate) unsafe extern "C" fn reallocate(
    place: *mut c_void,
    size: usize,
    _file: *const c_char,
    _line: c_int,
) -> *mut c_void {
    // SAFETY: OpenSSL passes null or what one of these functions has returned, and has not freed it.
    unsafe { mimalloc::mi_realloc(place, size) }
}

/// `CRYPTO_free_fn`.
pub(crate) unsafe extern "C" fn free(place: *mut c_void, _file: *const c_char, _line: c_int) {
    // SAFETY: as above.
    unsafe { mimalloc::mi_free(place) }
}
