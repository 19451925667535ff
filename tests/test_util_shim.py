"""The private names that programs in use reach for: handles, and `lib` on them.

Written here, in the style of Twisted, urllib3, Scrapy, mitmproxy and the original's own tests.
"""

import gc
import ipaddress
import os
import pickle
import subprocess
import sys
import weakref
from pathlib import Path
from unittest import mock

import pytest
from OpenSSL import SSL, crypto
from OpenSSL._util import ffi, lib

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors
from tests.support.pairs import Pair, memory_pair
from tests.support.programs import run


@pytest.fixture(scope="session")
def dh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of DH parameters (the group ffdhe2048 of RFC 7919)."""
    path = tmp_path_factory.mktemp("dh") / "dhparam.pem"
    made = run(["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"])
    assert made.returncode == 0, made.stderr
    path.write_bytes(made.stdout)
    return path


def every_handle() -> list[tuple[object, str]]:
    """Return an object of each class, and the name of its private attribute."""
    context = SSL.Context(SSL.TLS_METHOD)
    certificate = crypto.X509()
    return [
        (crypto.PKey(), "_pkey"),
        (certificate, "_x509"),
        (certificate.get_subject(), "_name"),
        (crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE"), "_extension"),
        (crypto.X509Req(), "_req"),
        (crypto.X509Store(), "_store"),
        (crypto.CRL(), "_crl"),
        (crypto.Revoked(), "_revoked"),
        (crypto.NetscapeSPKI(), "_spki"),
        (context, "_context"),
        (SSL.Connection(context, None), "_ssl"),
        (SSL.Session(), "_session"),
    ]


class TestHandles:
    """What stands for C's pointers."""

    @pytest.mark.parametrize(("thing", "attribute"), every_handle())
    def test_is_there_and_equal_for_one_object(self, thing: object, attribute: str) -> None:
        handle = getattr(thing, attribute)
        assert handle is not None
        assert handle
        assert handle == getattr(thing, attribute)
        assert (handle != getattr(thing, attribute)) is False
        assert hash(handle) == hash(getattr(thing, attribute))
        assert handle != ffi.NULL
        assert handle.owner is thing
        assert type(thing).__name__ in repr(handle)

    def test_differs_from_others(self) -> None:
        handles = [getattr(thing, attribute) for thing, attribute in every_handle()]
        assert len({id(handle) for handle in handles}) == len(set(handles)) == len(handles)
        assert crypto.X509()._x509 != crypto.X509()._x509
        assert crypto.X509()._x509 != 3
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
        assert connection._ssl != lib.SSL_get0_param(connection._ssl)
        with pytest.raises(TypeError):
            assert handles[0] < handles[1]

    @pytest.mark.parametrize(("thing", "attribute"), every_handle())
    def test_cannot_be_replaced_or_pickled(self, thing: object, attribute: str) -> None:
        with pytest.raises((AttributeError, TypeError)):
            setattr(thing, attribute, None)
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(getattr(thing, attribute))

    def test_keeps_its_object_alive_and_is_no_leak(self) -> None:
        class Connection(SSL.Connection):
            pass

        connection = Connection(SSL.Context(SSL.TLS_METHOD), None)
        gone = weakref.ref(connection)
        handle = connection._ssl
        del connection
        assert lib.SSL_get_verify_result(handle) == 0
        # A cycle through the handle is collected.
        handle.owner.itself = handle
        del handle
        gc.collect()
        assert gone() is None

    def test_of_a_subclass(self) -> None:
        class Certificate(crypto.X509):
            def __init__(self) -> None:
                self.mine = 3

        assert Certificate()._x509.owner.mine == 3

    def test_connection_tells_its_context_and_socket(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        assert SSL.Connection(context, None)._context is context
        assert SSL.Connection(context, None)._socket is None


class TestModules:
    """The private names of the modules."""

    def test_are_loaded_only_when_asked_for(self) -> None:
        program = """
import sys
from OpenSSL import SSL, crypto
context = SSL.Context(SSL.TLS_METHOD)
SSL.Connection(context, None)._ssl, crypto.X509()._x509
assert "OpenSSL._util" not in sys.modules
assert SSL._lib is crypto._lib
assert "OpenSSL._util" in sys.modules
"""
        subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)

    def test_are_the_same_each_time(self) -> None:
        for module in (SSL, crypto):
            assert module._lib is lib
            assert module._ffi is ffi
            assert module._openssl_assert is module._openssl_assert
            for name in ("_exception_from_error_queue", "_raise_current_error", "_text_to_bytes_and_warn"):
                assert callable(getattr(module, name))
            with pytest.raises(AttributeError, match="_nothing"):
                _ = module._nothing

    def test_assert_raises_the_error_of_the_module(self) -> None:
        for module in (SSL, crypto):
            module._openssl_assert(True)
            with pytest.raises(module.Error):
                module._openssl_assert(False)

    @pytest.mark.parametrize("name", ["_lib", "_ffi", "_openssl_assert"])
    def test_can_be_patched(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        before = getattr(SSL, name)
        with mock.patch.object(SSL, name) as stand_in:
            assert getattr(SSL, name) is stand_in
        assert getattr(SSL, name) is before
        with monkeypatch.context() as patch:
            patch.setattr(SSL, name, 5)
            assert getattr(SSL, name) == 5
        assert getattr(SSL, name) is before
        with mock.patch.object(lib, "SSL_CTX_get_options", return_value=7):
            assert SSL._lib.SSL_CTX_get_options(None) == 7
        assert SSL._lib.SSL_CTX_get_options(SSL.Context(SSL.TLS_METHOD)._context) != 7

    def test_what_the_originals_tests_read(self) -> None:
        key = crypto.PKey()
        assert (key._initialized, key._only_public) == (False, False)
        key.generate_key(crypto.TYPE_RSA, 1024)
        assert (key._initialized, key._only_public) == (True, False)
        curve = crypto.get_elliptic_curve("prime256v1")
        assert isinstance(curve, crypto._EllipticCurve)
        for name in ("_Key", "_PrivateKey", "_PublicKey"):
            assert getattr(crypto, name) is not None


def test_twisted_imports_lib_to_look_for_a_function() -> None:
    from OpenSSL._util import lib as openssl_lib

    assert callable(openssl_lib.TLS_server_method)
    assert openssl_lib.TLS_server_method() != ffi.NULL
    # It goes another way where there is no such function.
    assert getattr(openssl_lib, "SSL_CTX_set_ecdh_auto", None) is None


def test_urllib3_refuses_a_package_without_this_attribute() -> None:
    assert getattr(crypto.X509(), "_x509", None) is not None


def one_line(name: crypto.X509Name, room: int = 512) -> str:
    """Return a name as one line of text, as Scrapy logs it."""
    import OpenSSL._util as pyopenssl_util

    buffer = pyopenssl_util.ffi.new("char[]", room)
    pyopenssl_util.lib.X509_NAME_oneline(name._name, buffer, len(buffer))
    return str(pyopenssl_util.ffi.string(buffer).decode())


class TestNames:
    """X509_NAME_oneline on handles."""

    def test_writes_the_line(self, ec: Authority) -> None:
        assert one_line(ec.server.x509.get_subject()) == "/O=Throwaway/CN=server"
        name = crypto.X509().get_subject()
        assert one_line(name) == ""
        name.CN = "g\u00f6teborg"
        assert one_line(name) == r"/CN=g\xC3\xB6teborg"

    @pytest.mark.parametrize(
        ("room", "text"), [(1, ""), (5, ""), (6, "/C=SE"), (10, "/C=SE"), (11, "/C=SE"), (12, "/C=SE/CN=xy")]
    )
    def test_writes_what_fits_and_not_one_byte_more(self, room: int, text: str) -> None:
        name = crypto.X509().get_subject()
        name.C, name.CN = "SE", "xy"
        buffer = ffi.new("char[]", b"#" * 20)
        assert lib.X509_NAME_oneline(name._name, buffer, room) is buffer
        assert ffi.string(buffer) == text.encode()
        assert bytes(buffer)[room:20] == b"#" * (20 - room)

    def test_size_is_not_believed(self) -> None:
        name = crypto.X509().get_subject()
        name.CN = "x" * 60
        small = ffi.new("char[]", 10)
        lib.X509_NAME_oneline(name._name, small, 1000)
        assert bytes(small) == bytes(10)
        assert lib.X509_NAME_oneline(name._name, small, 0) is ffi.NULL
        assert lib.X509_NAME_oneline(name._name, small, -5) is ffi.NULL

    def test_allocates_for_null(self) -> None:
        name = crypto.X509().get_subject()
        for _ in range(30):
            name_entry = "x" * 60
            name.OU = name_entry
        name.CN = "y" * 64
        line = lib.X509_NAME_oneline(name._name, ffi.NULL, 0)
        assert ffi.string(line) == f"/OU={'x' * 60}/CN={'y' * 64}".encode()

    def test_other_arguments(self) -> None:
        name = crypto.X509().get_subject()
        for wrong in (ffi.NULL, None, name, crypto.X509()._x509):
            with pytest.raises(TypeError, match=r"handle 'X509_NAME \*' is needed"):
                lib.X509_NAME_oneline(wrong, ffi.new("char[]", 5), 5)
        with pytest.raises(TypeError, match="array of char"):
            lib.X509_NAME_oneline(name._name, bytearray(5), 5)


@pytest.mark.parametrize(
    ("attribute", "method"),
    [
        ("_info_callback", "set_info_callback"),
        ("_keylog_callback", "set_keylog_callback"),
        ("_tlsext_servername_callback", "set_tlsext_servername_callback"),
        ("_alpn_select_callback", "set_alpn_select_callback"),
    ],
)
def test_scrapy_looks_whether_a_callback_is_set(attribute: str, method: str) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    assert getattr(context, attribute) is None
    getattr(context, method)(print)
    assert getattr(context, attribute) is print
    getattr(context, method)(None)
    assert getattr(context, attribute) is None


def test_a_verify_callback_can_be_looked_at() -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    assert context._verify_callback is None
    context.set_verify(SSL.VERIFY_PEER, print)
    assert context._verify_callback is print


class TestContexts:
    """What mitmproxy does with a context."""

    def test_versions(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        ok = SSL._lib.SSL_CTX_set_min_proto_version(context._context, SSL.TLS1_3_VERSION)
        ok += SSL._lib.SSL_CTX_set_max_proto_version(context._context, 0)
        assert ok == 2
        client = SSL.Connection(context, None)
        client.set_connect_state()
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        # The extension supported_versions names TLS 1.3 only.
        assert b"\x00\x2b\x00\x03\x02\x03\x04" in client.bio_read(4096)

    def test_a_version_that_is_none(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        assert SSL._lib.SSL_CTX_set_min_proto_version(context._context, 0x9999) == 0
        with pytest.raises(SSL.Error) as caught:
            SSL._openssl_assert(False)
        assert caught.value.args[0][0][2]
        # It was told once.
        with pytest.raises(SSL.Error) as caught:
            SSL._openssl_assert(False)
        assert caught.value.args == ([("OpenSSL", "", "an operation failed and gave no reason")],)

    def test_success_forgets_the_failure_before(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        assert lib.SSL_CTX_set_min_proto_version(context._context, 0x9999) == 0
        assert lib.SSL_CTX_set_min_proto_version(context._context, 0) == 1
        with pytest.raises(SSL.Error, match="gave no reason"):
            SSL._openssl_assert(False)

    def test_options(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        assert not lib.SSL_CTX_get_options(context._context) & SSL.OP_NO_TICKET
        context.set_options(SSL.OP_NO_TICKET)
        assert lib.SSL_CTX_get_options(context._context) == context.get_options()
        assert context.get_options() & SSL.OP_NO_TICKET

    def test_post_handshake_authentication(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        hello: list[bytes] = []
        for on in (0, 1):
            assert lib.SSL_CTX_set_post_handshake_auth(context._context, on) is None  # type: ignore[func-returns-value]
            client = SSL.Connection(context, None)
            client.set_connect_state()
            with pytest.raises(SSL.WantReadError):
                client.do_handshake()
            hello.append(client.bio_read(4096))
        # The extension post_handshake_auth is empty.
        assert [b"\x00\x31\x00\x00" in message for message in hello] == [False, True]

    def test_other_handles(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        for wrong in (context, None, ffi.NULL, SSL.Connection(context, None)._ssl, 3):
            with pytest.raises(TypeError, match=r"handle 'SSL_CTX \*' is needed"):
                lib.SSL_CTX_set_min_proto_version(wrong, 0)
            with pytest.raises(TypeError, match=r"handle 'SSL_CTX \*' is needed"):
                lib.SSL_CTX_get_options(wrong)


def load_parameters(path: Path) -> object:
    """Load DH parameters from a file, as mitmproxy does."""
    bio = SSL._lib.BIO_new_file(str(path).encode(sys.getfilesystemencoding()), b"r")
    if bio == SSL._ffi.NULL:
        raise RuntimeError("no such file")
    bio = SSL._ffi.gc(bio, SSL._lib.BIO_free)
    parameters = SSL._lib.PEM_read_bio_DHparams(bio, SSL._ffi.NULL, SSL._ffi.NULL, SSL._ffi.NULL)
    return SSL._ffi.gc(parameters, SSL._lib.DH_free)


class TestParameters:
    """DH parameters through lib."""

    def test_are_used(self, rsa: Authority, dh_file: Path) -> None:
        parameters = load_parameters(dh_file)
        gc.collect()
        context = server_context(rsa, "TLSv1.2")
        assert SSL._lib.SSL_CTX_set_tmp_dh(context._context, parameters) == 1
        client = client_context(rsa, "TLSv1.2")
        client.set_cipher_list(b"DHE-RSA-AES256-GCM-SHA384")
        context.set_cipher_list(b"DHE-RSA-AES256-GCM-SHA384")
        pair = memory_pair(client, context)
        pair.handshake()
        assert pair.client.get_cipher_name() == "DHE-RSA-AES256-GCM-SHA384"

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match="no such file"):
            load_parameters(tmp_path / "nothing")
        with pytest.raises(SSL.Error, match="No such file"):
            SSL._raise_current_error()
        with pytest.raises(NotImplementedError, match="for reading only"):
            lib.BIO_new_file(os.fsencode(tmp_path / "new"), b"w")
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN DH PARAMETERS-----\nAAAA\n"])
    def test_a_file_without_any(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        assert load_parameters(tmp_path / "file") is ffi.NULL
        with pytest.raises(SSL.Error) as caught:
            SSL._raise_current_error()
        assert caught.value.args[0][0][2]
        with pytest.raises(TypeError, match=r"handle 'DH \*' is needed"):
            lib.SSL_CTX_set_tmp_dh(SSL.Context(SSL.TLS_METHOD)._context, ffi.NULL)

    def test_freeing_does_nothing(self, dh_file: Path) -> None:
        bio = lib.BIO_new_file(os.fsencode(dh_file), b"rb")
        parameters = lib.PEM_read_bio_DHparams(bio, ffi.NULL, ffi.NULL, ffi.NULL)
        assert lib.BIO_free(bio) == lib.BIO_free(bio) == 1
        assert lib.BIO_free(ffi.NULL) == 0
        lib.DH_free(parameters)
        lib.DH_free(parameters)
        context = SSL.Context(SSL.TLS_METHOD)
        assert lib.SSL_CTX_set_tmp_dh(context._context, parameters) == 1
        # A file is read to its end.
        assert lib.PEM_read_bio_DHparams(bio, ffi.NULL, ffi.NULL, ffi.NULL) is ffi.NULL


def pair_that_verifies(authority: Authority, name: str) -> Pair:
    """Join a client that verifies the server's name, as mitmproxy does, and a server."""
    pair = memory_pair(client_context(authority), server_context(authority))
    parameters = SSL._lib.SSL_get0_param(pair.client._ssl)
    flags = SSL._lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | getattr(SSL._lib, "X509_CHECK_FLAG_NEVER_CHECK_SUBJECT", 0)
    SSL._lib.X509_VERIFY_PARAM_set_hostflags(parameters, flags)
    try:
        packed = ipaddress.ip_address(name).packed
    except ValueError:
        host = name.encode("idna")
        pair.client.set_tlsext_host_name(host)
        ok = SSL._lib.X509_VERIFY_PARAM_set1_host(parameters, host, len(host))
    else:
        ok = SSL._lib.X509_VERIFY_PARAM_set1_ip(parameters, packed, len(packed))
    SSL._openssl_assert(ok == 1)
    return pair


class TestVerification:
    """What mitmproxy does with a connection."""

    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
    def test_the_right_name(self, ec: Authority, name: str) -> None:
        pair = pair_that_verifies(ec, name)
        pair.handshake()
        assert lib.SSL_get_verify_result(pair.client._ssl) == lib.X509_V_OK

    @pytest.mark.parametrize(
        ("name", "text"), [("example.org", b"hostname mismatch"), ("127.0.0.2", b"IP address mismatch")]
    )
    def test_another_name(self, ec: Authority, name: str, text: bytes) -> None:
        pair = pair_that_verifies(ec, name)
        error = handshake_errors(pair)["client"]
        assert error.args[0][-1] == ("SSL routines", "", "certificate verify failed")
        result = SSL._lib.SSL_get_verify_result(pair.client._ssl)
        assert SSL._ffi.string(SSL._lib.X509_verify_cert_error_string(result)) == text

    def test_host_as_c_takes_it(self, ec: Authority) -> None:
        client = memory_pair(client_context(ec), server_context(ec)).client
        parameters = lib.SSL_get0_param(client._ssl)
        for host, length, meant in (
            (b"localhost", 9, "localhost"),
            (b"localhost", 0, "localhost"),
            (b"localhost\0", 10, "localhost"),
            (b"localhost\0junk", 0, "localhost"),
            (b"localhost.example", 9, "localhost"),
            (ffi.new("char[]", b"localhost"), 0, "localhost"),
            (bytearray(b"localhost"), 9, "localhost"),
            (b"", 0, None),
            (ffi.NULL, 0, None),
        ):
            client.set_verify_host("example.org")
            assert lib.X509_VERIFY_PARAM_set1_host(parameters, host, length) == 1
            assert client.get_verify_host() == meant

    def test_what_is_refused(self, ec: Authority) -> None:
        client = memory_pair(client_context(ec), server_context(ec)).client
        parameters = lib.SSL_get0_param(client._ssl)
        assert lib.X509_VERIFY_PARAM_set1_host(parameters, b"a\0b", 3) == 0
        with pytest.raises(SSL.Error, match="no host name"):
            SSL._openssl_assert(False)
        with pytest.raises(ValueError, match="9 bytes, not 90"):
            lib.X509_VERIFY_PARAM_set1_host(parameters, b"localhost", 90)
        for address, length in ((b"abc", 3), (b"abcd", 16), (b"", 0), (b"abcd", -1)):
            assert lib.X509_VERIFY_PARAM_set1_ip(parameters, address, length) == 0
        assert lib.X509_VERIFY_PARAM_set1_ip(parameters, ffi.NULL, 0) == 1
        for wrong in (client._ssl, client, None, ffi.NULL):
            with pytest.raises(TypeError, match=r"handle 'X509_VERIFY_PARAM \*' is needed"):
                lib.X509_VERIFY_PARAM_set_hostflags(wrong, 0)
        with pytest.raises(TypeError):
            lib.X509_VERIFY_PARAM_set1_host(parameters, "localhost", 9)


class TestStores:
    """What the original's own tests ask of a store, and of the library's places."""

    def test_objects(self, ec: Authority) -> None:
        store = crypto.X509Store()
        objects = lib.X509_STORE_get0_objects(store._store)
        assert objects != ffi.NULL
        assert lib.sk_X509_OBJECT_num(objects) == 0
        store.add_cert(ec.root.x509)
        store.add_cert(ec.intermediate.x509)
        store.add_cert(ec.root.x509)
        assert lib.sk_X509_OBJECT_num(objects) == 2

    def test_places(self) -> None:
        assert ffi.string(lib.X509_get_default_cert_file()).endswith(b"cert.pem")
        assert ffi.string(lib.X509_get_default_cert_dir()).endswith(b"certs")
        assert ffi.string(lib.X509_get_default_cert_file_env()) == b"SSL_CERT_FILE"
        assert ffi.string(lib.X509_get_default_cert_dir_env()) == b"SSL_CERT_DIR"
