//! Receiving plaintext: a record, or what else of it can be had without a wait.

use std::mem::MaybeUninit;

use ironssl_sys as ffi;

use super::{Connection, GATHERED, RECORD};
use crate::ssl::engine::Inner;
use crate::ssl::session;
use crate::ssl::status::{Failure, Outcome};

impl Connection {
    /// Receives plaintext: at least one byte, at most `buffer.len()`, of one record, or of several full ones that have
    /// come (`SSL_read`).
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::Closed`] at the end of the stream.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        self.read_uninit(as_uninit(buffer), false)
    }

    /// As [`Connection::read`], but leaves what it read to be read again (`SSL_peek`).
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn peek(&self, buffer: &mut [u8]) -> Result<usize, Failure> {
        self.read_uninit(as_uninit(buffer), true)
    }

    /// Appends at most `limit` bytes of plaintext to `buffer`, and allocates no more than four records need.
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn read_to(&self, buffer: &mut Vec<u8>, limit: usize, peek: bool) -> Result<usize, Failure> {
        let limit = limit.min(GATHERED);
        buffer.reserve(limit);
        let count = self.read_uninit(&mut buffer.spare_capacity_mut()[..limit], peek)?;
        // SAFETY: OpenSSL has just written `count` bytes after the old end, within the capacity.
        unsafe { buffer.set_len(buffer.len() + count) };
        Ok(count)
    }

    /// Waits until plaintext can be read: how many bytes of it can be read at once, at least 1. What follows may be read
    /// by another thread in the meantime.
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub fn ready(&self) -> Result<usize, Failure> {
        self.noting(|| self.drive(ready))
    }

    /// Decrypts a record that OpenSSL has read, if there is a whole one, and leaves it, or what is wrong, to the next read.
    pub(super) fn show_records(&self, inner: &Inner) {
        let mut look = |inner: &Inner| inner.state().without_transport(|| ready(inner));
        if let Outcome::Failed(failure) = self.step(inner, None, &mut look).outcome {
            inner.defer(failure);
        }
    }

    fn read_uninit(&self, buffer: &mut [MaybeUninit<u8>], peek: bool) -> Result<usize, Failure> {
        self.noting(|| {
            let count = self.drive(|inner| read_gathered(inner, buffer, peek))?;
            // Whatever cannot be sent now is the business of the next write; the plaintext is here.
            let _ = self.flush_soon(false);
            Ok(count)
        })
    }
}

/// Whether to read another record after `count` bytes, into the `room` that is left.
fn more_at_hand(inner: &Inner, count: usize, room: usize) -> bool {
    (count.is_multiple_of(RECORD) && room >= RECORD && !inner.state().wire.borrow().has_datagrams())
        || inner.state().record_at_hand().is_some_and(|length| length <= room)
}

/// A buffer as one for OpenSSL to write to.
pub(super) fn as_uninit(buffer: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    let place: *mut [u8] = buffer;
    // SAFETY: initialised bytes may be seen as bytes that may not be; OpenSSL writes initialised ones only.
    unsafe { &mut *(place as *mut [MaybeUninit<u8>]) }
}

/// Decrypts one record, if none is, and leaves it there: its length.
pub(super) fn ready(inner: &Inner) -> Outcome<usize> {
    match inner.take_deferred() {
        Some(failure) => Outcome::Failed(failure),
        None => match read_record(inner, &mut [MaybeUninit::uninit()], true) {
            Outcome::Done(_) => Outcome::Done(inner.pending()),
            other => other,
        },
    }
}

/// Decrypts one record, or several full ones that are there.
pub(super) fn read_gathered(inner: &Inner, buffer: &mut [MaybeUninit<u8>], peek: bool) -> Outcome<usize> {
    let first = match inner.take_deferred() {
        Some(failure) => Outcome::Failed(failure),
        None => read_record(inner, buffer, peek),
    };
    let mut count = match first {
        Outcome::Done(count) => count,
        Outcome::Failed(failure) => {
            // Who only looks leaves this, too, for who reads. (To look for no byte at all says nothing.)
            if let Some(again) = failure.again().filter(|_| peek && !buffer.is_empty()) {
                inner.defer(again);
            }
            return Outcome::Failed(failure);
        }
        other => return other,
    };
    // Full records are part of something longer: take what else has come, as far as nobody has to wait. Small ones that
    // are at hand cost less now than with a system call each. Datagrams stay apart. An alert stays in the socket: who
    // waits for that would not learn otherwise that there is an end to be read.
    // What comes among records without data is given at once.
    while !peek && !inner.state().has_mixed() && more_at_hand(inner, count, buffer.len() - count) {
        match inner.read_on(|| read_record(inner, &mut buffer[count..], false)) {
            Outcome::Done(more) => count += more,
            Outcome::Failed(failure) => {
                inner.defer(failure);
                break;
            }
            Outcome::WantRead | Outcome::WantWrite => break,
        }
    }
    Outcome::Done(count)
}

/// Decrypts one record, or what is left of it.
pub(super) fn read_record(inner: &Inner, buffer: &mut [MaybeUninit<u8>], peek: bool) -> Outcome<usize> {
    let outcome = inner.move_record(if peek { "SSL_peek" } else { "SSL_read" }, 1, |ssl| {
        let mut count = 0;
        let place = buffer.as_mut_ptr().cast();
        let call = if peek { ffi::SSL_peek_ex } else { ffi::SSL_read_ex };
        // SAFETY: the `SSL` is valid and its lock held; OpenSSL writes at most `len` bytes.
        match unsafe { call(ssl, place, buffer.len(), &raw mut count) } {
            1 => Ok(count),
            other => Err(other),
        }
    });
    match outcome {
        Outcome::Done(_) => inner.moved(),
        Outcome::WantRead => inner.missed(),
        // SAFETY: the `SSL` is valid, its lock held, and `home` what it was made of.
        Outcome::Failed(Failure::UnexpectedEof) if inner.is_sound() => unsafe {
            session::readmit(inner.as_ptr(), inner.home());
        },
        _ => {}
    }
    outcome
}
