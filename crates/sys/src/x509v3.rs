//! `openssl/x509v3.h`: what `openssl-sys` does not declare.

use std::ffi::{c_int, c_ulong};

use openssl_sys::{ASN1_OBJECT, ASN1_TYPE, BIO, GENERAL_NAME, X509_EXTENSION, stack_st_GENERAL_NAME};

pub const X509V3_EXT_DUMP_UNKNOWN: c_ulong = 3 << 16;

pub enum X509V3_EXT_METHOD {}

unsafe extern "C" {
    pub fn GENERAL_NAMES_free(names: *mut stack_st_GENERAL_NAME);
    pub fn GENERAL_NAME_get0_otherName(
        name: *const GENERAL_NAME,
        oid: *mut *mut ASN1_OBJECT,
        value: *mut *mut ASN1_TYPE,
    ) -> c_int;
    pub fn GENERAL_NAME_print(out: *mut BIO, name: *mut GENERAL_NAME) -> c_int;
    pub fn X509V3_EXT_get(extension: *const X509_EXTENSION) -> *const X509V3_EXT_METHOD;
}
