//! `OpenSSL.crypto`: one file a class, and one for each of load, dump and sign.

use pyo3::prelude::*;

use crate::exceptions;

pub(crate) mod module;

pub(crate) mod crl;
pub(crate) mod elliptic_curve;
pub(crate) mod file_type;
pub(crate) mod netscape_spki;
pub(crate) mod passphrase;
pub(crate) mod pkcs12;
pub(crate) mod pkcs7;
pub(crate) mod pkey;
pub(crate) mod revoked;
pub(crate) mod x509;
pub(crate) mod x509_extension;
pub(crate) mod x509_name;
pub(crate) mod x509_req;
pub(crate) mod x509_store;
pub(crate) mod x509_store_context;
pub(crate) mod x509_store_flags;

pub(crate) mod cryptography;

mod dump;
mod load;
mod pem_bundle;
mod sign;

pub(crate) use crl::Crl;
pub(crate) use elliptic_curve::EllipticCurve;
pub(crate) use pkey::PKey;
pub(crate) use x509::X509;
pub(crate) use x509_extension::X509Extension;
pub(crate) use x509_name::X509Name;
pub(crate) use x509_req::X509Req;
pub(crate) use x509_store::X509Store;

/// `crypto.Error` where the refusal is ours and not OpenSSL's, in the same form.
pub(crate) fn refusal(function: &str, reason: &str) -> PyErr {
    exceptions::crypto::Error::new_err((vec![("ironssl".to_owned(), function.to_owned(), reason.to_owned())],))
}
