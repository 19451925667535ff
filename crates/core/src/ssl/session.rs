//! A TLS session that can be resumed.
//!
//! libssl marks the session object of a connection that ends without close_notify as not resumable, for everybody who
//! shares it. So a `Session` is always a copy of its own (`SSL_SESSION_dup`): one is made when it is taken from a
//! connection, and another when it is given to one. An abrupt close then harms nobody else.

use std::num::NonZeroU64;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use ironssl_sys as ffi;
use zeroize::Zeroizing;

use super::context::ContextId;
use crate::check;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::queue;

/// The part of a mode that says whom a server lets in.
pub(crate) const DEMANDS: i32 = ffi::SSL_VERIFY_PEER | ffi::SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

/// Who is asked about the certificates of a peer, apart from OpenSSL. Whom one accepts, another may refuse: a session of
/// a peer whom only a judge has accepted counts where the same one would be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judge(NonZeroU64);

impl Judge {
    /// Another one than all before.
    #[must_use]
    pub fn another() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX))
    }

    /// Its number.
    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }
}

/// Whose word it is that the server of a session is who it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Nobody's.
    Nothing,
    /// OpenSSL's.
    Library,
    /// A judge's, against OpenSSL.
    Judge(Judge),
}

impl Proof {
    /// Whether a client that verifies in this mode, and asks this judge, may resume such a session: who is resumed is not
    /// looked at again.
    pub(crate) fn suffices(self, mode: i32, judge: Option<Judge>) -> bool {
        mode & ffi::SSL_VERIFY_PEER == 0
            || match self {
                Self::Nothing => false,
                Self::Library => true,
                Self::Judge(its) => judge == Some(its),
            }
    }
}

/// A TLS session, an independent copy of the one that a connection negotiated.
///
/// It belongs to the [`Context`](super::Context) of that connection.
pub struct Session {
    // Never changed after it was made.
    handle: Handle<ffi::SSL_SESSION>,
    context: ContextId,
    proof: Proof,
}

// SAFETY: OpenSSL gets copies of the session only, so nothing ever writes to it.
unsafe impl Sync for Session {}

impl Session {
    /// Copies the session of a connection. `sound` says that the connection has seen no violation of the protocol:
    /// then the copy can be resumed, even if libssl has marked the session because of an abrupt end. `proof` says who
    /// has found the peer good, or would have.
    ///
    /// # Safety
    /// `session` is valid, and nothing changes it during the call.
    pub(crate) unsafe fn copy_of(
        session: *mut ffi::SSL_SESSION,
        context: ContextId,
        sound: bool,
        proof: Proof,
    ) -> Result<Self> {
        queue::clear();
        // SAFETY: the session is valid.
        let handle = if sound && unsafe { ffi::SSL_SESSION_is_resumable(session) } == 0 {
            // SAFETY: as above.
            unsafe { unmarked(session) }?
        } else {
            // SAFETY: as above; the copy is ours.
            unsafe { check::owned(ffi::SSL_SESSION_dup(session), "SSL_SESSION_dup") }?
        };
        Ok(Self { handle, context, proof })
    }

    /// A copy to give to a connection.
    pub(crate) fn to_handle(&self) -> Result<Handle<ffi::SSL_SESSION>> {
        queue::clear();
        // SAFETY: the session is valid; the copy is ours.
        unsafe { check::owned(ffi::SSL_SESSION_dup(self.handle.as_ptr()), "SSL_SESSION_dup") }
    }

    /// The context it belongs to.
    pub(crate) fn context(&self) -> ContextId {
        self.context
    }

    /// Who has found its peer good.
    pub(crate) fn proof(&self) -> Proof {
        self.proof
    }
}

