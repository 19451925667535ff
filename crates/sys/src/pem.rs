//! `openssl/pem.h`: what `openssl-sys` does not declare.

use openssl_sys::{BIO, EVP_PKEY};

unsafe extern "C" {
    pub fn PEM_read_bio_Parameters(bp: *mut BIO, x: *mut *mut EVP_PKEY) -> *mut EVP_PKEY;
}
