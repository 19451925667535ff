//! One `SSL` and the lock around it. The engine waits for nothing: OpenSSL reads from the inbox, or takes from a socket
//! what is already there while the thread inside has its turn to read (`State::read`), and writes to the outbox of
//! the wire, and `ssl::connection` moves those.
//!
//! Theory of the lock. It is re-entrant for the thread that owns it, because callbacks call methods of the same
//! connection in the middle of a handshake. So a thread may come by here twice at a time, and nothing below keeps a
//! `&mut` across a call into OpenSSL: what changes is in cells, borrowed for a moment. What must not happen inside a
//! callback is another operation of the state machine that is running; `operate` refuses it.

use std::ffi::{c_int, c_void};
use std::rc::Rc;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::{ReentrantMutex, ReentrantMutexGuard};
use rustix::io::Errno;

use super::cipher::static_text;
use super::delegate::Delegate;
use super::direct::Direct;
use super::framing::Framing;
use super::session::TooLate;
use super::status::{self, Failure, Outcome};
use crate::bio;
use crate::callback::unpark;
use crate::check;
use crate::error::{Error, Result};
use crate::handle::{Counted, Handle};
use crate::queue;
use crate::transport::Descriptor;
use crate::wire::Wire;

mod buffers;
mod state;

pub(crate) use state::State;
use state::{IDLE, Restore, slot};

/// The context that an `SSL` has now.
fn context_of(ssl: &Handle<ffi::SSL>) -> Option<Handle<ffi::SSL_CTX>> {
    // SAFETY: the `SSL` is valid; the handle gets a reference of its own to the context.
    unsafe {
        let context = ffi::SSL_get_SSL_CTX(ssl.as_ptr());
        let context = std::ptr::NonNull::new(context)?;
        ffi::SSL_CTX::retain(context.as_ptr());
        Some(Handle::from_raw(context))
    }
}

/// What the lock guards.
pub(crate) struct Inner {
    // The order matters: the `SSL` goes first, and its BIO gives back its count of `state`.
    ssl: Handle<ffi::SSL>,
    state: Rc<State>,
    /// The context that it was made of. It keeps the sessions, whatever context a callback puts in its place.
    home: Handle<ffi::SSL_CTX>,
}

impl Drop for Inner {
    /// libssl takes the session of a connection that ends without close_notify out of the server's cache. That is no
    /// reason to forget it (RFC 5246, 7.2.1), as long as the protocol was not violated.
    fn drop(&mut self) {
        if self.is_sound() {
            let both = ffi::SSL_SENT_SHUTDOWN | ffi::SSL_RECEIVED_SHUTDOWN;
            // SAFETY: the `SSL` is valid, and freed next.
            unsafe { ffi::SSL_set_shutdown(self.ssl.as_ptr(), both) };
        }
    }
}

// SAFETY: all counts of the `Rc` are inside `Inner` (one here, one in the BIO of the `SSL`), so they move together, and
// the lock lets one thread at a time use them.
unsafe impl Send for Inner {}

impl Inner {
    /// The pointer, valid as long as `self`.
    pub(crate) fn as_ptr(&self) -> *mut ffi::SSL {
        self.ssl.as_ptr()
    }

    /// The context that it was made of, whose cache its sessions are kept in. The pointer is valid as long as `self`.
    pub(crate) fn home(&self) -> *mut ffi::SSL_CTX {
        self.home.as_ptr()
    }

    /// The state that callbacks see.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// How many bytes of plaintext can be read without more ciphertext.
    pub(crate) fn pending(&self) -> usize {
        // SAFETY: the `SSL` is valid, see `as_ptr`.
        usize::try_from(unsafe { ffi::SSL_pending(self.ssl.as_ptr()) }).unwrap_or(0)
    }

    /// Whether our close_notify was sent, after which nothing may follow.
    pub(crate) fn has_closed(&self) -> bool {
        // SAFETY: the `SSL` is valid, see `as_ptr`.
        unsafe { ffi::SSL_get_shutdown(self.ssl.as_ptr()) & ffi::SSL_SENT_SHUTDOWN != 0 }
    }

