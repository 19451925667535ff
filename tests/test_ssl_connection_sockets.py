"""Connection over sockets: blocking, non-blocking and timed out; connect, accept and descriptors."""

import errno
import hashlib
import os
import select
import socket
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import Pair, connected, narrow_pair, receive, socket_pair
from tests.support.rows import rows

KINDS = ["unix", "tcp"]


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over blocking sockets."""
    with connected(client_context(ec), server_context(ec), request.param) as pair:
        yield pair


@pytest.fixture(params=VERSIONS)
def narrow(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over non-blocking sockets whose kernel buffers are small."""
    with narrow_pair(client_context(ec, request.param), server_context(ec, request.param)) as pair:
        yield pair


def data_of(size: int) -> bytes:
    """Make data in which no part is like another, so that loss, repetition and mixing show."""
    return hashlib.shake_128(b"seed").digest(size)


@rows(174, 257, 259, 303, 314)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("authority", ["rsa", "ec"])
def test_handshake_and_data(request: pytest.FixtureRequest, authority: str, version: str, kind: str):
    ca: Authority = request.getfixturevalue(authority)
    with connected(client_context(ca, version), server_context(ca, version), kind) as pair:
        assert pair.client.get_protocol_version_name() == version
        assert pair.client.send(b"to the server") == 13
        assert pair.server.recv(100) == b"to the server"
        assert pair.server.send(b"to the client") == 13
        assert pair.client.recv(100) == b"to the client"


@rows(283, 286)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("first", ["client", "server"])
def test_reading_and_writing_do_the_handshake(ec: Authority, version: str, first: str):
    pair = socket_pair(client_context(ec, version), server_context(ec, version))
    one, other = (pair.client, pair.server) if first == "client" else (pair.server, pair.client)
    with Background(lambda: one.sendall(b"without do_handshake")):
        assert receive(other, 20) == b"without do_handshake"
    pair.close()


@rows(250, 254, 312)
def test_connect_and_accept(ec: Authority):
    server_ctx = server_context(ec)
    with socket.socket() as listening, socket.socket() as connecting:
        listener = SSL.Connection(server_ctx, listening)
        listener.bind(("127.0.0.1", 0))
        listener.listen(3)
        client = SSL.Connection(client_context(ec), connecting)
        assert client.connect(listener.getsockname()) is None
        pair = listener.accept()
        assert type(pair) is tuple
        server, address = pair
        assert type(server) is SSL.Connection
        assert server.get_context() is server_ctx
        assert address == client.getsockname()
        # Neither end has to be told its role.
        with Background(server.do_handshake):
            client.do_handshake()
        client.sendall(b"hello")
        assert server.recv(100) == b"hello"
        server.close()


@rows(248, 249)
def test_accept_sets_up_the_server_role(ec: Authority):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listener = SSL.Connection(server_context(ec), listening)
        with socket.create_connection(listening.getsockname()) as connecting:
            client = SSL.Connection(client_context(ec), connecting)
            client.set_connect_state()
            server, _ = listener.accept()
            assert server.get_context() is listener.get_context()
            with Background(lambda: server.sendall(b"from the server")):
                assert receive(client, 15) == b"from the server"
            server.close()


@rows(255)
def test_connect_ex(ec: Authority):
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as connecting:
        client = SSL.Connection(client_context(ec), connecting)
        assert client.connect_ex(listening.getsockname()) == 0
        accepted, _ = listening.accept()
        server = SSL.Connection(server_context(ec), accepted)
        server.set_accept_state()
        with Background(server.do_handshake):
            client.do_handshake()
        accepted.close()


def closed_port() -> tuple[str, int]:
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address: tuple[str, int] = taken.getsockname()
        return address


@rows(256)
def test_connect_ex_that_fails_leaves_the_role_open(ec: Authority):
    # C149: the manual says that SSL is not initialised then; no upstream release did this.
    with socket.socket() as connecting:
        client = SSL.Connection(client_context(ec), connecting)
        assert client.connect_ex(closed_port()) == errno.ECONNREFUSED
        with pytest.raises(SSL.Error) as caught:
            client.do_handshake()
        assert caught.value.args[0][0][2] == "connection type not set"


@rows(255)
def test_connect_ex_in_progress_sets_the_role(ec: Authority):
    # C149: non-blocking programs depend on it.
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as connecting:
        connecting.setblocking(False)
        client = SSL.Connection(client_context(ec), connecting)
        assert client.connect_ex(listening.getsockname()) in {0, errno.EINPROGRESS, errno.EWOULDBLOCK}
        select.select([], [connecting], [])
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()


