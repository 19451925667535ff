//! Which sessions a connection resumes.
//!
//! Theory. Who is resumed is not verified again: his session stands for what was seen when it was made. So no session may
//! get its peer past rules that are stricter than those it was made under.
//!
//! - A client: a `Session` knows whose word it was that its peer is good: OpenSSL's, or against it that of a judge, who is
//!   asked through the delegate. A connection that verifies takes no session without such a word, and one of a judge's only
//!   where it would ask the same. That holds for its own last session, too, which libssl keeps.
//! - A client, by `set_verify` in the middle of a handshake: a session that it has offered cannot be taken back. If the
//!   server takes it, the handshake fails.
//! - A server, by a change of its Context: tickets and cache belong to the `SSL_CTX`, which is another one then.
//! - A server, by `set_verify` of the connection: libssl resumes a session only under the name that it was made under
//!   (its session id context). A connection with another mode than its Context's, or another judge, has another name,
//!   made of the Context's, the mode and the judge. So what one judge has let in is not resumed where another is asked.
//! - A server, by `set_verify` in a callback (as for the name that a client asks for): by then libssl has found a
//!   session, or begun one. One that it has begun gets another name, if less is demanded now or somebody else is asked.
//!   One that was found cannot be taken back: if a certificate is demanded now and it has none, or it has one that
//!   somebody else is to be asked about now, the handshake fails.

use ironssl_sys as ffi;
use parking_lot::Mutex;
use std::ffi::c_uint;

use super::Connection;
use crate::callback::verify::verify;
use crate::check;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::queue;
use crate::rand;
use crate::ssl::engine::Inner;
use crate::ssl::session::{DEMANDS, Judge, Proof};
use crate::ssl::{Context, Session};

/// The length of a name that nobody has.
const NAME: usize = 32;

/// Under which rules a server lets its clients in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Rules {
    demands: i32,
    /// Who is asked about certificates; nobody where there are none.
    judge: Option<Judge>,
}

impl Rules {
    fn new(mode: i32, judge: Option<Judge>) -> Self {
        Self { demands: mode & DEMANDS, judge: judge.filter(|_| mode & ffi::SSL_VERIFY_PEER != 0) }
    }
}

/// What a connection keeps about the sessions that a server makes and resumes. Changed with the engine's lock held.
pub(super) struct Resumption(Mutex<Naming>);

struct Naming {
    /// The rules that it was made with: its context's.
    usual: Rules,
    /// The name of the sessions that are made under those.
    name: Vec<u8>,
    /// The rules whose name its sessions get.
    named_for: Rules,
}

impl Resumption {
    /// For a connection of a context with this mode, and this name for its sessions.
    pub(super) fn new(mode: i32, name: Vec<u8>) -> Self {
        let usual = Rules::new(mode, None);
        Self(Mutex::new(Naming { usual, name, named_for: usual }))
    }
}

impl Naming {
    /// The name of sessions that are made under some rules: the Context's for its own. It is empty where that is: then
    /// libssl resumes nobody where it verifies.
    fn name_for(&self, rules: Rules) -> Result<Vec<u8>> {
        let mut name = self.name.clone();
        if name.is_empty() || rules == self.usual {
            return Ok(name);
        }
        name.extend_from_slice(&rules.demands.to_be_bytes());
        if let Some(judge) = rules.judge {
            name.extend_from_slice(&judge.number().to_be_bytes());
        }
        Ok(Digest::by_name("sha256")?.hash(&name)?.as_ref().to_vec())
    }
}

