//! One `SSL` and the lock around it. The engine waits for nothing: OpenSSL reads from the inbox, or takes from a socket
//! what is already there while the thread inside has its turn to read (`State::read`), and writes to the outbox of
//! the wire, and `ssl::connection` moves those.
//!
//! Theory of the lock. It is re-entrant for the thread that owns it, because callbacks call methods of the same
//! connection in the middle of a handshake. So a thread may come by here twice at a time, and nothing below keeps a
//! `&mut` across a call into OpenSSL: what changes is in cells, borrowed for a moment. What must not happen inside a
//! callback is another operation of the state machine that is running; `operate` refuses it.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use ironssl_sys as ffi;
use parking_lot::{ReentrantMutex, ReentrantMutexGuard};
use rustix::io::Errno;

use super::cipher::static_text;
use super::delegate::{Defaults, Delegate};
use super::direct::Direct;
use super::framing::{Framing, may_be_alert};
use super::session::{lets_in_without_certificate, without_certificate};
use super::status::{self, Failure, Outcome};
use crate::bio;
use crate::callback::unpark;
use crate::check;
use crate::error::{Error, Parked, Result};
use crate::handle::{Counted, Handle};
use crate::queue;
use crate::transport::Descriptor;
use crate::wire::{Read, Wire};

mod buffers;

/// The state that C finds through the `SSL`: touched only by the thread that holds the engine's lock.
pub(crate) struct State {
    /// Ciphertext on its way.
    pub(crate) wire: RefCell<Wire>,
    delegate: RefCell<Arc<dyn Delegate>>,
    /// What the first callback that failed in the running operation failed with.
    parked: RefCell<Option<Parked>>,
    /// Whether an operation is running, further up the stack of this thread.
    operating: Cell<bool>,
    /// The first verification error that a callback overruled, with its depth.
    overridden: Cell<Option<(c_int, c_int)>>,
    /// Whether an operation failed otherwise than by the end of the stream.
    failed: Cell<bool>,
    /// What the first operation that failed has failed with. OpenSSL says it once, and then gives no reason.
    first: RefCell<Option<Failure>>,
    /// Whether the rules of verification changed in the middle of a handshake.
    verifies_late: Cell<bool>,
    /// The socket that OpenSSL may read from directly, while the thread inside has its turn to read.
    direct: Direct,
    /// Whether a read has got some plaintext and looks for more.
    reads_on: Cell<bool>,
    /// What a read met after it had got some plaintext: the next one fails with it.
    deferred: RefCell<Option<Failure>>,
    /// Whether what is written is gathered first.
    corked: Cell<bool>,
    /// Plaintext of a corked connection that is still to be encrypted.
    gathered: RefCell<Vec<u8>>,
    /// Contexts that a callback replaced, whose stores the running operation may still use.
    retired: RefCell<Vec<Handle<ffi::SSL_CTX>>>,
    /// How many records were moved since OpenSSL's buffers were last given back for good.
    records: Cell<u32>,
    /// How many reads in a row found nothing.
    misses: Cell<u32>,
    /// How far the records that come have been read; none where OpenSSL reads what it likes: datagrams, or more than the
    /// record that is due because it was asked to.
    framing: Option<Framing>,
    /// How many records OpenSSL has begun to read, where there is a framing.
    begun: Cell<u32>,
    /// What an operation may read at once, and what is left of that for the running one.
    allowance: Cell<u32>,
    left: Cell<u32>,
    /// Whether the last operation has used it up.
    paused: Cell<bool>,
    /// How many bytes OpenSSL has written.
    written: Cell<u64>,
    /// How many of those that wait to be sent are answers to the peer, written by reads.
    answers: Cell<u64>,
    /// Whether the delegate is asked about certificates.
    asks: Cell<bool>,
    /// Whether the delegate has accepted a certificate where nobody insisted on a good one.
    waived: Cell<bool>,
}

/// How often an operation over a transport may read before others get a go; the peer could keep it busy for ever with
/// records that hold no data (key updates, say).
const PATIENCE: u32 = 64;

/// The same where somebody holds up others while he reads (see `Connection::now`).
const HURRY: u32 = 8;

/// What a read counts that may hold hundreds of records.
const MANY: u32 = 8;

/// With more answers to the peer than this waiting to be sent, no more is read.
const ANSWERS: u64 = 16 * 1024;

impl State {
    /// The state that belongs to `ssl`.
    ///
    /// # Safety
    /// `ssl` is valid, and the caller runs inside an operation on it.
    pub(crate) unsafe fn of<'a>(ssl: *const ffi::SSL) -> Option<&'a Self> {
        // SAFETY: the slot holds null or the state, which lives as long as the `SSL`.
        unsafe { ffi::SSL_get_ex_data(ssl, slot()?).cast::<Self>().as_ref() }
    }

    /// Whether what is written is gathered first.
    pub(crate) fn is_corked(&self) -> bool {
        self.corked.get()
    }

