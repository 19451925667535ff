//! What C finds through an `SSL`: the wire, whom to ask, and what the running operation leaves behind.
//!
//! Lives here: what callbacks do with it, above all how OpenSSL reads and writes. What an operation is, is the engine's.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;
use std::sync::{Arc, OnceLock};

use ironssl_sys as ffi;

use crate::error::Parked;
use crate::handle::Handle;
use crate::ssl::delegate::{Defaults, Delegate};
use crate::ssl::direct::Direct;
use crate::ssl::framing::{Framing, may_be_alert};
use crate::ssl::session::{Judge, Proof, TooLate};
use crate::ssl::status::Failure;
use crate::wire::{Read, Wire};

/// The state that C finds through the `SSL`: touched only by the thread that holds the engine's lock.
pub(crate) struct State {
    /// Ciphertext on its way.
    pub(crate) wire: RefCell<Wire>,
    pub(super) delegate: RefCell<Arc<dyn Delegate>>,
    /// What the first callback that failed in the running operation failed with.
    pub(super) parked: RefCell<Option<Parked>>,
    /// Whether an operation is running, further up the stack of this thread.
    pub(super) operating: Cell<bool>,
    /// Whether a callback runs after which the certificate for the handshake is chosen.
    pub(super) chooses_later: Cell<bool>,
    /// The first verification error that a callback overruled, with its depth.
    pub(super) overridden: Cell<Option<(c_int, c_int)>>,
    /// Whether an operation failed otherwise than by the end of the stream.
    pub(super) failed: Cell<bool>,
    /// What the first operation that failed has failed with. OpenSSL says it once, and then gives no reason.
    pub(super) first: RefCell<Option<Failure>>,
    /// Whether the rules of verification changed in the middle of a handshake; and whether there is another judge.
    pub(super) verifies_late: Cell<bool>,
    pub(super) judges_late: Cell<bool>,
    /// The socket that OpenSSL may read from directly, while the thread inside has its turn to read.
    pub(super) direct: Direct,
    /// Whether a read has got some plaintext and looks for more.
    pub(super) reads_on: Cell<bool>,
    /// What a read met after it had got some plaintext: the next one fails with it.
    pub(super) deferred: RefCell<Option<Failure>>,
    /// Whether what is written is gathered first.
    pub(super) corked: Cell<bool>,
    /// Plaintext of a corked connection that is still to be encrypted.
    pub(super) gathered: RefCell<Vec<u8>>,
    /// Contexts that a callback replaced, whose stores the running operation may still use.
    pub(super) retired: RefCell<Vec<Handle<ffi::SSL_CTX>>>,
    /// How many records were moved since OpenSSL's buffers were last given back for good.
    pub(super) records: Cell<u32>,
    /// How many reads in a row found nothing.
    pub(super) misses: Cell<u32>,
    /// How far the records that come have been read; none where OpenSSL reads what it likes: datagrams, or more than the
    /// record that is due because it was asked to.
    pub(super) framing: Option<Framing>,
    /// How many records OpenSSL has begun to read, where there is a framing.
    pub(super) begun: Cell<u32>,
    /// What an operation may read at once, and what is left of that for the running one.
    pub(super) allowance: Cell<u32>,
    pub(super) left: Cell<u32>,
    /// Whether the last operation has used it up.
    pub(super) paused: Cell<bool>,
    /// How many bytes OpenSSL has written.
    pub(super) written: Cell<u64>,
    /// How many of those that wait to be sent are answers to the peer, written by reads.
    pub(super) answers: Cell<u64>,
    /// How many bytes reads have got since there was some plaintext, and whether they count: not in a handshake.
    pub(super) idle: Cell<usize>,
    pub(super) counts: Cell<bool>,
    /// Whether those were too many.
    pub(super) endless: Cell<bool>,
    /// Whether the last read has met more than the one record that it was about.
    pub(super) mixed: Cell<bool>,
    /// As whom the delegate is asked about certificates, if it is.
    pub(super) judge: Cell<Option<Judge>>,
    /// The judge that has accepted a certificate against OpenSSL.
    pub(super) accepted_by: Cell<Option<Judge>>,
    /// Whether a certificate was accepted where nobody insisted on a good one, or different judges have accepted some.
    pub(super) waived: Cell<bool>,
    /// What is known of the session that the connection was asked to resume, or is about to.
    pub(super) offered: Cell<Proof>,
}

/// How often an operation over a transport may read before others get a go; the peer could keep it busy for ever with
/// records that hold no data (key updates, say).
const PATIENCE: u32 = 64;

/// The same where somebody holds up others while he reads (see `Connection::now`).
const HURRY: u32 = 8;

/// What a read counts that may hold hundreds of records.
const MANY: u32 = 8;

