"""TLS connections, and the contexts and sessions that belong to them.

Everything here is native (`OpenSSL._rust.ssl`).
"""

from OpenSSL._rust import ssl as _ssl
from OpenSSL.crypto import X509, PKey, X509Name, X509Store

__all__ = [
    "DTLS_CLIENT_METHOD",
    "DTLS_METHOD",
    "DTLS_SERVER_METHOD",
    "FILETYPE_ASN1",
    "FILETYPE_PEM",
    "MODE_RELEASE_BUFFERS",
    "NO_OVERLAPPING_PROTOCOLS",
    "OPENSSL_BUILT_ON",
    "OPENSSL_CFLAGS",
    "OPENSSL_DIR",
    "OPENSSL_PLATFORM",
    "OPENSSL_VERSION",
    "OPENSSL_VERSION_NUMBER",
    "OP_ALL",
    "OP_CIPHER_SERVER_PREFERENCE",
    "OP_COOKIE_EXCHANGE",
    "OP_DONT_INSERT_EMPTY_FRAGMENTS",
    "OP_EPHEMERAL_RSA",
    "OP_IGNORE_UNEXPECTED_EOF",
    "OP_LEGACY_SERVER_CONNECT",
    "OP_MICROSOFT_BIG_SSLV3_BUFFER",
    "OP_MICROSOFT_SESS_ID_BUG",
    "OP_MSIE_SSLV2_RSA_PADDING",
    "OP_NETSCAPE_CA_DN_BUG",
    "OP_NETSCAPE_CHALLENGE_BUG",
    "OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG",
    "OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG",
    "OP_NO_COMPRESSION",
    "OP_NO_QUERY_MTU",
    "OP_NO_RENEGOTIATION",
    "OP_NO_TICKET",
    "OP_PKCS1_CHECK_1",
    "OP_PKCS1_CHECK_2",
    "OP_SINGLE_DH_USE",
    "OP_SINGLE_ECDH_USE",
    "OP_SSLEAY_080_CLIENT_DH_BUG",
    "OP_SSLREF2_REUSE_CERT_TYPE_BUG",
    "OP_TLS_BLOCK_PADDING_BUG",
    "OP_TLS_D5_BUG",
    "OP_TLS_ROLLBACK_BUG",
    "RECEIVED_SHUTDOWN",
    "SENT_SHUTDOWN",
    "SESS_CACHE_BOTH",
    "SESS_CACHE_CLIENT",
    "SESS_CACHE_NO_AUTO_CLEAR",
    "SESS_CACHE_NO_INTERNAL",
    "SESS_CACHE_NO_INTERNAL_LOOKUP",
    "SESS_CACHE_NO_INTERNAL_STORE",
    "SESS_CACHE_OFF",
    "SESS_CACHE_SERVER",
    "SSL3_VERSION",
    "SSLEAY_BUILT_ON",
    "SSLEAY_CFLAGS",
    "SSLEAY_DIR",
    "SSLEAY_PLATFORM",
    "SSLEAY_VERSION",
    "SSL_CB_ACCEPT_EXIT",
    "SSL_CB_ACCEPT_LOOP",
    "SSL_CB_ALERT",
    "SSL_CB_CONNECT_EXIT",
    "SSL_CB_CONNECT_LOOP",
    "SSL_CB_EXIT",
    "SSL_CB_HANDSHAKE_DONE",
    "SSL_CB_HANDSHAKE_START",
    "SSL_CB_LOOP",
    "SSL_CB_READ",
    "SSL_CB_READ_ALERT",
    "SSL_CB_WRITE",
    "SSL_CB_WRITE_ALERT",
    "SSL_ST_ACCEPT",
    "SSL_ST_BEFORE",
    "SSL_ST_CONNECT",
    "SSL_ST_INIT",
    "SSL_ST_MASK",
    "SSL_ST_OK",
    "SSL_ST_RENEGOTIATE",
    "TLS1_1_VERSION",
    "TLS1_2_VERSION",
    "TLS1_3_VERSION",
    "TLS1_VERSION",
    "TLS_CLIENT_METHOD",
    "TLS_METHOD",
    "TLS_SERVER_METHOD",
    "VERIFY_CLIENT_ONCE",
    "VERIFY_FAIL_IF_NO_PEER_CERT",
    "VERIFY_NONE",
    "VERIFY_PEER",
    "X509",
    "Connection",
    "ConnectionType",
    "Context",
    "ContextType",
    "Error",
    "OP_NO_SSLv2",
    "OP_NO_SSLv3",
    "OP_NO_TLSv1",
    "OP_NO_TLSv1_1",
    "OP_NO_TLSv1_2",
    "OP_NO_TLSv1_3",
    "OpenSSL_version",
    "PKey",
    "SSLeay_version",
    "SSLv2_METHOD",
    "SSLv3_METHOD",
    "SSLv23_METHOD",
    "Session",
    "SysCallError",
    "TLSv1_1_METHOD",
    "TLSv1_2_METHOD",
    "TLSv1_METHOD",
    "WantReadError",
    "WantWriteError",
    "WantX509LookupError",
    "X509Name",
    "X509Store",
    "X509VerificationCodes",
    "ZeroReturnError",
]

