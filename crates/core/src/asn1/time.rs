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

/// A time as GENERALIZEDTIME: as it is stored where it is one, whatever that is; expanded where it is a UTCTIME; none
/// where it is empty.
///
/// # Errors
/// [`Error::OpenSsl`] for a UTCTIME that is no time.
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
    if kind == ffi::V_ASN1_UTCTIME
        && let Some(expanded) = expanded(content)
    {
        return Ok(Some(expanded));
    }
    queue::clear();
    // SAFETY: `time` is valid; null asks for a new object.
    let expanded = unsafe {
        check::owned(ffi::ASN1_TIME_to_generalizedtime(time, ptr::null_mut()), "ASN1_TIME_to_generalizedtime")?
    };
    // SAFETY: valid, and ours alone.
    Ok(Some(unsafe { string::bytes(expanded.as_ptr().cast()) }.to_vec()))
}

/// A UTCTIME as GENERALIZEDTIME, in the form that nearly all have, `YYMMDDhhmmssZ`; none for other forms, for dates that
/// do not exist, and for a leap day. OpenSSL takes half a microsecond more.
fn expanded(utc: &[u8]) -> Option<Vec<u8>> {
    const DAYS: [u8; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let digits: &[u8; 12] = utc.strip_suffix(b"Z")?.try_into().ok()?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let [_, month, day, hour, minute, second] =
        std::array::from_fn(|index| 10 * (digits[2 * index] - b'0') + digits[2 * index + 1] - b'0');
    let exists =
        month > 0 && day > 0 && day <= *DAYS.get(usize::from(month))? && hour < 24 && minute < 60 && second < 60;
    // RFC 5280, 4.1.2.5.1: 50 and above is of the last century.
    let century: &[u8] = if digits[0] >= b'5' { b"19" } else { b"20" };
    exists.then(|| [century, utc].concat())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What `text` makes of a UTCTIME.
    fn read(utc: &[u8]) -> Result<Option<Vec<u8>>> {
        // SAFETY: no preconditions for the first; then the string is valid, and copies the bytes.
        let time = unsafe {
            let time = check::owned(ffi::ASN1_STRING_type_new(ffi::V_ASN1_UTCTIME), "ASN1_STRING_type_new")?;
            let length = check::int_len(utc.len())?;
            check::one(ffi::ASN1_STRING_set(time.as_ptr(), utc.as_ptr().cast(), length), "ASN1_STRING_set")?;
            time
        };
        // SAFETY: valid, and ours alone; a time is a string.
        unsafe { text(time.as_ptr().cast()) }
    }

    #[test]
    fn what_is_expanded_is_what_openssl_takes_for_a_time() {
        for (utc, time) in [
            ("200101000000Z", "20200101000000Z"),
            ("491231235959Z", "20491231235959Z"),
            ("500228000000Z", "19500228000000Z"),
            ("240229000000Z", "20240229000000Z"),
            ("200101000000+0100", "20191231230000Z"),
        ] {
            assert_eq!(read(utc.as_bytes()).unwrap(), Some(time.into()), "{utc}");
        }
        for utc in [
            "aaaaaaaaaaaaZ",
            "200001000000Z",
            "201301000000Z",
            "200100000000Z",
            "200132000000Z",
            "210229000000Z",
            "200431000000Z",
            "200101240000Z",
            "200101006000Z",
            "200101000060Z",
            "-10101000000Z",
            "2001010000000",
            "20010100000\0Z",
            "\u{e9}0010100000Z",
        ] {
            assert!(matches!(read(utc.as_bytes()), Err(Error::OpenSsl(_))), "{utc}");
            assert!(queue::is_empty());
        }
        // The same as what OpenSSL says.
        for (pattern, count) in [("SS", 60), ("MM", 60), ("HH", 24), ("DD", 40), ("NN", 20)] {
            for number in 0..count {
                let utc = "21NNDDHHMMSSZ".replace(pattern, &format!("{number:02}"));
                let utc = utc.replace("NN", "02").replace("DD", "28").replace("HH", "23").replace("MM", "59");
                let utc = utc.replace("SS", "58");
                assert_eq!(expanded(utc.as_bytes()).is_some(), parse(utc.as_bytes()).is_ok(), "{utc}");
            }
        }
    }
}
