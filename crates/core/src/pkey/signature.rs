//! Signing data, and verifying signatures.

use std::ptr;

use ironssl_sys as ffi;

use super::PKey;
use crate::check;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::queue;

/// A context for one signature.
fn context() -> Result<Handle<ffi::EVP_MD_CTX>> {
    queue::clear();
    // SAFETY: no preconditions.
    unsafe { check::owned(ffi::EVP_MD_CTX_new(), "EVP_MD_CTX_new") }
}

impl PKey {
    /// Signs `data` (`EVP_DigestSign`). Keys that hash what they sign themselves (Ed25519, Ed448, ML-DSA, SLH-DSA)
    /// take no digest: the one given is not used.
    ///
    /// ```
    /// use ironssl::digest::Digest;
    /// use ironssl::pkey::PKey;
    /// let (key, sha256) = (PKey::generate_rsa(2048)?, Some(Digest::by_name("sha256")?));
    /// let signature = key.sign(b"data", sha256)?;
    /// key.public_only()?.verify(&signature, b"data", sha256)?;
    /// assert!(key.verify(&signature, b"other data", sha256).is_err());
    /// # Ok::<(), ironssl::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Value`] where the key has only a public part, or needs a digest and gets none; [`Error::OpenSsl`]
    /// where the library cannot sign.
    pub fn sign(&self, data: &[u8], digest: Option<Digest>) -> Result<Vec<u8>> {
        let digest = self.digest_to_sign(digest)?;
        let context = context()?;
        // SAFETY: both are valid; the digest is null or a constant of the library; null is for what is not wanted.
        let ready = unsafe {
            ffi::EVP_DigestSignInit(context.as_ptr(), ptr::null_mut(), digest, ptr::null_mut(), self.as_ptr())
        };
        check::one(ready, "EVP_DigestSignInit")?;
        let mut length = 0;
        // SAFETY: the context is ready, `data` valid for its length; null asks for the longest length only.
        let sized = unsafe {
            ffi::EVP_DigestSign(context.as_ptr(), ptr::null_mut(), &raw mut length, data.as_ptr(), data.len())
        };
        check::one(sized, "EVP_DigestSign")?;
        let mut signature = vec![0; length];
        // SAFETY: as above; `signature` has room for `length` bytes.
        let signed = unsafe {
            ffi::EVP_DigestSign(context.as_ptr(), signature.as_mut_ptr(), &raw mut length, data.as_ptr(), data.len())
        };
        check::one(signed, "EVP_DigestSign")?;
        signature.truncate(length);
        queue::clear();
        Ok(signature)
    }

    /// Verifies that `signature` is one of `data` by this key (`EVP_DigestVerify`); the digest as in [`PKey::sign`].
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is not; [`Error::Value`] where the key needs a digest and gets none.
    pub fn verify(&self, signature: &[u8], data: &[u8], digest: Option<Digest>) -> Result<()> {
        let digest = self.digest_to_verify(digest)?;
        let context = context()?;
        // SAFETY: both are valid; the digest is null or a constant of the library; null is for what is not wanted.
        let ready = unsafe {
            ffi::EVP_DigestVerifyInit(context.as_ptr(), ptr::null_mut(), digest, ptr::null_mut(), self.as_ptr())
        };
        check::one(ready, "EVP_DigestVerifyInit")?;
        // SAFETY: the context is ready; both slices are valid for their lengths.
        let verified = unsafe {
            ffi::EVP_DigestVerify(context.as_ptr(), signature.as_ptr(), signature.len(), data.as_ptr(), data.len())
        };
        check::one(verified, "EVP_DigestVerify")
    }

    /// The digest for C to sign with; null for keys that take none.
    ///
    /// # Errors
    /// [`Error::Value`] as in [`PKey::sign`].
    pub(crate) fn digest_to_sign(&self, digest: Option<Digest>) -> Result<*const ffi::EVP_MD> {
        if !self.is_private() {
            return Err(Error::value("Key only has public part"));
        }
        self.digest_to_verify(digest)
    }

    /// The digest for C to verify with; null for keys that take none.
    fn digest_to_verify(&self, digest: Option<Digest>) -> Result<*const ffi::EVP_MD> {
        match digest {
            _ if self.signs_without_digest() => Ok(ptr::null()),
            Some(digest) => Ok(digest.as_ptr()),
            None => Err(Error::value("No such digest method")),
        }
    }
}
