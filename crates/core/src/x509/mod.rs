//! X.509: certificates, requests, revocation lists, extensions, names, stores of trusted certificates, and the
//! verification of chains.

mod certificate;
mod crl;
mod entries;
mod extension;
mod name;
mod request;
pub(crate) mod signatures;
mod stack;
mod store;
mod verification;

pub(crate) use stack::{Stack, certificates, elements, retained};

pub use certificate::{Serial, X509};
pub use crl::{Reason, Revoked, X509Crl};
pub use extension::X509Extension;
pub use name::{Components, X509Name};
pub use request::X509Req;
pub use store::{StoreFlags, X509Store};
pub use verification::{Refusal, Verdict, error_text, verify};
