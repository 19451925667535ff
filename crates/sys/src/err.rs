//! `openssl/err.h`: what `openssl-sys` does not declare.

use std::ffi::c_int;

pub const ERR_LIB_SSL: c_int = 20;
