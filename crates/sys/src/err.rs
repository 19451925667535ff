//! `openssl/err.h`: what `openssl-sys` does not declare.

use std::ffi::c_int;

pub const ERR_LIB_EVP: c_int = 6;
pub const ERR_LIB_X509: c_int = 11;
pub const ERR_LIB_SSL: c_int = 20;
pub const ERR_LIB_PKCS12: c_int = 35;
pub const ERR_LIB_PROV: c_int = 57;
