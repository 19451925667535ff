//! The two ends of the wire between OpenSSL and a transport: an inbox and an outbox of ciphertext.
//!
//! Lives here: the buffers, and what OpenSSL is told when the inbox is empty. Must not live here: the C callbacks
//! that OpenSSL calls (`callback::bio`), system calls (`transport`), and when to do which (`ssl::connection`).
//!
//! Rules: the inbox hands out bytes as OpenSSL asks for them, and remembers how many it could not give (`wanted`), so
//! that nobody reads more from the kernel than the TLS stream needs. Buffers are allocated on use, and freed when they
//! run empty, so an idle connection holds nothing; a busy one keeps small ones. Datagrams (DTLS) keep their boundaries.

use std::collections::VecDeque;

use crate::chunk;
use crate::ssl::link::Link;

/// Bytes, or datagrams, waiting to be taken from the front.
pub(crate) enum Queue {
    /// A stream: boundaries do not matter.
    Stream(Stream),
    /// Datagrams, each taken whole.
    Datagrams(VecDeque<Vec<u8>>),
}

/// Bytes that somebody else keeps for us and that do not change: a buffer of the caller's language, say.
pub type Lent = Box<dyn AsRef<[u8]> + Send>;

/// A piece of a stream: our own bytes, to which more may be appended, or lent ones.
#[derive(Default)]
struct Chunk {
    own: Vec<u8>,
    /// What it has instead of bytes of its own.
    lent: Option<Lent>,
}

impl Chunk {
    fn of(own: Vec<u8>) -> Self {
        Self { own, lent: None }
    }

    fn bytes(&self) -> &[u8] {
        match &self.lent {
            None => &self.own,
            Some(lent) => (**lent).as_ref(),
        }
    }

    fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Gives the memory back.
    fn give(self) {
        chunk::give(self.own);
    }
}

/// The bytes of a stream, in chunks: a queue that grows to megabytes is neither copied as it grows, nor asked of the
/// kernel and given back as a whole each time.
#[derive(Default)]
pub(crate) struct Stream {
    /// The first chunk; empty only if there is no other.
    front: Chunk,
    /// How many bytes of it have been taken; fewer than it has, unless all is empty.
    start: usize,
    /// The other chunks.
    rest: VecDeque<Chunk>,
    /// How many bytes the other chunks have.
    behind: usize,
    /// Whether a small buffer is kept when all is taken.
    keeps: bool,
}

impl Stream {
    fn len(&self) -> usize {
        self.front.bytes().len() - self.start + self.behind
    }

    /// The chunk to append to: the last one, or a new one where `length` more bytes are too many for it.
    fn back(&mut self, length: usize) -> &mut Vec<u8> {
        let last = self.rest.back().unwrap_or(&self.front);
        if last.lent.is_some() || !last.own.is_empty() && last.own.len() + length > chunk::CAPACITY {
            self.rest.push_back(Chunk::of(chunk::take()));
        }
        let back = &mut self.rest.back_mut().unwrap_or(&mut self.front).own;
        if back.is_empty() && back.capacity() < length && length > KEPT {
            *back = chunk::take();
        }
        back
    }

    fn push_lent(&mut self, lent: Lent) {
        let chunk = Chunk { own: Vec::new(), lent: Some(lent) };
        if self.front.is_empty() {
            std::mem::replace(&mut self.front, chunk).give();
        } else {
            self.behind += chunk.bytes().len();
            self.rest.push_back(chunk);
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.back(bytes.len()).extend_from_slice(bytes);
        if !self.rest.is_empty() {
            self.behind += bytes.len();
        }
    }

    fn push_owned(&mut self, bytes: Vec<u8>) {
        if self.front.is_empty() {
            self.front = Chunk::of(bytes);
        } else {
            self.push(&bytes);
        }
    }

    fn consume(&mut self, count: usize) {
        let length = self.front.bytes().len();
        self.start = length.min(self.start.saturating_add(count));
        if self.start < length {
            return;
        }
        self.start = 0;
        if let Some(next) = self.rest.pop_front() {
            self.behind -= next.bytes().len();
            std::mem::replace(&mut self.front, next).give();
            return;
        }
        if self.front.own.capacity() > KEPT || !self.keeps {
            std::mem::take(&mut self.front).give();
        } else {
            self.front.own.clear();
            self.front.lent = None;
        }
    }

    /// Gives back what memory it holds for nothing.
    fn rest(&mut self) {
        if self.front.is_empty() {
            std::mem::take(&mut self.front).give();
        }
    }

    fn pop_into(&mut self, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while done < buffer.len() && !self.front.is_empty() {
            let chunk = &self.front.bytes()[self.start..];
            let count = chunk.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&chunk[..count]);
            done += count;
            self.consume(count);
        }
        done
    }
}

impl Queue {
    pub(crate) fn new(datagrams: bool) -> Self {
        if datagrams { Self::Datagrams(VecDeque::new()) } else { Self::Stream(Stream::default()) }
    }

