//! ASN.1 strings as text, and text as the string type that a name component wants.

use std::borrow::Cow;
use std::ffi::{c_int, c_ulong, c_void};
use std::ptr;

use ironssl_sys as ffi;

use super::object::Nid;
use crate::check;
use crate::error::Result;
use crate::handle::Handle;

/// The content bytes of a string.
///
/// # Safety
/// `string` is valid and does not change for the life of the result.
pub(crate) unsafe fn bytes<'a>(string: *const ffi::ASN1_STRING) -> &'a [u8] {
    // SAFETY: valid by contract.
    let (data, length) = unsafe { (ffi::ASN1_STRING_get0_data(string), ffi::ASN1_STRING_length(string)) };
    match usize::try_from(length) {
        // SAFETY: OpenSSL keeps `length` bytes there as long as the string does not change.
        Ok(length) if length > 0 && !data.is_null() => unsafe { std::slice::from_raw_parts(data, length) },
        _ => &[],
    }
}

/// The text of a string of any of ASN.1's character types, embedded NUL included (`ASN1_STRING_to_UTF8`).
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(string: *const ffi::ASN1_STRING) -> Result<Cow<'a, str>> {
    // SAFETY: passed on.
    let content = unsafe { bytes(string) };
    // SAFETY: valid by contract.
    let kind = unsafe { ffi::ASN1_STRING_type(string) };
    let plain = match kind {
        ffi::V_ASN1_UTF8STRING => true,
        ffi::V_ASN1_PRINTABLESTRING | ffi::V_ASN1_IA5STRING | ffi::V_ASN1_NUMERICSTRING => content.is_ascii(),
        _ => false,
    };
    if let (true, Ok(text)) = (plain, std::str::from_utf8(content)) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out: *mut u8 = ptr::null_mut();
    // SAFETY: `string` is valid; `out` is a place for the pointer to a new buffer.
    let length = unsafe { ffi::ASN1_STRING_to_UTF8(&raw mut out, string) };
    let length = check::not_negative(length, "ASN1_STRING_to_UTF8")?;
    // SAFETY: success gave `length` bytes at `out`, null only where there are none.
    let copy = if out.is_null() { Vec::new() } else { unsafe { std::slice::from_raw_parts(out, length) }.to_vec() };
    // SAFETY: the buffer is ours to free, and null is allowed.
    unsafe { ffi::OPENSSL_free(out.cast::<c_void>()) };
    Ok(Cow::Owned(String::from_utf8_lossy(&copy).into_owned()))
}

/// `utf8` as the string type that RFC 5280 gives the component `nid`: UTF8String where it leaves the choice.
///
/// This is `ASN1_STRING_set_by_NID`, without its mask, which belongs to the whole process.
///
/// # Errors
/// [`crate::Error::OpenSsl`] where the text is no UTF-8, too short, too long or has characters that the type lacks.
pub(crate) fn for_component(nid: Nid, utf8: &[u8]) -> Result<Handle<ffi::ASN1_STRING>> {
    const DIRECTORY_STRING: c_ulong = ffi::B_ASN1_UTF8STRING;
    let length = check::int_len(utf8.len())?;
    // SAFETY: any number may be asked for; the result is null or a constant entry.
    let entry = unsafe { ffi::ASN1_STRING_TABLE_get(nid.as_raw()).as_ref() };
    let (mask, least, most) = match entry {
        Some(entry) if entry.flags & ffi::STABLE_NO_MASK != 0 => (entry.mask, entry.minsize, entry.maxsize),
        Some(entry) => (entry.mask & ffi::B_ASN1_UTF8STRING, entry.minsize, entry.maxsize),
        None => (DIRECTORY_STRING, -1, -1),
    };
    let mut string = ptr::null_mut();
    // SAFETY: `utf8` is valid for `length`; `string` is null, which asks for a new one.
    let kind: c_int = unsafe {
        ffi::ASN1_mbstring_ncopy(&raw mut string, utf8.as_ptr(), length, ffi::MBSTRING_UTF8, mask, least, most)
    };
    check::positive(kind, "ASN1_mbstring_ncopy")?;
    // SAFETY: on success `string` is a new one that we own.
    unsafe { check::owned(string, "ASN1_mbstring_ncopy") }
}
