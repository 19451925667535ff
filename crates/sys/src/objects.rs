//! `openssl/objects.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int};

unsafe extern "C" {
    pub fn OBJ_txt2nid(text: *const c_char) -> c_int;
}
