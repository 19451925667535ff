//! OpenSSL reads from a socket directly: what is there without waiting, by the thread that has its turn to read.
//!
//! Theory. OpenSSL reads the header of a record and then its body, two system calls a record, and must not be given
//! more, since what follows may not be TLS any more. Small records come many at a time. So where the last one was
//! small, this looks at what is there (MSG_PEEK), lets OpenSSL read from that, record after record, and at the end of
//! the operation takes from the kernel exactly what OpenSSL has read: two system calls for all of them.

use std::cell::{Cell, RefCell};

use rustix::io::Errno;

use super::framing::{HEADER, body};
use crate::chunk;
use crate::transport::{Descriptor, Trouble};
use crate::wire::Read;

/// A record with at most so many bytes after its header is small.
const SMALL: usize = 1024;

/// How many bytes are looked at.
const LOOK: usize = 8 * 1024;

/// The socket to read from, and what a look at it has shown.
#[derive(Default)]
pub(super) struct Direct {
    socket: Cell<Option<Descriptor>>,
    /// What is there. The bytes stay in the kernel.
    seen: RefCell<Vec<u8>>,
    /// How many of them OpenSSL has read.
    read: Cell<usize>,
    /// Whether the last record was small.
    small: Cell<bool>,
    /// What the socket failed with. The kernel tells of an error once.
    trouble: Cell<Option<Errno>>,
}

impl Direct {
    /// An operation begins, by a thread that has its turn to read.
    pub(super) fn begin(&self, socket: Descriptor) {
        self.socket.set(Some(socket));
    }

    /// The operation ends. What the socket failed with, if it did.
    pub(super) fn end(&self) -> Option<Errno> {
        if self.read.get() > 0 || self.seen.borrow().capacity() > 0 {
            self.take_read();
        }
        self.socket.set(None);
        self.trouble.take()
    }

    /// OpenSSL reads.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Read {
        let Some(socket) = self.socket.get() else { return Read::Retry };
        let header = buffer.len() == HEADER;
        if self.unread() == 0 {
            self.take_read();
            if header && self.small.get() {
                match self.look(socket) {
                    Ok(0) => return Read::End,
                    Ok(_) => {}
                    Err(trouble) => return self.failed(&trouble),
                }
            }
        }
        let count = if self.unread() > 0 { Ok(self.read_seen(buffer)) } else { socket.read_now(buffer) };
        match count {
            Ok(0) => Read::End,
            Ok(count) => {
                if header && count == HEADER {
                    self.small.set(body(buffer).is_some_and(|length| length <= SMALL));
                }
                Read::Bytes(count)
            }
            Err(trouble) => self.failed(&trouble),
        }
    }

    /// The length of the body of the next record, if a look has shown it whole.
    pub(super) fn record_at_hand(&self) -> Option<usize> {
        let seen = self.seen.borrow();
        let unread = seen.get(self.read.get()..)?;
        body(unread).filter(|length| HEADER + length <= unread.len())
    }

    /// The header of the next record, if a look has shown it.
    pub(super) fn header_at_hand(&self) -> Option<[u8; HEADER]> {
        self.seen.borrow().get(self.read.get()..)?.first_chunk().copied()
    }

    /// How many bytes a look has shown that OpenSSL has not read.
    fn unread(&self) -> usize {
        self.seen.borrow().len() - self.read.get()
    }

    /// Looks at what is there.
    fn look(&self, socket: Descriptor) -> Result<usize, Trouble> {
        let mut seen = self.seen.borrow_mut();
        if seen.capacity() == 0 {
            *seen = chunk::take();
        }
        let count = socket.peek_now(&mut seen.spare_capacity_mut()[..LOOK])?;
        // SAFETY: the call has just written `count` bytes, within the capacity; there were none before.
        unsafe { seen.set_len(count) };
        Ok(count)
    }

    /// OpenSSL reads from what a look has shown.
    fn read_seen(&self, buffer: &mut [u8]) -> usize {
        let (seen, start) = (self.seen.borrow(), self.read.get());
        let count = buffer.len().min(seen.len() - start);
        buffer[..count].copy_from_slice(&seen[start..start + count]);
        self.read.set(start + count);
        count
    }

    /// Takes from the kernel what OpenSSL has read, and forgets the rest.
    fn take_read(&self) {
        let mut left = self.read.take();
        let mut seen = self.seen.take();
        let Some(socket) = self.socket.get() else { return };
        while left > 0 {
            match socket.read_now(&mut seen[..left]) {
                Ok(count) if count > 0 => left -= count,
                Err(Trouble::Interrupted) => {}
                // Somebody else has read from the socket. OpenSSL has what he has, and there is nothing left to take.
                _ => break,
            }
        }
        chunk::give(seen);
    }

    /// The socket cannot be read from now, or has failed.
    fn failed(&self, trouble: &Trouble) -> Read {
        if let Trouble::System(errno) = trouble {
            self.trouble.set(Some(*errno));
        }
        Read::Retry
    }
}
