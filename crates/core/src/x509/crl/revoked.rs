//! The entries of a revocation list.

use std::fmt;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::Mutex;

use crate::asn1::{integer, time};
use crate::check;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;
use crate::x509::{Serial, X509Extension};

/// Why a certificate was revoked (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    code: u8,
    name: &'static str,
}

impl Reason {
    /// Nobody says.
    pub const UNSPECIFIED: Self = Self { code: 0, name: "unspecified" };
    /// The private key is known, or believed to be known, to somebody else.
    pub const KEY_COMPROMISE: Self = Self { code: 1, name: "keyCompromise" };
    /// As [`Reason::KEY_COMPROMISE`], for the key of an authority.
    pub const CA_COMPROMISE: Self = Self { code: 2, name: "CACompromise" };
    /// The subject's name or affiliation has changed.
    pub const AFFILIATION_CHANGED: Self = Self { code: 3, name: "affiliationChanged" };
    /// Another certificate has taken its place.
    pub const SUPERSEDED: Self = Self { code: 4, name: "superseded" };
    /// It is not needed any longer.
    pub const CESSATION_OF_OPERATION: Self = Self { code: 5, name: "cessationOfOperation" };
    /// It is on hold.
    pub const CERTIFICATE_HOLD: Self = Self { code: 6, name: "certificateHold" };
    /// It was on hold, and is good again; for lists of changes only.
    pub const REMOVE_FROM_CRL: Self = Self { code: 8, name: "removeFromCRL" };

    /// All reasons that OpenSSL's tools know.
    pub const ALL: [Self; 8] = [
        Self::UNSPECIFIED,
        Self::KEY_COMPROMISE,
        Self::CA_COMPROMISE,
        Self::AFFILIATION_CHANGED,
        Self::SUPERSEDED,
        Self::CESSATION_OF_OPERATION,
        Self::CERTIFICATE_HOLD,
        Self::REMOVE_FROM_CRL,
    ];

    /// By its name (`keyCompromise`) or by OpenSSL's words for it (`Key Compromise`): case and spaces do not count.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let name: String = name.split(' ').collect();
        Self::ALL.into_iter().find(|reason| reason.name.eq_ignore_ascii_case(&name))
    }

    /// Its name, such as `keyCompromise`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }
}

/// An entry of a revocation list: which certificate, since when, and why. Cloning shares it.
#[derive(Clone)]
pub struct Revoked(Arc<Mutex<Handle<ffi::X509_REVOKED>>>);

