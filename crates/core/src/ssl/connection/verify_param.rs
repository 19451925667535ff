//! Whose certificate a connection accepts: the host or the address that it has to be for.
//!
//! OpenSSL compares them with the peer's certificate after it has verified the chain. What it refuses as a name leaves
//! the earlier one in force: a caller that goes on after the error is not left with no name at all.

use std::ffi::{CStr, c_int};
use std::net::IpAddr;
use std::ptr;

use ironssl_sys as ffi;

use super::Connection;
use crate::check;
use crate::error::{Error, Result};
use crate::queue;

impl Connection {
    /// Accepts a certificate only if it is for this host, a DNS name in ASCII; none for any
    /// (`X509_VERIFY_PARAM_set1_host`). A session that is resumed is not looked at again.
    ///
    /// # Errors
    /// [`Error::Value`] for what is no host name; the earlier one stays in force.
    pub fn set_verify_host(&self, host: Option<&[u8]>) -> Result<()> {
        let wrong = || Error::value("this is no host name");
        // OpenSSL takes an empty name for none, a NUL at the end for a terminator, and before 4.0 an asterisk as well.
        if host.is_some_and(|host| host.is_empty() || host.contains(&0) || host.contains(&b'*')) {
            return Err(wrong());
        }
        let (start, length) = host.map_or((ptr::null(), 0), |host| (host.as_ptr(), host.len()));
        // SAFETY: the parameters are valid, and `start` is null, which stands for no name, or as long as is said; the
        // name is copied.
        let set = |param| unsafe { ffi::X509_VERIFY_PARAM_set1_host(param, start.cast(), length) };
        self.try_and_set(set, "X509_VERIFY_PARAM_set1_host").map_err(|_| wrong())
    }

    /// The host that the peer's certificate has to be for, if any (`X509_VERIFY_PARAM_get0_host`).
    #[must_use]
    pub fn verify_host(&self) -> Option<String> {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held; its parameters live as long, and so does the name.
        let host = unsafe { ffi::X509_VERIFY_PARAM_get0_host(ffi::SSL_get0_param(inner.as_ptr()), 0) };
        // SAFETY: not null, and terminated by OpenSSL.
        (!host.is_null()).then(|| unsafe { CStr::from_ptr(host) }.to_string_lossy().into_owned())
    }

    /// Accepts a certificate only if it is for this address; none for any (`X509_VERIFY_PARAM_set1_ip`). A session that
    /// is resumed is not looked at again.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where OpenSSL has no memory.
    pub fn set_verify_ip(&self, address: Option<IpAddr>) -> Result<()> {
        let bytes = match address {
            None => Vec::new(),
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
        };
        let start = if bytes.is_empty() { ptr::null() } else { bytes.as_ptr() };
        // SAFETY: the parameters are valid, and `start` is null, which stands for no address, or as long as is said; the
        // address is copied.
        let set = |param| unsafe { ffi::X509_VERIFY_PARAM_set1_ip(param, start, bytes.len()) };
        self.try_and_set(set, "X509_VERIFY_PARAM_set1_ip")
    }

    /// How names in certificates are compared with that of [`Connection::set_verify_host`]: `X509_CHECK_FLAG_*`, 0 at
    /// first (`X509_VERIFY_PARAM_set_hostflags`).
    pub fn set_verify_host_flags(&self, flags: u32) {
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held, and its parameters live as long; any number is allowed.
        unsafe { ffi::X509_VERIFY_PARAM_set_hostflags(ffi::SSL_get0_param(inner.as_ptr()), flags) }
    }

    /// Calls `set` with parameters that nobody uses, and, if it takes them, with those of the connection.
    fn try_and_set(&self, set: impl Fn(*mut ffi::X509_VERIFY_PARAM) -> c_int, call: &'static str) -> Result<()> {
        queue::clear();
        // SAFETY: no preconditions; the parameters are ours.
        let trial = unsafe { check::owned(ffi::X509_VERIFY_PARAM_new(), "X509_VERIFY_PARAM_new") }?;
        check::one(set(trial.as_ptr()), call)?;
        let inner = self.engine.enter();
        // SAFETY: the `SSL` is valid and its lock held, and its parameters live as long.
        check::one(set(unsafe { ffi::SSL_get0_param(inner.as_ptr()) }), call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssl::{Context, Method};
    use crate::transport::Transport;

    #[test]
    fn names_that_are_none() {
        let connection = Connection::new(&Context::new(Method::TLS).unwrap(), Transport::Memory).unwrap();
        connection.set_verify_host(Some(b"example.org")).unwrap();
        for name in [&b""[..], b"\0", b"a\0b", b"example.com\0", b"*.example.com"] {
            assert!(matches!(connection.set_verify_host(Some(name)), Err(Error::Value(_))), "{name:?}");
            assert_eq!(connection.verify_host().as_deref(), Some("example.org"));
            assert!(queue::is_empty());
        }
        connection.set_verify_host(None).unwrap();
        assert_eq!(connection.verify_host(), None);
    }
}
