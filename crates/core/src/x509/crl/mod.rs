//! Certificate revocation lists (RFC 5280, 5).
//!
//! Lives here: the type, its fields, and signing. Reading and writing is in `encoding`, the entries in `revoked`. A
//! list is never shared with C, which gets copies, so one lock around it is all it needs.

use std::fmt;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::{Mutex, MutexGuard};

use super::stack::elements;
use super::{X509, X509Name};
use crate::asn1::time;
use crate::check;
use crate::digest::Digest;
use crate::error::Result;
use crate::handle::Handle;
use crate::pkey::PKey;
use crate::queue;

mod encoding;
mod revoked;

pub use revoked::{Reason, Revoked};

/// A certificate revocation list. Cloning shares it: a change through one clone shows in all.
///
/// ```
/// use ironssl::asn1::object::Nid;
/// use ironssl::digest::Digest;
/// use ironssl::pkey::PKey;
/// use ironssl::x509::{Reason, Revoked, X509, X509Crl};
/// let (issuer, key) = (X509::new()?, PKey::generate_rsa(2048)?);
/// issuer.subject().set(Nid::COMMON_NAME, b"authority")?;
/// let entry = Revoked::new()?;
/// entry.set_serial_number(&[3])?;
/// entry.set_date(b"20200101000000Z")?;
/// entry.set_reason(Some(Reason::KEY_COMPROMISE))?;
/// let list = X509Crl::new()?;
/// list.set_version(1)?;
/// list.set_last_update_from_now(0)?;
/// list.set_next_update_from_now(3600)?;
/// list.add_revoked(&entry)?;
/// list.sign(&issuer, &key, Some(Digest::by_name("sha256")?))?;
/// let again = X509Crl::from_pem(&list.to_pem()?)?;
/// assert_eq!(again.revoked()?[0].reason()?.as_deref(), Some("Key Compromise"));
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct X509Crl(Arc<Mutex<Handle<ffi::X509_CRL>>>);

