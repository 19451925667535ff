//! `openssl/crypto.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int, c_void};

use openssl_sys::OSSL_LIB_CTX;

pub type CRYPTO_malloc_fn = Option<unsafe extern "C" fn(num: usize, file: *const c_char, line: c_int) -> *mut c_void>;
pub type CRYPTO_realloc_fn =
    Option<unsafe extern "C" fn(addr: *mut c_void, num: usize, file: *const c_char, line: c_int) -> *mut c_void>;
pub type CRYPTO_free_fn = Option<unsafe extern "C" fn(addr: *mut c_void, file: *const c_char, line: c_int)>;

unsafe extern "C" {
    pub fn CRYPTO_set_mem_functions(
        malloc_fn: CRYPTO_malloc_fn,
        realloc_fn: CRYPTO_realloc_fn,
        free_fn: CRYPTO_free_fn,
    ) -> c_int;
    pub fn OSSL_LIB_CTX_set0_default(libctx: *mut OSSL_LIB_CTX) -> *mut OSSL_LIB_CTX;
}