/// A copy without libssl's mark, which the encoded form leaves out.
///
/// # Safety
/// `session` is valid, and nothing changes it during the call.
unsafe fn unmarked(session: *mut ffi::SSL_SESSION) -> Result<Handle<ffi::SSL_SESSION>> {
    // SAFETY: the session is valid; null asks for the length only.
    let length = check::positive(unsafe { ffi::i2d_SSL_SESSION(session, ptr::null_mut()) }, "i2d_SSL_SESSION")?;
    // It holds the master secret.
    let mut der = Zeroizing::new(vec![0_u8; length]);
    let mut at = der.as_mut_ptr();
    // SAFETY: the session is valid and has not changed, so it fits.
    check::positive(unsafe { ffi::i2d_SSL_SESSION(session, &raw mut at) }, "i2d_SSL_SESSION")?;
    let mut at = der.as_ptr();
    // SAFETY: `at` points to `length` bytes; null asks for a new object, which is ours.
    unsafe {
        check::owned(ffi::d2i_SSL_SESSION(ptr::null_mut(), &raw mut at, check::long_len(length)?), "d2i_SSL_SESSION")
    }
}

/// Puts the session of a server's connection, whose stream has ended without close_notify, back into the cache of the
/// `SSL_CTX` that the `SSL` was made of, which keeps it whatever context it has now. libssl has taken it out, as after a
/// violation of the protocol; but such an end is no reason to forget a session (RFC 5246, 7.2.1). The cache gets a copy,
/// since the session itself is marked.
///
/// # Safety
/// `ssl` is valid, was made of `ctx`, and nobody else uses it during the call.
pub(crate) unsafe fn readmit(ssl: *mut ffi::SSL, ctx: *mut ffi::SSL_CTX) {
    // SAFETY: the `SSL` is valid; its session stays its own.
    let session = unsafe { ffi::SSL_get_session(ssl) };
    // SAFETY: as above; the session is null or valid.
    let forgotten = !session.is_null() && unsafe { ffi::SSL_is_server(ssl) == 1 && was_kept(ssl, ctx, session) };
    if !forgotten {
        return;
    }
    queue::clear();
    // SAFETY: the session is valid, and nothing changes it during the call.
    if let Ok(copy) = unsafe { unmarked(session) } {
        // SAFETY: both are valid; the cache has a lock, and takes a reference of its own.
        unsafe { ffi::SSL_CTX_add_session(ctx, copy.as_ptr()) };
    }
    queue::clear();
}

/// Whether libssl keeps such a session in the cache of the server, and has just forgotten it (`ssl_update_cache`).
///
/// # Safety
/// All are valid, and belong to each other.
unsafe fn was_kept(ssl: *mut ffi::SSL, ctx: *mut ffi::SSL_CTX, session: *mut ffi::SSL_SESSION) -> bool {
    let (mut id, mut name) = (0, 0);
    // SAFETY: passed on from this function's own contract; the lengths can be written to.
    unsafe {
        ffi::SSL_SESSION_get_id(session, &raw mut id);
        ffi::SSL_SESSION_get0_id_context(session, &raw mut name);
        let mode = ffi::SSL_CTX_ctrl(ctx, ffi::SSL_CTRL_GET_SESS_CACHE_MODE, 0, ptr::null_mut());
        let cached = mode & (ffi::SSL_SESS_CACHE_SERVER | ffi::SSL_SESS_CACHE_NO_INTERNAL_STORE);
        // With tickets the id of TLS 1.3 means nothing.
        let meaningful =
            ffi::SSL_version(ssl) != ffi::TLS1_3_VERSION || ffi::SSL_get_options(ssl) & ffi::SSL_OP_NO_TICKET != 0;
        ffi::SSL_SESSION_is_resumable(session) == 0
            && id > 0
            && cached == ffi::SSL_SESS_CACHE_SERVER
            && (name > 0 || ffi::SSL_get_verify_mode(ssl) & ffi::SSL_VERIFY_PEER == 0)
            && meaningful
    }
}

/// Why a handshake fails that resumes a session, when the rules have become stricter since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLate {
    /// The client has no certificate.
    Client,
    /// Nobody has verified the server.
    Server,
    /// Another judge is to be asked about the client's certificate.
    Judge,
}

impl From<TooLate> for Error {
    #[cold]
    fn from(which: TooLate) -> Self {
        Self::ssl(match which {
            TooLate::Client => {
                "a certificate is demanded since the handshake began, and the client resumes a session that has none"
            }
            TooLate::Judge => {
                "another callback verifies since the handshake began, and the client resumes a session that it does not know"
            }
            TooLate::Server => {
                "the server is verified since the handshake began, and the session that it resumes was made without"
            }
        })
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
