//! PKCS#12 files (RFC 7292): a key, its certificate, and further certificates, under a passphrase.

use std::ffi::c_char;
use std::fmt;
use std::ptr;

use ironssl_sys as ffi;
use zeroize::Zeroizing;

use crate::asn1::object::Nid;
use crate::check;
use crate::encoding;
use crate::error::{Entry, Error, ErrorStack, Result};
use crate::handle::Handle;
use crate::legacy;
use crate::pkey::PKey;
use crate::queue;
use crate::terminated;
use crate::x509::{Stack, X509};

/// How a PKCS#12 file is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm(Nid);

impl Algorithm {
    /// By the name of a cipher, which means PBES2 (RFC 8018), such as `AES-256-CBC`; or by that of a scheme of PKCS#5
    /// or PKCS#12, such as `PBE-SHA1-3DES`. Ciphers may be in lower case, too.
    ///
    /// # Errors
    /// [`Error::Value`] for a name that OpenSSL does not know. A name that it knows for something else is refused when
    /// the file is written.
    pub fn by_name(name: &str) -> Result<Self> {
        Nid::by_name(name).map(Self).ok_or_else(|| Error::value("Invalid algorithm name"))
    }
}

/// `PBE-SHA1-3DES`, which every program reads.
impl Default for Algorithm {
    fn default() -> Self {
        Self(Nid::PBE_SHA1_3DES)
    }
}

/// What is in a PKCS#12 file.
///
/// ```
/// use ironssl::pkcs12::{Algorithm, Pkcs12};
/// use ironssl::pkey::PKey;
/// let bag = Pkcs12 { key: Some(PKey::generate_rsa(2048)?), ..Pkcs12::default() };
/// let der = bag.to_der(Some(b"secret"), 2048, 2048, Algorithm::by_name("AES-256-CBC")?)?;
/// assert_eq!(Pkcs12::from_der(&der, Some(b"secret"))?.key, bag.key);
/// assert!(Pkcs12::from_der(&der, Some(b"wrong")).is_err());
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Pkcs12 {
    /// The private key.
    pub key: Option<PKey>,
    /// The certificate of that key.
    pub certificate: Option<X509>,
    /// Further certificates, such as those of the authorities that issued it.
    pub others: Vec<X509>,
    /// A name for key and certificate, in UTF-8.
    pub friendly_name: Option<Vec<u8>>,
}

impl Pkcs12 {
    /// Reads a file (`PKCS12_parse`). Without a passphrase, and with an empty one, both forms of none are tried.
    /// Algorithms of OpenSSL's legacy provider are understood where it is at hand.
    ///
    /// Where there is no private key, all certificates are among the others.
    ///
    /// A passphrase vouches for the file by its checksum. So a file without one is refused where there is a passphrase,
    /// which the library does not do since 3.4. None and the empty one vouch for nothing: everybody can use them.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is no PKCS#12 file, or damaged, or has no checksum (see above), or the passphrase is
    /// wrong or missing; [`Error::Value`] for a NUL in the passphrase.
    pub fn from_der(der: &[u8], passphrase: Option<&[u8]>) -> Result<Self> {
        let passphrase = passphrase.map(terminated::passphrase).transpose()?;
        // SAFETY: the function is of that family.
        let file = unsafe { encoding::from_der(der, ffi::d2i_PKCS12, "d2i_PKCS12")? };
        let vouches = passphrase.as_ref().is_some_and(|text| text.len() > 1);
        // SAFETY: the file is valid and ours alone.
        if vouches && unsafe { ffi::PKCS12_mac_present(file.as_ptr()) } != 1 {
            return Err(mac_absent());
        }
        let parse = || parse(&file, passphrase.as_ref().map(|text| text.as_slice()));
        let parsed = parse().or_else(|error| legacy::retry(error, || Encoded::of(&parse()?))?.decode());
        queue::clear();
        parsed
    }

