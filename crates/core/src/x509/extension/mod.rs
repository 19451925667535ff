//! Extensions of certificates, requests and revocation lists.
//!
//! Lives here: the type and what can be read from it. Making one from text is in `conf`, the text of alternative names
//! in `general_names`. An extension never changes once it is made, so it is shared freely, without a lock.

use std::fmt;
use std::sync::Arc;

use ironssl_sys as ffi;

use crate::asn1::object::Nid;
use crate::asn1::string;
use crate::bio_memory::Writer;
use crate::check;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;

mod conf;
mod general_names;

/// An extension: which one it is, whether it is critical, and its value. Cloning shares it.
///
/// ```
/// use ironssl::x509::X509Extension;
/// let names = X509Extension::from_text("subjectAltName", false, "DNS:example.org, IP:192.0.2.1", None, None)?;
/// assert_eq!(names.to_text()?, "DNS:example.org, IP Address:192.0.2.1");
/// assert_eq!(names.short_name(), b"subjectAltName");
/// assert!(!names.is_critical());
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct X509Extension(Arc<Shared>);

/// What the clones of an extension share.
struct Shared(Handle<ffi::X509_EXTENSION>);

// SAFETY: nothing changes an X509_EXTENSION after it was made, and OpenSSL caches nothing in one.
unsafe impl Sync for Shared {}

impl X509Extension {
    /// Takes over an extension from C, which must not hold it any longer.
    pub(crate) fn from_handle(handle: Handle<ffi::X509_EXTENSION>) -> Self {
        Self(Arc::new(Shared(handle)))
    }

    /// A copy of an extension that C holds.
    ///
    /// # Safety
    /// `extension` is null or valid, and does not change during the call.
    pub(crate) unsafe fn copy_of(extension: *const ffi::X509_EXTENSION) -> Result<Self> {
        let extension = check::borrowed(extension.cast_mut(), "X509_get_ext")?;
        // SAFETY: valid by contract.
        let copy = unsafe { check::owned(ffi::X509_EXTENSION_dup(extension.as_ptr()), "X509_EXTENSION_dup")? };
        Ok(Self::from_handle(copy))
    }

    /// The extension for a C call, valid as long as `self`. C must not change it.
    pub(crate) fn as_ptr(&self) -> *mut ffi::X509_EXTENSION {
        self.0.0.as_ptr()
    }

    /// A copy for C to keep.
    pub(crate) fn to_handle(&self) -> Result<Handle<ffi::X509_EXTENSION>> {
        // SAFETY: the extension is valid.
        unsafe { check::owned(ffi::X509_EXTENSION_dup(self.as_ptr()), "X509_EXTENSION_dup") }
    }

    /// Whether both are the same extension, whatever their values.
    pub(crate) fn is_of_the_kind_of(&self, other: &Self) -> bool {
        // SAFETY: both are valid, the objects their own.
        unsafe {
            ffi::OBJ_cmp(ffi::X509_EXTENSION_get_object(self.as_ptr()), ffi::X509_EXTENSION_get_object(other.as_ptr()))
                == 0
        }
    }

    /// Which extension it is; none where OpenSSL does not know it.
    #[must_use]
    pub fn nid(&self) -> Option<Nid> {
        // SAFETY: the extension is valid, the object its own.
        Nid::from_raw(unsafe { ffi::OBJ_obj2nid(ffi::X509_EXTENSION_get_object(self.as_ptr())) })
    }

    /// The short name, such as `subjectAltName`; `UNDEF` where OpenSSL knows none.
    #[must_use]
    pub fn short_name(&self) -> &'static [u8] {
        self.nid().map_or(b"UNDEF", Nid::short_name)
    }

    /// Whether it is critical (`X509_EXTENSION_get_critical`).
    #[must_use]
    pub fn is_critical(&self) -> bool {
        // SAFETY: the extension is valid.
        unsafe { ffi::X509_EXTENSION_get_critical(self.as_ptr()) > 0 }
    }

    /// The value as it is encoded: DER, in every standard extension.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        // SAFETY: the extension is valid; its value is an OCTET STRING, which does not change while `self` lives.
        unsafe { string::bytes(ffi::X509_EXTENSION_get_data(self.as_ptr()).cast()) }
    }

    /// The value in words (`X509V3_EXT_print`). Where OpenSSL does not know the extension, a dump of the bytes, in
    /// hexadecimal and as characters; where it has no words for the value, the bytes in hexadecimal.
    ///
    /// Alternative names are written so that no value can pass for another one, or for several: commas, backslashes and
    /// control characters other than NUL in them are written as a backslash and two hexadecimal digits.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where OpenSSL knows the extension and cannot decode its value: a dump could show any
    /// text, which would pass for its words.
    pub fn to_text(&self) -> Result<String> {
        queue::clear();
        let nid = self.nid().map_or(ffi::NID_undef, Nid::as_raw);
        if matches!(nid, ffi::NID_subject_alt_name | ffi::NID_issuer_alt_name | ffi::NID_certificate_issuer) {
            return general_names::text(self);
        }
        // SAFETY: the extension is valid; the result is null or a constant of the library, which is not used.
        let known = !unsafe { ffi::X509V3_EXT_get(self.as_ptr()) }.is_null();
        queue::clear();
        let writer = Writer::new()?;
        let undecoded = if known { 0 } else { ffi::X509V3_EXT_DUMP_UNKNOWN };
        // SAFETY: the BIO and the extension are valid.
        let printed = unsafe { ffi::X509V3_EXT_print(writer.as_ptr(), self.as_ptr(), undecoded, 0) };
        if printed <= 0 {
            if !queue::is_empty() {
                return Err(check::failure("X509V3_EXT_print"));
            }
            // An empty comment, for instance: OpenSSL has no words for it.
            let bytes: Vec<String> = self.data().iter().map(|byte| format!("{byte:02X}")).collect();
            return Ok(bytes.join(":"));
        }
        queue::clear();
        Ok(String::from_utf8_lossy(writer.bytes()).into_owned())
    }
}

impl fmt::Debug for X509Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Extension")
            .field("name", &String::from_utf8_lossy(self.short_name()))
            .field("critical", &self.is_critical())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
