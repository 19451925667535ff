//! How a connection moves ciphertext: the loop around one operation.

use std::sync::atomic::{Ordering, fence};

use rustix::io::Errno;

use super::turn::Taken;
use super::{Connection, Want};
use crate::error::Error;
use crate::ssl::engine::{BeganDirect, Inner, in_the_middle};
use crate::ssl::framing::{HEADER, plausible_body};
use crate::ssl::status::{Failure, Outcome};
use crate::transport::{Cause, Descriptor, Reader, Transport, Trouble, Writer};

/// What a step of an operation came to.
pub(super) struct Step<T> {
    pub(super) outcome: Outcome<T>,
    /// Whether it left something in the outbox.
    pub(super) written: bool,
    /// The number of `Wire::fills` after it.
    fills: u64,
    /// Whether it stopped in the middle of what has come already, to let others have a go.
    paused: bool,
    /// What the socket failed with.
    pub(super) trouble: Option<Errno>,
}

/// More than any datagram holds: it has to be read at once.
const DATAGRAM: usize = 64 * 1024;

impl Connection {
    /// The loop around one operation. What it wrote last is in the outbox still; the callers know how urgent that is.
    pub(super) fn drive<T>(&self, step: impl FnMut(&Inner) -> Outcome<T>) -> Result<T, Failure> {
        self.refuse_if_mine()?;
        self.drive_on(step, false)
    }

    /// As `drive`; `owed` says that a first step, made before, has written something.
    pub(super) fn drive_on<T>(&self, mut step: impl FnMut(&Inner) -> Outcome<T>, mut owed: bool) -> Result<T, Failure> {
        // A transport that takes nothing more may still have something to read, which explains it better.
        let mut broken: Option<Errno> = None;
        loop {
            let made = {
                let turn = self.direct_turn();
                let inner = self.engine.enter();
                // What has been decrypted already can be had in any case.
                let free = broken.is_some() || self.is_memory() || inner.pending() > 0;
                let may = free || !inner.state().owes_answers();
                may.then(|| self.step(&inner, turn.as_ref().map(|(socket, _)| *socket), &mut step))
            };
            let Some(Step { outcome, written, fills, paused, trouble }) = made else {
                // A peer that demands answers and takes none is not heard any more.
                match self.flush() {
                    Ok(()) => {}
                    Err(Trouble::System(errno)) => broken = Some(errno),
                    Err(trouble) => return Err(self.owe(trouble)),
                }
                continue;
            };
            let written = std::mem::take(&mut owed) || written;
            match outcome {
                Outcome::Done(value) => return Ok(value),
                Outcome::Failed(failure) => {
                    // An alert, as a rule. The peer may have gone by now, or take nothing for ever. Only an object of the
                    // caller's cannot be asked whether it would have to wait.
                    self.flush_if_possible(written && self.is_custom())?;
                    return Err(match (failure, broken) {
                        (Failure::UnexpectedEof, Some(errno)) => Failure::System(errno.raw_os_error()),
                        (failure, _) => failure,
                    });
                }
                Outcome::WantWrite => self.flush().map_err(|trouble| failure_of(trouble, Want::Write))?,
                Outcome::WantRead => {
                    if let Some(errno) = trouble {
                        return Err(Failure::System(broken.unwrap_or(errno).raw_os_error()));
                    }
                    let owing = written || self.owed.load(Ordering::Acquire) > self.sent.load(Ordering::Acquire);
                    match self.flush_soon(owing) {
                        // Where another thread is at it, and gives up, it stays owed.
                        Ok(()) => {}
                        Err(Trouble::System(errno)) => broken = Some(errno),
                        Err(Trouble::WouldBlock) if !owing => {}
                        // The peer will not answer what it has not got.
                        Err(trouble) => return Err(self.owe(trouble)),
                    }
                    match broken {
                        _ if paused => {}
                        None => self.fill(fills).map_err(|trouble| failure_of(trouble, Want::Read))?,
                        Some(_) if self.reader().is_some_and(Reader::is_ready) && self.fill(fills).is_ok() => {}
                        Some(errno) => return Err(Failure::System(errno.raw_os_error())),
                    }
                }
            }
        }
    }

    /// One step of an operation, by a thread that has the engine's lock, and its turn to read if there is a socket.
    pub(super) fn step<T>(
        &self,
        inner: &Inner,
        socket: Option<Descriptor>,
        step: &mut impl FnMut(&Inner) -> Outcome<T>,
    ) -> Step<T> {
        let direct = socket.map(|socket| inner.begin_direct(socket));
        let before = inner.state().wire.borrow().output_len();
        let outcome = step(inner);
        let trouble = direct.and_then(BeganDirect::end);
        let wire = inner.state().wire.borrow();
        let written = wire.output_len() > before;
        if written {
            self.unsent.store(true, Ordering::Release);
            if matches!(outcome, Outcome::WantRead) {
                self.owed.store(inner.state().written(), Ordering::Release);
            }
        }
        let paused = inner.state().has_paused() && wire.input_len() > 0;
        Step { outcome, written, fills: wire.fills(), paused, trouble }
    }

