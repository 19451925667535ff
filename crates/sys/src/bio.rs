//! `openssl/bio.h`: what `openssl-sys` does not declare.

use std::ffi::c_int;

#[cfg(ossl_3_2)]
use openssl_sys::BIO_ADDR;

#[cfg(not(ossl_3_2))]
pub enum BIO_ADDR {}

pub const BIO_CTRL_PENDING: c_int = 10;
pub const BIO_CTRL_WPENDING: c_int = 13;
pub const BIO_CTRL_DGRAM_GET_FALLBACK_MTU: c_int = 47;
pub const BIO_CTRL_DGRAM_GET_MTU_OVERHEAD: c_int = 49;
pub const BIO_TYPE_SOURCE_SINK: c_int = 0x0400;

unsafe extern "C" {
    pub fn BIO_ADDR_free(ap: *mut BIO_ADDR);
    pub fn BIO_ADDR_new() -> *mut BIO_ADDR;
    pub fn BIO_get_new_index() -> c_int;
}
