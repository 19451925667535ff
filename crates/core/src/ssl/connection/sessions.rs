//! Which sessions a connection resumes.
//!
//! Theory. Who is resumed is not verified again: his session stands for what was seen when it was made. So no session may
//! get its peer past rules that are stricter than those it was made under.
//!
//! - A client: a `Session` knows whether its peer was found good, and a connection that verifies takes no other.
//! - A server, by a change of its Context: tickets and cache belong to the `SSL_CTX`, which is another one then.
//! - A server, by `set_verify` of the connection: libssl resumes a session only under the name that it was made under
//!   (its session id context). A connection with another mode than its Context's has another name, made of the
//!   Context's and the mode.
//! - A server, by `set_verify` in a callback (as for the name that a client asks for): by then libssl has found a
//!   session, or begun one. One that it has begun gets another name, if less is demanded now. One that was found cannot
//!   be taken back: if a certificate is demanded now and it has none, the handshake fails.

use std::ffi::c_uint;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use ironssl_sys as ffi;
use parking_lot::Mutex;

use super::Connection;
use crate::callback::verify::verify;
use crate::check;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::queue;
use crate::ssl::engine::Inner;
use crate::ssl::session::DEMANDS;
use crate::ssl::{Context, Session};

/// What a connection keeps about the sessions that it makes and resumes. Changed with the engine's lock held.
pub(super) struct Resumption {
    /// The mode of verification that it was made with.
    usual_mode: i32,
    /// The name of the sessions that a server makes in that mode.
    name: Mutex<Vec<u8>>,
    /// The mode whose name the sessions of a server get.
    named_for: AtomicI32,
    /// Whether it was asked to resume a session whose peer nobody has verified.
    unproven: AtomicBool,
}

impl Resumption {
    /// For a connection of a context with this mode, and this name for its sessions.
    pub(super) fn new(mode: i32, name: Vec<u8>) -> Self {
        Self {
            usual_mode: mode,
            name: Mutex::new(name),
            named_for: AtomicI32::new(mode & DEMANDS),
            unproven: AtomicBool::new(false),
        }
    }
}

impl Connection {
    /// How the peer is verified from now on: `mode` of `SSL_VERIFY_*`, and whether the delegate is asked about each
    /// certificate (`SSL_set_verify`). A server does not resume sessions that were made in another mode.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the name for such sessions cannot be made.
    pub fn set_verify(&self, mode: i32, ask: bool) -> Result<()> {
        let inner = self.engine.enter();
        let ssl = inner.as_ptr();
        // SAFETY: the `SSL` is valid and its lock held; the calls only read.
        let (before, done, begun) = unsafe {
            (ffi::SSL_in_before(ssl) == 1, ffi::SSL_is_init_finished(ssl) == 1, !ffi::SSL_get_session(ssl).is_null())
        };
        if done {
            inner.verified_in_time();
        }
        inner.state().set_asks(ask);
        // SAFETY: as above; the callback finds its state through the `SSL`.
        unsafe { ffi::SSL_set_verify(ssl, mode, Some(verify)) }
        if before && mode & ffi::SSL_VERIFY_PEER != 0 && self.resumption.unproven.swap(false, Ordering::Relaxed) {
            // SAFETY: as above. Null takes back what was asked for; later the session is in use.
            unsafe { ffi::SSL_set_session(ssl, std::ptr::null_mut()) };
        }
        if !before && !done && begun {
            // A session was found, or begun under the name of the mode before.
            inner.state().verify_late();
            self.rename_session(&inner, mode)?;
        }
        self.name_sessions(&inner)
    }

