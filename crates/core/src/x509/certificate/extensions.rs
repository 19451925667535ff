//! The extensions of a certificate.

use std::sync::Arc;

use ironssl_sys as ffi;

use super::X509;
use crate::check;
use crate::error::Result;
use crate::queue;
use crate::x509::X509Extension;

impl X509 {
    /// How many extensions there are (`X509_get_ext_count`).
    #[must_use]
    pub fn extension_count(&self) -> usize {
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked.
        usize::try_from(unsafe { ffi::X509_get_ext_count(state.as_ptr()) }).unwrap_or(0)
    }

    /// A copy of an extension; none where there are not so many (`X509_get_ext`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn extension(&self, index: usize) -> Result<Option<X509Extension>> {
        queue::clear();
        let state = self.0.lock();
        // SAFETY: the certificate is valid and locked.
        let count = unsafe { ffi::X509_get_ext_count(state.as_ptr()) };
        let Some(index) = i32::try_from(index).ok().filter(|index| *index < count) else { return Ok(None) };
        // SAFETY: as above, and the index is below the number of extensions, which belong to the certificate.
        unsafe { X509Extension::copy_of(ffi::X509_get_ext(state.as_ptr(), index)).map(Some) }
    }

    /// Adds extensions at the end (`X509_add_ext`), also such as are there already.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn add_extensions(&self, extensions: &[X509Extension]) -> Result<()> {
        if extensions.is_empty() {
            return Ok(());
        }
        let state = self.0.lock_to_change()?;
        for extension in extensions {
            // SAFETY: both are valid, the certificate is locked and ours alone; the extension is copied.
            check::one(unsafe { ffi::X509_add_ext(state.as_ptr(), extension.as_ptr(), -1) }, "X509_add_ext")?;
        }
        Ok(())
    }

    /// Calls `with` on the subject's and the issuer's certificates, null where there is none, both locked; the same
    /// pointer where both are the same certificate. Neither may be changed.
    pub(crate) fn with_pointers<R>(
        subject: Option<&Self>,
        issuer: Option<&Self>,
        with: impl FnOnce(*mut ffi::X509, *mut ffi::X509) -> Result<R>,
    ) -> Result<R> {
        let none = std::ptr::null_mut;
        match (subject, issuer) {
            (None, None) => with(none(), none()),
            (Some(subject), None) => {
                let state = subject.0.lock();
                with(state.as_ptr(), none())
            }
            (None, Some(issuer)) => {
                let state = issuer.0.lock();
                with(none(), state.as_ptr())
            }
            (Some(subject), Some(issuer)) if Arc::ptr_eq(&subject.0, &issuer.0) => {
                let state = subject.0.lock();
                with(state.as_ptr(), state.as_ptr())
            }
            (Some(subject), Some(issuer)) => {
                // Always in the order of their addresses, as where names are compared.
                if Arc::as_ptr(&subject.0) < Arc::as_ptr(&issuer.0) {
                    let subject = subject.0.lock();
                    let issuer = issuer.0.lock();
                    with(subject.as_ptr(), issuer.as_ptr())
                } else {
                    let issuer = issuer.0.lock();
                    let subject = subject.0.lock();
                    with(subject.as_ptr(), issuer.as_ptr())
                }
            }
        }
    }
}