    /// A short step, if nothing has to be waited for, neither a lock nor a turn, and no handshake may have to be made.
    /// None where it would have to. What follows it, `then`, has the engine's lock still: who is asked to wait for nobody
    /// could not take that again.
    pub(super) fn now<T, U>(
        &self,
        step: &mut impl FnMut(&Inner) -> Outcome<T>,
        then: impl FnOnce(Step<T>) -> U,
    ) -> Option<U> {
        if self.is_custom() || self.may_be_asked {
            return None;
        }
        let (socket, turn) = self.direct_turn()?;
        let inner = self.engine.try_enter()?;
        let quick = inner.is_established() && !inner.may_renegotiate() && !inner.state().owes_answers();
        if inner.is_operating() || !quick {
            return None;
        }
        let step = inner.state().hurried(|| self.step(&inner, Some(socket), step));
        drop(turn);
        Some(then(step))
    }

    /// Notes that an operation cannot go on before what it wrote itself is sent, and says what it comes to.
    pub(super) fn owe(&self, trouble: Trouble) -> Failure {
        self.owed.store(self.engine.enter().state().written(), Ordering::Release);
        failure_of(trouble, Want::Write)
    }

    /// Sends everything that OpenSSL wrote; waits for its turn.
    pub(super) fn flush(&self) -> Result<(), Trouble> {
        let Some(writer) = self.writer() else { return Ok(()) };
        while self.unsent.load(Ordering::Acquire) {
            let turn = self.turn_to_send()?;
            self.send(&turn, |data| writer.write(data), || writer.flush())?;
            drop(turn);
            // Somebody may have left output to us just before the turn was given back.
            fence(Ordering::SeqCst);
        }
        Ok(())
    }

    /// Sends everything that OpenSSL wrote, unless another thread is at it, who will see to ours too. Waits for the
    /// transport only where the caller has `written` something himself.
    pub(super) fn flush_soon(&self, written: bool) -> Result<(), Trouble> {
        let Some(writer) = self.writer() else { return Ok(()) };
        while self.unsent.load(Ordering::Acquire) {
            let turn = match self.try_turn_to_send() {
                Ok(Some(turn)) => turn,
                Ok(None) => {
                    // Who has it may have looked for more before there was ours, and have given it back since.
                    fence(Ordering::SeqCst);
                    let Some(turn) = self.try_turn_to_send()? else { return Ok(()) };
                    turn
                }
                // What the parent process left unsent keeps nobody from reading.
                Err(Trouble::Forked) if !written => return Ok(()),
                Err(trouble) => return Err(trouble),
            };
            self.send(
                &turn,
                |data| if written { writer.write(data) } else { writer.write_now(data) },
                || if written { writer.flush() } else { Err(Trouble::WouldBlock) },
            )?;
            drop(turn);
            fence(Ordering::SeqCst);
        }
        Ok(())
    }

    /// As [`Connection::flush_soon`], where it does not matter if the transport fails.
    pub(super) fn flush_if_possible(&self, written: bool) -> Result<(), Failure> {
        match self.flush_soon(written) {
            Err(Trouble::Caller { parked, cause: Cause::Program }) => Err(parked.into()),
            _ => Ok(()),
        }
    }

    /// Moves the outbox to the transport, by the thread whose turn it is; last, what the transport holds back.
    fn send(
        &self,
        _: &Taken<'_>,
        write: impl Fn(&[u8]) -> Result<usize, Trouble>,
        flush: impl Fn() -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let _visit = self.visit();
        let mut queue = self.queue.lock();
        loop {
            if queue.is_empty() {
                let inner = self.engine.enter();
                let mut wire = inner.state().wire.borrow_mut();
                if wire.has_output() {
                    wire.swap_outbox(&mut queue);
                    inner.state().answers_are_taken();
                } else if self.is_custom() && self.writer().is_some_and(Writer::holds_back) {
                    drop(wire);
                    drop(inner);
                    // Somebody may leave output to us in the meantime.
                    flush()?;
                    continue;
                } else {
                    self.unsent.store(false, Ordering::Release);
                    // As counted, but for what was discarded.
                    self.sent.store(inner.state().written(), Ordering::Release);
                    return Ok(());
                }
            }
            match write(queue.front()) {
                Ok(count) => {
                    queue.consume(count);
                    // What an object of the caller's has taken it may hold back: that counts when nothing is left.
                    if !self.is_custom() {
                        self.sent.fetch_add(count as u64, Ordering::AcqRel);
                    }
                }
                Err(trouble) => {
                    // A datagram that the network refuses is lost, as datagrams may be; it must not block the others.
                    if self.datagrams && is_lost(&trouble) {
                        queue.consume(0);
                    }
                    return Err(trouble);
                }
            }
        }
    }

