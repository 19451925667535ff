from collections.abc import Callable, Iterable
from io import BufferedReader, BufferedRWPair, BufferedWriter, IOBase, TextIOWrapper
from ipaddress import IPv4Address, IPv6Address
from os import PathLike
from socket import socket
from types import TracebackType
from typing import Any, Final, Literal, NoReturn, Protocol, Self, SupportsIndex, TypeAlias, TypeVar, final, overload

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurve
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509 import Certificate, Name
from typing_extensions import Buffer, disjoint_base

from OpenSSL._file import ConnectionIO
from OpenSSL.crypto import X509, PKey, X509Name, X509Store, _EllipticCurve

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

F = TypeVar("F", bound=Callable[..., Any])

_Path: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]
_VerifyCallback: TypeAlias = Callable[[Connection, X509, int, int, int], object]

DTLS_CLIENT_METHOD: Final[int]
DTLS_METHOD: Final[int]
DTLS_SERVER_METHOD: Final[int]
FILETYPE_ASN1: Final[int]
FILETYPE_PEM: Final[int]
MODE_RELEASE_BUFFERS: Final[int]
OPENSSL_BUILT_ON: Final[int]
OPENSSL_CFLAGS: Final[int]
OPENSSL_DIR: Final[int]
OPENSSL_PLATFORM: Final[int]
OPENSSL_VERSION: Final[int]
OPENSSL_VERSION_NUMBER: Final[int]
OP_ALL: Final[int]
OP_CIPHER_SERVER_PREFERENCE: Final[int]
OP_COOKIE_EXCHANGE: Final[int]
OP_DONT_INSERT_EMPTY_FRAGMENTS: Final[int]
OP_EPHEMERAL_RSA: Final[int]
OP_IGNORE_UNEXPECTED_EOF: Final[int]
OP_LEGACY_SERVER_CONNECT: Final[int]
OP_MICROSOFT_BIG_SSLV3_BUFFER: Final[int]
OP_MICROSOFT_SESS_ID_BUG: Final[int]
OP_MSIE_SSLV2_RSA_PADDING: Final[int]
OP_NETSCAPE_CA_DN_BUG: Final[int]
OP_NETSCAPE_CHALLENGE_BUG: Final[int]
OP_NETSCAPE_DEMO_CIPHER_CHANGE_BUG: Final[int]
OP_NETSCAPE_REUSE_CIPHER_CHANGE_BUG: Final[int]
OP_NO_COMPRESSION: Final[int]
OP_NO_QUERY_MTU: Final[int]
OP_NO_RENEGOTIATION: Final[int]
OP_NO_SSLv2: Final[int]
OP_NO_SSLv3: Final[int]
OP_NO_TICKET: Final[int]
OP_NO_TLSv1: Final[int]
OP_NO_TLSv1_1: Final[int]
OP_NO_TLSv1_2: Final[int]
OP_NO_TLSv1_3: Final[int]
OP_PKCS1_CHECK_1: Final[int]
OP_PKCS1_CHECK_2: Final[int]
OP_SINGLE_DH_USE: Final[int]
OP_SINGLE_ECDH_USE: Final[int]
OP_SSLEAY_080_CLIENT_DH_BUG: Final[int]
OP_SSLREF2_REUSE_CERT_TYPE_BUG: Final[int]
OP_TLS_BLOCK_PADDING_BUG: Final[int]
OP_TLS_D5_BUG: Final[int]
OP_TLS_ROLLBACK_BUG: Final[int]
RECEIVED_SHUTDOWN: Final[int]
SENT_SHUTDOWN: Final[int]
SESS_CACHE_BOTH: Final[int]
SESS_CACHE_CLIENT: Final[int]
SESS_CACHE_NO_AUTO_CLEAR: Final[int]
SESS_CACHE_NO_INTERNAL: Final[int]
SESS_CACHE_NO_INTERNAL_LOOKUP: Final[int]
SESS_CACHE_NO_INTERNAL_STORE: Final[int]
SESS_CACHE_OFF: Final[int]
SESS_CACHE_SERVER: Final[int]
SSL3_VERSION: Final[int]
SSLEAY_BUILT_ON: Final[int]
SSLEAY_CFLAGS: Final[int]
SSLEAY_DIR: Final[int]
SSLEAY_PLATFORM: Final[int]
SSLEAY_VERSION: Final[int]
SSL_CB_ACCEPT_EXIT: Final[int]
SSL_CB_ACCEPT_LOOP: Final[int]
SSL_CB_ALERT: Final[int]
SSL_CB_CONNECT_EXIT: Final[int]
SSL_CB_CONNECT_LOOP: Final[int]
SSL_CB_EXIT: Final[int]
SSL_CB_HANDSHAKE_DONE: Final[int]
SSL_CB_HANDSHAKE_START: Final[int]
SSL_CB_LOOP: Final[int]
SSL_CB_READ: Final[int]
SSL_CB_READ_ALERT: Final[int]
SSL_CB_WRITE: Final[int]
SSL_CB_WRITE_ALERT: Final[int]
SSL_ST_ACCEPT: Final[int]
SSL_ST_BEFORE: Final[int]
SSL_ST_CONNECT: Final[int]
SSL_ST_INIT: Final[int]
SSL_ST_MASK: Final[int]
SSL_ST_OK: Final[int]
SSL_ST_RENEGOTIATE: Final[int]
SSLv23_METHOD: Final[int]
SSLv2_METHOD: Final[int]
SSLv3_METHOD: Final[int]
TLS1_1_VERSION: Final[int]
TLS1_2_VERSION: Final[int]
TLS1_3_VERSION: Final[int]
TLS1_VERSION: Final[int]
TLS_CLIENT_METHOD: Final[int]
TLS_METHOD: Final[int]
TLS_SERVER_METHOD: Final[int]
TLSv1_1_METHOD: Final[int]
TLSv1_2_METHOD: Final[int]
TLSv1_METHOD: Final[int]
VERIFY_CLIENT_ONCE: Final[int]
VERIFY_FAIL_IF_NO_PEER_CERT: Final[int]
VERIFY_NONE: Final[int]
VERIFY_PEER: Final[int]

