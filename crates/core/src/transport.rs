//! Where a connection's ciphertext comes from and goes to.
//!
//! Lives here: one attempt to read or to write, on a descriptor or on an object of the caller's. Must not live here:
//! TLS, retries, buffers: the loop that uses transports is `ssl::connection`, and it calls what may wait with no lock
//! of the engine held.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, socket_timeout};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::callback::fork;
use crate::error::Parked;

/// Where a connection's ciphertext comes from and goes to.
#[non_exhaustive]
pub enum Transport {
    /// Nowhere: the caller moves it, with `Connection::feed` and `Connection::drain`.
    Memory,
    /// One descriptor, both ways.
    Descriptor(Descriptor),
    /// Two objects of the caller's, or one twice; a [`Descriptor`] is as good as any.
    Custom {
        /// Where ciphertext is read from.
        reader: Box<dyn Reader>,
        /// Where ciphertext is written to.
        writer: Box<dyn Writer>,
    },
}

/// Why an attempt to read or to write moved nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// Not now: the transport does not block, and nothing can be moved yet.
    WouldBlock,
    /// Not now: whichever way this was to go, the caller's object has to read something first (as a TLS connection in
    /// the middle of its handshake does).
    MustRead,
    /// Not now: whichever way this was to go, the caller's object has to write something first.
    MustWrite,
    /// A signal came first; try again after its handler ran.
    Interrupted,
    /// The operating system refused.
    System(Errno),
    /// The caller's object failed in its own way.
    Caller {
        /// What it failed with.
        parked: Parked,
        /// What that means for the connection.
        cause: Cause,
    },
    /// Another thread was sending when this process was forked from the one that it was in: how much it has sent is not
    /// known here.
    Forked,
}

/// What a failure of the caller's object means for the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The transport failed.
    Transport,
    /// The transport failed because the peer is gone, as with `EPIPE` and `ECONNRESET` of a socket.
    Gone,
    /// Nothing to do with the connection (the program is to end, say): it comes out of the operation even where a
    /// failure of the transport would not matter.
    Program,
}

impl Cause {
    /// Whether an `errno` says that the peer is gone.
    #[must_use]
    pub fn is_gone(errno: i32) -> bool {
        [Errno::PIPE, Errno::CONNRESET].iter().any(|gone| gone.raw_os_error() == errno)
    }
}

impl Trouble {
    /// Whether it passes without a failure of anything.
    pub(crate) fn is_for_now(&self) -> bool {
        matches!(self, Self::WouldBlock | Self::MustRead | Self::MustWrite | Self::Interrupted)
    }

    /// Whether the peer is gone.
    pub(crate) fn is_gone(&self) -> bool {
        match self {
            Self::System(errno) => Cause::is_gone(errno.raw_os_error()),
            Self::Caller { cause, .. } => *cause == Cause::Gone,
            _ => false,
        }
    }
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::AGAIN => Self::WouldBlock,
            Errno::INTR => Self::Interrupted,
            other => Self::System(other),
        }
    }
}

/// An object that ciphertext can be read from.
pub trait Reader: Send + Sync {
    /// Reads at most `limit` bytes, or one datagram, and appends them to `buffer`. The count; 0 is the end of the
    /// stream, or an empty datagram.
    ///
    /// # Errors
    /// [`Trouble`], with nothing appended.
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble>;

    /// As [`Reader::read`], of what should be there already: [`Trouble::WouldBlock`] where it is not. What came before is
    /// put away first then, since the process may be forked during a wait. Waits all the same where that cannot be told.
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn read_on(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        self.read(buffer, limit)
    }

    /// The descriptor that this is, if it is one: what is there may then be read from it without going through here.
    fn descriptor(&self) -> Option<Descriptor> {
        None
    }

    /// Whether the calling thread has to look for signals now and then while it waits.
    fn watches(&self) -> bool {
        false
    }

    /// Whether a read would not have to wait; false where that cannot be told.
    fn is_ready(&self) -> bool {
        false
    }

    /// Waits until a read would not have to wait, and at most so long. Whether it would not; true where that cannot be
    /// told, and where the read itself will not wait longer.
    ///
    /// # Errors
    /// [`Trouble`].
    fn is_ready_within(&self, patience: Duration) -> Result<bool, Trouble> {
        let _ = patience;
        Ok(true)
    }

    /// Whether no datagram can come any more; false where that cannot be told.
    fn is_over(&self) -> bool {
        false
    }
}

/// An object that ciphertext can be written to.
pub trait Writer: Send + Sync {
    /// Writes some of `data`, at least one byte, or all of it where it is a datagram. The count.
    ///
    /// # Errors
    /// [`Trouble`], with nothing written.
    fn write(&self, data: &[u8]) -> Result<usize, Trouble>;

