//! The two ends of the wire between OpenSSL and a transport: an inbox and an outbox of ciphertext.
//!
//! Lives here: the buffers, and what OpenSSL is told when the inbox is empty. Must not live here: the C callbacks
//! that OpenSSL calls (`callback::bio`), system calls (`transport`), and when to do which (`ssl::connection`).
//!
//! Rules: the inbox hands out bytes as OpenSSL asks for them, and remembers how many it could not give (`wanted`), so
//! that nobody reads more from the kernel than the TLS stream needs. Buffers are allocated on use, and freed when they
//! run empty, so an idle connection holds nothing; a busy one keeps small ones. Datagrams (DTLS) keep their boundaries.

use crate::ssl::RECORD;
use crate::ssl::framing::{HEADER, body};
use crate::ssl::link::Link;

mod queue;

pub use queue::Lent;
pub(crate) use queue::Queue;

/// The most bytes that a record of TLS 1.2 or 1.3 adds: header, nonce, padding, tag.
const OVERHEAD: usize = 64;

/// The state of a connection's wire.
pub(crate) struct Wire {
    /// Ciphertext from the peer, for OpenSSL.
    inbox: Queue,
    /// Ciphertext from OpenSSL, for the peer.
    outbox: Queue,
    /// The peer's stream has ended after what is in the inbox.
    ended: bool,
    /// How many bytes OpenSSL asked for last when there were none.
    wanted: usize,
    /// Whether small buffers are kept when they run empty.
    keeps: bool,
    /// How often the inbox got something, or the end; tells a thread that waited for its turn to read that it need not.
    fills: u64,
    /// What is known of the link, for datagrams.
    link: Link,
}

/// What OpenSSL gets when it reads from the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// So many bytes.
    Bytes(usize),
    /// None now.
    Retry,
    /// None ever again.
    End,
}

impl Wire {
    pub(crate) fn new(datagrams: bool, link: Link) -> Self {
        Self {
            inbox: Queue::new(datagrams),
            outbox: Queue::new(datagrams),
            ended: false,
            wanted: 0,
            keeps: false,
            fills: 0,
            link,
        }
    }

