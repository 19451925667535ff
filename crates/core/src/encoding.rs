//! From and to DER and PEM, the same for every kind of object: what OpenSSL's families of functions have in common.
//!
//! Lives here: the calls of `d2i_*`, `i2d_*`, `PEM_read_bio_*` and the like. Must not live here: which kind has which.

use std::ffi::{c_int, c_long, c_uchar, c_void};
use std::ptr;

use ironssl_sys as ffi;

use crate::bio_memory::{Reader, Writer};
use crate::callback::passphrase::{Passphrase, Supply};
use crate::check;
use crate::error::Result;
use crate::handle::{Handle, Object};
use crate::queue;

/// A function of the family `d2i_*`.
pub(crate) type FromDer<T> = unsafe extern "C" fn(*mut *mut T, *mut *const c_uchar, c_long) -> *mut T;

/// A function of the family `i2d_*`.
pub(crate) type ToDer<T> = unsafe extern "C" fn(*const T, *mut *mut c_uchar) -> c_int;

/// A function of the family `PEM_read_bio_*`.
pub(crate) type FromPem<T> =
    unsafe extern "C" fn(*mut ffi::BIO, *mut *mut T, ffi::pem_password_cb, *mut c_void) -> *mut T;

/// Decodes an object from the start of `der`.
///
/// # Safety
/// `decode` is of the family `d2i_*`, called `call`.
pub(crate) unsafe fn from_der<T: Object>(der: &[u8], decode: FromDer<T>, call: &'static str) -> Result<Handle<T>> {
    queue::clear();
    let length = check::long_len(der.len())?;
    let mut at = der.as_ptr();
    // SAFETY: `at` points to `length` bytes; null asks for a new object.
    let handle = unsafe { check::owned(decode(ptr::null_mut(), &raw mut at, length), call)? };
    queue::clear();
    Ok(handle)
}

/// Encodes an object.
///
/// # Safety
/// `encode` is of the family `i2d_*`, called `call`; `object` is valid, and nobody changes it meanwhile.
pub(crate) unsafe fn to_der<T>(object: *const T, encode: ToDer<T>, call: &'static str) -> Result<Vec<u8>> {
    queue::clear();
    let mut out = ptr::null_mut();
    // SAFETY: the object is valid by contract; null asks for a new buffer.
    let length = check::positive(unsafe { encode(object, &raw mut out) }, call)?;
    let out = check::borrowed(out, call)?;
    // SAFETY: success gave a buffer of `length` bytes.
    let der = unsafe { std::slice::from_raw_parts(out.as_ptr(), length) }.to_vec();
    // SAFETY: the buffer is ours to free, and not used afterwards.
    unsafe { ffi::OPENSSL_free(out.as_ptr().cast()) };
    queue::clear();
    Ok(der)
}

/// Reads the first object of a kind in PEM.
///
/// # Safety
/// `read` is of the family `PEM_read_bio_*`, called `call`.
pub(crate) unsafe fn from_pem<T: Object>(pem: &[u8], read: FromPem<T>, call: &'static str) -> Result<Handle<T>> {
    queue::clear();
    let reader = Reader::new(pem)?;
    // A PEM block may say that it is encrypted, whatever is in it.
    let mut supply = Supply::new(Passphrase::None);
    // SAFETY: the BIO is valid; null asks for a new object; the function and its data fit together and last for the
    // call.
    let handle =
        unsafe { check::owned(read(reader.as_ptr(), ptr::null_mut(), Supply::function(), supply.data()), call)? };
    queue::clear();
    Ok(handle)
}

/// What `write` writes to a BIO; above 0 is success.
pub(crate) fn written(write: impl FnOnce(*mut ffi::BIO) -> c_int, call: &'static str) -> Result<Vec<u8>> {
    queue::clear();
    let writer = Writer::new()?;
    check::positive(write(writer.as_ptr()), call)?;
    queue::clear();
    Ok(writer.bytes().to_vec())
}