/// The most bytes that a stream may bring one after the other without any plaintext, once its first handshake is done.
/// What brings more has no end: a renegotiation, or new tickets, are smaller.
pub(super) const IDLE: usize = 256 * 1024;

/// With more answers to the peer than this waiting to be sent, no more is read.
const ANSWERS: u64 = 16 * 1024;

impl State {
    /// The state of a connection that has done nothing yet.
    pub(super) fn new(wire: Wire, framing: Option<Framing>, pauses: bool) -> Self {
        Self {
            wire: RefCell::new(wire),
            delegate: RefCell::new(Arc::new(Defaults)),
            parked: RefCell::new(None),
            operating: Cell::new(false),
            chooses_later: Cell::new(false),
            overridden: Cell::new(None),
            failed: Cell::new(false),
            first: RefCell::new(None),
            verifies_late: Cell::new(false),
            judges_late: Cell::new(false),
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
            idle: Cell::new(0),
            counts: Cell::new(false),
            endless: Cell::new(false),
            mixed: Cell::new(false),
            judge: Cell::new(None),
            accepted_by: Cell::new(None),
            waived: Cell::new(false),
            offered: Cell::new(Proof::Nothing),
        }
    }

    /// Asks the delegate before the certificate for the handshake is chosen: it may replace the context.
    pub(crate) fn before_choice<T>(&self, ask: impl FnOnce() -> T) -> T {
        let _restored = Restore::after(&self.chooses_later, true);
        ask()
    }

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
        if let Read::Bytes(count) = read {
            if self.counts.get() {
                self.idle.set(self.idle.get().saturating_add(count));
            }
            if let Some(framing) = &self.framing {
                framing.note(&buffer[..count]);
            }
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

    /// How many bytes of ciphertext OpenSSL has written.
    pub(crate) fn written(&self) -> u64 {
        self.written.get()
    }

    /// Whether the last operation has stopped to let others have a go.
    pub(crate) fn has_paused(&self) -> bool {
        self.paused.get()
    }

    /// Lets the operations in `work` stop soon.
    pub(crate) fn hurried<T>(&self, work: impl FnOnce() -> T) -> T {
        let _restored = Restore::after(&self.allowance, HURRY);
        work()
    }

    /// Lets the operations in `work` read nothing but what OpenSSL has already.
    pub(crate) fn without_transport<T>(&self, work: impl FnOnce() -> T) -> T {
        let _restored = Restore::after(&self.allowance, 0);
        work()
    }

    /// Whether so many answers to the peer wait to be sent that there should be no more.
    pub(crate) fn owes_answers(&self) -> bool {
        self.answers.get() > ANSWERS && self.wire.borrow().has_output()
    }

    /// Whether the last read has met more than the one record that it was about.
    pub(crate) fn has_mixed(&self) -> bool {
        self.mixed.get()
    }

    /// What was to be sent has been taken.
    pub(crate) fn answers_are_taken(&self) {
        self.answers.set(0);
    }

    /// Whether the next record may be the end of the stream.
    pub(super) fn may_end(&self, framing: &Framing) -> bool {
        let header = if framing.at_start() { self.direct.header_at_hand() } else { framing.of_body() };
        header.is_some_and(may_be_alert)
    }

    /// Has a failure without a reason be the one that came first, if this one did not. (Before 3.2, what has failed before
    /// looks like an end.)
    pub(super) fn explain(&self, failure: &mut Failure) {
        let no_end = matches!(failure, Failure::UnexpectedEof) && !self.wire.borrow().at_end();
        let mut first = self.first.borrow_mut();
        match &*first {
            Some(first) if no_end || failure.is_unexplained() => {
                if let Some(again) = first.again() {
                    *failure = again;
                }
            }
            None if !failure.is_unexplained() => *first = failure.again(),
            _ => {}
        }
    }

    /// OpenSSL has forgotten what it had read.
    pub(crate) fn begin_anew(&self) {
        self.verified_in_time();
        self.first.replace(None);
        self.idle.set(0);
        self.counts.set(false);
        self.endless.set(false);
        if let Some(framing) = &self.framing {
            framing.reset();
        }
    }

    /// The plaintext of the next record, at most, if it is there already and OpenSSL can read it without a system call.
    pub(crate) fn record_at_hand(&self) -> Option<usize> {
        self.direct.record_at_hand()
    }

    /// Notes that the rules of verification change in the middle of a handshake, and whether there is another judge.
    pub(crate) fn verify_late(&self, another: bool) {
        self.verifies_late.set(true);
        self.judges_late.set(self.judges_late.get() || another);
    }

    /// Notes that whatever has changed in a handshake does not count in the next one.
    pub(super) fn verified_in_time(&self) {
        self.verifies_late.set(false);
        self.judges_late.set(false);
    }

    /// Whether the peer is not to get through, by rules that have changed in the handshake.
    ///
    /// # Safety
    /// `ssl` is valid and the one that this belongs to, and the caller holds its lock.
    pub(crate) unsafe fn must_refuse(&self, ssl: *mut ffi::SSL) -> Option<TooLate> {
        if !self.verifies_late.get() {
            return None;
        }
        // SAFETY: passed on from this function's own contract; the calls only read.
        unsafe {
            let mode = ffi::SSL_get_verify_mode(ssl);
            if ffi::SSL_session_reused(ssl) != 1 || mode & ffi::SSL_VERIFY_PEER == 0 {
                None
            } else if ffi::SSL_is_server(ssl) == 0 {
                (!self.resumed(ssl).suffices(mode, self.judge.get())).then_some(TooLate::Server)
            } else if ffi::SSL_get0_peer_certificate(ssl).is_null() {
                (mode & ffi::SSL_VERIFY_FAIL_IF_NO_PEER_CERT != 0).then_some(TooLate::Client)
            } else {
                self.judges_late.get().then_some(TooLate::Judge)
            }
        }
    }

    /// Notes that a callback accepted a certificate that OpenSSL did not; and whether that counted for nothing, since
    /// nobody insists on a good one.
    pub(crate) fn note_overridden(&self, error: c_int, depth: c_int, waived: bool) {
        if error == ffi::X509_V_OK {
            return;
        }
        let judge = self.judge.get();
        let another = self.accepted_by.replace(judge).is_some_and(|before| Some(before) != judge);
        if waived || another {
            self.waived.set(true);
        }
        if self.overridden.get().is_none() {
            self.overridden.set(Some((error, depth)));
        }
    }

    /// Whose word stands for a peer that was not resumed, if OpenSSL says now that it is good. A yes where nobody insisted
    /// on a good certificate counts for nothing: it is said to anything, perhaps.
    pub(crate) fn word(&self) -> Proof {
        match (self.waived.get(), self.accepted_by.get()) {
            (true, _) => Proof::Nothing,
            (false, Some(judge)) => Proof::Judge(judge),
            (false, None) => Proof::Library,
        }
    }

    /// What is known of the session that the connection is to resume.
    pub(crate) fn offered(&self) -> Proof {
        self.offered.get()
    }

    /// What is known of the session that the last handshake has resumed, or the running one does. A renegotiation resumes
    /// what the handshake before it has made, whatever was offered in the first one: of that nothing is known.
    ///
    /// # Safety
    /// `ssl` is valid and the one that this belongs to, and the caller holds its lock.
    pub(crate) unsafe fn resumed(&self, ssl: *mut ffi::SSL) -> Proof {
        // SAFETY: passed on from this function's own contract; the call only reads.
        let again = unsafe { ffi::SSL_ctrl(ssl, ffi::SSL_CTRL_GET_TOTAL_RENEGOTIATIONS, 0, std::ptr::null_mut()) } > 0;
        if again { Proof::Nothing } else { self.offered.get() }
    }

    /// Has no word of this connection's count any more: its session is not the one that its handshake has made.
    pub(crate) fn disown(&self) {
        self.waived.set(true);
    }

    /// Notes what is known of the session that the connection is to resume.
    pub(crate) fn offer(&self, proof: Proof) {
        self.offered.set(proof);
    }

    /// As whom the delegate is asked about certificates, if it is.
    pub(crate) fn judge(&self) -> Option<Judge> {
        self.judge.get()
    }

    /// Asks the delegate about certificates from now on, or does not. OpenSSL keeps a callback that it has.
    pub(crate) fn set_judge(&self, judge: Option<Judge>) {
        self.judge.set(judge);
    }
}

/// Gives a cell back what it held, when dropped: also where a callback panics.
pub(super) struct Restore<'a, T: Copy> {
    cell: &'a Cell<T>,
    usual: T,
}

impl<'a, T: Copy> Restore<'a, T> {
    /// Puts `value` into the cell for the time being.
    pub(super) fn after(cell: &'a Cell<T>, value: T) -> Self {
        Self { cell, usual: cell.replace(value) }
    }
}

impl<T: Copy> Drop for Restore<'_, T> {
    fn drop(&mut self) {
        self.cell.set(self.usual);
    }
}

/// The slot of every `SSL` that holds its `State`; none where OpenSSL has no more slots to give.
pub(super) fn slot() -> Option<c_int> {
    static SLOT: OnceLock<c_int> = OnceLock::new();
    let index = *SLOT.get_or_init(|| {
        // SAFETY: no preconditions; without functions nothing is called when an `SSL` is made or freed.
        unsafe { ffi::CRYPTO_get_ex_new_index(ffi::CRYPTO_EX_INDEX_SSL, 0, std::ptr::null_mut(), None, None, None) }
    });
    (index >= 0).then_some(index)
}
