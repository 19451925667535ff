//! The fields of a certificate.

use std::fmt;

use ironssl_sys as ffi;

use super::X509;
use crate::asn1::object::Nid;
use crate::asn1::{integer, time};
use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::pkey::PKey;
use crate::queue;

/// A serial number, of any size.
#[derive(Clone, PartialEq, Eq)]
pub struct Serial {
    negative: bool,
    magnitude: Vec<u8>,
}

impl Serial {
    pub(crate) fn new(negative: bool, magnitude: &[u8]) -> Self {
        Self { negative, magnitude: magnitude.to_vec() }
    }

    /// Whether it is negative, which RFC 5280 forbids, but which exists.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its magnitude, most significant byte first.
    #[must_use]
    pub fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.negative { "-0x" } else { "0x" })?;
        self.magnitude.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl X509 {
    /// The version as it is encoded: 2 stands for X.509 v3 (`X509_get_version`).
    #[must_use]
    pub fn version(&self) -> i64 {
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked.
        let version = unsafe { ffi::X509_get_version(state.as_ptr()) };
        // A number that is too large, for which C gives -1, is an error to it.
        queue::clear();
        version
    }

    /// Sets the version: 2 for X.509 v3 (`X509_set_version`). No value is refused.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is no memory.
    pub fn set_version(&self, version: i64) -> Result<()> {
        let state = self.0.lock_to_change()?;
        // SAFETY: the certificate is valid, locked and ours alone.
        check::one(unsafe { ffi::X509_set_version(state.as_ptr(), version) }, "X509_set_version")
    }

    /// The serial number (`X509_get0_serialNumber`).
    #[must_use]
    pub fn serial_number(&self) -> Serial {
        self.serial_number_with(Serial::new)
    }

    /// As [`X509::serial_number`], without a copy: calls `with` on whether it is negative and on its magnitude, most
    /// significant byte first, with the certificate locked.
    pub fn serial_number_with<R>(&self, with: impl FnOnce(bool, &[u8]) -> R) -> R {
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked; it always has a serial number.
        unsafe { integer::read(ffi::X509_get0_serialNumber(state.as_ptr()), with) }
    }

    /// Sets the serial number: a number of any size in two's complement, most significant byte first, as
    /// `i128::to_be_bytes` gives it (`X509_set_serialNumber`).
    ///
    /// # Errors
    /// [`Error::Value`] for a negative one.
    pub fn set_serial_number(&self, serial: &[u8]) -> Result<()> {
        queue::clear();
        let serial = integer::new(integer::magnitude(serial)?)?;
        let state = self.0.lock_to_change()?;
        // SAFETY: both are valid, the certificate is locked and ours alone; the number is copied.
        let set = unsafe { ffi::X509_set_serialNumber(state.as_ptr(), serial.as_ptr()) };
        check::one(set, "X509_set_serialNumber")
    }

    /// The start of the validity as GENERALIZEDTIME, `YYYYMMDDhhmmss` and `Z` or an offset; none where it is not set.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is no time.
    pub fn not_before(&self) -> Result<Option<Vec<u8>>> {
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked, the time its own.
        unsafe { time::text(ffi::X509_get0_notBefore(state.as_ptr())) }
    }

    /// The end of the validity; as [`X509::not_before`].
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is no time.
    pub fn not_after(&self) -> Result<Option<Vec<u8>>> {
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked, the time its own.
        unsafe { time::text(ffi::X509_get0_notAfter(state.as_ptr())) }
    }

    /// Sets the start of the validity: `YYYYMMDDhhmmssZ`, `YYYYMMDDhhmmss+hhmm` or `YYYYMMDDhhmmss-hhmm`, with or
    /// without a fraction of a second, kept as given; or `YYMMDDhhmmssZ`, kept as UTCTIME.
    ///
    /// # Errors
    /// [`Error::Value`] for any other text, and for dates that do not exist.
    pub fn set_not_before(&self, when: &[u8]) -> Result<()> {
        queue::clear();
        self.put_not_before(&time::parse(when)?)
    }

    /// Sets the end of the validity; as [`X509::set_not_before`].
    ///
    /// # Errors
    /// As [`X509::set_not_before`].
    pub fn set_not_after(&self, when: &[u8]) -> Result<()> {
        queue::clear();
        self.put_not_after(&time::parse(when)?)
    }

    /// Sets the start of the validity to `seconds` after now, or before where negative (`X509_gmtime_adj`).
    ///
    /// # Errors
    /// [`Error::Value`] where the year would not be one from 0 to 9999.
    pub fn set_not_before_from_now(&self, seconds: i64) -> Result<()> {
        queue::clear();
        self.put_not_before(&time::from_now(seconds)?)
    }

    /// Sets the end of the validity; as [`X509::set_not_before_from_now`].
    ///
    /// # Errors
    /// As [`X509::set_not_before_from_now`].
    pub fn set_not_after_from_now(&self, seconds: i64) -> Result<()> {
        queue::clear();
        self.put_not_after(&time::from_now(seconds)?)
    }

    fn put_not_before(&self, time: &Handle<ffi::ASN1_TIME>) -> Result<()> {
        let state = self.0.lock_to_change()?;
        // SAFETY: both are valid, the certificate is locked and ours alone; the time is copied.
        check::one(unsafe { ffi::X509_set1_notBefore(state.as_ptr(), time.as_ptr()) }, "X509_set1_notBefore")
    }

    fn put_not_after(&self, time: &Handle<ffi::ASN1_TIME>) -> Result<()> {
        let state = self.0.lock_to_change()?;
        // SAFETY: both are valid, the certificate is locked and ours alone; the time is copied.
        check::one(unsafe { ffi::X509_set1_notAfter(state.as_ptr(), time.as_ptr()) }, "X509_set1_notAfter")
    }

    /// Whether the end of the validity is past, its offset taken into account.
    ///
    /// # Errors
    /// [`Error::Value`] where it is not set, or no time.
    pub fn has_expired(&self) -> Result<bool> {
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked, the time its own.
        let past = unsafe { time::is_past(ffi::X509_get0_notAfter(state.as_ptr())) };
        past.ok_or_else(|| Error::value("Unable to determine notAfter"))
    }

    /// The public key (`X509_get_pubkey`); never with a private part.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is none, or the library does not know its kind.
    pub fn public_key(&self) -> Result<PKey> {
        queue::clear();
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked; the result is a reference of our own.
        let key = unsafe { check::owned(ffi::X509_get_pubkey(state.as_ptr()), "X509_get_pubkey")? };
        Ok(PKey::from_handle(key, false))
    }

    /// Sets the public key to the public part of `key` (`X509_set_pubkey`). The private part stays out.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the kind of key cannot be in a certificate.
    pub fn set_public_key(&self, key: &PKey) -> Result<()> {
        let public = key.public_only()?;
        let state = self.0.lock_to_change()?;
        // SAFETY: both are valid, the certificate is locked and ours alone; it takes a reference of its own.
        check::one(unsafe { ffi::X509_set_pubkey(state.as_ptr(), public.as_ptr()) }, "X509_set_pubkey")
    }

    /// The algorithm of the signature, as the signed part names it (`X509_get0_tbs_sigalg`).
    ///
    /// # Errors
    /// [`Error::Value`] where there is none that OpenSSL knows.
    pub fn signature_algorithm(&self) -> Result<Nid> {
        let state = self.0.lock();
        let mut object = std::ptr::null();
        // SAFETY: the certificate is valid and locked, the algorithm its own; null is for what is not wanted.
        let nid = unsafe {
            let algorithm = ffi::X509_get0_tbs_sigalg(state.as_ptr());
            ffi::X509_ALGOR_get0(&raw mut object, std::ptr::null_mut(), std::ptr::null_mut(), algorithm);
            ffi::OBJ_obj2nid(object)
        };
        queue::clear();
        Nid::from_raw(nid).ok_or_else(|| Error::value("Undefined signature algorithm"))
    }
}
