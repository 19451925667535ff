"""Connection: the shutdown exchange, clean and unclean ends, and what is left on the socket after them."""

import socket
import struct
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import Pair, connected, memory_pair, socket_pair
from tests.support.rows import rows

KINDS = ["memory", "unix", "tcp"]


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest, ec: Authority, version: str) -> Iterator[Pair]:
    """Give a connected pair of each kind and version."""
    with connected(client_context(ec, version), server_context(ec, version), request.param) as pair:
        yield pair


def settle(pair: Pair) -> None:
    """Let the client read the session tickets, so that none is unread when a socket is closed."""
    pair.server.send(b"settled")
    pair.move()
    assert pair.client.recv(100) == b"settled"


@rows(294, 295)
def test_the_constants():
    assert SSL.SENT_SHUTDOWN == 1
    assert SSL.RECEIVED_SHUTDOWN == 2


@rows(180, 289, 290, 291, 292)
@pytest.mark.parametrize("first", ["client", "server"])
def test_the_exchange(pair: Pair, first: str):
    settle(pair)
    one, other = (pair.client, pair.server) if first == "client" else (pair.server, pair.client)
    assert one.get_shutdown() == 0
    assert one.shutdown() is False
    assert one.get_shutdown() == SSL.SENT_SHUTDOWN
    pair.move()
    assert other.get_shutdown() == 0
    with pytest.raises(SSL.ZeroReturnError):
        other.recv(1)
    assert other.get_shutdown() == SSL.RECEIVED_SHUTDOWN
    assert other.shutdown() is True
    assert other.get_shutdown() == SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN
    pair.move()
    assert one.shutdown() is True
    assert one.get_shutdown() == SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN


@rows(180)
def test_zero_return_error_comes_each_time(pair: Pair):
    pair.client.shutdown()
    pair.move()
    for _ in range(3):
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(1)
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv_into(bytearray(1))


def test_data_sent_before_the_shutdown_arrives(pair: Pair):
    pair.client.send(b"last words")
    pair.client.shutdown()
    pair.move()
    assert pair.server.recv(4) == b"last"
    assert pair.server.recv(100) == b" words"
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)


def test_one_direction_closed_leaves_the_other_open(pair: Pair):
    pair.client.shutdown()
    pair.move()
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)
    assert pair.server.send(b"an answer all the same") == 22
    pair.move()
    assert pair.client.recv(100) == b"an answer all the same"


def test_nothing_is_sent_after_shutdown(pair: Pair):
    pair.client.shutdown()
    with pytest.raises(SSL.Error) as caught:
        pair.client.send(b"too late")
    assert type(caught.value) is SSL.Error
    assert caught.value.args[0][0][2] == "protocol is shutdown"


@rows(292, 293)
@pytest.mark.parametrize("state", [0, 1, 2, 3])
def test_set_shutdown(ec: Authority, state: int):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        assert pair.client.set_shutdown(state) is None
        assert pair.client.get_shutdown() == state
        pair.client.set_shutdown(0)
        assert pair.client.get_shutdown() == 0


