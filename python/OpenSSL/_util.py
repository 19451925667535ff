"""What programs take from the original's private module: some functions on text, and its way to OpenSSL's C functions.

Nothing else of the package imports this module, unless a program asks it for one of the private names. `lib` and `ffi`
stand for the original's binding of C, as far as programs in use call it: a few functions and the constants, over the
ordinary methods of the classes. Handles such as `X509()._x509` take the place of C's pointers. They hold the Python
object, so there is nothing that could be freed too early, too late or twice, and every length is checked.

A function that fails returns what C's does. Its reasons are kept, for the thread, until the next one is called or
`exception_from_error_queue` raises them. New programs need none of this: AttributeError says where to look instead.
"""

import io
import os
import re
import threading
import warnings
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final, NoReturn, TypeAlias

from OpenSSL import SSL, crypto
from OpenSSL._rust import _Handle, error_text
from OpenSSL._rust import ssl as _native

__all__ = [
    "UNSPECIFIED",
    "StrOrBytesPath",
    "binding",
    "byte_string",
    "exception_from_error_queue",
    "ffi",
    "from_buffer",
    "lib",
    "make_assert",
    "native",
    "no_zero_allocator",
    "path_bytes",
    "path_string",
    "text",
    "text_to_bytes_and_warn",
]

StrOrBytesPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

# Stands for an argument that was not given, where None means something.
UNSPECIFIED: Final = object()

_Reasons = list[tuple[str, str, str]]


class _Queue(threading.local):
    """Why the last function of `lib` failed, for each thread."""

    def __init__(self) -> None:
        self.reasons: _Reasons = []

    def take(self) -> _Reasons:
        """Give the reasons away."""
        reasons, self.reasons = self.reasons, []
        return reasons


_queue = _Queue()


def exception_from_error_queue(exception_type: type[Exception]) -> NoReturn:
    """Raise an exception of this type for what failed last in `lib`: its only argument is a list of tuples.

    Each is (library, function, reason), all str. What fails in a class raises by itself, and leaves nothing here.
    """
    raise exception_type(_queue.take() or [("OpenSSL", "", "an operation failed and gave no reason")])


def make_assert(error: type[Exception]) -> Callable[[object], None]:
    """Return a function that does nothing for True and raises this error for anything false, as the one above does."""

    def openssl_assert(ok: object) -> None:
        if not ok:
            exception_from_error_queue(error)

    return openssl_assert


def text(charp: Any) -> str:
    """Return the text of a C string, in UTF-8; an empty one for `ffi.NULL`."""
    return ffi.string(charp).decode("utf-8") if charp else ""


def byte_string(s: str) -> bytes:
    """Return text with characters up to U+00FF as bytes, one each."""
    return s.encode("charmap")


def native(s: str | bytes) -> str:
    """Return text; bytes are taken for UTF-8."""
    if not isinstance(s, (str, bytes)):
        raise TypeError(f"{s!r} is neither str nor bytes")
    return s.decode("utf-8") if isinstance(s, bytes) else s


def path_bytes(s: StrOrBytesPath) -> bytes:
    """Return a path as bytes, in the encoding of the file system; TypeError for what is none."""
    return os.fsencode(s)


path_string = path_bytes


def text_to_bytes_and_warn(label: str, obj: Any) -> Any:
    """Return str as bytes in UTF-8, with a DeprecationWarning that names the parameter; anything else as it is."""
    if not isinstance(obj, str):
        return obj
    warnings.warn(f"str for {label} is no longer accepted, use bytes", category=DeprecationWarning, stacklevel=3)
    return obj.encode("utf-8")


class _Null:
    """C's null pointer."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<NULL>"


class _Chars(bytearray):
    """An array of C's char: an item is one byte, as bytes."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return bytes([found]) if isinstance(found, int) else bytes(found)

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            if len(value) != len(range(*index.indices(len(self)))):
                raise ValueError("an array of C's char keeps its length")
            super().__setitem__(index, value)
        else:
            super().__setitem__(index, value[0] if isinstance(value, bytes) and len(value) == 1 else value)

    def __repr__(self) -> str:
        return f"<char[{len(self)}]>"


