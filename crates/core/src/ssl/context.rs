//! A context: a recipe for connections, and the `SSL_CTX` made from it.
//!
//! An `SSL_CTX` that live connections share must not change under them. So a context keeps what was asked of it as a
//! list of settings (`setting`), each also applied to the current `SSL_CTX` at once, so that an error comes from the
//! call that caused it. The first change after a connection was made builds a fresh `SSL_CTX` by replaying the list;
//! connections that live keep theirs. The store of trusted certificates is shared by all of them: it has a lock of its
//! own, and certificates added to it count from then on. Ticket keys move on to the fresh `SSL_CTX`, unless the change
//! is one of trust: a session made under other rules of verification must not be resumed under the new ones.

use std::ffi::{c_int, c_long};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ironssl_sys as ffi;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use self::setting::Setting;
use super::Method;
use crate::check;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;
use crate::x509::X509Store;

mod files;
mod settings;
mod trust;

pub(crate) mod setting;

pub use files::Format;
pub use setting::Question;
pub use trust::{CERTIFICATE_DIRECTORIES, CERTIFICATE_FILES, LibraryPaths};

/// Seconds that a new session stays good for, unless the context says otherwise.
const DEFAULT_TIMEOUT: c_long = 300;

/// The length of the keys that session tickets are encrypted with: a name, an HMAC key and an AES key.
const TICKET_KEYS: usize = 80;

/// Which context something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContextId(u64);

impl ContextId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A recipe for connections: certificates, keys, trust, protocol versions, ciphers, sessions.
///
/// It can be changed at any time, from any thread; a connection has what was asked before it was made. Clones are the
/// same context; [`Context::copy`] makes another one.
///
/// ```
/// use ironssl::ssl::{Context, Method};
///
/// let context = Context::new(Method::TLS)?;
/// context.set_cipher_list(b"ECDHE+AESGCM")?;
/// assert!(context.set_cipher_list(b"no such cipher").is_err());
/// assert_eq!(context.timeout(), 300);
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    id: ContextId,
    method: Method,
    state: Mutex<State>,
}

struct State {
    ctx: Handle<ffi::SSL_CTX>,
    /// What was asked, in the order in which it has to be replayed.
    recipe: Vec<Setting>,
    /// Whether a connection shares `ctx`.
    used: bool,
    /// The security level, which `@SECLEVEL` in a list of ciphers changes for good.
    level: c_int,
}

impl State {
    /// Of an `SSL_CTX` that no connection shares.
    fn new(ctx: Handle<ffi::SSL_CTX>, recipe: Vec<Setting>) -> Self {
        let level = security_level(&ctx);
        Self { ctx, recipe, used: false, level }
    }
}

impl Context {
    /// A context with the library's defaults (`SSL_CTX_new`), but for: sessions time out after 300 s, a write may be
    /// partial and may be repeated from another buffer.
    ///
    /// # Errors
    /// [`Error::OpenSsl`](crate::Error::OpenSsl).
    pub fn new(method: Method) -> Result<Self> {
        let ctx = new_ctx(method)?;
        // SAFETY: the `SSL_CTX` and its store are valid and ours alone.
        unsafe { X509Store::add_lookups(ffi::SSL_CTX_get_cert_store(ctx.as_ptr()))? };
        let state = State::new(ctx, Vec::new());
        Ok(Self(Arc::new(Shared { id: ContextId::next(), method, state: Mutex::new(state) })))
    }

    /// Another context with the same recipe, and the same store of trusted certificates.
    ///
    /// # Errors
    /// [`Error::OpenSsl`](crate::Error::OpenSsl).
    pub fn copy(&self) -> Result<Self> {
        let state = self.0.state.lock();
        let ctx = replay(self.0.method, &state, false)?;
        let state = State::new(ctx, state.recipe.clone());
        Ok(Self(Arc::new(Shared { id: ContextId::next(), method: self.0.method, state: Mutex::new(state) })))
    }

    /// Which context it is; the same for its clones only.
    #[must_use]
    pub fn id(&self) -> ContextId {
        self.0.id
    }

    /// The protocol it speaks.
    #[must_use]
    pub fn method(&self) -> Method {
        self.0.method
    }

    /// A new `SSL`, which shares the current `SSL_CTX` from now on.
    pub(crate) fn new_ssl(&self) -> Result<Handle<ffi::SSL>> {
        let mut state = self.0.state.lock();
        // SAFETY: the `SSL_CTX` is valid; the `SSL` is ours.
        let ssl = unsafe { check::owned(ffi::SSL_new(state.ctx.as_ptr()), "SSL_new") }?;
        state.used = true;
        Ok(ssl)
    }

    /// The current `SSL_CTX`, which a connection will share from now on.
    pub(crate) fn use_handle(&self) -> Handle<ffi::SSL_CTX> {
        let mut state = self.0.state.lock();
        state.used = true;
        state.ctx.clone()
    }

