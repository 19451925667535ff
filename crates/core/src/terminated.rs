//! Text for C, which ends at a NUL: so whatever has one in it is refused, and nothing is cut off in silence.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Any text; `what` it is, for the error.
pub(crate) fn text(text: impl Into<Vec<u8>>, what: &str) -> Result<CString> {
    CString::new(text).map_err(|_| has_nul(what))
}

/// A path.
pub(crate) fn path(path: &Path) -> Result<CString> {
    text(path.as_os_str().as_bytes(), "the path")
}

/// A passphrase, zeroed after use.
pub(crate) fn passphrase(passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if passphrase.contains(&0) {
        return Err(has_nul("the passphrase"));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(passphrase.len() + 1));
    text.extend_from_slice(passphrase);
    text.push(0);
    Ok(text)
}

fn has_nul(what: &str) -> Error {
    Error::value(format!("{what} contains a NUL byte"))
}