class _Ffi:
    """What programs use of the original's `ffi`. Memory is Python's, so a mistake is an exception."""

    NULL: Final = _Null()

    def new(self, cdecl: str, init: Any = None) -> _Chars:
        """Make an array of char, with zeros, of so many bytes, or with a copy of bytes and a zero after it.

        cdecl: "char[]" or "char[20]", unsigned or not. For other types there is NotImplementedError.
        """
        match = re.fullmatch(r"\s*(?:(?:unsigned |signed )?char|u?int8_t)\s*\[\s*(\d*)\s*\]\s*", cdecl)
        if match is None:
            raise NotImplementedError(f"OpenSSL._util.ffi.new() makes arrays of char only, no {cdecl!r}")
        length = int(match[1]) if match[1] else None
        if isinstance(init, (bytes, bytearray, memoryview)):
            content = bytes(init)
            if length is None:
                return _Chars(content + b"\0")
            if len(content) > length:
                raise IndexError(f"{len(content)} bytes do not fit into {cdecl}")
            return _Chars(content.ljust(length, b"\0"))
        if length is None:
            if not hasattr(init, "__index__"):
                raise TypeError(f"an array needs a length or bytes, not {init!r}")
            length = init.__index__()
        elif init is not None:
            raise TypeError(f"{cdecl} can be filled with bytes only, not with {init!r}")
        if length < 0:
            raise ValueError("an array's length cannot be negative")
        return _Chars(length)

    def string(self, cdata: Any, maxlen: int = -1) -> bytes:
        """Return the bytes of an array up to its first zero, or up to its end or `maxlen`."""
        if cdata is self.NULL:
            raise RuntimeError("there is no string at NULL")
        if not isinstance(cdata, _Chars):
            raise TypeError(f"an array of char is needed, not {cdata!r}")
        content = bytes(cdata) if maxlen < 0 else bytes(cdata)[:maxlen]
        return content.split(b"\0", 1)[0]

    def buffer(self, cdata: Any, size: int = -1) -> memoryview:
        """Return a view of an array's bytes, all or the first `size`, through which they can be changed."""
        if not isinstance(cdata, _Chars):
            raise TypeError(f"an array of char is needed, not {cdata!r}")
        if size > len(cdata):
            raise ValueError(f"the array has {len(cdata)} bytes, not {size}")
        return memoryview(cdata)[: len(cdata) if size < 0 else size]

    def from_buffer(self, *arguments: Any) -> memoryview:
        """Return a view of an object's bytes. A type before the object is taken, and does not matter."""
        return memoryview(arguments[-1]).cast("B")

    def gc(self, cdata: Any, destructor: Callable[[Any], object] | None, size: int = 0) -> Any:
        """Return a handle like this one, for which `destructor` is called when it is gone.

        There is no need for it: handles free what they stand for by themselves.
        """
        if cdata is self.NULL or destructor is None or not isinstance(cdata, _Handle):
            return cdata
        guarded = _Handle(cdata.kind, cdata.owner)
        weakref.finalize(guarded, destructor, cdata).atexit = False
        return guarded

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"OpenSSL._util.ffi has no {name!r}: this package calls C through no such interface. "
            "Use the classes of OpenSSL.SSL and OpenSSL.crypto"
        )


ffi: Final = _Ffi()
no_zero_allocator = ffi.new
from_buffer = ffi.from_buffer


def _owner(handle: Any, kind: str) -> Any:
    """Return the object that a handle of this kind holds."""
    if isinstance(handle, _Handle) and handle.kind == kind:
        return handle.owner
    raise TypeError(f"a handle '{kind} *' is needed, not {handle!r}")


def _attempt(operation: Callable[..., Any], *arguments: Any) -> Any:
    """Call a method; return what it returns, or None, with the reasons kept, where it refuses."""
    _queue.reasons = []
    try:
        return operation(*arguments)
    except (SSL.Error, crypto.Error) as error:
        _queue.reasons = list(error.args[0])
    except (ValueError, OSError, NotImplementedError) as error:
        _queue.reasons = [("OpenSSL", "", str(error))]
    return None


def _succeeds(operation: Callable[..., Any], *arguments: Any) -> int:
    """Call a method; return 1, or 0, with the reasons kept, where it refuses."""
    _attempt(operation, *arguments)
    return 0 if _queue.reasons else 1