    /// How many bytes wait (of a datagram queue: in all datagrams).
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Stream(stream) => stream.len(),
            Self::Datagrams(queue) => queue.iter().map(Vec::len).sum(),
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Stream(stream) => stream.front.is_empty(),
            Self::Datagrams(queue) => queue.is_empty(),
        }
    }

    /// Appends a copy: bytes of the stream, or one datagram.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Stream(stream) => stream.push(bytes),
            Self::Datagrams(queue) => queue.push_back(bytes.to_vec()),
        }
    }

    /// Appends a buffer without a copy where the queue is empty.
    pub(crate) fn push_owned(&mut self, bytes: Vec<u8>) {
        match self {
            Self::Stream(stream) => stream.push_owned(bytes),
            Self::Datagrams(queue) => queue.push_back(bytes),
        }
    }

    /// Appends bytes that somebody else keeps, without a copy.
    pub(crate) fn push_lent(&mut self, lent: Lent) {
        match self {
            Self::Stream(stream) => stream.push_lent(lent),
            Self::Datagrams(queue) => queue.push_back((*lent).as_ref().to_vec()),
        }
    }

    /// How many bytes can be popped at once: those of the whole stream, or of one datagram.
    pub(crate) fn poppable(&self) -> usize {
        match self {
            Self::Stream(stream) => stream.len(),
            Self::Datagrams(queue) => queue.front().map_or(0, Vec::len),
        }
    }

    /// Moves bytes from the front into `buffer`: as many as fit of a stream, or of one datagram, whose rest is for the
    /// next call. The count.
    pub(crate) fn drain_into(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Stream(stream) => stream.pop_into(buffer),
            Self::Datagrams(queue) => {
                let Some(datagram) = queue.front() else { return 0 };
                let count = buffer.len().min(datagram.len());
                buffer[..count].copy_from_slice(&datagram[..count]);
                self.drop_front(count);
                count
            }
        }
    }

    /// Drops `count` of the bytes at the front; what is left of a datagram stays one.
    pub(crate) fn drop_front(&mut self, count: usize) {
        match self {
            Self::Datagrams(queue) if queue.front().is_some_and(|datagram| datagram.len() > count) => {
                if let Some(datagram) = queue.front_mut() {
                    datagram.drain(..count);
                }
            }
            other => other.consume(count),
        }
    }

    /// Moves bytes from the front into `buffer`: as many as fit of a stream, or one datagram, cut to what fits (as a
    /// socket does). The count.
    pub(crate) fn pop_into(&mut self, buffer: &mut [u8]) -> usize {
        match self {
            Self::Stream(stream) => stream.pop_into(buffer),
            Self::Datagrams(queue) => queue.pop_front().map_or(0, |datagram| {
                let count = buffer.len().min(datagram.len());
                buffer[..count].copy_from_slice(&datagram[..count]);
                count
            }),
        }
    }

    /// The bytes at the front that a transport may take at once: one chunk of a stream, or one datagram.
    pub(crate) fn front(&self) -> &[u8] {
        match self {
            Self::Stream(stream) => &stream.front.bytes()[stream.start..],
            Self::Datagrams(queue) => queue.front().map_or(&[], Vec::as_slice),
        }
    }

    /// Drops `count` bytes from the front that a transport has taken (a datagram goes whole).
    pub(crate) fn consume(&mut self, count: usize) {
        match self {
            Self::Stream(stream) => stream.consume(count),
            Self::Datagrams(queue) => {
                queue.pop_front();
            }
        }
    }
}

/// The most plaintext that one record holds.
const RECORD: usize = 16 * 1024;

/// The most bytes that a record of TLS 1.2 or 1.3 adds: header, nonce, padding, tag.
const OVERHEAD: usize = 64;

