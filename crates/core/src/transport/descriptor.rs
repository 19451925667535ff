//! A descriptor as a transport: system calls, and what they wait for.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, socket_timeout};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::{Reader, Trouble, Writer, on_first_thread};

/// A descriptor of the operating system that somebody else owns; [`Transport::over`](super::Transport::over) is for
/// those that the connection may own.
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
    ///
    /// # Safety
    /// It belongs to the caller, who keeps it open as long as a connection uses it (I/O safety, see [`std::os::fd`]).
    #[must_use]
    pub unsafe fn new(fd: RawFd) -> Self {
        Self::of(fd)
    }

    /// As [`Descriptor::new`].
    fn of(fd: RawFd) -> Self {
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
        // SAFETY: the number is not -1. That the descriptor is open is the promise of who made this (see `new`).
        Ok(unsafe { BorrowedFd::borrow_raw(self.fd) })
    }
}

/// A descriptor that the connection owns.
#[derive(Debug)]
pub struct Owned {
    descriptor: Descriptor,
    _owner: OwnedFd,
}

impl Owned {
    pub(super) fn new(owner: OwnedFd) -> Self {
        Self { descriptor: Descriptor::of(owner.as_raw_fd()), _owner: owner }
    }

    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
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
