//! Reading several certificates from one PEM text.

use std::ptr;

use ironssl_sys as ffi;

use super::X509;
use super::encoding::{PLAIN, ReadPem, TRUSTED};
use crate::bio_memory::Reader;
use crate::callback::passphrase::{Passphrase, Supply};
use crate::check;
use crate::error::Result;
use crate::queue;

impl X509 {
    /// All certificates in PEM, in order; other blocks between them are left out (`PEM_read_bio_X509`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or one is damaged.
    pub fn list_from_pem(pem: &[u8]) -> Result<Vec<Self>> {
        Self::list(pem, PLAIN)
    }

    /// As [`X509::list_from_pem`], but the first one may also be of OpenSSL's own form, with what it is trusted for
    /// (`PEM_read_bio_X509_AUX`).
    pub(crate) fn chain_from_pem(pem: &[u8]) -> Result<Vec<Self>> {
        Self::list(pem, TRUSTED)
    }

    fn list(pem: &[u8], first: ReadPem) -> Result<Vec<Self>> {
        queue::clear();
        let reader = Reader::new(pem)?;
        let mut certificates = Vec::new();
        loop {
            let (read, name) = if certificates.is_empty() { first } else { PLAIN };
            let mut supply = Supply::new(Passphrase::None);
            // SAFETY: the BIO is valid; null asks for a new object; the function and its data fit together and last for
            // the call.
            let raw = unsafe { read(reader.as_ptr(), ptr::null_mut(), Supply::function(), supply.data()) };
            if raw.is_null() && !certificates.is_empty() && queue::last_is(ffi::ERR_LIB_PEM, ffi::PEM_R_NO_START_LINE) {
                queue::clear();
                return Ok(certificates);
            }
            // SAFETY: null, or an object that is ours.
            certificates.push(Self::from_handle(unsafe { check::owned(raw, name) }?));
        }
    }
}
