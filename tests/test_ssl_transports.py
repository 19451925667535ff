"""Connection through a Python object without a descriptor: what is called, in pieces, not now, and to the end."""

import io
import itertools
import random
import socket
import sys
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context
from tests.support.duplex import (
    STYLES,
    Channel,
    End,
    Pieces,
    Read1Write,
    ReadWrite,
    RecvSend,
    collect,
    converse,
    ends,
    over,
    step,
)
from tests.support.pairs import Pair, receive
from tests.support.rows import rows


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> type[End]:
    """Give each kind of object."""
    return STYLES[request.param]


@rows(314, 320, 321)
def test_each_kind_of_object(ec: Authority, style: type[End], version: str):
    pair = over(client_context(ec, version), server_context(ec, version), *ends(style))
    pair.handshake()
    assert pair.client.get_protocol_version_name() == version
    converse(pair)


@rows(320)
def test_the_two_ends_may_be_of_different_kinds(ec: Authority):
    for one, other in itertools.combinations(STYLES.values(), 2):
        client_end, server_end = ends(one)
        pair = over(client_context(ec), server_context(ec), client_end, other(server_end.incoming, server_end.outgoing))
        converse(pair)


def few(seed: int, least: int = 1) -> Callable[[], Pieces]:
    """Make pieces of up to 10 bytes, of random length."""
    source = random.Random(seed)
    return lambda: (source.randint(least, 10) for _ in itertools.count())


@rows(320, 321)
def test_pieces_of_1_to_10_bytes(ec: Authority, style: type[End], version: str):
    pair = over(client_context(ec, version), server_context(ec, version), *ends(style, pieces=few(1)))
    converse(pair)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32), name=st.sampled_from(sorted(STYLES)), data=st.binary(min_size=1, max_size=6000))
def test_pieces_of_0_to_10_bytes_without_blocking(ec: Authority, version: str, seed: int, name: str, data: bytes):
    # A piece of no bytes is a "not now", in any place, in both directions.
    pair = over(
        client_context(ec, version),
        server_context(ec, version),
        *ends(STYLES[name], blocking=False, pieces=few(seed, 0), capacity=2000),
    )
    step(pair.client.do_handshake, pair.server.do_handshake)
    there = step(lambda: pair.client.sendall(data), collect(pair.server, len(data)))
    back = step(lambda: pair.server.send(data), collect(pair.client, len(data)))
    assert there == back == [len(data), data]
    assert step(pair.client.shutdown, lambda: ended(pair.server)) == [False, True]
    assert step(pair.server.shutdown, pair.client.shutdown) == [True, True]


def ended(connection: SSL.Connection) -> bool:
    """Receive the clean end, and nothing else."""
    try:
        data = connection.recv(1)
    except SSL.ZeroReturnError:
        return True
    raise AssertionError(f"{data!r} came in place of the end")


@rows(323)
def test_an_object_with_a_descriptor_is_not_called(ec: Authority):
    # No Python code runs for a record, and none for a handshake.
    class Socket(socket.socket):
        def __getattribute__(self, name: str) -> object:
            if watched:
                raise AssertionError(f"{name} was asked for")
            return super().__getattribute__(name)

    watched = False
    one, other = (Socket(fileno=end.detach()) for end in socket.socketpair())
    pair = over(client_context(ec), server_context(ec), one, other)
    watched = True
    pair.handshake()
    converse(pair)
    watched = False
    one.close()
    other.close()


def waiting(ec: Authority, style: type[End]) -> tuple[SSL.Connection, End]:
    """Give a client whose transport does not block, and the other end of that."""
    end, other = ends(style, blocking=False)
    client = SSL.Connection(client_context(ec), end)
    client.set_connect_state()
    return client, other


def test_not_now(ec: Authority, style: type[End]):
    client, other = waiting(ec, style)
    for _ in range(3):
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        assert client.want_read()
    hello = other.incoming.take(4096)
    assert hello is not None
    assert hello[:3] == b"\x16\x03\x01"
    assert other.incoming.take(4096) is None, "it was sent once"


