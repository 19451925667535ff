//! PKCS#7 objects (RFC 2315): signed or encrypted data, and bags of certificates.

use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::Mutex;

use crate::asn1::object::Nid;
use crate::asn1::string;
use crate::bio_memory::{Reader, Writer};
use crate::check;
use crate::encoding;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;
use crate::x509::{X509, X509Crl, X509Store, certificates, elements};

/// A PKCS#7 object. Cloning shares it.
///
/// ```no_run
/// use ironssl::pkcs7::Pkcs7;
/// use ironssl::x509::X509Store;
/// let message = Pkcs7::from_pem(&std::fs::read("message.p7m")?)?;
/// let store = X509Store::new()?;
/// store.load_locations(Some("authorities.pem".as_ref()), None)?;
/// println!("{} bytes, signed", message.verify(&store, None)?.len());
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct Pkcs7(Arc<Mutex<Handle<ffi::PKCS7>>>);

/// What an object has inside, as far as this file looks.
enum Content<'a> {
    Data(&'a ffi::PKCS7),
    Signed(&'a ffi::PKCS7_SIGNED),
    SignedAndEnveloped(&'a ffi::PKCS7_SIGN_ENVELOPE),
    Other,
}

/// The kind of an object, as OpenSSL numbers it.
fn kind(object: &ffi::PKCS7) -> i32 {
    // SAFETY: the type belongs to the object.
    unsafe { ffi::OBJ_obj2nid(object.type_) }
}

/// Looks into an object.
fn content(object: &ffi::PKCS7) -> Content<'_> {
    match kind(object) {
        ffi::NID_pkcs7_data => Content::Data(object),
        ffi::NID_pkcs7_signed => {
            // SAFETY: an object of this kind has null or this structure inside.
            unsafe { object.d.sign.as_ref() }.map_or(Content::Other, Content::Signed)
        }
        ffi::NID_pkcs7_signedAndEnveloped => {
            // SAFETY: an object of this kind has null or this structure inside.
            unsafe { object.d.signed_and_enveloped.as_ref() }.map_or(Content::Other, Content::SignedAndEnveloped)
        }
        _ => Content::Other,
    }
}

/// The bytes in an object of the kind data.
fn data(object: &ffi::PKCS7) -> Option<Vec<u8>> {
    if kind(object) != ffi::NID_pkcs7_data {
        return None;
    }
    // SAFETY: an object of this kind has null or an OCTET STRING inside.
    let octets = NonNull::new(unsafe { object.d.data })?;
    // SAFETY: the string belongs to the object, which does not change meanwhile.
    Some(unsafe { string::bytes(octets.as_ptr().cast()) }.to_vec())
}

/// Whether an object is signed data without the data.
fn is_detached(object: &ffi::PKCS7) -> bool {
    let Content::Signed(signed) = content(object) else { return false };
    // SAFETY: null, or an object that belongs to this one; whatever its kind, it has a pointer inside.
    unsafe { signed.contents.as_ref().is_none_or(|contents| contents.d.ptr.is_null()) }
}

impl Pkcs7 {
    /// The first object in PEM (`PEM_read_bio_PKCS7`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none, or it is damaged.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_pem(pem, ffi::PEM_read_bio_PKCS7, "PEM_read_bio_PKCS7") }.map(Self::from_handle)
    }

    /// An object in DER (`d2i_PKCS7`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is none, or damaged.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of that family.
        unsafe { encoding::from_der(der, ffi::d2i_PKCS7, "d2i_PKCS7") }.map(Self::from_handle)
    }

    fn from_handle(handle: Handle<ffi::PKCS7>) -> Self {
        Self(Arc::new(Mutex::new(handle)))
    }

    /// Calls `look` on the object, with the lock held.
    fn look<R>(&self, look: impl FnOnce(&ffi::PKCS7) -> R) -> R {
        let object = self.0.lock();
        // SAFETY: the object is valid and locked.
        look(unsafe { &*object.as_ptr() })
    }

    /// The kind of object; none where OpenSSL does not know it.
    #[must_use]
    pub fn kind(&self) -> Option<Nid> {
        Nid::from_raw(self.look(kind))
    }

    /// Whether it is signed data.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.look(kind) == ffi::NID_pkcs7_signed
    }

    /// Whether it is enveloped data: encrypted for somebody.
    #[must_use]
    pub fn is_enveloped(&self) -> bool {
        self.look(kind) == ffi::NID_pkcs7_enveloped
    }

    /// Whether it is signed and enveloped data.
    #[must_use]
    pub fn is_signed_and_enveloped(&self) -> bool {
        self.look(kind) == ffi::NID_pkcs7_signedAndEnveloped
    }

    /// Whether it is plain data.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.look(kind) == ffi::NID_pkcs7_data
    }

    /// The certificates that come with signed data, in their order.
    #[must_use]
    pub fn certificates(&self) -> Vec<X509> {
        self.look(|object| match content(object) {
            // SAFETY: null, or a list that belongs to the object, which is locked.
            Content::Signed(signed) => unsafe { certificates(signed.cert) },
            // SAFETY: as above.
            Content::SignedAndEnveloped(signed) => unsafe { certificates(signed.cert) },
            Content::Data(_) | Content::Other => Vec::new(),
        })
    }

    /// Copies of the revocation lists that come with signed data, in their order.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn crls(&self) -> Result<Vec<X509Crl>> {
        queue::clear();
        self.look(|object| {
            let lists = match content(object) {
                Content::Signed(signed) => signed.crl,
                Content::SignedAndEnveloped(signed) => signed.crl,
                Content::Data(_) | Content::Other => ptr::null_mut(),
            };
            // SAFETY: null, or a list that belongs to the object, which is locked.
            let lists: Vec<*mut ffi::X509_CRL> = unsafe { elements(lists) };
            let copy = |list: *mut ffi::X509_CRL| {
                // SAFETY: the list holds valid objects.
                unsafe { check::owned(ffi::X509_CRL_dup(list), "X509_CRL_dup") }.map(X509Crl::from_handle)
            };
            lists.into_iter().map(copy).collect()
        })
    }

    /// The data in data or in signed data, which nobody has verified; none where it is kept elsewhere (a detached
    /// signature), is no plain data, or is encrypted.
    #[must_use]
    pub fn data(&self) -> Option<Vec<u8>> {
        self.look(|object| match content(object) {
            Content::Data(object) => data(object),
            // SAFETY: null, or an object that belongs to this one.
            Content::Signed(signed) => unsafe { signed.contents.as_ref() }.and_then(data),
            Content::SignedAndEnveloped(_) | Content::Other => None,
        })
    }

    /// Verifies signed data: each signature, and that `store` trusts each signer for e-mail (`PKCS7_verify`). Gives the
    /// data. For a detached signature, `detached` is the data.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where it is no signed data, nobody has signed it, a signature does not fit, or a
    /// signer is not trusted; also where `detached` is missing, or given although the object has data.
    pub fn verify(&self, store: &X509Store, detached: Option<&[u8]>) -> Result<Vec<u8>> {
        queue::clear();
        let reader = detached.map(Reader::new).transpose()?;
        let nothing = Reader::new(b"")?;
        let writer = Writer::new()?;
        let object = self.0.lock();
        // Only who is trusted depends on the store, whose parameters have one lock for all. So that is looked at apart,
        // with no data, and those may be long. Null where there should be data: that is the error which comes first.
        // SAFETY: the object is valid and locked.
        let lacks_data = detached.is_none() && is_detached(unsafe { &*object.as_ptr() });
        let dual = if detached.is_some() { ffi::PKCS7_NO_DUAL_CONTENT } else { 0 };
        let parameters = X509Store::lock_parameters();
        // SAFETY: the object is valid and locked, the store valid and its parameters locked; the BIO is null or valid,
        // and outlives the call. Null adds no certificates to those in the object.
        let trusted = unsafe {
            ffi::PKCS7_verify(
                object.as_ptr(),
                ptr::null_mut(),
                store.handle().as_ptr(),
                if lacks_data { ptr::null_mut() } else { nothing.as_ptr() },
                ptr::null_mut(),
                ffi::PKCS7_BINARY | ffi::PKCS7_NOSIGS | dual,
            )
        };
        drop(parameters);
        check::one(trusted, "PKCS7_verify")?;
        // SAFETY: the object is valid and locked; the BIOs are null or valid, and outlive the call. No store is needed.
        let verified = unsafe {
            ffi::PKCS7_verify(
                object.as_ptr(),
                ptr::null_mut(),
                ptr::null_mut(),
                reader.as_ref().map_or(ptr::null_mut(), Reader::as_ptr),
                writer.as_ptr(),
                ffi::PKCS7_BINARY | ffi::PKCS7_NOVERIFY | dual,
            )
        };
        check::one(verified, "PKCS7_verify")?;
        queue::clear();
        Ok(writer.bytes().to_vec())
    }
}

impl fmt::Debug for Pkcs7 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().map_or(&b"unknown"[..], Nid::short_name);
        f.debug_struct("Pkcs7").field("kind", &String::from_utf8_lossy(kind)).finish_non_exhaustive()
    }
}
