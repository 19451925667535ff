//! Owned handles on OpenSSL objects.
//!
//! Lives here: `Handle`, the one type that frees and up-refs C objects, and the table of C types it may hold.
//! Must not live here: what the objects mean, and any lock around them. A `Handle` says who frees an object, not who
//! may touch it when: a type that lets an object be changed keeps the handle behind a lock of its own.

use std::ffi::c_int;
use std::ptr::NonNull;

use ironssl_sys as ffi;

/// A C type with one owner, and the function that frees it.
///
/// # Safety
/// `release` must free exactly one reference of an object and accept any valid one.
pub(crate) unsafe trait Object {
    /// Gives up one reference.
    ///
    /// # Safety
    /// `this` is a valid reference owned by the caller, not used afterwards.
    unsafe fn release(this: *mut Self);
}

/// A C type that counts its references, atomically.
///
/// # Safety
/// `retain` must add exactly one reference, safely from any thread.
pub(crate) unsafe trait Counted: Object {
    /// Adds one reference; 1 on success.
    ///
    /// # Safety
    /// `this` is valid.
    unsafe fn retain(this: *mut Self) -> c_int;
}

/// One owned reference of a C object, freed on drop.
pub(crate) struct Handle<T: Object>(NonNull<T>);

impl<T: Object> Handle<T> {
    /// Takes over one reference.
    ///
    /// # Safety
    /// `raw` is valid, and the caller gives up the reference it owned.
    pub(crate) unsafe fn from_raw(raw: NonNull<T>) -> Self {
        Self(raw)
    }

    /// The pointer, valid as long as `self`.
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// Gives the reference to the caller, who must free it or hand it to C.
    pub(crate) fn into_raw(self) -> *mut T {
        std::mem::ManuallyDrop::new(self).0.as_ptr()
    }
}

impl<T: Object> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: a handle owns one reference and this is its last use.
        unsafe { T::release(self.0.as_ptr()) }
    }
}

impl<T: Counted> Clone for Handle<T> {
    fn clone(&self) -> Self {
        // SAFETY: the object is valid as long as `self`. An up-ref of a valid object cannot fail short of a counter
        // overflow, which OpenSSL itself does not survive either.
        unsafe { T::retain(self.0.as_ptr()) };
        Self(self.0)
    }
}

// SAFETY: OpenSSL's objects have no tie to the thread that made them; only simultaneous use needs care, and `Handle`
// is not `Sync`.
unsafe impl<T: Object> Send for Handle<T> {}

/// Declares how C types are freed and, after `+`, how they are shared.
macro_rules! objects {
    ($($ty:ident: $free:ident $(+ $up_ref:ident)?;)*) => {$(
        // SAFETY: the function is the one that OpenSSL documents for freeing this type.
        unsafe impl Object for ffi::$ty {
            unsafe fn release(this: *mut Self) {
                // SAFETY: passed on from this function's own contract.
                unsafe { ffi::$free(this) };
            }
        }
        $(
            // SAFETY: the function is the one that OpenSSL documents for sharing this type; its counter is atomic.
            unsafe impl Counted for ffi::$ty {
                unsafe fn retain(this: *mut Self) -> c_int {
                    // SAFETY: passed on from this function's own contract.
                    unsafe { ffi::$up_ref(this) }
                }
            }
        )?
    )*};
}

objects! {
    ASN1_GENERALIZEDTIME: ASN1_GENERALIZEDTIME_free;
    ASN1_INTEGER: ASN1_INTEGER_free;
    ASN1_STRING: ASN1_STRING_free;
    ASN1_TIME: ASN1_TIME_free;
    BIGNUM: BN_clear_free;
    BIO: BIO_free_all;
    CONF: NCONF_free;
    EVP_MD_CTX: EVP_MD_CTX_free;
    EVP_PKEY: EVP_PKEY_free + EVP_PKEY_up_ref;
    EVP_PKEY_CTX: EVP_PKEY_CTX_free;
    NETSCAPE_SPKI: NETSCAPE_SPKI_free;
    OSSL_PROVIDER: OSSL_PROVIDER_unload;
    PKCS12: PKCS12_free;
    PKCS7: PKCS7_free;
    SSL: SSL_free;
    SSL_CTX: SSL_CTX_free + SSL_CTX_up_ref;
    SSL_SESSION: SSL_SESSION_free + SSL_SESSION_up_ref;
    X509: X509_free + X509_up_ref;
    X509_ATTRIBUTE: X509_ATTRIBUTE_free;
    X509_CRL: X509_CRL_free + X509_CRL_up_ref;
    X509_EXTENSION: X509_EXTENSION_free;
    X509_NAME: X509_NAME_free;
    X509_NAME_ENTRY: X509_NAME_ENTRY_free;
    X509_OBJECT: X509_OBJECT_free;
    X509_REQ: X509_REQ_free;
    X509_REVOKED: X509_REVOKED_free;
    X509_STORE: X509_STORE_free + X509_STORE_up_ref;
    X509_STORE_CTX: X509_STORE_CTX_free;
    X509_VERIFY_PARAM: X509_VERIFY_PARAM_free;
}
