//! Ciphertext on its way: a stream in chunks, or datagrams, taken from the front.
//!
//! Buffers are allocated on use, and freed when they run empty, but for small ones of a busy connection. A datagram keeps
//! its boundaries.

use std::collections::VecDeque;

use crate::chunk;

/// Bytes, or datagrams, waiting to be taken from the front.
pub(crate) enum Queue {
    /// A stream: boundaries do not matter.
    Stream(Stream),
    /// Datagrams, each taken whole.
    Datagrams(VecDeque<Vec<u8>>),
}

/// Bytes that somebody else keeps for us and that do not change: a buffer of the caller's language, say. It is asked
/// for them and dropped in the middle of an operation, and must not use the connection then. A panic there ends the
/// process.
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

    /// Makes room for so many bytes of a stream, in one piece.
    pub(super) fn expect(&mut self, length: usize) {
        if let Self::Stream(stream) = self {
            stream.back(length).reserve(length);
        }
    }

    /// Keeps small buffers of a stream when they run empty, or none.
    pub(super) fn keep_buffers(&mut self, keeps: bool) {
        if let Self::Stream(stream) = self {
            stream.keeps = keeps;
        }
    }

    /// Gives back what memory it holds for nothing.
    pub(super) fn rest(&mut self) {
        if let Self::Stream(stream) = self {
            stream.rest();
        }
    }

    /// How much memory the first piece of a stream has.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::Stream(stream) => stream.front.own.capacity(),
            Self::Datagrams(_) => 0,
        }
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

    /// How many bytes can be drained into so much room: those of the stream, or of one datagram; where it `joins`, of
    /// as many datagrams of the handshake as fit as a whole, but not of more than `JOINED` bytes.
    pub(crate) fn drainable(&self, room: usize, joins: bool) -> usize {
        match self {
            Self::Stream(stream) => stream.len().min(room),
            Self::Datagrams(queue) => {
                let Some(first) = queue.front() else { return 0 };
                let mut count = first.len();
                if joins && is_of_handshake(first) {
                    for datagram in queue.iter().skip(1).take_while(|datagram| is_of_handshake(datagram)) {
                        if count + datagram.len() > room.min(JOINED) {
                            break;
                        }
                        count += datagram.len();
                    }
                }
                count.min(room)
            }
        }
    }

    /// Moves as much from the front into `buffer` as [`Queue::drainable`] says; the rest of a datagram is for the next
    /// call. The count.
    pub(crate) fn drain_into(&mut self, buffer: &mut [u8], joins: bool) -> usize {
        let count = self.drainable(buffer.len(), joins);
        let mut done = 0;
        while done < count {
            let piece = self.front();
            let length = piece.len().min(count - done);
            buffer[done..done + length].copy_from_slice(&piece[..length]);
            self.drop_front(length);
            done += length;
        }
        count
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

/// The most bytes that are joined: OpenSSL reads a datagram into a buffer for one record.
const JOINED: usize = 16 * 1024;

/// Whether the first record of a datagram is one of a handshake: its content type is `change_cipher_spec` or
/// `handshake`, and what follows the version of DTLS 1.0 or 1.2 (RFC 6347, 4.1). The rest of a cut datagram is none.
fn is_of_handshake(datagram: &[u8]) -> bool {
    matches!(datagram, [20 | 22, 0xfe, 0xfd | 0xff, ..])
}

/// The largest buffer that is kept when it runs empty.
const KEPT: usize = 1024;

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
        assert_eq!((queue.drain_into(&mut buffer, false), &buffer), (2, b"ab"));
        assert_eq!((queue.drain_into(&mut buffer, false), buffer[0]), (1, b'c'));
        assert_eq!((queue.drain_into(&mut buffer, false), &buffer), (2, b"de"));
        assert_eq!((queue.drain_into(&mut buffer, false), queue.is_empty()), (0, true));
        queue.push(b"fgh");
        queue.push(b"i");
        queue.drop_front(1);
        assert_eq!((queue.front(), queue.len()), (&b"gh"[..], 3));
        queue.drop_front(2);
        assert_eq!(queue.front(), b"i");
    }
}
