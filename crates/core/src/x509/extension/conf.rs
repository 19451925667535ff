//! Extensions from text, in the syntax of OpenSSL's configuration files (x509v3_config(5)).
//!
//! In such a file a value may name other places: a section (`@name`, `dirName:name`, `SEQUENCE:name`, `policies`), or,
//! in `proxyCertInfo`, a file. Here nothing is named that the caller did not give: sections are looked up in a database
//! that is empty, so that OpenSSL finds none, and `proxyCertInfo` is refused before OpenSSL sees the value. That is the
//! only place where it would read a file (`crypto/x509/v3_pci.c`). Nor does a value change the certificate that it looks
//! at: `email:move`, which OpenSSL 3 has and OpenSSL 4 has not, is refused as well.

use std::mem::MaybeUninit;
use std::ptr;

use ironssl_sys as ffi;

use super::X509Extension;
use crate::check;
use crate::error::{Entry, Error, ErrorStack, Result};
use crate::queue;
use crate::terminated;
use crate::x509::X509;

impl X509Extension {
    /// The extension called `name` with the value that `value` describes (`X509V3_EXT_nconf`).
    ///
    /// Some values are taken from a certificate: the key identifier of `subject` for `hash`, that of `issuer` for
    /// `keyid`, the e-mail addresses of the subject for `email:copy`.
    ///
    /// # Errors
    /// [`Error::Value`] for a NUL or a line break in `name` or `value`; [`Error::OpenSsl`] for a name that OpenSSL does
    /// not know, a value it does not understand, one that names a section or a file, or a missing certificate.
    pub fn from_text(
        name: &str,
        critical: bool,
        value: &str,
        subject: Option<&X509>,
        issuer: Option<&X509>,
    ) -> Result<Self> {
        queue::clear();
        if value.contains(['\r', '\n']) {
            // OpenSSL would ignore what follows.
            return Err(Error::value("the value of an extension must be one line"));
        }
        // Only at the very start: after a space OpenSSL would read it as one more name of a list.
        let encoded = value.starts_with("DER:") || value.starts_with("ASN1:");
        if name == "proxyCertInfo" && !encoded {
            return Err(refused("proxyCertInfo needs a configuration, and may name a file in it"));
        }
        if entries(value).any(|(name, value)| name.starts_with("email") && value == "move") {
            return Err(refused("email:move is not supported: it would change the subject"));
        }
        let value = if critical { format!("critical,{value}") } else { value.to_owned() };
        let (name, value) = (terminated::text(name, "the name")?, terminated::text(value, "the value")?);
        // SAFETY: null asks for the default kind; nothing is loaded into it.
        let sections = unsafe { check::owned(ffi::NCONF_new(ptr::null_mut()), "NCONF_new")? };
        let mut context = MaybeUninit::<ffi::X509V3_CTX>::zeroed();
        X509::with_pointers(subject, issuer, |subject, issuer| {
            let (context, none) = (context.as_mut_ptr(), ptr::null_mut());
            // SAFETY: the context may be written; the certificates are null, or valid and locked.
            unsafe { ffi::X509V3_set_ctx(context, issuer, subject, none, ptr::null_mut(), 0) };
            // SAFETY: both are valid, and the database outlives the context.
            unsafe { ffi::X509V3_set_nconf(context, sections.as_ptr()) };
            // SAFETY: all are valid, and the strings terminated. OpenSSL changes neither
            // certificate.
            let made = unsafe { ffi::X509V3_EXT_nconf(sections.as_ptr(), context, name.as_ptr(), value.as_ptr()) };
            // SAFETY: null, or a new extension that is ours.
            let made = unsafe { check::owned(made, "X509V3_EXT_nconf")? };
            queue::clear();
            Ok(Self::from_handle(made))
        })
    }
}

/// A refusal of ours, as OpenSSL would say it.
fn refused(reason: &str) -> Error {
    let entry = Entry::new(0, "ironssl".to_owned(), reason.to_owned(), String::new());
    Error::OpenSsl(ErrorStack::new(vec![entry]))
}

/// The names and values of a list such as `name:value, name:value`, as OpenSSL takes it apart (`X509V3_parse_list`).
fn entries(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let space = |at: char| matches!(at, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let pairs = list.split(',').filter_map(|entry| entry.split_once(':'));
    pairs.map(move |(name, value)| (name.trim_matches(space), value.trim_matches(space)))
}
