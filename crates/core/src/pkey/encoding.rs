//! Reading and writing keys: PEM, DER, text.

use std::ffi::CString;
use std::ptr::{self, NonNull};

use ironssl_sys as ffi;
use zeroize::Zeroizing;

use super::{PKey, Passphrase, Purpose, old};
use crate::bio_memory::{Reader, Writer};
use crate::callback::passphrase::Supply;
use crate::check;
use crate::encoding;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::legacy;
use crate::queue;

/// A cipher by name, for writing an encrypted private key.
#[derive(Clone, Copy, Debug)]
pub struct Cipher(NonNull<ffi::EVP_CIPHER>);

// SAFETY: the pointers are to OpenSSL's own constant tables, which never change.
unsafe impl Send for Cipher {}
// SAFETY: as above.
unsafe impl Sync for Cipher {}

impl Cipher {
    /// The cipher that OpenSSL calls `name`, such as `aes-256-cbc`, in any case (`EVP_get_cipherbyname`).
    ///
    /// # Errors
    /// [`Error::Value`] where there is none.
    pub fn by_name(name: &str) -> Result<Self> {
        let unknown = || Error::value("Invalid cipher name");
        let name = CString::new(name).map_err(|_| unknown())?;
        // SAFETY: `name` is a terminated string; the result is null or a constant of the library.
        let found = unsafe { ffi::EVP_get_cipherbyname(name.as_ptr()) };
        queue::clear();
        NonNull::new(found.cast_mut()).map(Self).ok_or_else(unknown)
    }

    /// The constant of the library.
    pub(super) fn as_ptr(self) -> *const ffi::EVP_CIPHER {
        self.0.as_ptr()
    }
}

/// What loading an encrypted key failed with, the same however the decryption went wrong: by chance a wrong passphrase
/// gives good padding, and then errors about the content. What the library does not support keeps its own reason.
fn undecrypted(error: Error) -> Error {
    match error {
        Error::OpenSsl(stack) if stack.entries().iter().any(queue::is_of_decryption) => {
            Error::OpenSsl(queue::bad_decrypt())
        }
        other => other,
    }
}

/// The first private key in PEM, with the passphrase from `supply`.
fn read_private(pem: &[u8], supply: &mut Supply<'_>) -> Result<Handle<ffi::EVP_PKEY>> {
    queue::clear();
    let reader = Reader::new(pem)?;
    // SAFETY: the BIO is valid; null asks for a new key; the function and its data fit together and last for the call.
    unsafe {
        let raw = ffi::PEM_read_bio_PrivateKey(reader.as_ptr(), ptr::null_mut(), Supply::function(), supply.data());
        check::owned(raw, "PEM_read_bio_PrivateKey")
    }
}

impl PKey {
    /// The first private key in PEM (`PEM_read_bio_PrivateKey`): PKCS#8, encrypted or not, or one of the older forms.
    /// Algorithms of OpenSSL's legacy provider are understood where it is at hand.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is none, or it is damaged, or the passphrase is missing or wrong;
    /// [`Error::Value`] for a passphrase that is too long; [`Error::Callback`] for what asking for it failed with.
    pub fn from_pem(pem: &[u8], passphrase: Passphrase<'_>) -> Result<Self> {
        let mut supply = Supply::new(passphrase);
        let key = read_private(pem, &mut supply).or_else(|error| {
            // Where a passphrase is needed, it has been asked for.
            let known = supply.was_used().then(|| old::passphrase(&mut supply, Purpose::Decrypt)).flatten();
            let der = legacy::retry(error, || old::decrypt(pem, known.as_ref().map(|known| known.as_slice())))?;
            Ok(Self::from_der(&der)?.handle)
        });
        let decrypting = supply.was_used();
        let key = supply.finish(key).map_err(|error| if decrypting { undecrypted(error) } else { error });
        queue::clear();
        Ok(Self::from_handle(key?, true))
    }

