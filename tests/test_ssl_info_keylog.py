"""Callbacks that only listen: what happens in a handshake, and the lines of a key log."""

import gc
import socket
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import connected, memory_pair, pump
from tests.support.programs import run
from tests.support.rows import rows

KEYLOG_LABELS = {
    "TLSv1.2": {"CLIENT_RANDOM"},
    "TLSv1.3": {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    },
}

FATAL = 2
UNKNOWN_CA = 48


class Listener:
    """A callable that keeps what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, *arguments):
        self.calls.append(arguments)


def raises(error):
    """Make a callback that raises."""

    def callback(*arguments):
        raise error

    return callback


@pytest.fixture
def unraisable(monkeypatch):
    """Collect what goes to `sys.unraisablehook`."""
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(unraisable.exc_value))
    return seen


@rows(214, 215, 216)
@pytest.mark.parametrize("version", KEYLOG_LABELS)
@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_info_is_told_of_the_handshake(ec: Authority, version: str, kind: str):
    client, listener = client_context(ec, version), Listener()
    client.set_info_callback(listener)
    with connected(client, server_context(ec, version), kind) as pair:
        assert all(call[0] is pair.client for call in listener.calls)
        assert all(type(number) is int for call in listener.calls for number in call[1:])
        places = [place for _, place, _ in listener.calls]
        assert places[0] == SSL.SSL_CB_HANDSHAKE_START
        assert SSL.SSL_CB_HANDSHAKE_DONE in places
        assert SSL.SSL_CB_CONNECT_LOOP in places
        assert SSL.SSL_CB_CONNECT_EXIT in places
        assert not any(place & SSL.SSL_ST_ACCEPT for place in places)


@rows(217)
def test_info_is_told_of_failure(ec: Authority, stranger: Authority):
    client, listener = client_context(stranger, "TLSv1.2"), Listener()
    client.set_info_callback(listener)
    errors = handshake_errors(memory_pair(client, server_context(ec, "TLSv1.2")))
    assert reasons(errors["client"]) == ["certificate verify failed"]
    calls = [call[1:] for call in listener.calls]
    assert (SSL.SSL_CB_WRITE_ALERT, FATAL << 8 | UNKNOWN_CA) in calls
    assert any(place & SSL.SSL_CB_EXIT and value <= 0 for place, value in calls)


def test_info_of_one_connection(ec: Authority):
    context, own, shared = server_context(ec), Listener(), Listener()
    context.set_info_callback(shared)
    pair = memory_pair(client_context(ec), context)
    pair.server.set_info_callback(own)
    pair.handshake()
    assert own.calls
    assert not shared.calls
    other = memory_pair(client_context(ec), context)
    other.server.set_info_callback(own)
    other.server.set_info_callback(None)
    count = len(own.calls)
    other.handshake()
    assert len(own.calls) == count
    assert shared.calls


@pytest.mark.parametrize("version", KEYLOG_LABELS)
def test_keylog_lines(ec: Authority, version: str):
    logs = []
    for context in (client_context(ec, version), server_context(ec, version)):
        listener = Listener()
        context.set_keylog_callback(listener)
        logs.append((context, listener))
    (client, client_log), (server, server_log) = logs
    pair = memory_pair(client, server)
    pair.handshake()
    assert all(call[0] is pair.client for call in client_log.calls)
    lines = [line for _, line in client_log.calls]
    assert {line.split(b" ")[0].decode() for line in lines} == KEYLOG_LABELS[version]
    assert sorted(lines) == sorted(line for _, line in server_log.calls)
    assert all(b"\n" not in line and len(line.split(b" ")) == 3 for line in lines)


@pytest.mark.parametrize("version", KEYLOG_LABELS)
def test_keylog_is_that_of_the_openssl_command(ec: Authority, version: str, tmp_path: Path):
    """The other side's key log, written by openssl, has the same lines."""
    log, listener = tmp_path / "keys", Listener()
    context = server_context(ec, version)
    context.set_keylog_callback(listener)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            accepted, _ = listening.accept()
            with accepted:
                connection = SSL.Connection(context, accepted)
                connection.set_accept_state()
                connection.sendall(b"done\n")
                connection.shutdown()

        server = threading.Thread(target=serve)
        server.start()
        port = listening.getsockname()[1]
        done = run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-keylogfile", str(log), "-quiet"])
        server.join()
    assert done.stdout == b"done\n"
    theirs = [line for line in log.read_bytes().splitlines() if not line.startswith(b"#")]
    assert sorted(theirs) == sorted(line for _, line in listener.calls)