def OpenSSL_version(type: int) -> bytes: ...

SSLeay_version = OpenSSL_version

def _asFileDescriptor(obj: _HasFileno | int) -> int: ...
def _make_requires(flag: object, error: str) -> Callable[[F], F]: ...

_CERTIFICATE_FILE_LOCATIONS: list[str]
_CERTIFICATE_PATH_LOCATIONS: list[str]
_CRYPTOGRAPHY_MANYLINUX_CA_DIR: bytes
_CRYPTOGRAPHY_MANYLINUX_CA_FILE: bytes

class Error(Exception):
    details: tuple[str, ...]

class ZeroReturnError(Error): ...
class WantReadError(Error): ...
class WantWriteError(Error): ...
class WantX509LookupError(Error): ...
class SysCallError(Error): ...

class _HasFileno(Protocol):
    def fileno(self) -> int: ...

class _Receives(Protocol):
    def recv(self, size: int, /) -> Buffer | None: ...

class _ReceivesInto(Protocol):
    def recv_into(self, buffer: memoryview, /) -> int | None: ...

class _Reads(Protocol):
    def read(self, size: int, /) -> Buffer | None: ...

class _ReadsInto(Protocol):
    def readinto(self, buffer: memoryview, /) -> int | None: ...

class _ReadsOnce(Protocol):
    def read1(self, size: int, /) -> Buffer | None: ...

class _Sends(Protocol):
    def send(self, data: bytes, /) -> int: ...

class _Writes(Protocol):
    def write(self, data: bytes, /) -> int | None: ...

class _ReceivesAndSends(_Receives, _Sends, Protocol): ...
class _ReceivesIntoAndSends(_ReceivesInto, _Sends, Protocol): ...
class _ReadsAndWrites(_Reads, _Writes, Protocol): ...
class _ReadsIntoAndWrites(_ReadsInto, _Writes, Protocol): ...
class _ReadsOnceAndWrites(_ReadsOnce, _Writes, Protocol): ...

# What a Connection is read from, what it writes to, and what is good for both.
_Reader: TypeAlias = socket | _HasFileno | int | _Receives | _ReceivesInto | _Reads | _ReadsInto | _ReadsOnce
_Writer: TypeAlias = socket | _HasFileno | int | _Sends | _Writes
_Both: TypeAlias = (
    socket
    | _HasFileno
    | int
    | _ReceivesAndSends
    | _ReceivesIntoAndSends
    | _ReadsAndWrites
    | _ReadsIntoAndWrites
    | _ReadsOnceAndWrites
)