    /// A private key in DER (`d2i_AutoPrivateKey`): PKCS#8, not encrypted, or the form of its own kind.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is none, or damaged, or encrypted.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        let key = unsafe { encoding::from_der(der, ffi::d2i_AutoPrivateKey, "d2i_AutoPrivateKey")? };
        Ok(Self::from_handle(key, true))
    }

    /// The first public key in PEM (`PEM_read_bio_PUBKEY`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is none, or it is damaged.
    pub fn public_from_pem(pem: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        let key = unsafe { encoding::from_pem(pem, ffi::PEM_read_bio_PUBKEY, "PEM_read_bio_PUBKEY")? };
        Ok(Self::from_handle(key, false))
    }

    /// A public key in DER, a SubjectPublicKeyInfo of RFC 5280 (`d2i_PUBKEY`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is none, or damaged.
    pub fn public_from_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        let key = unsafe { encoding::from_der(der, ffi::d2i_PUBKEY, "d2i_PUBKEY")? };
        Ok(Self::from_handle(key, false))
    }

    /// The private key in PEM, as PKCS#8, encrypted where a cipher is given (`PEM_write_bio_PrivateKey`). Without a
    /// cipher the passphrase is not used. Ciphers of OpenSSL's legacy provider serve where it is at hand.
    ///
    /// # Errors
    /// [`Error::Kind`] for a public key; [`Error::OpenSsl`] where the library cannot write it or the cipher cannot
    /// encrypt keys; those of the passphrase as for [`PKey::from_pem`].
    pub fn to_pem(&self, cipher: Option<Cipher>, passphrase: Passphrase<'_>) -> Result<Zeroizing<Vec<u8>>> {
        self.needs_private()?;
        let mut supply = Supply::new(passphrase);
        let written = match (self.write_private(cipher, &mut supply), cipher) {
            (Err(error), Some(cipher)) if legacy::may_help(&error) => self.to_pkcs8().and_then(|der| {
                let Some(known) = old::passphrase(&mut supply, Purpose::Encrypt) else { return Err(error) };
                legacy::retry(error, || old::encrypt(&der, cipher, &known))
            }),
            (done, _) => done,
        };
        let written = supply.finish(written);
        queue::clear();
        written
    }

    /// Writes it as [`PKey::to_pem`] says.
    fn write_private(&self, cipher: Option<Cipher>, supply: &mut Supply<'_>) -> Result<Zeroizing<Vec<u8>>> {
        queue::clear();
        let writer = Writer::new()?;
        // SAFETY: the BIO and the key are valid, the cipher is null or a constant of the library; without a
        // passphrase argument the function is asked, which fits its data and lasts for the call.
        let written = unsafe {
            ffi::PEM_write_bio_PrivateKey(
                writer.as_ptr(),
                self.as_ptr(),
                cipher.map_or(ptr::null(), Cipher::as_ptr),
                ptr::null(),
                0,
                Supply::function(),
                supply.data(),
            )
        };
        check::one(written, "PEM_write_bio_PrivateKey")?;
        Ok(Zeroizing::new(writer.bytes().to_vec()))
    }

    /// The private key in DER, as PKCS#8, not encrypted (`i2d_PKCS8PrivateKey_bio`).
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        queue::clear();
        let writer = Writer::new()?;
        let mut supply = Supply::new(Passphrase::None);
        // SAFETY: the BIO and the key are valid; null is for no cipher and no passphrase; the function and its data fit
        // together and last for the call.
        let written = unsafe {
            ffi::i2d_PKCS8PrivateKey_bio(
                writer.as_ptr(),
                self.as_ptr(),
                ptr::null(),
                ptr::null(),
                0,
                Supply::function(),
                supply.data(),
            )
        };
        check::one(written, "i2d_PKCS8PrivateKey_bio")?;
        Ok(Zeroizing::new(writer.bytes().to_vec()))
    }

    /// The private key in DER, in the older form of its kind where there is one, else PKCS#8 (`i2d_PrivateKey`).
    ///
    /// # Errors
    /// [`Error::Kind`] for a public key; [`Error::OpenSsl`] where the library cannot write it.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>> {
        self.needs_private()?;
        queue::clear();
        let writer = Writer::new()?;
        // SAFETY: the BIO and the key are valid.
        let written = unsafe { ffi::i2d_PrivateKey_bio(writer.as_ptr(), self.as_ptr()) };
        check::one(written, "i2d_PrivateKey_bio")?;
        queue::clear();
        Ok(Zeroizing::new(writer.bytes().to_vec()))
    }

    /// The public part in PEM (`PEM_write_bio_PUBKEY`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the library cannot write it.
    pub fn public_to_pem(&self) -> Result<Vec<u8>> {
        // SAFETY: the BIO and the key are valid.
        encoding::written(|out| unsafe { ffi::PEM_write_bio_PUBKEY(out, self.as_ptr()) }, "PEM_write_bio_PUBKEY")
    }

    /// The public part in DER, a SubjectPublicKeyInfo of RFC 5280 (`i2d_PUBKEY`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the library cannot write it.
    pub fn public_to_der(&self) -> Result<Vec<u8>> {
        // SAFETY: the BIO and the key are valid.
        encoding::written(|out| unsafe { ffi::i2d_PUBKEY_bio(out, self.as_ptr()) }, "i2d_PUBKEY_bio")
    }

    /// The numbers of an RSA key in words: of a pair all, of a public key the public ones (`EVP_PKEY_print_private`,
    /// `EVP_PKEY_print_public`).
    ///
    /// # Errors
    /// [`Error::Kind`] for other keys than RSA.
    pub fn to_text(&self) -> Result<Zeroizing<Vec<u8>>> {
        if self.id() != ffi::EVP_PKEY_RSA {
            return Err(Error::kind("Only RSA keys are supported for FILETYPE_TEXT"));
        }
        queue::clear();
        let writer = Writer::new()?;
        let (out, key) = (writer.as_ptr(), self.as_ptr());
        // OpenSSL 3 no longer says what kind of key it prints; `RSA_print` of before did.
        // SAFETY: the BIO is valid, and the text has the length that is said.
        let written = unsafe { ffi::BIO_write(out, b"RSA ".as_ptr().cast(), 4) };
        check::positive(written, "BIO_write")?;
        if self.is_private() {
            // SAFETY: the BIO and the key are valid; null asks for the default way of printing.
            let written = unsafe { ffi::EVP_PKEY_print_private(out, key, 0, ptr::null_mut()) };
            check::positive(written, "EVP_PKEY_print_private")?;
        } else {
            // SAFETY: as above.
            let written = unsafe { ffi::EVP_PKEY_print_public(out, key, 0, ptr::null_mut()) };
            check::positive(written, "EVP_PKEY_print_public")?;
        }
        queue::clear();
        Ok(Zeroizing::new(writer.bytes().to_vec()))
    }

    /// Refuses a public key.
    fn needs_private(&self) -> Result<()> {
        if self.is_private() { Ok(()) } else { Err(Error::kind("the key has only a public part")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Parked;

    #[test]
    fn encrypted_pem() {
        let key = PKey::generate_rsa(1024).unwrap();
        let cipher = Cipher::by_name("aes-256-cbc").unwrap();
        let pem = key.to_pem(Some(cipher), Passphrase::Given(b"se\0cret")).unwrap();
        assert!(pem.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        assert_eq!(PKey::from_pem(&pem, Passphrase::Given(b"se\0cret")).unwrap(), key);
        for wrong in [Passphrase::None, Passphrase::Given(b"se"), Passphrase::Given(b"")] {
            let Err(Error::OpenSsl(stack)) = PKey::from_pem(&pem, wrong) else { panic!("must fail") };
            assert!(!stack.entries().is_empty());
            assert!(queue::is_empty());
        }
        let long = vec![b'x'; 1025];
        assert!(matches!(PKey::from_pem(&pem, Passphrase::Given(&long)), Err(Error::Value(_))));
        assert!(matches!(key.to_pem(Some(cipher), Passphrase::Given(&long)), Err(Error::Value(_))));
        let long = vec![b'x'; 1024];
        let pem = key.to_pem(Some(cipher), Passphrase::Given(&long)).unwrap();
        assert!(PKey::from_pem(&pem, Passphrase::Given(&long)).is_ok());
    }

    #[test]
    fn asking_is_done_once_and_its_failure_comes_back() {
        let key = PKey::generate_rsa(1024).unwrap();
        let cipher = Cipher::by_name("aes-128-cbc").unwrap();
        let mut asked = Vec::new();
        let mut ask = |purpose| {
            asked.push(purpose);
            Ok(Zeroizing::new(b"pw".to_vec()))
        };
        let pem = key.to_pem(Some(cipher), Passphrase::Ask(&mut ask)).unwrap();
        assert!(PKey::from_pem(&pem, Passphrase::Ask(&mut ask)).is_ok());
        assert_eq!(asked, [Purpose::Encrypt, Purpose::Decrypt]);

        let mut wrong = 0;
        let mut ask = |_| {
            wrong += 1;
            Ok(Zeroizing::new(b"no".to_vec()))
        };
        assert!(matches!(PKey::from_pem(&pem, Passphrase::Ask(&mut ask)), Err(Error::OpenSsl(_))));
        assert_eq!(wrong, 1);

        let mut fail = |_| Err(Box::new("mine") as Parked);
        let Err(Error::Callback(parked)) = PKey::from_pem(&pem, Passphrase::Ask(&mut fail)) else {
            panic!("must fail")
        };
        assert_eq!(parked.downcast_ref::<&str>(), Some(&"mine"));
        assert!(queue::is_empty());
    }

    #[test]
    fn damaged() {
        let key = PKey::generate_rsa(1024).unwrap();
        let der = key.to_der().unwrap();
        for length in [0, 1, der.len() / 2, der.len() - 1] {
            assert!(PKey::from_der(&der[..length]).is_err());
            assert!(PKey::public_from_der(&der[..length]).is_err());
            assert!(queue::is_empty());
        }
        assert!(PKey::from_pem(&der, Passphrase::None).is_err());
        assert!(PKey::from_der(&key.to_pem(None, Passphrase::None).unwrap()).is_err());
    }
}