@pytest.mark.parametrize("name", ["info", "keylog"])
def test_an_exception_is_unraisable(ec: Authority, unraisable: list, name: str):
    client = client_context(ec)
    getattr(client, f"set_{name}_callback")(raises(ZeroDivisionError("mine")))
    with connected(client, server_context(ec), "memory") as pair:
        pair.client.send(b"still there")
        pump(pair.client, pair.server)
        assert pair.server.recv(100) == b"still there"
    assert unraisable
    assert all(type(error) is ZeroDivisionError for error in unraisable)


@pytest.mark.parametrize("name", ["info", "keylog"])
@pytest.mark.parametrize("error", [KeyboardInterrupt("mine"), SystemExit(3), GeneratorExit()])
def test_what_is_no_exception_comes_out(ec: Authority, unraisable: list, name: str, error: BaseException):
    client = client_context(ec)
    getattr(client, f"set_{name}_callback")(raises(error))
    errors = handshake_errors(memory_pair(client, server_context(ec)))
    assert errors["client"] is error
    assert not unraisable


@pytest.mark.parametrize("name", ["info", "keylog"])
@pytest.mark.parametrize("wrong", ["text", 3, b"bytes"])
def test_what_cannot_be_called(name: str, wrong: object):
    with pytest.raises(TypeError, match="callback must be callable"):
        getattr(SSL.Context(SSL.TLS_METHOD), f"set_{name}_callback")(wrong)


@pytest.mark.parametrize("name", ["info", "keylog"])
def test_none_removes_it(ec: Authority, name: str):
    client, listener = client_context(ec), Listener()
    setter = getattr(client, f"set_{name}_callback")
    setter(listener)
    setter(None)
    memory_pair(client, server_context(ec)).handshake()
    assert not listener.calls


def test_set_later_is_for_later_connections(ec: Authority):
    client, first, second = client_context(ec), Listener(), Listener()
    client.set_info_callback(first)
    pair = memory_pair(client, server_context(ec))
    client.set_info_callback(second)
    pair.handshake()
    assert first.calls
    assert not second.calls
    memory_pair(client, server_context(ec)).handshake()
    assert second.calls


def test_a_callable_object_is_kept_while_it_is_needed(ec: Authority):
    listener = Listener()
    alive = weakref.ref(listener)
    client = client_context(ec)
    client.set_info_callback(listener)
    del listener
    pair = memory_pair(client, server_context(ec))
    client.set_info_callback(None)
    gc.collect()
    pair.handshake()
    assert alive().calls
    del pair
    gc.collect()
    assert alive() is None


@pytest.fixture
def by_hand():
    """Let nothing be collected but by `gc.collect`."""
    gc.disable()
    yield
    gc.enable()


SETTERS = [
    "set_info_callback",
    "set_keylog_callback",
    "set_tlsext_servername_callback",
    "set_alpn_select_callback",
    "set_ocsp_server_callback",
    "set_ocsp_client_callback",
    "set_cookie_generate_callback",
    "set_cookie_verify_callback",
    "set_passwd_cb",
]


def is_collected(make: Callable[[], weakref.ref]) -> bool:
    """Whether what is made goes with the next collection, and not before."""
    alive = make()
    assert alive() is not None
    gc.collect()
    return alive() is None


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("setter", SETTERS)
def test_a_cycle_through_a_callback_is_collected(setter: str):
    def make() -> weakref.ref:
        context = SSL.Context(SSL.TLS_METHOD)
        getattr(context, setter)(lambda *arguments: (context, connection))
        connection = SSL.Connection(context)
        return weakref.ref(context)

    assert is_collected(make)


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("setter", ["set_ocsp_server_callback", "set_ocsp_client_callback", "set_passwd_cb"])
def test_a_cycle_through_what_a_callback_is_given_is_collected(setter: str):
    def make() -> weakref.ref:
        context = SSL.Context(SSL.TLS_METHOD)
        getattr(context, setter)(print, context)
        return weakref.ref(context)

    assert is_collected(make)


@pytest.mark.usefixtures("by_hand")
def test_a_cycle_through_the_info_callback_of_a_connection_is_collected():
    def make() -> weakref.ref:
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
        connection.set_info_callback(lambda *arguments: connection)
        return weakref.ref(connection)

    assert is_collected(make)
