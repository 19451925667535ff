//! `OpenSSL.SSL.Connection`: the class. Its methods are in files by topic.
//!
//! Rule for all of them: nobody waits for the lock of a connection while he holds the GIL. A thread that has the lock
//! may be in a callback, and want the GIL. Short looks go through `held`, operations through `driven`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ironssl::ssl::{Connection as Core, Failure};
use ironssl::transport::Transport;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::callback::connection::PyDelegate;
use crate::error::{OrRaise, Ssl, failure_to_py};
use crate::gc::Slot;
use crate::ssl::callbacks::{Callback, Callbacks};
use crate::ssl::context::Context;
use crate::ssl::transport;

mod closing;
mod cork;
mod credentials;
mod data;
mod delegation;
mod dtls;
mod exchange;
mod extensions;
mod files;
mod handshake;
mod info;
mod keying;
mod memory;
mod private;
mod sessions;
mod socket;
mod verify_param;

pub(crate) use extensions::protocols;

/// A TLS connection over a socket, through any other object that bytes can be read from and written to, or in memory.
///
/// Connection(context, socket=None, writer=None): without a socket the ciphertext is moved by `bio_read` and
/// `bio_write`. Else it goes through socket, both ways, or is read from socket and written to writer. Each can be
///
/// - a socket, a pipe, a file, any object whose fileno() method gives a descriptor, or the number of one. The descriptor
///   is used, and no method called. (What the buffer of a file to be written holds is flushed before; what that of a
///   file to be read holds is not seen. An object whose descriptor is not where its data goes hides it by a fileno that
///   is None, or raises io.UnsupportedOperation.)
/// - an object without one, or a TLS connection (a Connection, an ssl.SSLSocket): its methods are called, to read
///   recv(n), recv_into(buffer), read(n), readinto(buffer) or read1(n), whichever is there first; to write send(data) or
///   write(data), and flush() where there is one, after all has been written. They may move a part only. b"" is the end
///   of the stream, ZeroReturnError too. BlockingIOError, None (but not from send) and a count of 0 written mean "not
///   now": WantReadError or WantWriteError is raised then; those two, if the object raises them, come out as they are.
///   So does any other exception; the call can be repeated after it, and nothing is lost or sent twice.
///   With DTLS each call moves one datagram, and b"" is an empty one, after which WantReadError is raised. To read
///   should not wait for ever there: what is lost is sent again between two calls.
///
/// Attributes that the class does not have are those of the socket; with a writer those of the socket, or else of the
/// writer. There, close() closes both. Others concern one of the two: fileno, settimeout, setblocking, `sock_shutdown`
/// are those of the socket that is read; what the writer needs is to be set on the writer.
///
/// Call `set_connect_state` or `set_accept_state` (or `connect`, `accept`) before the first use. Any number of threads
/// may use one Connection at the same time: one may wait in `recv` while others send. A transport's own methods must
/// not use the Connection that they work for: Error is raised there.
///
/// As a context manager it says goodbye at the end (a close_notify alert, if it can be sent without waiting) and closes
/// the socket.
///
/// Raises TypeError for a context that is none, and for a socket or a writer that is none of the above. (SSL_new)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.SSL")]
#[derive(Default)]
pub(crate) struct Connection {
    core: OnceLock<Core>,
    context: Slot<Context>,
    /// The transport, or that for reading where there are two.
    socket: Slot,
    /// The transport for writing where there are two.
    writer: Slot,
    app_data: Slot,
    callbacks: Slot<Callbacks>,
    /// Whether `set_info_callback` was called here, and not on the Context.
    own_info: AtomicBool,
    /// What the server name callback raised: the cause of the error that is raised next.
    cause: Slot,
}

impl Connection {
    /// The connection.
    pub(crate) fn core(&self) -> PyResult<&Core> {
        self.core.get().ok_or_else(|| PyTypeError::new_err("Connection.__init__() has not been called"))
    }

    /// A callable of the connection, or an object that goes with one, if there is one.
    pub(crate) fn callback(&self, py: Python<'_>, which: Callback) -> Option<Py<PyAny>> {
        self.callbacks.callable(py, which)
    }

    /// Keeps what a callback raised as the cause of the error that the running operation ends with.
    pub(crate) fn keep_cause(&self, py: Python<'_>, error: PyErr) {
        self.cause.set(Some(error.into_value(py).into_any()));
    }

    /// The exception for an operation that did not complete.
    fn exception(&self, py: Python<'_>, failure: Failure) -> PyErr {
        let error = failure_to_py(py, failure);
        if let Some(cause) = self.cause.take() {
            error.set_cause(py, Some(PyErr::from_value(cause.into_bound(py))));
        }
        error
    }

    /// Lets the connection ask this object.
    fn be_asked(slf: &Bound<'_, Self>) -> PyResult<()> {
        let delegate = Arc::new(PyDelegate::new(slf)?);
        slf.get().held(slf.py(), |core| core.set_delegate(delegate))
    }

    /// A short look at the connection, from a thread that holds the GIL.
    fn held<T: Send>(&self, py: Python<'_>, look: impl FnOnce(&Core) -> T + Send) -> PyResult<T> {
        let core = self.core()?;
        Ok(match core.try_hold() {
            Some(_hold) => look(core),
            None => py.detach(|| look(core)),
        })
    }

