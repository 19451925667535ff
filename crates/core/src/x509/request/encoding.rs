//! Reading and writing requests: PEM, DER, text.

use ironssl_sys as ffi;

use super::X509Req;
use crate::encoding;
use crate::error::Result;

impl X509Req {
    /// The first request in PEM (`PEM_read_bio_X509_REQ`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or it is damaged.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_pem(pem, ffi::PEM_read_bio_X509_REQ, "PEM_read_bio_X509_REQ") }.map(Self::from_handle)
    }

    /// A request in DER (`d2i_X509_REQ`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is none, or damaged.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_der(der, ffi::d2i_X509_REQ, "d2i_X509_REQ") }.map(Self::from_handle)
    }

    /// The request in PEM (`PEM_write_bio_X509_REQ`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn to_pem(&self) -> Result<Vec<u8>> {
        let request = self.0.lock();
        encoding::written(
            // SAFETY: the BIO is valid; the request is valid and locked.
            |bio| unsafe { ffi::PEM_write_bio_X509_REQ(bio, request.as_ptr()) },
            "PEM_write_bio_X509_REQ",
        )
    }

    /// The request in DER (`i2d_X509_REQ`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let request = self.0.lock();
        // SAFETY: the function is of that family; the request is valid and locked.
        unsafe { encoding::to_der(request.as_ptr(), ffi::i2d_X509_REQ, "i2d_X509_REQ") }
    }

    /// The request in words (`X509_REQ_print`), also where it is not complete.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the library cannot print it.
    pub fn to_text(&self) -> Result<Vec<u8>> {
        let request = self.0.lock();
        // SAFETY: the BIO is valid; the request is valid and locked.
        encoding::written(|bio| unsafe { ffi::X509_REQ_print(bio, request.as_ptr()) }, "X509_REQ_print")
    }
}