def _content(data: Any, length: int) -> bytes:
    """Return the bytes that an argument of C's stands for: so many, or, for 0, all up to the first zero."""
    content = bytes(memoryview(data))
    if length > len(content):
        raise ValueError(f"there are {len(content)} bytes, not {length}")
    return content[:length] if length else content.split(b"\0", 1)[0]


# Where a program finds what a function does that `lib` has not: the beginning of its name, the class, what else to say.
_PLACES: Final[tuple[tuple[str, type | None, str], ...]] = (
    ("SSL_CTX_", SSL.Context, "OpenSSL.SSL.Context"),
    ("SSL_SESSION_", SSL.Session, "OpenSSL.SSL.Session"),
    ("SSL_", SSL.Connection, "OpenSSL.SSL.Connection"),
    ("X509_VERIFY_PARAM_", crypto.X509Store, "OpenSSL.crypto.X509Store"),
    ("X509_STORE_CTX_", crypto.X509StoreContext, "OpenSSL.crypto.X509StoreContext"),
    ("X509_STORE_", crypto.X509Store, "OpenSSL.crypto.X509Store"),
    ("X509_NAME_", crypto.X509Name, "OpenSSL.crypto.X509Name"),
    ("X509_REQ_", crypto.X509Req, "OpenSSL.crypto.X509Req"),
    ("X509_CRL_", crypto.CRL, "OpenSSL.crypto.CRL"),
    ("X509_REVOKED_", crypto.Revoked, "OpenSSL.crypto.Revoked"),
    ("X509_EXTENSION_", crypto.X509Extension, "OpenSSL.crypto.X509Extension"),
    ("X509V3_", crypto.X509Extension, "OpenSSL.crypto.X509Extension"),
    ("X509_", crypto.X509, "OpenSSL.crypto.X509"),
    ("EVP_PKEY_", crypto.PKey, "OpenSSL.crypto.PKey"),
    ("NETSCAPE_SPKI_", crypto.NetscapeSPKI, "OpenSSL.crypto.NetscapeSPKI"),
    ("PKCS7_", crypto.PKCS7, "OpenSSL.crypto.PKCS7"),
    ("PKCS12_", crypto.PKCS12, "OpenSSL.crypto.PKCS12"),
    ("RAND_", None, "OpenSSL.rand"),
    ("ERR_", None, "the args of OpenSSL.SSL.Error and OpenSSL.crypto.Error"),
    ("EC_", None, "OpenSSL.crypto.get_elliptic_curve"),
    ("EVP_", None, "OpenSSL.crypto.sign and verify, and X509.digest"),
    ("PEM_", None, "the load_ and dump_ functions of OpenSSL.crypto"),
    ("BIO_", None, "Connection.bio_read and bio_write, and the load_ and dump_ functions of OpenSSL.crypto"),
    ("OpenSSL_", None, "OpenSSL.SSL.OpenSSL_version"),
    ("", None, "the classes of OpenSSL.SSL and OpenSSL.crypto"),
)


def _instead_of(name: str) -> str:
    """Say where a program finds what a function of C's does, the very method where its name tells it."""
    for prefix, owner, place in _PLACES:
        if name.startswith(prefix):
            method = re.sub(r"^(set|get|add)[01]_", r"\1_", name.removeprefix(prefix))
            return f"{place}.{method}" if owner is not None and hasattr(owner, method) else place
    raise AssertionError("the last prefix is that of every name")


