//! What the fuzz targets share: material to work with, and what to do with an object that was loaded.
//!
//! Each target gives what libFuzzer makes up to the safe crate `ironssl`, as a hostile file or peer would. Besides not
//! to crash, leak or hang, everything has to leave OpenSSL's error queue empty (`clean`), and what was read has to be
//! written and read again as the same.

pub mod conversation;
pub mod material;
pub mod objects;
pub mod wire;

/// Checks what holds between any two operations.
pub fn clean() {
    assert!(ironssl::queue::is_empty(), "something was left in the error queue");
}
