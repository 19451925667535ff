"""The name that a client asks for, and the context that a server chooses for it."""

import sys

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import Pair, memory_pair
from tests.support.rows import rows

UNRECOGNIZED_NAME = {
    "TLSv1.2": "tlsv1 unrecognized name",
    "TLSv1.3": "tlsv1 unrecognized name",
}


@pytest.fixture
def shown(monkeypatch):
    """Collect what goes to `sys.excepthook`."""
    seen = []
    monkeypatch.setattr(sys, "excepthook", lambda *arguments: seen.append(arguments))
    return seen


def named(ec: Authority, server: SSL.Context, name: bytes | None, version: str) -> Pair:
    """Join a client that asks for a name with a server."""
    pair = memory_pair(client_context(ec, version), server)
    if name is not None:
        pair.client.set_tlsext_host_name(name)
    return pair


@pytest.mark.parametrize("name", [b"example.org", None])
def test_the_server_is_told(ec: Authority, version: str, name: bytes | None):
    seen = []
    server = server_context(ec, version)
    server.set_tlsext_servername_callback(lambda connection: seen.append((connection, connection.get_servername())))
    pair = named(ec, server, name, version)
    assert pair.server.get_servername() is None
    pair.handshake()
    assert seen == [(pair.server, name)]
    assert pair.server.get_servername() == name
    assert pair.client.get_servername() == name


def test_another_context_shows_another_certificate(ec: Authority, rsa: Authority, version: str):
    other = server_context(rsa, version)
    server = server_context(ec, version)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    client = client_context(rsa, version)
    client.set_cipher_list(b"ALL")
    pair = memory_pair(client, server)
    pair.client.set_tlsext_host_name(b"other.example")
    pair.handshake()
    assert pair.client.get_peer_certificate().digest("sha256") == rsa.server.x509.digest("sha256")
    assert pair.server.get_context() is other


def test_the_other_context_answers_from_then_on(ec: Authority, version: str):
    asked = []
    first, second = server_context(ec, version), server_context(ec, version)
    first.set_alpn_select_callback(lambda connection, offered: asked.append("first") or offered[0])
    second.set_alpn_select_callback(lambda connection, offered: asked.append("second") or offered[1])
    second.set_keylog_callback(lambda connection, line: asked.append("keylog"))
    first.set_tlsext_servername_callback(lambda connection: connection.set_context(second))
    pair = named(ec, first, b"example.org", version)
    pair.client.set_alpn_protos([b"one", b"two"])
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b"two"
    assert "first" not in asked
    assert asked.count("second") == 1
    assert "keylog" in asked


def test_an_exception_after_a_swap_comes_out_on_its_own_connection(ec: Authority, version: str):
    """Two handshakes at a time: what one callback raises does not come out of the other."""
    other = server_context(ec, version)

    def select(connection, offered):
        if connection is bad.server:
            raise LookupError("mine")
        return offered[0]

    other.set_alpn_select_callback(select)
    server = server_context(ec, version)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    good, bad = (named(ec, server, b"example.org", version) for _ in range(2))
    for pair in (good, bad):
        pair.client.set_alpn_protos([b"h2"])
    errors = handshake_errors(bad)
    assert type(errors["server"]) is LookupError
    good.handshake()
    assert good.server.get_alpn_proto_negotiated() == b"h2"


def test_verification_goes_on_as_before_the_swap(ec: Authority, stranger: Authority, version: str):
    """A swap must not switch off the verification of clients."""
    lax = server_context(ec, version)
    strict = server_context(ec, version)
    trust(strict, ec)
    seen = []
    strict.set_verify(
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *arguments: seen.append(arguments[0]) or arguments[4]
    )
    strict.set_tlsext_servername_callback(lambda connection: connection.set_context(lax))
    client = client_context(ec, version)
    identify(client, stranger, stranger.client)
    pair = memory_pair(client, strict)
    pair.client.set_tlsext_host_name(b"example.org")
    errors = handshake_errors(pair)
    assert reasons(errors["server"]) == ["certificate verify failed"]
    assert set(seen) == {pair.server}


@rows(304)
def test_a_callback_may_use_its_connection(ec: Authority, version: str):
    seen = {}

    def callback(connection):
        seen["name"] = connection.get_servername()
        seen["ciphers"] = connection.get_cipher_list()
        connection.set_app_data("set inside")
        with pytest.raises(SSL.Error, match="in the middle"):
            connection.do_handshake()
        with pytest.raises(SSL.Error, match="in the middle"):
            connection.recv(1)

    server = server_context(ec, version)
    server.set_tlsext_servername_callback(callback)
    pair = named(ec, server, b"example.org", version)
    pair.handshake()
    assert seen["name"] == b"example.org"
    assert seen["ciphers"]
    assert pair.server.get_app_data() == "set inside"


def test_an_exception_fails_the_handshake(ec: Authority, version: str, shown: list):
    error = LookupError("no such name")

    def callback(connection):
        raise error

    server = server_context(ec, version)
    server.set_tlsext_servername_callback(callback)
    errors = handshake_errors(named(ec, server, b"example.org", version))
    assert reasons(errors["server"]) == ["callback failed"]
    assert errors["server"].__cause__ is error
    assert reasons(errors["client"]) == [UNRECOGNIZED_NAME[version]]
    assert errors["client"].__cause__ is None
    ((kind, value, traceback),) = shown
    assert kind is LookupError
    assert value is error
    assert traceback is not None


def test_a_hook_that_raises_itself(ec: Authority, monkeypatch):
    unraisable = []
    monkeypatch.setattr(sys, "excepthook", lambda *arguments: 1 / 0)
    monkeypatch.setattr(sys, "unraisablehook", lambda unraised: unraisable.append(unraised.exc_value))
    server = server_context(ec)
    server.set_tlsext_servername_callback(lambda connection: {}["missing"])
    errors = handshake_errors(named(ec, server, b"example.org", "TLSv1.3"))
    assert type(errors["server"].__cause__) is KeyError
    assert [type(error) for error in unraisable] == [ZeroDivisionError]


@pytest.mark.parametrize("error", [KeyboardInterrupt("mine"), SystemExit(3), GeneratorExit()])
def test_what_is_no_exception_comes_out(ec: Authority, version: str, shown: list, error: BaseException):
    def callback(connection):
        raise error

    server = server_context(ec, version)
    server.set_tlsext_servername_callback(callback)
    errors = handshake_errors(named(ec, server, b"example.org", version))
    assert errors["server"] is error
    assert type(errors["client"]) is SSL.Error
    assert not shown


@pytest.mark.parametrize("wrong", ["text", 3])
def test_what_cannot_be_called(wrong: object):
    with pytest.raises(TypeError, match="callback must be callable"):
        SSL.Context(SSL.TLS_METHOD).set_tlsext_servername_callback(wrong)


def test_none_removes_it(ec: Authority, version: str):
    server = server_context(ec, version)
    server.set_tlsext_servername_callback(lambda connection: 1 / 0)
    server.set_tlsext_servername_callback(None)
    named(ec, server, b"example.org", version).handshake()