def test_not_now_for_writing(ec: Authority, style: type[End]):
    client, other = waiting(ec, style)
    other.incoming._capacity = 100
    for _ in range(3):
        # As long as the peer has not got it, there is nothing to read from him.
        with pytest.raises(SSL.WantWriteError):
            client.do_handshake()
        assert client.want_write()
    hello = b""
    while True:
        hello += other.incoming.take(4096) or b""
        try:
            client.do_handshake()
        except SSL.WantWriteError:
            continue
        except SSL.WantReadError:
            break
    hello += other.incoming.take(4096) or b""
    assert len(hello) == 5 + int.from_bytes(hello[3:5], "big")


def test_a_handshake_that_only_recv_drives(ec: Authority, version: str):
    # The last flight of a client is its own: recv has to send it, or the server waits for ever.
    pair = over(client_context(ec, version), server_context(ec, version), *ends(blocking=False, capacity=40))
    assert step(lambda: pair.client.recv(10), lambda: pair.server.send(b"welcome")) == [b"welcome", 7]


def test_the_end(ec: Authority, style: type[End]):
    client, other = waiting(ec, style)
    other.close()
    with pytest.raises(SSL.SysCallError) as caught:
        client.do_handshake()
    assert caught.value.args == (-1, "Unexpected EOF")


@pytest.mark.parametrize("kept", [0, 1, 4, 5, 6, 50])
def test_the_end_in_the_middle_of_a_record(ec: Authority, kept: int):
    # It is told once, and asked for no more.
    client = SSL.Connection(client_context(ec), None)
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()

    class Once(io.BytesIO):
        def recv(self, size: int) -> bytes:
            data = self.read(size)
            assert data or not self.closed, "asked again"
            if not data:
                self.close()
            return data

        def send(self, data: bytes) -> int:
            return len(data)

    server = SSL.Connection(server_context(ec), Once(client.bio_read(4096)[:kept]))
    server.set_accept_state()
    with pytest.raises(SSL.SysCallError, match="Unexpected EOF"):
        server.do_handshake()


@rows(318)
def test_nothing_is_read_beyond_the_end_of_tls(ec: Authority, style: type[End], version: str):
    client_end, server_end = ends(style)
    pair = over(client_context(ec, version), server_context(ec, version), client_end, server_end)
    pair.handshake()
    pair.server.shutdown()
    server_end.outgoing.put(b"in the clear again")
    with pytest.raises(SSL.ZeroReturnError):
        pair.client.recv(1)
    assert client_end.incoming.take(100) == b"in the clear again"


def test_read_ahead_asks_for_no_more_than_is_due(ec: Authority):
    # An object that waits until it has all that it is asked for.
    class Whole(RecvSend):
        def recv(self, size: int) -> bytes:
            data = b""
            while len(data) < size and (piece := self.incoming.take(size - len(data))):
                data += piece
            return data

    client, server = client_context(ec), server_context(ec)
    client.set_read_ahead(True)
    server.set_read_ahead(True)
    converse(over(client, server, *ends(Whole)))


def test_bulk(ec: Authority, style: type[End], version: str):
    pair = over(client_context(ec, version), server_context(ec, version), *ends(style))
    pair.handshake()
    data = random.Random(2).randbytes(3_000_000)
    with Background(lambda: receive(pair.server, len(data))) as receiving:
        assert pair.client.sendall(data) == len(data)
        assert receiving.result() == data


def test_an_object_that_takes_one_byte_of_many(ec: Authority):
    # Not all that is left is copied for it each time: that would take the square of the time.
    class Narrow(RecvSend):
        offered = 0

        def send(self, data: bytes) -> int:
            self.offered += len(data)
            return super().send(data[:1])

    client_end, server_end = ends()
    narrow = Narrow(client_end.incoming, client_end.outgoing)
    pair = over(client_context(ec), server_context(ec), narrow, server_end)
    data = bytes(100_000)
    with Background(lambda: receive(pair.server, len(data))) as receiving:
        assert pair.client.sendall(data) == len(data)
        assert receiving.result() == data
    assert narrow.offered / narrow.outgoing.total < 2000


def test_many_records_go_in_one_call(ec: Authority):
    class Counting(RecvSend):
        calls = 0

        def send(self, data: bytes) -> int:
            self.calls += 1
            return super().send(data)

    pair = over(client_context(ec), server_context(ec), *ends(Counting, capacity=1 << 24))
    pair.handshake()
    before = pair.client.calls  # An attribute of the transport.
    pair.client.sendall(bytes(1 << 20))
    assert pair.client.calls - before <= 16


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_can_be_returned(ec: Authority, kind: type):
    class Other(RecvSend):
        def recv(self, size: int) -> bytes:
            return kind(super().recv(size))

    converse(over(client_context(ec), server_context(ec), *ends(Other)))