    fn reader(&self) -> Option<&dyn Reader> {
        match &self.transport {
            Transport::Memory => None,
            Transport::Owned(owned) => Some(owned.descriptor()),
            Transport::Descriptor(descriptor) => Some(descriptor),
            Transport::Custom { reader, .. } => Some(reader.as_ref()),
        }
    }

    fn writer(&self) -> Option<&dyn Writer> {
        match &self.transport {
            Transport::Memory => None,
            Transport::Owned(owned) => Some(owned.descriptor()),
            Transport::Descriptor(descriptor) => Some(descriptor),
            Transport::Custom { writer, .. } => Some(writer.as_ref()),
        }
    }

    /// Reads what OpenSSL wants next, unless another thread has done so since `fills` was read.
    fn fill(&self, fills: u64) -> Result<(), Trouble> {
        let Some(reader) = self.reader() else { return Err(Trouble::WouldBlock) };
        let Some(_turn) = self.turn_to_read(fills)? else { return Ok(()) };
        let _visit = self.visit();
        let (mut wanted, header, patience) = {
            let inner = self.engine.enter();
            let wire = inner.state().wire.borrow();
            if wire.fills() != fills {
                return Ok(());
            }
            if self.datagrams {
                (DATAGRAM, false, self.patience(&inner))
            } else {
                (wire.wanted(), inner.expects_header(), None)
            }
        };
        if let Some(patience) = patience
            && !reader.is_ready_within(patience)?
        {
            // OpenSSL sees for itself that it is time to repeat what was lost.
            return Ok(());
        }
        let foreign = self.is_custom() && reader.descriptor().is_none();
        if header && foreign {
            // Some objects wait until they have all that they are asked for; the peer may owe us no more than this.
            wanted = wanted.min(HEADER);
        }
        let mut ciphertext = Vec::new();
        reader.read(&mut ciphertext, wanted)?;
        let mut ended = ciphertext.is_empty();
        let mut failed = Ok(());
        if header && let Some(rest) = plausible_body(&ciphertext) {
            // The header says how much follows. What passes is met again when OpenSSL asks for it; a failure is told once.
            match reader.read_on(&mut ciphertext, rest) {
                Ok(count) => ended = count == 0,
                Err(trouble) if trouble.is_for_now() => {}
                Err(trouble) => failed = Err(trouble),
            }
        }
        if self.datagrams {
            if ended {
                // An empty datagram, which anybody may send, says nothing; a socket that was shut down does.
                if reader.is_over() {
                    self.engine.enter().state().wire.borrow_mut().end();
                }
                // Whether the caller's object means its end is not known; it may do so for ever.
                return if foreign { Err(Trouble::WouldBlock) } else { Ok(()) };
            }
            ciphertext.shrink_to_fit();
        }
        let inner = self.engine.enter();
        let mut wire = inner.state().wire.borrow_mut();
        if !ciphertext.is_empty() {
            wire.feed(ciphertext);
        }
        if ended {
            wire.end();
        }
        failed
    }

    /// Fails inside a callback of this connection, while the calling thread holds it, or inside a method of its own
    /// transport: waiting for the peer would then keep every other thread out, or never end.
    pub(super) fn refuse_if_mine(&self) -> Result<(), Failure> {
        let mine = !self.is_memory() && self.engine.is_mine();
        if mine || self.is_custom() && self.is_visited() { Err(in_the_middle().into()) } else { Ok(()) }
    }

    /// Notes what the operation waited for.
    pub(super) fn noting<T>(&self, operation: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let result = operation();
        let want = match &result {
            Err(Failure::WantRead) => Want::Read,
            Err(Failure::WantWrite) => Want::Write,
            _ => Want::Nothing,
        };
        self.note(want);
        result
    }

    pub(super) fn note(&self, want: Want) {
        self.want.store(want as u8, Ordering::Relaxed);
    }
}

/// Whether a datagram is lost that met this trouble: neither passing nor from outside of the transport.
pub(super) fn is_lost(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::System(_) => true,
        Trouble::Caller { cause, .. } => *cause != Cause::Program,
        _ => false,
    }
}

/// What an operation comes to that met this trouble when it wanted to read or to write.
pub(super) fn failure_of(trouble: Trouble, want: Want) -> Failure {
    match trouble {
        Trouble::WouldBlock if want == Want::Write => Failure::WantWrite,
        Trouble::WouldBlock | Trouble::MustRead => Failure::WantRead,
        Trouble::MustWrite => Failure::WantWrite,
        Trouble::Interrupted => Failure::Interrupted,
        Trouble::System(errno) => Failure::System(errno.raw_os_error()),
        Trouble::Caller { parked, .. } => parked.into(),
        Trouble::Forked => {
            Error::ssl("another thread was sending when this process was forked: how much it has sent is not known")
                .into()
        }
    }
}