    /// An operation that may wait, without the GIL. A signal that comes first is handled, and the operation goes on.
    fn driven<T: Send>(
        &self,
        py: Python<'_>,
        mut operation: impl FnMut(&Core) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let core = self.core()?;
        loop {
            match py.detach(|| operation(core)) {
                Ok(value) => return Ok(value),
                Err(Failure::Interrupted) => py.check_signals()?,
                Err(failure) => return Err(self.exception(py, failure)),
            }
        }
    }

    /// Makes the connection of a new object.
    fn start(
        slf: &Bound<'_, Self>,
        context: &Bound<'_, Context>,
        socket: Option<&Bound<'_, PyAny>>,
        writer: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let this = slf.get();
        Self::note_delegation(slf.py(), socket.is_some())?;
        let recipe = context.get().core()?;
        let transport = match socket {
            None if writer.is_some() => {
                return Err(PyTypeError::new_err("a writer needs a reader: Connection(context, reader, writer)"));
            }
            None => Transport::Memory,
            Some(socket) => transport::new(slf, recipe.method(), socket, writer)?,
        };
        let core = Core::new(recipe, transport).or_raise::<Ssl>()?;
        let callbacks = context.get().callbacks.get(slf.py());
        if let Some(callbacks) = &callbacks {
            core.set_delegate(Arc::new(PyDelegate::new(slf)?));
            if let Some(judge) = callbacks.get().judge() {
                core.judge_as_usual(judge);
            }
        }
        // First what can fail: a second call changes nothing.
        this.core.set(core).map_err(|_| PyValueError::new_err("Connection.__init__() was called twice"))?;
        this.callbacks.set(callbacks);
        this.context.set(Some(context.clone().unbind()));
        this.socket.set(socket.map(|socket| socket.clone().unbind()));
        this.writer.set(writer.map(|writer| writer.clone().unbind()));
        Ok(())
    }
}

#[pymethods]
impl Connection {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(context, socket=None, writer=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    #[pyo3(signature = (context, socket = None, writer = None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        context: &Bound<'_, PyAny>,
        socket: Option<&Bound<'_, PyAny>>,
        writer: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let context =
            context.cast::<Context>().map_err(|_| PyTypeError::new_err("context must be a Context instance"))?;
        Self::start(slf, context, socket, writer)
    }

    /// The Context that the connection was made with, or was given later. (SSL_get_SSL_CTX)
    fn get_context(&self, py: Python<'_>) -> PyResult<Py<Context>> {
        self.core()?;
        self.context.get(py).ok_or_else(|| PyTypeError::new_err("Connection.__init__() has not been called"))
    }

    /// Work with another Context from now on: its certificate and key. A server does so in the middle of a handshake
    /// when it has learnt which name its client wants. From then on the callbacks are those of the other Context, but
    /// for that of `set_verify`. The peer is verified in the mode of before, by the certificates that the other Context
    /// trusts.
    ///
    /// Raises TypeError for anything but a Context; Error where it comes too late, as the certificate may be in use: in
    /// any other callback than those of `Context.set_tlsext_servername_callback` and, with TLS 1.3,
    /// `Context.set_alpn_select_callback`, and between the messages of a handshake. (SSL_set_SSL_CTX)
    fn set_context(slf: &Bound<'_, Self>, context: &Bound<'_, PyAny>) -> PyResult<()> {
        let context =
            context.cast::<Context>().map_err(|_| PyTypeError::new_err("context must be a Context instance"))?;
        let (this, py) = (slf.get(), slf.py());
        let core = context.get().core()?;
        this.held(py, |connection| connection.set_context(core))?.or_raise::<Ssl>()?;
        this.context.set(Some(context.clone().unbind()));
        // OpenSSL asks about what the new Context has callbacks for, and verifies as before.
        let verify = this.callback(py, Callback::Verify);
        let mut kept = vec![(Callback::Verify, verify.as_ref().map(|callback| callback.bind(py)))];
        let info = this.callback(py, Callback::Info);
        if this.own_info.load(Ordering::Relaxed) {
            kept.push((Callback::Info, info.as_ref().map(|callback| callback.bind(py))));
        }
        this.callbacks.set(context.get().callbacks.get(py));
        this.callbacks.change(py, &kept)?;
        Self::be_asked(slf)
    }

    /// Keep any object with this Connection; `get_app_data` returns it.
    fn set_app_data(&self, data: Py<PyAny>) {
        self.app_data.set(Some(data));
    }

    /// The object given to `set_app_data`, or None.
    fn get_app_data(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.app_data.get(py)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(crate::argument::not_picklable(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.context.visit(&visit)?;
        self.socket.visit(&visit)?;
        self.writer.visit(&visit)?;
        self.app_data.visit(&visit)?;
        self.callbacks.visit(&visit)?;
        self.cause.visit(&visit)
    }

    fn __clear__(&self) {
        // The context stays: what is left of the object may still be asked for it, and it is part of no cycle but
        // through its own callables, which it clears itself.
        self.socket.clear();
        self.writer.clear();
        self.app_data.clear();
        self.callbacks.clear();
        self.cause.clear();
    }
}
