"""`OpenSSL.tsafe`: the shared Connection of old programs is a Connection, and threads may share it."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import OpenSSL
import pytest
from OpenSSL import SSL, tsafe

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context
from tests.support.pairs import handshake_in_threads, receive

Pair = tuple[tsafe.Connection, tsafe.Connection]

# The methods that the module's class had in earlier releases, and one it had forgotten.
METHODS = (
    "accept bind close connect connect_ex do_handshake fileno get_app_data get_cipher_list "
    "get_context get_peer_cert_chain get_peer_certificate getpeername getsockname getsockopt listen makefile pending "
    "read recv renegotiate send sendall set_accept_state set_app_data set_connect_state setblocking "
    "setsockopt shutdown sock_shutdown state_string want_read want_write write"
)


@pytest.fixture
def pair(ec: Authority) -> Iterator[Pair]:
    """Join a client and a server of this module's class, and let them shake hands."""
    one, other = socket.socketpair()
    with one, other:
        client = tsafe.Connection(client_context(ec), one)
        server = tsafe.Connection(server_context(ec), other)
        client.set_connect_state()
        server.set_accept_state()
        handshake_in_threads(client, server)
        yield client, server


def test_has_every_method_and_no_other_name(pair: Pair) -> None:
    client, _ = pair
    for name in METHODS.split():
        assert callable(getattr(client, name)), name
    assert not hasattr(tsafe.Connection, "f")
    assert tsafe.__all__ == ["Connection"]


def test_is_a_connection() -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    connection = tsafe.Connection(context, None)
    assert isinstance(connection, SSL.Connection)
    assert connection.get_context() is context
    assert isinstance(tsafe.Connection(context), tsafe.Connection)
    assert tsafe.Connection.__module__ == "OpenSSL.tsafe"
    with pytest.raises(TypeError, match="context must be a Context instance"):
        tsafe.Connection("context")  # type: ignore[arg-type]


def test_is_found_through_the_package_and_imported_for_those_only() -> None:
    program = """
import sys, OpenSSL
assert "OpenSSL.tsafe" not in sys.modules
assert OpenSSL.tsafe.Connection is sys.modules["OpenSSL.tsafe"].Connection
assert OpenSSL.tsafe is sys.modules["OpenSSL.tsafe"]
"""
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = OpenSSL.nothing  # type: ignore[attr-defined]


def test_threads_share_one(pair: Pair) -> None:
    """Eight threads send through one connection while it receives: no message is torn, and none is lost."""
    client, server = pair
    size, rounds, senders = 1000, 50, 8
    total = size * rounds * senders

    def send(mark: int) -> None:
        for _ in range(rounds):
            assert client.send(bytes([mark]) * size) == size

    echo = Background(lambda: server.sendall(receive(server, total)))
    heard = Background(lambda: receive(client, total))
    threads = [threading.Thread(target=send, args=(mark,)) for mark in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    echo.result()
    data = heard.result()
    messages = [data[start : start + size] for start in range(0, total, size)]
    assert all(len(set(message)) == 1 for message in messages)
    assert sorted(message[0] for message in messages) == sorted(list(range(senders)) * rounds)


def test_a_waiting_recv_holds_up_nobody(pair: Pair) -> None:
    client, server = pair
    waiting = Background(lambda: client.recv(10))
    client.sendall(b"question")
    assert receive(server, 8) == b"question"
    assert waiting.running
    server.sendall(b"answer")
    assert waiting.result() == b"answer"