    /// Lets OpenSSL read from a socket directly, until the result is dropped.
    pub(crate) fn begin_direct(&self, socket: Descriptor) -> BeganDirect<'_> {
        self.state.direct.begin(socket);
        BeganDirect(&self.state.direct)
    }

    /// Reads on, after some plaintext, as long as the end of the stream is left where it is: in a socket.
    pub(crate) fn read_on<T>(&self, read: impl FnOnce() -> T) -> T {
        let _restored = Restore::after(&self.state.reads_on, true);
        read()
    }

    /// Whether the handshake is done, and none is running.
    pub(crate) fn is_established(&self) -> bool {
        // SAFETY: the `SSL` is valid, see `as_ptr`; the call only reads.
        unsafe { ffi::SSL_is_init_finished(self.ssl.as_ptr()) == 1 }
    }

    /// Whether a new handshake was asked for and is not done, or the peer may begin one.
    pub(crate) fn may_renegotiate(&self) -> bool {
        // SAFETY: the `SSL` is valid, see `as_ptr`; the calls only read.
        unsafe {
            ffi::SSL_renegotiate_pending(self.ssl.as_ptr()) == 1
                || ffi::SSL_get_options(self.ssl.as_ptr()) & ffi::SSL_OP_ALLOW_CLIENT_RENEGOTIATION != 0
        }
    }

    /// Notes that the handshake is over, in which the rules have changed: unless the peer was not to get through, for
    /// good.
    pub(crate) fn verified_in_time(&self) {
        if self.must_refuse().is_none() {
            self.state.verified_in_time();
        }
    }

    /// Whether the peer is not to get through, by rules that have changed in the handshake.
    fn must_refuse(&self) -> Option<TooLate> {
        // SAFETY: the `SSL` is ours, and its lock held.
        unsafe { self.state.must_refuse(self.ssl.as_ptr()) }
    }

    /// Whether the next read fails with what one before it met.
    pub(crate) fn has_deferred(&self) -> bool {
        self.state.deferred.borrow().is_some()
    }

    /// Keeps a failure for the next read.
    pub(crate) fn defer(&self, failure: Failure) {
        self.state.deferred.replace(Some(failure));
    }

    /// Takes the failure that a read before this one met.
    pub(crate) fn take_deferred(&self) -> Option<Failure> {
        self.state.deferred.take()
    }

    /// Fails where the handshake may have chosen a certificate: it points to it until it is over. Both sides choose
    /// after the cipher; a server after its callbacks for the server name and, since TLS 1.3, for ALPN.
    pub(crate) fn refuse_after_choice(&self) -> Result<()> {
        let chosen = if self.is_operating() {
            !self.state.chooses_later.get()
        } else {
            let ssl = self.ssl.as_ptr();
            // SAFETY: the `SSL` is valid, see `as_ptr`; the calls only read.
            unsafe { ffi::SSL_is_init_finished(ssl) == 0 && !ffi::SSL_get_pending_cipher(ssl).is_null() }
        };
        if chosen { Err(too_late()) } else { Ok(()) }
    }

    /// Keeps a context that is about to be replaced until the running operation is over.
    pub(crate) fn retire_context(&self) {
        if !self.is_operating() {
            return;
        }
        self.state.retired.borrow_mut().extend(context_of(&self.ssl));
    }

    /// Whether OpenSSL reads the header of a record next, as opposed to its body.
    pub(crate) fn expects_header(&self) -> bool {
        // SAFETY: the `SSL` is valid; the texts are literals.
        unsafe { static_text(ffi::SSL_rstate_string(self.ssl.as_ptr())) == "RH" }
    }

    /// Whether the caller runs inside an operation, that is, in a callback.
    pub(crate) fn is_operating(&self) -> bool {
        self.state.operating.get()
    }

    /// Fails inside a callback, where the state machine is in the middle of something.
    pub(crate) fn refuse_in_callback(&self) -> Result<()> {
        if self.is_operating() { Err(in_the_middle()) } else { Ok(()) }
    }

    /// Runs code of the caller's as in a callback: operations fail in it.
    pub(crate) fn aside<T>(&self, body: impl FnOnce() -> T) -> T {
        let _restored = Restore::after(&self.state.operating, true);
        body()
    }

    /// Runs one operation of the state machine. `call` gets the `SSL` and returns what OpenSSL returned, and the value
    /// if that is success.
    pub(crate) fn operate<T>(
        &self,
        name: &'static str,
        call: impl FnOnce(*mut ffi::SSL) -> std::result::Result<T, c_int>,
    ) -> Outcome<T> {
        let outcome = self.operate_after(queue::clear, name, call);
        self.state.idle.set(0);
        outcome
    }

    /// As `operate`, to encrypt a record, or to decrypt `records`, one. Where no other ones come and nothing else is done,
    /// that leaves nothing in the error queue.
    pub(crate) fn move_record<T>(
        &self,
        name: &'static str,
        records: u32,
        call: impl FnOnce(*mut ffi::SSL) -> std::result::Result<T, c_int>,
    ) -> Outcome<T> {
        // A record that was begun before may be anything; and without framing it is unknown how many are read.
        let begun_before = self.state.framing.as_ref().is_none_or(|framing| !framing.at_start());
        let (before, written) = (self.state.begun.get(), self.state.written.get());
        let outcome = self.operate_after(queue::clear_if_used, name, call);
        let done = matches!(outcome, Outcome::Done(_));
        let begun = self.state.begun.get().wrapping_sub(before);
        if records > 0 {
            self.state.mixed.set(begun > records);
        }
        if records == 0 || done {
            self.state.idle.set(0);
        }
        if begun_before || begun > records || !done {
            queue::note_use();
            if records > 0 {
                let answers = self.state.written.get().wrapping_sub(written);
                self.state.answers.set(self.state.answers.get() + answers);
                return self.bounded(outcome);
            }
        }
        outcome
    }

    /// What a read came to; a failure where the peer sends without end what is no data. Not for datagrams: those may come
    /// from anybody.
    fn bounded<T>(&self, outcome: Outcome<T>) -> Outcome<T> {
        let established = self.is_established();
        if self.state.counts.replace(established) != established {
            self.state.idle.set(0);
        }
        let endless = self.state.idle.get() > IDLE && !self.state.wire.borrow().has_datagrams();
        match outcome {
            Outcome::WantRead | Outcome::WantWrite if endless => {
                self.state.endless.set(true);
                self.state.failed.set(true);
                Outcome::Failed(without_end().into())
            }
            other => other,
        }
    }

    fn operate_after<T>(
        &self,
        clear: fn(),
        name: &'static str,
        call: impl FnOnce(*mut ffi::SSL) -> std::result::Result<T, c_int>,
    ) -> Outcome<T> {
        if self.state.operating.replace(true) {
            return Outcome::Failed(in_the_middle().into());
        }
        self.state.left.set(self.state.allowance.get());
        self.state.paused.set(false);
        let mut outcome = if let Some(why) = self.must_refuse() {
            Outcome::Failed(Error::from(why).into())
        } else if self.state.endless.get() {
            Outcome::Failed(without_end().into())
        } else {
            clear();
            match call(self.ssl.as_ptr()) {
                Ok(value) => Outcome::Done(value),
                // SAFETY: the `SSL` is valid, the queue was cleared, and the call was the last thing done.
                Err(returned) => unsafe { status::of_failed(self.ssl.as_ptr(), returned, name) },
            }
        };
        if !matches!(outcome, Outcome::Failed(_))
            && let Some(why) = self.must_refuse()
        {
            // A callback that cannot refuse has changed the rules. What was written may be more than a handshake.
            self.state.wire.borrow_mut().discard_output();
            self.state.answers_are_taken();
            outcome = Outcome::Failed(Error::from(why).into());
        }
        self.state.operating.set(false);
        if let Outcome::Failed(failure) = &mut outcome {
            if matches!(failure, Failure::Error(_)) {
                self.state.failed.set(true);
            }
            self.state.explain(failure);
        }
        self.state.retired.borrow_mut().clear();
        let parked = self.state.parked.borrow_mut().take();
        match parked {
            None => outcome,
            Some(parked) => {
                queue::clear();
                self.state.failed.set(true);
                Outcome::Failed(match unpark(parked).downcast::<Error>() {
                    // A callback's answer was wrong.
                    Ok(error) => (*error).into(),
                    Err(parked) => parked.into(),
                })
            }
        }
    }

    /// Whether nothing has failed but by the end of the stream.
    pub(crate) fn is_sound(&self) -> bool {
        !self.state.failed.get()
    }

    /// Replaces the delegate.
    pub(crate) fn set_delegate(&self, delegate: Arc<dyn Delegate>) {
        self.state.delegate.replace(delegate);
    }

    /// The first verification error that a callback overruled, with its depth.
    pub(crate) fn overridden(&self) -> Option<(c_int, c_int)> {
        self.state.overridden.get()
    }
}

