//! Keys: public ones and pairs.
//!
//! Lives here: the type, making new keys, and what can be asked of one. Reading and writing is in `encoding`, what old
//! programs have encrypted in `old`, signing data in `signature`.
//!
//! An `EVP_PKEY` never changes once it is made: there is no call here that changes one, and OpenSSL guards what it
//! caches in one by locks of its own. So a key is shared freely, without a lock.

use std::ffi::{CStr, c_char, c_int};
use std::fmt;
use std::ptr;

use ironssl_sys as ffi;

use crate::asn1::object::Nid;
use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::queue;

mod encoding;
mod old;
mod signature;

pub use crate::callback::passphrase::{MAX_LEN as MAX_PASSPHRASE_LEN, Passphrase, Purpose};
pub use encoding::Cipher;

/// A public key, or a pair of a private and a public one. Cloning shares it.
///
/// ```
/// use ironssl::pkey::{PKey, Passphrase};
/// let key = PKey::generate_rsa(2048)?;
/// let public = key.public_only()?;
/// assert!(key.is_private() && !public.is_private());
/// assert_eq!(public.bits(), 2048);
/// let pem = key.to_pem(None, Passphrase::None)?;
/// assert_eq!(PKey::from_pem(&pem, Passphrase::None)?, key);
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct PKey {
    handle: Handle<ffi::EVP_PKEY>,
    private: bool,
}

// SAFETY: nothing changes an EVP_PKEY after it was made (see the head of this file), its count of references is
// atomic, and OpenSSL locks what it caches in one.
unsafe impl Sync for PKey {}

impl PKey {
    /// Takes over a key from C. `private` says whether it has a private part.
    pub(crate) fn from_handle(handle: Handle<ffi::EVP_PKEY>, private: bool) -> Self {
        Self { handle, private }
    }

    /// A reference for C to take over.
    pub(crate) fn share(&self) -> Handle<ffi::EVP_PKEY> {
        self.handle.clone()
    }

    /// The key for a C call, valid as long as `self`. C must not change it.
    pub(crate) fn as_ptr(&self) -> *mut ffi::EVP_PKEY {
        self.handle.as_ptr()
    }

    /// A new RSA pair with a modulus of `bits` bits (`EVP_PKEY_keygen`).
    ///
    /// # Errors
    /// [`Error::Value`] where `bits` is 0; [`Error::OpenSsl`] where the library refuses the size (below 512).
    pub fn generate_rsa(bits: u32) -> Result<Self> {
        let bits = size(bits)?;
        queue::clear();
        // SAFETY: a type that the library knows; no engine.
        let context = unsafe {
            check::owned(ffi::EVP_PKEY_CTX_new_id(ffi::EVP_PKEY_RSA, ptr::null_mut()), "EVP_PKEY_CTX_new_id")?
        };
        // SAFETY: the context is valid and ours alone.
        check::positive(unsafe { ffi::EVP_PKEY_keygen_init(context.as_ptr()) }, "EVP_PKEY_keygen_init")?;
        // SAFETY: as above; the context is one for making RSA keys.
        let set = unsafe { ffi::EVP_PKEY_CTX_set_rsa_keygen_bits(context.as_ptr(), bits) };
        check::positive(set, "EVP_PKEY_CTX_set_rsa_keygen_bits")?;
        generate(&context)
    }

    /// A new DSA pair, with parameters of its own whose prime has `bits` bits (`EVP_PKEY_paramgen`).
    ///
    /// # Errors
    /// [`Error::Value`] where `bits` is 0; [`Error::OpenSsl`] where the library refuses the size (below 512).
    pub fn generate_dsa(bits: u32) -> Result<Self> {
        let bits = size(bits)?;
        queue::clear();
        // SAFETY: a type that the library knows; no engine.
        let context = unsafe {
            check::owned(ffi::EVP_PKEY_CTX_new_id(ffi::EVP_PKEY_DSA, ptr::null_mut()), "EVP_PKEY_CTX_new_id")?
        };
        // SAFETY: the context is valid and ours alone.
        check::positive(unsafe { ffi::EVP_PKEY_paramgen_init(context.as_ptr()) }, "EVP_PKEY_paramgen_init")?;
        // SAFETY: as above; the context is one for making DSA parameters.
        let set = unsafe { ffi::EVP_PKEY_CTX_set_dsa_paramgen_bits(context.as_ptr(), bits) };
        check::positive(set, "EVP_PKEY_CTX_set_dsa_paramgen_bits")?;
        let mut raw = ptr::null_mut();
        // SAFETY: the context is ready to make parameters; `raw` is null, which asks for a new object.
        let made = unsafe { ffi::EVP_PKEY_paramgen(context.as_ptr(), &raw mut raw) };
        check::positive(made, "EVP_PKEY_paramgen")?;
        // SAFETY: success gave us a new object.
        let parameters = unsafe { check::owned(raw, "EVP_PKEY_paramgen")? };
        // SAFETY: the parameters are valid; the context takes a reference of its own; no engine.
        let context =
            unsafe { check::owned(ffi::EVP_PKEY_CTX_new(parameters.as_ptr(), ptr::null_mut()), "EVP_PKEY_CTX_new")? };
        // SAFETY: the context is valid and ours alone.
        check::positive(unsafe { ffi::EVP_PKEY_keygen_init(context.as_ptr()) }, "EVP_PKEY_keygen_init")?;
        // The size tells the library which edition of FIPS 186 to check the parameters by, here too.
        // SAFETY: as above; the context is one for making DSA keys.
        let set = unsafe { ffi::EVP_PKEY_CTX_set_dsa_paramgen_bits(context.as_ptr(), bits) };
        check::positive(set, "EVP_PKEY_CTX_set_dsa_paramgen_bits")?;
        generate(&context)
    }

