//! Whose turn it is to send or to read.
//!
//! Theory. A turn is a lock, which a thread keeps while it waits for the transport. In the child of a fork the threads are
//! gone that had one in the parent. So before the first turn is taken in a child, those that are taken are taken back:
//! nobody in this process can have one then. The exception is who forked while he had a turn himself, which he can only
//! where code of others runs: in a callback, and after such a fork nothing is taken back; or in a transport of the
//! caller's, whose turns are left alone. What a turn guards is whole: it is changed with the engine's lock held.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::lock_api::GuardNoSend;
use parking_lot::{Mutex, MutexGuard};

use super::Connection;
use crate::callback::fork;
use crate::ssl::engine::Inner;
use crate::transport::{Descriptor, Trouble, WATCH};

impl Connection {
    /// Waits for a turn to send or to read; on a thread that has to look for signals, not for long.
    pub(super) fn turn<'a, T>(&self, lock: &'a Mutex<T>) -> Result<MutexGuard<'a, T>, Trouble> {
        if self.is_inherited() {
            self.inherit(&self.engine.enter());
        }
        if self.transport.watches() {
            lock.try_lock_for(Duration::from_nanos(WATCH.unsigned_abs())).ok_or(Trouble::Interrupted)
        } else {
            Ok(lock.lock())
        }
    }

    /// The turn, if nobody else has it.
    pub(super) fn try_turn<'a, T>(&self, lock: &'a Mutex<T>) -> Option<MutexGuard<'a, T>> {
        if self.is_inherited() {
            self.inherit(&*self.engine.try_enter()?);
        }
        lock.try_lock()
    }

    /// The turn to read directly from a socket, if nobody else has it.
    pub(super) fn direct_turn(&self) -> Option<(Descriptor, MutexGuard<'_, ()>)> {
        match self.transport.socket() {
            Some(socket) if !self.datagrams => Some((socket, self.try_turn(&self.receiving)?)),
            _ => None,
        }
    }

    /// Whether this is the first turn in the child of a fork.
    fn is_inherited(&self) -> bool {
        self.process.load(Ordering::Acquire) != fork::generation()
    }

    /// Takes back the turns that threads of the parent process had. Nobody else is inside the engine.
    #[cold]
    fn inherit(&self, _: &Inner) {
        if !self.is_inherited() {
            return;
        }
        if !self.is_custom() && !fork::was_in_callback() {
            // SAFETY: no thread of this process has a turn, see above, nor takes one before this is done: all come by
            // here first, one after the other.
            unsafe {
                if self.receiving.is_locked() {
                    self.receiving.force_unlock(GuardNoSend::new());
                }
                if self.sending.is_locked() {
                    self.sending.force_unlock(GuardNoSend::new());
                }
            }
        }
        self.process.store(fork::generation(), Ordering::Release);
    }
}
