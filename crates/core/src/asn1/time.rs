//! ASN.1 times, in the text forms of GENERALIZEDTIME.

use std::ffi::{CString, c_int};
use std::ptr;
use std::time::{SystemTime, UNIX_EPOCH};

use ironssl_sys as ffi;

use super::string;
use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::queue;

/// A time as GENERALIZEDTIME: as it is stored where it is one, expanded where it is a UTCTIME; none where it is empty.
///
/// # Safety
/// `time` is valid and does not change during the call.
pub(crate) unsafe fn text(time: *const ffi::ASN1_TIME) -> Result<Option<Vec<u8>>> {
    let raw = time.cast::<ffi::ASN1_STRING>();
    // SAFETY: passed on; an ASN1_TIME is an ASN1_STRING by another name.
    let content = unsafe { string::bytes(raw) };
    // SAFETY: valid by contract.
    let kind = unsafe { ffi::ASN1_STRING_type(raw) };
    if content.is_empty() {
        return Ok(None);
    }
    if kind == ffi::V_ASN1_GENERALIZEDTIME {
        return Ok(Some(content.to_vec()));
    }
    if kind == ffi::V_ASN1_UTCTIME && content.len() == 13 && content.ends_with(b"Z") {
        // RFC 5280, 4.1.2.5.1: 50 and above is of the last century.
        let century: &[u8] = if content[0] >= b'5' { b"19" } else { b"20" };
        return Ok(Some([century, content].concat()));
    }
    queue::clear();
    // SAFETY: `time` is valid; null asks for a new object.
    let expanded = unsafe {
        check::owned(ffi::ASN1_TIME_to_generalizedtime(time, ptr::null_mut()), "ASN1_TIME_to_generalizedtime")?
    };
    // SAFETY: valid, and ours alone.
    Ok(Some(unsafe { string::bytes(expanded.as_ptr().cast()) }.to_vec()))
}

/// A time from its text: `YYYYMMDDhhmmss` and `Z` or `+hhmm` or `-hhmm` (kept as GENERALIZEDTIME), or the same with
/// a two-digit year (kept as UTCTIME).
///
/// # Errors
/// [`Error::Value`] for any other text.
pub(crate) fn parse(when: &[u8]) -> Result<Handle<ffi::ASN1_TIME>> {
    let invalid = || Error::value("Invalid string");
    let when = CString::new(when).map_err(|_| invalid())?;
    // SAFETY: no preconditions.
    let time = unsafe { check::owned(ffi::ASN1_TIME_new(), "ASN1_TIME_new")? };
    // SAFETY: `time` is valid and `when` a terminated string.
    let set = unsafe { ffi::ASN1_TIME_set_string(time.as_ptr(), when.as_ptr()) };
    queue::clear();
    if set == 1 { Ok(time) } else { Err(invalid()) }
}

/// The time `seconds` after now, or before where negative, in the type that RFC 5280 wants for it.
///
/// # Errors
/// [`Error::Value`] where the year would not be one from 0 to 9999.
pub(crate) fn from_now(seconds: i64) -> Result<Handle<ffi::ASN1_TIME>> {
    queue::clear();
    // SAFETY: null asks for a new object.
    let time = unsafe { check::owned(ffi::X509_gmtime_adj(ptr::null_mut(), seconds), "X509_gmtime_adj") };
    time.map_err(|_| Error::value(format!("{seconds} seconds from now is not in the years 0 to 9999")))
}

/// Whether a time, offset and all, is before now; none where it is empty or no time.
///
/// # Safety
/// `time` is valid and does not change during the call.
pub(crate) unsafe fn is_past(time: *const ffi::ASN1_TIME) -> Option<bool> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = libc::time_t::try_from(now).ok()?;
    // SAFETY: valid by contract.
    let order: c_int = unsafe { ffi::ASN1_TIME_cmp_time_t(time, now) };
    match order {
        -1 => Some(true),
        0 | 1 => Some(false),
        _ => {
            queue::clear();
            None
        }
    }
}
