//! Signed public keys as Netscape's browsers sent them (SPKAC, the answer to HTML's `keygen`).

use std::fmt;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::Mutex;

use crate::check;
use crate::digest::Digest;
use crate::encoding;
use crate::error::Result;
use crate::handle::Handle;
use crate::pkey::PKey;
use crate::queue;

/// A public key that its private key has signed. Cloning shares it.
///
/// ```
/// use ironssl::digest::Digest;
/// use ironssl::pkey::PKey;
/// use ironssl::spki::NetscapeSpki;
/// let key = PKey::generate_rsa(2048)?;
/// let spki = NetscapeSpki::new()?;
/// spki.set_public_key(&key)?;
/// spki.sign(&key, Some(Digest::by_name("sha256")?))?;
/// let again = NetscapeSpki::from_base64(&spki.to_base64()?)?;
/// again.verify(&again.public_key()?)?;
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct NetscapeSpki(Arc<Mutex<Handle<ffi::NETSCAPE_SPKI>>>);

impl NetscapeSpki {
    /// An object with nothing in it (`NETSCAPE_SPKI_new`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        let handle = unsafe { check::owned(ffi::NETSCAPE_SPKI_new(), "NETSCAPE_SPKI_new")? };
        Ok(Self(Arc::new(Mutex::new(handle))))
    }

    /// An object from base64, as [`NetscapeSpki::to_base64`] gives it, white space around it left out
    /// (`NETSCAPE_SPKI_b64_decode`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is none, or damaged.
    pub fn from_base64(text: &[u8]) -> Result<Self> {
        queue::clear();
        let text = text.trim_ascii();
        let length = check::int_len(text.len())?;
        if length == 0 {
            // OpenSSL would look for a NUL.
            return Err(check::failure("NETSCAPE_SPKI_b64_decode"));
        }
        // SAFETY: `text` is valid for `length`, which is not 0.
        let handle = unsafe {
            check::owned(ffi::NETSCAPE_SPKI_b64_decode(text.as_ptr().cast(), length), "NETSCAPE_SPKI_b64_decode")?
        };
        queue::clear();
        Ok(Self(Arc::new(Mutex::new(handle))))
    }

    /// The object in base64, in one line (`i2d_NETSCAPE_SPKI`, `EVP_EncodeBlock`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it has no key, or is not signed.
    pub fn to_base64(&self) -> Result<Vec<u8>> {
        let object = self.0.lock();
        // SAFETY: the function is of that family; the object is valid and locked.
        let der = unsafe { encoding::to_der(object.as_ptr(), ffi::i2d_NETSCAPE_SPKI, "i2d_NETSCAPE_SPKI")? };
        let length = check::int_len(der.len())?;
        // Four characters for three bytes, and a NUL.
        let mut text = vec![0; der.len().div_ceil(3) * 4 + 1];
        // SAFETY: `der` is valid for `length`, and `text` has room for its encoding.
        let written = unsafe { ffi::EVP_EncodeBlock(text.as_mut_ptr(), der.as_ptr(), length) };
        text.truncate(check::positive(written, "EVP_EncodeBlock")?);
        Ok(text)
    }

    /// The public key (`NETSCAPE_SPKI_get_pubkey`); never with a private part.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or the library does not know its kind.
    pub fn public_key(&self) -> Result<PKey> {
        queue::clear();
        let object = self.0.lock();
        // SAFETY: the object is valid and locked; the result is a reference of our own.
        let key = unsafe { check::owned(ffi::NETSCAPE_SPKI_get_pubkey(object.as_ptr()), "NETSCAPE_SPKI_get_pubkey")? };
        Ok(PKey::from_handle(key, false))
    }

    /// Sets the public key to the public part of `key` (`NETSCAPE_SPKI_set_pubkey`). The private part stays out.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the kind of key has no such encoding.
    pub fn set_public_key(&self, key: &PKey) -> Result<()> {
        let public = key.public_only()?;
        let object = self.0.lock();
        // SAFETY: both are valid, the object is locked; it takes a reference of its own.
        let set = unsafe { ffi::NETSCAPE_SPKI_set_pubkey(object.as_ptr(), public.as_ptr()) };
        check::one(set, "NETSCAPE_SPKI_set_pubkey")
    }

    /// Signs with `key` (`NETSCAPE_SPKI_sign`); the digest as in [`PKey::sign`].
    ///
    /// # Errors
    /// As [`crate::x509::X509::sign`].
    pub fn sign(&self, key: &PKey, digest: Option<Digest>) -> Result<()> {
        let digest = key.digest_to_sign(digest)?;
        queue::clear();
        let object = self.0.lock();
        // SAFETY: both are valid, the object is locked; the digest is null or a constant.
        let signed = unsafe { ffi::NETSCAPE_SPKI_sign(object.as_ptr(), key.as_ptr(), digest) };
        check::positive(signed, "NETSCAPE_SPKI_sign")?;
        queue::clear();
        Ok(())
    }

    /// Verifies the signature with `key` (`NETSCAPE_SPKI_verify`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is not the signature of that key, or there is none.
    pub fn verify(&self, key: &PKey) -> Result<()> {
        queue::clear();
        let object = self.0.lock();
        // SAFETY: both are valid, the object is locked.
        check::one(unsafe { ffi::NETSCAPE_SPKI_verify(object.as_ptr(), key.as_ptr()) }, "NETSCAPE_SPKI_verify")
    }
}

impl fmt::Debug for NetscapeSpki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetscapeSpki").field("public_key", &self.public_key()).finish_non_exhaustive()
    }
}
