//! One thing that was asked of a context, as it is kept and replayed.
//!
//! Lives here: how each is applied to an `SSL_CTX`, and which earlier ones it makes void. Must not live here: files;
//! a setting holds loaded objects, so that a replay cannot fail because a file has changed.

use std::ffi::{CString, c_int, c_long};
use std::sync::Arc;

use ironssl_sys as ffi;

use super::set_version;
use crate::asn1::object::Nid;
use crate::check;
use crate::dh::DhParameters;
use crate::error::{Error, Result};
use crate::pkey::PKey;
use crate::queue;
use crate::ssl::{alpn, cipher};
use crate::x509::{Stack, X509, X509Name};

/// How many bytes a connection with read-ahead asks for at once: four records.
const READ_AHEAD: usize = 64 * 1024 + 512;

/// One thing that was asked of a context.
#[derive(Clone)]
pub(crate) enum Setting {
    /// Options to add; they are never taken away.
    Options(u64),
    /// Mode bits to add, or to take away.
    Mode(c_long, bool),
    /// The lowest protocol version; 0 for the lowest that the library has.
    MinVersion(c_int),
    /// The highest protocol version; 0 for the highest that the library has.
    MaxVersion(c_int),
    /// The ciphers of TLS 1.2 and older.
    CipherList(CString),
    /// The ciphers of TLS 1.3.
    Ciphersuites(CString),
    /// The one group, a curve's, for the key exchange.
    Group(Nid),
    /// The parameters for a Diffie-Hellman key exchange.
    TmpDh(DhParameters),
    /// The profiles of SRTP to offer or accept.
    Srtp(CString),
    /// Whether a client may be asked for a certificate after the handshake.
    PostHandshakeAuth(bool),
    /// How the peer is verified.
    VerifyMode(c_int),
    /// How long a chain may be.
    VerifyDepth(c_int),
    /// The name of the sessions that a server resumes.
    SessionId(Vec<u8>),
    /// Seconds that a new session stays good for.
    Timeout(c_long),
    /// Which sessions are kept.
    SessionCacheMode(c_long),
    /// Whether more may be read than the record that is due.
    ReadAhead(bool),
    /// The certificate to show.
    Certificate(X509),
    /// The certificate to show, and those that lead from it to a root.
    Chain(X509, Vec<X509>),
    /// One more certificate to show after the own one.
    ExtraChain(X509),
    /// The private key to the certificate.
    PrivateKey(PKey),
    /// The authorities that a server names to its clients.
    ClientCas(Vec<Arc<X509Name>>),
    /// One more authority that a server names to its clients.
    ClientCa(X509),
    /// Whether the delegate of a connection is asked, or told, in this matter.
    Ask(Question, bool),
    /// The application protocols that a client offers, in the form of RFC 7301.
    AlpnProtocols(Vec<u8>),
}

/// A matter in which the delegate of a connection is asked, or told ([`Delegate`](crate::ssl::Delegate)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// What happens in a handshake.
    Info,
    /// Lines for a key log file.
    KeyLog,
    /// The name that a client asks for.
    ServerName,
    /// The application protocol.
    Alpn,
    /// OCSP responses, on both sides.
    Ocsp,
    /// A cookie for a DTLS client.
    GenerateCookie,
    /// Whether a DTLS client's cookie is ours.
    VerifyCookie,
}