@final
class _NoOverlappingProtocols: ...

@final
class _Cork:
    def __enter__(self) -> Connection: ...
    def __exit__(self, kind: object, error: object, traceback: object, /) -> None: ...

NO_OVERLAPPING_PROTOCOLS: Final[_NoOverlappingProtocols]

class X509VerificationCodes:
    OK: Final[int]
    ERR_UNABLE_TO_GET_ISSUER_CERT: Final[int]
    ERR_UNABLE_TO_GET_CRL: Final[int]
    ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE: Final[int]
    ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE: Final[int]
    ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: Final[int]
    ERR_CERT_SIGNATURE_FAILURE: Final[int]
    ERR_CRL_SIGNATURE_FAILURE: Final[int]
    ERR_CERT_NOT_YET_VALID: Final[int]
    ERR_CERT_HAS_EXPIRED: Final[int]
    ERR_CRL_NOT_YET_VALID: Final[int]
    ERR_CRL_HAS_EXPIRED: Final[int]
    ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD: Final[int]
    ERR_ERROR_IN_CERT_NOT_AFTER_FIELD: Final[int]
    ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD: Final[int]
    ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD: Final[int]
    ERR_OUT_OF_MEM: Final[int]
    ERR_DEPTH_ZERO_SELF_SIGNED_CERT: Final[int]
    ERR_SELF_SIGNED_CERT_IN_CHAIN: Final[int]
    ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: Final[int]
    ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: Final[int]
    ERR_CERT_CHAIN_TOO_LONG: Final[int]
    ERR_CERT_REVOKED: Final[int]
    ERR_INVALID_CA: Final[int]
    ERR_PATH_LENGTH_EXCEEDED: Final[int]
    ERR_INVALID_PURPOSE: Final[int]
    ERR_CERT_UNTRUSTED: Final[int]
    ERR_CERT_REJECTED: Final[int]
    ERR_SUBJECT_ISSUER_MISMATCH: Final[int]
    ERR_AKID_SKID_MISMATCH: Final[int]
    ERR_AKID_ISSUER_SERIAL_MISMATCH: Final[int]
    ERR_KEYUSAGE_NO_CERTSIGN: Final[int]
    ERR_UNABLE_TO_GET_CRL_ISSUER: Final[int]
    ERR_UNHANDLED_CRITICAL_EXTENSION: Final[int]
    ERR_KEYUSAGE_NO_CRL_SIGN: Final[int]
    ERR_UNHANDLED_CRITICAL_CRL_EXTENSION: Final[int]
    ERR_INVALID_NON_CA: Final[int]
    ERR_PROXY_PATH_LENGTH_EXCEEDED: Final[int]
    ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE: Final[int]
    ERR_PROXY_CERTIFICATES_NOT_ALLOWED: Final[int]
    ERR_INVALID_EXTENSION: Final[int]
    ERR_INVALID_POLICY_EXTENSION: Final[int]
    ERR_NO_EXPLICIT_POLICY: Final[int]
    ERR_DIFFERENT_CRL_SCOPE: Final[int]
    ERR_UNSUPPORTED_EXTENSION_FEATURE: Final[int]
    ERR_UNNESTED_RESOURCE: Final[int]
    ERR_PERMITTED_VIOLATION: Final[int]
    ERR_EXCLUDED_VIOLATION: Final[int]
    ERR_SUBTREE_MINMAX: Final[int]
    ERR_APPLICATION_VERIFICATION: Final[int]
    ERR_UNSUPPORTED_CONSTRAINT_TYPE: Final[int]
    ERR_UNSUPPORTED_CONSTRAINT_SYNTAX: Final[int]
    ERR_UNSUPPORTED_NAME_SYNTAX: Final[int]
    ERR_CRL_PATH_VALIDATION_ERROR: Final[int]
    ERR_HOSTNAME_MISMATCH: Final[int]
    ERR_EMAIL_MISMATCH: Final[int]
    ERR_IP_ADDRESS_MISMATCH: Final[int]

@disjoint_base
class Session:
    def __init__(self) -> None: ...
    @property
    def _session(self) -> Any: ...