    /// Gathers what is written from now on, or no more.
    pub(crate) fn set_corked(&self, corked: bool) {
        self.corked.set(corked);
    }

    /// Plaintext that is still to be encrypted; not borrowed while OpenSSL is called.
    pub(crate) fn gathered(&self) -> &RefCell<Vec<u8>> {
        &self.gathered
    }

    /// Whom to ask. The reference is the caller's own: a callback may change the delegate.
    pub(crate) fn delegate(&self) -> Arc<dyn Delegate> {
        Arc::clone(&self.delegate.borrow())
    }

    /// Keeps what a callback failed with, if it is the first of this operation.
    pub(crate) fn park(&self, parked: Parked) {
        self.parked.borrow_mut().get_or_insert(parked);
    }

    /// OpenSSL reads ciphertext: from the inbox, or, where that is empty and it is this thread's turn, from the socket,
    /// as far as nobody has to wait for it.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Read {
        // It is borrowed already only where somebody who was lent ciphertext uses its connection (`Hold::drain_now`).
        let Ok(mut wire) = self.wire.try_borrow_mut() else { return Read::Retry };
        let (buffer, cost) = match &self.framing {
            Some(framing) => {
                if self.reads_on.get() && wire.input_len() == 0 && self.may_end(framing) {
                    // Who waits for the socket is to learn of it there.
                    return Read::Retry;
                }
                let limit = framing.limit(wire.record_at_hand().or_else(|| self.direct.record_at_hand()));
                let limit = limit.min(buffer.len());
                (&mut buffer[..limit], 1)
            }
            None => (buffer, MANY),
        };
        let Some(left) = self.left.get().checked_sub(cost) else {
            self.paused.set(true);
            wire.want(buffer.len());
            return Read::Retry;
        };
        self.left.set(left);
        if self.framing.as_ref().is_some_and(Framing::at_start) {
            self.begun.set(self.begun.get().wrapping_add(1));
        }
        let mut read = wire.read(buffer);
        if read == Read::Retry {
            read = self.direct.read(buffer);
            match read {
                Read::End => wire.end(),
                Read::Bytes(_) => wire.passed(),
                Read::Retry => {}
            }
        }
        if let (Some(framing), Read::Bytes(count)) = (&self.framing, read) {
            framing.note(&buffer[..count]);
        }
        read
    }

    /// OpenSSL writes ciphertext; whether it could.
    pub(crate) fn write(&self, data: &[u8]) -> bool {
        // As in `read`.
        let Ok(mut wire) = self.wire.try_borrow_mut() else { return false };
        wire.write(data);
        self.written.set(self.written.get().wrapping_add(data.len() as u64));
        true
    }

    /// Whether the last operation has stopped to let others have a go.
    pub(crate) fn has_paused(&self) -> bool {
        self.paused.get()
    }

    /// Lets the operations in `work` stop soon.
    pub(crate) fn hurried<T>(&self, work: impl FnOnce() -> T) -> T {
        let usual = self.allowance.replace(HURRY);
        let result = work();
        self.allowance.set(usual);
        result
    }

    /// Whether so many answers to the peer wait to be sent that there should be no more.
    pub(crate) fn owes_answers(&self) -> bool {
        self.answers.get() > ANSWERS
    }

    /// What was to be sent has been taken.
    pub(crate) fn answers_are_taken(&self) {
        self.answers.set(0);
    }

    /// Whether the next record may be the end of the stream.
    fn may_end(&self, framing: &Framing) -> bool {
        let header = if framing.at_start() { self.direct.header_at_hand() } else { framing.of_body() };
        header.is_some_and(may_be_alert)
    }

    /// Has a failure without a reason be the one that came first, if this one did not.
    fn explain(&self, failure: &mut Failure) {
        let mut first = self.first.borrow_mut();
        match (failure.is_unexplained(), &*first) {
            (true, Some(first)) => {
                if let Some(again) = first.again() {
                    *failure = again;
                }
            }
            (false, None) => *first = failure.again(),
            _ => {}
        }
    }

    /// OpenSSL has forgotten what it had read.
    pub(crate) fn begin_anew(&self) {
        self.verifies_late.set(false);
        self.first.replace(None);
        if let Some(framing) = &self.framing {
            framing.reset();
        }
    }

    /// The plaintext of the next record, at most, if it is there already and OpenSSL can read it without a system call.
    pub(crate) fn record_at_hand(&self) -> Option<usize> {
        self.direct.record_at_hand()
    }

    /// Notes that the rules of verification change in the middle of a handshake.
    pub(crate) fn verify_late(&self) {
        self.verifies_late.set(true);
    }

    /// Whether, by rules that have changed in the handshake, its client is not to be let in.
    ///
    /// # Safety
    /// `ssl` is valid and the one that this belongs to, and the caller holds its lock.
    pub(crate) unsafe fn must_refuse(&self, ssl: *mut ffi::SSL) -> bool {
        // SAFETY: passed on from this function's own contract.
        self.verifies_late.get() && unsafe { lets_in_without_certificate(ssl) }
    }

    /// Notes that a callback accepted a certificate that OpenSSL did not; and whether that counted for nothing, since
    /// nobody insists on a good one.
    pub(crate) fn note_overridden(&self, error: c_int, depth: c_int, waived: bool) {
        if error == ffi::X509_V_OK {
            return;
        }
        if waived {
            self.waived.set(true);
        }
        if self.overridden.get().is_none() {
            self.overridden.set(Some((error, depth)));
        }
    }

    /// Whether the delegate has accepted a certificate where nobody insisted on a good one: it says yes to anything,
    /// perhaps, and asks somebody who insists.
    pub(crate) fn has_waived(&self) -> bool {
        self.waived.get()
    }

    /// Whether the delegate is asked about certificates.
    pub(crate) fn asks(&self) -> bool {
        self.asks.get()
    }

    /// Asks the delegate about certificates from now on, or does not. OpenSSL keeps a callback that it has.
    pub(crate) fn set_asks(&self, asks: bool) {
        self.asks.set(asks);
    }
}

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