impl Question {
    /// Lets OpenSSL ask from now on, or not.
    ///
    /// `ctx` must be valid, and shared by no connection.
    fn apply(self, ctx: *mut ffi::SSL_CTX, on: bool) {
        use crate::callback::{cookie, handshake, ocsp};
        // SAFETY: the `SSL_CTX` is valid; each function has the type that its place asks for, and finds its state through
        // the `SSL` that it is called for.
        unsafe {
            match self {
                Self::Info => ffi::SSL_CTX_set_info_callback(ctx, if on { Some(handshake::info) } else { None }),
                Self::KeyLog => ffi::SSL_CTX_set_keylog_callback(ctx, if on { Some(handshake::keylog) } else { None }),
                Self::ServerName => {
                    let function: Option<unsafe extern "C" fn(_, _, _) -> _> =
                        if on { Some(handshake::server_name) } else { None };
                    ffi::SSL_CTX_set_tlsext_servername_callback__fixed_rust(ctx, function);
                }
                Self::Alpn => {
                    let function: Option<unsafe extern "C" fn(_, _, _, _, _, _) -> _> =
                        if on { Some(handshake::select_alpn) } else { None };
                    ffi::SSL_CTX_set_alpn_select_cb__fixed_rust(ctx, function, std::ptr::null_mut());
                }
                Self::Ocsp => {
                    let function: Option<unsafe extern "C" fn(_, _) -> _> = if on { Some(ocsp::status) } else { None };
                    ffi::SSL_CTX_set_tlsext_status_cb(ctx, function);
                }
                Self::GenerateCookie => {
                    ffi::SSL_CTX_set_cookie_generate_cb(ctx, if on { Some(cookie::generate) } else { None });
                }
                Self::VerifyCookie => {
                    ffi::SSL_CTX_set_cookie_verify_cb(ctx, if on { Some(cookie::verify) } else { None });
                }
            }
        }
    }
}

impl Setting {
    /// Whether sessions made before it must not be resumed after it.
    pub(crate) fn changes_trust(&self) -> bool {
        matches!(self, Self::VerifyMode(_) | Self::VerifyDepth(_) | Self::SessionId(_))
    }

