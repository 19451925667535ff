//! Connections as a Rust program sees them: in memory, over sockets and pipes, from several threads.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod contexts;
mod custom;
mod exchange;
mod memory;
mod sockets;
mod support;
mod threads;
