//! Whose turn it is to send or to read.
//!
//! Theory. A turn is a lock that a thread keeps while it waits for the transport. In the child of a fork the threads are
//! gone that had one in the parent, and those that waited for one. So before the first turn is taken in a child, those
//! that are taken are taken back: nobody in this process can have one then. The exception is who forked while he had a
//! turn himself, which he can only where code of others runs: in a callback, and after such a fork nothing is taken back;
//! or in a transport of the caller's, whose turns are left alone.
//!
//! What was read is in the inbox before anything is waited for. But how much has been sent nobody in the child can know,
//! if another thread was sending: there the connection sends nothing any more.
//!
//! Who waits for his turn to read wants what has come more than the turn: he is told of that at once (`take` has the
//! details), or a thread that reads again and again would keep him waiting with what he wants there.
//!
//! The lock is a word and the kernel's queue of those who wait for it (`futex`). A lock of the standard library, or of
//! parking_lot, would not do: neither can be taken back, and the latter's queue is in memory of the threads that wait,
//! which are gone in a child.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::thread::futex;

use super::Connection;
use crate::callback::fork;
use crate::ssl::engine::Inner;
use crate::transport::{Descriptor, Trouble, WATCH};

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// It is taken, and somebody may wait for it.
const AWAITED: u32 = 2;

/// A turn.
pub(super) struct Turn {
    word: AtomicU32,
    /// How many of those who wait are told when it is given back.
    told: u32,
}

/// The time that a thread has a turn.
#[must_use]
pub(super) struct Taken<'a>(&'a Turn);

impl Turn {
    /// A turn that nobody has, and of which one thread is told that waits for it: who was told takes it, or has waited
    /// for long enough, and leaves it to be told of to the next one.
    pub(super) const fn for_one() -> Self {
        Self { word: AtomicU32::new(FREE), told: 1 }
    }

    /// A turn that nobody has, and of which all are told who wait: they may not want it any more.
    pub(super) const fn for_all() -> Self {
        Self { word: AtomicU32::new(FREE), told: i32::MAX.unsigned_abs() }
    }

    /// Takes it, if nobody has it.
    fn try_take(&self) -> Option<Taken<'_>> {
        let free = self.word.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed);
        free.is_ok().then(|| Taken(self))
    }

    /// Waits for it, not longer than `patience`, and only as long as it is `wanted`, which is asked again each time that
    /// this thread is told that somebody gave it back; who goes on waiting says so anew. None where it was not taken.
    fn take(&self, patience: Option<Duration>, mut wanted: impl FnMut() -> bool) -> Option<Taken<'_>> {
        if let Some(taken) = self.try_take() {
            return Some(taken);
        }
        let end = patience.map(|patience| Instant::now() + patience);
        // First it is said that somebody waits: whatever ends the wish after that gives the turn back later still.
        while self.word.swap(AWAITED, Ordering::AcqRel) != FREE {
            let left = match end {
                Some(end) => Some(end.checked_duration_since(Instant::now())?),
                None => None,
            };
            if !wanted() {
                return None;
            }
            let limit = left.and_then(|left| futex::Timespec::try_from(left).ok());
            // Whatever it comes back with, the loop looks.
            let _ = futex::wait(&self.word, futex::Flags::PRIVATE, AWAITED, limit.as_ref());
        }
        Some(Taken(self))
    }

    /// Takes it back from a thread that is gone; whether one had it.
    fn take_back(&self) -> bool {
        self.word.swap(FREE, Ordering::AcqRel) != FREE
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.0.word.swap(FREE, Ordering::Release) == AWAITED {
            let _ = futex::wake(&self.0.word, futex::Flags::PRIVATE, self.0.told);
        }
    }
}

