//! A connection in memory: the caller moves the ciphertext.
//!
//! Nothing waits here, so an operation is one call of OpenSSL under the engine's lock. `Hold` is that lock in the
//! caller's hands: with it several operations are one step, and each of them costs no lock of its own.

use parking_lot::ReentrantMutexGuard;

use super::now::Room;
use super::reading::{as_uninit, read_gathered, read_record, ready};
use super::writing::write_record;
use super::{Connection, Want};
use crate::error::Result;
use crate::ssl::engine::Inner;
use crate::ssl::status::{Failure, Outcome};
use crate::wire::Lent;

/// Keeps other threads out of a connection, see [`Connection::hold`].
pub struct Hold<'a> {
    pub(super) connection: &'a Connection,
    pub(super) inner: ReentrantMutexGuard<'a, Inner>,
}

impl Connection {
    /// Keeps other threads out until the result is dropped; waits for those that are in.
    ///
    /// Not around an operation on a transport other than memory: those fail while the calling thread holds on.
    pub fn hold(&self) -> Hold<'_> {
        Hold { connection: self, inner: self.engine.enter() }
    }

    /// As [`Connection::hold`], but gives up at once where another thread is in.
    pub fn try_hold(&self) -> Option<Hold<'_>> {
        self.engine.try_enter().map(|inner| Hold { connection: self, inner })
    }

    /// Gives ciphertext from the peer to a connection in memory. Nothing is kept back: all of it is taken.
    pub fn feed(&self, ciphertext: &[u8]) {
        self.hold().feed(ciphertext);
    }

    /// Tells a connection in memory that the peer's stream ends after what it was fed.
    pub fn feed_end(&self) {
        self.engine.enter().state().wire.borrow_mut().end();
    }

    /// Takes ciphertext for the peer out of a connection in memory: as much as fits, of datagrams one, but for those of
    /// a handshake. The count; 0 where none waits.
    ///
    /// A handshake's datagrams are of 256 bytes as long as nobody has said what the link takes
    /// ([`Connection::set_ciphertext_mtu`]). So of those as many are joined as fit as a whole; there may be several
    /// records in a datagram (RFC 6347, 4.1.1).
    pub fn drain(&self, buffer: &mut [u8]) -> usize {
        self.hold().drain(buffer)
    }

    /// As [`Connection::drain`], at most `limit` bytes, into a buffer of their own.
    #[must_use]
    pub fn drain_vec(&self, limit: usize) -> Vec<u8> {
        let hold = self.hold();
        let mut ciphertext = vec![0; hold.drainable_within(limit)];
        hold.drain(&mut ciphertext);
        ciphertext
    }

    /// How many bytes of ciphertext can be drained at once: all, or those of the datagrams that [`Connection::drain`]
    /// gives.
    #[must_use]
    pub fn drainable(&self) -> usize {
        self.hold().drainable()
    }
}

