//! Files that a caller names: read whole, with OpenSSL's kind of error.

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Entry, Error, ErrorStack, Result};
use crate::queue;

/// What a file holds; zeroed on drop, as it may be a private key.
///
/// A path with a NUL is [`Error::Value`]; what the system refuses is [`Error::OpenSsl`], as if OpenSSL had opened the
/// file: its callers handle one class of errors.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    std::fs::read(path).map(Zeroizing::new).map_err(|error| {
        if error.kind() == std::io::ErrorKind::InvalidInput {
            return Error::value("the path contains a NUL byte");
        }
        let reason = error.raw_os_error().map_or_else(|| error.to_string(), queue::system_text);
        let entry = Entry::new(0, "system library".to_owned(), reason, path.to_string_lossy().into_owned());
        Error::OpenSsl(ErrorStack::new(vec![entry]))
    })
}