def test_connect_that_fails_raises_the_sockets_error(ec: Authority):
    with socket.socket() as connecting:
        client = SSL.Connection(client_context(ec), connecting)
        with pytest.raises(ConnectionRefusedError):
            client.connect(closed_port())


@rows(175, 314, 315)
def test_anything_with_a_descriptor_is_a_transport(ec: Authority):
    class Descriptor:
        def __init__(self, number: int) -> None:
            self.number = number

        def fileno(self) -> int:
            return self.number

    one, other = socket.socketpair()
    client = SSL.Connection(client_context(ec), Descriptor(one.fileno()))
    server = SSL.Connection(server_context(ec), other.fileno())
    client.set_connect_state()
    server.set_accept_state()
    with Background(server.do_handshake):
        client.do_handshake()
    client.send(b"hello")
    assert server.recv(100) == b"hello"
    assert client.fileno() == one.fileno()
    one.close()
    other.close()


@rows(175)
def test_a_file_object_is_a_transport(ec: Authority):
    one, other = socket.socketpair()
    with one, other, one.makefile("rwb", buffering=0) as file:
        client = SSL.Connection(client_context(ec), file)
        server = SSL.Connection(server_context(ec), other)
        client.set_connect_state()
        server.set_accept_state()
        with Background(server.do_handshake):
            client.do_handshake()
        server.send(b"hello")
        assert client.recv(100) == b"hello"


@rows(315)
@pytest.mark.parametrize("transport", [object(), "text", 1.5, b"bytes"])
def test_a_transport_needs_a_descriptor(ec: Authority, transport: object):
    with pytest.raises(TypeError, match="fileno"):
        SSL.Connection(client_context(ec), transport)


@rows(315)
@pytest.mark.parametrize("transport", [-1, -5])
def test_a_descriptor_is_not_negative(ec: Authority, transport: int):
    # C147: upstream's ValueError is about its own format string.
    with pytest.raises(ValueError, match=str(transport)):
        SSL.Connection(client_context(ec), transport)


def test_a_closed_socket_is_no_transport(ec: Authority):
    # C147
    closed = socket.socket()
    closed.close()
    with pytest.raises(ValueError, match="-1"):
        SSL.Connection(client_context(ec), closed)


def test_memory_methods_are_for_memory(pair: Pair):
    for method, arguments in (("bio_read", (1,)), ("bio_write", (b"x",)), ("bio_shutdown", ())):
        with pytest.raises(TypeError, match=r"."):
            getattr(pair.client, method)(*arguments)


@rows(273, 274)
def test_what_waits_in_the_socket_is_not_pending(pair: Pair):
    pair.client.send(b"abcde")
    select.select([pair.server_socket], [], [])
    assert pair.server.pending() == 0
    assert pair.server.recv(2) == b"ab"
    assert pair.server.pending() == 3


@rows(279)
@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 1 << 20, 5_000_001])
def test_sendall(pair: Pair, size: int):
    data = data_of(size)
    with Background(lambda: pair.client.sendall(data)) as sending:
        assert receive(pair.server, size) == data
        assert sending.result() == size


@rows(184, 185, 260, 298)
def test_non_blocking_operations_want_to_read(ec: Authority):
    pair = socket_pair(client_context(ec), server_context(ec))
    for end in pair.sockets():
        end.setblocking(False)
    for operation in (pair.server.do_handshake, lambda: pair.server.recv(1), lambda: pair.server.send(b"x")):
        with pytest.raises(SSL.WantReadError):
            operation()
        assert pair.server.want_read()
    handshake_by_select(pair)
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(1)
    with pytest.raises(SSL.WantReadError):
        pair.server.recv_into(bytearray(1))
    pair.client.send(b"hello")
    assert pair.server.recv(100) == b"hello"
    pair.close()


def handshake_by_select(pair: Pair) -> None:
    """Complete a handshake over non-blocking sockets, by the rules of WantReadError and WantWriteError."""
    by_socket = {pair.client_socket: pair.client, pair.server_socket: pair.server}
    reading, writing = set(), set()
    ready = list(by_socket)
    while ready:
        for end in ready:
            reading.discard(end)
            writing.discard(end)
            try:
                by_socket[end].do_handshake()
            except SSL.WantReadError:
                reading.add(end)
            except SSL.WantWriteError:
                writing.add(end)
        if not reading and not writing:
            return
        readable, writable, _ = select.select(reading, writing, [], 10)
        ready = [*readable, *writable]
    raise AssertionError("the handshake does not advance")


