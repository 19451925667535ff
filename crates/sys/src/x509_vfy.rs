//! `openssl/x509_vfy.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int};

#[cfg(ossl_3_3)]
use openssl_sys::stack_st_X509_OBJECT;
use openssl_sys::{X509_CRL, X509_STORE, X509_VERIFY_PARAM};

unsafe extern "C" {
    pub fn X509_STORE_add_crl(store: *mut X509_STORE, list: *mut X509_CRL) -> c_int;
    #[cfg(ossl_3_3)]
    pub fn X509_STORE_get1_objects(xs: *mut X509_STORE) -> *mut stack_st_X509_OBJECT;
    pub fn X509_STORE_get0_param(store: *const X509_STORE) -> *mut X509_VERIFY_PARAM;
    pub fn X509_STORE_load_file(store: *mut X509_STORE, file: *const c_char) -> c_int;
    pub fn X509_STORE_load_path(store: *mut X509_STORE, path: *const c_char) -> c_int;
    pub fn X509_STORE_lock(xs: *mut X509_STORE) -> c_int;
    pub fn X509_STORE_unlock(xs: *mut X509_STORE) -> c_int;
    pub fn X509_STORE_up_ref(store: *mut X509_STORE) -> c_int;
    pub fn X509_VERIFY_PARAM_get0_host(param: *mut X509_VERIFY_PARAM, idx: c_int) -> *mut c_char;
}
