//! The cookies with which a DTLS server makes sure that its client can be reached (RFC 6347, 4.2.1).

use std::ffi::{c_int, c_uchar, c_uint};

use ironssl_sys as ffi;

use super::guard;
use crate::error::{Error, Parked};
use crate::ssl::engine::State;

/// The longest cookie in bytes, and the size of OpenSSL's buffer for one.
const LONGEST: usize = 255;

/// `SSL_CTX_set_cookie_generate_cb`. Fails closed: a failure, or a cookie that does not fit, is no cookie.
pub(crate) extern "C" fn generate(ssl: *mut ffi::SSL, place: *mut c_uchar, length: *mut c_uint) -> c_int {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl) }) else { return 0 };
    let ask = || -> Result<c_int, Parked> {
        let cookie = state.delegate().generate_cookie()?;
        if cookie.len() > LONGEST {
            let text = format!("Cookie too long (got {} bytes, max {LONGEST})", cookie.len());
            return Err(Error::value(text).into());
        }
        // SAFETY: OpenSSL's buffer has 255 bytes, and a place for the length goes with it.
        unsafe {
            place.copy_from_nonoverlapping(cookie.as_ptr(), cookie.len());
            *length = c_uint::try_from(cookie.len()).unwrap_or(0);
        }
        Ok(1)
    };
    guard(0, |parked| state.park(parked), ask)
}

/// `SSL_CTX_set_cookie_verify_cb`. Fails closed: anything but the owner's yes is a no.
pub(crate) extern "C" fn verify(ssl: *mut ffi::SSL, cookie: *const c_uchar, length: c_uint) -> c_int {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl) }) else { return 0 };
    let (Ok(length), false) = (usize::try_from(length), cookie.is_null()) else { return 0 };
    // SAFETY: OpenSSL passes a cookie of so many bytes, which does not change until this returns.
    let cookie = unsafe { std::slice::from_raw_parts(cookie, length) };
    guard(0, |parked| state.park(parked), || state.delegate().verify_cookie(cookie).map(c_int::from))
}
