//! Certificates.
//!
//! Lives here: the type, how it is locked, and how it is shared with C. Its fields are in `fields`, its
//! extensions in `extensions`, reading and writing in `encoding`, signing and digests in `signature`.
//!
//! An `X509` may be changed, which nothing in OpenSSL that holds the same `X509` would notice or survive: it caches
//! what it worked out from a certificate, and reads it without a lock. So:
//!
//! - All access goes through one lock.
//! - A certificate that C holds as well (`shared`) is never changed: the first change replaces our `X509` by a copy.
//! - A certificate that was changed is never handed to C as it is: C gets a copy, made from the encoding, so that no
//!   cache of before the change is in it; the copy then is our `X509` too, and shared.

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::{Mutex, MutexGuard};

use super::entries::NameRef;
use super::name::{Change, Look, LookAtBoth, Owner, Part, X509Name};
use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::queue;

mod encoding;
mod extensions;
mod fields;
mod list;
mod signature;

pub use fields::Serial;

/// An X.509 certificate. Cloning shares it: a change through one clone shows in all.
///
/// ```
/// use ironssl::asn1::object::Nid;
/// use ironssl::digest::Digest;
/// use ironssl::pkey::PKey;
/// use ironssl::x509::X509;
/// let key = PKey::generate_rsa(2048)?;
/// let certificate = X509::new()?;
/// certificate.set_version(2)?;
/// certificate.set_serial_number(&1_u64.to_be_bytes())?;
/// certificate.subject().set(Nid::COMMON_NAME, b"example.org")?;
/// certificate.set_issuer(&certificate.subject())?;
/// certificate.set_not_before_from_now(0)?;
/// certificate.set_not_after_from_now(3600)?;
/// certificate.set_public_key(&key)?;
/// certificate.sign(&key, Some(Digest::by_name("sha256")?))?;
/// assert!(!certificate.has_expired()?);
/// let again = X509::from_pem(&certificate.to_pem()?)?;
/// assert_eq!(again.to_der()?, certificate.to_der()?);
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct X509(Arc<Inner>);

/// What the clones of a certificate share.
struct Inner(Mutex<State>);

struct State {
    handle: Handle<ffi::X509>,
    /// Whether C may hold the same `X509`.
    shared: bool,
    /// Whether it was changed since it was read or copied.
    changed: bool,
    /// How often the subject was replaced.
    subject: u32,
    /// How often the issuer was replaced.
    issuer: u32,
}

impl State {
    fn new(handle: Handle<ffi::X509>, shared: bool, changed: bool) -> Self {
        Self { handle, shared, changed, subject: 0, issuer: 0 }
    }

    fn as_ptr(&self) -> *mut ffi::X509 {
        self.handle.as_ptr()
    }

    /// Replaces the `X509` by a copy that nobody else holds.
    fn unshare(&mut self) -> Result<()> {
        // SAFETY: the certificate is valid.
        self.handle = unsafe { check::owned(ffi::X509_dup(self.as_ptr()), "X509_dup")? };
        self.shared = false;
        self.changed = false;
        Ok(())
    }

    /// Makes it one that nobody else holds, and that is encoded anew.
    fn prepare_change(&mut self) -> Result<()> {
        queue::clear();
        if self.shared {
            self.unshare()?;
        }
        if !self.changed {
            self.forget_encoding();
            self.changed = true;
        }
        Ok(())
    }

    /// Makes OpenSSL encode the certificate anew when it is next asked to. Of itself, before 4.0, it would go on giving
    /// out the encoding that the certificate was read from, until it is signed again.
    fn forget_encoding(&mut self) {
        // SAFETY: the certificate is valid and ours alone; null asks for the length only, which need not be known yet.
        unsafe { ffi::i2d_re_X509_tbs(self.as_ptr(), std::ptr::null_mut()) };
        queue::clear();
    }

    /// The name `part`, if it was not replaced since `generation`.
    fn name(&self, part: Part, generation: u32) -> Result<NonNull<ffi::X509_NAME>> {
        let (current, name) = match part {
            // SAFETY: the certificate is valid.
            Part::Issuer => (self.issuer, unsafe { ffi::X509_get_issuer_name(self.as_ptr()) }),
            // SAFETY: as above.
            Part::Subject | Part::Whole => (self.subject, unsafe { ffi::X509_get_subject_name(self.as_ptr()) }),
        };
        if current != generation {
            return Err(Error::Stale);
        }
        check::borrowed(name, "X509_get_subject_name")
    }