class _Lib:
    """What programs call of the original's `lib`, and its constants under the names that C has for them."""

    def __init__(self) -> None:
        vars(self).update(_constants())

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"OpenSSL._util.lib has no {name!r}: this package gives no C functions away. See {_instead_of(name)}"
        )

    # Contexts

    def TLS_server_method(self) -> Any:
        """Return a handle of the method."""
        return _Handle("SSL_METHOD", SSL.TLS_SERVER_METHOD)

    def SSL_CTX_set_min_proto_version(self, ctx: Any, version: int) -> int:
        """Call Context.set_min_proto_version."""
        return _succeeds(_owner(ctx, "SSL_CTX").set_min_proto_version, version)

    def SSL_CTX_set_max_proto_version(self, ctx: Any, version: int) -> int:
        """Call Context.set_max_proto_version."""
        return _succeeds(_owner(ctx, "SSL_CTX").set_max_proto_version, version)

    def SSL_CTX_set_post_handshake_auth(self, ctx: Any, val: int) -> None:
        """Call Context.set_post_handshake_auth."""
        _owner(ctx, "SSL_CTX").set_post_handshake_auth(bool(val))

    def SSL_CTX_get_options(self, ctx: Any) -> int:
        """Return what Context.get_options does."""
        return int(_owner(ctx, "SSL_CTX").get_options())

    def SSL_CTX_set_tmp_dh(self, ctx: Any, dh: Any) -> int:
        """Call Context.set_tmp_dh."""
        return _succeeds(_owner(ctx, "SSL_CTX").set_tmp_dh, _owner(dh, "DH"))

    # Connections

    def SSL_get0_param(self, ssl: Any) -> Any:
        """Return a handle of what the peer's certificate has to be, for the functions below."""
        return _Handle("X509_VERIFY_PARAM", _owner(ssl, "SSL"))

    def SSL_get_verify_result(self, ssl: Any) -> int:
        """Return what Connection.get_verify_result does."""
        return int(_owner(ssl, "SSL").get_verify_result())

    def X509_VERIFY_PARAM_set_hostflags(self, param: Any, flags: int) -> None:
        """Call Connection.set_verify_host_flags."""
        _owner(param, "X509_VERIFY_PARAM").set_verify_host_flags(flags)

    def X509_VERIFY_PARAM_set1_host(self, param: Any, name: Any, namelen: int) -> int:
        """Call Connection.set_verify_host; for NULL and an empty name with None."""
        connection = _owner(param, "X509_VERIFY_PARAM")
        host = b"" if name is ffi.NULL else _content(name, namelen)
        # C takes a length that counts the zero at the end, too.
        return _succeeds(connection.set_verify_host, host.removesuffix(b"\0") or None)

    def X509_VERIFY_PARAM_set1_ip(self, param: Any, ip: Any, iplen: int) -> int:
        """Call Connection.set_verify_ip; for NULL with None."""
        connection = _owner(param, "X509_VERIFY_PARAM")
        if ip is ffi.NULL:
            return _succeeds(connection.set_verify_ip, None)
        content = bytes(memoryview(ip))
        return _succeeds(connection.set_verify_ip, content[:iplen] if 0 <= iplen <= len(content) else b"")

    # Certificates

    def X509_verify_cert_error_string(self, n: int) -> _Chars:
        """Return what crypto.X509_verify_cert_error_string does."""
        return ffi.new("char[]", crypto.X509_verify_cert_error_string(n).encode())

    def X509_NAME_oneline(self, a: Any, buf: Any, size: int) -> Any:
        """Write a name in one line, such as /C=SE/CN=x, to an array: as many components as fit; return the array.

        For NULL return a new array, with all of them.
        """
        name = _owner(a, "X509_NAME")
        if buf is ffi.NULL:
            return ffi.new("char[]", name._oneline().encode())
        if not isinstance(buf, _Chars):
            raise TypeError(f"an array of char is needed, not {buf!r}")
        room = min(size, len(buf))
        if room <= 0:
            return ffi.NULL
        line = name._oneline(room).encode() + b"\0"
        buf[: len(line)] = line
        return buf

    def X509_STORE_get0_objects(self, store: Any) -> Any:
        """Return a handle of what a store holds, for the function below."""
        return _Handle("STACK_OF(X509_OBJECT)", _owner(store, "X509_STORE"))

    def sk_X509_OBJECT_num(self, sk: Any) -> int:
        """Return how many certificates and lists a store holds."""
        return int(_owner(sk, "STACK_OF(X509_OBJECT)")._count())

    def X509_get_default_cert_file(self) -> _Chars:
        """Return the file of certificates that the library was built to trust."""
        return ffi.new("char[]", os.fsencode(_native.library_paths()[0]))

    def X509_get_default_cert_dir(self) -> _Chars:
        """Return the directory of certificates that the library was built to trust."""
        return ffi.new("char[]", os.fsencode(_native.library_paths()[1]))

    def X509_get_default_cert_file_env(self) -> _Chars:
        """Return the name of the variable that names another file."""
        return ffi.new("char[]", os.fsencode(_native.library_paths()[2]))

    def X509_get_default_cert_dir_env(self) -> _Chars:
        """Return the name of the variable that names another directory."""
        return ffi.new("char[]", os.fsencode(_native.library_paths()[3]))

    # Files

    def BIO_new_file(self, filename: Any, mode: bytes) -> Any:
        """Open a file for reading; return a handle, NULL where that cannot be done."""
        if mode not in (b"r", b"rb"):
            raise NotImplementedError("OpenSSL._util.lib.BIO_new_file() opens files for reading only")
        opened = _attempt(_read, _content(filename, 0))
        return ffi.NULL if opened is None else _Handle("BIO", opened)

    def BIO_free(self, a: Any) -> int:
        """Do nothing: what a handle holds is freed with it."""
        return int(a is not ffi.NULL)

    def PEM_read_bio_DHparams(self, bp: Any, x: Any, cb: Any, u: Any) -> Any:
        """Read the parameters of a Diffie-Hellman key exchange; return a handle, NULL where there are none."""
        parameters = _attempt(_native.DhParameters, _owner(bp, "BIO").read())
        return ffi.NULL if parameters is None else _Handle("DH", parameters)

    def DH_free(self, dh: Any) -> None:
        """Do nothing: what a handle holds is freed with it."""

    # Errors

    def ERR_put_error(self, library: int, function: int, reason: int, file: Any, line: int) -> None:
        """Add a reason to those that `exception_from_error_queue` raises."""
        _queue.reasons.append(error_text(library, reason))


