//! Message digests by name.

use std::ffi::CString;
use std::fmt;
use std::ptr::{self, NonNull};

use ironssl_sys as ffi;

use crate::check;
use crate::error::{Error, Result};
use crate::queue;

/// A message digest algorithm, such as SHA-256.
///
/// ```
/// use ironssl::digest::Digest;
/// let sha256 = Digest::by_name("sha256")?;
/// assert_eq!(sha256.hash(b"abc")?.to_string().split(':').count(), 32);
/// assert!(Digest::by_name("no such thing").is_err());
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(NonNull<ffi::EVP_MD>);

// SAFETY: the pointers are to OpenSSL's own constant tables, which never change.
unsafe impl Send for Digest {}
// SAFETY: as above.
unsafe impl Sync for Digest {}

impl Digest {
    /// The digest that OpenSSL calls `name`, in any case (`EVP_get_digestbyname`).
    ///
    /// # Errors
    /// [`Error::Value`] where there is none.
    pub fn by_name(name: &str) -> Result<Self> {
        queue::clear();
        let unknown = || Error::value("No such digest method");
        let name = CString::new(name).map_err(|_| unknown())?;
        // SAFETY: `name` is a terminated string; the result is null or a constant of the library.
        let found = unsafe { ffi::EVP_get_digestbyname(name.as_ptr()) };
        queue::clear();
        NonNull::new(found.cast_mut()).map(Self).ok_or_else(unknown)
    }

    /// The digest of `data` (`EVP_Digest`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where no loaded provider has the algorithm.
    pub fn hash(self, data: &[u8]) -> Result<Value> {
        queue::clear();
        let mut value = Value { bytes: [0; ffi::EVP_MAX_MD_SIZE as usize], length: 0 };
        let mut length = 0;
        // SAFETY: `data` is valid for its length; `value.bytes` has room for the longest digest; `length` may be
        // written; the algorithm is a constant of the library, and no engine is used.
        let done = unsafe {
            ffi::EVP_Digest(
                data.as_ptr().cast(),
                data.len(),
                value.bytes.as_mut_ptr(),
                &raw mut length,
                self.as_ptr(),
                ptr::null_mut(),
            )
        };
        check::one(done, "EVP_Digest")?;
        value.length = length as usize;
        Ok(value)
    }

    /// The constant of the library.
    pub(crate) fn as_ptr(self) -> *const ffi::EVP_MD {
        self.0.as_ptr()
    }
}

/// What a digest gave: its bytes (`value.as_ref()`), and, as text, upper-case hexadecimal pairs with colons between.
#[derive(Clone, Copy)]
pub struct Value {
    bytes: [u8; ffi::EVP_MAX_MD_SIZE as usize],
    length: usize,
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Value {
    /// How long the text is.
    #[must_use]
    pub fn text_len(&self) -> usize {
        (3 * self.length).saturating_sub(1)
    }

    /// Writes the text to `out`, as far as it has room; [`Value::text_len`] bytes are needed.
    pub fn write_text(&self, out: &mut [u8]) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        for (place, byte) in out.chunks_mut(3).zip(self.as_ref()) {
            let text = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)], b':'];
            for (to, from) in place.iter_mut().zip(text) {
                *to = from;
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.as_ref().iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_written_as_displayed() {
        let value = Digest::by_name("SHA1").unwrap().hash(b"abc").unwrap();
        let mut text = vec![0; value.text_len()];
        value.write_text(&mut text);
        assert_eq!(String::from_utf8(text).unwrap(), value.to_string());
        assert_eq!(value.to_string(), "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D");
    }

    #[test]
    fn names_that_are_none() {
        for name in ["", "sha256\0", "sha-nothing", "é"] {
            assert!(matches!(Digest::by_name(name), Err(Error::Value(_))), "{name:?}");
            assert!(queue::is_empty());
        }
    }
}
