//! `openssl/pkcs12err.h`: reasons of the errors that PKCS#12 files give.

use std::ffi::c_int;

pub const PKCS12_R_MAC_ABSENT: c_int = 108;
