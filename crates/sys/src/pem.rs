//! `openssl/pem.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int, c_long, c_uchar, c_void};

use openssl_sys::{BIO, EVP_PKEY, X509, pem_password_cb};

pub const PEM_R_BAD_PASSWORD_READ: c_int = 104;

unsafe extern "C" {
    pub fn PEM_bytes_read_bio(
        data: *mut *mut c_uchar,
        len: *mut c_long,
        label: *mut *mut c_char,
        name: *const c_char,
        bio: *mut BIO,
        callback: pem_password_cb,
        user_data: *mut c_void,
    ) -> c_int;
    pub fn PEM_read_bio_X509_AUX(
        bio: *mut BIO,
        out: *mut *mut X509,
        callback: pem_password_cb,
        user_data: *mut c_void,
    ) -> *mut X509;
    pub fn PEM_read_bio_Parameters(bp: *mut BIO, x: *mut *mut EVP_PKEY) -> *mut EVP_PKEY;
}