    /// Gives the sessions of a server the name that goes with its mode.
    pub(super) fn name_sessions(&self, inner: &Inner) -> Result<()> {
        let ssl = inner.as_ptr();
        // SAFETY: the `SSL` is valid and its lock held; the calls only read.
        let (server, mode) = unsafe { (ffi::SSL_is_server(ssl) == 1, ffi::SSL_get_verify_mode(ssl)) };
        let mode = if server { mode } else { self.resumption.usual_mode };
        if self.resumption.named_for.load(Ordering::Relaxed) == mode & DEMANDS {
            return Ok(());
        }
        let name = self.name_for(mode)?;
        let length = length_of(&name)?;
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held; the name has so many bytes, and is copied.
        let set = unsafe { ffi::SSL_set_session_id_context(ssl, name.as_ptr(), length) };
        check::one(set, "SSL_set_session_id_context")?;
        self.resumption.named_for.store(mode & DEMANDS, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the session that a server is making another name, if it demands less of the client than when it was begun.
    fn rename_session(&self, inner: &Inner, mode: i32) -> Result<()> {
        let ssl = inner.as_ptr();
        // SAFETY: the `SSL` is valid and its lock held; the session stays its own.
        let (session, making) = unsafe {
            let making = ffi::SSL_is_server(ssl) == 1 && ffi::SSL_session_reused(ssl) == 0;
            (ffi::SSL_get_session(ssl), making)
        };
        if session.is_null() || !making || self.resumption.named_for.load(Ordering::Relaxed) & !mode == 0 {
            return Ok(());
        }
        let name = self.name_for(mode)?;
        let length = length_of(&name)?;
        queue::clear();
        // SAFETY: the session is valid, and nobody else's as long as it is being made; the name is copied.
        let set = unsafe { ffi::SSL_SESSION_set1_id_context(session, name.as_ptr(), length) };
        check::one(set, "SSL_SESSION_set1_id_context")
    }

    /// Works with sessions of another context, as `SSL_set_SSL_CTX` does: if they still have the name of the one before.
    pub(super) fn follow(&self, context: &Context) {
        if self.resumption.named_for.load(Ordering::Relaxed) == self.resumption.usual_mode & DEMANDS {
            *self.resumption.name.lock() = context.session_id();
        }
    }

    /// The name of sessions that are made in a mode: the Context's for its own. It is empty where that is: then libssl
    /// resumes nobody where it verifies.
    fn name_for(&self, mode: i32) -> Result<Vec<u8>> {
        let mut name = self.resumption.name.lock().clone();
        if name.is_empty() || mode & DEMANDS == self.resumption.usual_mode & DEMANDS {
            return Ok(name);
        }
        name.extend_from_slice(&(mode & DEMANDS).to_be_bytes());
        Ok(Digest::by_name("sha256")?.hash(&name)?.as_ref().to_vec())
    }

    /// A copy of the session, to resume it later; none before a handshake, and in one as long as no cipher was agreed on
    /// (`SSL_get1_session`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] (`SSL_SESSION_dup`).
    pub fn session(&self) -> Result<Option<Session>> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; the session stays the connection's.
        let raw = unsafe { ffi::SSL_get_session(inner.as_ptr()) };
        // SAFETY: as above; the call only reads. OpenSSL makes the session first and fills it later.
        if raw.is_null() || unsafe { ffi::SSL_SESSION_get0_cipher(raw) }.is_null() {
            return Ok(None);
        }
        // Also where nobody insists on it, a client looks at the chain. The mode says nothing: it may have changed since
        // the handshake. What the delegate accepts is a yes only where somebody insisted; and who was resumed was not
        // looked at.
        // SAFETY: the `SSL` is valid and its lock held.
        let (good, reused) = unsafe {
            let result = ffi::SSL_get_verify_result(inner.as_ptr());
            (result == ffi::X509_V_OK.into(), ffi::SSL_session_reused(inner.as_ptr()) == 1)
        };
        let inherited = reused && self.resumption.unproven.load(Ordering::Relaxed);
        let proven = good && !inner.state().has_waived() && !inherited;
        // SAFETY: the session is valid, and only operations on this connection change it.
        unsafe { Session::copy_of(raw, self.context.lock().id(), inner.is_sound(), proven) }.map(Some)
    }

    /// Asks to resume a session (`SSL_set_session`), before the handshake. A connection that verifies its peer does not
    /// resume the session of one that did not, unless the peer would have passed: its handshake is a full one.
    ///
    /// # Errors
    /// [`Error::Value`] for a session of another context, [`Error::OpenSsl`] inside a callback.
    pub fn set_session(&self, session: &Session) -> Result<()> {
        if session.context() != self.context.lock().id() {
            return Err(Error::value("the session belongs to another Context"));
        }
        let copy = session.to_handle()?;
        let inner = self.engine.enter();
        inner.refuse_in_callback()?;
        // SAFETY: the `SSL` is valid and its lock held.
        if !session.is_proven() && unsafe { ffi::SSL_get_verify_mode(inner.as_ptr()) } & ffi::SSL_VERIFY_PEER != 0 {
            return Ok(());
        }
        self.resumption.unproven.store(!session.is_proven(), Ordering::Relaxed);
        // SAFETY: both are valid; the `SSL` takes a reference of its own, of a copy that nobody else has.
        check::one(unsafe { ffi::SSL_set_session(inner.as_ptr(), copy.as_ptr()) }, "SSL_set_session")
    }

    /// Whether the handshake resumed a session (`SSL_session_reused`).
    #[must_use]
    pub fn is_session_reused(&self) -> bool {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held.
        unsafe { ffi::SSL_session_reused(inner.as_ptr()) == 1 }
    }
}

/// The length of a name, which has at most 32 bytes.
fn length_of(name: &[u8]) -> Result<c_uint> {
    c_uint::try_from(name.len()).map_err(|_| Error::value("the name of a session is too long"))
}