    /// The descriptor that this is, if it is one.
    fn descriptor(&self) -> Option<Descriptor> {
        None
    }

    /// As [`Writer::write`], but never waits: [`Trouble::WouldBlock`] where it would have to, or cannot tell.
    ///
    /// # Errors
    /// As [`Writer::write`].
    fn write_now(&self, data: &[u8]) -> Result<usize, Trouble> {
        let _ = data;
        Err(Trouble::WouldBlock)
    }

    /// Whether the object may hold back some of what was written, until [`Writer::flush`]. Answered at once, without
    /// any use of the connection.
    fn holds_back(&self) -> bool {
        false
    }

    /// Sends on what the object holds back: nothing more is to be written for now. It holds back nothing then.
    ///
    /// # Errors
    /// [`Trouble`]; it is called again then.
    fn flush(&self) -> Result<(), Trouble> {
        Ok(())
    }

    /// Whether the calling thread has to look for signals now and then while it waits.
    fn watches(&self) -> bool {
        false
    }
}

// One object may be both.
impl<T: Reader + ?Sized> Reader for Arc<T> {
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        T::read(self, buffer, limit)
    }

    fn read_on(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        T::read_on(self, buffer, limit)
    }

    fn descriptor(&self) -> Option<Descriptor> {
        T::descriptor(self)
    }

    fn watches(&self) -> bool {
        T::watches(self)
    }

    fn is_ready(&self) -> bool {
        T::is_ready(self)
    }

    fn is_ready_within(&self, patience: Duration) -> Result<bool, Trouble> {
        T::is_ready_within(self, patience)
    }

    fn is_over(&self) -> bool {
        T::is_over(self)
    }
}

impl<T: Writer + ?Sized> Writer for Arc<T> {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        T::write(self, data)
    }

    fn descriptor(&self) -> Option<Descriptor> {
        T::descriptor(self)
    }

    fn write_now(&self, data: &[u8]) -> Result<usize, Trouble> {
        T::write_now(self, data)
    }

    fn holds_back(&self) -> bool {
        T::holds_back(self)
    }

    fn flush(&self) -> Result<(), Trouble> {
        T::flush(self)
    }

    fn watches(&self) -> bool {
        T::watches(self)
    }
}

/// Whether the calling thread is the process's first, on which Python handles signals.
#[must_use]
pub fn on_first_thread() -> bool {
    thread_local! {
        /// What was found, and in which process: the thread that forks is the first one of the child.
        static FIRST: Cell<Option<(u32, bool)>> = const { Cell::new(None) };
    }
    let process = fork::generation();
    match FIRST.get() {
        Some((known, first)) if known == process => first,
        _ => {
            let first = rustix::thread::gettid() == rustix::process::getpid();
            FIRST.set(Some((process, first)));
            first
        }
    }
}

impl Transport {
    /// The one descriptor, if that is what it is.
    pub(crate) fn descriptor(&self) -> Option<Descriptor> {
        match self {
            Self::Descriptor(descriptor) => Some(*descriptor),
            _ => None,
        }
    }

    /// Whether code of the caller's runs where ciphertext is moved.
    pub(crate) fn is_foreign(&self) -> bool {
        match self {
            Self::Memory | Self::Descriptor(_) => false,
            Self::Custom { reader, writer } => reader.descriptor().is_none() || writer.descriptor().is_none(),
        }
    }

    /// The socket that ciphertext may be read from directly, if it comes from one.
    pub(crate) fn socket(&self) -> Option<Descriptor> {
        match self {
            Self::Memory => None,
            Self::Descriptor(descriptor) => Some(*descriptor),
            Self::Custom { reader, .. } => reader.descriptor(),
        }
        .filter(|descriptor| descriptor.is_socket())
    }

    /// Whether the calling thread has to look for signals while it waits for its turn.
    pub(crate) fn watches(&self) -> bool {
        match self {
            Self::Memory => false,
            Self::Descriptor(descriptor) => descriptor.watches(),
            Self::Custom { reader, writer } => reader.watches() || writer.watches(),
        }
    }
}

/// A descriptor of the operating system that somebody else owns.
///
/// It is a number only: whoever made it keeps it open as long as the connection uses it. After it was closed, reads
/// and writes fail with `EBADF` (or reach whatever the system gave the same number to, as everywhere in C).
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    fd: RawFd,
    socket: bool,
    watchful: bool,
}

