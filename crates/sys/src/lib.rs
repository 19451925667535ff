//! Declarations of the OpenSSL C library: everything of `openssl-sys`, and what it lacks.
//!
//! One module a C header, declarations only, no logic. The crate `ironssl-sys-headers` beside this one compares each
//! of them with the C headers (`cargo test -p ironssl-sys-headers`). Items that a library of the supported range
//! (OpenSSL 3.0 and newer) lacks stand behind `cfg(ossl_X_Y)`.

#![allow(non_camel_case_types, non_snake_case)]
#![allow(missing_docs, reason = "the names are those of the C headers, documented in OpenSSL's man3")]
#![deny(ambiguous_glob_reexports, reason = "what openssl-sys declares is not declared here again")]
#![allow(unused_imports, unreachable_pub, reason = "a header of which nothing is missing has an empty module")]

pub use openssl_sys::*;

mod asn1;
mod bio;
mod crypto;
mod ec;
mod err;
mod evp;
mod objects;
mod pem;
mod pkcs12;
mod pkcs12err;
mod proverr;
mod ssl;
mod x509;
mod x509_vfy;
mod x509v3;

pub use asn1::*;
pub use bio::*;
pub use crypto::*;
pub use ec::*;
pub use err::*;
pub use evp::*;
pub use objects::*;
pub use pem::*;
pub use pkcs12::*;
pub use pkcs12err::*;
pub use proverr::*;
pub use ssl::*;
pub use x509::*;
pub use x509_vfy::*;
pub use x509v3::*;
