//! `openssl/ec.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct EC_builtin_curve {
    pub nid: c_int,
    pub comment: *const c_char,
}

unsafe extern "C" {
    pub fn EC_get_builtin_curves(curves: *mut EC_builtin_curve, items: usize) -> usize;
}