impl Hold<'_> {
    /// As [`Connection::feed`].
    pub fn feed(&self, ciphertext: &[u8]) {
        if !ciphertext.is_empty() {
            self.inner.state().wire.borrow_mut().feed_copy(ciphertext);
        }
    }

    /// As [`Connection::feed`], without a copy: the bytes are kept until they are used.
    pub fn feed_lent(&self, ciphertext: Lent) {
        if !(*ciphertext).as_ref().is_empty() {
            self.inner.state().wire.borrow_mut().feed_lent(ciphertext);
        }
    }

    /// As [`Connection::drain`].
    pub fn drain(&self, buffer: &mut [u8]) -> usize {
        self.inner.state().wire.borrow_mut().drain_into(buffer)
    }

    /// Takes at most `limit` bytes of ciphertext for the peer, if they lie together, and hands them to `take`, without a
    /// buffer between. None where they do not, or there are none: `drain` has them. What `take` tries to do with the
    /// connection fails, or panics.
    pub fn drain_now<T>(&self, limit: usize, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let mut wire = self.inner.state().wire.borrow_mut();
        let count = wire.drainable(limit);
        let outbox = wire.outbox();
        let ciphertext = outbox.front().get(..count).filter(|ciphertext| !ciphertext.is_empty())?;
        let taken = self.inner.aside(|| take(ciphertext));
        outbox.drop_front(count);
        Some(taken)
    }

    /// As [`Connection::drainable`].
    #[must_use]
    pub fn drainable(&self) -> usize {
        self.drainable_within(usize::MAX)
    }

    /// How many bytes [`Hold::drain`] puts into a buffer of this size.
    #[must_use]
    pub fn drainable_within(&self, size: usize) -> usize {
        self.inner.state().wire.borrow().drainable(size)
    }

    /// Whether the handshake is done, and none is running.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.inner.is_established()
    }

    /// How many bytes of ciphertext were fed and not used yet.
    #[must_use]
    pub fn fed(&self) -> usize {
        self.inner.state().wire.borrow().input_len()
    }

    /// As [`Connection::read_to`], on a connection in memory.
    ///
    /// # Errors
    /// As [`Connection::read_to`].
    pub fn read_to(&self, buffer: &mut Vec<u8>, limit: usize, peek: bool) -> Result<usize, Failure> {
        self.refuse_transport()?;
        let limit = limit.min(super::GATHERED);
        buffer.reserve(limit);
        let count = self.note(read_gathered(&self.inner, &mut buffer.spare_capacity_mut()[..limit], peek))?;
        // SAFETY: OpenSSL has just written `count` bytes after the old end, within the capacity.
        unsafe { buffer.set_len(buffer.len() + count) };
        Ok(count)
    }

    /// As [`Connection::read_now`], on a connection in memory: at most `limit` bytes, and not more than 4096, for `take`,
    /// which others need not wait for.
    ///
    /// # Errors
    /// As [`Connection::read_to`].
    pub fn read_now<T>(self, limit: usize, peek: bool, take: impl FnOnce(&[u8]) -> T) -> Result<T, Failure> {
        self.refuse_transport()?;
        let mut room = Room::new();
        let count = self.note(read_gathered(&self.inner, room.first(limit), peek))?;
        drop(self);
        // SAFETY: OpenSSL has just written so many bytes.
        Ok(take(unsafe { room.filled(count) }))
    }

    /// As [`Connection::ready`], on a connection in memory.
    ///
    /// # Errors
    /// As [`Connection::read_to`].
    pub fn ready(&self) -> Result<usize, Failure> {
        self.refuse_transport()?;
        self.note(ready(&self.inner))
    }

    /// Reads plaintext that is there already, without anything that waits; on any connection. The count; 0 where there
    /// is less than one byte.
    #[must_use]
    pub fn read_pending(&self, buffer: &mut [u8]) -> usize {
        let limit = buffer.len().min(self.inner.pending());
        if limit == 0 {
            return 0;
        }
        match read_record(&self.inner, as_uninit(&mut buffer[..limit]), false) {
            Outcome::Done(count) => count,
            _ => 0,
        }
    }

    /// As [`Connection::write`], on a connection in memory.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn write(&self, data: &[u8]) -> Result<usize, Failure> {
        self.refuse_transport()?;
        if data.is_empty() {
            return Ok(0);
        }
        if self.connection.is_gathering() {
            return self.connection.write_gathering(data, false);
        }
        self.note(write_record(&self.inner, data))
    }

    /// As [`Connection::write_all`], on a connection in memory.
    ///
    /// # Errors
    /// As [`Connection::write_all`].
    pub fn write_all(&self, data: &[u8]) -> Result<usize, Failure> {
        match self.write(data)? {
            done if done < data.len() => self.connection.write_all_from(data, done),
            done => Ok(done),
        }
    }

    /// Notes what an operation waits for; nobody else moves the ciphertext that it wants.
    pub(super) fn note<T>(&self, outcome: Outcome<T>) -> Result<T, Failure> {
        let (result, want) = match outcome {
            Outcome::Done(value) => (Ok(value), Want::Nothing),
            Outcome::WantRead => (Err(Failure::WantRead), Want::Read),
            Outcome::WantWrite => (Err(Failure::WantWrite), Want::Write),
            Outcome::Failed(failure) => (Err(failure), Want::Nothing),
        };
        self.connection.note(want);
        result
    }
}