    /// Applies a setting, and keeps it if it is accepted.
    fn set(&self, setting: Setting) -> Result<()> {
        let mut state = self.0.state.lock();
        if state.used {
            let fresh = replay(self.0.method, &state, !setting.changes_trust())?;
            setting.apply(fresh.as_ptr())?;
            state.ctx = fresh;
            state.used = false;
        } else if let Err(error) = setting.apply(state.ctx.as_ptr()) {
            // What OpenSSL refuses may still have undone what was set before.
            if let Ok(fresh) = replay(self.0.method, &state, true) {
                state.ctx = fresh;
            }
            return Err(error);
        }
        state.level = security_level(&state.ctx);
        state.recipe.retain(|earlier| !setting.replaces(earlier));
        state.recipe.push(setting);
        Ok(())
    }

    /// Looks at the current `SSL_CTX`.
    fn look<T>(&self, look: impl FnOnce(*mut ffi::SSL_CTX) -> T) -> T {
        look(self.0.state.lock().ctx.as_ptr())
    }
}

/// A new `SSL_CTX` with our defaults.
fn new_ctx(method: Method) -> Result<Handle<ffi::SSL_CTX>> {
    queue::clear();
    // SAFETY: the method is one of the library's.
    let ctx = unsafe { check::owned(ffi::SSL_CTX_new(method.as_ptr()), "SSL_CTX_new") }?;
    let mode = ffi::SSL_MODE_ENABLE_PARTIAL_WRITE | ffi::SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | ffi::SSL_MODE_AUTO_RETRY;
    // SAFETY: the `SSL_CTX` is valid and ours alone.
    unsafe {
        ffi::SSL_CTX_ctrl(ctx.as_ptr(), ffi::SSL_CTRL_MODE, mode, std::ptr::null_mut());
        ffi::SSL_CTX_set_timeout(ctx.as_ptr(), DEFAULT_TIMEOUT);
    }
    if let Some(version) = method.version() {
        set_version(ctx.as_ptr(), ffi::SSL_CTRL_SET_MIN_PROTO_VERSION, version)?;
        set_version(ctx.as_ptr(), ffi::SSL_CTRL_SET_MAX_PROTO_VERSION, version)?;
    }
    Ok(ctx)
}

/// Sets the lowest or the highest protocol version.
fn set_version(ctx: *mut ffi::SSL_CTX, control: c_int, version: c_int) -> Result<()> {
    queue::clear();
    // SAFETY: the callers pass a valid `SSL_CTX` that no connection shares.
    let set = unsafe { ffi::SSL_CTX_ctrl(ctx, control, c_long::from(version), std::ptr::null_mut()) };
    let minimum = control == ffi::SSL_CTRL_SET_MIN_PROTO_VERSION;
    let function = if minimum { "SSL_CTX_set_min_proto_version" } else { "SSL_CTX_set_max_proto_version" };
    check::one_long(set, function)
}

/// The security level of an `SSL_CTX` that no connection shares.
fn security_level(ctx: &Handle<ffi::SSL_CTX>) -> c_int {
    // SAFETY: the `SSL_CTX` is valid; the call only reads.
    unsafe { ffi::SSL_CTX_get_security_level(ctx.as_ptr()) }
}

/// A fresh `SSL_CTX` made from the recipe of `state`, with its store.
fn replay(method: Method, state: &State, keep_tickets: bool) -> Result<Handle<ffi::SSL_CTX>> {
    let fresh = new_ctx(method)?;
    // SAFETY: both are valid; the fresh one takes a reference of its own to the store, which has its own lock.
    unsafe { ffi::SSL_CTX_set1_cert_store(fresh.as_ptr(), ffi::SSL_CTX_get_cert_store(state.ctx.as_ptr())) };
    if keep_tickets {
        move_ticket_keys(state.ctx.as_ptr(), fresh.as_ptr())?;
    }
    // What was accepted once is not judged anew: the level may have risen since (`@SECLEVEL` of a list of ciphers).
    for setting in &state.recipe {
        // SAFETY: the `SSL_CTX` is valid and ours alone.
        unsafe { ffi::SSL_CTX_set_security_level(fresh.as_ptr(), 0) };
        setting.apply(fresh.as_ptr())?;
    }
    // SAFETY: as above.
    unsafe { ffi::SSL_CTX_set_security_level(fresh.as_ptr(), state.level) };
    Ok(fresh)
}

/// Gives the ticket keys of one `SSL_CTX` to another.
fn move_ticket_keys(from: *mut ffi::SSL_CTX, to: *mut ffi::SSL_CTX) -> Result<()> {
    let mut keys = Zeroizing::new([0_u8; TICKET_KEYS]);
    let place = keys.as_mut_ptr().cast();
    let length = check::long_len(TICKET_KEYS)?;
    queue::clear();
    // SAFETY: both are valid, and the keys are as long as these calls want them (`SSL_CTX_get_tlsext_ticket_keys`).
    unsafe {
        check::one_long(
            ffi::SSL_CTX_ctrl(from, ffi::SSL_CTRL_GET_TLSEXT_TICKET_KEYS, length, place),
            "get_ticket_keys",
        )?;
        check::one_long(ffi::SSL_CTX_ctrl(to, ffi::SSL_CTRL_SET_TLSEXT_TICKET_KEYS, length, place), "set_ticket_keys")
    }
}