DTLS_CLIENT_METHOD = _ssl.DTLS_CLIENT_METHOD
DTLS_METHOD = _ssl.DTLS_METHOD
DTLS_SERVER_METHOD = _ssl.DTLS_SERVER_METHOD
FILETYPE_ASN1 = _ssl.FILETYPE_ASN1
FILETYPE_PEM = _ssl.FILETYPE_PEM
MODE_RELEASE_BUFFERS = _ssl.MODE_RELEASE_BUFFERS
NO_OVERLAPPING_PROTOCOLS = _ssl.NO_OVERLAPPING_PROTOCOLS
OPENSSL_BUILT_ON = _ssl.OPENSSL_BUILT_ON
OPENSSL_CFLAGS = _ssl.OPENSSL_CFLAGS
OPENSSL_DIR = _ssl.OPENSSL_DIR
OPENSSL_PLATFORM = _ssl.OPENSSL_PLATFORM
OPENSSL_VERSION = _ssl.OPENSSL_VERSION
OPENSSL_VERSION_NUMBER = _ssl.OPENSSL_VERSION_NUMBER
OP_ALL = _ssl.OP_ALL
OP_CIPHER_SERVER_PREFERENCE = _ssl.OP_CIPHER_SERVER_PREFERENCE
OP_COOKIE_EXCHANGE = _ssl.OP_COOKIE_EXCHANGE
OP_DONT_INSERT_EMPTY_FRAGMENTS = _ssl.OP_DONT_INSERT_EMPTY_FRAGMENTS
OP_EPHEMERAL_RSA = _ssl.OP_EPHEMERAL_RSA
OP_IGNORE_UNEXPECTED_EOF = _ssl.OP_IGNORE_UNEXPECTED_EOF
OP_LEGACY_SERVER_CONNECT = _ssl.OP_LEGACY_SERVER_CONNECT
OP_MICROSOFT_BIG_SSLV3_BUFFER = _ssl.OP_MICROSOFT_BIG_SSLV3_BUFFER
OP_MICROSOFT_SESS_ID_BUG = _ssl.OP_MICROSOFT_SESS_ID_BUG
OP_MSIE_SSLV2_RSA_PADDING = _ssl.OP_MSIE_SSLV2_RSA_PADDING
OP_NETSCAPE_CA_DN_BUG = _ssl.OP_NETSCAPE_CA_DN_BUG
OP_NETSCAPE_CHALLENGE_BUG = _ssl.OP_NETSCAPE_CHALLENGE_BUG
OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG = _ssl.OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG
OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG = _ssl.OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG
OP_NO_COMPRESSION = _ssl.OP_NO_COMPRESSION
OP_NO_QUERY_MTU = _ssl.OP_NO_QUERY_MTU
OP_NO_RENEGOTIATION = _ssl.OP_NO_RENEGOTIATION
OP_NO_SSLv2 = _ssl.OP_NO_SSLv2
OP_NO_SSLv3 = _ssl.OP_NO_SSLv3
OP_NO_TICKET = _ssl.OP_NO_TICKET
OP_NO_TLSv1 = _ssl.OP_NO_TLSv1
OP_NO_TLSv1_1 = _ssl.OP_NO_TLSv1_1
OP_NO_TLSv1_2 = _ssl.OP_NO_TLSv1_2
OP_NO_TLSv1_3 = _ssl.OP_NO_TLSv1_3
OP_PKCS1_CHECK_1 = _ssl.OP_PKCS1_CHECK_1
OP_PKCS1_CHECK_2 = _ssl.OP_PKCS1_CHECK_2
OP_SINGLE_DH_USE = _ssl.OP_SINGLE_DH_USE
OP_SINGLE_ECDH_USE = _ssl.OP_SINGLE_ECDH_USE
OP_SSLEAY_080_CLIENT_DH_BUG = _ssl.OP_SSLEAY_080_CLIENT_DH_BUG
OP_SSLREF2_REUSE_CERT_TYPE_BUG = _ssl.OP_SSLREF2_REUSE_CERT_TYPE_BUG
OP_TLS_BLOCK_PADDING_BUG = _ssl.OP_TLS_BLOCK_PADDING_BUG
OP_TLS_D5_BUG = _ssl.OP_TLS_D5_BUG
OP_TLS_ROLLBACK_BUG = _ssl.OP_TLS_ROLLBACK_BUG
RECEIVED_SHUTDOWN = _ssl.RECEIVED_SHUTDOWN
SENT_SHUTDOWN = _ssl.SENT_SHUTDOWN
SESS_CACHE_BOTH = _ssl.SESS_CACHE_BOTH
SESS_CACHE_CLIENT = _ssl.SESS_CACHE_CLIENT
SESS_CACHE_NO_AUTO_CLEAR = _ssl.SESS_CACHE_NO_AUTO_CLEAR
SESS_CACHE_NO_INTERNAL = _ssl.SESS_CACHE_NO_INTERNAL
SESS_CACHE_NO_INTERNAL_LOOKUP = _ssl.SESS_CACHE_NO_INTERNAL_LOOKUP
SESS_CACHE_NO_INTERNAL_STORE = _ssl.SESS_CACHE_NO_INTERNAL_STORE
SESS_CACHE_OFF = _ssl.SESS_CACHE_OFF
SESS_CACHE_SERVER = _ssl.SESS_CACHE_SERVER
SSL3_VERSION = _ssl.SSL3_VERSION
SSLEAY_BUILT_ON = _ssl.SSLEAY_BUILT_ON
SSLEAY_CFLAGS = _ssl.SSLEAY_CFLAGS
SSLEAY_DIR = _ssl.SSLEAY_DIR
SSLEAY_PLATFORM = _ssl.SSLEAY_PLATFORM
SSLEAY_VERSION = _ssl.SSLEAY_VERSION
SSL_CB_ACCEPT_EXIT = _ssl.SSL_CB_ACCEPT_EXIT
SSL_CB_ACCEPT_LOOP = _ssl.SSL_CB_ACCEPT_LOOP
SSL_CB_ALERT = _ssl.SSL_CB_ALERT
SSL_CB_CONNECT_EXIT = _ssl.SSL_CB_CONNECT_EXIT
SSL_CB_CONNECT_LOOP = _ssl.SSL_CB_CONNECT_LOOP
SSL_CB_EXIT = _ssl.SSL_CB_EXIT
SSL_CB_HANDSHAKE_DONE = _ssl.SSL_CB_HANDSHAKE_DONE
SSL_CB_HANDSHAKE_START = _ssl.SSL_CB_HANDSHAKE_START
SSL_CB_LOOP = _ssl.SSL_CB_LOOP
SSL_CB_READ = _ssl.SSL_CB_READ
SSL_CB_READ_ALERT = _ssl.SSL_CB_READ_ALERT
SSL_CB_WRITE = _ssl.SSL_CB_WRITE
SSL_CB_WRITE_ALERT = _ssl.SSL_CB_WRITE_ALERT
SSL_ST_ACCEPT = _ssl.SSL_ST_ACCEPT
SSL_ST_BEFORE = _ssl.SSL_ST_BEFORE
SSL_ST_CONNECT = _ssl.SSL_ST_CONNECT
SSL_ST_INIT = _ssl.SSL_ST_INIT
SSL_ST_MASK = _ssl.SSL_ST_MASK
SSL_ST_OK = _ssl.SSL_ST_OK
SSL_ST_RENEGOTIATE = _ssl.SSL_ST_RENEGOTIATE
SSLv23_METHOD = _ssl.SSLv23_METHOD
SSLv2_METHOD = _ssl.SSLv2_METHOD
SSLv3_METHOD = _ssl.SSLv3_METHOD
TLS1_1_VERSION = _ssl.TLS1_1_VERSION
TLS1_2_VERSION = _ssl.TLS1_2_VERSION
TLS1_3_VERSION = _ssl.TLS1_3_VERSION
TLS1_VERSION = _ssl.TLS1_VERSION
TLS_CLIENT_METHOD = _ssl.TLS_CLIENT_METHOD
TLS_METHOD = _ssl.TLS_METHOD
TLS_SERVER_METHOD = _ssl.TLS_SERVER_METHOD
TLSv1_1_METHOD = _ssl.TLSv1_1_METHOD
TLSv1_2_METHOD = _ssl.TLSv1_2_METHOD
TLSv1_METHOD = _ssl.TLSv1_METHOD
VERIFY_CLIENT_ONCE = _ssl.VERIFY_CLIENT_ONCE
VERIFY_FAIL_IF_NO_PEER_CERT = _ssl.VERIFY_FAIL_IF_NO_PEER_CERT
VERIFY_NONE = _ssl.VERIFY_NONE
VERIFY_PEER = _ssl.VERIFY_PEER

