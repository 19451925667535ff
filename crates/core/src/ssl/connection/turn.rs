//! Whose turn it is to send or to read.
//!
//! Theory. A turn is a lock, which a thread keeps while it waits for the transport. In the child of a fork the threads are
//! gone that had one in the parent. The child takes such turns back: it finds one taken, sees that it is a child, and that
//! nobody is inside the engine. Who had the turn in this process then would be: the thread that forked can do so only in
//! a callback, with the engine's lock, or in a transport of the caller's, whose turns are left alone.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::lock_api::GuardNoSend;
use parking_lot::{Mutex, MutexGuard};

use super::Connection;
use crate::callback::fork;
use crate::transport::{Descriptor, Trouble, WATCH};

/// Held by who takes turns back.
static INHERITING: Mutex<()> = Mutex::new(());

impl Connection {
    /// Waits for a turn to send or to read; on a thread that has to look for signals, not for long.
    pub(super) fn turn<'a, T>(&self, lock: &'a Mutex<T>) -> Result<MutexGuard<'a, T>, Trouble> {
        if let Some(turn) = self.try_turn(lock) {
            return Ok(turn);
        }
        if self.transport.watches() {
            lock.try_lock_for(Duration::from_nanos(WATCH.unsigned_abs())).ok_or(Trouble::Interrupted)
        } else {
            Ok(lock.lock())
        }
    }

    /// The turn, if nobody else has it.
    pub(super) fn try_turn<'a, T>(&self, lock: &'a Mutex<T>) -> Option<MutexGuard<'a, T>> {
        lock.try_lock().or_else(|| if self.inherit() { lock.try_lock() } else { None })
    }

    /// The turn to read directly from a socket, if nobody else has it.
    pub(super) fn direct_turn(&self) -> Option<(Descriptor, MutexGuard<'_, ()>)> {
        match self.transport.socket() {
            Some(socket) if !self.datagrams => Some((socket, self.try_turn(&self.receiving)?)),
            _ => None,
        }
    }

    /// Takes back the turns that threads of the parent process had; whether it did.
    #[cold]
    fn inherit(&self) -> bool {
        let now = fork::generation();
        if self.process.load(Ordering::Acquire) == now || self.is_custom() || self.engine.is_mine() {
            return false;
        }
        let _alone = INHERITING.lock();
        if self.process.load(Ordering::Acquire) == now {
            return true;
        }
        let Some(_inner) = self.engine.try_enter() else { return false };
        // SAFETY: a turn that is taken belongs to a thread that this process does not have, see above; nobody takes one
        // back twice, and whoever gets one in this process has come by here first, or found it free.
        unsafe {
            if self.receiving.is_locked() {
                self.receiving.force_unlock(GuardNoSend::new());
            }
            if self.sending.is_locked() {
                self.sending.force_unlock(GuardNoSend::new());
            }
        }
        self.process.store(now, Ordering::Release);
        true
    }
}
