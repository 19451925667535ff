//! Reading and writing revocation lists: PEM, DER, text.

use ironssl_sys as ffi;

use super::X509Crl;
use crate::encoding;
use crate::error::Result;
use crate::handle::Handle;

impl X509Crl {
    /// The first list in PEM (`PEM_read_bio_X509_CRL`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or it is damaged.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_pem(pem, ffi::PEM_read_bio_X509_CRL, "PEM_read_bio_X509_CRL") }.map(Self::from_handle)
    }

    /// A list in DER (`d2i_X509_CRL`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is none, or damaged.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::decode(der).map(Self::from_handle)
    }

    /// A list of C from its DER.
    pub(super) fn decode(der: &[u8]) -> Result<Handle<ffi::X509_CRL>> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_der(der, ffi::d2i_X509_CRL, "d2i_X509_CRL") }
    }

    /// The list in PEM (`PEM_write_bio_X509_CRL`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn to_pem(&self) -> Result<Vec<u8>> {
        let list = self.0.lock();
        encoding::written(
            // SAFETY: the BIO is valid; the list is valid and locked.
            |bio| unsafe { ffi::PEM_write_bio_X509_CRL(bio, list.as_ptr()) },
            "PEM_write_bio_X509_CRL",
        )
    }

    /// The list in DER (`i2d_X509_CRL`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let list = self.0.lock();
        // SAFETY: the function is of that family; the list is valid and locked.
        unsafe { encoding::to_der(list.as_ptr(), ffi::i2d_X509_CRL, "i2d_X509_CRL") }
    }

    /// The list in words (`X509_CRL_print`), also where it is not complete.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the library cannot print it.
    pub fn to_text(&self) -> Result<Vec<u8>> {
        let list = self.0.lock();
        // SAFETY: the BIO is valid; the list is valid and locked.
        encoding::written(|bio| unsafe { ffi::X509_CRL_print(bio, list.as_ptr()) }, "X509_CRL_print")
    }
}
