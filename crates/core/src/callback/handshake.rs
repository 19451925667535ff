//! What happens in a handshake, told or asked: progress, key log, the name that a client asks for, its protocols.

use std::ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_void};

use ironssl_sys as ffi;

use super::guard;
use crate::error::Error;
use crate::ssl::delegate::ServerName;
use crate::ssl::engine::State;

/// `SSL_CTX_set_info_callback`.
pub(crate) unsafe extern "C" fn info(ssl: *const ffi::SSL, place: c_int, value: c_int) {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl) }) else { return };
    guard((), |parked| state.park(parked), || state.delegate().info(place, value));
}

/// `SSL_CTX_keylog_cb_func`.
pub(crate) unsafe extern "C" fn keylog(ssl: *const ffi::SSL, line: *const c_char) {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl) }) else { return };
    if line.is_null() {
        return;
    }
    // SAFETY: OpenSSL passes a terminated string, which it keeps until this returns.
    let line = unsafe { CStr::from_ptr(line) };
    guard((), |parked| state.park(parked), || state.delegate().keylog(line.to_bytes()));
}

/// `SSL_CTX_set_tlsext_servername_callback`. Fails closed: a failure is a fatal alert.
pub(crate) unsafe extern "C" fn server_name(ssl: *mut ffi::SSL, _alert: *mut c_int, _: *mut c_void) -> c_int {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl) }) else { return ffi::SSL_TLSEXT_ERR_ALERT_FATAL };
    let ask = || guard(ServerName::Refuse, |parked| state.park(parked), || state.delegate().server_name());
    let answer = state.before_choice(ask);
    // SAFETY: as above.
    if unsafe { must_refuse(state, ssl) } {
        return ffi::SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    match answer {
        ServerName::Acknowledge => ffi::SSL_TLSEXT_ERR_OK,
        ServerName::Ignore => ffi::SSL_TLSEXT_ERR_NOACK,
        // The alert stays what OpenSSL has put there, unrecognized_name.
        ServerName::Refuse => ffi::SSL_TLSEXT_ERR_ALERT_FATAL,
    }
}

/// Whether a callback has changed the rules of verification so that the peer is not to get through; says why, then.
///
/// # Safety
/// The `SSL` is valid, in the middle of an operation, and the one that `state` belongs to.
unsafe fn must_refuse(state: &State, ssl: *mut ffi::SSL) -> bool {
    // SAFETY: passed on from this function's own contract.
    let why = unsafe { state.must_refuse(ssl) };
    if let Some(why) = why {
        state.park(Box::new(Error::from(why)));
    }
    why.is_some()
}

/// What becomes of the client's protocols.
enum Choice {
    /// This one of them.
    Take(usize),
    /// None, and the handshake goes on without.
    None,
    /// The handshake fails.
    Refuse,
}

/// The protocols of a list in the form of RFC 7301; none for a list that is not well formed.
fn protocols(mut list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while let Some((&length, rest)) = list.split_first() {
        let (protocol, rest) = rest.split_at_checked(usize::from(length))?;
        if protocol.is_empty() {
            return None;
        }
        found.push(protocol);
        list = rest;
    }
    Some(found)
}

/// `SSL_CTX_alpn_select_cb_func`. Fails closed: a failure, or a choice that the client did not offer, is a fatal alert.
pub(crate) unsafe extern "C" fn select_alpn(
    ssl: *mut ffi::SSL,
    chosen: *mut *const c_uchar,
    chosen_length: *mut c_uchar,
    offered: *const c_uchar,
    offered_length: c_uint,
    _: *mut c_void,
) -> c_int {
    // SAFETY: OpenSSL passes an `SSL` of ours, in the middle of an operation.
    let Some(state) = (unsafe { State::of(ssl) }) else { return ffi::SSL_TLSEXT_ERR_ALERT_FATAL };
    let Ok(length) = usize::try_from(offered_length) else { return ffi::SSL_TLSEXT_ERR_ALERT_FATAL };
    if offered.is_null() {
        return ffi::SSL_TLSEXT_ERR_NOACK;
    }
    // SAFETY: OpenSSL passes a list of so many bytes, which outlives this call.
    let offered = unsafe { std::slice::from_raw_parts(offered, length) };
    let Some(offered) = protocols(offered) else { return ffi::SSL_TLSEXT_ERR_ALERT_FATAL };
    let ask = || match state.delegate().select_alpn(&offered)? {
        None => Ok(Choice::None),
        Some(wanted) => match offered.iter().position(|protocol| *protocol == wanted) {
            Some(index) => Ok(Choice::Take(index)),
            None => Err(Error::ssl("the protocol that the ALPN callback chose was not offered by the client").into()),
        },
    };
    let ask = || guard(Choice::Refuse, |parked| state.park(parked), ask);
    // SAFETY: as above.
    let is_early = unsafe { ffi::SSL_version(ssl) } == ffi::TLS1_3_VERSION;
    let choice = if is_early { state.before_choice(ask) } else { ask() };
    // SAFETY: as above.
    if unsafe { must_refuse(state, ssl) } {
        return ffi::SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    match choice {
        Choice::None => ffi::SSL_TLSEXT_ERR_NOACK,
        Choice::Refuse => ffi::SSL_TLSEXT_ERR_ALERT_FATAL,
        Choice::Take(index) => {
            let protocol = offered[index];
            // SAFETY: OpenSSL passes places to write to. It copies the protocol, which lies in its own list, after
            // this returns; a protocol of that list has at most 255 bytes.
            unsafe {
                *chosen = protocol.as_ptr();
                *chosen_length = u8::try_from(protocol.len()).unwrap_or(0);
            }
            ffi::SSL_TLSEXT_ERR_OK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_protocols_are_well_formed_or_nothing() {
        assert_eq!(protocols(b"\x02h2\x08http/1.1"), Some(vec![&b"h2"[..], &b"http/1.1"[..]]));
        assert_eq!(protocols(b""), Some(vec![]));
        assert_eq!(protocols(b"\x00"), None);
        assert_eq!(protocols(b"\x03h2"), None);
    }
}
