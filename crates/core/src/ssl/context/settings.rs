//! What can be asked of a context: one method a setting, and what can be read back.

use std::ffi::c_long;
use std::sync::Arc;

use ironssl_sys as ffi;

use super::Context;
use super::setting::{Question, Setting};
use crate::check;
use crate::curve::Curve;
use crate::dh::DhParameters;
use crate::error::{Error, Result};
use crate::pkey::PKey;
use crate::queue;
use crate::ssl::alpn;
use crate::terminated;
use crate::x509::{X509, X509Name};

/// The longest timeout in seconds whose nanoseconds OpenSSL can count, in 64 bits.
const MAX_TIMEOUT: i64 = 18_446_744_073;

impl Context {
    /// Adds options, `SSL_OP_*`; none is ever taken away (`SSL_CTX_set_options`). All that are set now.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_options(&self, options: u64) -> Result<u64> {
        self.set(Setting::Options(options))?;
        Ok(self.options())
    }

    /// The options that are set.
    #[must_use]
    pub fn options(&self) -> u64 {
        // SAFETY: the `SSL_CTX` is valid; the call only reads.
        self.look(|ctx| unsafe { ffi::SSL_CTX_get_options(ctx) })
    }

    /// Adds mode bits, `SSL_MODE_*` (`SSL_CTX_set_mode`). All that are set now.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_mode(&self, mode: i64) -> Result<i64> {
        self.set(Setting::Mode(mode, true))?;
        Ok(self.mode())
    }

    /// Takes mode bits away, `SSL_MODE_*` (`SSL_CTX_clear_mode`). All that are set now.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn clear_mode(&self, mode: i64) -> Result<i64> {
        self.set(Setting::Mode(mode, false))?;
        Ok(self.mode())
    }

    /// The lowest protocol version to speak, such as 0x303 for TLS 1.2; 0 for the lowest that the library has.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for a version that the library does not have.
    pub fn set_min_proto_version(&self, version: i32) -> Result<()> {
        self.set(Setting::MinVersion(version))
    }

    /// The highest protocol version to speak; 0 for the highest that the library has.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for a version that the library does not have.
    pub fn set_max_proto_version(&self, version: i32) -> Result<()> {
        self.set(Setting::MaxVersion(version))
    }

    /// The ciphers of TLS 1.2 and older, in OpenSSL's format (`ciphers(1)`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where no known cipher is left, [`Error::Value`] for text with a NUL.
    pub fn set_cipher_list(&self, list: &[u8]) -> Result<()> {
        self.set(Setting::CipherList(terminated::text(list, "the cipher list")?))
    }

    /// The ciphers of TLS 1.3, names with colons between them (`SSL_CTX_set_ciphersuites`). There may be none where an
    /// older version is the highest to speak.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the library knows none of them, [`Error::Value`] for text with a NUL.
    pub fn set_ciphersuites(&self, names: &[u8]) -> Result<()> {
        self.set(Setting::Ciphersuites(terminated::text(names, "the list of cipher suites")?))
    }

    /// Limits the key exchange to one curve (`SSL_CTX_set1_groups`), which replaces the groups that were allowed so far.
    ///
    /// # Errors
    /// [`Error::Value`] for a curve that the library's TLS has no group for.
    pub fn set_curve(&self, curve: Curve) -> Result<()> {
        self.set(Setting::Group(curve.nid()))
    }

    /// The parameters that a server makes its ephemeral Diffie-Hellman keys with, for the DHE ciphers of TLS 1.2 and
    /// older (`SSL_CTX_set0_tmp_dh_pkey`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for a prime that is too short for the security level.
    pub fn set_tmp_dh(&self, parameters: &DhParameters) -> Result<()> {
        self.set(Setting::TmpDh(parameters.clone()))
    }

    /// The protection profiles of SRTP that are offered or accepted, names with colons between them, the best first
    /// (`SSL_CTX_set_tlsext_use_srtp`, RFC 5764).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for one that the library does not know, [`Error::Value`] for text with a NUL.
    pub fn set_srtp_profiles(&self, profiles: &[u8]) -> Result<()> {
        self.set(Setting::Srtp(terminated::text(profiles, "the list of profiles")?))
    }

    /// Whether a client says that it can be asked for a certificate after the handshake, in TLS 1.3
    /// (`SSL_CTX_set_post_handshake_auth`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_post_handshake_auth(&self, on: bool) -> Result<()> {
        self.set(Setting::PostHandshakeAuth(on))
    }

    /// How the peer is verified, `SSL_VERIFY_*` (`SSL_CTX_set_verify`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_verify_mode(&self, mode: i32) -> Result<()> {
        self.set(Setting::VerifyMode(mode))
    }

    /// How the peer is verified.
    #[must_use]
    pub fn verify_mode(&self) -> i32 {
        // SAFETY: the `SSL_CTX` is valid; the call only reads.
        self.look(|ctx| unsafe { ffi::SSL_CTX_get_verify_mode(ctx) })
    }

    /// How many certificates may stand between the peer's and a trusted one (`SSL_CTX_set_verify_depth`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_verify_depth(&self, depth: i32) -> Result<()> {
        self.set(Setting::VerifyDepth(depth))
    }

    /// How many certificates may stand between the peer's and a trusted one; -1 where nothing was set.
    #[must_use]
    pub fn verify_depth(&self) -> i32 {
        // SAFETY: the `SSL_CTX` is valid; the call only reads.
        self.look(|ctx| unsafe { ffi::SSL_CTX_get_verify_depth(ctx) })
    }

    /// The name within which a server resumes sessions, at most 32 bytes (`SSL_CTX_set_session_id_context`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for a longer one.
    pub fn set_session_id(&self, name: &[u8]) -> Result<()> {
        self.set(Setting::SessionId(name.to_vec()))
    }

    /// The name that [`Context::set_session_id`] gave; empty where it did not.
    pub(crate) fn session_id(&self) -> Vec<u8> {
        let state = self.0.state.lock();
        let name = state.recipe.iter().find_map(|setting| match setting {
            // A new one replaces it.
            Setting::SessionId(name) => Some(name.clone()),
            _ => None,
        });
        name.unwrap_or_default()
    }

    /// Whether [`Context::set_post_handshake_auth`] is on.
    pub(crate) fn offers_post_handshake_auth(&self) -> bool {
        self.0.state.lock().recipe.iter().any(|setting| matches!(setting, Setting::PostHandshakeAuth(true)))
    }

    /// How many seconds a new session stays good for (`SSL_CTX_set_timeout`). The number before.
    ///
    /// # Errors
    /// [`Error::Value`] for a number that is negative or above 18,446,744,073, since OpenSSL counts nanoseconds;
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_timeout(&self, seconds: i64) -> Result<i64> {
        if !(0..=MAX_TIMEOUT).contains(&seconds) {
            return Err(Error::value(format!("timeout must be in the range from 0 to {MAX_TIMEOUT}")));
        }
        let before = self.timeout();
        self.set(Setting::Timeout(seconds))?;
        Ok(before)
    }

    /// How many seconds a new session stays good for.
    #[must_use]
    pub fn timeout(&self) -> i64 {
        // SAFETY: the `SSL_CTX` is valid; the call only reads.
        self.look(|ctx| unsafe { ffi::SSL_CTX_get_timeout(ctx) })
    }

    /// Which sessions are kept for resumption, `SSL_SESS_CACHE_*`. The mode before.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_session_cache_mode(&self, mode: i64) -> Result<i64> {
        let before = self.session_cache_mode();
        self.set(Setting::SessionCacheMode(mode))?;
        Ok(before)
    }

    /// Which sessions are kept for resumption.
    #[must_use]
    pub fn session_cache_mode(&self) -> i64 {
        // SAFETY: the `SSL_CTX` is valid; the call only reads.
        self.look(|ctx| unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_GET_SESS_CACHE_MODE, 0, std::ptr::null_mut()) })
    }

    /// Whether a connection may read more from its transport than the record that is due (`SSL_CTX_set_read_ahead`).
    /// That saves system calls; but what follows the TLS stream on the transport may then be swallowed with it.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn set_read_ahead(&self, on: bool) -> Result<()> {
        self.set(Setting::ReadAhead(on))
    }

    /// The certificate to show to peers.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for one that cannot be used.
    pub fn use_certificate(&self, certificate: &X509) -> Result<()> {
        self.set(Setting::Certificate(snapshot(certificate)?))
    }

    /// The certificate to show to peers, and those that lead from it to a root, in order.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for one that cannot be used.
    pub fn use_certificate_chain(&self, certificate: &X509, issuers: &[X509]) -> Result<()> {
        let issuers = issuers.iter().map(snapshot).collect::<Result<_>>()?;
        self.set(Setting::Chain(snapshot(certificate)?, issuers))
    }

    /// One more certificate to show after the own one (`SSL_CTX_add_extra_chain_cert`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for one that cannot be used.
    pub fn add_extra_chain_certificate(&self, certificate: &X509) -> Result<()> {
        self.set(Setting::ExtraChain(snapshot(certificate)?))
    }

    /// The private key to the certificate.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for one that does not match it.
    pub fn use_private_key(&self, key: &PKey) -> Result<()> {
        self.set(Setting::PrivateKey(key.clone()))
    }

    /// The authorities that a server names to its clients, in order, instead of those so far
    /// (`SSL_CTX_set_client_CA_list`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`], [`Error::Stale`].
    pub fn set_client_ca_names<'a>(&self, names: impl IntoIterator<Item = &'a X509Name>) -> Result<()> {
        let names = names.into_iter().map(|name| name.copy().map(Arc::new)).collect::<Result<_>>()?;
        self.set(Setting::ClientCas(names))
    }

    /// One more authority that a server names to its clients: a certificate's subject (`SSL_CTX_add_client_CA`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`].
    pub fn add_client_ca(&self, certificate: &X509) -> Result<()> {
        self.set(Setting::ClientCa(snapshot(certificate)?))
    }

    /// Whether the private key matches the certificate (`SSL_CTX_check_private_key`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it does not, or one is missing.
    pub fn check_private_key(&self) -> Result<()> {
        queue::clear();
        // SAFETY: the `SSL_CTX` is valid; the call only reads.
        check::one(self.look(|ctx| unsafe { ffi::SSL_CTX_check_private_key(ctx) }), "SSL_CTX_check_private_key")
    }

    /// Lets the delegates of connections that are made later be asked, or told, in a matter; or not, as at first. What
    /// asks for verification is [`Connection::set_verify`](crate::ssl::Connection::set_verify).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where a fresh `SSL_CTX` cannot be made.
    pub fn ask(&self, question: Question, on: bool) -> Result<()> {
        self.set(Setting::Ask(question, on))
    }

    /// The application protocols that a client offers, the preferred one first (`SSL_CTX_set_alpn_protos`).
    ///
    /// # Errors
    /// [`Error::Value`] for no protocol, and for one that is empty or longer than 255 bytes.
    pub fn set_alpn_protocols(&self, protocols: &[impl AsRef<[u8]>]) -> Result<()> {
        self.set(Setting::AlpnProtocols(alpn::encode(protocols)?))
    }

    /// The mode bits that are set, `SSL_MODE_*`.
    #[must_use]
    pub fn mode(&self) -> c_long {
        // SAFETY: the `SSL_CTX` is valid; adding nothing only reads.
        self.look(|ctx| unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_MODE, 0, std::ptr::null_mut()) })
    }
}

/// The certificate as it is now: what its owner changes later is not for the recipe.
fn snapshot(certificate: &X509) -> Result<X509> {
    Ok(X509::from_handle(certificate.share()?))
}
