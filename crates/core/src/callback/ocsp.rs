//! The status of a certificate, stapled to a handshake (OCSP): a server is asked for one, a client for its opinion.

use std::ffi::{c_int, c_long, c_void};

use ironssl_sys as ffi;

use super::guard;
use crate::error::{Error, Parked};
use crate::ssl::engine::State;

/// `SSL_CTX_set_tlsext_status_cb`, for both sides. Fails closed: a failure is a fatal alert.
pub(crate) unsafe extern "C" fn status(ssl: *mut ffi::SSL, _: *mut c_void) -> c_int {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let (state, server) = unsafe { (State::of(ssl), ffi::SSL_is_server(ssl) == 1) };
    let Some(state) = state else { return if server { ffi::SSL_TLSEXT_ERR_ALERT_FATAL } else { -1 } };
    if server {
        let ask = || match state.delegate().ocsp_response()? {
            Some(response) if !response.is_empty() => {
                // SAFETY: the `SSL` is valid, see above.
                unsafe { staple(ssl, &response) }?;
                Ok(ffi::SSL_TLSEXT_ERR_OK)
            }
            _ => Ok(ffi::SSL_TLSEXT_ERR_NOACK),
        };
        return guard(ffi::SSL_TLSEXT_ERR_ALERT_FATAL, |parked| state.park(parked), ask);
    }
    // SAFETY: as above.
    let response = unsafe { stapled(ssl) };
    guard(-1, |parked| state.park(parked), || state.delegate().check_ocsp(response).map(c_int::from))
}

/// Gives a copy of the response to OpenSSL.
///
/// # Safety
/// `ssl` is valid and its lock held.
unsafe fn staple(ssl: *mut ffi::SSL, response: &[u8]) -> Result<(), Parked> {
    let length = c_long::try_from(response.len()).map_err(|_| Error::value("the OCSP response is too long"))?;
    // SAFETY: no preconditions.
    let copy = unsafe { ffi::OPENSSL_malloc(response.len()) }.cast::<u8>();
    if copy.is_null() {
        return Err(Error::value("no memory for the OCSP response").into());
    }
    // SAFETY: both have so many bytes, and the copy is new.
    unsafe { copy.copy_from_nonoverlapping(response.as_ptr(), response.len()) };
    // SAFETY: passed on from this function's own contract; OpenSSL takes over the copy.
    if unsafe { ffi::SSL_set_tlsext_status_ocsp_resp(ssl, copy, length) } == 1 {
        return Ok(());
    }
    // SAFETY: OpenSSL did not take it over.
    unsafe { ffi::OPENSSL_free(copy.cast()) };
    Err(Error::value("the OCSP response was refused").into())
}

/// The response that the server sent; empty where it sent none.
///
/// # Safety
/// `ssl` is valid and its lock held; what is returned is not used after the callback.
unsafe fn stapled<'a>(ssl: *mut ffi::SSL) -> &'a [u8] {
    let mut response = std::ptr::null_mut();
    // SAFETY: passed on from this function's own contract; OpenSSL keeps the response, or puts null.
    let length = unsafe { ffi::SSL_get_tlsext_status_ocsp_resp(ssl, &raw mut response) };
    match usize::try_from(length) {
        // SAFETY: OpenSSL says that so many bytes are there; they stay until the next call of its kind.
        Ok(length) if !response.is_null() => unsafe { std::slice::from_raw_parts(response, length) },
        _ => &[],
    }
}