def _read(path: bytes) -> io.BytesIO:
    """Read a file."""
    with open(path, "rb") as file:
        return io.BytesIO(file.read())


def _constants() -> dict[str, int]:
    """Return the constants, by C's names, from the tables of the classes and from the extension's own."""
    found: dict[str, int] = dict(_native.LIBRARY_CONSTANTS)
    for name, value in vars(SSL).items():
        if not isinstance(value, int) or name.endswith("_METHOD") or name.startswith("_"):
            continue
        short = re.match(r"(OP|MODE|VERIFY|SESS_CACHE|FILETYPE)_|(SENT|RECEIVED)_SHUTDOWN", name)
        found[f"SSL_{name}" if short else name] = value
    found.update({f"X509_V_{name}": value for name, value in _numbers(SSL.X509VerificationCodes)})
    found.update({f"X509_V_FLAG_{name}": value for name, value in _numbers(crypto.X509StoreFlags)})
    found.update({f"EVP_PKEY_{name}": getattr(crypto, f"TYPE_{name}") for name in ("RSA", "DSA", "DH", "EC")})
    found.update({f"Cryptography_HAS_{name}": int(there) for name, there in _ABILITIES.items()})
    return found


def _numbers(table: type) -> list[tuple[str, int]]:
    """Return the numbers that are attributes of a class."""
    return [(name, value) for name, value in vars(table).items() if isinstance(value, int)]


# What the original asks its binding for, and programs through it.
_ABILITIES: Final = {
    "ALPN": True,
    "EC": True,
    "KEYLOG": True,
    "NEXTPROTONEG": False,
    "SRTP": True,
    "SSL_COOKIE": True,
    "SSL_GET0_GROUP_NAME": SSL.OPENSSL_VERSION_NUMBER >= 0x30200000,
    "SSL_OP_IGNORE_UNEXPECTED_EOF": True,
    "SSL_ST": True,
    "TLSEXT_HOSTNAME": True,
    "TLSv1_3": True,
    "VERIFIED_CHAIN": True,
}

lib: Final = _Lib()
binding: Final = SimpleNamespace(lib=lib, ffi=ffi)


def private_names(error: type[Exception]) -> dict[str, Any]:
    """Return what `SSL` and `crypto`, each with its own Error, give for their private names."""

    def raise_current_error() -> NoReturn:
        exception_from_error_queue(error)

    return {
        "_byte_string": byte_string,
        "_exception_from_error_queue": exception_from_error_queue,
        "_ffi": ffi,
        "_lib": lib,
        "_make_assert": make_assert,
        "_no_zero_allocator": no_zero_allocator,
        "_openssl_assert": make_assert(error),
        "_path_bytes": path_bytes,
        "_raise_current_error": raise_current_error,
        "_text_to_bytes_and_warn": text_to_bytes_and_warn,
    }