@disjoint_base
class Context:
    def __init__(self, method: SupportsIndex) -> None: ...
    def copy(self) -> Self: ...
    def set_app_data(self, data: object) -> None: ...
    def get_app_data(self) -> Any: ...
    def get_options(self) -> int: ...
    def set_options(self, options: SupportsIndex) -> int: ...
    def set_mode(self, mode: SupportsIndex) -> int: ...
    def clear_mode(self, mode_to_clear: SupportsIndex) -> int: ...
    def set_min_proto_version(self, version: SupportsIndex) -> None: ...
    def set_max_proto_version(self, version: SupportsIndex) -> None: ...
    def set_cipher_list(self, cipher_list: Buffer | str) -> None: ...
    def set_tls13_ciphersuites(self, ciphersuites: Buffer | str) -> None: ...
    def set_tmp_ecdh(self, curve: _EllipticCurve | EllipticCurve) -> None: ...
    def set_tmp_dh(self, parameters: Buffer | str) -> None: ...
    def load_tmp_dh(self, dhfile: _Path) -> None: ...
    def set_tlsext_use_srtp(self, profiles: Buffer) -> None: ...
    def set_post_handshake_auth(self, on: object) -> None: ...
    def set_npn_advertise_callback(self, callback: Callable[..., object]) -> NoReturn: ...
    def set_npn_select_callback(self, callback: Callable[..., object]) -> NoReturn: ...
    def set_read_ahead(self, on: object) -> None: ...
    def set_session_id(self, buf: Buffer | str) -> None: ...
    def set_timeout(self, timeout: SupportsIndex) -> int: ...
    def get_timeout(self) -> int: ...
    def set_session_cache_mode(self, mode: SupportsIndex) -> int: ...
    def get_session_cache_mode(self) -> int: ...
    def set_verify(self, mode: SupportsIndex, callback: _VerifyCallback | None = None) -> None: ...
    def get_verify_mode(self) -> int: ...
    def set_verify_depth(self, depth: SupportsIndex) -> None: ...
    def get_verify_depth(self) -> int: ...
    def load_verify_locations(self, cafile: _Path | None, capath: _Path | None = None) -> None: ...
    def set_default_verify_paths(self) -> None: ...
    def _check_env_vars_set(self, dir_env_var: str, file_env_var: str) -> bool: ...
    def _fallback_default_verify_paths(self, file_path: Iterable[_Path], dir_path: Iterable[_Path]) -> None: ...
    def load_client_ca(self, cafile: _Path) -> None: ...
    def set_client_ca_list(self, certificate_authorities: Iterable[X509Name | Name]) -> None: ...
    def add_client_ca(self, certificate_authority: X509 | Certificate) -> None: ...
    def get_cert_store(self) -> X509Store: ...
    def set_info_callback(self, callback: Callable[[Connection, int, int], object] | None) -> None: ...
    def set_keylog_callback(self, callback: Callable[[Connection, bytes], object] | None) -> None: ...
    def set_tlsext_servername_callback(self, callback: Callable[[Connection], object] | None) -> None: ...
    def set_alpn_protos(self, protos: Iterable[bytes]) -> None: ...
    def set_alpn_select_callback(
        self, callback: Callable[[Connection, list[bytes]], bytes | _NoOverlappingProtocols] | None
    ) -> None: ...
    def set_ocsp_server_callback(
        self, callback: Callable[[Connection, Any], bytes] | None, data: object = None
    ) -> None: ...
    def set_ocsp_client_callback(
        self, callback: Callable[[Connection, bytes, Any], object] | None, data: object = None
    ) -> None: ...
    def set_cookie_generate_callback(self, callback: Callable[[Connection], bytes] | None) -> None: ...
    def set_cookie_verify_callback(self, callback: Callable[[Connection, bytes], object] | None) -> None: ...
    def use_certificate(self, cert: X509 | Certificate) -> None: ...
    def add_extra_chain_cert(self, certobj: X509 | Certificate) -> None: ...
    def use_privatekey(self, pkey: PKey | PrivateKeyTypes) -> None: ...
    def use_certificate_file(self, certfile: _Path, filetype: SupportsIndex = 1) -> None: ...
    def use_certificate_chain_file(self, certfile: _Path) -> None: ...
    def use_privatekey_file(self, keyfile: _Path, filetype: SupportsIndex = 1) -> None: ...
    def set_passwd_cb(self, callback: Callable[..., object], userdata: object = None) -> None: ...
    def check_privatekey(self) -> None: ...
    @property
    def _context(self) -> Any: ...
    @property
    def _verify_callback(self) -> Any: ...
    @property
    def _info_callback(self) -> Any: ...
    @property
    def _keylog_callback(self) -> Any: ...
    @property
    def _tlsext_servername_callback(self) -> Any: ...
    @property
    def _alpn_select_callback(self) -> Any: ...

