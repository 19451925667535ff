//! `openssl/proverr.h`: reasons of the errors that come out of providers.

use std::ffi::c_int;

pub const PROV_R_BAD_DECRYPT: c_int = 100;
