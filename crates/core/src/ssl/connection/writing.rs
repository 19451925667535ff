//! Sending plaintext: a record, or all of it, and what is left when the transport does not take everything.

use std::sync::atomic::Ordering;

use ironssl_sys as ffi;

use super::moving::{failure_of, is_lost};
use super::{BATCH, Connection, RECORD, Want};
use crate::error::{Error, Result};
use crate::ssl::engine::Inner;
use crate::ssl::status::{Failure, Outcome};
use crate::transport::Trouble;

impl Connection {
    /// Sends some of `data`, one record at most unless the mode says otherwise (`SSL_write`). The count.
    ///
    /// # Errors
    /// [`Failure`]. After [`Failure::WantWrite`] the bytes that were encrypted are remembered: repeating the call with
    /// the same bytes sends them and returns their count; nothing is sent twice.
    pub fn write(&self, data: &[u8]) -> Result<usize, Failure> {
        if self.is_gathering() {
            return self.write_gathering(data, false);
        }
        self.noting(|| self.write_some(data))
    }

    /// Sends all of `data`, many records a system call. The count, `data.len()`.
    ///
    /// # Errors
    /// As [`Connection::write`]; repeating the call with the same bytes goes on where it stopped.
    pub fn write_all(&self, data: &[u8]) -> Result<usize, Failure> {
        if self.is_gathering() {
            return self.write_gathering(data, true);
        }
        self.write_all_from(data, 0)
    }

    /// Sends `data` from `done` on.
    pub(super) fn write_all_from(&self, data: &[u8], mut done: usize) -> Result<usize, Failure> {
        self.noting(|| {
            while done < data.len() {
                done = self.write_more(data, done)?;
            }
            Ok(done)
        })
    }

    /// `write`: what the first bytes came to.
    pub(super) fn write_some(&self, data: &[u8]) -> Result<usize, Failure> {
        if data.is_empty() {
            return Ok(0);
        }
        let done = self.resume(data)?;
        if done > 0 {
            return Ok(done);
        }
        let count = self.drive(|inner| write_record(inner, data))?;
        self.settle(data, count, false)
    }

    /// `write_all`: encrypts and sends a batch of `data` from `done` on. The new `done`.
    fn write_more(&self, data: &[u8], done: usize) -> Result<usize, Failure> {
        let resumed = if done == 0 {
            self.resume(data)
        } else {
            // In its middle this is no repetition of anything.
            self.send_left().map(|()| 0)
        };
        let resumed = resumed.map_err(|failure| self.leave(data, done, failure))?;
        if resumed > done {
            return Ok(resumed);
        }
        let count = self.drive(|inner| {
            let mut written = 0;
            inner.state().wire.borrow_mut().expect_output(BATCH.min(data.len() - done));
            loop {
                match write_record(inner, &data[done + written..]) {
                    Outcome::Done(count) => written += count,
                    // What stopped it will be met again, by the next batch.
                    Outcome::WantRead | Outcome::WantWrite if written > 0 => return Outcome::Done(written),
                    other => return other,
                }
                if done + written == data.len() || written >= BATCH {
                    return Outcome::Done(written);
                }
            }
        });
        let count = count.map_err(|failure| self.leave(data, done, failure))?;
        self.settle(data, done + count, true)
    }

    /// Whether a write was told to try again and has not done so yet.
    #[must_use]
    pub fn is_noted(&self) -> bool {
        self.noted.load(Ordering::Acquire)
    }

    /// Before a write: sends what is left of earlier ones. How many bytes of `data` were among them.
    pub(super) fn resume(&self, data: &[u8]) -> Result<usize, Failure> {
        self.send_left()?;
        if !self.noted.load(Ordering::Acquire) {
            return Ok(0);
        }
        let mut retries = self.retries.lock();
        let done = retries.take(data);
        self.noted.store(!retries.is_empty(), Ordering::Release);
        Ok(done)
    }

    /// Sends what is left of earlier operations.
    fn send_left(&self) -> Result<(), Failure> {
        if self.is_memory() || !self.unsent.load(Ordering::Acquire) {
            return Ok(());
        }
        self.refuse_if_mine()?;
        self.flush().map_err(|trouble| failure_of(trouble, Want::Write))
    }

    /// After a write: sends what it encrypted, and leaves a note where the transport does not take everything.
    pub(super) fn settle(&self, data: &[u8], done: usize, whole: bool) -> Result<usize, Failure> {
        match self.flush() {
            Ok(()) => Ok(done),
            Err(trouble) => Err(self.leave_note(data, done, whole, trouble)),
        }
    }

    /// Notes that `done` bytes of `data` were taken, if a repetition of the call must not take them again, and says what
    /// the call comes to.
    pub(super) fn leave_note(&self, data: &[u8], done: usize, whole: bool, trouble: Trouble) -> Failure {
        // Over datagrams, what the transport failed with is lost, and has to be sent again.
        let lost = matches!(trouble, Trouble::System(_)) || self.datagrams && is_lost(&trouble);
        if !lost {
            // Of a datagram, no part is one.
            self.retries.lock().remember(data, done, whole || self.datagrams);
            self.noted.store(true, Ordering::Release);
        }
        failure_of(trouble, Want::Write)
    }

    /// Where a write of all of `data` stops between two batches: leaves a note of the `done` bytes before it.
    fn leave(&self, data: &[u8], done: usize, failure: Failure) -> Failure {
        let again = match &failure {
            Failure::WantRead | Failure::WantWrite | Failure::Interrupted => true,
            // What the caller's transport failed with may be over the next time.
            Failure::Error(error) => matches!(error, Error::Callback(_)),
            _ => false,
        };
        if done > 0 && again {
            self.retries.lock().remember(data, done, true);
            self.noted.store(true, Ordering::Release);
        }
        failure
    }
}

/// Encrypts one record, or what the mode allows.
pub(super) fn write_record(inner: &Inner, data: &[u8]) -> Outcome<usize> {
    if data.len() > RECORD && inner.state().wire.borrow().has_datagrams() {
        // OpenSSL would say so too, but the connection would count as broken.
        return Outcome::Failed(Error::ssl("dtls message too big").into());
    }
    // Where a mode asks OpenSSL to write all of it, that may be too much for the outbox.
    let data = &data[..data.len().min(BATCH)];
    let outcome = inner.move_record("SSL_write", 0, |ssl| {
        let mut count = 0;
        // SAFETY: the `SSL` is valid and its lock held; OpenSSL reads at most `len` bytes.
        match unsafe { ffi::SSL_write_ex(ssl, data.as_ptr().cast(), data.len(), &raw mut count) } {
            1 => Ok(count),
            other => Err(other),
        }
    });
    if let Outcome::Done(_) = outcome {
        inner.moved();
    }
    outcome
}
