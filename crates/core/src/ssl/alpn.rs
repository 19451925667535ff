//! Lists of application protocols as they are sent: each with its length before it (RFC 7301, 3.1).

use std::ffi::c_uint;

use crate::error::{Error, Result};

/// The list of these protocols, the preferred one first.
///
/// # Errors
/// [`Error::Value`] for no protocol at all, for one that is empty or longer than 255 bytes, and for too many.
pub(crate) fn encode(protocols: &[impl AsRef<[u8]>]) -> Result<Vec<u8>> {
    if protocols.is_empty() {
        return Err(Error::value("at least one protocol must be specified"));
    }
    let mut list = Vec::new();
    for protocol in protocols.iter().map(AsRef::as_ref) {
        match u8::try_from(protocol.len()) {
            Ok(length) if length > 0 => {
                list.push(length);
                list.extend_from_slice(protocol);
            }
            _ => return Err(Error::value("the name of a protocol has 1 to 255 bytes")),
        }
    }
    if u16::try_from(list.len()).is_err() {
        return Err(Error::value("the list of protocols is longer than 65,535 bytes"));
    }
    Ok(list)
}

/// The length of a list, for C.
pub(crate) fn length(list: &[u8]) -> Result<c_uint> {
    c_uint::try_from(list.len()).map_err(|_| Error::value("the list of protocols is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_well_formed_or_refused() {
        assert_eq!(encode(&["h2", "http/1.1"]).unwrap(), b"\x02h2\x08http/1.1");
        for wrong in [&[][..], &[&b""[..]], &[&[b'x'; 256][..]]] {
            assert!(matches!(encode(wrong), Err(Error::Value(_))));
        }
        assert!(encode(&[[b'x'; 255]; 255]).is_ok());
        assert!(encode(&[[b'x'; 255]; 256]).is_err());
    }
}
