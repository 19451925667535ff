//! What happens around a fork (`pthread_atfork`).
//!
//! Theory. The child has one thread, the one that forked; what the others had locked stays locked there. So locks that
//! objects share which have nothing to do with each other are taken before a fork, and given back after it on both
//! sides. What one connection has locked it takes back itself, when it finds that it is in a child (`generation`).

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{MutexGuard, Once};

use crate::x509::X509Store;
use crate::x509::signatures::{self, Memory};

/// How many forks lie between the process that loaded this and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Whether the last fork was made in a callback.
static IN_CALLBACK: AtomicBool = AtomicBool::new(false);

type Locked = (MutexGuard<'static, ()>, MutexGuard<'static, Option<Memory>>);

thread_local! {
    /// How many callbacks this thread is in.
    static CALLBACKS: Cell<u32> = const { Cell::new(0) };
    /// What is locked while this thread forks.
    static LOCKED: RefCell<Option<Locked>> = const { RefCell::new(None) };
}

/// How many forks lie between the process that loaded this library and this one: a number that is another one in a child,
/// where the threads that others have counted are gone.
#[must_use]
pub fn generation() -> u32 {
    watch();
    GENERATION.load(Ordering::Relaxed)
}

/// Whether this process was made in a callback: what the thread that forked has locked further up is still locked.
pub(crate) fn was_in_callback() -> bool {
    IN_CALLBACK.load(Ordering::Relaxed)
}

/// Counts the calling thread's stay in a callback, until it is dropped.
pub(crate) struct InCallback(());

impl InCallback {
    pub(crate) fn new() -> Self {
        let _ = CALLBACKS.try_with(|count| count.set(count.get() + 1));
        Self(())
    }
}

impl Drop for InCallback {
    fn drop(&mut self) {
        let _ = CALLBACKS.try_with(|count| count.set(count.get() - 1));
    }
}

/// Sees to it that the locks are free in a child. To be called before they are used.
pub(crate) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // SAFETY: the functions last as long as the process. Without memory they are not called, and forks are as they
        // would be without us.
        unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
    });
}

extern "C" fn before() {
    let locked = (X509Store::lock_parameters(), signatures::lock());
    // Not where the thread is at its very end.
    let _ = LOCKED.try_with(|place| place.replace(Some(locked)));
}

extern "C" fn in_parent() {
    let _ = LOCKED.try_with(|place| drop(place.take()));
}

extern "C" fn in_child() {
    in_parent();
    IN_CALLBACK.store(CALLBACKS.try_with(|count| count.get() > 0).unwrap_or(true), Ordering::Relaxed);
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_all_objects_share_is_free_in_a_child() {
        let before = generation();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let _locked = (X509Store::lock_parameters(), signatures::lock());
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            for _ in 0..30 {
                // SAFETY: the child does nothing but what a thread may do after a fork: it takes locks and ends.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    // SAFETY: no preconditions. A lock that is not free would keep the child for ever.
                    unsafe { libc::alarm(10) };
                    drop((X509Store::lock_parameters(), signatures::lock()));
                    let other = generation() != before && !was_in_callback();
                    // SAFETY: no preconditions.
                    unsafe { libc::_exit(i32::from(!other)) };
                }
                let mut status = -1;
                // SAFETY: the child is ours; the status can be written to.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0);
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(generation(), before);
    }
}