@rows(293)
def test_set_shutdown_decides(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        pair.client.set_shutdown(SSL.RECEIVED_SHUTDOWN)
        with pytest.raises(SSL.ZeroReturnError):
            pair.client.recv(1)
        pair.server.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        assert pair.server.shutdown() is True
        with pytest.raises(SSL.WantReadError):
            pair.server.bio_read(1)


@pytest.mark.parametrize("state", ["1", None, 1.0])
def test_the_state_is_an_integer(ec: Authority, state: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(client_context(ec), None).set_shutdown(state)


def test_shutdown_before_the_handshake(ec: Authority):
    pair = memory_pair(client_context(ec), server_context(ec))
    with pytest.raises(SSL.Error) as caught:
        pair.client.shutdown()
    assert caught.value.args[0][0][2] == "shutdown while in init"


@rows(185)
def test_the_second_shutdown_wants_to_read(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        assert pair.client.shutdown() is False
        with pytest.raises(SSL.WantReadError):
            pair.client.shutdown()
        pair.move()
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(1)
        pair.server.shutdown()
        pair.move()
        assert pair.client.shutdown() is True


@rows(181, 191, 192, 252, 253)
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_closed_without_shutdown(ec: Authority, version: str, kind: str):
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        settle(pair)
        pair.client.close()
        assert pair.client_socket.fileno() == -1
        with pytest.raises(SSL.SysCallError) as caught:
            pair.server.recv(1)
        assert caught.value.args == (-1, "Unexpected EOF")
        assert pair.server.get_shutdown() == 0


@rows(253)
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_closed_after_shutdown(ec: Authority, version: str, kind: str):
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        settle(pair)
        pair.client.shutdown()
        pair.client.close()
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(1)


@rows(191)
def test_closed_in_the_handshake(ec: Authority):
    pair = socket_pair(client_context(ec), server_context(ec), "tcp")
    pair.client.setblocking(False)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.client.close()
    pair.server_socket.recv(1)  # What is left is no ClientHello.
    pair.server_socket.setblocking(True)
    with pytest.raises(SSL.Error) as caught:
        pair.server.do_handshake()
    assert caught.value.args[0]
    pair.close()


@rows(191)
def test_closed_before_the_handshake(ec: Authority):
    pair = socket_pair(client_context(ec), server_context(ec), "tcp")
    pair.client.close()
    with pytest.raises(SSL.SysCallError) as caught:
        pair.server.do_handshake()
    assert caught.value.args == (-1, "Unexpected EOF")
    pair.close()


def reset(end: socket.socket) -> None:
    """Close a TCP socket so that the other side gets a reset."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


@rows(189, 190, 192)
@pytest.mark.parametrize("operation", ["recv", "send", "shutdown"])
def test_reset(ec: Authority, version: str, operation: str):
    with connected(client_context(ec, version), server_context(ec, version), "tcp") as pair:
        settle(pair)
        reset(pair.client_socket)
        with pytest.raises(SSL.SysCallError) as caught:  # noqa: PT012  the kernel tells of it at the second write
            if operation == "recv":
                pair.server.recv(1)
            elif operation == "send":
                for _ in range(100):
                    pair.server.send(b"x" * 16384)
            else:
                pair.server.shutdown()
                pair.server.shutdown()
        # For a write the kernel says EPIPE once it has told of the reset.
        names = {"recv": {"ECONNRESET"}, "send": {"ECONNRESET", "EPIPE"}, "shutdown": {"ECONNRESET", "EPIPE"}}
        number, name = caught.value.args
        assert name in names[operation]
        assert number == {"ECONNRESET": 104, "EPIPE": 32}[name]


@rows(190, 260)
def test_reset_in_the_handshake(ec: Authority):
    pair = socket_pair(client_context(ec), server_context(ec), "tcp")
    reset(pair.client_socket)
    with pytest.raises(SSL.SysCallError) as caught:
        pair.server.do_handshake()
    assert caught.value.args == (104, "ECONNRESET")
    pair.close()


@pytest.mark.parametrize("first", ["client", "server"])
@pytest.mark.parametrize("kind", ["unix", "tcp"])
@rows(182)
def test_plain_text_after_the_shutdown_is_left_on_the_socket(ec: Authority, version: str, kind: str, first: str):
    # Design 4: no byte is taken from the kernel beyond the TLS stream's own records.
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        settle(pair)
        one, other = (pair.client, pair.server) if first == "client" else (pair.server, pair.client)
        one_socket, other_socket = pair.sockets() if first == "client" else pair.sockets()[::-1]
        one.send(b"last words in TLS")
        one.shutdown()
        one_socket.sendall(b"plain text, one way")
        assert other.recv(100) == b"last words in TLS"
        with pytest.raises(SSL.ZeroReturnError):
            other.recv(100)
        assert other.shutdown() is True
        other_socket.sendall(b"plain text, the other way")
        assert other_socket.recv(100) == b"plain text, one way"
        assert one.shutdown() is True
        assert one_socket.recv(100) == b"plain text, the other way"


@rows(182)
def test_a_second_connection_on_the_same_socket(ec: Authority, version: str):
    with connected(client_context(ec, version), server_context(ec, version), "tcp") as pair:
        settle(pair)
        pair.client.shutdown()
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(1)
        pair.server.shutdown()
        assert pair.client.shutdown() is True
        again = Pair(
            SSL.Connection(client_context(ec), pair.client_socket),
            SSL.Connection(server_context(ec), pair.server_socket),
            "tcp",
        )
        again.client.set_connect_state()
        again.server.set_accept_state()
        again.handshake()
        again.client.send(b"once more")
        assert again.server.recv(100) == b"once more"


@rows(296)
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_sock_shutdown_is_the_sockets(ec: Authority, kind: str):
    with connected(client_context(ec), server_context(ec), kind) as pair:
        settle(pair)
        assert pair.client.sock_shutdown(socket.SHUT_WR) is None
        with pytest.raises(SSL.SysCallError) as caught:
            pair.server.recv(1)
        assert caught.value.args == (-1, "Unexpected EOF")
        assert pair.client.get_shutdown() == 0


def test_an_end_without_shutdown_can_be_allowed(ec: Authority):
    # C161
    server = server_context(ec)
    server.set_options(SSL.OP_IGNORE_UNEXPECTED_EOF)
    with connected(client_context(ec), server, "unix") as pair:
        settle(pair)
        pair.client.close()
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(1)
