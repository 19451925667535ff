//! `openssl/pkcs12.h`: what `openssl-sys` does not declare.

use std::ffi::c_int;

use openssl_sys::PKCS12;

unsafe extern "C" {
    pub fn PKCS12_mac_present(p12: *const PKCS12) -> c_int;
}
