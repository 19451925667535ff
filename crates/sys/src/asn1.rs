//! `openssl/asn1.h`: what `openssl-sys` does not declare.

use std::ffi::{c_int, c_long, c_uchar, c_ulong};

use libc::time_t;
use openssl_sys::{ASN1_GENERALIZEDTIME, ASN1_STRING, ASN1_TIME};

pub const ASN1_STRFLGS_ESC_QUOTE: c_ulong = 8;
pub const B_ASN1_PRINTABLESTRING: c_ulong = 0x0002;
pub const B_ASN1_T61STRING: c_ulong = 0x0004;
pub const B_ASN1_BMPSTRING: c_ulong = 0x0800;
pub const B_ASN1_UTF8STRING: c_ulong = 0x2000;
pub const STABLE_NO_MASK: c_ulong = 0x02;
pub const V_ASN1_NEG: c_int = 0x100;
pub const V_ASN1_NEG_INTEGER: c_int = 2 | V_ASN1_NEG;

pub enum ASN1_PCTX {}

#[repr(C)]
pub struct ASN1_STRING_TABLE {
    pub nid: c_int,
    pub minsize: c_long,
    pub maxsize: c_long,
    pub mask: c_ulong,
    pub flags: c_ulong,
}

unsafe extern "C" {
    pub fn ASN1_STRING_TABLE_get(nid: c_int) -> *mut ASN1_STRING_TABLE;
    pub fn ASN1_TIME_cmp_time_t(time: *const ASN1_TIME, t: time_t) -> c_int;
    pub fn ASN1_TIME_to_generalizedtime(
        time: *const ASN1_TIME,
        out: *mut *mut ASN1_GENERALIZEDTIME,
    ) -> *mut ASN1_GENERALIZEDTIME;
    pub fn ASN1_mbstring_ncopy(
        out: *mut *mut ASN1_STRING,
        input: *const c_uchar,
        len: c_int,
        inform: c_int,
        mask: c_ulong,
        minsize: c_long,
        maxsize: c_long,
    ) -> c_int;
}