    /// What is known of the link.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// What is known of the link, to add to it.
    pub(crate) fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }

    /// How many bytes for the peer can be drained into so much room. Where nobody knows how large a datagram may be,
    /// the room says it.
    pub(crate) fn drainable(&self, room: usize) -> usize {
        self.outbox.drainable(room, self.link.largest().is_none())
    }

    /// Drains them. The count.
    pub(crate) fn drain_into(&mut self, buffer: &mut [u8]) -> usize {
        self.outbox.drain_into(buffer, self.link.largest().is_none())
    }

    /// Whether it carries datagrams.
    pub(crate) fn has_datagrams(&self) -> bool {
        matches!(self.outbox, Queue::Datagrams(_))
    }

    /// How long the body of the next record is, if the inbox has all of it.
    pub(crate) fn record_at_hand(&self) -> Option<usize> {
        body(self.inbox.front()).filter(|body| HEADER + body <= self.inbox.len())
    }

    /// OpenSSL reads.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Read {
        if !self.inbox.is_empty() {
            return Read::Bytes(self.inbox.pop_into(buffer));
        }
        if self.ended {
            return Read::End;
        }
        self.wanted = buffer.len();
        Read::Retry
    }

    /// Notes how much OpenSSL has asked for, and got nothing.
    pub(crate) fn want(&mut self, wanted: usize) {
        self.wanted = wanted;
    }

    /// OpenSSL writes. It is never told to wait: it would remember what it was asked to write, and take the next write
    /// for the same one, though another thread may make it. Who writes sends in batches; so little waits here.
    pub(crate) fn write(&mut self, data: &[u8]) {
        self.outbox.push(data);
    }

    /// Bytes came from the peer.
    pub(crate) fn feed(&mut self, bytes: Vec<u8>) {
        self.inbox.push_owned(bytes);
        self.fills += 1;
    }

    /// As [`Wire::feed`], with a copy.
    pub(crate) fn feed_copy(&mut self, bytes: &[u8]) {
        self.inbox.push(bytes);
        self.fills += 1;
    }

    /// As [`Wire::feed`], of bytes that somebody else keeps.
    pub(crate) fn feed_lent(&mut self, bytes: Lent) {
        self.inbox.push_lent(bytes);
        self.fills += 1;
    }

    /// Bytes came from the peer that went past the inbox.
    pub(crate) fn passed(&mut self) {
        self.fills += 1;
    }

    /// The peer's stream ended.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.fills += 1;
    }

    /// Exchanges the outbox for `queue`, which is empty.
    pub(crate) fn swap_outbox(&mut self, queue: &mut Queue) {
        std::mem::swap(&mut self.outbox, queue);
        self.outbox.keep_buffers(self.keeps);
        queue.keep_buffers(self.keeps);
    }

    /// Makes room in the outbox for the records of so many bytes of plaintext.
    pub(crate) fn expect_output(&mut self, plaintext: usize) {
        self.outbox.expect(plaintext + (plaintext / RECORD + 1) * OVERHEAD);
    }

    /// The outbox itself.
    pub(crate) fn outbox(&mut self) -> &mut Queue {
        &mut self.outbox
    }

    /// Keeps small buffers when they run empty, or none.
    pub(crate) fn keep_buffers(&mut self, keeps: bool) {
        self.keeps = keeps;
        self.inbox.keep_buffers(keeps);
        self.outbox.keep_buffers(keeps);
        if !keeps {
            self.rest();
        }
    }

    /// Gives back what memory it holds for nothing.
    pub(crate) fn rest(&mut self) {
        self.inbox.rest();
        self.outbox.rest();
    }

    /// Whether ciphertext waits for the transport.
    pub(crate) fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Forgets what waits for the transport.
    pub(crate) fn discard_output(&mut self) {
        self.outbox = Queue::new(self.has_datagrams());
        self.outbox.keep_buffers(self.keeps);
    }

    /// How many bytes wait in the outbox.
    pub(crate) fn output_len(&self) -> usize {
        self.outbox.len()
    }

    /// How many bytes wait for OpenSSL.
    pub(crate) fn input_len(&self) -> usize {
        self.inbox.len()
    }

    /// Whether the peer's stream has ended and nothing of it is left.
    pub(crate) fn at_end(&self) -> bool {
        self.ended && self.inbox.is_empty()
    }

    /// How many bytes OpenSSL asked for last when there were none; at least 1.
    pub(crate) fn wanted(&self) -> usize {
        self.wanted.max(1)
    }

    /// A number that changes whenever the inbox got something.
    pub(crate) fn fills(&self) -> u64 {
        self.fills
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::CAPACITY as CHUNK;

    #[test]
    fn small_buffers_are_kept_for_a_busy_connection() {
        let mut wire = Wire::new(false, Link::default());
        for keeps in [false, true, false] {
            wire.keep_buffers(keeps);
            assert_eq!(wire.outbox().capacity(), 0);
            wire.write(b"small");
            wire.keep_buffers(keeps);
            assert_eq!(wire.drain_into(&mut [0; 10]), 5, "what is in use is left alone");
            assert_eq!(wire.outbox().capacity() > 0, keeps);
        }
    }

    #[test]
    fn a_wire_at_rest_holds_nothing() {
        let mut wire = Wire::new(false, Link::default());
        wire.feed_copy(b"in");
        wire.write(b"out");
        wire.rest();
        let mut buffer = [0; 3];
        assert_eq!((wire.read(&mut buffer), &buffer[..2]), (Read::Bytes(2), &b"in"[..]));
        assert_eq!((wire.outbox().pop_into(&mut buffer), &buffer), (3, b"out"));
        wire.rest();
        for queue in [&wire.inbox, &wire.outbox] {
            assert_eq!(queue.capacity(), 0);
        }
    }

    #[test]
    fn an_expected_chunk_may_stay_empty() {
        let mut wire = Wire::new(false, Link::default());
        wire.write(&[1; CHUNK]);
        wire.expect_output(RECORD);
        wire.write(b"x");
        let mut buffer = vec![0; 2 * CHUNK];
        assert_eq!(wire.outbox().pop_into(&mut buffer), CHUNK + 1);
        assert_eq!(buffer[CHUNK], b'x');
        assert!(!wire.has_output());
    }

    #[test]
    fn an_empty_inbox_says_what_is_wanted_until_the_end() {
        let mut wire = Wire::new(false, Link::default());
        let mut buffer = [0; 5];
        assert_eq!(wire.read(&mut buffer), Read::Retry);
        assert_eq!(wire.wanted(), 5);
        wire.feed_copy(b"xy");
        wire.end();
        assert!(!wire.at_end());
        assert_eq!(wire.read(&mut buffer), Read::Bytes(2));
        assert_eq!(wire.read(&mut buffer), Read::End);
    }
}
