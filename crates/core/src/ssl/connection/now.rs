//! Operations on a connection over a socket that are made at once, if nobody and nothing has to be waited for.
//!
//! Who holds a lock that others wait for (Python's, say) gives it up before he waits; but to give it up and take it back
//! costs more than a small record does. So he tries this first, and goes on with `Later` only where it says so.

use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;

use super::moving::{Step, failure_of};
use super::reading::read_gathered;
use super::writing::write_record;
use super::{Connection, GATHERED, Want};
use crate::error::Result;
use crate::ssl::status::{Failure, Outcome};
use crate::transport::Trouble;

/// The most plaintext that a read takes at once: it lies on the stack.
const AT_ONCE: usize = 4096;

/// What an operation came to that must not wait.
#[derive(Debug)]
pub enum Attempt<T = usize> {
    /// It is complete: how many bytes were moved, or what became of them.
    Done(T),
    /// It has to wait: go on with [`Connection::read_later`] or [`Connection::write_later`].
    Later(Later),
}

/// How far an operation has come that has to wait.
#[derive(Clone, Copy, Debug)]
pub struct Later {
    /// Whether it has written something (a part of a handshake) that has to be sent before anything is waited for.
    owed: bool,
    /// How many bytes of plaintext were encrypted, and have to be sent.
    written: Option<usize>,
}

impl Later {
    /// Nothing has been done yet.
    const UNBEGUN: Self = Self { owed: false, written: None };
}

/// Room for plaintext on the stack. What it held stays there until something else is written over it, as in any other
/// buffer that is read into.
pub(super) struct Room([MaybeUninit<u8>; AT_ONCE]);

impl Room {
    pub(super) fn new() -> Self {
        Self([MaybeUninit::uninit(); AT_ONCE])
    }

    /// At most `limit` bytes of it.
    pub(super) fn first(&mut self, limit: usize) -> &mut [MaybeUninit<u8>] {
        &mut self.0[..limit.min(AT_ONCE)]
    }

    /// The first `count` bytes.
    ///
    /// # Safety
    /// They were written.
    pub(super) unsafe fn filled(&self, count: usize) -> &[u8] {
        // SAFETY: they are initialised, as the caller says.
        unsafe { self.0[..count].assume_init_ref() }
    }
}

impl Connection {
    /// Reads at most `limit` bytes, and not more than 4096, if that need not wait, and hands them to `take`; only on a
    /// connection over a socket.
    ///
    /// # Errors
    /// As [`Connection::read_to`].
    pub fn read_now<T>(&self, limit: usize, peek: bool, take: impl FnOnce(&[u8]) -> T) -> Result<Attempt<T>, Failure> {
        let mut room = Room::new();
        let place = room.first(limit);
        let attempt = self.now(&mut |inner| read_gathered(inner, place, peek), |step| {
            let attempt = self.after(step)?;
            if let Attempt::Done(_) = attempt {
                // Whatever cannot be sent now is the business of the next write; the plaintext is here.
                let _ = self.flush_soon(false);
            }
            Ok::<_, Failure>(attempt)
        });
        Ok(match attempt.unwrap_or(Ok(Attempt::Later(Later::UNBEGUN)))? {
            // SAFETY: OpenSSL has just written so many bytes.
            Attempt::Done(count) => Attempt::Done(take(unsafe { room.filled(count) })),
            Attempt::Later(later) => Attempt::Later(later),
        })
    }

    /// Goes on with a read that has to wait.
    ///
    /// # Errors
    /// As [`Connection::read_to`].
    pub fn read_later(&self, later: Later, buffer: &mut Vec<u8>, limit: usize, peek: bool) -> Result<usize, Failure> {
        let limit = limit.min(GATHERED);
        buffer.reserve(limit);
        let place: &mut [MaybeUninit<u8>] = &mut buffer.spare_capacity_mut()[..limit];
        let count = self.noting(|| {
            self.refuse_if_mine()?;
            let count = self.drive_on(|inner| read_gathered(inner, place, peek), later.owed)?;
            // As above.
            let _ = self.flush_soon(false);
            Ok(count)
        })?;
        // SAFETY: OpenSSL has just written `count` bytes after the old end, within the capacity.
        unsafe { buffer.set_len(buffer.len() + count) };
        Ok(count)
    }

