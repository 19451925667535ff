//! `openssl/x509_vfy.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int};

#[cfg(not(ossl_4_0))]
use openssl_sys::ASN1_TIME;
#[cfg(ossl_4_0)]
use openssl_sys::X509;
#[cfg(ossl_3_3)]
use openssl_sys::stack_st_X509_OBJECT;
use openssl_sys::{X509_CRL, X509_LOOKUP_METHOD, X509_STORE, X509_STORE_CTX, X509_VERIFY_PARAM};

/// What checks the signatures of a chain.
pub type X509_STORE_CTX_verify_fn = Option<unsafe extern "C" fn(context: *mut X509_STORE_CTX) -> c_int>;

unsafe extern "C" {
    pub fn X509_LOOKUP_store() -> *mut X509_LOOKUP_METHOD;
    pub fn X509_STORE_CTX_get0_param(ctx: *const X509_STORE_CTX) -> *mut X509_VERIFY_PARAM;
    pub fn X509_STORE_CTX_get_verify(ctx: *const X509_STORE_CTX) -> X509_STORE_CTX_verify_fn;
    pub fn X509_STORE_CTX_set_error_depth(ctx: *mut X509_STORE_CTX, depth: c_int);
    pub fn X509_STORE_CTX_set_verify(ctx: *mut X509_STORE_CTX, verify: X509_STORE_CTX_verify_fn);
    pub fn X509_STORE_add_crl(store: *mut X509_STORE, list: *mut X509_CRL) -> c_int;
    #[cfg(ossl_3_3)]
    pub fn X509_STORE_get1_objects(xs: *mut X509_STORE) -> *mut stack_st_X509_OBJECT;
    pub fn X509_STORE_get0_param(store: *const X509_STORE) -> *mut X509_VERIFY_PARAM;
    pub fn X509_STORE_load_file(store: *mut X509_STORE, file: *const c_char) -> c_int;
    pub fn X509_STORE_load_path(store: *mut X509_STORE, path: *const c_char) -> c_int;
    pub fn X509_STORE_lock(xs: *mut X509_STORE) -> c_int;
    pub fn X509_STORE_unlock(xs: *mut X509_STORE) -> c_int;
    pub fn X509_STORE_up_ref(store: *mut X509_STORE) -> c_int;
    #[cfg(ossl_4_0)]
    pub fn X509_check_certificate_times(vpm: *const X509_VERIFY_PARAM, x: *const X509, error: *mut c_int) -> c_int;
    #[cfg(not(ossl_4_0))]
    pub fn X509_cmp_timeframe(vpm: *const X509_VERIFY_PARAM, start: *const ASN1_TIME, end: *const ASN1_TIME) -> c_int;
    pub fn X509_VERIFY_PARAM_get0_host(param: *mut X509_VERIFY_PARAM, idx: c_int) -> *mut c_char;
}
