//! Certificate requests (PKCS#10, RFC 2986).
//!
//! Lives here: the type, its fields, signing and verifying. Reading and writing is in `encoding`, the extensions that
//! are asked for in `extensions`. A request is never shared with C, so one lock around it is all it needs.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::{Mutex, MutexGuard};

use super::entries::NameRef;
use super::name::{Change, Look, LookAtBoth, Owner, Part, X509Name};
use crate::check;
use crate::digest::Digest;
use crate::error::Result;
use crate::handle::Handle;
use crate::pkey::PKey;
use crate::queue;

mod encoding;
mod extensions;

/// A request for a certificate. Cloning shares it: a change through one clone shows in all.
///
/// ```
/// use ironssl::asn1::object::Nid;
/// use ironssl::digest::Digest;
/// use ironssl::pkey::PKey;
/// use ironssl::x509::X509Req;
/// let key = PKey::generate_rsa(2048)?;
/// let request = X509Req::new()?;
/// request.subject().set(Nid::COMMON_NAME, b"example.org")?;
/// request.set_public_key(&key)?;
/// request.sign(&key, Some(Digest::by_name("sha256")?))?;
/// let again = X509Req::from_pem(&request.to_pem()?)?;
/// again.verify(&again.public_key()?)?;
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct X509Req(Arc<Inner>);

/// What the clones of a request share.
struct Inner(Mutex<Handle<ffi::X509_REQ>>);

/// The name of a request, which is locked.
fn subject(request: &Handle<ffi::X509_REQ>) -> Result<NonNull<ffi::X509_NAME>> {
    // SAFETY: the request is valid.
    let name = unsafe { ffi::X509_REQ_get_subject_name(request.as_ptr()) };
    check::borrowed(name, "X509_REQ_get_subject_name")
}

impl Inner {
    /// The request, to read.
    fn lock(&self) -> MutexGuard<'_, Handle<ffi::X509_REQ>> {
        self.0.lock()
    }

    /// The request, to change: it is encoded anew from now on.
    fn lock_to_change(&self) -> MutexGuard<'_, Handle<ffi::X509_REQ>> {
        let request = self.0.lock();
        // SAFETY: the request is valid and locked; null asks for the length only, which need not be known yet.
        unsafe { ffi::i2d_re_X509_REQ_tbs(request.as_ptr(), std::ptr::null_mut()) };
        queue::clear();
        request
    }
}

impl Owner for Inner {
    fn look(&self, _part: Part, _generation: u32, look: Look<'_>) -> Result<()> {
        let request = self.lock();
        // SAFETY: the name belongs to the request, which is locked until `look` has returned.
        look(unsafe { NameRef::new(subject(&request)?) })
    }

    fn look_at_both(&self, _one: (Part, u32), _other: (Part, u32), look: LookAtBoth<'_>) -> Result<()> {
        let request = self.lock();
        // SAFETY: as above.
        let name = unsafe { NameRef::new(subject(&request)?) };
        look(name, name)
    }

    fn change(&self, _part: Part, _generation: u32, change: Change<'_>) -> Result<()> {
        let request = self.lock_to_change();
        // SAFETY: as above.
        let changed = change(unsafe { NameRef::new(subject(&request)?) })?;
        // SAFETY: both are valid, the request is locked; the name is copied.
        let set = unsafe { ffi::X509_REQ_set_subject_name(request.as_ptr(), changed.as_ptr()) };
        check::one(set, "X509_REQ_set_subject_name")
    }
}

impl X509Req {
    /// A request of version 0 with nothing else in it (`X509_REQ_new`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        let handle = unsafe { check::owned(ffi::X509_REQ_new(), "X509_REQ_new")? };
        let request = Self::from_handle(handle);
        request.set_version(0)?;
        Ok(request)
    }

    /// Takes over a request from C, which must not hold it any longer.
    fn from_handle(handle: Handle<ffi::X509_REQ>) -> Self {
        Self(Arc::new(Inner(Mutex::new(handle))))
    }

    /// The version as it is encoded: 0, which stands for PKCS#10 v1, in every request that follows RFC 2986.
    #[must_use]
    pub fn version(&self) -> i64 {
        let request = self.0.lock();
        // SAFETY: the request is valid and locked.
        let version = unsafe { ffi::X509_REQ_get_version(request.as_ptr()) };
        // A number that is too large, for which C gives -1, is an error to it.
        queue::clear();
        version
    }

    /// Sets the version (`X509_REQ_set_version`); see [`X509Req::version`].
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the library refuses.
    pub fn set_version(&self, version: i64) -> Result<()> {
        let request = self.0.lock_to_change();
        // SAFETY: the request is valid and locked.
        check::one(unsafe { ffi::X509_REQ_set_version(request.as_ptr(), version) }, "X509_REQ_set_version")
    }

    /// A live view of the subject.
    #[must_use]
    pub fn subject(&self) -> X509Name {
        X509Name::view(Arc::<Inner>::clone(&self.0), Part::Subject, 0)
    }

    /// The public key (`X509_REQ_get_pubkey`); never with a private part.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or the library does not know its kind.
    pub fn public_key(&self) -> Result<PKey> {
        queue::clear();
        let request = self.0.lock();
        // SAFETY: the request is valid and locked; the result is a reference of our own.
        let key = unsafe { check::owned(ffi::X509_REQ_get_pubkey(request.as_ptr()), "X509_REQ_get_pubkey")? };
        Ok(PKey::from_handle(key, false))
    }

    /// Sets the public key to the public part of `key` (`X509_REQ_set_pubkey`). The private part stays out.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the kind of key cannot be in a request.
    pub fn set_public_key(&self, key: &PKey) -> Result<()> {
        let public = key.public_only()?;
        let request = self.0.lock_to_change();
        // SAFETY: both are valid, the request is locked; it takes a reference of its own.
        check::one(unsafe { ffi::X509_REQ_set_pubkey(request.as_ptr(), public.as_ptr()) }, "X509_REQ_set_pubkey")
    }

    /// Signs with `key` (`X509_REQ_sign`); the digest as in [`PKey::sign`].
    ///
    /// # Errors
    /// As [`crate::x509::X509::sign`].
    pub fn sign(&self, key: &PKey, digest: Option<Digest>) -> Result<()> {
        let digest = key.digest_to_sign(digest)?;
        let request = self.0.lock_to_change();
        // SAFETY: both are valid, the request is locked; the digest is null or a constant.
        let signed = unsafe { ffi::X509_REQ_sign(request.as_ptr(), key.as_ptr(), digest) };
        check::positive(signed, "X509_REQ_sign")?;
        queue::clear();
        Ok(())
    }

    /// Verifies the signature with `key` (`X509_REQ_verify`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not the signature of that key, or there is none.
    pub fn verify(&self, key: &PKey) -> Result<()> {
        queue::clear();
        let request = self.0.lock();
        // SAFETY: both are valid, the request is locked.
        check::one(unsafe { ffi::X509_REQ_verify(request.as_ptr(), key.as_ptr()) }, "X509_REQ_verify")
    }
}

impl fmt::Debug for X509Req {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Req").field("subject", &self.subject()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
