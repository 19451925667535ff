//! Memory BIOs: how PEM and text get in and out of OpenSSL.
//!
//! Lives here: the reading BIO, which looks at the caller's bytes without a copy, and the writing one. Must not live
//! here: the BIO of a TLS connection (`bio`), and any format.

use std::ffi::c_char;
use std::marker::PhantomData;
use std::ptr;

use ironssl_sys as ffi;

use crate::check;
use crate::error::Result;
use crate::handle::Handle;

/// A BIO that reads the caller's bytes where they are.
pub(crate) struct Reader<'a> {
    bio: Handle<ffi::BIO>,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start (`BIO_new_mem_buf`).
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        let length = check::int_len(bytes.len())?;
        // SAFETY: `bytes` holds `length` bytes and, by the lifetime in `Self`, outlives the BIO, which only reads.
        let bio = unsafe { check::owned(ffi::BIO_new_mem_buf(bytes.as_ptr().cast(), length), "BIO_new_mem_buf")? };
        Ok(Self { bio, bytes: PhantomData })
    }

    /// The BIO, valid as long as `self`.
    pub(crate) fn as_ptr(&self) -> *mut ffi::BIO {
        self.bio.as_ptr()
    }
}

/// A BIO that collects what OpenSSL writes. OpenSSL zeroes its buffer when it grows or is freed.
pub(crate) struct Writer(Handle<ffi::BIO>);

impl Writer {
    /// An empty one (`BIO_s_mem`).
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: `BIO_s_mem` returns a static method table.
        Ok(Self(unsafe { check::owned(ffi::BIO_new(ffi::BIO_s_mem()), "BIO_new")? }))
    }

    /// The BIO, valid as long as `self`.
    pub(crate) fn as_ptr(&self) -> *mut ffi::BIO {
        self.0.as_ptr()
    }

    /// What was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        let mut data: *mut c_char = ptr::null_mut();
        // SAFETY: the BIO is a memory BIO, and `data` a valid place for a pointer.
        let length = unsafe { ffi::BIO_get_mem_data(self.0.as_ptr(), &raw mut data) };
        match usize::try_from(length) {
            // SAFETY: the BIO keeps `length` bytes there until it is written to, which takes `&mut` or ends `self`:
            // OpenSSL is only given the pointer of `as_ptr` in calls that have returned.
            Ok(length) if length > 0 && !data.is_null() => unsafe {
                std::slice::from_raw_parts(data.cast::<u8>(), length)
            },
            _ => &[],
        }
    }
}
