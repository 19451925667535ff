//! A connection in memory, moved on in one step: all that came is decrypted, all that is to go is encrypted.
//!
//! What a program with an event loop of its own does for every piece of ciphertext is: feed it, read until nothing is
//! left, drain the answer. Here each of these is one turn with the engine's lock, and nothing is asked of OpenSSL that
//! is known to be in vain.

use ironssl_sys as ffi;

use super::reading::read_record;
use super::writing::write_record;
use super::{BATCH, Connection, Hold, RECORD};
use crate::error::{Error, Result};
use crate::ssl::engine::Inner;
use crate::ssl::status::{Failure, Outcome};

impl Connection {
    /// Decrypts all that was fed to a connection in memory and appends it to `plaintext`; shakes hands before that,
    /// where that is not done. True where nothing comes after it: the next call fails, with [`Failure::Closed`] or with
    /// what went wrong after the last good record.
    ///
    /// What there is to answer is drained afterwards, whatever this call came to.
    ///
    /// # Errors
    /// [`Failure`], with nothing appended; never [`Failure::WantRead`].
    pub fn unseal(&self, plaintext: &mut Vec<u8>) -> Result<bool, Failure> {
        self.hold().unseal(plaintext)
    }

    /// Encrypts all of `data`, to be drained from a connection in memory.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::WantRead`] where there is a handshake to be made first: then nothing was encrypted.
    pub fn seal(&self, data: &[u8]) -> Result<(), Failure> {
        self.hold().seal(data)
    }
}

impl Hold<'_> {
    /// As [`Connection::unseal`].
    ///
    /// # Errors
    /// As [`Connection::unseal`].
    pub fn unseal(&self, plaintext: &mut Vec<u8>) -> Result<bool, Failure> {
        self.refuse_others()?;
        self.note(unseal(&self.inner, plaintext))
    }

    /// As [`Connection::seal`].
    ///
    /// # Errors
    /// As [`Connection::seal`].
    pub fn seal(&self, data: &[u8]) -> Result<(), Failure> {
        self.refuse_others()?;
        self.connection.send_gathered()?;
        self.note(seal(&self.inner, data))
    }

    /// Gives back all memory that the connection holds for nothing: OpenSSL's buffers, some 34 KiB, and those of the
    /// wire. A program with thousands of connections comes by each of them seldom; the same memory then serves all of
    /// them, from the processor's cache.
    pub fn rest(&self) {
        self.inner.free_buffers();
        self.inner.state().wire.borrow_mut().rest();
    }

    /// Fails for DTLS, whose datagrams are drained one by one, and for connections that are not in memory.
    fn refuse_others(&self) -> Result<()> {
        self.refuse_transport()?;
        if self.connection.datagrams { Err(Error::value("not for datagrams (DTLS)")) } else { Ok(()) }
    }

    /// Fails for connections that are not in memory: nobody would send what is written.
    pub(super) fn refuse_transport(&self) -> Result<()> {
        if self.connection.is_memory() { Ok(()) } else { Err(Error::value("only for connections in memory")) }
    }
}

fn unseal(inner: &Inner, plaintext: &mut Vec<u8>) -> Outcome<bool> {
    let start = plaintext.len();
    plaintext.reserve(inner.state().wire.borrow().input_len() + RECORD);
    loop {
        let outcome = match inner.take_deferred() {
            Some(failure) => Outcome::Failed(failure),
            None => {
                plaintext.reserve(RECORD);
                read_record(inner, plaintext.spare_capacity_mut(), false)
            }
        };
        match outcome {
            Outcome::Done(count) => {
                // SAFETY: OpenSSL has just written `count` bytes after the old end, within the capacity.
                unsafe { plaintext.set_len(plaintext.len() + count) };
                if !has_more(inner) {
                    return Outcome::Done(false);
                }
            }
            Outcome::WantRead | Outcome::WantWrite => return Outcome::Done(false),
            Outcome::Failed(failure) if plaintext.len() > start => {
                if !matches!(failure, Failure::Closed) {
                    inner.defer(failure);
                }
                return Outcome::Done(true);
            }
            Outcome::Failed(failure) => return Outcome::Failed(failure),
        }
    }
}

/// Whether another record, or a part of one, has come; or the end.
fn has_more(inner: &Inner) -> bool {
    let wire = inner.state().wire.borrow();
    // SAFETY: the `SSL` is valid and its lock held; the call only looks.
    wire.input_len() > 0 || wire.at_end() || unsafe { ffi::SSL_has_pending(inner.as_ptr()) } == 1
}

fn seal(inner: &Inner, data: &[u8]) -> Outcome<()> {
    let mut done = 0;
    for batch in data.chunks(BATCH) {
        let end = done + batch.len();
        inner.state().wire.borrow_mut().expect_output(batch.len());
        while done < end {
            match write_record(inner, &data[done..end]) {
                Outcome::Done(count) => done += count,
                // Not while this thread keeps the lock: nothing that the peer sends is read here.
                Outcome::WantRead | Outcome::WantWrite if done > 0 => {
                    return Outcome::Failed(Error::ssl("a handshake began in the middle of the data").into());
                }
                Outcome::WantRead => return Outcome::WantRead,
                Outcome::WantWrite => return Outcome::WantWrite,
                Outcome::Failed(failure) => return Outcome::Failed(failure),
            }
        }
    }
    Outcome::Done(())
}