    /// As [`Connection::write`], or [`Connection::write_all`] if `whole`, but for what would have to wait or is more than
    /// one record; only for a connection over a socket.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write_now(&self, data: &[u8], whole: bool) -> Result<Attempt, Failure> {
        if data.is_empty() {
            return Ok(Attempt::Done(0));
        }
        if self.is_gathering() || self.unsent.load(Ordering::Acquire) || self.noted.load(Ordering::Acquire) {
            return Ok(Attempt::Later(Later::UNBEGUN));
        }
        let attempt = self.now(&mut |inner| write_record(inner, data), |step| self.written_now(step, data, whole));
        attempt.unwrap_or(Ok(Attempt::Later(Later::UNBEGUN)))
    }

    /// What a write came to that did not wait, and sends it.
    fn written_now(&self, step: Step<usize>, data: &[u8], whole: bool) -> Result<Attempt, Failure> {
        let attempt = self.after(step)?;
        if let Attempt::Done(count) = attempt
            && whole
            && count < data.len()
        {
            // The peer may have asked for short records (RFC 6066, 4).
            return Ok(Attempt::Later(Later { owed: false, written: Some(count) }));
        }
        if let Attempt::Done(count) = attempt
            && self.unsent.load(Ordering::Acquire)
        {
            return match self.flush_now() {
                Ok(true) => Ok(attempt),
                Ok(false) => Ok(Attempt::Later(Later { owed: false, written: Some(count) })),
                Err(trouble) => Err(failure_of(trouble, Want::Write)),
            };
        }
        Ok(attempt)
    }

    /// Goes on with a write of the same `data` that has to wait; of all of it, if `whole`.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write_later(&self, later: Later, data: &[u8], whole: bool) -> Result<usize, Failure> {
        let done = match later.written {
            Some(count) => self.noting(|| {
                self.refuse_if_mine()?;
                self.settle(data, count, whole)
            })?,
            None if later.owed => self.noting(|| {
                self.refuse_if_mine()?;
                let count = self.drive_on(|inner| write_record(inner, data), true)?;
                self.settle(data, count, whole)
            })?,
            None => 0,
        };
        match (done == data.len() || done > 0 && !whole, whole) {
            (true, _) => Ok(done),
            (false, true) => self.write_all_from(data, done),
            (false, false) => self.write(data),
        }
    }

    /// What a step that did not wait came to.
    fn after(&self, Step { outcome, written, trouble, .. }: Step<usize>) -> Result<Attempt, Failure> {
        match outcome {
            Outcome::Done(count) => {
                self.note(Want::Nothing);
                Ok(Attempt::Done(count))
            }
            Outcome::Failed(failure) => {
                self.note(Want::Nothing);
                // An alert, as a rule. Nobody waits until the peer takes it, who may wait for something himself.
                let _ = self.flush_soon(false);
                Err(failure)
            }
            Outcome::WantRead | Outcome::WantWrite => match trouble {
                Some(errno) => {
                    self.note(Want::Nothing);
                    Err(Failure::System(errno.raw_os_error()))
                }
                None => Ok(Attempt::Later(Later { owed: written, written: None })),
            },
        }
    }

    /// Sends what OpenSSL wrote, as far as nobody and nothing has to be waited for; whether that is all.
    fn flush_now(&self) -> Result<bool, Trouble> {
        match self.flush_soon(false) {
            Ok(()) => Ok(!self.unsent.load(Ordering::Acquire)),
            Err(trouble) if trouble.is_for_now() => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }
}