impl Connection {
    /// Waits for the turn to read, as long as nothing has come since there were so many `fills`; none where something
    /// has. On a thread that has to look for signals it does not wait for long.
    pub(super) fn turn_to_read(&self, fills: u64) -> Result<Option<Taken<'_>>, Trouble> {
        let mut filled = false;
        let turn = self.turn(&self.receiving, || {
            filled = self.engine.enter().state().wire.borrow().fills() != fills;
            !filled
        });
        if filled { Ok(None) } else { turn.map(Some) }
    }

    /// The turn to read directly from a socket, if nobody else has it.
    pub(super) fn direct_turn(&self) -> Option<(Descriptor, Taken<'_>)> {
        match self.transport.socket() {
            Some(socket) if !self.datagrams => Some((socket, self.try_turn(&self.receiving)?)),
            _ => None,
        }
    }

    /// Waits for the turn to send, as for that to read.
    pub(super) fn turn_to_send(&self) -> Result<Taken<'_>, Trouble> {
        let turn = self.turn(&self.sending, || true)?;
        if self.torn.load(Ordering::Acquire) { Err(Trouble::Forked) } else { Ok(turn) }
    }

    /// The turn to send, if nobody else has it.
    pub(super) fn try_turn_to_send(&self) -> Result<Option<Taken<'_>>, Trouble> {
        let turn = self.try_turn(&self.sending);
        if turn.is_some() && self.torn.load(Ordering::Acquire) { Err(Trouble::Forked) } else { Ok(turn) }
    }

    fn turn<'a>(&self, turn: &'a Turn, wanted: impl FnMut() -> bool) -> Result<Taken<'a>, Trouble> {
        debug_assert!(!self.engine.is_mine(), "who has a turn waits for the engine");
        if self.is_inherited() {
            self.inherit(&self.engine.enter());
        }
        let patience = self.transport.watches().then(|| Duration::from_nanos(WATCH.unsigned_abs()));
        turn.take(patience, wanted).ok_or(Trouble::Interrupted)
    }

    fn try_turn<'a>(&self, turn: &'a Turn) -> Option<Taken<'a>> {
        if self.is_inherited() {
            self.inherit(&*self.engine.try_enter()?);
        }
        turn.try_take()
    }

    /// Whether this is the first turn in the child of a fork.
    fn is_inherited(&self) -> bool {
        self.process.load(Ordering::Acquire) != fork::generation()
    }

    /// Takes back the turns that threads of the parent process had. Nobody else is inside the engine, nor takes a turn
    /// before this is done: all come by here first, one after the other.
    #[cold]
    fn inherit(&self, _: &Inner) {
        if !self.is_inherited() {
            return;
        }
        if !self.transport.is_foreign() && !fork::was_in_callback() {
            self.receiving.take_back();
            if self.sending.take_back() {
                self.torn.store(true, Ordering::Release);
            }
        }
        self.process.store(fork::generation(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn one_thread_at_a_time_has_it() {
        for turn in [Turn::for_one(), Turn::for_all()] {
            one_at_a_time(&turn);
        }
    }

    fn one_at_a_time(turn: &Turn) {
        let (inside, rounds) = (AtomicBool::new(false), 2_000);
        std::thread::scope(|scope| {
            for number in 0..4_u32 {
                let inside = &inside;
                scope.spawn(move || {
                    for round in 0..rounds {
                        let taken =
                            if (round + number).is_multiple_of(3) { turn.try_take() } else { turn.take(None, || true) };
                        if taken.is_some() {
                            assert!(!inside.swap(true, Ordering::Relaxed));
                            if round % 100 == 0 {
                                std::thread::yield_now();
                            }
                            inside.store(false, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(turn.word.load(Ordering::Relaxed), FREE);
    }

    #[test]
    fn patience_ends() {
        let turn = Turn::for_one();
        let taken = turn.take(Some(Duration::from_millis(1)), || true);
        assert!(taken.is_some());
        assert!(turn.take(Some(Duration::from_millis(1)), || true).is_none());
        drop(taken);
        assert!(turn.take(Some(Duration::from_millis(1)), || true).is_some());
    }

    #[test]
    fn who_wants_it_no_more_stops_to_wait() {
        let (turn, wanted) = (Turn::for_all(), AtomicBool::new(true));
        std::thread::scope(|scope| {
            let taken = turn.take(None, || true);
            let waiting = scope.spawn(|| turn.take(None, || wanted.load(Ordering::Relaxed)).is_none());
            while turn.word.load(Ordering::Relaxed) != AWAITED {
                std::thread::yield_now();
            }
            // It is taken again before the other can come.
            wanted.store(false, Ordering::Relaxed);
            drop(taken);
            let again = turn.take(None, || true);
            assert!(again.is_some());
            let gave_up = waiting.join().unwrap();
            drop(again);
            // Or he was faster than this thread, and had it.
            assert!(gave_up || turn.try_take().is_some());
        });
    }

    #[test]
    fn what_is_taken_back_is_free() {
        let turn = Turn::for_one();
        assert!(!turn.take_back());
        let _of_a_thread_that_is_gone = std::mem::ManuallyDrop::new(turn.take(None, || true));
        assert!(turn.take_back());
        assert!(turn.try_take().is_some());
    }
}
