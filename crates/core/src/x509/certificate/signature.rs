//! Signing a certificate, and the digests of one.

use ironssl_sys as ffi;

use super::X509;
use crate::check;
use crate::digest::{Digest, Value};
use crate::error::Result;
use crate::pkey::PKey;
use crate::queue;

impl X509 {
    /// Signs with `key` (`X509_sign`). Keys that hash what they sign themselves (Ed25519, Ed448, ML-DSA, SLH-DSA) take
    /// no digest: the one given is not used.
    ///
    /// # Errors
    /// [`crate::Error::Value`] where `key` has only a public part, or needs a digest and gets none; [`crate::Error::OpenSsl`] where
    /// the certificate is not complete, or the library cannot sign.
    pub fn sign(&self, key: &PKey, digest: Option<Digest>) -> Result<()> {
        let digest = key.digest_to_sign(digest)?;
        let state = self.0.lock_to_change()?;
        // SAFETY: both are valid, the certificate is locked and ours alone; the digest is null or a constant.
        let signed = unsafe { ffi::X509_sign(state.as_ptr(), key.as_ptr(), digest) };
        check::positive(signed, "X509_sign")?;
        queue::clear();
        Ok(())
    }

    /// The digest of the encoded certificate.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not complete enough to be encoded.
    pub fn digest(&self, digest: Digest) -> Result<Value> {
        // Not X509_digest: it may answer from a cache that does not know about changes.
        self.der_with(|der| digest.hash(der))?
    }

    /// The hash of the subject ([`crate::x509::X509Name::hash`]).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where SHA-1 is not to be had.
    pub fn subject_name_hash(&self) -> Result<u32> {
        self.subject().hash()
    }
}