Error = _ssl.Error
SysCallError = _ssl.SysCallError
WantReadError = _ssl.WantReadError
WantWriteError = _ssl.WantWriteError
WantX509LookupError = _ssl.WantX509LookupError
ZeroReturnError = _ssl.ZeroReturnError
Connection = _ssl.Connection
Context = _ssl.Context
Session = _ssl.Session
X509VerificationCodes = _ssl.X509VerificationCodes
_NoOverlappingProtocols = _ssl._NoOverlappingProtocols
OpenSSL_version = _ssl.OpenSSL_version
SSLeay_version = OpenSSL_version
_asFileDescriptor = _ssl._asFileDescriptor

# Where Context.set_default_verify_paths looks for trusted certificates as its last resort, and what the library calls
# their places where it was built on another machine, for a wheel of the package cryptography.
_CERTIFICATE_FILE_LOCATIONS = _ssl._CERTIFICATE_FILE_LOCATIONS
_CERTIFICATE_PATH_LOCATIONS = _ssl._CERTIFICATE_PATH_LOCATIONS
_CRYPTOGRAPHY_MANYLINUX_CA_DIR = b"/opt/pyca/cryptography/openssl/certs"
_CRYPTOGRAPHY_MANYLINUX_CA_FILE = b"/opt/pyca/cryptography/openssl/cert.pem"

ContextType = Context
ConnectionType = Connection


def _make_requires(flag, error):
    """Return a decorator: of functions that raise NotImplementedError with this text where the flag is false."""

    def decorate(function):
        if flag:
            return function
        from functools import wraps

        @wraps(function)
        def refuse(*args, **kwargs):
            raise NotImplementedError(error)

        return refuse

    return decorate


def __getattr__(name):
    # Only type hints need it, and typing takes longer to import than all the rest of this package.
    if name == "F":
        from collections.abc import Callable
        from typing import Any, TypeVar

        globals()["F"] = TypeVar("F", bound=Callable[..., Any])
        return globals()["F"]
    if name.startswith("_") and not name.startswith("__"):
        from OpenSSL._util import private_names

        names = private_names(Error)
        if name in names:
            return globals().setdefault(name, names[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
