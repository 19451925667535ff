//! The verification of a certificate against a store.

use std::ffi::CStr;
use std::fmt;

use ironssl_sys as ffi;

use super::stack::{Stack, certificates, retained};
use super::{X509, X509Store};
use crate::callback::signatures;
use crate::check;
use crate::error::Result;
use crate::queue;

/// What a verification came to.
#[derive(Debug)]
pub enum Verdict {
    /// The certificate is to be trusted: the chain from it, the first, to the one that the store trusts, the last.
    Trusted(Vec<X509>),
    /// It is not.
    Refused(Refusal),
}

/// Why a certificate was refused.
#[derive(Debug)]
pub struct Refusal {
    code: i32,
    depth: i32,
    certificate: Option<X509>,
}

impl Refusal {
    /// The reason as a number (`X509_V_ERR_*`).
    #[must_use]
    pub fn code(&self) -> i32 {
        self.code
    }

    /// Where in the chain the fault is: 0 for the certificate itself.
    #[must_use]
    pub fn depth(&self) -> i32 {
        self.depth
    }

    /// The certificate that is at fault, where there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<&X509> {
        self.certificate.as_ref()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&error_text(self.code.into()))
    }
}

/// Verifies `certificate` against what `store` trusts, with the help of the `untrusted` certificates
/// (`X509_verify_cert`). The signatures of a chain that was trusted before are not computed again; all else is checked
/// each time.
///
/// # Errors
/// [`crate::Error::OpenSsl`] where it could not be tried; a certificate that is refused is a [`Verdict`].
pub fn verify(store: &X509Store, certificate: &X509, untrusted: &[X509]) -> Result<Verdict> {
    let certificate = certificate.share()?;
    let untrusted = Stack::of_certificates(untrusted)?;
    queue::clear();
    // SAFETY: no preconditions.
    let context = unsafe { check::owned(ffi::X509_STORE_CTX_new(), "X509_STORE_CTX_new")? };
    let parameters = X509Store::lock_parameters();
    // SAFETY: all are valid and outlive the context, which was declared after them.
    let ready = unsafe {
        ffi::X509_STORE_CTX_init(context.as_ptr(), store.handle().as_ptr(), certificate.as_ptr(), untrusted.as_ptr())
    };
    drop(parameters);
    check::one(ready, "X509_STORE_CTX_init")?;
    // SAFETY: the context is ready; nothing of ours gives a store or a context a function or a callback before this.
    unsafe { signatures::remember(context.as_ptr()) };
    // SAFETY: the context is ready.
    let verified = unsafe { ffi::X509_verify_cert(context.as_ptr()) };
    queue::clear();
    if verified == 1 {
        // SAFETY: the chain belongs to the context.
        return Ok(Verdict::Trusted(unsafe { certificates(ffi::X509_STORE_CTX_get0_chain(context.as_ptr())) }));
    }
    // SAFETY: the context is valid.
    let (code, depth) = unsafe {
        (ffi::X509_STORE_CTX_get_error(context.as_ptr()), ffi::X509_STORE_CTX_get_error_depth(context.as_ptr()))
    };
    // SAFETY: the certificate is null or held by the context.
    let certificate = unsafe { retained(ffi::X509_STORE_CTX_get_current_cert(context.as_ptr())) };
    Ok(Verdict::Refused(Refusal { code, depth, certificate: certificate.map(X509::from_handle) }))
}

/// What a number of the kind `X509_V_ERR_*` means (`X509_verify_cert_error_string`).
#[must_use]
pub fn error_text(code: i64) -> String {
    // C would look at 32 bits of it.
    let text = i32::try_from(code).map_or(std::ptr::null(), |code| {
        // SAFETY: any number may be asked for; the result is a terminated string that is never freed.
        unsafe { ffi::X509_verify_cert_error_string(code.into()) }
    });
    if text.is_null() {
        return format!("unknown verification error {code}");
    }
    // SAFETY: not null, and terminated.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
