"""Connection as a context manager: what happens at the end of a with statement."""

import os
import socket
import time
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context
from tests.support.pairs import Pair, connected, fill_socket, memory_pair, receive, socket_pair
from tests.support.service import until_closed


@pytest.fixture(params=["unix", "tcp"])
def pair(request: pytest.FixtureRequest, ec: Authority, version: str) -> Iterator[Pair]:
    """Give a connected pair over sockets."""
    with connected(client_context(ec, version), server_context(ec, version), request.param) as pair:
        yield pair


def test_the_end_is_clean_and_the_socket_closed(pair: Pair):
    with pair.client as connection:
        assert connection is pair.client
        connection.sendall(b"all of it")
    assert pair.client_socket.fileno() == -1
    assert until_closed(pair.server) == b"all of it"
    assert pair.server.get_shutdown() == SSL.RECEIVED_SHUTDOWN


def test_in_memory(ec: Authority):
    # There is no close, and what is to be sent waits to be carried.
    pair = memory_pair(client_context(ec), server_context(ec))
    pair.handshake()
    with pair.client:
        pair.client.send(b"last")
    pair.move()
    assert until_closed(pair.server) == b"last"
    with pytest.raises(AttributeError):
        pair.client.close()


def test_an_exception_comes_out_as_it_is(pair: Pair):
    with pytest.raises(KeyError, match=r"mine"), pair.client:
        raise KeyError("mine")
    assert pair.client_socket.fileno() == -1
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)


def test_an_exception_is_not_masked(pair: Pair):
    class Socket:
        def fileno(self) -> int:
            return pair.client_socket.fileno()

        def close(self) -> None:
            raise OSError("cannot be closed")

    connection = SSL.Connection(pair.client.get_context(), Socket())
    with pytest.raises(KeyError, match=r"mine"), connection:
        raise KeyError("mine")
    with pytest.raises(OSError, match=r"cannot be closed"), connection:
        pass


class Unusual(BaseException):
    """No Exception."""


def test_what_close_raises_that_is_no_ordinary_exception(pair: Pair):
    class Socket:
        def fileno(self) -> int:
            return pair.client_socket.fileno()

        def close(self) -> None:
            raise Unusual

    with pytest.raises(Unusual) as caught, SSL.Connection(pair.client.get_context(), Socket()):
        raise KeyError("mine")
    assert isinstance(caught.value.__context__, KeyError)


@pytest.mark.parametrize("how", ["closed", "reset", "end of file seen", "violated"])
def test_a_peer_that_is_gone(pair: Pair, how: str):
    with pair.client:
        if how == "reset":
            # Unread bytes make the kernel send a reset.
            pair.client.send(b"unread")
        if how == "violated":
            pair.server_socket.send(b"no TLS at all")
            with pytest.raises(SSL.Error):
                pair.client.recv(1)
        pair.server_socket.close()
        if how == "end of file seen":
            with pytest.raises(SSL.SysCallError):
                until_closed(pair.client)
    assert pair.client_socket.fileno() == -1


def test_a_connection_that_was_closed_already(pair: Pair):
    with pair.client:
        pair.client.shutdown()
        pair.client.close()
    assert until_closed(pair.server) == b""


def test_a_socket_that_was_closed_already(pair: Pair):
    with pair.client:
        pair.client_socket.close()


def test_before_the_handshake(ec: Authority):
    for begun in (False, True):
        pair = socket_pair(client_context(ec), server_context(ec))
        pair.client_socket.setblocking(False)
        with pair.client:
            if begun:
                with pytest.raises(SSL.WantReadError):
                    pair.client.do_handshake()
        assert pair.client_socket.fileno() == -1
        pair.close()


def test_a_connection_that_is_neither_client_nor_server(ec: Authority):
    with SSL.Connection(client_context(ec), None), SSL.Connection(client_context(ec)) as connection:
        assert connection.get_shutdown() == 0


def test_a_peer_that_does_not_read_is_not_waited_for(pair: Pair):
    # What this side could not send stands before the alert.
    pair.client_socket.setblocking(False)
    began = time.monotonic()
    with pair.client:
        with pytest.raises(SSL.WantWriteError):
            pair.client.sendall(bytes(1 << 24))
        pair.client_socket.setblocking(True)
    assert time.monotonic() - began < 5
    assert pair.client_socket.fileno() == -1


def test_a_thread_that_waits_for_the_peer(pair: Pair):
    receiving = Background(lambda: pair.server.recv(1))
    with pair.client:
        assert receiving.running
    with pytest.raises(SSL.ZeroReturnError):
        receiving.result()


def test_a_descriptor_stays_open(ec: Authority):
    # A number has no close: whoever opened it closes it.
    one, other = socket.socketpair()
    with one, other:
        client = SSL.Connection(client_context(ec), one.fileno())
        server = SSL.Connection(server_context(ec), other)
        client.set_connect_state()
        server.set_accept_state()
        Pair(client, server, "unix").handshake()
        with client:
            client.send(b"x")
        assert until_closed(server) == b"x"
        os.fstat(one.fileno())


def test_a_subclass_with_a_close_of_its_own(ec: Authority):
    closed = []

    class Mine(SSL.Connection):
        def close(self) -> None:
            closed.append(self)

    with Mine(client_context(ec), None) as connection:
        assert type(connection) is Mine
    assert closed == [connection]


def test_files_outlive_it_as_they_outlive_close(pair: Pair):
    with pair.client:
        file = pair.client.makefile("rb")
    pair.server.sendall(b"late")
    pair.server.shutdown()
    assert file.read() == b"late"
    file.close()
    assert pair.client_socket.fileno() == -1


def test_twice(pair: Pair):
    with pair.client:
        pair.client.send(b"x")
    with pair.client:
        pass
    assert receive(pair.server, 1) == b"x"


def test_only_a_connection_that_was_made():
    with pytest.raises(TypeError, match=r"__init__"):
        SSL.Connection.__new__(SSL.Connection).__enter__()


def test_what_is_no_ordinary_exception_is_not_lost_behind_another_one(ec: Authority):
    class Closing(SSL.Connection):
        def close(self) -> None:
            raise OSError("close failed")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt("mine")

    def end() -> None:
        with client_end, server_end, Closing(client_context(ec), client_end) as connection:
            connection.set_connect_state()
            connection.set_info_callback(interrupt)
            connection.cork()
            # It is kept; the handshake, and its callback, are left to the end.
            assert connection.send(b"gathered") == 8

    client_end, server_end = socket.socketpair()
    with pytest.raises(KeyboardInterrupt, match=r"mine"):
        end()


def test_after_an_exception_nothing_that_was_gathered_is_waited_for(pair: Pair):
    def fail() -> None:
        with pair.client:
            pair.client.cork()
            pair.client.send(b"gathered")
            raise KeyError("mine")

    client_socket, _ = pair.sockets()
    fill_socket(client_socket)
    with pytest.raises(KeyError, match=r"mine"):
        fail()
    assert client_socket.fileno() == -1