    /// The kind of key as OpenSSL numbers it (`EVP_PKEY_RSA` is 6), or 0 where it has no number for it. Keys that
    /// only a provider knows, such as ML-DSA, have the number of their algorithm's name.
    #[must_use]
    pub fn id(&self) -> i32 {
        // SAFETY: the key is valid.
        let id = unsafe { ffi::EVP_PKEY_get_base_id(self.as_ptr()) };
        if id > 0 {
            return id;
        }
        queue::clear();
        // SAFETY: the key is valid; the result is null or a string that lives as long as it.
        let name = unsafe { ffi::EVP_PKEY_get0_type_name(self.as_ptr()) };
        if name.is_null() {
            return 0;
        }
        // SAFETY: not null, and terminated.
        let name = unsafe { CStr::from_ptr(name) };
        name.to_str().ok().and_then(Nid::by_name).map_or(0, Nid::as_raw)
    }

    /// How many bits the key has in its kind's own way of counting (`EVP_PKEY_get_bits`).
    #[must_use]
    pub fn bits(&self) -> u32 {
        // SAFETY: the key is valid.
        let bits = unsafe { ffi::EVP_PKEY_get_bits(self.as_ptr()) };
        queue::clear();
        u32::try_from(bits).unwrap_or(0)
    }

    /// Whether there is a private part.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// The public part as a key of its own, made from its encoding, so that no private part comes along.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the kind of key has no such encoding.
    pub fn public_only(&self) -> Result<Self> {
        if self.private { Self::public_from_der(&self.public_to_der()?) } else { Ok(self.clone()) }
    }

    /// Checks that the numbers of an RSA pair fit together (`EVP_PKEY_check`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where they do not, with the reasons; [`Error::Kind`] for a public key, and for other keys
    /// than RSA.
    pub fn check(&self) -> Result<()> {
        if !self.private {
            return Err(Error::kind("public key only"));
        }
        if self.id() != ffi::EVP_PKEY_RSA {
            return Err(Error::kind("Only RSA keys can currently be checked."));
        }
        queue::clear();
        // SAFETY: the key is valid; the context takes a reference of its own; no engine.
        let context =
            unsafe { check::owned(ffi::EVP_PKEY_CTX_new(self.as_ptr(), ptr::null_mut()), "EVP_PKEY_CTX_new")? };
        // SAFETY: the context is valid and has a key.
        check::one(unsafe { ffi::EVP_PKEY_check(context.as_ptr()) }, "EVP_PKEY_check")
    }

    /// Whether the kind of key hashes what it signs itself, so that no digest may be named for it (Ed25519, Ed448,
    /// ML-DSA, SLH-DSA).
    #[must_use]
    pub fn signs_without_digest(&self) -> bool {
        const ROOM: usize = 80;
        let mut name: [c_char; ROOM] = [0; ROOM];
        // SAFETY: the key is valid, and `name` has the room that is said.
        let known: c_int = unsafe { ffi::EVP_PKEY_get_default_digest_name(self.as_ptr(), name.as_mut_ptr(), ROOM) };
        queue::clear();
        // SAFETY: `name` was zeroed, and OpenSSL terminates what it writes.
        known == 2 && unsafe { CStr::from_ptr(name.as_ptr()) }.to_bytes() == b"UNDEF"
    }
}

/// Two keys are equal where their public parts are (`EVP_PKEY_eq`).
impl PartialEq for PKey {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: both keys are valid.
        let same = unsafe { ffi::EVP_PKEY_eq(self.as_ptr(), other.as_ptr()) };
        queue::clear();
        same == 1
    }
}

impl fmt::Debug for PKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = Nid::from_raw(self.id()).map_or("unknown".into(), |nid| String::from_utf8_lossy(nid.short_name()));
        f.debug_struct("PKey")
            .field("kind", &kind)
            .field("bits", &self.bits())
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

/// A size for C.
fn size(bits: u32) -> Result<c_int> {
    c_int::try_from(bits).ok().filter(|bits| *bits > 0).ok_or_else(|| Error::value("Invalid number of bits"))
}

/// Makes the key that a context was set up for.
fn generate(context: &Handle<ffi::EVP_PKEY_CTX>) -> Result<PKey> {
    let mut raw = ptr::null_mut();
    // SAFETY: the context is ready to make a key; `raw` is null, which asks for a new object.
    let made = unsafe { ffi::EVP_PKEY_keygen(context.as_ptr(), &raw mut raw) };
    check::positive(made, "EVP_PKEY_keygen")?;
    // SAFETY: success gave us a new object.
    let handle = unsafe { check::owned(raw, "EVP_PKEY_keygen")? };
    queue::clear();
    Ok(PKey::from_handle(handle, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send_and_sync<T: Send + Sync>() {}

    #[test]
    fn is_shared_between_threads() {
        is_send_and_sync::<PKey>();
    }

    #[test]
    fn public_only_has_no_private_part() {
        let key = PKey::generate_rsa(1024).unwrap();
        let public = key.public_only().unwrap();
        assert_eq!(public, key);
        assert!(public.to_der().is_err());
        assert!(public.to_pem(None, Passphrase::None).is_err());
        assert!(matches!(public.check(), Err(Error::Kind(_))));
        assert!(key.check().is_ok());
        assert!(queue::is_empty());
    }

    #[test]
    fn dsa() {
        let key = PKey::generate_dsa(1024).unwrap();
        assert_eq!((key.id(), key.bits()), (ffi::EVP_PKEY_DSA, 1024));
        assert!(matches!(key.check(), Err(Error::Kind(_))));
        assert!(matches!(PKey::generate_dsa(0), Err(Error::Value(_))));
        assert!(matches!(PKey::generate_rsa(64), Err(Error::OpenSsl(_))));
    }
}
