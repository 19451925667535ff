"""DTLS through Python objects: a call is a datagram, and what fails is lost, as datagrams may be."""

import contextlib
import queue
import random
import socket
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import PATIENCE, Background
from tests.support.datagrams import dtls_contexts
from tests.support.duplex import over, step
from tests.support.pairs import Pair
from tests.support.rows import rows

Wire = queue.SimpleQueue[bytes]


class Datagrams:
    """One end of a link in memory; a `recv` that waits in vain times out like a socket."""

    def __init__(self, incoming: Wire, outgoing: Wire, timeout: float | None = None) -> None:
        self.incoming = incoming
        self.outgoing = outgoing
        self.timeout = timeout
        self.sent: list[bytes] = []

    def recv(self, size: int) -> bytes:
        """Receive a datagram."""
        try:
            datagram = self.incoming.get(timeout=PATIENCE) if self.timeout is None else self.incoming.get_nowait()
        except queue.Empty:
            raise BlockingIOError from None
        assert len(datagram) <= size, "any datagram is asked for as a whole"
        return datagram

    def send(self, data: bytes) -> int:
        """Send a datagram."""
        self.sent.append(data)
        self.outgoing.put(data)
        return len(data)


class Files(Datagrams):
    """The same, with the methods of a file."""

    readinto = None

    def read(self, size: int) -> bytes | None:
        """Read a datagram."""
        with contextlib.suppress(BlockingIOError):
            return super().recv(size)
        return None

    def write(self, data: bytes) -> int:
        """Write a datagram."""
        return super().send(data)

    def __getattribute__(self, name: str) -> object:
        """Hide the other methods."""
        if name in ("recv", "send"):
            raise AttributeError(name)
        return super().__getattribute__(name)


class Buffers(Datagrams):
    """The same, received into a buffer."""

    def recv_into(self, buffer: memoryview) -> int:
        """Receive a datagram."""
        datagram = super().recv(len(buffer))
        buffer[: len(datagram)] = datagram
        return len(datagram)

    def __getattribute__(self, name: str) -> object:
        """Hide the other method."""
        if name == "recv":
            raise AttributeError(name)
        return super().__getattribute__(name)


def linked(ec: Authority, kind: type[Datagrams] = Datagrams, timeout: float | None = None) -> Pair:
    """Join two DTLS connections by such objects; the handshake is still to be done."""
    there, back = Wire(), Wire()
    return over(*dtls_contexts(ec), kind(back, there, timeout), kind(there, back, timeout))


@rows(320)
@pytest.mark.parametrize("kind", [Datagrams, Files, Buffers])
def test_each_message_is_a_datagram(ec: Authority, kind: type[Datagrams]):
    pair = linked(ec, kind)
    pair.handshake()
    sent = pair.client.sent  # An attribute of the transport.
    before = len(sent)
    messages = [random.Random(size).randbytes(size) for size in (1, 100, 1000, 5000, 16_384)]
    for message in messages:
        assert pair.client.send(message) == len(message)
    assert len(sent) - before == len(messages)
    assert [pair.server.recv(65_536) for _ in messages] == messages
    assert pair.client.shutdown() is False
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)


def test_without_blocking(ec: Authority):
    pair = linked(ec, timeout=0)
    step(pair.client.do_handshake, pair.server.do_handshake)
    with pytest.raises(SSL.WantReadError):
        pair.client.recv(1)
    pair.server.send(b"x")
    assert pair.client.recv(1) == b"x"


def test_datagrams_may_be_lost_doubled_and_disordered(ec: Authority):
    pair = linked(ec, timeout=0)
    step(pair.client.do_handshake, pair.server.do_handshake)
    for number in range(20):
        pair.client.send(b"%d" % number)
    wire = pair.client.outgoing
    datagrams = [wire.get_nowait() for _ in range(20)]
    chosen = random.Random(1).sample(datagrams, 12) * 2
    for datagram in chosen:
        wire.put(datagram)
    received = [pair.server.recv(100) for _ in range(12)]
    assert received == [b"%d" % datagrams.index(datagram) for datagram in chosen[:12]]
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(100)


def test_an_empty_datagram_says_nothing(ec: Authority):
    # Anybody may send one. An object that returns nothing else, for whatever reason, is not asked for ever.
    pair = linked(ec)
    pair.handshake()
    pair.server.outgoing.put(b"")
    with pytest.raises(SSL.WantReadError):
        pair.client.recv(1)
    pair.server.send(b"x")
    assert pair.client.recv(1) == b"x"