@disjoint_base
class Connection:
    @overload
    def __init__(self, context: Context, socket: _Both | None = None, writer: None = None) -> None: ...
    @overload
    def __init__(self, context: Context, socket: _Reader, writer: _Writer) -> None: ...
    def _delegated(self, /, name: str) -> Any: ...
    def __getattr__(self, /, name: str) -> Any: ...
    def get_context(self) -> Context: ...
    def set_context(self, context: Context) -> None: ...
    def set_app_data(self, data: object) -> None: ...
    def get_app_data(self) -> Any: ...
    def set_connect_state(self) -> None: ...
    def set_accept_state(self) -> None: ...
    def do_handshake(self) -> None: ...
    def renegotiate(self) -> bool: ...
    def renegotiate_pending(self) -> bool: ...
    def total_renegotiations(self) -> int: ...
    def shutdown(self) -> bool: ...
    def get_shutdown(self) -> int: ...
    def set_shutdown(self, state: SupportsIndex) -> None: ...
    def set_verify(self, mode: SupportsIndex, callback: _VerifyCallback | None = None) -> None: ...
    def get_verify_mode(self) -> int: ...
    def set_verify_host(self, host: str | bytes | None) -> None: ...
    def get_verify_host(self) -> str | None: ...
    def set_verify_host_flags(self, flags: SupportsIndex) -> None: ...
    def set_verify_ip(self, address: str | bytes | IPv4Address | IPv6Address | None) -> None: ...
    def get_verify_result(self) -> int: ...
    def get_servername(self) -> bytes | None: ...
    def set_alpn_protos(self, protos: Iterable[bytes]) -> None: ...
    def get_next_proto_negotiated(self) -> NoReturn: ...
    def get_alpn_proto_negotiated(self) -> bytes: ...
    def request_ocsp(self) -> None: ...
    def set_info_callback(self, callback: Callable[[Connection, int, int], object] | None) -> None: ...
    def DTLSv1_listen(self) -> None: ...
    def send(self, buf: Buffer | str, flags: SupportsIndex | None = 0) -> int: ...
    def write(self, buf: Buffer | str, flags: SupportsIndex | None = 0) -> int: ...
    def sendall(self, buf: Buffer | str, flags: SupportsIndex | None = 0) -> int: ...
    def recv(self, bufsiz: SupportsIndex, flags: SupportsIndex | None = None) -> bytes: ...
    def read(self, bufsiz: SupportsIndex, flags: SupportsIndex | None = None) -> bytes: ...
    def recv_into(
        self, buffer: Buffer, nbytes: SupportsIndex | None = None, flags: SupportsIndex | None = None
    ) -> int: ...
    def pending(self) -> int: ...
    def cork(self) -> _Cork: ...
    def uncork(self) -> None: ...
    def want_read(self) -> bool: ...
    def want_write(self) -> bool: ...
    def bio_read(self, bufsiz: SupportsIndex) -> bytes: ...
    def bio_write(self, buf: Buffer | str) -> int: ...
    def bio_shutdown(self) -> None: ...
    def exchange(self, ciphertext: Buffer | None = None) -> tuple[bytes, bytes, bool]: ...
    def seal(self, data: Buffer) -> bytes: ...
    def connect(self, addr: Any) -> None: ...
    def connect_ex(self, addr: Any) -> int: ...
    def accept(self) -> tuple[Connection, Any]: ...
    def sock_shutdown(self, *args: Any, **kwargs: Any) -> Any: ...
    @overload
    def makefile(
        self,
        mode: Literal["b", "rb", "br", "wb", "bw", "rwb", "rbw", "wrb", "wbr", "brw", "bwr"],
        buffering: Literal[0],
        *,
        encoding: None = None,
        errors: None = None,
        newline: None = None,
    ) -> ConnectionIO: ...
    @overload
    def makefile(
        self,
        mode: Literal["b", "rb", "br"],
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: None = None,
        errors: None = None,
        newline: None = None,
    ) -> BufferedReader: ...
    @overload
    def makefile(
        self,
        mode: Literal["wb", "bw"],
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: None = None,
        errors: None = None,
        newline: None = None,
    ) -> BufferedWriter: ...
    @overload
    def makefile(
        self,
        mode: Literal["rwb", "rbw", "wrb", "wbr", "brw", "bwr"],
        buffering: Literal[-1, 1] | None = None,
        *,
        encoding: None = None,
        errors: None = None,
        newline: None = None,
    ) -> BufferedRWPair: ...
    @overload
    def makefile(
        self,
        mode: Literal["b", "rb", "br", "wb", "bw", "rwb", "rbw", "wrb", "wbr", "brw", "bwr"],
        buffering: int,
        *,
        encoding: None = None,
        errors: None = None,
        newline: None = None,
    ) -> IOBase: ...
    @overload
    def makefile(
        self,
        mode: Literal["r", "w", "rw", "wr", ""] = "r",
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> TextIOWrapper: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def get_session(self) -> Session | None: ...
    def set_session(self, session: Session) -> None: ...
    def session_reused(self) -> bool: ...
    def set_tlsext_host_name(self, name: bytes) -> None: ...
    @overload
    def get_peer_certificate(self, *, as_cryptography: Literal[False] = False) -> X509 | None: ...
    @overload
    def get_peer_certificate(self, *, as_cryptography: Literal[True]) -> Certificate | None: ...
    @overload
    def get_peer_cert_chain(self, *, as_cryptography: Literal[False] = False) -> list[X509] | None: ...
    @overload
    def get_peer_cert_chain(self, *, as_cryptography: Literal[True]) -> list[Certificate] | None: ...
    @overload
    def get_verified_chain(self, *, as_cryptography: Literal[False] = False) -> list[X509] | None: ...
    @overload
    def get_verified_chain(self, *, as_cryptography: Literal[True]) -> list[Certificate] | None: ...
    @overload
    def get_client_ca_list(self, *, as_cryptography: Literal[False] = False) -> list[X509Name]: ...
    @overload
    def get_client_ca_list(self, *, as_cryptography: Literal[True]) -> list[Name]: ...
    @overload
    def get_certificate(self, *, as_cryptography: Literal[False] = False) -> X509 | None: ...
    @overload
    def get_certificate(self, *, as_cryptography: Literal[True]) -> Certificate | None: ...
    def use_certificate(self, cert: X509 | Certificate) -> None: ...
    def use_privatekey(self, pkey: PKey | PrivateKeyTypes) -> None: ...
    def set_options(self, options: SupportsIndex) -> int: ...
    def client_random(self) -> bytes | None: ...
    def server_random(self) -> bytes | None: ...
    def master_key(self) -> bytes | None: ...
    def get_finished(self) -> bytes | None: ...
    def get_peer_finished(self) -> bytes | None: ...
    def export_keying_material(self, label: Buffer, olen: SupportsIndex, context: Buffer | None = None) -> bytes: ...
    def get_selected_srtp_profile(self) -> bytes: ...
    def DTLSv1_get_timeout(self) -> float | None: ...
    def DTLSv1_handle_timeout(self) -> bool: ...
    def set_ciphertext_mtu(self, mtu: SupportsIndex) -> None: ...
    def get_cleartext_mtu(self) -> int: ...
    def get_cipher_list(self) -> list[str]: ...
    def get_cipher_name(self) -> str | None: ...
    def get_cipher_bits(self) -> int | None: ...
    def get_cipher_version(self) -> str | None: ...
    def get_protocol_version(self) -> int: ...
    def get_protocol_version_name(self) -> str: ...
    def get_group_name(self) -> str | None: ...
    def state_string(self) -> str: ...
    def get_state_string(self) -> bytes: ...
    @property
    def _context(self) -> Context: ...
    @property
    def _ssl(self) -> Any: ...
    @property
    def _socket(self) -> Any: ...

ContextType = Context
ConnectionType = Connection
