//! A TLS connection: an engine and a transport, and the loop that moves ciphertext between them.
//!
//! Lives here: making one, handshakes and ends. `reading` and `writing` have the plaintext, `info` what only looks, `moving`
//! the loop.
//!
//! Theory. Every operation is one loop: take the engine's lock, let OpenSSL work, give the lock back; send what it
//! wrote; if it wants more, read some and start again. What may wait, system calls and the caller's own transports, is
//! called with no engine lock held, so a thread that waits in `read` never holds up another's `write`. Two turns keep
//! the bytes in order: one thread at a time sends (`sending`), one at a time reads (`receiving`), and who waits for his
//! turn looks whether the other has done his work. Order: `sending` or `receiving`, then the engine. The other way round
//! a turn is only tried (see `now`). Inside the caller's transport no operation may be started, see `visit`.
//!
//! A thread that wants to read never waits for one that sends: that one may be held up by a peer who does not read
//! before he has written. It leaves its own output (the answer to a key update, say) to the sender, who looks for more
//! after he gave his turn back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use ironssl_sys as ffi;
use parking_lot::Mutex;

use super::RECORD;
use super::context::Context;
use super::delegate::Delegate;
use super::engine::{Engine, Inner};
use super::link::Link;
use super::retry::Retries;
use super::status::{Failure, Outcome};
use crate::callback::fork;
use crate::error::Result;
use crate::queue;
use crate::transport::{Transport, Trouble};
use crate::wire::{Queue, Wire};

mod cork;
mod dtls;
mod exchange;
mod extensions;
mod info;
mod keying;
mod listen;
mod memory;
mod moving;
mod now;
mod reading;
mod sessions;
mod turn;
mod verify_param;
mod visit;
mod writing;

pub use memory::Hold;
use moving::failure_of;
pub use now::{Attempt, Later};
use sessions::Resumption;
use turn::Turn;

/// How much plaintext goes into the outbox before it is sent: several records a system call.
const BATCH: usize = 64 * 1024;

/// The most plaintext that one read takes: several full records, if they have come.
const GATHERED: usize = 4 * RECORD;

/// What the last operation waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Want {
    Nothing,
    Read,
    Write,
}

/// How far the exchange of close_notify alerts has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Ours was sent; the peer's has not come yet.
    Sent,
    /// Both were.
    Complete,
}

/// A TLS connection.
///
/// All methods take `&self`, and any number of threads may use one connection at the same time.
///
/// ```
/// use ironssl::ssl::{Connection, Context, Failure, Method};
/// use ironssl::transport::Transport;
///
/// let context = Context::new(Method::TLS)?;
/// let client = Connection::new(&context, Transport::Memory)?;
/// client.set_connect_state()?;
/// assert!(matches!(client.handshake(), Err(Failure::WantRead)));
/// let mut hello = [0; 4096];
/// let length = client.drain(&mut hello);
/// assert_eq!(hello[0], 22, "a handshake record of {length} bytes");
/// # Ok::<(), ironssl::Error>(())
/// ```
pub struct Connection {
    engine: Engine,
    transport: Transport,
    /// Whether it speaks over datagrams (DTLS).
    datagrams: bool,
    /// Whether a handshake may begin in any read: the server may ask for a certificate when it likes.
    may_be_asked: bool,
    context: Mutex<Context>,
    /// Which sessions it resumes.
    resumption: Resumption,
    /// Whose turn it is to send.
    sending: Turn,
    /// Ciphertext taken out of the engine by the thread whose turn it is to send: nobody else locks it.
    queue: Mutex<Queue>,
    /// Whether nothing can be sent any more, since another thread was sending in a process that this one was forked from.
    torn: AtomicBool,
    /// Whether the outbox or the queue may hold something that the transport has not taken. Set with the engine's lock
    /// held, cleared with that and in one's turn to send.
    unsent: AtomicBool,
    /// How many of all bytes that OpenSSL has written the transport has taken.
    sent: AtomicU64,
    /// How many it has to take before the peer answers an operation that waits for him. Who waits for him waits for the
    /// transport, too, as long as those are not sent. Set with the engine's lock held.
    owed: AtomicU64,
    /// Whose turn it is to read.
    receiving: Turn,
    retries: Mutex<Retries>,
    /// Whether `retries` holds something; looked at before each write.
    noted: AtomicBool,
    /// Whether a close_notify went into the outbox and its sender was told to try again.
    closing: AtomicBool,
    /// Whether it is corked, or something is left of when it was. Changed with the engine's lock held; looked at without.
    gathering: AtomicBool,
    /// The process that its turns belong to.
    process: AtomicU32,
    want: AtomicU8,
}

impl Connection {
    /// Makes a connection of `context`, which belongs to it from now on whatever happens to the context later.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] (`SSL_new`).
    pub fn new(context: &Context, transport: Transport) -> Result<Self> {
        queue::clear();
        let method = context.method();
        let ssl = context.new_ssl()?;
        let wire = Wire::new(method.is_datagram(), Link::new(transport.descriptor()));
        // In memory there is just as much to read as the caller has put there.
        let pauses = !method.is_datagram() && !matches!(transport, Transport::Memory);
        // SAFETY: the `SSL` was just made; the call only reads.
        let mode = unsafe { ffi::SSL_get_verify_mode(ssl.as_ptr()) };
        // SAFETY: the `SSL` is only used through the engine from now on.
        let engine = unsafe { Engine::new(ssl, wire, pauses) }?;
        Ok(Self {
            engine,
            transport,
            datagrams: method.is_datagram(),
            may_be_asked: context.offers_post_handshake_auth(),
            context: Mutex::new(context.clone()),
            resumption: Resumption::new(mode, context.session_id()),
            sending: Turn::for_one(),
            queue: Mutex::new(Queue::new(method.is_datagram())),
            torn: AtomicBool::new(false),
            unsent: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            owed: AtomicU64::new(0),
            receiving: Turn::for_all(),
            retries: Mutex::new(Retries::default()),
            noted: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            gathering: AtomicBool::new(false),
            process: AtomicU32::new(fork::generation()),
            want: AtomicU8::new(Want::Nothing as u8),
        })
    }

