//! ASN.1 integers of any size.

use ironssl_sys as ffi;

use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;

/// Calls `with` on whether an integer is negative, and on its magnitude, most significant byte first.
///
/// # Safety
/// `integer` is valid.
pub(crate) unsafe fn read<R>(integer: *const ffi::ASN1_INTEGER, with: impl FnOnce(bool, &[u8]) -> R) -> R {
    // SAFETY: valid by contract; an ASN1_INTEGER is an ASN1_STRING by another name.
    let negative = unsafe { ffi::ASN1_STRING_type(integer.cast()) } == ffi::V_ASN1_NEG_INTEGER;
    // SAFETY: as above; the bytes stay where they are for the time of the call.
    let magnitude = unsafe { super::string::bytes(integer.cast()) };
    with(negative, magnitude)
}

/// An integer from its magnitude, most significant byte first.
pub(crate) fn new(magnitude: &[u8]) -> Result<Handle<ffi::ASN1_INTEGER>> {
    let length = check::int_len(magnitude.len())?;
    // SAFETY: `magnitude` is valid for `length`; null asks for a new number.
    let number =
        unsafe { check::owned(ffi::BN_bin2bn(magnitude.as_ptr(), length, std::ptr::null_mut()), "BN_bin2bn")? };
    // SAFETY: `number` is valid; null asks for a new integer.
    unsafe { check::owned(ffi::BN_to_ASN1_INTEGER(number.as_ptr(), std::ptr::null_mut()), "BN_to_ASN1_INTEGER") }
}

/// The magnitude of a two's complement number, most significant byte first.
///
/// # Errors
/// [`Error::Value`] for a negative one.
pub(crate) fn magnitude(twos_complement: &[u8]) -> Result<&[u8]> {
    match twos_complement.first() {
        Some(first) if first & 0x80 != 0 => Err(Error::value("the serial number must not be negative")),
        _ => Ok(twos_complement),
    }
}