    /// Puts a copy of `name` in the place of the name `part`.
    fn set_name(&mut self, part: Part, name: &Handle<ffi::X509_NAME>) -> Result<()> {
        if part == Part::Issuer {
            // SAFETY: both are valid; the name is copied.
            let set = unsafe { ffi::X509_set_issuer_name(self.as_ptr(), name.as_ptr()) };
            check::one(set, "X509_set_issuer_name")
        } else {
            // SAFETY: both are valid; the name is copied.
            let set = unsafe { ffi::X509_set_subject_name(self.as_ptr(), name.as_ptr()) };
            check::one(set, "X509_set_subject_name")
        }
    }
}

impl Inner {
    /// The certificate, to read.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// The certificate, to change: one that nobody else holds.
    fn lock_to_change(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.0.lock();
        state.prepare_change()?;
        Ok(state)
    }
}

impl Owner for Inner {
    fn look(&self, part: Part, generation: u32, look: Look<'_>) -> Result<()> {
        let state = self.lock();
        let name = state.name(part, generation)?;
        // SAFETY: the name belongs to the certificate, which is locked until `look` has returned. Where C holds it as
        // well, it was never changed, and there is nothing in it for a reader to refresh.
        look(unsafe { NameRef::new(name) })
    }

    fn look_at_both(&self, one: (Part, u32), other: (Part, u32), look: LookAtBoth<'_>) -> Result<()> {
        let state = self.lock();
        let (one, other) = (state.name(one.0, one.1)?, state.name(other.0, other.1)?);
        // SAFETY: as above, for both names.
        unsafe { look(NameRef::new(one), NameRef::new(other)) }
    }

    fn change(&self, part: Part, generation: u32, change: Change<'_>) -> Result<()> {
        let mut state = self.lock();
        let name = state.name(part, generation)?;
        // SAFETY: as in `look`; the change is made to a copy. A value that is refused leaves the certificate as it is.
        let changed = change(unsafe { NameRef::new(name) })?;
        state.prepare_change()?;
        state.set_name(part, &changed)
    }
}

impl X509 {
    /// A certificate with nothing in it (`X509_new`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        let handle = unsafe { check::owned(ffi::X509_new(), "X509_new")? };
        Ok(Self::wrap(State::new(handle, false, true)))
    }

    /// A certificate of C, which may go on holding it.
    pub(crate) fn from_handle(handle: Handle<ffi::X509>) -> Self {
        Self::wrap(State::new(handle, true, false))
    }

    /// The certificate for C to keep, as it is now.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it was changed and is not complete enough to be encoded.
    pub(crate) fn share(&self) -> Result<Handle<ffi::X509>> {
        queue::clear();
        let mut state = self.0.lock();
        if state.changed {
            state.unshare()?;
        }
        state.shared = true;
        Ok(state.handle.clone())
    }

    fn wrap(state: State) -> Self {
        Self(Arc::new(Inner(Mutex::new(state))))
    }

    /// A live view of the subject.
    #[must_use]
    pub fn subject(&self) -> X509Name {
        let generation = self.0.lock().subject;
        X509Name::view(Arc::<Inner>::clone(&self.0), Part::Subject, generation)
    }

    /// A live view of the issuer.
    #[must_use]
    pub fn issuer(&self) -> X509Name {
        let generation = self.0.lock().issuer;
        X509Name::view(Arc::<Inner>::clone(&self.0), Part::Issuer, generation)
    }

    /// Replaces the subject by a copy of `name`. Views of the subject that were taken before are stale from now on.
    ///
    /// # Errors
    /// [`Error::Stale`] where `name` itself is.
    pub fn set_subject(&self, name: &X509Name) -> Result<()> {
        let name = name.to_handle()?;
        let mut state = self.0.lock_to_change()?;
        state.set_name(Part::Subject, &name)?;
        state.subject = state.subject.wrapping_add(1);
        Ok(())
    }

    /// Replaces the issuer by a copy of `name`. Views of the issuer that were taken before are stale from now on.
    ///
    /// # Errors
    /// [`Error::Stale`] where `name` itself is.
    pub fn set_issuer(&self, name: &X509Name) -> Result<()> {
        let name = name.to_handle()?;
        let mut state = self.0.lock_to_change()?;
        state.set_name(Part::Issuer, &name)?;
        state.issuer = state.issuer.wrapping_add(1);
        Ok(())
    }
}

impl fmt::Debug for X509 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509").field("subject", &self.subject()).field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