impl Connection {
    /// Asks the delegate about each certificate, as all connections of its context do that are made now: `judge` is the
    /// context's. For a connection that has just been made.
    pub fn judge_as_usual(&self, judge: Judge) {
        let inner = self.engine.enter();
        let ssl = inner.as_ptr();
        inner.state().set_judge(Some(judge));
        // SAFETY: the `SSL` is valid and its lock held; the callback finds its state through it.
        let mode = unsafe {
            let mode = ffi::SSL_get_verify_mode(ssl);
            ffi::SSL_set_verify(ssl, mode, Some(verify));
            mode
        };
        let mut naming = self.resumption.0.lock();
        naming.usual = Rules::new(mode, Some(judge));
        naming.named_for = naming.usual;
    }

    /// How the peer is verified from now on: `mode` of `SSL_VERIFY_*`, and as whom the delegate is asked about each
    /// certificate, if it is (`SSL_set_verify`). A server does not resume sessions that were made in another mode, or by
    /// another judge.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the name for such sessions cannot be made.
    pub fn set_verify(&self, mode: i32, judge: Option<Judge>) -> Result<()> {
        let inner = self.engine.enter();
        let ssl = inner.as_ptr();
        // SAFETY: the `SSL` is valid and its lock held; the calls only read.
        let (before, done, begun) = unsafe {
            (ffi::SSL_in_before(ssl) == 1, ffi::SSL_is_init_finished(ssl) == 1, !ffi::SSL_get_session(ssl).is_null())
        };
        if done {
            inner.verified_in_time();
        }
        let another = inner.state().judge() != judge;
        inner.state().set_judge(judge);
        // SAFETY: as above; the callback finds its state through the `SSL`.
        unsafe { ffi::SSL_set_verify(ssl, mode, Some(verify)) }
        Self::forget_unproven(&inner);
        if !before && !done && begun {
            // A session was found, or begun under the name of the mode before.
            inner.state().verify_late(another);
            self.rename_session(&inner, mode)?;
        }
        self.name_sessions(&inner)
    }

    /// What is known of the present session of a client.
    fn proof(inner: &Inner) -> Proof {
        let ssl = inner.as_ptr();
        // Also where nobody insists on it, a client looks at the chain. The mode says nothing: it may have changed since
        // the handshake. And who was resumed was not looked at.
        // SAFETY: the `SSL` is valid and its lock held; the calls only read.
        let (offered, seen) = unsafe {
            let good = ffi::SSL_get_verify_result(ssl) == ffi::X509_V_OK.into();
            let client = ffi::SSL_is_server(ssl) == 0 && !ffi::SSL_get0_peer_certificate(ssl).is_null();
            // In the middle of a handshake nothing is known of what it makes; nor is it known whether it makes anything.
            let seen = good && client && ffi::SSL_is_init_finished(ssl) == 1;
            let offered = if ffi::SSL_in_before(ssl) == 1 {
                Some(inner.state().offered())
            } else {
                (ffi::SSL_session_reused(ssl) == 1).then(|| inner.state().resumed(ssl))
            };
            (offered, seen)
        };
        offered.unwrap_or(if seen { inner.state().word() } else { Proof::Nothing })
    }

    /// Keeps what is known of the present session, which is offered in the next handshake. For a connection that is
    /// about to begin anew.
    pub(super) fn keep_what_is_known(inner: &Inner) {
        inner.state().offer(Self::proof(inner));
    }

    /// Has a client that verifies its peer not resume a session that nobody has verified.
    pub(super) fn forget_unproven(inner: &Inner) {
        let ssl = inner.as_ptr();
        // SAFETY: the `SSL` is valid and its lock held; the calls only read.
        let (session, mode) = unsafe { (ffi::SSL_get_session(ssl), ffi::SSL_get_verify_mode(ssl)) };
        if session.is_null() || Self::proof(inner).suffices(mode, inner.state().judge()) {
            return;
        }
        // SAFETY: as above; the session is valid. Null takes back what was asked for; later the session is in use, and is
        // marked as not resumable: a client has it for itself.
        unsafe {
            if ffi::SSL_in_before(ssl) == 1 {
                ffi::SSL_set_session(ssl, std::ptr::null_mut());
            } else if ffi::SSL_is_init_finished(ssl) == 1 && ffi::SSL_is_server(ssl) == 0 {
                ffi::SSL_CTX_remove_session(ffi::SSL_get_SSL_CTX(ssl), session);
            }
        }
    }