def test_garbage_is_left_out(ec: Authority):
    pair = linked(ec)
    pair.handshake()
    for garbage in (b"\0", b"garbage" * 100, bytes(65_536)):
        pair.server.outgoing.put(garbage)
    pair.server.send(b"x")
    assert pair.client.recv(1) == b"x"


@pytest.mark.parametrize(
    ("count", "error"), [(lambda size: size - 1, ValueError), (lambda size: size + 1, ValueError), (str, TypeError)]
)
def test_a_datagram_cannot_be_taken_in_part(ec: Authority, count: Callable[[int], object], error: type[Exception]):
    class Partly(Datagrams):
        def send(self, data: bytes) -> int:
            return count(super().send(data))

    client = linked(ec, Partly, 0).client
    with pytest.raises(error, match=r"send\(\)"):
        client.do_handshake()


def test_too_much_for_a_datagram(ec: Authority):
    class Long(Datagrams):
        def recv(self, size: int) -> bytes:
            return bytes(size + 1)

    with pytest.raises(ValueError, match=r"recv\(65536\) returned 65537 bytes"):
        linked(ec, Long, 0).client.do_handshake()


def test_not_now_keeps_the_datagram(ec: Authority):
    class Full(Datagrams):
        full = True

        def send(self, data: bytes) -> int:
            if self.full:
                raise BlockingIOError
            return super().send(data)

    pair = linked(ec, Full, 0)
    with pytest.raises(SSL.WantWriteError):
        pair.client.do_handshake()
    pair.client._socket.full = pair.server._socket.full = False
    step(pair.client.do_handshake, pair.server.do_handshake)
    pair.client._socket.full = True
    for _ in range(2):
        with pytest.raises(SSL.WantWriteError):
            pair.client.send(b"once")
    pair.client._socket.full = False
    assert pair.client.send(b"once") == 4
    assert pair.server.recv(100) == b"once"
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(100)


@pytest.mark.parametrize("error", [OSError(90, "EMSGSIZE"), ConnectionRefusedError(111, "refused")], ids=repr)
def test_what_the_network_refuses_is_lost(ec: Authority, error: Exception):
    # It must not stand in the way of the others; and who repeats his call sends it again.
    class Refusing(Datagrams):
        refuse = False

        def send(self, data: bytes) -> int:
            if self.refuse:
                raise error
            return super().send(data)

    pair = linked(ec, Refusing, 0)
    step(pair.client.do_handshake, pair.server.do_handshake)
    pair.client._socket.refuse = True
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            pair.client.send(b"too much")
        assert caught.value is error
    pair.client._socket.refuse = False
    assert pair.client.send(b"less") == 4
    assert pair.server.recv(100) == b"less"
    assert pair.client.send(b"too much") == 8
    assert pair.server.recv(100) == b"too much"
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(100)


def test_through_an_object_around_a_socket(ec: Authority):
    # A server whose socket is not connected: the object knows where the peer is.
    class Unconnected:
        def __init__(self, transport: socket.socket) -> None:
            self.transport = transport
            self.peer: object = None

        def recv(self, size: int) -> bytes:
            datagram, self.peer = self.transport.recvfrom(size)
            return datagram

        def send(self, data: bytes) -> int:
            return self.transport.sendto(data, self.peer)

    client_context, server_context = dtls_contexts(ec)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as serving,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connecting,
    ):
        serving.bind(("127.0.0.1", 0))
        connecting.connect(serving.getsockname())
        serving.settimeout(PATIENCE)
        pair = over(client_context, server_context, connecting, Unconnected(serving))
        with Background(lambda: (pair.server.recv(100), pair.server.send(b"pong"))) as answering:
            pair.client.send(b"ping")
            assert answering.result() == (b"ping", 4)
        assert pair.client.recv(100) == b"pong"


def test_two_objects(ec: Authority):
    there, back = Wire(), Wire()
    client_context, server_context = dtls_contexts(ec)
    client = SSL.Connection(client_context, Datagrams(back, None), Datagrams(None, there))
    server = SSL.Connection(server_context, Datagrams(there, None), Datagrams(None, back))
    client.set_connect_state()
    server.set_accept_state()
    pair = Pair(client, server, "split")
    pair.handshake()
    pair.client.send(b"x")
    assert pair.server.recv(10) == b"x"


def test_the_end_of_a_descriptor_that_is_no_socket_of_datagrams(ec: Authority):
    # Not an empty datagram: there will be no other.
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client = SSL.Connection(dtls_contexts(ec)[0], one)
    client.set_connect_state()
    with Background(lambda: (other.recv(65_536), other.close())), pytest.raises(SSL.SysCallError) as caught:
        client.do_handshake()
    assert caught.value.args == (-1, "Unexpected EOF")
    one.close()
