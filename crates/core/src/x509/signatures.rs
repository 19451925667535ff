//! Chains whose signatures were found good before, so that they need not be computed again.
//!
//! The arithmetic of signatures is nearly all that a verification takes, and programs verify the same few chains over
//! and over. So a chain that passed is remembered, as browsers do it: by the SHA-256 of all its certificates as they are
//! encoded and of the flags of the verification. Whether signatures are good depends on nothing else.
//!
//! Only this is remembered. OpenSSL builds the chain and checks trust, purposes, security levels, revocation, names and
//! policies each time; here the times of all certificates are looked at anew. Nothing bad is remembered, and whatever
//! is not as before goes the whole way through OpenSSL, which then finds the reason itself.

use std::collections::HashSet;
use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ironssl_sys as ffi;

use super::elements;
use crate::digest::Digest;
use crate::encoding;
use crate::error::{Error, Result};
use crate::queue;

/// How many chains are remembered at most: half as many in each generation.
const CHAINS: usize = 2048;

/// The name of a chain: its digest.
type Name = [u8; 32];

/// What is remembered, in two generations, of which the older is forgotten when the younger is full.
#[derive(Default)]
pub(crate) struct Memory {
    young: HashSet<Name>,
    old: HashSet<Name>,
}

impl Memory {
    /// Whether a chain is remembered; one that is asked for stays.
    fn knows(&mut self, name: &Name) -> bool {
        if self.young.contains(name) {
            return true;
        }
        let known = self.old.remove(name);
        if known {
            self.add(*name);
        }
        known
    }

    /// Remembers a chain.
    fn add(&mut self, name: Name) {
        if self.young.len() >= CHAINS / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(name);
    }
}

/// What is remembered in this process.
static MEMORY: Mutex<Option<Memory>> = Mutex::new(None);

/// Keeps it as it is until dropped.
pub(crate) fn lock() -> MutexGuard<'static, Option<Memory>> {
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `internal_verify` of OpenSSL does, for the chain that `context` has built: checks the signatures and the times.
/// `whole` is that function.
///
/// # Safety
/// `context` is valid, has a chain and no verification callback, and `whole` may be called with it.
pub(crate) unsafe fn verify(
    context: *mut ffi::X509_STORE_CTX,
    whole: unsafe extern "C" fn(*mut ffi::X509_STORE_CTX) -> c_int,
) -> c_int {
    // SAFETY: passed on.
    let name = unsafe { name(context) };
    if let Ok(name) = &name {
        let known = lock().get_or_insert_default().knows(name);
        // SAFETY: passed on.
        if known && unsafe { all_in_time(context) } {
            // SAFETY: the context is valid. This is how the whole check leaves it.
            unsafe { ffi::X509_STORE_CTX_set_error_depth(context, 0) };
            return 1;
        }
    }
    queue::clear();
    // SAFETY: by contract. The error stays what it was where all is well: there is no callback that could clear it.
    let (passed, error) = unsafe { (whole(context), ffi::X509_STORE_CTX_get_error(context)) };
    if let (1, ffi::X509_V_OK, Ok(name)) = (passed, error, name) {
        lock().get_or_insert_default().add(name);
    }
    passed
}

/// The name of the chain under the flags of the context.
///
/// # Safety
/// `context` is valid and has a chain.
unsafe fn name(context: *mut ffi::X509_STORE_CTX) -> Result<Name> {
    // SAFETY: the context is valid and has parameters.
    let flags = unsafe { ffi::X509_VERIFY_PARAM_get_flags(ffi::X509_STORE_CTX_get0_param(context)) };
    let mut text = flags.to_le_bytes().to_vec();
    // SAFETY: the chain belongs to the context, and does not change during the call.
    for certificate in unsafe { elements::<_, ffi::X509>(ffi::X509_STORE_CTX_get0_chain(context)) } {
        // SAFETY: the function is what its name says; the chain holds the certificate, and nobody changes it.
        let der = unsafe { encoding::to_der(certificate, ffi::i2d_X509, "i2d_X509")? };
        // DER says itself where it ends.
        text.extend(der);
    }
    let digest = Digest::by_name("sha256")?.hash(&text)?;
    Name::try_from(digest.as_ref()).map_err(|_| Error::ssl("a digest of the wrong length"))
}

/// Whether the context's time is one at which all certificates of the chain are valid.
///
/// # Safety
/// `context` is valid and has a chain.
unsafe fn all_in_time(context: *mut ffi::X509_STORE_CTX) -> bool {
    // SAFETY: the context is valid, and has parameters and a chain that do not change during the call.
    let (parameters, chain) = unsafe {
        let chain: Vec<*mut ffi::X509> = elements(ffi::X509_STORE_CTX_get0_chain(context));
        (ffi::X509_STORE_CTX_get0_param(context), chain)
    };
    // SAFETY: the parameters and the certificates are the context's.
    chain.into_iter().all(|certificate| unsafe { in_time(parameters, certificate) })
}

/// Whether a certificate is valid at the time of the parameters (`X509_check_certificate_times`).
///
/// # Safety
/// Both are valid.
#[cfg(ossl_4_0)]
unsafe fn in_time(parameters: *const ffi::X509_VERIFY_PARAM, certificate: *const ffi::X509) -> bool {
    // SAFETY: both are valid; null does not ask for the reason.
    unsafe { ffi::X509_check_certificate_times(parameters, certificate, std::ptr::null_mut()) == 1 }
}

/// Whether a certificate is valid at the time of the parameters (`X509_cmp_timeframe`).
///
/// # Safety
/// Both are valid.
#[cfg(not(ossl_4_0))]
unsafe fn in_time(parameters: *const ffi::X509_VERIFY_PARAM, certificate: *const ffi::X509) -> bool {
    // SAFETY: both are valid; the times are the certificate's.
    unsafe {
        let (start, end) = (ffi::X509_get0_notBefore(certificate), ffi::X509_get0_notAfter(certificate));
        ffi::X509_cmp_timeframe(parameters, start, end) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> Name {
        let mut name = Name::default();
        name[..8].copy_from_slice(&number.to_le_bytes());
        name
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut memory = Memory::default();
        for number in 0..10 * CHAINS {
            assert!(!memory.knows(&name(number)));
            memory.add(name(number));
            assert!(memory.knows(&name(number)));
            // One that is asked for is kept.
            assert!(memory.knows(&name(0)));
            assert!(memory.young.len() + memory.old.len() <= CHAINS);
        }
        assert!(!memory.knows(&name(1)));
    }
}