def test_a_count_may_be_anything_with_an_index(ec: Authority):
    class Index:
        def __init__(self, value: int) -> None:
            self.value = value

        def __index__(self) -> int:
            return self.value

    class Other(RecvSend):
        def send(self, data: bytes) -> int:
            return Index(super().send(data))

    converse(over(client_context(ec), server_context(ec), *ends(Other)))


@pytest.mark.parametrize("no", [None, io.UnsupportedOperation("fileno")])
def test_an_object_may_deny_its_descriptor(ec: Authority, no: Exception | None):
    # None in the place of the method, or the exception by which the classes of io say that they have none.
    def fileno(self: object) -> int:
        raise no

    class Denying(RecvSend):
        pass

    Denying.fileno = no if no is None else fileno
    converse(over(client_context(ec), server_context(ec), *ends(Denying)))


def test_the_preferred_methods(ec: Authority):
    # What receives what is there comes before what may wait for all; the plain before the others.
    asked = []

    class All(RecvSend):
        def __getattribute__(self, name: str) -> object:
            if name in ("recv_into", "read", "readinto", "read1", "write"):
                asked.append(name)
            return super().__getattribute__(name)

        recv_into = read = readinto = read1 = write = None

    converse(over(client_context(ec), server_context(ec), *ends(All)))
    assert asked == []


def test_the_attributes_are_the_objects(ec: Authority):
    client_end, server_end = ends(ReadWrite)
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    assert pair.client.incoming is client_end.incoming
    pair.handshake()
    pair.client.close()
    assert server_end.incoming.take(0) is not None
    with pytest.raises(AttributeError, match="fileno"):
        pair.client.fileno()
    for method in ("connect", "connect_ex", "accept", "sock_shutdown"):
        with pytest.raises(AttributeError, match=method.removeprefix("sock_")):
            getattr(pair.client, method)(*([] if method == "accept" else [1]))


@rows(316, 317)
def test_connect_and_accept_are_the_objects(ec: Authority):
    class Connecting(RecvSend):
        def connect(self, address: object) -> None:
            assert address == "there"

        def connect_ex(self, address: object) -> int:
            assert address == "there"
            return 0

    class Listening(Read1Write):
        def accept(self) -> tuple[End, str]:
            return RecvSend(self.incoming, self.outgoing), "here"

    client_end, server_end = ends(Connecting)
    client = SSL.Connection(client_context(ec), client_end)
    client.connect("there")
    assert client.connect_ex("there") == 0
    listener = SSL.Connection(server_context(ec), Listening(server_end.incoming, server_end.outgoing))
    server, address = listener.accept()
    assert address == "here"
    converse(Pair(client, server, "python"))


def test_memory_methods_are_not_for_it(ec: Authority):
    client, _ = waiting(ec, RecvSend)
    for call in (lambda: client.bio_read(10), lambda: client.bio_write(b"x"), client.bio_shutdown):
        with pytest.raises(TypeError, match="sock"):
            call()


def test_the_object_sees_python_as_it_is(ec: Authority):
    # Tracing and frames work inside of it: it is called like any Python function.
    frames = []

    class Looking(RecvSend):
        def recv(self, size: int) -> bytes:
            frames.append(sys._getframe().f_back.f_code.co_name)
            return super().recv(size)

    client_end, server_end = ends(Looking, blocking=False)
    server_end.close()
    client = SSL.Connection(client_context(ec), client_end)
    client.set_connect_state()
    with pytest.raises(SSL.SysCallError):
        client.do_handshake()
    assert frames == ["test_the_object_sees_python_as_it_is"]


def test_a_channel_that_is_full(ec: Authority):
    # Both ends hold little, and both send much at the same time: nobody waits for ever.
    pair = over(client_context(ec), server_context(ec), *ends(capacity=1000))
    pair.handshake()
    data = bytes(300_000)
    with (
        Background(lambda: receive(pair.server, len(data))) as at_server,
        Background(lambda: receive(pair.client, len(data))) as at_client,
        Background(lambda: pair.server.sendall(data)),
    ):
        pair.client.sendall(data)
        assert at_server.result() == at_client.result() == data
    assert isinstance(pair.client.incoming, Channel)
