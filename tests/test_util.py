"""`OpenSSL._util`: the functions on text, the error queue, and `ffi`."""

import array
import gc
import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from OpenSSL import SSL, _util, crypto
from OpenSSL._util import ffi, lib


def test_everything_of_every_release_is_there() -> None:
    names = """
        StrOrBytesPath UNSPECIFIED binding byte_string exception_from_error_queue ffi from_buffer lib make_assert
        native no_zero_allocator path_bytes path_string text text_to_bytes_and_warn
    """
    assert sorted(names.split()) == sorted(_util.__all__)
    assert _util.binding.lib is lib
    assert _util.binding.ffi is ffi
    assert _util.UNSPECIFIED is not None


def test_text() -> None:
    assert _util.text(ffi.NULL) == ""
    assert _util.text(ffi.new("char[]", "g\u00f6teborg".encode())) == "g\u00f6teborg"


def test_byte_string_and_native() -> None:
    assert _util.byte_string("abc\u00ff") == b"abc\xff"
    with pytest.raises(UnicodeEncodeError):
        _util.byte_string("\u0100")
    assert _util.native("abc") == _util.native(b"abc") == "abc"
    with pytest.raises(TypeError, match="neither str nor bytes"):
        _util.native(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("function", [_util.path_bytes, _util.path_string])
def test_paths(function: Callable[[object], bytes]) -> None:
    for path in ("/a/\u00f6", os.fsencode("/a/\u00f6"), Path("/a/\u00f6")):
        assert function(path) == os.fsencode("/a/\u00f6")
    with pytest.raises(TypeError):
        function(3)


def test_text_to_bytes_and_warn() -> None:
    with pytest.warns(DeprecationWarning, match=r"^str for thing is no longer accepted, use bytes$") as caught:
        assert _util.text_to_bytes_and_warn("thing", "\u00f6") == "\u00f6".encode()
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for other in (b"bytes", None, 3, bytearray(b"x")):
            assert _util.text_to_bytes_and_warn("thing", other) is other


def fail(library: int = lib.ERR_LIB_EVP, reason: int = 100) -> None:
    """Leave a reason as a failed function does."""
    lib.ERR_put_error(library, 0, reason, b"", 10)


def test_exception_from_error_queue() -> None:
    fail()
    fail(reason=1112)
    with pytest.raises(ValueError, match="digital envelope") as caught:
        _util.exception_from_error_queue(ValueError)
    assert caught.value.args == (
        [("digital envelope routines", "", "bad decrypt"), ("digital envelope routines", "", "")],
    )
    with pytest.raises(KeyError) as empty:
        _util.exception_from_error_queue(KeyError)
    ((entry,),) = empty.value.args
    assert entry == ("OpenSSL", "", "an operation failed and gave no reason")


def test_make_assert() -> None:
    check = _util.make_assert(crypto.Error)
    check(True)
    check(1)
    for false in (False, 0, ffi.NULL):
        fail()
        with pytest.raises(crypto.Error) as caught:
            check(false)
        assert caught.value.args[0][0][2] == "bad decrypt"


def test_the_queue_is_the_threads_own() -> None:
    fail()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    with pytest.raises(SSL.Error) as caught:
        SSL._raise_current_error()
    assert len(caught.value.args[0]) == 1


def test_null() -> None:
    assert not ffi.NULL
    assert ffi.NULL is ffi.NULL
    assert crypto.X509()._x509 != ffi.NULL
    assert repr(ffi.NULL) == "<NULL>"
    with pytest.raises(RuntimeError, match="NULL"):
        ffi.string(ffi.NULL)


@pytest.mark.parametrize("kind", ["char[]", "unsigned char[]", "char []", "uint8_t[]", " signed char [ ] "])
def test_new_makes_arrays_of_char(kind: str) -> None:
    zeros = ffi.new(kind, 5)
    assert len(zeros) == 5
    assert bytes(zeros) == bytes(5)
    assert bytes(ffi.new(kind, b"ab")) == b"ab\0"
    assert bytes(ffi.new(kind, bytearray(b"ab"))) == b"ab\0"
    assert len(ffi.new(kind, 0)) == 0


def test_new_with_a_length_in_the_type() -> None:
    assert bytes(ffi.new("char[4]")) == bytes(4)
    assert bytes(ffi.new("char[4]", b"ab")) == b"ab\0\0"
    assert bytes(ffi.new("char[2]", b"ab")) == b"ab"
    with pytest.raises(IndexError, match="3 bytes do not fit"):
        ffi.new("char[2]", b"abc")
    with pytest.raises(TypeError):
        ffi.new("char[2]", 2)


def test_new_refuses_other_things() -> None:
    for kind in ("int[]", "char *", "X509 *", "char**", "", "char[]x"):
        with pytest.raises(NotImplementedError, match="arrays of char only"):
            ffi.new(kind, 5)
    for wrong in (None, "text", 1.5):
        with pytest.raises(TypeError):
            ffi.new("char[]", wrong)
    with pytest.raises(ValueError, match="negative"):
        ffi.new("char[]", -1)


def test_string_ends_at_the_first_zero() -> None:
    array_ = ffi.new("char[]", b"ab\0cd")
    assert ffi.string(array_) == b"ab"
    assert ffi.string(array_, 1) == b"a"
    full = ffi.new("char[2]", b"ab")
    assert ffi.string(full) == b"ab"
    for wrong in (b"ab", "ab", None, crypto.X509()._x509):
        with pytest.raises(TypeError):
            ffi.string(wrong)


def test_items_are_bytes() -> None:
    chars = ffi.new("char[]", b"abc")
    assert chars[0] == b"a"
    assert chars[1:3] == b"bc"
    chars[0] = b"x"
    chars[1] = 0x79
    chars[2:4] = b"z\0"
    assert ffi.string(chars) == b"xyz"
    with pytest.raises(ValueError, match="keeps its length"):
        chars[0:2] = b"long"
    with pytest.raises(IndexError):
        chars[9]
    with pytest.raises((TypeError, ValueError)):
        chars[0] = b"long"
    assert repr(chars) == "<char[4]>"


def test_buffer_is_a_view() -> None:
    chars = ffi.new("char[]", 4)
    view = ffi.buffer(chars)
    view[:2] = b"ab"
    assert ffi.string(chars) == b"ab"
    assert bytes(ffi.buffer(chars, 1)) == b"a"
    assert ffi.buffer(chars, 2)[:] == b"ab"
    with pytest.raises(ValueError, match="4 bytes, not 5"):
        ffi.buffer(chars, 5)
    with pytest.raises(TypeError):
        ffi.buffer(b"ab")


def test_from_buffer_is_a_view_of_anything() -> None:
    content = bytearray(b"ab")
    assert bytes(ffi.from_buffer(content)) == bytes(_util.from_buffer("char[]", content)) == b"ab"
    assert len(ffi.from_buffer(array.array("I", [1]))) == 4
    with pytest.raises(TypeError):
        ffi.from_buffer("text")


def test_no_zero_allocator_gives_no_bytes_of_others() -> None:
    assert bytes(_util.no_zero_allocator("char[]", 64)) == bytes(64)


def test_gc_calls_when_the_handle_is_gone() -> None:
    freed: list[object] = []
    certificate = crypto.X509()
    handle = ffi.gc(certificate._x509, freed.append)
    assert handle == certificate._x509
    assert hash(handle) == hash(certificate._x509)
    del handle
    gc.collect()
    assert freed == [certificate._x509]
    assert ffi.gc(ffi.NULL, freed.append) is ffi.NULL
    kept = certificate._x509
    assert ffi.gc(kept, None) is kept


def test_nothing_else_of_ffi() -> None:
    for name in ("cast", "dlopen", "callback", "new_handle", "memmove"):
        with pytest.raises(AttributeError, match=rf"ffi has no '{name}'.*classes of OpenSSL.SSL"):
            getattr(ffi, name)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("SSL_CTX_set_timeout", "OpenSSL.SSL.Context.set_timeout"),
        ("SSL_CTX_new", "OpenSSL.SSL.Context"),
        ("SSL_shutdown", "OpenSSL.SSL.Connection.shutdown"),
        ("SSL_get1_session", "OpenSSL.SSL.Connection.get_session"),
        ("X509_get_subject", "OpenSSL.crypto.X509.get_subject"),
        ("X509_NAME_hash", "OpenSSL.crypto.X509Name.hash"),
        ("X509_STORE_add_cert", "OpenSSL.crypto.X509Store.add_cert"),
        ("X509_STORE_CTX_new", "OpenSSL.crypto.X509StoreContext"),
        ("EVP_PKEY_bits", "OpenSSL.crypto.PKey.bits"),
        ("EVP_get_digestbyname", "OpenSSL.crypto.sign"),
        ("RAND_bytes", "OpenSSL.rand"),
        ("ERR_get_error", "args of OpenSSL.SSL.Error"),
        ("BIO_new", "Connection.bio_read"),
        ("PEM_read_bio_X509", "load_ and dump_"),
        ("OpenSSL_version", "OpenSSL.SSL.OpenSSL_version"),
        ("d2i_X509", "classes of OpenSSL.SSL and OpenSSL.crypto"),
    ],
)
def test_lib_names_the_public_way(name: str, place: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(lib, name)
    assert f"OpenSSL._util.lib has no {name!r}" in str(caught.value)
    assert place in str(caught.value)
    assert not hasattr(lib, name)
    assert getattr(lib, name, 5) == 5


def test_constants_have_the_names_of_c() -> None:
    assert lib.SSL_OP_NO_SSLv3 == SSL.OP_NO_SSLv3
    assert lib.SSL_VERIFY_PEER == SSL.VERIFY_PEER
    assert lib.SSL_SENT_SHUTDOWN == SSL.SENT_SHUTDOWN
    assert lib.SSL_FILETYPE_PEM == SSL.FILETYPE_PEM
    assert lib.SSL_MODE_RELEASE_BUFFERS == SSL.MODE_RELEASE_BUFFERS
    assert lib.SSL_SESS_CACHE_BOTH == SSL.SESS_CACHE_BOTH
    assert lib.SSL_CB_HANDSHAKE_DONE == SSL.SSL_CB_HANDSHAKE_DONE
    assert lib.TLS1_3_VERSION == SSL.TLS1_3_VERSION == 0x304
    assert lib.OPENSSL_VERSION_NUMBER == SSL.OPENSSL_VERSION_NUMBER
    assert lib.X509_V_OK == 0
    assert lib.X509_V_ERR_HOSTNAME_MISMATCH == 62
    assert lib.X509_V_FLAG_CRL_CHECK == crypto.X509StoreFlags.CRL_CHECK
    assert lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS == 4
    assert lib.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT == 0x20
    assert lib.EVP_PKEY_RSA == crypto.TYPE_RSA
    assert lib.SSL_MODE_ENABLE_PARTIAL_WRITE == 1
    assert lib.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER == 2
    assert lib.Cryptography_HAS_TLSv1_3 == 1
    # The numbers of the Python package's own are none of C's.
    assert not hasattr(lib, "TLS_METHOD")
    assert not hasattr(lib, "SSLv23_METHOD")