impl X509Crl {
    /// A list with nothing in it (`X509_CRL_new`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        Ok(Self::from_handle(unsafe { check::owned(ffi::X509_CRL_new(), "X509_CRL_new")? }))
    }

    /// Takes over a list from C, which must not hold it any longer.
    pub(crate) fn from_handle(handle: Handle<ffi::X509_CRL>) -> Self {
        Self(Arc::new(Mutex::new(handle)))
    }

    /// A copy for C to keep, made from the encoding.
    pub(crate) fn to_handle(&self) -> Result<Handle<ffi::X509_CRL>> {
        Self::decode(&self.to_der()?)
    }

    /// The list, to change: it is encoded anew from now on.
    fn lock_to_change(&self) -> MutexGuard<'_, Handle<ffi::X509_CRL>> {
        let list = self.0.lock();
        // SAFETY: the list is valid and locked; null asks for the length only, which need not be known yet.
        unsafe { ffi::i2d_re_X509_CRL_tbs(list.as_ptr(), std::ptr::null_mut()) };
        queue::clear();
        list
    }

    /// Sets the version as it is encoded: 1 for v2, which extensions need (`X509_CRL_set_version`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the library refuses.
    pub fn set_version(&self, version: i64) -> Result<()> {
        let list = self.lock_to_change();
        // SAFETY: the list is valid and locked.
        check::one(unsafe { ffi::X509_CRL_set_version(list.as_ptr(), version) }, "X509_CRL_set_version")
    }

    /// A copy of the issuer.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn issuer(&self) -> Result<X509Name> {
        queue::clear();
        let list = self.0.lock();
        // SAFETY: the list is valid and locked, the name its own.
        let copy =
            unsafe { check::owned(ffi::X509_NAME_dup(ffi::X509_CRL_get_issuer(list.as_ptr())), "X509_NAME_dup")? };
        Ok(X509Name::from_handle(copy))
    }

    /// Sets when this list was issued; the forms are those of [`X509::set_not_before`].
    ///
    /// # Errors
    /// [`crate::Error::Value`] for any other text, and for dates that do not exist.
    pub fn set_last_update(&self, when: &[u8]) -> Result<()> {
        self.put_last_update(&time::parse(when)?)
    }

    /// Sets when the next list is to be issued; as [`X509Crl::set_last_update`].
    ///
    /// # Errors
    /// As [`X509Crl::set_last_update`].
    pub fn set_next_update(&self, when: &[u8]) -> Result<()> {
        self.put_next_update(&time::parse(when)?)
    }

    /// Sets when this list was issued to `seconds` after now, or before where negative.
    ///
    /// # Errors
    /// [`crate::Error::Value`] where the year would not be one from 0 to 9999.
    pub fn set_last_update_from_now(&self, seconds: i64) -> Result<()> {
        self.put_last_update(&time::from_now(seconds)?)
    }

    /// Sets when the next list is to be issued; as [`X509Crl::set_last_update_from_now`].
    ///
    /// # Errors
    /// As [`X509Crl::set_last_update_from_now`].
    pub fn set_next_update_from_now(&self, seconds: i64) -> Result<()> {
        self.put_next_update(&time::from_now(seconds)?)
    }

    fn put_last_update(&self, time: &Handle<ffi::ASN1_TIME>) -> Result<()> {
        let list = self.lock_to_change();
        // SAFETY: both are valid, the list is locked; the time is copied.
        check::one(unsafe { ffi::X509_CRL_set1_lastUpdate(list.as_ptr(), time.as_ptr()) }, "X509_CRL_set1_lastUpdate")
    }

    fn put_next_update(&self, time: &Handle<ffi::ASN1_TIME>) -> Result<()> {
        let list = self.lock_to_change();
        // SAFETY: both are valid, the list is locked; the time is copied.
        check::one(unsafe { ffi::X509_CRL_set1_nextUpdate(list.as_ptr(), time.as_ptr()) }, "X509_CRL_set1_nextUpdate")
    }

    /// Adds a copy of an entry (`X509_CRL_add0_revoked`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the entry is not complete enough to be encoded.
    pub fn add_revoked(&self, entry: &Revoked) -> Result<()> {
        let entry = entry.to_handle()?;
        let list = self.lock_to_change();
        // SAFETY: both are valid, the list is locked; it takes over the entry only where this succeeds.
        let added = unsafe { ffi::X509_CRL_add0_revoked(list.as_ptr(), entry.as_ptr()) };
        check::one(added, "X509_CRL_add0_revoked")?;
        let _owned_by_the_list = entry.into_raw();
        Ok(())
    }

    /// Copies of the entries, in their order (`X509_CRL_get_REVOKED`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn revoked(&self) -> Result<Vec<Revoked>> {
        queue::clear();
        let list = self.0.lock();
        // SAFETY: the list is valid and locked, the entries its own.
        let entries: Vec<*mut ffi::X509_REVOKED> = unsafe { elements(ffi::X509_CRL_get_REVOKED(list.as_ptr())) };
        // SAFETY: each is one of the entries, which are valid.
        entries.into_iter().map(|entry| unsafe { Revoked::copy_of(entry) }).collect()
    }

    /// Makes the subject of `issuer` the issuer, sorts the entries by their serial numbers, and signs with `key`
    /// (`X509_CRL_sort`, `X509_CRL_sign`); the digest as in [`PKey::sign`]. Nobody checks that the key is the issuer's.
    ///
    /// # Errors
    /// As [`X509::sign`].
    pub fn sign(&self, issuer: &X509, key: &PKey, digest: Option<Digest>) -> Result<()> {
        self.sign_with(issuer, key, digest, true)
    }

    /// As [`X509Crl::sign`], but leaves the entries in their order.
    ///
    /// # Errors
    /// As [`X509::sign`].
    pub fn sign_unsorted(&self, issuer: &X509, key: &PKey, digest: Option<Digest>) -> Result<()> {
        self.sign_with(issuer, key, digest, false)
    }

    fn sign_with(&self, issuer: &X509, key: &PKey, digest: Option<Digest>, sorts: bool) -> Result<()> {
        let digest = key.digest_to_sign(digest)?;
        let name = issuer.subject().to_handle()?;
        let list = self.lock_to_change();
        // SAFETY: both are valid, the list is locked; the name is copied.
        let set = unsafe { ffi::X509_CRL_set_issuer_name(list.as_ptr(), name.as_ptr()) };
        check::one(set, "X509_CRL_set_issuer_name")?;
        if sorts {
            // SAFETY: the list is valid and locked.
            check::one(unsafe { ffi::X509_CRL_sort(list.as_ptr()) }, "X509_CRL_sort")?;
        }
        // SAFETY: both are valid, the list is locked; the digest is null or a constant.
        let signed = unsafe { ffi::X509_CRL_sign(list.as_ptr(), key.as_ptr(), digest) };
        check::positive(signed, "X509_CRL_sign")?;
        queue::clear();
        Ok(())
    }
}

impl fmt::Debug for X509Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Crl").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
