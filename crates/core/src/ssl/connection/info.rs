//! A connection looked at and adjusted: everything that never waits for the peer.

use std::ffi::CStr;
use std::sync::atomic::Ordering;

use ironssl_sys as ffi;

use super::{Connection, Want};
use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::pkey::PKey;
use crate::queue;
use crate::ssl::Context;
use crate::ssl::cipher::{self, Cipher};
use crate::terminated;
use crate::x509::{X509, X509Name, certificates, retained};

impl Connection {
    /// How many bytes of plaintext can be read without more ciphertext (`SSL_pending`). It is 1 where there are none
    /// but the next read has an error to give: the last one met it behind the plaintext that it returned.
    ///
    /// With read-ahead OpenSSL may have read whole records, or the end, which no transport tells of any more. So they are
    /// looked at, if none is decrypted.
    #[must_use]
    pub fn pending(&self) -> usize {
        let inner = self.engine.enter();
        if inner.may_hide_records() {
            self.show_records(&inner);
        }
        inner.pending().max(usize::from(inner.has_deferred()))
    }

    /// Whether the last operation failed with [`Failure::WantRead`](super::super::Failure::WantRead).
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.want.load(Ordering::Relaxed) == Want::Read as u8
    }

    /// Whether the last operation failed with [`Failure::WantWrite`](super::super::Failure::WantWrite).
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.want.load(Ordering::Relaxed) == Want::Write as u8
    }

    /// `SSL_SENT_SHUTDOWN` (1), `SSL_RECEIVED_SHUTDOWN` (2), both or neither (`SSL_get_shutdown`).
    #[must_use]
    pub fn shutdown_state(&self) -> i32 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_get_shutdown(inner.as_ptr()) }
    }

    /// Replaces the shutdown state (`SSL_set_shutdown`).
    pub fn set_shutdown_state(&self, state: i32) {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; any value is allowed.
        unsafe { ffi::SSL_set_shutdown(inner.as_ptr(), state) }
    }

    /// The context that the connection works with.
    #[must_use]
    pub fn context(&self) -> Context {
        self.context.lock().clone()
    }

    /// Works with another context from now on: its certificate and key, for a server that learnt the name that its
    /// client wants (`SSL_set_SSL_CTX`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it comes too late: in a callback, but for that of the server name and, with TLS 1.3,
    /// that of ALPN, and between the messages of a handshake that has agreed on a cipher.
    pub fn set_context(&self, context: &Context) -> Result<()> {
        queue::clear();
        let handle = context.use_handle();
        let inner = self.engine.enter();
        inner.refuse_after_choice()?;
        inner.retire_context();
        // SAFETY: both are valid; the `SSL` takes a reference of its own. It frees its certificates, and has not chosen
        // one of them for the running handshake.
        check::borrowed(unsafe { ffi::SSL_set_SSL_CTX(inner.as_ptr(), handle.as_ptr()) }, "SSL_set_SSL_CTX")?;
        self.follow(context);
        *self.context.lock() = context.clone();
        Ok(())
    }

    /// Whether the handshake is done, and none is wanted anew (`SSL_is_init_finished`).
    #[must_use]
    pub fn is_established(&self) -> bool {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_is_init_finished(inner.as_ptr()) == 1 }
    }

    /// The cipher in use, if one was agreed on.
    #[must_use]
    pub fn cipher(&self) -> Option<Cipher> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the library's ciphers are never freed.
        unsafe { Cipher::of(ffi::SSL_get_current_cipher(inner.as_ptr())) }
    }

    /// The ciphers that the connection may use, the best first (`SSL_get_ciphers`).
    #[must_use]
    pub fn ciphers(&self) -> Vec<Cipher> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held, so the list does not change.
        unsafe { cipher::list(ffi::SSL_get_ciphers(inner.as_ptr())) }
    }

    /// The protocol's number, such as 0x304 for TLS 1.3 (`SSL_version`). Before a handshake it does not tell what will
    /// be spoken.
    #[must_use]
    pub fn protocol_version(&self) -> i32 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_version(inner.as_ptr()) }
    }

    /// The protocol's name, such as `TLSv1.3` (`SSL_get_version`). Before a handshake it does not tell what will be
    /// spoken.
    #[must_use]
    pub fn protocol_version_name(&self) -> &'static str {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the names are literals.
        unsafe { cipher::static_text(ffi::SSL_get_version(inner.as_ptr())) }
    }

    /// The group of the key exchange, such as `x25519`; none before there is one, and where there is none
    /// (`SSL_get0_group_name`, `SSL_group_to_name`).
    #[must_use]
    pub fn group_name(&self) -> Option<String> {
        let inner = self.engine.enter();
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held. Without a session there is no group to ask for.
        if unsafe { ffi::SSL_get_session(inner.as_ptr()) }.is_null() {
            return None;
        }
        #[cfg(ossl_3_2)]
        // SAFETY: as above, and there is a session.
        let name = unsafe { ffi::SSL_get0_group_name(inner.as_ptr()) };
        #[cfg(not(ossl_3_2))]
        // SAFETY: as above; the calls only read.
        let name = unsafe {
            let group = ffi::SSL_ctrl(inner.as_ptr(), ffi::SSL_CTRL_GET_NEGOTIATED_GROUP, 0, std::ptr::null_mut());
            match std::ffi::c_int::try_from(group) {
                Ok(group) if group != 0 => ffi::SSL_group_to_name(inner.as_ptr(), group),
                _ => std::ptr::null(),
            }
        };
        if name.is_null() {
            return None;
        }
        // SAFETY: a terminated string that lives as long as the session, which the lock keeps, or the library.
        Some(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
    }

    /// What the state machine is doing, in words (`SSL_state_string_long`).
    #[must_use]
    pub fn state_text(&self) -> &'static str {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the texts are literals.
        unsafe { cipher::static_text(ffi::SSL_state_string_long(inner.as_ptr())) }
    }

    /// The certificate that the peer showed, if any (`SSL_get1_peer_certificate`).
    #[must_use]
    pub fn peer_certificate(&self) -> Option<X509> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the reference is ours.
        let raw = std::ptr::NonNull::new(unsafe { ffi::SSL_get1_peer_certificate(inner.as_ptr()) })?;
        // SAFETY: as above.
        Some(X509::from_handle(unsafe { Handle::from_raw(raw) }))
    }

    /// The certificates that the peer sent, as it sent them: with its own first on a client, without it on a server
    /// (`SSL_get_peer_cert_chain`). None where it sent none.
    #[must_use]
    pub fn peer_chain(&self) -> Option<Vec<X509>> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held, so the chain does not change.
        let chain = unsafe { ffi::SSL_get_peer_cert_chain(inner.as_ptr()) };
        // SAFETY: as above.
        (!chain.is_null()).then(|| unsafe { certificates(chain) })
    }

    /// The names of the authorities whose certificates a server accepts from its clients: on a client those that the
    /// server sent, on a server its own (`SSL_get_client_CA_list`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] (`X509_NAME_dup`).
    pub fn client_ca_names(&self) -> Result<Vec<X509Name>> {
        let inner = self.engine.enter();
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held, so the list does not change.
        let stack = unsafe { ffi::SSL_get_client_CA_list(inner.as_ptr()) }.cast::<ffi::OPENSSL_STACK>();
        // SAFETY: the stack is null, which has -1 elements, or valid.
        let count = unsafe { ffi::OPENSSL_sk_num(stack) };
        (0..count)
            .map(|index| {
                // SAFETY: the index is within the stack; its elements are names.
                let name = unsafe { ffi::OPENSSL_sk_value(stack, index) }.cast::<ffi::X509_NAME>();
                // SAFETY: the name is valid; the copy is ours.
                let copy = unsafe { check::owned(ffi::X509_NAME_dup(name), "X509_NAME_dup") }?;
                Ok(X509Name::from_handle(copy))
            })
            .collect()
    }

    /// The chain that OpenSSL built for the peer's certificate, its own first; none where it built none
    /// (`SSL_get0_verified_chain`).
    ///
    /// It ends in a trusted certificate only where [`Self::verify_result`] is 0 and nothing was [`Self::overruled`];
    /// otherwise it may be incomplete and untrusted.
    #[must_use]
    pub fn verified_chain(&self) -> Option<Vec<X509>> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held, so the chain does not change.
        let chain = unsafe { ffi::SSL_get0_verified_chain(inner.as_ptr()) };
        // SAFETY: as above.
        (!chain.is_null()).then(|| unsafe { certificates(chain) })
    }

    /// OpenSSL's verdict on the peer's chain, `X509_V_OK` (0) or one of `X509_V_ERR_*` (`SSL_get_verify_result`).
    ///
    /// It is 0 also where nothing was verified, and where a delegate has accepted what OpenSSL refused:
    /// [`Self::overruled`] has what that was.
    #[must_use]
    pub fn verify_result(&self) -> i64 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_get_verify_result(inner.as_ptr()) }
    }

    /// The first verification error that a delegate overruled, and its depth in the chain.
    #[must_use]
    pub fn overruled(&self) -> Option<(i32, i32)> {
        self.engine.enter().overridden()
    }

    /// How the peer is verified, `SSL_VERIFY_*` (`SSL_get_verify_mode`).
    #[must_use]
    pub fn verify_mode(&self) -> i32 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_get_verify_mode(inner.as_ptr()) }
    }

    /// Adds options, `SSL_OP_*`; none is ever taken away (`SSL_set_options`). All that are set now.
    pub fn set_options(&self, options: u64) -> u64 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; any bits are allowed.
        unsafe { ffi::SSL_set_options(inner.as_ptr(), options) }
    }

    /// The certificate that is shown to the peer, if there is one (`SSL_get_certificate`).
    #[must_use]
    pub fn certificate(&self) -> Option<X509> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held, which keeps the certificate until there is one more reference.
        let handle = unsafe { retained(ffi::SSL_get_certificate(inner.as_ptr())) }?;
        Some(X509::from_handle(handle))
    }

    /// Shows another certificate to the peer (`SSL_use_certificate`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`].
    pub fn use_certificate(&self, certificate: &X509) -> Result<()> {
        let handle = certificate.share()?;
        let inner = self.engine.enter();
        queue::clear();
        // SAFETY: both are valid; the `SSL` takes a reference of its own, of an object that never changes.
        check::one(unsafe { ffi::SSL_use_certificate(inner.as_ptr(), handle.as_ptr()) }, "SSL_use_certificate")
    }

    /// The private key to the certificate (`SSL_use_PrivateKey`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`].
    pub fn use_private_key(&self, key: &PKey) -> Result<()> {
        let inner = self.engine.enter();
        queue::clear();
        // SAFETY: both are valid; the `SSL` takes a reference of its own.
        check::one(unsafe { ffi::SSL_use_PrivateKey(inner.as_ptr(), key.as_ptr()) }, "SSL_use_PrivateKey")
    }

    /// The name that a client asks for, before it shakes hands (`SSL_set_tlsext_host_name`).
    ///
    /// # Errors
    /// [`Error::Value`] for a name with a NUL, [`Error::OpenSsl`] for one that is too long.
    pub fn set_host_name(&self, name: &[u8]) -> Result<()> {
        let name = terminated::text(name, "the name")?;
        let inner = self.engine.enter();
        queue::clear();
        let kind = std::ffi::c_long::from(ffi::TLSEXT_NAMETYPE_host_name);
        // SAFETY: the `SSL` is valid and its lock held; the string is terminated, and copied.
        let set = unsafe {
            ffi::SSL_ctrl(inner.as_ptr(), ffi::SSL_CTRL_SET_TLSEXT_HOSTNAME, kind, name.as_ptr().cast_mut().cast())
        };
        check::one_long(set, "SSL_set_tlsext_host_name")
    }

    /// Asks for a new handshake in TLS 1.2 and older; the next operation makes it (`SSL_renegotiate`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`], always so in TLS 1.3, and before the first handshake is done.
    pub fn renegotiate(&self) -> Result<()> {
        let inner = self.engine.enter();
        inner.refuse_in_callback()?;
        // SAFETY: the `SSL` is valid and its lock held.
        let (established, asked) = unsafe {
            (ffi::SSL_is_init_finished(inner.as_ptr()) == 1, ffi::SSL_renegotiate_pending(inner.as_ptr()) == 1)
        };
        if !established && !asked {
            // OpenSSL would take the wish, and fail with an internal error from then on.
            return Err(Error::ssl("no handshake is done yet that could be made anew"));
        }
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held.
        check::one(unsafe { ffi::SSL_renegotiate(inner.as_ptr()) }, "SSL_renegotiate")
    }

    /// Whether a new handshake was asked for and is not done (`SSL_renegotiate_pending`).
    #[must_use]
    pub fn is_renegotiating(&self) -> bool {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_renegotiate_pending(inner.as_ptr()) == 1 }
    }

    /// How often the connection has renegotiated (`SSL_total_renegotiations`).
    #[must_use]
    pub fn renegotiations(&self) -> i64 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the call only reads.
        unsafe { ffi::SSL_ctrl(inner.as_ptr(), ffi::SSL_CTRL_GET_TOTAL_RENEGOTIATIONS, 0, std::ptr::null_mut()) }
    }

    /// The mode bits in force, `SSL_MODE_*` (`SSL_get_mode`).
    #[must_use]
    pub fn mode(&self) -> i64 {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the call only reads.
        unsafe { ffi::SSL_ctrl(inner.as_ptr(), ffi::SSL_CTRL_MODE, 0, std::ptr::null_mut()) }
    }
}
