//! OpenSSL asks whether a certificate of the peer's chain passes (`SSL_set_verify`).

use std::ffi::c_int;

use ironssl_sys as ffi;

use super::guard;
use crate::ssl::engine::State;
use crate::x509::{X509, retained};

/// `SSL_verify_cb`. Fails closed: anything but the owner's yes is a no.
pub(crate) extern "C" fn verify(passed: c_int, store: *mut ffi::X509_STORE_CTX) -> c_int {
    // SAFETY: OpenSSL passes a valid store context; its slot holds the `SSL` that verifies, or null where the chain is
    // not the peer's, but that of who signs a list of revoked certificates.
    let ssl = unsafe { ffi::X509_STORE_CTX_get_ex_data(store, ffi::SSL_get_ex_data_X509_STORE_CTX_idx()) };
    if ssl.is_null() {
        return passed;
    }
    // SAFETY: the `SSL` is one of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl.cast()) }) else { return 0 };
    if state.judge().is_none() {
        return passed;
    }
    // SAFETY: the store context is valid during this call.
    let (error, depth) = unsafe { (ffi::X509_STORE_CTX_get_error(store), ffi::X509_STORE_CTX_get_error_depth(store)) };
    // SAFETY: as above; the certificate belongs to the store context.
    let Some(handle) = (unsafe { retained(ffi::X509_STORE_CTX_get_current_cert(store)) }) else {
        // It is about no certificate but all of them, as the notice of `X509_V_FLAG_NOTIFY_POLICY`: nobody is asked.
        return passed;
    };
    let certificate = X509::from_handle(handle);
    let ask = || state.delegate().verify(certificate, error, depth, passed == 1);
    let mut failed = false;
    let passes = guard(
        false,
        |parked| {
            failed = true;
            state.park(parked);
        },
        ask,
    );
    if failed {
        // Without this, a connection that verifies nobody would go on after the failure. libssl looks at the mode when
        // the verification is over.
        // SAFETY: the `SSL` is in the middle of its handshake, in this thread, which holds its lock. Without a new
        // callback the old one stays.
        unsafe { ffi::SSL_set_verify(ssl.cast(), ffi::SSL_get_verify_mode(ssl.cast()) | ffi::SSL_VERIFY_PEER, None) }
    }
    if !passes {
        return 0;
    }
    // SAFETY: the `SSL` is valid; the call only reads.
    let insists = unsafe { ffi::SSL_get_verify_mode(ssl.cast()) } & ffi::SSL_VERIFY_PEER != 0;
    state.note_overridden(error, depth, !insists);
    // SAFETY: as above. The delegate's yes stands for this certificate.
    unsafe { ffi::X509_STORE_CTX_set_error(store, ffi::X509_V_OK) };
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn the_chain_of_who_signs_a_list_is_judged_by_openssl() {
        // SAFETY: no preconditions; the result is ours.
        let context = unsafe { check::owned(ffi::X509_STORE_CTX_new(), "X509_STORE_CTX_new") }.unwrap();
        assert_eq!(verify(1, context.as_ptr()), 1);
        assert_eq!(verify(0, context.as_ptr()), 0);
    }
}