    /// Whether it makes an earlier setting void.
    pub(crate) fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            // These add up; of the same bits only the last counts.
            (Self::Options(new), Self::Options(old)) => old & !new == 0,
            (Self::Mode(new, _), Self::Mode(old, _)) => old & !new == 0,
            (Self::ExtraChain(_) | Self::ClientCa(_), _) => false,
            (Self::ClientCas(_), Self::ClientCa(_)) => true,
            // There is one certificate and one key for each kind of key.
            (Self::Certificate(new) | Self::Chain(new, _), Self::Certificate(old) | Self::Chain(old, _)) => {
                same_kind(new.public_key(), old.public_key())
                    && !matches!((self, earlier), (Self::Certificate(_), Self::Chain(..)))
            }
            (Self::PrivateKey(new), Self::PrivateKey(old)) => new.id() == old.id(),
            (Self::Ask(new, _), Self::Ask(old, _)) => new == old,
            (new, old) => std::mem::discriminant(new) == std::mem::discriminant(old),
        }
    }

    /// Applies it.
    ///
    /// `ctx` must be valid, and shared by no connection.
    pub(crate) fn apply(&self, ctx: *mut ffi::SSL_CTX) -> Result<()> {
        queue::clear();
        match self {
            Self::Options(options) => {
                // SAFETY: the `SSL_CTX` is valid; any bits are allowed.
                unsafe { ffi::SSL_CTX_set_options(ctx, *options) };
                Ok(())
            }
            Self::Mode(bits, on) => {
                let control = if *on { ffi::SSL_CTRL_MODE } else { ffi::SSL_CTRL_CLEAR_MODE };
                // SAFETY: the `SSL_CTX` is valid; any bits are allowed.
                unsafe { ffi::SSL_CTX_ctrl(ctx, control, *bits, std::ptr::null_mut()) };
                Ok(())
            }
            Self::MinVersion(version) => set_version(ctx, ffi::SSL_CTRL_SET_MIN_PROTO_VERSION, *version),
            Self::MaxVersion(version) => set_version(ctx, ffi::SSL_CTRL_SET_MAX_PROTO_VERSION, *version),
            Self::CipherList(list) => set_cipher_list(ctx, list),
            Self::Ciphersuites(list) => {
                // SAFETY: the `SSL_CTX` is valid, the string terminated.
                check::one(unsafe { ffi::SSL_CTX_set_ciphersuites(ctx, list.as_ptr()) }, "SSL_CTX_set_ciphersuites")
            }
            Self::Group(curve) => {
                let mut group: c_int = curve.as_raw();
                // SAFETY: the `SSL_CTX` is valid; one number is read, and copied.
                let set = unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_SET_GROUPS, 1, (&raw mut group).cast()) };
                // OpenSSL gives no reason, and there is no other.
                check::one_long(set, "SSL_CTX_set1_groups").map_err(|_| {
                    let name = String::from_utf8_lossy(curve.short_name());
                    Error::value(format!("the linked OpenSSL has no TLS group for the curve {name}"))
                })
            }
            Self::TmpDh(parameters) => {
                let parameters = parameters.share();
                // SAFETY: both are valid; on success the `SSL_CTX` takes over the reference.
                let set = unsafe { ffi::SSL_CTX_set0_tmp_dh_pkey(ctx, parameters.as_ptr()) };
                check::one(set, "SSL_CTX_set0_tmp_dh_pkey")?;
                parameters.into_raw();
                Ok(())
            }
            Self::Srtp(profiles) => {
                // SAFETY: the `SSL_CTX` is valid, the string terminated.
                let set = unsafe { ffi::SSL_CTX_set_tlsext_use_srtp(ctx, profiles.as_ptr()) };
                check::zero(set, "SSL_CTX_set_tlsext_use_srtp")
            }
            Self::PostHandshakeAuth(on) => {
                // SAFETY: the `SSL_CTX` is valid.
                unsafe { ffi::SSL_CTX_set_post_handshake_auth(ctx, c_int::from(*on)) };
                Ok(())
            }
            Self::VerifyMode(mode) => {
                // SAFETY: the `SSL_CTX` is valid. The callback is set on each `SSL` that has somebody to ask.
                unsafe { ffi::SSL_CTX_set_verify(ctx, *mode, None) };
                Ok(())
            }
            Self::VerifyDepth(depth) => {
                // SAFETY: the `SSL_CTX` is valid; any number is allowed.
                unsafe { ffi::SSL_CTX_set_verify_depth(ctx, *depth) };
                Ok(())
            }
            Self::SessionId(name) => {
                let length = std::ffi::c_uint::try_from(name.len())
                    .map_err(|_| Error::value("a session id context has at most 32 bytes"))?;
                // SAFETY: the `SSL_CTX` is valid; the name has so many bytes, and is copied.
                let set = unsafe { ffi::SSL_CTX_set_session_id_context(ctx, name.as_ptr(), length) };
                check::one(set, "SSL_CTX_set_session_id_context")
            }
            Self::Timeout(seconds) => {
                // SAFETY: the `SSL_CTX` is valid.
                unsafe { ffi::SSL_CTX_set_timeout(ctx, *seconds) };
                Ok(())
            }
            Self::SessionCacheMode(mode) => {
                // SAFETY: the `SSL_CTX` is valid; any bits are allowed.
                unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_SET_SESS_CACHE_MODE, *mode, std::ptr::null_mut()) };
                Ok(())
            }
            Self::ReadAhead(on) => {
                let length = if *on { READ_AHEAD } else { 0 };
                // SAFETY: the `SSL_CTX` is valid; a length of 0 is the library's own.
                unsafe {
                    ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_SET_READ_AHEAD, c_long::from(*on), std::ptr::null_mut());
                    ffi::SSL_CTX_set_default_read_buffer_len(ctx, length);
                }
                Ok(())
            }
            Self::Certificate(certificate) => use_certificate(ctx, certificate),
            Self::Chain(certificate, issuers) => {
                use_certificate(ctx, certificate)?;
                // SAFETY: the `SSL_CTX` is valid; without a stack the chain is emptied.
                let cleared = unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_CHAIN, 0, std::ptr::null_mut()) };
                check::one_long(cleared, "SSL_CTX_clear_chain_certs")?;
                issuers.iter().try_for_each(|issuer| {
                    let handle = issuer.share()?;
                    let certificate = handle.as_ptr().cast();
                    // SAFETY: both are valid; with 1 the `SSL_CTX` takes a reference of its own.
                    let added = unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_CHAIN_CERT, 1, certificate) };
                    check::one_long(added, "SSL_CTX_add1_chain_cert")
                })
            }
            Self::ExtraChain(certificate) => {
                let handle = certificate.share()?;
                let certificate = handle.as_ptr().cast();
                // SAFETY: both are valid; on success the `SSL_CTX` takes over the reference.
                let added = unsafe { ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_EXTRA_CHAIN_CERT, 0, certificate) };
                check::one_long(added, "SSL_CTX_add_extra_chain_cert")?;
                handle.into_raw();
                Ok(())
            }
            Self::ClientCas(names) => {
                let mut list = Stack::new()?;
                names.iter().try_for_each(|name| list.push(name.to_handle()?))?;
                // SAFETY: the `SSL_CTX` is valid, and takes over the list and its names.
                unsafe { ffi::SSL_CTX_set_client_CA_list(ctx, list.into_raw()) };
                Ok(())
            }
            Self::ClientCa(certificate) => {
                let handle = certificate.share()?;
                // SAFETY: both are valid; the subject is copied.
                let added = unsafe { ffi::SSL_CTX_add_client_CA(ctx, handle.as_ptr()) };
                check::one(added, "SSL_CTX_add_client_CA")
            }
            Self::Ask(question, on) => {
                question.apply(ctx, *on);
                Ok(())
            }
            Self::AlpnProtocols(list) => {
                let length = alpn::length(list)?;
                // SAFETY: the `SSL_CTX` is valid; the list has so many bytes, and is copied.
                check::zero(
                    unsafe { ffi::SSL_CTX_set_alpn_protos(ctx, list.as_ptr(), length) },
                    "SSL_CTX_set_alpn_protos",
                )
            }
            Self::PrivateKey(key) => {
                // SAFETY: both are valid; the `SSL_CTX` takes a reference of its own.
                check::one(unsafe { ffi::SSL_CTX_use_PrivateKey(ctx, key.as_ptr()) }, "SSL_CTX_use_PrivateKey")
            }
        }
    }
}