/// What became of waiting for a watchful descriptor.
enum Watched {
    /// A call on it need not wait.
    Ready,
    /// A call on it will not wait, since one side was shut down; told not to, it may say that it would.
    Over,
    /// It was not waited for: the kernel times the calls on this socket (SO_RCVTIMEO, SO_SNDTIMEO).
    Timed,
}

/// How long a watchful descriptor waits before it gives its caller a chance to look for signals, in nanoseconds.
pub(crate) const WATCH: i64 = 50_000_000;

impl Descriptor {
    /// Takes note of a descriptor, a socket or anything else that can be read and written.
    #[must_use]
    pub fn new(fd: RawFd) -> Self {
        let mut descriptor = Self { fd, socket: false, watchful: false };
        descriptor.socket = descriptor
            .borrow()
            .and_then(rustix::fs::fstat)
            .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Socket);
        descriptor
    }

    /// Lets the process's first thread look for signals, every 50 ms that it has to wait: the read or write then comes
    /// back as [`Trouble::Interrupted`]. For programs that handle signals outside of the signal handler, on that
    /// thread, as Python does: a signal that comes just before a system call begins to wait does not interrupt it.
    #[must_use]
    pub fn watchful(mut self) -> Self {
        self.watchful = true;
        self
    }

    /// Whether single calls on it can be told not to wait.
    pub(crate) fn is_socket(self) -> bool {
        self.socket
    }

    /// Reads what is there, at most `buffer.len()` bytes, without ever waiting. Only for a socket.
    pub(crate) fn read_now(self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        Ok(recv(self.borrow()?, buffer, RecvFlags::DONTWAIT)?.0)
    }

    /// As [`Descriptor::read_now`], but leaves the bytes there.
    pub(crate) fn peek_now(self, buffer: &mut [MaybeUninit<u8>]) -> Result<usize, Trouble> {
        Ok(recv(self.borrow()?, buffer, RecvFlags::DONTWAIT | RecvFlags::PEEK)?.0.0.len())
    }

    /// Whether this thread has to look for signals.
    pub(crate) fn watches(&self) -> bool {
        self.watchful && on_first_thread()
    }

    /// Waits until the descriptor is ready for a call that must not wait itself, or says why not to.
    fn watch(&self, fd: BorrowedFd<'_>, flags: PollFlags) -> Result<Watched, Trouble> {
        let status = rustix::fs::fcntl_getfl(fd)?;
        if status.contains(OFlags::NONBLOCK) {
            return Err(Trouble::WouldBlock);
        }
        let timed = if flags == PollFlags::IN { Timeout::Recv } else { Timeout::Send };
        if self.socket && socket_timeout(fd, timed)?.is_some() {
            return Ok(Watched::Timed);
        }
        // Waiting for what a descriptor was not opened for never ends.
        let other_way = if flags == PollFlags::IN { OFlags::WRONLY } else { OFlags::RDONLY };
        if status & OFlags::RWMODE == other_way {
            return Err(Trouble::System(Errno::BADF));
        }
        let mut watched = [PollFd::new(&fd, flags)];
        match poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: WATCH }))? {
            0 => Err(Trouble::Interrupted),
            _ if watched[0].revents().contains(PollFlags::HUP) => Ok(Watched::Over),
            _ => Ok(Watched::Ready),
        }
    }

    /// Makes a system call that is told not to wait; where it would have to, this waits for it first, if it may.
    fn watching<T>(
        &self,
        flags: PollFlags,
        mut call: impl FnMut(BorrowedFd<'_>, bool) -> Result<T, Errno>,
    ) -> Result<T, Trouble> {
        let fd = self.borrow()?;
        if !self.socket {
            // Only a socket can be told, call by call, not to wait.
            match self.watch(fd, flags) {
                Ok(_) | Err(Trouble::WouldBlock) => return Ok(call(fd, false)?),
                Err(trouble) => return Err(trouble),
            }
        }
        loop {
            match call(fd, true) {
                Err(Errno::AGAIN) => match self.watch(fd, flags)? {
                    Watched::Ready => {}
                    Watched::Over | Watched::Timed => return Ok(call(fd, false)?),
                },
                other => return Ok(other?),
            }
        }
    }

    /// The number.
    #[must_use]
    pub fn as_raw_fd(&self) -> RawFd {
        self.fd
    }

    pub(crate) fn borrow(&self) -> Result<BorrowedFd<'_>, Errno> {
        if self.fd < 0 {
            return Err(Errno::BADF);
        }
        // SAFETY: the number is not -1. That the descriptor is open is the owner's promise (see the type); where it is
        // broken, the system calls made with it fail, and no memory depends on them.
        Ok(unsafe { BorrowedFd::borrow_raw(self.fd) })
    }
}

