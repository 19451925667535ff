//! How OpenSSL's questions reach Python callables.
//!
//! Lives here: finding the Python object that a question concerns, calling it, and turning what it returns or raises
//! into the core's terms. Must not live here: the callables themselves; the classes hold them, so that the garbage
//! collector sees them.

pub(crate) mod connection;
