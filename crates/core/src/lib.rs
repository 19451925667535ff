//! Safe, owned types over the OpenSSL C library.
//!
//! Lives here: everything that touches C, and so all `unsafe` code of the project. Must not live here: Python, or any
//! other caller's types; what a caller brings (callbacks, transports) comes in through traits.
//!
//! - [`ssl`]: TLS and DTLS: contexts, connections, sessions. [`transport`]: what a connection sends and receives with.
//! - [`x509`]: certificates, requests, revocation lists, names, extensions, stores, the verification of chains.
//! - [`pkey`], [`curve`], [`dh`], [`digest`], [`rand`]: keys, and what they are made with.
//! - [`pem`], [`pkcs7`], [`pkcs12`], [`spki`]: what is in files. [`asn1`]: the values in that.
//! - [`error`], [`queue`]: what went wrong. [`version`], [`allocator`]: the library that is linked.
//!
//! A new [`ssl::Context`] verifies nobody: [`ssl::Context::set_verify_mode`] says that its connections do. Nor does a
//! connection then compare the certificate with a name, before [`ssl::Connection::set_verify_host`] says with which.
//!
//! Which OpenSSL is built in is for the workspace of the program to say: `openssl-sys` asks for OpenSSL 3. For OpenSSL
//! 4.0.3 put this into that workspace's `Cargo.toml`, and call `cargo update` where there is a `Cargo.lock` already:
//!
//! ```toml
//! [patch.crates-io]
//! openssl-src = { path = "../ironssl/crates/openssl-src" }
//! ```

pub mod allocator;
pub mod asn1;
pub mod curve;
pub mod dh;
pub mod digest;
pub mod error;
pub mod pem;
pub mod pkcs12;
pub mod pkcs7;
pub mod pkey;
#[cfg(feature = "python")]
#[doc(hidden)]
pub mod python;
pub mod queue;
pub mod rand;
pub mod spki;
pub mod ssl;
pub mod transport;
pub mod version;
pub mod x509;

mod bio;
mod bio_memory;
mod callback;
mod check;
mod chunk;
mod encoding;
mod file;
mod handle;
mod legacy;
mod terminated;
mod wire;

pub use callback::fork::generation as fork_generation;
pub use error::{Entry, Error, ErrorStack, Parked, Result};
pub use wire::Lent;