impl Reader for Descriptor {
    fn read(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        buffer.reserve(limit);
        // `reserve` may give more room than asked for, and not one byte more than `limit` may be taken from the kernel.
        let place = &mut buffer.spare_capacity_mut()[..limit];
        let count = if !self.watches() {
            rustix::io::read(self.borrow()?, place)?.0.len()
        } else if self.socket {
            self.watching(PollFlags::IN, |fd, now| {
                let flags = if now { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
                Ok(recv(fd, &mut *place, flags)?.0.0.len())
            })?
        } else {
            self.watching(PollFlags::IN, |fd, _| Ok(rustix::io::read(fd, &mut *place)?.0.len()))?
        };
        // SAFETY: the call has just written `count` bytes after the old end, within the capacity.
        unsafe { buffer.set_len(buffer.len() + count) };
        Ok(count)
    }

    fn read_on(&self, buffer: &mut Vec<u8>, limit: usize) -> Result<usize, Trouble> {
        if !self.socket {
            return if Reader::is_ready(self) { self.read(buffer, limit) } else { Err(Trouble::WouldBlock) };
        }
        buffer.reserve(limit);
        let place = &mut buffer.spare_capacity_mut()[..limit];
        let count = recv(self.borrow()?, place, RecvFlags::DONTWAIT)?.0.0.len();
        // SAFETY: the call has just written `count` bytes after the old end, within the capacity.
        unsafe { buffer.set_len(buffer.len() + count) };
        Ok(count)
    }

    fn descriptor(&self) -> Option<Descriptor> {
        Some(*self)
    }

    fn watches(&self) -> bool {
        Self::watches(self)
    }

    fn is_ready(&self) -> bool {
        let Ok(fd) = self.borrow() else { return false };
        let mut watched = [PollFd::new(&fd, PollFlags::IN)];
        poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }

    fn is_ready_within(&self, patience: Duration) -> Result<bool, Trouble> {
        let fd = self.borrow()?;
        if rustix::fs::fcntl_getfl(fd)?.contains(OFlags::NONBLOCK) {
            return Ok(true);
        }
        if self.socket && socket_timeout(fd, Timeout::Recv)?.is_some_and(|limit| limit <= patience) {
            return Ok(true);
        }
        let watch = Duration::from_nanos(WATCH.unsigned_abs());
        let slice = if self.watches() { patience.min(watch) } else { patience };
        let mut watched = [PollFd::new(&fd, PollFlags::IN)];
        let limit = Timespec::try_from(slice).map_err(|_| Errno::INVAL)?;
        match poll(&mut watched, Some(&limit))? {
            0 if slice < patience => Err(Trouble::Interrupted),
            ready => Ok(ready > 0),
        }
    }

    fn is_over(&self) -> bool {
        let Ok(fd) = self.borrow() else { return false };
        let mut watched = [PollFd::new(&fd, PollFlags::RDHUP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut watched, Some(&now)).is_ok_and(|_| watched[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP))
    }
}

impl Writer for Descriptor {
    fn write(&self, data: &[u8]) -> Result<usize, Trouble> {
        match (self.watches(), self.socket) {
            // No SIGPIPE, whatever the program made of that signal.
            (false, true) => Ok(send(self.borrow()?, data, SendFlags::NOSIGNAL)?),
            (false, false) => Ok(rustix::io::write(self.borrow()?, data)?),
            (true, true) => self.watching(PollFlags::OUT, |fd, now| {
                let flags = if now { SendFlags::NOSIGNAL | SendFlags::DONTWAIT } else { SendFlags::NOSIGNAL };
                send(fd, data, flags)
            }),
            (true, false) => self.watching(PollFlags::OUT, |fd, _| rustix::io::write(fd, data)),
        }
    }

    fn descriptor(&self) -> Option<Descriptor> {
        Some(*self)
    }

    fn write_now(&self, data: &[u8]) -> Result<usize, Trouble> {
        let fd = self.borrow()?;
        if self.socket {
            return Ok(send(fd, data, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?);
        }
        if rustix::fs::fcntl_getfl(fd)?.contains(OFlags::NONBLOCK) {
            return self.write(data);
        }
        // Where a pipe takes something, it takes as much as it writes in one piece.
        let mut watched = [PollFd::new(&fd, PollFlags::OUT)];
        match poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? {
            0 => Err(Trouble::WouldBlock),
            _ => Ok(rustix::io::write(fd, &data[..data.len().min(libc::PIPE_BUF)])?),
        }
    }

    fn watches(&self) -> bool {
        Self::watches(self)
    }
}
