//! OpenSSL asks whether the signatures of a chain that it has built are good, and its times (`X509_STORE_CTX_set_verify`).

use std::ffi::c_int;
use std::sync::OnceLock;

use ironssl_sys as ffi;

use super::guard;
use crate::x509::signatures;

/// OpenSSL's own check of a chain.
type Whole = unsafe extern "C" fn(*mut ffi::X509_STORE_CTX) -> c_int;

/// `internal_verify` of OpenSSL, which has no name outside of it.
static WHOLE: OnceLock<Whole> = OnceLock::new();

/// Makes a verification remember good chains. Where OpenSSL does not say what its own check is, nothing is changed.
///
/// # Safety
/// `context` is ready, its store has no such function of its own, and there is no verification callback.
pub(crate) unsafe fn remember(context: *mut ffi::X509_STORE_CTX) {
    // SAFETY: the context is valid.
    if let Some(whole) = unsafe { ffi::X509_STORE_CTX_get_verify(context) } {
        // Always the same function.
        WHOLE.get_or_init(|| whole);
        // SAFETY: the context is valid.
        unsafe { ffi::X509_STORE_CTX_set_verify(context, Some(verify)) };
    }
}

/// `X509_STORE_CTX_verify_fn`. Fails closed: a panic, or no function to ask, is a failure of the verification.
unsafe extern "C" fn verify(context: *mut ffi::X509_STORE_CTX) -> c_int {
    let Some(whole) = WHOLE.get() else { return -1 };
    // SAFETY: OpenSSL passes the context that `remember` was given, with the chain that it has built.
    guard(-1, |_| (), || Ok(unsafe { signatures::verify(context, *whole) }))
}
