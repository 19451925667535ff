//! The constants of `OpenSSL.SSL`, as tables: each name with its value from the C headers.
//!
//! Names that no supported library has any more keep the value they had, in `DROPPED`, with the release of the Python
//! package that dropped them. The same tables feed the Python module and the export test.

use ironssl_sys as ffi;

/// A table of constants: `"NAME" => value`.
macro_rules! table {
    ($(#[$doc:meta])* $table:ident: $($name:literal => $value:expr),* $(,)?) => {
        $(#[$doc])*
        #[allow(clippy::unnecessary_cast, clippy::cast_lossless, clippy::cast_possible_wrap, reason = "C's types differ")]
        pub const $table: &[(&str, i64)] = &[$(($name, $value as i64)),*];
    };
}

table! {
    /// The methods of `Context(method)`; numbers of the Python package's own.
    METHODS:
    "SSLv23_METHOD" => 3,
    "TLSv1_METHOD" => 4,
    "TLSv1_1_METHOD" => 5,
    "TLSv1_2_METHOD" => 6,
    "TLS_METHOD" => 7,
    "TLS_SERVER_METHOD" => 8,
    "TLS_CLIENT_METHOD" => 9,
    "DTLS_METHOD" => 10,
    "DTLS_SERVER_METHOD" => 11,
    "DTLS_CLIENT_METHOD" => 12,
}

table! {
    /// Options, `SSL_OP_*`.
    OPTIONS:
    "OP_ALL" => ffi::SSL_OP_ALL,
    "OP_CIPHER_SERVER_PREFERENCE" => ffi::SSL_OP_CIPHER_SERVER_PREFERENCE,
    "OP_COOKIE_EXCHANGE" => ffi::SSL_OP_COOKIE_EXCHANGE,
    "OP_DONT_INSERT_EMPTY_FRAGMENTS" => ffi::SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS,
    "OP_IGNORE_UNEXPECTED_EOF" => ffi::SSL_OP_IGNORE_UNEXPECTED_EOF,
    "OP_LEGACY_SERVER_CONNECT" => ffi::SSL_OP_LEGACY_SERVER_CONNECT,
    "OP_NO_COMPRESSION" => ffi::SSL_OP_NO_COMPRESSION,
    "OP_NO_QUERY_MTU" => ffi::SSL_OP_NO_QUERY_MTU,
    "OP_NO_RENEGOTIATION" => ffi::SSL_OP_NO_RENEGOTIATION,
    "OP_NO_SSLv3" => ffi::SSL_OP_NO_SSLv3,
    "OP_NO_TICKET" => ffi::SSL_OP_NO_TICKET,
    "OP_NO_TLSv1" => ffi::SSL_OP_NO_TLSv1,
    "OP_NO_TLSv1_1" => ffi::SSL_OP_NO_TLSv1_1,
    "OP_NO_TLSv1_2" => ffi::SSL_OP_NO_TLSv1_2,
    "OP_NO_TLSv1_3" => ffi::SSL_OP_NO_TLSv1_3,
    "OP_TLS_ROLLBACK_BUG" => ffi::SSL_OP_TLS_ROLLBACK_BUG,
}

table! {
    /// Options that do nothing any more; 0 in every supported library.
    SPENT_OPTIONS:
    "OP_EPHEMERAL_RSA" => 0,
    "OP_MICROSOFT_BIG_SSLV3_BUFFER" => 0,
    "OP_MICROSOFT_SESS_ID_BUG" => 0,
    "OP_MSIE_SSLV2_RSA_PADDING" => 0,
    "OP_NETSCAPE_CA_DN_BUG" => 0,
    "OP_NETSCAPE_CHALLENGE_BUG" => 0,
    "OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG" => 0,
    "OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG" => 0,
    "OP_NO_SSLv2" => 0,
    "OP_PKCS1_CHECK_1" => 0,
    "OP_PKCS1_CHECK_2" => 0,
    "OP_SINGLE_DH_USE" => 0,
    "OP_SINGLE_ECDH_USE" => 0,
    "OP_SSLEAY_080_CLIENT_DH_BUG" => 0,
    "OP_SSLREF2_REUSE_CERT_TYPE_BUG" => 0,
    "OP_TLS_BLOCK_PADDING_BUG" => 0,
    "OP_TLS_D5_BUG" => 0,
}

table! {
    /// Everything else: verification, files, sessions, shutdown, versions, states and the library's own.
    OTHERS:
    "FILETYPE_PEM" => ffi::SSL_FILETYPE_PEM,
    "FILETYPE_ASN1" => ffi::SSL_FILETYPE_ASN1,
    "MODE_RELEASE_BUFFERS" => ffi::SSL_MODE_RELEASE_BUFFERS,
    "RECEIVED_SHUTDOWN" => ffi::SSL_RECEIVED_SHUTDOWN,
    "SENT_SHUTDOWN" => ffi::SSL_SENT_SHUTDOWN,
    "SESS_CACHE_BOTH" => ffi::SSL_SESS_CACHE_BOTH,
    "SESS_CACHE_CLIENT" => ffi::SSL_SESS_CACHE_CLIENT,
    "SESS_CACHE_NO_AUTO_CLEAR" => ffi::SSL_SESS_CACHE_NO_AUTO_CLEAR,
    "SESS_CACHE_NO_INTERNAL" => ffi::SSL_SESS_CACHE_NO_INTERNAL,
    "SESS_CACHE_NO_INTERNAL_LOOKUP" => ffi::SSL_SESS_CACHE_NO_INTERNAL_LOOKUP,
    "SESS_CACHE_NO_INTERNAL_STORE" => ffi::SSL_SESS_CACHE_NO_INTERNAL_STORE,
    "SESS_CACHE_OFF" => ffi::SSL_SESS_CACHE_OFF,
    "SESS_CACHE_SERVER" => ffi::SSL_SESS_CACHE_SERVER,
    "SSL3_VERSION" => ffi::SSL3_VERSION,
    "TLS1_VERSION" => ffi::TLS1_VERSION,
    "TLS1_1_VERSION" => ffi::TLS1_1_VERSION,
    "TLS1_2_VERSION" => ffi::TLS1_2_VERSION,
    "TLS1_3_VERSION" => ffi::TLS1_3_VERSION,
    "VERIFY_CLIENT_ONCE" => ffi::SSL_VERIFY_CLIENT_ONCE,
    "VERIFY_FAIL_IF_NO_PEER_CERT" => ffi::SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    "VERIFY_NONE" => ffi::SSL_VERIFY_NONE,
    "VERIFY_PEER" => ffi::SSL_VERIFY_PEER,
    "SSL_ST_ACCEPT" => ffi::SSL_ST_ACCEPT,
    "SSL_ST_CONNECT" => ffi::SSL_ST_CONNECT,
    "SSL_ST_MASK" => ffi::SSL_ST_MASK,
    "SSL_CB_LOOP" => ffi::SSL_CB_LOOP,
    "SSL_CB_EXIT" => ffi::SSL_CB_EXIT,
    "SSL_CB_READ" => ffi::SSL_CB_READ,
    "SSL_CB_WRITE" => ffi::SSL_CB_WRITE,
    "SSL_CB_ALERT" => ffi::SSL_CB_ALERT,
    "SSL_CB_READ_ALERT" => ffi::SSL_CB_ALERT | ffi::SSL_CB_READ,
    "SSL_CB_WRITE_ALERT" => ffi::SSL_CB_ALERT | ffi::SSL_CB_WRITE,
    "SSL_CB_ACCEPT_LOOP" => ffi::SSL_ST_ACCEPT | ffi::SSL_CB_LOOP,
    "SSL_CB_ACCEPT_EXIT" => ffi::SSL_ST_ACCEPT | ffi::SSL_CB_EXIT,
    "SSL_CB_CONNECT_LOOP" => ffi::SSL_ST_CONNECT | ffi::SSL_CB_LOOP,
    "SSL_CB_CONNECT_EXIT" => ffi::SSL_ST_CONNECT | ffi::SSL_CB_EXIT,
    "SSL_CB_HANDSHAKE_START" => ffi::SSL_CB_HANDSHAKE_START,
    "SSL_CB_HANDSHAKE_DONE" => ffi::SSL_CB_HANDSHAKE_DONE,
    "OPENSSL_VERSION" => ffi::OPENSSL_VERSION,
    "OPENSSL_CFLAGS" => ffi::OPENSSL_CFLAGS,
    "OPENSSL_BUILT_ON" => ffi::OPENSSL_BUILT_ON,
    "OPENSSL_PLATFORM" => ffi::OPENSSL_PLATFORM,
    "OPENSSL_DIR" => ffi::OPENSSL_DIR,
    "SSLEAY_VERSION" => ffi::OPENSSL_VERSION,
    "SSLEAY_CFLAGS" => ffi::OPENSSL_CFLAGS,
    "SSLEAY_BUILT_ON" => ffi::OPENSSL_BUILT_ON,
    "SSLEAY_PLATFORM" => ffi::OPENSSL_PLATFORM,
    "SSLEAY_DIR" => ffi::OPENSSL_DIR,
}

/// Constants that no supported library has: name, historic value, release of the Python package that dropped it.
pub const DROPPED: &[(&str, i64, &str)] = &[
    ("SSLv2_METHOD", 1, "22.1.0"),
    ("SSLv3_METHOD", 2, "22.1.0"),
    ("SSL_ST_INIT", 0x3000, "20.0.0"),
    ("SSL_ST_BEFORE", 0x4000, "20.0.0"),
    ("SSL_ST_OK", 3, "20.0.0"),
    ("SSL_ST_RENEGOTIATE", 0x3004, "20.0.0"),
];
