//! `openssl/evp.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};

use openssl_sys::{BIO, ENGINE, EVP_MD, EVP_PKEY};

use crate::asn1::ASN1_PCTX;

unsafe extern "C" {
    pub fn EVP_Digest(
        data: *const c_void,
        count: usize,
        md: *mut c_uchar,
        size: *mut c_uint,
        digest: *const EVP_MD,
        engine: *mut ENGINE,
    ) -> c_int;
    pub fn EVP_PKEY_get_base_id(key: *const EVP_PKEY) -> c_int;
    pub fn EVP_PKEY_get_default_digest_name(key: *mut EVP_PKEY, name: *mut c_char, size: usize) -> c_int;
    pub fn EVP_PKEY_get0_type_name(key: *const EVP_PKEY) -> *const c_char;
    pub fn EVP_PKEY_print_public(out: *mut BIO, key: *const EVP_PKEY, indent: c_int, pctx: *mut ASN1_PCTX) -> c_int;
    pub fn EVP_PKEY_print_private(out: *mut BIO, key: *const EVP_PKEY, indent: c_int, pctx: *mut ASN1_PCTX) -> c_int;
}