/// The slot of every `SSL` that holds its `State`; none where OpenSSL has no more slots to give.
fn slot() -> Option<c_int> {
    static SLOT: OnceLock<c_int> = OnceLock::new();
    let index = *SLOT.get_or_init(|| {
        // SAFETY: no preconditions; without functions nothing is called when an `SSL` is made or freed.
        unsafe { ffi::CRYPTO_get_ex_new_index(ffi::CRYPTO_EX_INDEX_SSL, 0, std::ptr::null_mut(), None, None, None) }
    });
    (index >= 0).then_some(index)
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
        self.state.reads_on.set(true);
        let result = read();
        self.state.reads_on.set(false);
        result
    }

    /// Whether the handshake is done, and none is running.
    pub(crate) fn is_established(&self) -> bool {
        // SAFETY: the `SSL` is valid, see `as_ptr`; the call only reads.
        unsafe { ffi::SSL_is_init_finished(self.ssl.as_ptr()) == 1 }
    }

    /// Notes that the handshake is over, in which the rules have changed: unless the client was not to be let in, for
    /// good.
    pub(crate) fn verified_in_time(&self) {
        if !self.must_refuse() {
            self.state.verifies_late.set(false);
        }
    }

    /// Whether, by rules that have changed in the handshake, its client is not to be let in.
    fn must_refuse(&self) -> bool {
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

    /// Runs one operation of the state machine. `call` gets the `SSL` and returns what OpenSSL returned, and the value
    /// if that is success.
    pub(crate) fn operate<T>(
        &self,
        name: &'static str,
        call: impl FnOnce(*mut ffi::SSL) -> std::result::Result<T, c_int>,
    ) -> Outcome<T> {
        self.operate_after(queue::clear, name, call)
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
        let begun = self.state.begun.get().wrapping_sub(before);
        if begun_before || begun > records || !matches!(outcome, Outcome::Done(_)) {
            queue::note_use();
            if records > 0 {
                let answers = self.state.written.get().wrapping_sub(written);
                self.state.answers.set(self.state.answers.get() + answers);
            }
        }
        outcome
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
        let mut outcome = if self.must_refuse() {
            Outcome::Failed(without_certificate().into())
        } else {
            clear();
            match call(self.ssl.as_ptr()) {
                Ok(value) => Outcome::Done(value),
                // SAFETY: the `SSL` is valid, the queue was cleared, and the call was the last thing done.
                Err(returned) => unsafe { status::of_failed(self.ssl.as_ptr(), returned, name) },
            }
        };
        if !matches!(outcome, Outcome::Failed(_)) && self.must_refuse() {
            // A callback that cannot refuse has changed the rules. What was written may be more than a handshake.
            self.state.wire.borrow_mut().discard_output();
            outcome = Outcome::Failed(without_certificate().into());
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
        let state = Rc::new(State {
            wire: RefCell::new(wire),
            delegate: RefCell::new(Arc::new(Defaults)),
            parked: RefCell::new(None),
            operating: Cell::new(false),
            overridden: Cell::new(None),
            failed: Cell::new(false),
            first: RefCell::new(None),
            verifies_late: Cell::new(false),
            direct: Direct::default(),
            corked: Cell::new(false),
            gathered: RefCell::new(Vec::new()),
            retired: RefCell::new(Vec::new()),
            reads_on: Cell::new(false),
            deferred: RefCell::new(None),
            records: Cell::new(0),
            misses: Cell::new(0),
            framing,
            begun: Cell::new(0),
            allowance: Cell::new(if pauses { PATIENCE } else { u32::MAX }),
            left: Cell::new(0),
            paused: Cell::new(false),
            written: Cell::new(0),
            answers: Cell::new(0),
            asks: Cell::new(true),
            waived: Cell::new(false),
        });
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