    /// Whom to ask in the middle of an operation.
    pub fn set_delegate(&self, delegate: Arc<dyn Delegate>) {
        self.engine.enter().set_delegate(delegate);
    }

    /// Whether ciphertext is moved by the caller.
    #[must_use]
    pub fn is_memory(&self) -> bool {
        matches!(self.transport, Transport::Memory)
    }

    /// Works as a client from now on (`SSL_set_connect_state`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] inside a callback of the same connection.
    pub fn set_connect_state(&self) -> Result<()> {
        self.set_state(|ssl| {
            // SAFETY: the `SSL` is valid, and not in the middle of an operation.
            unsafe { ffi::SSL_set_connect_state(ssl) };
        })
    }

    /// Works as a server from now on (`SSL_set_accept_state`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] inside a callback of the same connection.
    pub fn set_accept_state(&self) -> Result<()> {
        self.set_state(|ssl| {
            // SAFETY: the `SSL` is valid, and not in the middle of an operation.
            unsafe { ffi::SSL_set_accept_state(ssl) };
        })
    }

    fn set_state(&self, set: impl FnOnce(*mut ffi::SSL)) -> Result<()> {
        let inner = self.engine.enter();
        inner.refuse_in_callback()?;
        Self::keep_what_is_known(&inner);
        set(inner.as_ptr());
        inner.state().begin_anew();
        Self::forget_unproven(&inner);
        self.name_sessions(&inner)
    }

    /// Shakes hands, or does what is left of it (`SSL_do_handshake`).
    ///
    /// # Errors
    /// [`Failure`].
    pub fn handshake(&self) -> Result<(), Failure> {
        self.noting(|| {
            self.drive(|inner| {
                inner.operate("SSL_do_handshake", |ssl| {
                    // SAFETY: the `SSL` is valid and its lock held.
                    match unsafe { ffi::SSL_do_handshake(ssl) } {
                        1 => Ok(()),
                        other => Err(other),
                    }
                })
            })?;
            match self.flush() {
                // A client may be gone before it read our session tickets; the handshake is done all the same, and
                // what it sent can still be read.
                Err(trouble) if trouble.is_gone() => Ok(()),
                other => other.map_err(|trouble| self.owe(trouble)),
            }
        })
    }

    /// Sends a close_notify alert, or looks for the peer's if ours was sent (`SSL_shutdown`).
    ///
    /// # Errors
    /// [`Failure`].
    pub fn shutdown(&self) -> Result<Shutdown, Failure> {
        self.noting(|| {
            if self.closing.load(Ordering::Acquire) {
                // The alert is encrypted already; all that is left is to send it.
                self.refuse_if_mine()?;
                self.flush().map_err(|trouble| failure_of(trouble, Want::Write))?;
                self.closing.store(false, Ordering::Release);
                let both = ffi::SSL_SENT_SHUTDOWN | ffi::SSL_RECEIVED_SHUTDOWN;
                return Ok(if self.shutdown_state() & both == both { Shutdown::Complete } else { Shutdown::Sent });
            }
            let state = self.drive(|inner| self.empty(inner).and_then(|()| close(inner)))?;
            let sent = self.flush();
            if sent.as_ref().is_err_and(|trouble| !matches!(trouble, Trouble::System(_))) {
                self.closing.store(true, Ordering::Release);
            }
            sent.map_err(|trouble| failure_of(trouble, Want::Write))?;
            Ok(state)
        })
    }

    /// Sends a close_notify alert as the last thing that is done with the connection. Unlike [`Connection::shutdown`]
    /// it waits neither for the peer nor for a transport that takes nothing now (one of the caller's own excepted).
    ///
    /// # Errors
    /// [`Failure`], as far as it is not about the transport.
    pub fn say_goodbye(&self) -> Result<(), Failure> {
        self.drive(|inner| {
            let ssl = inner.as_ptr();
            // SAFETY: the `SSL` is valid and its lock held.
            let (established, state) = unsafe { (ffi::SSL_is_init_finished(ssl) == 1, ffi::SSL_get_shutdown(ssl)) };
            if !established || state & ffi::SSL_SENT_SHUTDOWN != 0 {
                return Outcome::Done(());
            }
            // The first call for a connection only sends. What was gathered comes before; where that cannot be encrypted
            // now, the peer is not told that it has got everything.
            match self.empty(inner) {
                Outcome::Done(()) => close(inner).map(|_| ()),
                Outcome::WantRead | Outcome::WantWrite => Outcome::Done(()),
                failed => failed,
            }
        })?;
        self.flush_if_possible(self.is_custom())
    }
}

/// Sends a close_notify alert, or looks for the peer's.
fn close(inner: &Inner) -> Outcome<Shutdown> {
    inner.operate("SSL_shutdown", |ssl| {
        // SAFETY: the `SSL` is valid and its lock held.
        match unsafe { ffi::SSL_shutdown(ssl) } {
            0 => Ok(Shutdown::Sent),
            // A fatal alert of the peer's counts as its end, too, and is left in the queue.
            1 if queue::is_empty() => Ok(Shutdown::Complete),
            other => Err(other),
        }
    })
}