/// An operation inside a callback of the same connection.
#[cold]
pub(crate) fn in_the_middle() -> Error {
    Error::ssl(
        "the connection is in the middle of another operation; neither its callbacks nor its transport can start one",
    )
}

/// Another context where OpenSSL may be using a certificate of the present one.
#[cold]
fn too_late() -> Error {
    Error::ssl("too late for another context; a server replaces it in the server name callback, or between handshakes")
}

/// Why a connection ends whose peer sends too much that is no data.
#[cold]
fn without_end() -> Error {
    Error::ssl("the peer sends records without end that hold no data")
}

/// The time in which OpenSSL reads from a socket directly.
pub(crate) struct BeganDirect<'a>(&'a Direct);

impl BeganDirect<'_> {
    /// Ends it: what the socket failed with, if it did.
    pub(crate) fn end(self) -> Option<Errno> {
        self.0.end()
    }
}

impl Drop for BeganDirect<'_> {
    /// Also where a callback panics.
    fn drop(&mut self) {
        self.0.end();
    }
}

/// One `SSL` behind its lock.
pub(crate) struct Engine(ReentrantMutex<Inner>);

impl Engine {
    /// Takes over a new `SSL` and joins it to a wire. `pauses` says that operations may stop in the middle of what has
    /// come.
    ///
    /// # Safety
    /// `ssl` was just made, and nothing else uses it.
    pub(crate) unsafe fn new(ssl: Handle<ffi::SSL>, wire: Wire, pauses: bool) -> Result<Self> {
        // SAFETY: the `SSL` is valid and ours.
        let framed = !wire.has_datagrams() && unsafe { ffi::SSL_get_read_ahead(ssl.as_ptr()) } == 0;
        let framing = framed.then(|| {
            // SAFETY: as above.
            unsafe { ffi::SSL_set_read_ahead(ssl.as_ptr(), 1) };
            Framing::default()
        });
        let state = Rc::new(State::new(wire, framing, pauses));
        let slot = slot().ok_or_else(|| check::failure("CRYPTO_get_ex_new_index"))?;
        let place: *const State = Rc::as_ptr(&state);
        // SAFETY: the `SSL` is valid; the state outlives it, see `Inner`.
        let set = unsafe { ffi::SSL_set_ex_data(ssl.as_ptr(), slot, place.cast_mut().cast::<c_void>()) };
        check::one(set, "SSL_set_ex_data")?;
        // SAFETY: the `SSL` is valid, and from now on used under the engine's lock only.
        unsafe { bio::attach(ssl.as_ptr(), &state) }?;
        let home = context_of(&ssl).ok_or_else(|| Error::ssl("the connection has no context"))?;
        Ok(Self(ReentrantMutex::new(Inner { ssl, state, home })))
    }

    /// Waits for the lock.
    pub(crate) fn enter(&self) -> ReentrantMutexGuard<'_, Inner> {
        self.0.lock()
    }

    /// Takes the lock if no other thread has it.
    pub(crate) fn try_enter(&self) -> Option<ReentrantMutexGuard<'_, Inner>> {
        self.0.try_lock()
    }

    /// Whether the calling thread has the lock.
    pub(crate) fn is_mine(&self) -> bool {
        self.0.is_owned_by_current_thread()
    }
}
