"""Which exceptions the operations of a Connection raise: those of SSL, or the socket's own, whatever goes wrong."""

import socket
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import Pair, connected, memory_pair, socket_pair
from tests.support.rows import rows

OPERATIONS: dict[str, Callable[[SSL.Connection], object]] = {
    "send": lambda connection: connection.send(b"data"),
    "sendall": lambda connection: connection.sendall(b"data"),
    "recv": lambda connection: connection.recv(10),
    "recv_into": lambda connection: connection.recv_into(bytearray(10)),
    "do_handshake": lambda connection: connection.do_handshake(),
    "shutdown": lambda connection: connection.shutdown(),
}

operations = pytest.mark.parametrize("operation", OPERATIONS)

FULL = 1 << 22
"""Bytes that fit into no socket's buffer."""


def raised(connection: SSL.Connection, operation: str) -> Exception | None:
    """Do an operation; return what it raises, which is one of SSL's exceptions."""
    try:
        OPERATIONS[operation](connection)
    except SSL.Error as error:
        return looked_at(error)
    return None


def looked_at(error: SSL.Error) -> SSL.Error:
    """Return the error, whose arguments are those that its class promises."""
    if type(error) is SSL.SysCallError:
        assert [type(argument) for argument in error.args] == [int, str]
    elif type(error) is SSL.Error:
        assert error.args[0]
    else:
        assert error.args == ()
    return error


@rows(302)
@operations
def test_before_the_handshake(ec: Authority, operation: str):
    pair = memory_pair(client_context(ec), server_context(ec))
    for connection in (pair.client, pair.server):
        error = raised(connection, operation)
        assert type(error) is (SSL.Error if operation == "shutdown" else SSL.WantReadError)


@rows(302)
@operations
def test_without_a_side(ec: Authority, operation: str):
    assert type(raised(SSL.Connection(client_context(ec), None), operation)) is SSL.Error


@rows(302)
@operations
def test_in_the_face_of_a_peer_who_does_not_speak_tls(ec: Authority, operation: str):
    pair = memory_pair(client_context(ec), server_context(ec))
    for connection in (pair.client, pair.server):
        connection.bio_write(b"GET / HTTP/1.0\r\n\r\n")
        assert type(raised(connection, operation)) is SSL.Error


@rows(302)
@operations
def test_on_a_connection_that_is_broken(ec: Authority, operation: str):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        pair.client.bio_write(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(SSL.Error):
            pair.client.recv(1)
        # OpenSSL 3.0 gives no reason for what it refuses after that, which looks like the end of the stream.
        error = raised(pair.client, operation)
        assert type(error) in (SSL.Error, SSL.SysCallError)


@rows(302)
@operations
def test_at_the_end_of_the_stream(ec: Authority, operation: str):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        pair.client.shutdown()
        pair.move()
        assert type(raised(pair.server, "recv")) is SSL.ZeroReturnError
        error = raised(pair.server, operation)
        expected = SSL.ZeroReturnError if operation.startswith("recv") else type(None)
        assert type(error) is expected


@rows(302)
@operations
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_when_the_peer_has_gone(ec: Authority, operation: str, kind: str):
    with connected(client_context(ec, "TLSv1.2"), server_context(ec), kind) as pair:
        pair.client.close()
        kinds = set()
        for _ in range(3):
            kinds.add(type(raised(pair.server, operation)))
        # A first message may go out before the system knows.
        assert kinds <= {SSL.SysCallError, SSL.ZeroReturnError, SSL.Error, type(None)}
        if operation not in ("do_handshake", "shutdown"):
            assert SSL.SysCallError in kinds


@rows(302)
@operations
def test_on_a_descriptor_that_is_closed(ec: Authority, operation: str):
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        for end in pair.sockets():
            end.close()
        error = raised(pair.client, operation)
        # There is nothing left to do for a handshake that is done.
        assert type(error) is (type(None) if operation == "do_handshake" else SSL.SysCallError)
        if error is not None:
            assert error.args[1] == "EBADF"


@rows(302)
@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_connecting_to_nobody_is_the_error_of_the_socket(ec: Authority, method: str):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    with socket.socket() as transport:
        connection = SSL.Connection(client_context(ec), transport)
        if method == "connect":
            with pytest.raises(ConnectionRefusedError):
                connection.connect(address)
        else:
            assert connection.connect_ex(address) == 111


@rows(302)
def test_connecting_nowhere_is_the_error_of_the_socket(ec: Authority):
    with socket.socket() as transport:
        connection = SSL.Connection(client_context(ec), transport)
        with pytest.raises((TypeError, OSError)):
            connection.connect("not an address")
    with pytest.raises(OSError):  # noqa: PT011  a closed socket's own
        connection.connect(("127.0.0.1", 9))


def non_blocking(authority: Authority) -> Pair:
    """Give a connected pair whose client does not wait."""
    pair = socket_pair(client_context(authority), server_context(authority))
    pair.handshake()
    pair.sockets()[0].setblocking(False)
    return pair


@rows(281)
def test_sendall_fails_as_send_does(ec: Authority):
    """Nothing in the exception tells how much has gone out before."""
    for arguments in ((b"x" * FULL,), (memoryview(b"x" * FULL),)):
        pair = non_blocking(ec)
        with pytest.raises(SSL.Error) as caught:
            pair.client.sendall(*arguments)
        assert type(caught.value) is SSL.WantWriteError
        assert caught.value.args == ()
        pair.close()


@rows(281)
@pytest.mark.parametrize("method", ["send", "sendall"])
def test_both_tell_that_the_peer_has_gone(ec: Authority, method: str):
    with connected(client_context(ec, "TLSv1.2"), server_context(ec), "unix") as pair:
        pair.client.close()
        send = getattr(pair.server, method)
        with pytest.raises(SSL.SysCallError) as caught:
            _ = [send(b"x" * 100_000) for _ in range(100)]
        assert caught.value.args[1] in ("EPIPE", "ECONNRESET")


@rows(281)
@pytest.mark.parametrize("method", ["send", "sendall"])
def test_both_tell_of_an_error_of_the_protocol(ec: Authority, method: str):
    pair = memory_pair(client_context(ec), server_context(ec))
    pair.client.bio_write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
    with pytest.raises(SSL.Error) as caught:
        getattr(pair.client, method)(b"data")
    assert type(caught.value) is SSL.Error
    assert caught.value.args[0][0][2] in ("wrong version number", "packet length too long", "http request")


@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_what_has_failed_says_why_again(ec: Authority, kind: str):
    # OpenSSL says it once, and gives no reason after that.
    with connected(client_context(ec), server_context(ec), kind) as pair:
        if kind == "memory":
            pair.client.bio_shutdown()
        else:
            pair.sockets()[1].close()
        for operation in ("recv", "recv_into", "do_handshake", "recv"):
            assert raised(pair.client, operation).args == (-1, "Unexpected EOF"), operation
    with connected(client_context(ec), server_context(ec), kind) as pair:
        garbage = b"\x17\x03\x03\x00\x40" + bytes(64)
        if kind == "memory":
            pair.client.bio_write(garbage)
        else:
            pair.sockets()[1].sendall(garbage)
        for operation in ("recv", "recv", "recv_into", "send"):
            assert "bad record mac" in str(raised(pair.client, operation)), operation


@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_a_look_at_no_byte_takes_nothing(ec: Authority, kind: str):
    with connected(client_context(ec), server_context(ec), kind) as pair:
        pair.client.send(b"data")
        pair.move()
        with pytest.raises(SSL.SysCallError):
            pair.server.recv(0, socket.MSG_PEEK)
        assert pair.server.recv(10) == b"data"
