//! Calling Python code from Rust: in a callback of OpenSSL, in a transport, in a method that asks the socket.
//!
//! Theory. While an interpreter older than Python 3.14 shuts down, it ends each other thread that wants to go on with
//! Python code, wherever that is (`pthread_exit`). C then unwinds the thread's stack, through frames of Rust that are
//! not made for that, and the process aborts. PyO3 stops a thread that comes back to Python from Rust, as Python 3.14
//! does itself. For a thread that is in the middle of Python code which Rust has called, it is this:
//!
//! - Shortly before the interpreter shuts down (`quiesce`, an atexit function), the other threads are kept from entering
//!   such code, and those that are in it get the time to leave it.
//! - Who takes longer is stopped where he is (`Stop`), if the unwinding gets as far as here. That depends on what the
//!   compiler has made of the frames in between, since PyO3 declares that no C function of Python unwinds.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pyo3::prelude::*;

/// What Python code is called for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// An answer, which should not take long.
    Answer,
    /// To move bytes, which may take for ever; but who waits for bytes does so in C, and stays there.
    Transport,
}

impl Purpose {
    /// How long the end of the interpreter waits for such code.
    fn patience(self) -> Duration {
        match self {
            Self::Answer => Duration::from_secs(5),
            Self::Transport => Duration::from_millis(100),
        }
    }

    /// How often such code is being run now.
    fn running(self) -> &'static Running {
        static RUNNING: [Running; 2] = [Running(AtomicU64::new(0)), Running(AtomicU64::new(0))];
        &RUNNING[self as usize]
    }
}

/// How often something is being run in one process: that process (see `fork_generation`) in the upper half, the count in
/// the lower one. In the child of a fork, which has one thread, what was counted in the parent counts for nothing.
struct Running(AtomicU64);

impl Running {
    fn count(&self, process: u32) -> u64 {
        let counted = self.0.load(Ordering::SeqCst);
        if counted >> 32 == u64::from(process) { counted & u64::from(u32::MAX) } else { 0 }
    }

    fn change(&self, process: u32, change: impl Fn(u64) -> Option<u64>) {
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |counted| {
            let before = if counted >> 32 == u64::from(process) { counted & u64::from(u32::MAX) } else { 0 };
            Some(u64::from(process) << 32 | change(before)?)
        });
    }
}

/// How often to look whether something has changed.
const TICK: Duration = Duration::from_millis(2);

/// How long after `quiesce` the interpreter should have begun to shut down.
const SOON: Duration = Duration::from_secs(2);

/// Whether `quiesce` has been called.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// When, and by which thread.
static CLOSING: Mutex<Option<(Instant, ThreadId)>> = Mutex::new(None);

/// Runs `work` with the GIL.
pub(crate) fn attached<T>(purpose: Purpose, work: impl FnOnce(Python<'_>) -> T) -> T {
    let entered = Entered::new(purpose);
    let result = Python::attach(|py| stopping(|| work(py)));
    drop(entered);
    result
}

/// Runs `work`, which calls Python code, where the GIL is held already.
pub(crate) fn calling<T>(py: Python<'_>, purpose: Purpose, work: impl FnOnce() -> T) -> T {
    let entered =
        if CLOSED.load(Ordering::SeqCst) { py.detach(|| Entered::new(purpose)) } else { Entered::new(purpose) };
    let result = stopping(work);
    drop(entered);
    result
}

/// Runs `work`, which calls Python code; the thread is stopped if it is ended there.
fn stopping<W, T>(work: W) -> T
where
    W: FnOnce() -> T,
{
    // The compiler must not see through this call, or it would conclude that nothing can unwind past `stop`, and leave
    // out what drops it.
    let run: fn(W) -> T = black_box(run);
    let mut stop = Stop { armed: true };
    let result = run(work);
    stop.armed = false;
    result
}

fn run<W, T>(work: W) -> T
where
    W: FnOnce() -> T,
{
    work()
}

/// Stops the thread when it is ended.
struct Stop {
    armed: bool,
}

impl Drop for Stop {
    fn drop(&mut self) {
        // A panic is caught further up.
        while self.armed && !thread::panicking() {
            thread::park();
        }
    }
}

/// A thread's stay in Python code.
struct Entered {
    purpose: Purpose,
    /// The process that it counts in.
    process: u32,
}

impl Entered {
    /// Enters, or waits until the interpreter shuts down: who wants to have the GIL then waits for ever.
    fn new(purpose: Purpose) -> Self {
        loop {
            let stay = Self { purpose, process: ironssl::fork_generation() };
            purpose.running().change(stay.process, |count| Some(count + 1));
            if !CLOSED.load(Ordering::SeqCst) || is_free() {
                return stay;
            }
            drop(stay);
            thread::sleep(TICK);
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.process == ironssl::fork_generation() {
            self.purpose.running().change(self.process, |count| count.checked_sub(1));
        }
    }
}

/// Whether the calling thread may run Python code: it is the one that ends the interpreter, or the end was none.
fn is_free() -> bool {
    match *CLOSING.lock() {
        Some((when, by)) => by == thread::current().id() || when.elapsed() > SOON,
        None => true,
    }
}

/// Lets no other thread enter Python code from now on, and gives those that are in it the time to leave.
#[pyfunction]
fn quiesce(py: Python<'_>) {
    let process = ironssl::fork_generation();
    *CLOSING.lock() = Some((Instant::now(), thread::current().id()));
    CLOSED.store(true, Ordering::SeqCst);
    py.detach(|| {
        let begin = Instant::now();
        for purpose in [Purpose::Transport, Purpose::Answer] {
            while purpose.running().count(process) > 0 && begin.elapsed() < purpose.patience() {
                thread::sleep(TICK);
            }
        }
        if let Some((when, _)) = &mut *CLOSING.lock() {
            *when = Instant::now();
        }
    });
}

/// Has `quiesce` called at the end of the interpreter, if that is one which ends threads.
pub(crate) fn prepare_end(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    if py.version_info() >= (3, 14) {
        return Ok(());
    }
    py.import("atexit")?.call_method1("register", (wrap_pyfunction!(quiesce, module)?,)).map(drop)
}