@rows(184)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_non_blocking_handshake(ec: Authority, version: str):
    pair = socket_pair(client_context(ec, version), server_context(ec, version), "tcp")
    for end in pair.sockets():
        end.setblocking(False)
    handshake_by_select(pair)
    assert pair.client.get_protocol_version_name() == version
    pair.close()


@pytest.mark.parametrize("seconds", [0.0, 0.05, 30.0])
def test_a_timed_out_socket_wants_to_read_at_once(pair: Pair, seconds: float):
    pair.server.settimeout(seconds)
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(1)
    pair.client.send(b"hello")
    select.select([pair.server_socket], [], [])
    assert pair.server.recv(100) == b"hello"
    pair.server.settimeout(None)
    pair.client.send(b"again")
    assert pair.server.recv(100) == b"again"


Copy = Callable[[bytes], bytes]
COPIES: dict[str, Copy] = {
    "the same object": lambda data: data,
    "an equal copy": lambda data: bytes(bytearray(data)),
    "another kind": lambda data: memoryview(bytearray(data)),  # type: ignore[dict-item, return-value]
}


def drain(connection: SSL.Connection, received: bytearray) -> None:
    """Receive what can be received now."""
    while True:
        try:
            received += connection.recv(65536)
        except SSL.WantReadError:
            return


@rows(186, 299)
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_non_blocking_send_loses_and_repeats_nothing(narrow: Pair, copy: Copy):
    # C153: the retry may come with another object that holds the same data.
    data = data_of(1_500_000)
    sent = wanted = 0
    received = bytearray()
    while sent < len(data):
        try:
            sent += narrow.client.send(copy(data[sent : sent + 50_000]))
        except SSL.WantWriteError:
            wanted += 1
            assert narrow.client.want_write()
            drain(narrow.server, received)
    assert wanted > 5
    while len(received) < len(data):
        select.select([narrow.server_socket], [], [], 10)
        drain(narrow.server, received)
    assert received == data


@rows(186)
@pytest.mark.parametrize("room", [4096, 50_000])
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_sendall_repeated_after_want_write_goes_on(narrow: Pair, copy: Copy, room: int):
    # Design 4: repeated with the same data, sendall goes on where it was. Upstream begins again, and repeats the data
    # of earlier records, when the kernel has room for more than one.
    narrow.client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
    data = data_of(1_000_000)
    wanted = 0
    received = bytearray()
    while True:
        try:
            assert narrow.client.sendall(copy(data)) == len(data)
            break
        except SSL.WantWriteError:
            wanted += 1
            assert wanted < 1000
            drain(narrow.server, received)
    assert wanted > 1
    while len(received) < len(data):
        select.select([narrow.server_socket], [], [], 10)
        drain(narrow.server, received)
    assert received == data
    assert narrow.client.sendall(b"the next") == 8
    select.select([narrow.server_socket], [], [], 10)
    assert narrow.server.recv(100) == b"the next"


def test_receiving_goes_on_while_sending_is_stuck(narrow: Pair):
    with pytest.raises(SSL.WantWriteError):  # noqa: PT012  one of many fails
        while True:
            narrow.client.send(b"x" * 16384)
    narrow.server.send(b"from the other side")
    select.select([narrow.client_socket], [], [], 10)
    assert narrow.client.recv(100) == b"from the other side"


@rows(191)
def test_closed_descriptors(pair: Pair):
    # C023: each call says what is wrong; upstream's second error is an empty list.
    for end in pair.sockets():
        end.close()
    for operation in (lambda: pair.client.recv(1), lambda: pair.client.send(b"x"), pair.client.shutdown):
        with pytest.raises(SSL.SysCallError) as caught:
            operation()
        assert caught.value.args == (errno.EBADF, "EBADF")


def test_a_descriptor_that_cannot_be_written(ec: Authority):
    reading, writing = os.pipe()
    client = SSL.Connection(client_context(ec), reading)
    client.set_connect_state()
    with pytest.raises(SSL.SysCallError) as caught:
        client.do_handshake()
    assert caught.value.args == (errno.EBADF, "EBADF")
    os.close(reading)
    os.close(writing)
