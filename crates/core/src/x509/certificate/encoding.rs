//! Reading and writing certificates: PEM, DER, text.

use std::ffi::c_void;
use std::ptr;

use ironssl_sys as ffi;

use super::{State, X509};
use crate::bio_memory::{Reader, Writer};
use crate::callback::passphrase::{Passphrase, Supply};
use crate::check;
use crate::encoding;
use crate::error::Result;
use crate::queue;

/// A function that reads the next certificate of a BIO.
pub(super) type ReadPem =
    unsafe extern "C" fn(*mut ffi::BIO, *mut *mut ffi::X509, ffi::pem_password_cb, *mut c_void) -> *mut ffi::X509;

/// That for `CERTIFICATE`, and its name.
pub(super) const PLAIN: (ReadPem, &str) = (ffi::PEM_read_bio_X509, "PEM_read_bio_X509");

/// That for `TRUSTED CERTIFICATE` as well.
pub(super) const TRUSTED: (ReadPem, &str) = (ffi::PEM_read_bio_X509_AUX, "PEM_read_bio_X509_AUX");

impl X509 {
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

    fn read_pem(pem: &[u8], (read, name): (ReadPem, &'static str)) -> Result<Self> {
        queue::clear();
        let reader = Reader::new(pem)?;
        // A PEM block may say that it is encrypted, whatever is in it.
        let mut supply = Supply::new(Passphrase::None);
        // SAFETY: the BIO is valid; null asks for a new object; the function and its data fit together and last for the
        // call.
        let handle = unsafe {
            let raw = read(reader.as_ptr(), ptr::null_mut(), Supply::function(), supply.data());
            check::owned(raw, name)?
        };
        queue::clear();
        Ok(Self::wrap(State::new(handle, false, false)))
    }

    /// A certificate in DER (`d2i_X509`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is none, or damaged.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        queue::clear();
        let length = check::long_len(der.len())?;
        let mut at = der.as_ptr();
        // SAFETY: `at` points to `length` bytes; null asks for a new object.
        let handle = unsafe { check::owned(ffi::d2i_X509(ptr::null_mut(), &raw mut at, length), "d2i_X509")? };
        queue::clear();
        Ok(Self::wrap(State::new(handle, false, false)))
    }

    /// A certificate in DER, with what OpenSSL keeps beside it, such as a name (`d2i_X509_AUX`).
    ///
    /// # Errors
    /// As [`X509::from_der`].
    pub(crate) fn from_trusted_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        let handle = unsafe { encoding::from_der(der, ffi::d2i_X509_AUX, "d2i_X509_AUX")? };
        Ok(Self::wrap(State::new(handle, false, false)))
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
        queue::clear();
        let writer = Writer::new()?;
        let state = self.0.lock();
        // SAFETY: the BIO is valid; the certificate is valid and locked.
        check::one(unsafe { ffi::PEM_write_bio_X509(writer.as_ptr(), state.as_ptr()) }, "PEM_write_bio_X509")?;
        Ok(writer.bytes().to_vec())
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
        queue::clear();
        let writer = Writer::new()?;
        let state = self.0.lock();
        // SAFETY: the BIO is valid; the certificate is valid and locked.
        let written = unsafe { ffi::X509_print(writer.as_ptr(), state.as_ptr()) };
        check::positive(written, "X509_print")?;
        queue::clear();
        Ok(writer.bytes().to_vec())
    }
}
