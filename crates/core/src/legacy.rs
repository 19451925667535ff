//! Algorithms that only OpenSSL's legacy provider has (DES, RC2 and the like), for reading what old programs wrote.
//!
//! Theory. A provider serves a whole library context, and all threads share that of the process: an MD4 in there, if
//! only for a moment, makes good signatures of certificates that nobody should trust. So the legacy provider is in a
//! library context of its own, made when it is first needed. An operation that has failed for want of an algorithm is
//! done once more there, and OpenSSL takes this context for the calling thread's default one meanwhile, since some
//! functions (those for the older encrypted PEM, for instance) cannot be given one.
//!
//! What it made there would go on using it. So nothing but bytes leaves: keys and certificates come out encoded, and are
//! decoded again in the process's own context. No user code runs there: who is to be asked for a passphrase has been
//! asked before. And nothing that decides about trust comes here: no signature, request or chain.

use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use ironssl_sys as ffi;

use crate::check;
use crate::error::{Error, Result};
use crate::handle::{Handle, Object};
use crate::queue;

// SAFETY: the function is the one that OpenSSL documents for freeing this type.
unsafe impl Object for ffi::OSSL_LIB_CTX {
    unsafe fn release(this: *mut Self) {
        // SAFETY: passed on from this function's own contract.
        unsafe { ffi::OSSL_LIB_CTX_free(this) }
    }
}

/// A library context that has the default and the legacy provider, never freed.
struct Legacy(NonNull<ffi::OSSL_LIB_CTX>);

// SAFETY: OpenSSL locks what is in a library context.
unsafe impl Send for Legacy {}
// SAFETY: as above.
unsafe impl Sync for Legacy {}

impl Legacy {
    /// The one of this process; none where there is no legacy provider, or only algorithms of FIPS 140 are wanted.
    fn get() -> Option<&'static Self> {
        static LEGACY: OnceLock<Legacy> = OnceLock::new();
        // SAFETY: null is the default library context.
        if unsafe { ffi::EVP_default_properties_is_fips_enabled(ptr::null_mut()) } == 1 {
            return None;
        }
        if LEGACY.get().is_none() {
            // Made with no lock held, which a fork could find taken; who comes second throws his own away.
            let (context, providers) = made().ok()?;
            if LEGACY.set(Self(NonNull::new(context.as_ptr())?)).is_ok() {
                let _ = (context.into_raw(), providers.map(Handle::into_raw));
            }
        }
        LEGACY.get()
    }
}

/// A new library context and its providers.
fn made() -> Result<(Handle<ffi::OSSL_LIB_CTX>, [Handle<ffi::OSSL_PROVIDER>; 2])> {
    // SAFETY: no preconditions.
    let context = unsafe { check::owned(ffi::OSSL_LIB_CTX_new(), "OSSL_LIB_CTX_new")? };
    let load = |name: &'static std::ffi::CStr| {
        // SAFETY: the context is valid; the name is terminated.
        unsafe { check::owned(ffi::OSSL_PROVIDER_load(context.as_ptr(), name.as_ptr()), "OSSL_PROVIDER_load") }
    };
    let providers = [load(c"default")?, load(c"legacy")?];
    Ok((context, providers))
}

/// The calling thread's stay in the legacy context, until dropped.
struct Stay {
    before: *mut ffi::OSSL_LIB_CTX,
}

impl Stay {
    fn new(legacy: &'static Legacy) -> Option<Self> {
        // SAFETY: the context is never freed.
        let before = unsafe { ffi::OSSL_LIB_CTX_set0_default(legacy.0.as_ptr()) };
        (!before.is_null()).then_some(Self { before })
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        // SAFETY: OpenSSL gave us this context as the thread's own one, to be set again.
        unsafe { ffi::OSSL_LIB_CTX_set0_default(self.before) };
    }
}

/// What `work` gives, done with the legacy provider at hand, where `error` says that an algorithm was wanting. `work`
/// gives no object of OpenSSL's, changes none that has come from outside, and runs no user code.
///
/// # Errors
/// `error` where it is about something else, or there is no legacy provider; else what `work` fails with.
pub(crate) fn retry<T>(error: Error, work: impl FnOnce() -> Result<T>) -> Result<T> {
    if !may_help(&error) {
        return Err(error);
    }
    queue::clear();
    let stay = Legacy::get().and_then(Stay::new);
    queue::clear();
    let Some(_stay) = stay else { return Err(error) };
    work()
}

/// Whether an operation failed because no provider has an algorithm.
pub(crate) fn may_help(error: &Error) -> bool {
    let Error::OpenSsl(stack) = error else { return false };
    stack
        .entries()
        .iter()
        .any(|entry| entry.library() == "digital envelope routines" && entry.reason() == "unsupported")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn md4() -> Result<()> {
        Digest::by_name("md4")?.hash(b"abc").map(drop)
    }

    #[test]
    fn algorithms_are_there_for_the_operation_and_for_nothing_else() {
        let done = retry(md4().unwrap_err(), || {
            md4()?;
            assert!(std::thread::spawn(|| md4().is_err()).join().unwrap());
            md4()
        });
        assert!(done.is_ok());
        assert!(md4().is_err());
        assert!(queue::is_empty());
    }
}