impl Revoked {
    /// An entry with nothing in it (`X509_REVOKED_new`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        Ok(Self::from_handle(unsafe { check::owned(ffi::X509_REVOKED_new(), "X509_REVOKED_new")? }))
    }

    fn from_handle(handle: Handle<ffi::X509_REVOKED>) -> Self {
        Self(Arc::new(Mutex::new(handle)))
    }

    /// A copy of an entry of C.
    ///
    /// # Safety
    /// `entry` is valid, and does not change during the call.
    pub(super) unsafe fn copy_of(entry: *const ffi::X509_REVOKED) -> Result<Self> {
        // SAFETY: valid by contract.
        Ok(Self::from_handle(unsafe { check::owned(ffi::X509_REVOKED_dup(entry), "X509_REVOKED_dup")? }))
    }

    /// A copy for C to keep.
    pub(super) fn to_handle(&self) -> Result<Handle<ffi::X509_REVOKED>> {
        queue::clear();
        let entry = self.0.lock();
        // SAFETY: the entry is valid and locked.
        unsafe { check::owned(ffi::X509_REVOKED_dup(entry.as_ptr()), "X509_REVOKED_dup") }
    }

    /// The serial number of the certificate (`X509_REVOKED_get0_serialNumber`).
    #[must_use]
    pub fn serial_number(&self) -> Serial {
        let entry = self.0.lock();
        // SAFETY: the entry is valid and locked; it always has a serial number.
        unsafe { integer::read(ffi::X509_REVOKED_get0_serialNumber(entry.as_ptr()), Serial::new) }
    }

    /// Sets the serial number: a number of any size, most significant byte first (`X509_REVOKED_set_serialNumber`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn set_serial_number(&self, magnitude: &[u8]) -> Result<()> {
        queue::clear();
        let serial = integer::new(magnitude)?;
        let entry = self.0.lock();
        // SAFETY: both are valid, the entry is locked; the number is copied.
        let set = unsafe { ffi::X509_REVOKED_set_serialNumber(entry.as_ptr(), serial.as_ptr()) };
        check::one(set, "X509_REVOKED_set_serialNumber")
    }

    /// Since when the certificate is revoked, as GENERALIZEDTIME; none where it is not set.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is no time.
    pub fn date(&self) -> Result<Option<Vec<u8>>> {
        let entry = self.0.lock();
        // SAFETY: the entry is valid and locked, the time its own.
        unsafe { time::text(ffi::X509_REVOKED_get0_revocationDate(entry.as_ptr())) }
    }

    /// Sets since when the certificate is revoked; the forms are those of [`crate::x509::X509::set_not_before`].
    ///
    /// # Errors
    /// [`crate::Error::Value`] for any other text, and for dates that do not exist.
    pub fn set_date(&self, when: &[u8]) -> Result<()> {
        let time = time::parse(when)?;
        let entry = self.0.lock();
        // SAFETY: both are valid, the entry is locked; the time is copied.
        let set = unsafe { ffi::X509_REVOKED_set_revocationDate(entry.as_ptr(), time.as_ptr()) };
        check::one(set, "X509_REVOKED_set_revocationDate")
    }

    /// Why it was revoked, in OpenSSL's words, such as `Key Compromise`; none where nobody says.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the extension that says so cannot be printed.
    pub fn reason(&self) -> Result<Option<String>> {
        queue::clear();
        let entry = self.0.lock();
        let Some(index) = reason_index(&entry) else { return Ok(None) };
        // SAFETY: the entry is valid and locked, the index one of its extensions.
        let extension = unsafe { X509Extension::copy_of(ffi::X509_REVOKED_get_ext(entry.as_ptr(), index))? };
        extension.to_text().map(Some)
    }

    /// Says why it was revoked; none takes the reason away.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn set_reason(&self, reason: Option<Reason>) -> Result<()> {
        // An ENUMERATED of one byte.
        let encoded = |reason: Reason| format!("DER:0A01{:02X}", reason.code);
        let made = |reason| X509Extension::from_text("CRLReason", false, &encoded(reason), None, None);
        let extension = reason.map(made).transpose()?;
        let entry = self.0.lock();
        while let Some(index) = reason_index(&entry) {
            // SAFETY: the entry is valid and locked, the index one of its extensions, which becomes ours.
            let removed = unsafe { ffi::X509_REVOKED_delete_ext(entry.as_ptr(), index) };
            // SAFETY: null, or an extension that is ours.
            drop(unsafe { check::owned(removed, "X509_REVOKED_delete_ext")? });
        }
        if let Some(extension) = extension {
            // SAFETY: both are valid, the entry is locked; the extension is copied.
            let added = unsafe { ffi::X509_REVOKED_add_ext(entry.as_ptr(), extension.as_ptr(), -1) };
            check::one(added, "X509_REVOKED_add_ext")?;
        }
        queue::clear();
        Ok(())
    }
}

/// Where the extension with the reason is, in an entry that is locked.
fn reason_index(entry: &Handle<ffi::X509_REVOKED>) -> Option<i32> {
    // SAFETY: the entry is valid; -1 starts at the first extension.
    let index = unsafe { ffi::X509_REVOKED_get_ext_by_NID(entry.as_ptr(), ffi::NID_crl_reason, -1) };
    (index >= 0).then_some(index)
}

impl fmt::Debug for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revoked").field("serial_number", &self.serial_number()).finish_non_exhaustive()
    }
}
