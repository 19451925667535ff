//! What was encrypted and could not be sent yet.
//!
//! TLS cannot take back a record: once plaintext went into one, the record must reach the peer, and the caller who is
//! told to try again must not have it sent twice. So a write that met a full transport leaves a note here: how much
//! was encrypted, and a keyed hash of it. When somebody comes back with the same bytes, the note is his answer. A
//! thread that comes with other bytes has given up on its own note; the bytes stay sent. After others have sent
//! something, only the thread that left the note can come back to it: the same bytes from another one are a new message.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::thread::ThreadId;

/// How much of the plaintext before the mark is hashed.
const HASHED: usize = 16 * 1024;

/// How many notes are kept, one a thread; the oldest goes first.
const KEPT: usize = 64;

/// One note.
struct Note {
    thread: ThreadId,
    /// How much the caller offered.
    offered: usize,
    /// Whether all of it was to be sent, or some of it.
    whole: bool,
    /// How many bytes from the start were encrypted.
    done: usize,
    /// The hash of the last of them.
    hash: u64,
    /// Whether something else was sent since.
    passed: bool,
}

impl Note {
    /// Whether so many bytes may be those that the note is about. Who was to send some may repeat that with more behind
    /// it.
    fn suits(&self, length: usize) -> bool {
        length == self.offered || !self.whole && length >= self.done
    }
}

/// The notes of one connection.
#[derive(Default)]
pub(crate) struct Retries {
    notes: Vec<Note>,
    key: RandomState,
}

impl Retries {
    /// Whether there is no note.
    pub(crate) fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    fn hash(&self, data: &[u8], done: usize) -> u64 {
        self.key.hash_one(&data[done.saturating_sub(HASHED)..done])
    }

    /// Notes that the first `done` bytes of `data` were encrypted. `whole` says that the caller asked for all of it.
    pub(crate) fn remember(&mut self, data: &[u8], done: usize, whole: bool) {
        let thread = std::thread::current().id();
        self.notes.retain(|note| note.thread != thread);
        if self.notes.len() >= KEPT {
            self.notes.remove(0);
        }
        let hash = self.hash(data, done);
        self.notes.push(Note { thread, offered: data.len(), whole, done, hash, passed: false });
    }

    /// How many bytes of `data` need not be encrypted again; 0 for data that nobody left a note about. Takes the note.
    /// It does not matter by which call the data comes, that for some of it or that for all.
    pub(crate) fn take(&mut self, data: &[u8]) -> usize {
        let thread = std::thread::current().id();
        let is = |note: &Note| note.suits(data.len()) && note.hash == self.hash(data, note.done);
        // One's own comes first: another's may be about bytes that begin alike.
        let own = self.notes.iter().position(|note| note.thread == thread && is(note));
        if let Some(index) = own.or_else(|| self.notes.iter().position(|note| !note.passed && is(note))) {
            return self.notes.remove(index).done;
        }
        self.notes.retain(|note| note.thread != thread);
        for note in &mut self.notes {
            note.passed = true;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_find_the_note_once() {
        let mut retries = Retries::default();
        retries.remember(b"hello world", 5, false);
        let copy = b"hello".to_vec();
        assert_eq!(retries.take(&copy), 5);
        assert_eq!(retries.take(&copy), 0);
        assert!(retries.is_empty());
    }

    #[test]
    fn other_bytes_end_the_note_of_their_thread() {
        let mut retries = Retries::default();
        retries.remember(b"hello", 5, false);
        assert_eq!(retries.take(b"other"), 0);
        assert_eq!(retries.take(b"hello"), 0);
    }

    #[test]
    fn another_thread_may_finish_what_one_began() {
        let mut retries = Retries::default();
        retries.remember(b"hello", 5, false);
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(retries.take(b"hello"), 5));
        });
        assert!(retries.is_empty());
    }

    #[test]
    fn after_something_else_the_same_bytes_of_another_thread_are_new_ones() {
        let mut retries = Retries::default();
        retries.remember(b"hello", 5, false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(retries.take(b"other"), 0);
                assert_eq!(retries.take(b"hello"), 0);
            });
        });
        // The thread that left the note may still come back to it.
        assert_eq!(retries.take(b"hello"), 5);
    }

    #[test]
    fn a_whole_write_goes_on_where_it_stopped() {
        let data: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut retries = Retries::default();
        retries.remember(&data, 100_000, true);
        assert_eq!(retries.take(&data[..150_000]), 0);
        retries.remember(&data, 100_000, true);
        assert_eq!(retries.take(&data), 100_000);
    }

    #[test]
    fn more_may_stand_behind_what_is_repeated() {
        let mut retries = Retries::default();
        retries.remember(b"hello", 5, false);
        assert_eq!(retries.take(b"hello world"), 5);
        // Also by another thread, which has nothing to repeat itself.
        retries.remember(b"hello", 5, false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                retries.remember(b"hell", 4, false);
                assert_eq!(retries.take(b"hello world"), 4);
                assert_eq!(retries.take(b"hello world"), 5);
            });
        });
        // Not where all of it was to be sent.
        retries.remember(b"hello", 3, true);
        assert_eq!(retries.take(b"hello world"), 0);
    }
}
