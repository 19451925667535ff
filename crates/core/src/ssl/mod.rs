//! TLS: contexts, connections and sessions (`libssl`).
//!
//! [`Context`] keeps what was asked of it and makes [`Connection`]s. A connection is an engine, which never waits, and
//! a [`Transport`](crate::transport::Transport).

mod alert;
mod alpn;
mod cipher;
mod connection;
mod context;
mod direct;
mod method;
mod retry;

pub(crate) mod delegate;
pub(crate) mod engine;
pub(crate) mod framing;
pub(crate) mod link;
pub(crate) mod session;
pub(crate) mod status;

pub mod constants;

pub use cipher::Cipher;
pub use connection::{Attempt, Connection, Hold, Later, Shutdown};
pub use context::{CERTIFICATE_DIRECTORIES, CERTIFICATE_FILES, Context, ContextId, Format, LibraryPaths, Question};
pub use delegate::{Delegate, ServerName};
pub use method::Method;
pub use session::{Judge, Session};
pub use status::Failure;

/// The most bytes of plaintext that one record holds (RFC 8446, 5.1).
pub const RECORD: usize = 16 * 1024;
