//! Where a connection's ciphertext comes from and goes to.
//!
//! Lives here: one attempt to read or to write, on a descriptor (`descriptor`) or on an object of the caller's. Must not
//! live here: TLS, retries, buffers: the loop that uses transports is `ssl::connection`, and it calls what may wait with no lock
//! of the engine held.

use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;

use crate::callback::fork;
use crate::error::Parked;

mod descriptor;

pub(crate) use descriptor::WATCH;
pub use descriptor::{Descriptor, Owned};

/// Where a connection's ciphertext comes from and goes to.
#[non_exhaustive]
pub enum Transport {
    /// Nowhere: the caller moves it, with `Connection::feed` and `Connection::drain`.
    Memory,
    /// One descriptor, both ways, that the connection owns and closes: [`Transport::over`].
    Owned(Owned),
    /// One descriptor, both ways, that somebody else owns.
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
    /// A socket or anything else that can be read and written, such as a `TcpStream` or a `UnixStream`, for the
    /// connection to own.
    #[must_use]
    pub fn over(stream: impl Into<OwnedFd>) -> Self {
        Self::Owned(Owned::new(stream.into()))
    }

    /// The one descriptor, if that is what it is.
    pub(crate) fn descriptor(&self) -> Option<Descriptor> {
        match self {
            Self::Owned(owned) => Some(*owned.descriptor()),
            Self::Descriptor(descriptor) => Some(*descriptor),
            _ => None,
        }
    }

    /// Whether code of the caller's runs where ciphertext is moved.
    pub(crate) fn is_foreign(&self) -> bool {
        match self {
            Self::Memory | Self::Owned(_) | Self::Descriptor(_) => false,
            Self::Custom { reader, writer } => reader.descriptor().is_none() || writer.descriptor().is_none(),
        }
    }

    /// The socket that ciphertext may be read from directly, if it comes from one.
    pub(crate) fn socket(&self) -> Option<Descriptor> {
        match self {
            Self::Custom { reader, .. } => reader.descriptor(),
            _ => self.descriptor(),
        }
        .filter(|descriptor| descriptor.is_socket())
    }

    /// Whether the calling thread has to look for signals while it waits for its turn.
    pub(crate) fn watches(&self) -> bool {
        match self {
            Self::Memory => false,
            Self::Owned(owned) => owned.descriptor().watches(),
            Self::Descriptor(descriptor) => descriptor.watches(),
            Self::Custom { reader, writer } => reader.watches() || writer.watches(),
        }
    }
}
