//! The cipher in use, and lists of ciphers.

use std::ffi::{CStr, c_int};

use ironssl_sys as ffi;

/// What a connection encrypts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cipher {
    /// OpenSSL's name, such as `TLS_AES_256_GCM_SHA384`.
    pub name: &'static str,
    /// The protocol that brought it, such as `TLSv1.3`.
    pub version: &'static str,
    /// How many secret bits the algorithm has.
    pub bits: i32,
}

/// A text that OpenSSL keeps as long as the library is loaded.
///
/// # Safety
/// `text` is null or a terminated string that is never freed.
pub(crate) unsafe fn static_text(text: *const std::ffi::c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    // SAFETY: passed on from this function's own contract.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("")
}

impl Cipher {
    /// Describes a cipher; none for null.
    ///
    /// # Safety
    /// `cipher` is null or one of the library's ciphers, which are never freed.
    pub(crate) unsafe fn of(cipher: *const ffi::SSL_CIPHER) -> Option<Self> {
        if cipher.is_null() {
            return None;
        }
        let mut algorithm_bits: c_int = 0;
        // SAFETY: the cipher is valid and never freed, and so are its texts.
        unsafe {
            Some(Self {
                name: static_text(ffi::SSL_CIPHER_get_name(cipher)),
                version: static_text(ffi::SSL_CIPHER_get_version(cipher)),
                bits: ffi::SSL_CIPHER_get_bits(cipher, &raw mut algorithm_bits),
            })
        }
    }
}

/// The ciphers of a stack.
///
/// # Safety
/// `stack` is null or a valid stack of ciphers that does not change during the call.
pub(crate) unsafe fn list(stack: *const ffi::stack_st_SSL_CIPHER) -> Vec<Cipher> {
    if stack.is_null() {
        return Vec::new();
    }
    let stack = stack.cast::<ffi::OPENSSL_STACK>();
    // SAFETY: passed on from this function's own contract.
    let count = unsafe { ffi::OPENSSL_sk_num(stack) };
    (0..count)
        .filter_map(|index| {
            // SAFETY: the index is within the stack; its elements are ciphers.
            unsafe { Cipher::of(ffi::OPENSSL_sk_value(stack, index).cast_const().cast()) }
        })
        .collect()
}
