//! What the handshake made: its randoms, the secret, the Finished messages, and keys derived for other purposes.

use ironssl_sys as ffi;
use zeroize::Zeroizing;

use super::Connection;
use crate::check;
use crate::error::{Error, Result};
use crate::queue;
use crate::ssl::cipher::static_text;
use crate::ssl::engine::Inner;

/// The length of a random.
const RANDOM: usize = 32;

/// The longest Finished message, in bytes (`EVP_MAX_MD_SIZE`).
const FINISHED: usize = 64;

/// The most bytes of keying material that are derived at once.
const MOST: usize = 1 << 20;

/// `SSL_get_client_random` and its kind: they copy as much as fits, and return how much that is.
type Copies = unsafe extern "C" fn(*const ffi::SSL, *mut u8, usize) -> usize;

impl Connection {
    /// The random of the client's hello; none before there is one (`SSL_get_client_random`).
    #[must_use]
    pub fn client_random(&self) -> Option<[u8; RANDOM]> {
        random(&self.engine.enter(), ffi::SSL_get_client_random)
    }

    /// The random of the server's hello; none before there is one (`SSL_get_server_random`).
    #[must_use]
    pub fn server_random(&self) -> Option<[u8; RANDOM]> {
        random(&self.engine.enter(), ffi::SSL_get_server_random)
    }

    /// The secret of the session; none before there is one (`SSL_SESSION_get_master_key`). In TLS 1.2 and older that
    /// is the master secret.
    #[must_use]
    pub fn master_key(&self) -> Option<Zeroizing<Vec<u8>>> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the session stays the connection's.
        let session = unsafe { ffi::SSL_get_session(inner.as_ptr()) };
        if session.is_null() {
            return None;
        }
        // SAFETY: the session is valid, and the lock keeps it; no room asks for the length only.
        let length = unsafe { ffi::SSL_SESSION_get_master_key(session, std::ptr::null_mut(), 0) };
        let mut key = Zeroizing::new(vec![0; length]);
        // SAFETY: as above; there is room for so many bytes.
        unsafe { ffi::SSL_SESSION_get_master_key(session, key.as_mut_ptr(), length) };
        (length > 0).then_some(key)
    }

    /// The Finished message that was sent last; none before one was (`SSL_get_finished`).
    #[must_use]
    pub fn finished(&self) -> Option<Vec<u8>> {
        let inner = self.engine.enter();
        let mut message = vec![0; FINISHED];
        // SAFETY: the `SSL` is valid and its lock held; there is room for so many bytes.
        let length = unsafe { ffi::SSL_get_finished(inner.as_ptr(), message.as_mut_ptr().cast(), FINISHED) };
        cut(message, length)
    }

    /// The Finished message that came last from the peer; none before one came (`SSL_get_peer_finished`).
    #[must_use]
    pub fn peer_finished(&self) -> Option<Vec<u8>> {
        let inner = self.engine.enter();
        let mut message = vec![0; FINISHED];
        // SAFETY: the `SSL` is valid and its lock held; there is room for so many bytes.
        let length = unsafe { ffi::SSL_get_peer_finished(inner.as_ptr(), message.as_mut_ptr().cast(), FINISHED) };
        cut(message, length)
    }

    /// Keys for another purpose, the same on both sides: `length` bytes, at least one, named by `label` and bound to
    /// `context` (`SSL_export_keying_material`, RFC 5705, RFC 8446, 7.5). No context is another one than an empty one,
    /// but in TLS 1.3.
    ///
    /// # Errors
    /// [`Error::Value`] for no bytes or more than 1,048,576; [`Error::OpenSsl`] before the handshake is done, in the
    /// middle of another one, and for more bytes than TLS 1.3 can make.
    pub fn export_keying_material(
        &self,
        label: &[u8],
        length: usize,
        context: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        if !(1..=MOST).contains(&length) {
            return Err(Error::value(format!("keying material has 1 to {MOST} bytes, not {length}")));
        }
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        let (established, version, begun) = unsafe {
            let ssl = inner.as_ptr();
            let begun = !ffi::SSL_get_session(ssl).is_null();
            (ffi::SSL_is_init_finished(ssl) == 1, ffi::SSL_version(ssl), begun)
        };
        // For TLS 1.3 OpenSSL knows from when on there is a secret to derive from; for older ones it takes what there is.
        if !(established || begun && version == ffi::TLS1_3_VERSION) {
            return Err(Error::ssl("no keying material before the handshake is done"));
        }
        let mut material = Zeroizing::new(vec![0; length]);
        queue::clear();
        let bound = context.unwrap_or_default();
        // SAFETY: the `SSL` is valid and its lock held; each pointer goes with its length.
        let exported = unsafe {
            ffi::SSL_export_keying_material(
                inner.as_ptr(),
                material.as_mut_ptr(),
                length,
                label.as_ptr().cast(),
                label.len(),
                bound.as_ptr(),
                bound.len(),
                i32::from(context.is_some()),
            )
        };
        check::one(exported, "SSL_export_keying_material")?;
        Ok(material)
    }

    /// The SRTP protection profile that was agreed on, such as `SRTP_AEAD_AES_128_GCM`
    /// (`SSL_get_selected_srtp_profile`).
    #[must_use]
    pub fn srtp_profile(&self) -> Option<&'static str> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        let profile = unsafe { ffi::SSL_get_selected_srtp_profile(inner.as_ptr()).as_ref() }?;
        // SAFETY: the library's profiles are never freed, and their names are literals.
        Some(unsafe { static_text(profile.name) })
    }
}

/// A random; none where there is no session yet, and so no hello, or OpenSSL has zeros in its place.
fn random(inner: &Inner, copy: Copies) -> Option<[u8; RANDOM]> {
    // SAFETY: the `SSL` is valid and its lock held.
    if unsafe { ffi::SSL_get_session(inner.as_ptr()) }.is_null() {
        return None;
    }
    let mut random = [0; RANDOM];
    // SAFETY: as above; there is room for so many bytes.
    let count = unsafe { copy(inner.as_ptr(), random.as_mut_ptr(), RANDOM) };
    (count == RANDOM && random != [0; RANDOM]).then_some(random)
}

/// The message that OpenSSL has copied, if there was one.
fn cut(mut message: Vec<u8>, length: usize) -> Option<Vec<u8>> {
    message.truncate(length);
    (length > 0).then_some(message)
}
