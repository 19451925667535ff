//! What was encrypted and could not be sent yet.
//!
//! TLS cannot take back a record: once plaintext went into one, the record must reach the peer, and the caller who is
//! told to try again must not have it sent twice. So a write that met a full transport leaves a note here: how much
//! was encrypted, and a keyed hash of it. When somebody comes back with the same bytes, the note is his answer. A
//! thread that comes with other bytes has given up on its own note; the bytes stay sent.

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
    /// The length of the whole data for a write that must send all of it; none for one that may send a part.
    total: Option<usize>,
    /// How many bytes from the start were encrypted.
    done: usize,
    /// The hash of the last of them.
    hash: u64,
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
        self.notes.push(Note { thread, total: whole.then_some(data.len()), done, hash });
    }

    /// How many bytes of `data` need not be encrypted again; 0 for data that nobody left a note about. Takes the note.
    pub(crate) fn take(&mut self, data: &[u8], whole: bool) -> usize {
        let total = whole.then_some(data.len());
        let found = self
            .notes
            .iter()
            .position(|note| note.total == total && note.done <= data.len() && note.hash == self.hash(data, note.done));
        if let Some(index) = found {
            return self.notes.remove(index).done;
        }
        let thread = std::thread::current().id();
        self.notes.retain(|note| note.thread != thread);
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
        assert_eq!(retries.take(&copy, false), 5);
        assert_eq!(retries.take(&copy, false), 0);
        assert!(retries.is_empty());
    }

    #[test]
    fn other_bytes_end_the_note_of_their_thread() {
        let mut retries = Retries::default();
        retries.remember(b"hello", 5, false);
        assert_eq!(retries.take(b"other", false), 0);
        assert_eq!(retries.take(b"hello", false), 0);
    }

    #[test]
    fn another_thread_may_finish_what_one_began() {
        let mut retries = Retries::default();
        retries.remember(b"hello", 5, false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(retries.take(b"other", false), 0);
                assert_eq!(retries.take(b"hello", false), 5);
            });
        });
    }

    #[test]
    fn a_whole_write_goes_on_where_it_stopped() {
        let data: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut retries = Retries::default();
        retries.remember(&data, 100_000, true);
        assert_eq!(retries.take(&data[..150_000], true), 0);
        retries.remember(&data, 100_000, true);
        assert_eq!(retries.take(&data, true), 100_000);
    }
}
