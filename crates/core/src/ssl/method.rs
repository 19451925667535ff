//! The protocol that a context speaks: the numbered methods of `Context(method)`.

use std::ffi::c_int;

use ironssl_sys as ffi;

use crate::error::{Error, Result};

/// Which side a method may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Either,
    Server,
    Client,
}

/// A protocol, or a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    datagrams: bool,
    side: Side,
    /// The one version to speak, or none for all that the library allows.
    version: Option<c_int>,
}

impl Method {
    /// TLS, the best version that both sides have (`TLS_method`).
    pub const TLS: Self = Self { datagrams: false, side: Side::Either, version: None };
    /// TLS for servers only (`TLS_server_method`).
    pub const TLS_SERVER: Self = Self { datagrams: false, side: Side::Server, version: None };
    /// TLS for clients only (`TLS_client_method`).
    pub const TLS_CLIENT: Self = Self { datagrams: false, side: Side::Client, version: None };
    /// DTLS, the best version that both sides have (`DTLS_method`).
    pub const DTLS: Self = Self { datagrams: true, side: Side::Either, version: None };
    /// DTLS for servers only (`DTLS_server_method`).
    pub const DTLS_SERVER: Self = Self { datagrams: true, side: Side::Server, version: None };
    /// DTLS for clients only (`DTLS_client_method`).
    pub const DTLS_CLIENT: Self = Self { datagrams: true, side: Side::Client, version: None };
    /// TLS 1.0 alone.
    pub const TLS_1_0: Self = Self { version: Some(ffi::TLS1_VERSION), ..Self::TLS };
    /// TLS 1.1 alone.
    pub const TLS_1_1: Self = Self { version: Some(ffi::TLS1_1_VERSION), ..Self::TLS };
    /// TLS 1.2 alone.
    pub const TLS_1_2: Self = Self { version: Some(ffi::TLS1_2_VERSION), ..Self::TLS };

    /// The method with the number that the Python package gives it (`SSL.TLS_METHOD` is 7, and so on).
    ///
    /// # Errors
    /// [`Error::Value`], naming the protocol where no supported library has it any more.
    pub fn from_number(number: i64) -> Result<Self> {
        Ok(match number {
            1 => return Err(Error::value("No such protocol: no supported OpenSSL has SSLv2")),
            2 => return Err(Error::value("No such protocol: the linked OpenSSL has no SSLv3")),
            3 | 7 => Self::TLS,
            4 => Self::TLS_1_0,
            5 => Self::TLS_1_1,
            6 => Self::TLS_1_2,
            8 => Self::TLS_SERVER,
            9 => Self::TLS_CLIENT,
            10 => Self::DTLS,
            11 => Self::DTLS_SERVER,
            12 => Self::DTLS_CLIENT,
            _ => return Err(Error::value("No such protocol")),
        })
    }

    /// Whether it speaks over datagrams.
    #[must_use]
    pub fn is_datagram(self) -> bool {
        self.datagrams
    }

    /// The one version to speak, if there is one.
    pub(crate) fn version(self) -> Option<c_int> {
        self.version
    }

    /// The C method.
    pub(crate) fn as_ptr(self) -> *const ffi::SSL_METHOD {
        // SAFETY: no preconditions; the functions return tables that live as long as the library.
        unsafe {
            match (self.datagrams, self.side) {
                (false, Side::Either) => ffi::TLS_method(),
                (false, Side::Server) => ffi::TLS_server_method(),
                (false, Side::Client) => ffi::TLS_client_method(),
                (true, Side::Either) => ffi::DTLS_method(),
                (true, Side::Server) => ffi::DTLS_server_method(),
                (true, Side::Client) => ffi::DTLS_client_method(),
            }
        }
    }
}