    /// Gives the sessions of a server the name that goes with its rules.
    pub(super) fn name_sessions(&self, inner: &Inner) -> Result<()> {
        let ssl = inner.as_ptr();
        let mut naming = self.resumption.0.lock();
        // SAFETY: the `SSL` is valid and its lock held; the calls only read.
        let (server, mode) = unsafe { (ffi::SSL_is_server(ssl) == 1, ffi::SSL_get_verify_mode(ssl)) };
        let rules = if server { Rules::new(mode, inner.state().judge()) } else { naming.usual };
        if naming.named_for == rules {
            return Ok(());
        }
        let name = naming.name_for(rules)?;
        let length = length_of(&name)?;
        queue::clear();
        // SAFETY: the `SSL` is valid and its lock held; the name has so many bytes, and is copied.
        let set = unsafe { ffi::SSL_set_session_id_context(ssl, name.as_ptr(), length) };
        check::one(set, "SSL_set_session_id_context")?;
        naming.named_for = rules;
        Ok(())
    }

    /// Gives the session that a server is making another name, if it demands less of the client than when it was begun, or
    /// asks somebody else. Somebody may have been asked already: so it is the name of nobody, then.
    fn rename_session(&self, inner: &Inner, mode: i32) -> Result<()> {
        let ssl = inner.as_ptr();
        // SAFETY: the `SSL` is valid and its lock held; the session stays its own.
        let (session, making) = unsafe {
            let making = ffi::SSL_is_server(ssl) == 1 && ffi::SSL_session_reused(ssl) == 0;
            (ffi::SSL_get_session(ssl), making)
        };
        let naming = self.resumption.0.lock();
        let (begun, now) = (naming.named_for, Rules::new(mode, inner.state().judge()));
        let same_judge = now.judge == begun.judge;
        if session.is_null() || !making || (begun.demands & !now.demands == 0 && same_judge) {
            return Ok(());
        }
        let name = if same_judge {
            naming.name_for(Rules::new(begun.demands & now.demands, now.judge))?
        } else {
            // Also where the Context has given none: libssl takes who comes with another name for a stranger.
            let mut name = vec![0; NAME];
            rand::fill(&mut name)?;
            name
        };
        let length = length_of(&name)?;
        queue::clear();
        // SAFETY: the session is valid, and nobody else's as long as it is being made; the name is copied.
        let set = unsafe { ffi::SSL_SESSION_set1_id_context(session, name.as_ptr(), length) };
        check::one(set, "SSL_SESSION_set1_id_context")
    }

    /// Works with sessions of another context, as `SSL_set_SSL_CTX` does: if they still have the name of the one before.
    pub(super) fn follow(&self, context: &Context) {
        let mut naming = self.resumption.0.lock();
        if naming.named_for == naming.usual {
            naming.name = context.session_id();
        }
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
        // SAFETY: the session is valid, and only operations on this connection change it.
        unsafe { Session::copy_of(raw, self.context.lock().id(), inner.is_sound(), Self::proof(&inner)) }.map(Some)
    }

    /// Asks to resume a session (`SSL_set_session`), before the handshake. A connection that verifies its peer does not
    /// resume the session of one that did not, unless the peer would have passed, nor one of a peer whom only another
    /// judge has accepted: its handshake is a full one.
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
        let mode = unsafe { ffi::SSL_get_verify_mode(inner.as_ptr()) };
        if !session.proof().suffices(mode, inner.state().judge()) {
            return Ok(());
        }
        inner.state().offer(session.proof());
        // SAFETY: as above.
        if unsafe { ffi::SSL_in_before(inner.as_ptr()) } != 1 {
            inner.state().disown();
        }
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
