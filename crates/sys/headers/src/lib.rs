//! Checks the declarations of `ironssl-sys` against the C headers: `cargo test --release -p ironssl-sys-headers`.
//!
//! The crate holds nothing of its own. Its build script does the work in two halves: the C compiler compares the
//! signature of each function with the header's (a mismatch fails the build), and the crate `ctest` writes a test
//! that compares constants, structures, type aliases and addresses (a mismatch fails the test).
