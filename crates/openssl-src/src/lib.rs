//! Re-exports the builder of OpenSSL 4.0.3 under the name and version that `openssl-sys` asks for.
pub use openssl_4::*;
