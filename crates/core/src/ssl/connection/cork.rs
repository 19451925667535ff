//! Many small writes as few full records: what is written to a corked connection is gathered first.
//!
//! The gathered plaintext lies with the engine and is touched under its lock only, so that it stays in order with
//! everything else. It is encrypted when it fills a record, and when somebody asks for it: by `uncork`, by writing a
//! whole record or more, by closing. Nothing that was taken is ever given back: what a transport does not take goes with
//! the next call, which fails before it takes anything itself. Where the transport fails, so does the call that took the
//! data, and leaves a note for its repetition.

use std::sync::atomic::Ordering;

use super::moving::failure_of;
use super::writing::write_record;
use super::{Connection, RECORD, Want};
use crate::error::Result;
use crate::ssl::engine::{Inner, in_the_middle};
use crate::ssl::status::{Failure, Outcome};

impl Connection {
    /// Gathers what is written from now on, and sends it in full records, until [`Connection::uncork`]. Does nothing for
    /// DTLS, where each message stays one.
    pub fn cork(&self) {
        if self.datagrams {
            return;
        }
        let inner = self.engine.enter();
        inner.state().set_corked(true);
        self.gathering.store(true, Ordering::Release);
    }

    /// Sends what was gathered, and gathers no more.
    ///
    /// # Errors
    /// [`Failure`]; also inside a callback of the same connection. After [`Failure::WantRead`] and
    /// [`Failure::WantWrite`] repeat the call; nothing is lost.
    pub fn uncork(&self) -> Result<(), Failure> {
        self.refuse_if_mine()?;
        self.engine.enter().state().set_corked(false);
        self.noting(|| {
            self.send_gathered()?;
            self.flush().map_err(|trouble| failure_of(trouble, Want::Write))
        })
    }

    /// Whether something may be gathered, now or by the next write.
    #[must_use]
    pub fn is_gathering(&self) -> bool {
        self.gathering.load(Ordering::Acquire)
    }

    /// Takes `data` if it is only to be kept, and nobody has to be waited for; whether it was.
    #[must_use]
    pub fn gather_now(&self, data: &[u8]) -> bool {
        if self.is_noted() || self.unsent.load(Ordering::Acquire) && !self.is_memory() {
            return false;
        }
        let Some(inner) = self.engine.try_enter() else { return false };
        let mut gathered = inner.state().gathered().borrow_mut();
        let takes = inner.state().is_corked() && !inner.is_operating() && !inner.has_closed();
        let fits = takes && gathered.len() + data.len() < RECORD;
        if fits {
            gathered.extend_from_slice(data);
            self.note(Want::Nothing);
        }
        fits
    }

    /// A write to a connection that gathers, or that has gathered something.
    pub(super) fn write_gathering(&self, data: &[u8], whole: bool) -> Result<usize, Failure> {
        self.noting(|| {
            let done = self.resume(data)?;
            if done > 0 {
                return if whole { self.write_all_from(data, done) } else { Ok(done) };
            }
            let count = match self.drive(|inner| self.gather_or_empty(inner, data))? {
                Some(count) => count,
                None if whole => return self.write_all_from(data, 0),
                None => return self.write_some(data),
            };
            match self.flush() {
                Ok(()) => Ok(count),
                Err(trouble) if trouble.is_for_now() => Ok(count),
                Err(trouble) => Err(self.leave_note(data, count, whole, trouble)),
            }
        })
    }

    /// Encrypts what was gathered.
    pub(super) fn send_gathered(&self) -> Result<(), Failure> {
        if self.is_gathering() { self.drive(|inner| self.empty(inner)) } else { Ok(()) }
    }

    /// One step: encrypts what was gathered. Only here, and with the engine's lock held, does a connection cease to
    /// gather: nobody can add to what is left behind.
    pub(super) fn empty(&self, inner: &Inner) -> Outcome<()> {
        let outcome = encrypt_gathered(inner);
        if matches!(outcome, Outcome::Done(())) && !inner.state().is_corked() {
            self.gathering.store(false, Ordering::Release);
        }
        outcome
    }

    /// One step: gathers `data`, how many bytes of it; or, where it is not to be gathered, encrypts what was, and none.
    fn gather_or_empty(&self, inner: &Inner, data: &[u8]) -> Outcome<Option<usize>> {
        if inner.state().is_corked() && data.len() < RECORD {
            gather(inner, data).map(Some)
        } else {
            self.empty(inner).map(|()| None)
        }
    }
}

/// Keeps `data` and encrypts what fills a record.
fn gather(inner: &Inner, data: &[u8]) -> Outcome<usize> {
    if inner.is_operating() {
        return Outcome::Failed(in_the_middle().into());
    }
    if inner.has_closed() {
        // What is taken now would never be sent: OpenSSL says so.
        return write_record(inner, data);
    }
    let mut gathered = inner.state().gathered().take();
    gathered.extend_from_slice(data);
    let outcome = encrypt(inner, &mut gathered, RECORD);
    // What fails has encrypted nothing of the last record, and takes nothing of `data` that was not encrypted.
    let outcome = match outcome {
        Outcome::Done(()) => Outcome::Done(data.len()),
        other => {
            // What was there before goes first, so what is left of it and of `data` is the end of both.
            let left = gathered.len().min(data.len());
            let taken = data.len() - left;
            gathered.truncate(gathered.len() - left);
            match other {
                _ if taken > 0 => Outcome::Done(taken),
                Outcome::WantRead => Outcome::WantRead,
                Outcome::WantWrite | Outcome::Done(()) => Outcome::WantWrite,
                Outcome::Failed(failure) => Outcome::Failed(failure),
            }
        }
    };
    inner.state().gathered().replace(gathered);
    outcome
}

/// Encrypts all that was gathered.
fn encrypt_gathered(inner: &Inner) -> Outcome<()> {
    if inner.state().gathered().borrow().is_empty() {
        return Outcome::Done(());
    }
    if inner.is_operating() {
        return Outcome::Failed(in_the_middle().into());
    }
    let mut gathered = inner.state().gathered().take();
    let outcome = encrypt(inner, &mut gathered, 1);
    inner.state().gathered().replace(gathered);
    outcome
}

/// Encrypts the front of `plaintext` and drops it, as long as it has at least `least` bytes.
fn encrypt(inner: &Inner, plaintext: &mut Vec<u8>, least: usize) -> Outcome<()> {
    while plaintext.len() >= least {
        match write_record(inner, plaintext) {
            Outcome::Done(count) => drop(plaintext.drain(..count)),
            Outcome::WantRead => return Outcome::WantRead,
            Outcome::WantWrite => return Outcome::WantWrite,
            Outcome::Failed(failure) => return Outcome::Failed(failure),
        }
    }
    Outcome::Done(())
}
