//! `OpenSSL.SSL`: the constants, `Context`, `Connection` and `Session`.

pub(crate) mod callbacks;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod module;
pub(crate) mod session;

mod credentials;
mod descriptor;
mod dh_parameters;
mod npn;
mod transport;
mod verification_codes;
mod version;