    /// Writes a file (`PKCS12_create`). `iterations` slow down guessing the passphrase, `mac_iterations` guessing it
    /// from the checksum; 0 is OpenSSL's default, -1 for the latter leaves the checksum out.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is nothing to write, where key and certificate do not belong together, or where
    /// the library cannot use the algorithm; [`Error::Value`] for a NUL in the passphrase or in the name, and for a key
    /// that has only a public part.
    pub fn to_der(
        &self,
        passphrase: Option<&[u8]>,
        iterations: i32,
        mac_iterations: i32,
        algorithm: Algorithm,
    ) -> Result<Vec<u8>> {
        let passphrase = passphrase.map(terminated::passphrase).transpose()?;
        let name = self.friendly_name.as_deref();
        let name = name.map(|name| terminated::text(name, "the friendly name")).transpose()?;
        if self.key.as_ref().is_some_and(|key| !key.is_private()) {
            return Err(Error::value("Key only has public part"));
        }
        // A copy: the certificate itself may carry the name of the file it came from.
        let certificate = self.certificate.as_ref().map(|certificate| X509::from_der(&certificate.to_der()?));
        let certificate = certificate.transpose()?.map(|copy| copy.share()).transpose()?;
        let others = Stack::of_certificates(&self.others)?;
        let algorithm = algorithm.0.as_raw();
        queue::clear();
        // SAFETY: the strings are null or terminated, the objects null or valid; all outlive the call.
        let file = unsafe {
            let raw = ffi::PKCS12_create(
                passphrase.as_ref().map_or(ptr::null(), |text| text.as_ptr().cast::<c_char>()),
                name.as_ref().map_or(ptr::null(), |name| name.as_ptr()),
                self.key.as_ref().map_or(ptr::null_mut(), PKey::as_ptr),
                certificate.as_ref().map_or(ptr::null_mut(), Handle::as_ptr),
                if self.others.is_empty() { ptr::null_mut() } else { others.as_ptr() },
                algorithm,
                algorithm,
                iterations,
                mac_iterations,
                0,
            );
            check::owned(raw, "PKCS12_create")?
        };
        // SAFETY: the function is of that family; the object is valid and ours alone.
        unsafe { encoding::to_der(file.as_ptr(), ffi::i2d_PKCS12, "i2d_PKCS12") }
    }
}

impl fmt::Debug for Pkcs12 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs12")
            .field("key", &self.key)
            .field("certificate", &self.certificate)
            .field("others", &self.others)
            .finish_non_exhaustive()
    }
}

/// What is in a file, without any object of OpenSSL's.
struct Encoded {
    key: Option<Zeroizing<Vec<u8>>>,
    certificate: Option<Vec<u8>>,
    others: Vec<Vec<u8>>,
    friendly_name: Option<Vec<u8>>,
}

impl Encoded {
    fn of(file: &Pkcs12) -> Result<Self> {
        Ok(Self {
            key: file.key.as_ref().map(PKey::to_pkcs8).transpose()?,
            certificate: file.certificate.as_ref().map(X509::to_trusted_der).transpose()?,
            others: file.others.iter().map(X509::to_trusted_der).collect::<Result<_>>()?,
            friendly_name: file.friendly_name.clone(),
        })
    }

    fn decode(self) -> Result<Pkcs12> {
        Ok(Pkcs12 {
            key: self.key.map(|der| PKey::from_der(&der)).transpose()?,
            certificate: self.certificate.map(|der| X509::from_trusted_der(&der)).transpose()?,
            others: self.others.iter().map(|der| X509::from_trusted_der(der)).collect::<Result<_>>()?,
            friendly_name: self.friendly_name,
        })
    }
}

/// What a file holds, opened with a passphrase that ends with a NUL.
fn parse(file: &Handle<ffi::PKCS12>, passphrase: Option<&[u8]>) -> Result<Pkcs12> {
    queue::clear();
    let (mut key, mut certificate, mut others) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the file is valid, the passphrase null or terminated; the others are null, which asks for new objects.
    let parsed = unsafe {
        ffi::PKCS12_parse(
            file.as_ptr(),
            passphrase.map_or(ptr::null(), |text| text.as_ptr().cast()),
            &raw mut key,
            &raw mut certificate,
            &raw mut others,
        )
    };
    // SAFETY: each is null or a new object that is ours, the list with its certificates.
    let (key, certificate, others) = unsafe {
        let owned = |raw| ptr::NonNull::new(raw).map(|raw| Handle::<ffi::EVP_PKEY>::from_raw(raw));
        let certificate = ptr::NonNull::new(certificate).map(|raw| Handle::<ffi::X509>::from_raw(raw));
        (owned(key), certificate, Stack::<ffi::X509>::from_raw(others))
    };
    check::one(parsed, "PKCS12_parse")?;
    let friendly_name = certificate.as_ref().and_then(alias);
    Ok(Pkcs12 {
        key: key.map(|key| PKey::from_handle(key, true)),
        certificate: certificate.map(X509::from_handle),
        others: others.take().into_iter().map(X509::from_handle).collect(),
        friendly_name,
    })
}

/// What OpenSSL says of a file without a checksum where it asks for one.
fn mac_absent() -> Error {
    let (library, reason) = queue::texts(ffi::ERR_LIB_PKCS12, ffi::PKCS12_R_MAC_ABSENT);
    let code = ffi::ERR_PACK(ffi::ERR_LIB_PKCS12, 0, ffi::PKCS12_R_MAC_ABSENT);
    Error::OpenSsl(ErrorStack::new(vec![Entry::new(code, library, reason, String::new())]))
}

