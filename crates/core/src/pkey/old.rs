//! Keys in PEM under ciphers that only OpenSSL's legacy provider has.
//!
//! Each function gets the passphrase beforehand, since no user code may run where that provider is. And it keeps away
//! from OpenSSL's own way to ask for one in its decoders and encoders: what that keeps in a library context other than
//! the process's is never freed.

use std::ffi::{CStr, c_char, c_int, c_long, c_uchar};
use std::ptr;

use ironssl_sys as ffi;
use zeroize::{Zeroize, Zeroizing};

use super::{Cipher, MAX_PASSPHRASE_LEN, PKey, Passphrase, Purpose};
use crate::bio_memory::{Reader, Writer};
use crate::callback::passphrase::Supply;
use crate::check;
use crate::error::Result;
use crate::queue;

/// The passphrase as C would get it; none where there is none, or it cannot be had.
pub(super) fn passphrase(supply: &mut Supply<'_>, purpose: Purpose) -> Option<Zeroizing<Vec<u8>>> {
    let mut room = Zeroizing::new(vec![0; MAX_PASSPHRASE_LEN]);
    let size = c_int::try_from(room.len()).ok()?;
    let writing = c_int::from(purpose == Purpose::Encrypt);
    let ask = Supply::function()?;
    // SAFETY: the buffer has room for `size` bytes; the function and its data fit together and last for the call.
    let length = unsafe { ask(room.as_mut_ptr().cast::<c_char>(), size, writing, supply.data()) };
    room.truncate(usize::try_from(length).ok()?);
    Some(room)
}

/// What a C function has allocated for a secret, zeroed and freed when dropped.
struct Allocated {
    bytes: *mut c_uchar,
    length: c_long,
    label: *mut c_char,
}

impl Allocated {
    fn bytes(&mut self) -> &mut [u8] {
        match usize::try_from(self.length) {
            // SAFETY: C gave a buffer of so many bytes, which is ours.
            Ok(length) if !self.bytes.is_null() => unsafe { std::slice::from_raw_parts_mut(self.bytes, length) },
            _ => &mut [],
        }
    }
}

impl Drop for Allocated {
    fn drop(&mut self) {
        self.bytes().zeroize();
        // SAFETY: both are null or ours to free, and not used afterwards.
        unsafe {
            ffi::OPENSSL_free(self.bytes.cast());
            ffi::OPENSSL_free(self.label.cast());
        }
    }
}

/// The first private key in PEM as DER, no longer encrypted (`PEM_bytes_read_bio`, `d2i_PKCS8PrivateKey_bio`).
pub(super) fn decrypt(pem: &[u8], passphrase: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
    queue::clear();
    let reader = Reader::new(pem)?;
    let mut supply = Supply::new(passphrase.map_or(Passphrase::None, Passphrase::Given));
    let mut read = Allocated { bytes: ptr::null_mut(), length: 0, label: ptr::null_mut() };
    // SAFETY: the BIO is valid, the name terminated, the others may be written; the function and its data fit together
    // and last for the call.
    let done = unsafe {
        ffi::PEM_bytes_read_bio(
            &raw mut read.bytes,
            &raw mut read.length,
            &raw mut read.label,
            c"ANY PRIVATE KEY".as_ptr(),
            reader.as_ptr(),
            Supply::function(),
            supply.data(),
        )
    };
    check::one(done, "PEM_bytes_read_bio")?;
    let label = check::borrowed(read.label, "PEM_bytes_read_bio")?;
    // SAFETY: C gave a terminated string, which is ours.
    if unsafe { CStr::from_ptr(label.as_ptr()) } != c"ENCRYPTED PRIVATE KEY" {
        return Ok(Zeroizing::new(read.bytes().to_vec()));
    }
    let reader = Reader::new(read.bytes())?;
    // SAFETY: the BIO is valid; null asks for a new key; the function and its data fit together and last for the call.
    let key = unsafe {
        let raw = ffi::d2i_PKCS8PrivateKey_bio(reader.as_ptr(), ptr::null_mut(), Supply::function(), supply.data());
        check::owned(raw, "d2i_PKCS8PrivateKey_bio")?
    };
    PKey::from_handle(key, true).to_pkcs8()
}

/// A private key in PEM, as PKCS#8, encrypted, from its DER (`PEM_write_bio_PrivateKey`). A key brings its providers with
/// it: so it is made here.
pub(super) fn encrypt(der: &[u8], cipher: Cipher, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let key = PKey::from_der(der)?;
    let writer = Writer::new()?;
    let length = check::int_len(passphrase.len())?;
    // Nobody is asked: there is a passphrase, and its pointer, also that of an empty one, is not null.
    // SAFETY: the BIO and the key are valid, the cipher is a constant of the library, the passphrase has this length.
    let written = unsafe {
        ffi::PEM_write_bio_PrivateKey(
            writer.as_ptr(),
            key.as_ptr(),
            cipher.as_ptr(),
            passphrase.as_ptr(),
            length,
            None,
            ptr::null_mut(),
        )
    };
    check::one(written, "PEM_write_bio_PrivateKey")?;
    Ok(Zeroizing::new(writer.bytes().to_vec()))
}
