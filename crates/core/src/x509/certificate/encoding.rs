//! Reading and writing certificates: PEM, DER, text.

use std::ptr;

use ironssl_sys as ffi;

use super::{State, X509};
use crate::check;
use crate::encoding::{self, FromPem};
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;

/// A function that reads the next certificate of a BIO, and its name.
pub(super) type ReadPem = (FromPem<ffi::X509>, &'static str);

/// That for `CERTIFICATE`.
pub(super) const PLAIN: ReadPem = (ffi::PEM_read_bio_X509, "PEM_read_bio_X509");

/// That for `TRUSTED CERTIFICATE` as well.
pub(super) const TRUSTED: ReadPem = (ffi::PEM_read_bio_X509_AUX, "PEM_read_bio_X509_AUX");

impl X509 {
    /// A certificate that was just read, which nobody else has.
    fn read(handle: Handle<ffi::X509>) -> Self {
        Self::wrap(State::new(handle, false, false))
    }

    /// The first certificate in PEM (`PEM_read_bio_X509`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or it is damaged.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        Self::read_pem(pem, PLAIN)
    }

    /// As [`X509::from_pem`], but also one of OpenSSL's own form, with what it is trusted for (`TRUSTED CERTIFICATE`;
    /// `PEM_read_bio_X509_AUX`).
    pub(crate) fn from_trusted_pem(pem: &[u8]) -> Result<Self> {
        Self::read_pem(pem, TRUSTED)
    }

    fn read_pem(pem: &[u8], (read, call): ReadPem) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_pem(pem, read, call) }.map(Self::read)
    }

    /// A certificate in DER (`d2i_X509`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is none, or damaged.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_der(der, ffi::d2i_X509, "d2i_X509") }.map(Self::read)
    }

    /// A certificate in DER, with what OpenSSL keeps beside it, such as a name (`d2i_X509_AUX`).
    ///
    /// # Errors
    /// As [`X509::from_der`].
    pub(crate) fn from_trusted_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_der(der, ffi::d2i_X509_AUX, "d2i_X509_AUX") }.map(Self::read)
    }

    /// The certificate in DER, with what OpenSSL keeps beside it (`i2d_X509_AUX`).
    ///
    /// # Errors
    /// As [`X509::to_der`].
    pub(crate) fn to_trusted_der(&self) -> Result<Vec<u8>> {
        let state = self.0.lock();
        // SAFETY: the function is of that family; the certificate is valid and locked.
        unsafe { encoding::to_der(state.as_ptr(), ffi::i2d_X509_AUX, "i2d_X509_AUX") }
    }

    /// The certificate in PEM (`PEM_write_bio_X509`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn to_pem(&self) -> Result<Vec<u8>> {
        let state = self.0.lock();
        // SAFETY: the BIO is valid; the certificate is valid and locked.
        encoding::written(|out| unsafe { ffi::PEM_write_bio_X509(out, state.as_ptr()) }, "PEM_write_bio_X509")
    }

    /// The certificate in DER (`i2d_X509`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        self.der_with(<[u8]>::to_vec)
    }

    /// Calls `with` on the encoding.
    pub(super) fn der_with<R>(&self, with: impl FnOnce(&[u8]) -> R) -> Result<R> {
        queue::clear();
        let state = self.0.lock();
        let mut out = ptr::null_mut();
        // SAFETY: the certificate is valid and locked; null asks for a new buffer.
        let length = unsafe { ffi::i2d_X509(state.as_ptr(), &raw mut out) };
        drop(state);
        let length = check::positive(length, "i2d_X509")?;
        let out = check::borrowed(out, "i2d_X509")?;
        // SAFETY: success gave a buffer of `length` bytes.
        let result = with(unsafe { std::slice::from_raw_parts(out.as_ptr(), length) });
        // SAFETY: the buffer is ours to free, and not used afterwards.
        unsafe { ffi::OPENSSL_free(out.as_ptr().cast()) };
        Ok(result)
    }

    /// The certificate in words (`X509_print`), also where it is not complete.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the library cannot print it.
    pub fn to_text(&self) -> Result<Vec<u8>> {
        let state = self.0.lock();
        // SAFETY: the BIO is valid; the certificate is valid and locked.
        encoding::written(|out| unsafe { ffi::X509_print(out, state.as_ptr()) }, "X509_print")
    }
}