/// Whether two certificates go into the same place of a context, which has one for each kind of key.
fn same_kind(new: Result<PKey>, old: Result<PKey>) -> bool {
    matches!((new, old), (Ok(new), Ok(old)) if new.id() == old.id())
}

fn use_certificate(ctx: *mut ffi::SSL_CTX, certificate: &X509) -> Result<()> {
    let handle = certificate.share()?;
    queue::clear();
    // SAFETY: both are valid; the `SSL_CTX` takes a reference of its own, of an object that never changes.
    check::one(unsafe { ffi::SSL_CTX_use_certificate(ctx, handle.as_ptr()) }, "SSL_CTX_use_certificate")
}

/// Sets the ciphers of TLS 1.2 and older. A list that leaves none of them is refused, though the library would go on
/// with those of TLS 1.3, which it does not govern.
fn set_cipher_list(ctx: *mut ffi::SSL_CTX, list: &CString) -> Result<()> {
    // SAFETY: the `SSL_CTX` is valid, the string terminated.
    check::one(unsafe { ffi::SSL_CTX_set_cipher_list(ctx, list.as_ptr()) }, "SSL_CTX_set_cipher_list")?;
    // SAFETY: the `SSL_CTX` is valid, and only the caller uses it.
    let ciphers = unsafe { cipher::list(ffi::SSL_CTX_get_ciphers(ctx)) };
    if ciphers.iter().any(|cipher| cipher.version != "TLSv1.3") {
        return Ok(());
    }
    Err(Error::ssl("no cipher match"))
}