/// The largest buffer that is kept when it runs empty.
const KEPT: usize = 1024;

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
        Self { inbox: Queue::new(datagrams), outbox: Queue::new(datagrams), ended: false, wanted: 0, fills: 0, link }
    }

    /// What is known of the link.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// What is known of the link, to add to it.
    pub(crate) fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Whether it carries datagrams.
    pub(crate) fn has_datagrams(&self) -> bool {
        matches!(self.outbox, Queue::Datagrams(_))
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
    }

    /// Makes room in the outbox for the records of so many bytes of plaintext.
    pub(crate) fn expect_output(&mut self, plaintext: usize) {
        if let Queue::Stream(stream) = &mut self.outbox {
            let length = plaintext + (plaintext / RECORD + 1) * OVERHEAD;
            stream.back(length).reserve(length);
        }
    }

    /// The outbox itself.
    pub(crate) fn outbox(&mut self) -> &mut Queue {
        &mut self.outbox
    }

    /// Keeps small buffers when they run empty, or none.
    pub(crate) fn keep_buffers(&mut self, keeps: bool) {
        for queue in [&mut self.inbox, &mut self.outbox] {
            if let Queue::Stream(stream) = queue {
                stream.keeps = keeps;
            }
        }
        if !keeps {
            self.rest();
        }
    }

    /// Gives back what memory it holds for nothing.
    pub(crate) fn rest(&mut self) {
        for queue in [&mut self.inbox, &mut self.outbox] {
            if let Queue::Stream(stream) = queue {
                stream.rest();
            }
        }
    }

    /// Whether ciphertext waits for the transport.
    pub(crate) fn has_output(&self) -> bool {
        !self.outbox.is_empty()
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
    fn a_stream_forgets_boundaries_and_frees_its_buffers() {
        let mut queue = Queue::new(false);
        queue.push(b"abc");
        queue.push_owned(b"def".to_vec());
        queue.push(&[7; 2 * CHUNK]);
        queue.push(b"end");
        assert_eq!(queue.len(), 9 + 2 * CHUNK);
        let mut buffer = [0; 4];
        assert_eq!(queue.pop_into(&mut buffer), 4);
        assert_eq!(&buffer, b"abcd");
        assert_eq!(queue.front(), b"ef");
        queue.consume(2);
        assert_eq!(queue.front().len(), 2 * CHUNK);
        let mut rest = vec![0; 2 * CHUNK + 10];
        assert_eq!(queue.pop_into(&mut rest), 2 * CHUNK + 3);
        assert_eq!(&rest[2 * CHUNK - 1..2 * CHUNK + 3], b"\x07end");
        assert!(queue.is_empty() && queue.front().is_empty());
        assert!(matches!(queue, Queue::Stream(Stream { front, start: 0, .. }) if front.own.capacity() <= KEPT));
    }

    #[test]
    fn small_buffers_are_kept_for_a_busy_connection() {
        let mut wire = Wire::new(false, Link::default());
        let capacity = |wire: &mut Wire| match wire.outbox() {
            Queue::Stream(stream) => stream.front.own.capacity(),
            Queue::Datagrams(_) => 0,
        };
        for keeps in [false, true, false] {
            wire.keep_buffers(keeps);
            assert_eq!(capacity(&mut wire), 0);
            wire.write(b"small");
            wire.keep_buffers(keeps);
            assert_eq!(wire.outbox().drain_into(&mut [0; 10]), 5, "what is in use is left alone");
            assert_eq!(capacity(&mut wire) > 0, keeps);
        }
    }

    #[test]
    fn lent_bytes_stand_in_their_place_and_are_given_back() {
        struct Lender(std::sync::Arc<Vec<u8>>);
        impl AsRef<[u8]> for Lender {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        let kept = std::sync::Arc::new(b"lent".to_vec());
        let mut queue = Queue::new(false);
        for _ in 0..2 {
            queue.push_lent(Box::new(Lender(kept.clone())));
            queue.push(b"own");
        }
        queue.push_lent(Box::new(Lender(kept.clone())));
        assert_eq!((queue.len(), std::sync::Arc::strong_count(&kept)), (18, 4));
        let mut buffer = [0; 18];
        assert_eq!(queue.pop_into(&mut buffer[..6]), 6);
        assert_eq!(std::sync::Arc::strong_count(&kept), 3);
        assert_eq!(queue.pop_into(&mut buffer[6..]), 12);
        assert_eq!(&buffer, b"lentownlentownlent");
        assert_eq!(std::sync::Arc::strong_count(&kept), 1);
        assert!(queue.is_empty());
        let mut datagrams = Queue::new(true);
        datagrams.push_lent(Box::new(Lender(kept)));
        assert_eq!(datagrams.front(), b"lent");
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
            assert!(matches!(queue, Queue::Stream(Stream { front, .. }) if front.own.capacity() == 0));
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
    fn datagrams_stay_whole() {
        let mut queue = Queue::new(true);
        queue.push(b"abc");
        queue.push(b"de");
        assert_eq!(queue.len(), 5);
        let mut buffer = [0; 2];
        assert_eq!(queue.pop_into(&mut buffer), 2);
        assert_eq!(queue.front(), b"de");
        queue.consume(1);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_datagram_is_drained_in_parts() {
        let mut queue = Queue::new(true);
        queue.push(b"abc");
        queue.push(b"de");
        let mut buffer = [0; 2];
        assert_eq!((queue.drain_into(&mut buffer), &buffer), (2, b"ab"));
        assert_eq!((queue.drain_into(&mut buffer), buffer[0]), (1, b'c'));
        assert_eq!((queue.drain_into(&mut buffer), &buffer), (2, b"de"));
        assert_eq!((queue.drain_into(&mut buffer), queue.is_empty()), (0, true));
        queue.push(b"fgh");
        queue.push(b"i");
        queue.drop_front(1);
        assert_eq!((queue.front(), queue.len()), (&b"gh"[..], 3));
        queue.drop_front(2);
        assert_eq!(queue.front(), b"i");
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