/// The name that a certificate was given in its file.
fn alias(certificate: &Handle<ffi::X509>) -> Option<Vec<u8>> {
    let mut length = 0;
    // SAFETY: the certificate is valid and ours alone; `length` may be written.
    let name = unsafe { ffi::X509_alias_get0(certificate.as_ptr(), &raw mut length) };
    let length = usize::try_from(length).ok().filter(|_| !name.is_null())?;
    // SAFETY: not null, so the certificate keeps `length` bytes there.
    Some(unsafe { std::slice::from_raw_parts(name, length) }.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn identity(key: &PKey, name: &[u8]) -> X509 {
        let certificate = X509::new().unwrap();
        certificate.set_serial_number(&[1]).unwrap();
        certificate.subject().set(Nid::COMMON_NAME, name).unwrap();
        certificate.set_not_before_from_now(0).unwrap();
        certificate.set_not_after_from_now(60).unwrap();
        certificate.set_public_key(key).unwrap();
        certificate.sign(key, Some(Digest::by_name("sha256").unwrap())).unwrap();
        certificate
    }

    #[test]
    fn round_trips() {
        let key = PKey::generate_rsa(1024).unwrap();
        let certificate = identity(&key, b"leaf");
        let others = vec![identity(&key, b"one"), identity(&key, b"two")];
        let bag = Pkcs12 {
            key: Some(key),
            certificate: Some(certificate.clone()),
            others: others.clone(),
            friendly_name: Some("né".into()),
        };
        for algorithm in ["PBE-SHA1-3DES", "AES-256-CBC", "aes-128-cbc"] {
            let der = bag.to_der(Some(b"pw"), 1, 1, Algorithm::by_name(algorithm).unwrap()).unwrap();
            // Read and written twice: names do not pile up.
            let der = Pkcs12::from_der(&der, Some(b"pw")).unwrap().to_der(Some(b"pw"), 1, 1, Algorithm::default());
            let read = Pkcs12::from_der(&der.unwrap(), Some(b"pw")).unwrap();
            assert_eq!(read.key, bag.key);
            assert_eq!(read.friendly_name, bag.friendly_name);
            assert_eq!(read.certificate.unwrap().to_der().unwrap(), certificate.to_der().unwrap());
            let read: Vec<_> = read.others.iter().map(|one| one.to_der().unwrap()).collect();
            assert_eq!(read, others.iter().map(|one| one.to_der().unwrap()).collect::<Vec<_>>());
            assert!(queue::is_empty());
        }
    }

    #[test]
    fn refusals() {
        let (key, other) = (PKey::generate_rsa(1024).unwrap(), PKey::generate_rsa(1024).unwrap());
        let write = |bag: &Pkcs12, passphrase| bag.to_der(passphrase, 1, 1, Algorithm::default());
        assert!(matches!(write(&Pkcs12::default(), None), Err(Error::OpenSsl(_))));
        let mut bag = Pkcs12 { key: Some(other), certificate: Some(identity(&key, b"x")), ..Pkcs12::default() };
        assert!(matches!(write(&bag, None), Err(Error::OpenSsl(_))));
        bag.key = Some(key.public_only().unwrap());
        assert!(matches!(write(&bag, None), Err(Error::Value(_))));
        bag.key = Some(key);
        assert!(matches!(write(&bag, Some(b"a\0b")), Err(Error::Value(_))));
        bag.friendly_name = Some(b"a\0b".to_vec());
        assert!(matches!(write(&bag, None), Err(Error::Value(_))));
        assert!(matches!(Algorithm::by_name("no such algorithm"), Err(Error::Value(_))));
        bag.friendly_name = None;
        assert!(bag.to_der(None, 1, 1, Algorithm::by_name("CN").unwrap()).is_err());
        let der = write(&bag, Some(b"pw")).unwrap();
        for wrong in [None, Some(&b""[..]), Some(b"p")] {
            assert!(matches!(Pkcs12::from_der(&der, wrong), Err(Error::OpenSsl(_))));
        }
        assert!(Pkcs12::from_der(&der[..der.len() - 1], Some(b"pw")).is_err());
        let der = bag.to_der(Some(b"pw"), 1, -1, Algorithm::default()).unwrap();
        let error = Pkcs12::from_der(&der, Some(b"pw")).unwrap_err().to_string();
        assert!(error.contains("mac absent"), "{error}");
        assert!(queue::is_empty());
    }
}
