"""Python objects as transports: two ends joined in memory, without a descriptor, in the styles that objects come in."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from OpenSSL import SSL

from tests.support.background import PATIENCE, Background
from tests.support.pairs import Pair, receive

Pieces = Iterator[int]
"""How many bytes each call moves at most; 0 is "not now", which is for ends that do not block."""


class Channel:
    """One direction. What is put in comes out, in pieces."""

    def __init__(self, *, blocking: bool = True, pieces: Pieces | None = None, capacity: int = 1 << 20) -> None:
        self._blocking = blocking
        self._pieces = pieces
        self._capacity = capacity
        self._bytes = bytearray()
        self._closed = False
        self._changed = threading.Condition()
        self.total = 0
        """How many bytes were put in."""

    def _limit(self, size: int) -> int:
        return size if self._pieces is None else min(size, next(self._pieces))

    def put(self, data: bytes) -> int | None:
        """Put some of it in; how many bytes, or None for "not now"."""
        with self._changed:
            limit = self._limit(len(data))
            while len(self._bytes) >= self._capacity and self._blocking:
                assert self._changed.wait(PATIENCE), "nobody takes anything"
            count = min(limit, self._capacity - len(self._bytes))
            if count == 0:
                return None
            self._bytes += data[:count]
            self.total += count
            self._changed.notify_all()
            return count

    def take(self, size: int) -> bytes | None:
        """Take some out; none at the end, None for "not now"."""
        with self._changed:
            limit = self._limit(size)
            while not self._bytes and not self._closed and self._blocking:
                assert self._changed.wait(PATIENCE), "nobody puts anything in"
            if not self._bytes:
                return b"" if self._closed else None
            if limit == 0:
                return None
            taken = bytes(self._bytes[:limit])
            del self._bytes[: len(taken)]
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Nothing more is put in."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many bytes wait to be taken."""
        return len(self._bytes)


class End:
    """What all styles have; nothing that a Connection calls."""

    def __init__(self, incoming: Channel, outgoing: Channel) -> None:
        self.incoming = incoming
        self.outgoing = outgoing

    def close(self) -> None:
        """Put nothing more in."""
        self.outgoing.close()

    def _take(self, size: int) -> bytes:
        data = self.incoming.take(size)
        if data is None:
            raise BlockingIOError
        return data

    def _put(self, data: bytes) -> int:
        assert type(data) is bytes
        assert data, "nothing is written"
        count = self.outgoing.put(data)
        if count is None:
            raise BlockingIOError
        return count


class _Send(End):
    def send(self, data: bytes) -> int:
        """Send some of it."""
        return self._put(data)


class _Write(End):
    def write(self, data: bytes) -> int | None:
        """Write some of it."""
        assert type(data) is bytes
        return self.outgoing.put(data)


class RecvSend(_Send):
    """Like a socket."""

    def recv(self, size: int) -> bytes:
        """Receive at most so many bytes."""
        return self._take(size)


class RecvIntoSend(_Send):
    """Like a socket that only receives into buffers."""

    def recv_into(self, buffer: memoryview) -> int:
        """Receive into a buffer."""
        data = self._take(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ReadWrite(_Write):
    """Like a raw file of `io`: None is "not now"."""

    def read(self, size: int) -> bytes | None:
        """Read at most so many bytes."""
        return self.incoming.take(size)


class ReadintoWrite(_Write):
    """Like a raw file of `io` that only reads into buffers."""

    def readinto(self, buffer: memoryview) -> int | None:
        """Read into a buffer."""
        data = self.incoming.take(len(buffer))
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)


class Read1Write(End):
    """Like a buffered file of `io` that only reads what is there, and whose writes wait for a `flush`."""

    def __init__(self, incoming: Channel, outgoing: Channel) -> None:
        super().__init__(incoming, outgoing)
        self.held = bytearray()

    def read1(self, size: int) -> bytes | None:
        """Read at most so many bytes."""
        return self.incoming.take(size)

    def write(self, data: bytes) -> int:
        """Hold it back."""
        self.held += data
        return len(data)

    def flush(self) -> None:
        """Send what was held back; BlockingIOError where not all can be sent now."""
        while self.held:
            del self.held[: self._put(bytes(self.held))]


STYLES: dict[str, type[End]] = {
    style.__name__: style for style in (RecvSend, RecvIntoSend, ReadWrite, ReadintoWrite, Read1Write)
}


def ends(
    style: type[End] = RecvSend,
    *,
    blocking: bool = True,
    pieces: Callable[[], Pieces] | None = None,
    capacity: int = 1 << 20,
) -> tuple[End, End]:
    """Join two ends of a style."""
    there, back = (
        Channel(blocking=blocking, pieces=None if pieces is None else pieces(), capacity=capacity) for _ in range(2)
    )
    return style(back, there), style(there, back)


def over(client_context: SSL.Context, server_context: SSL.Context, client_end: Any, server_end: Any) -> Pair:
    """Join two connections by transports of any kind; the handshake is still to be done."""
    client, server = SSL.Connection(client_context, client_end), SSL.Connection(server_context, server_end)
    client.set_connect_state()
    server.set_accept_state()
    return Pair(client, server, "python")


def joined(client_context: SSL.Context, server_context: SSL.Context, four: Sequence[Any]) -> Pair:
    """Join two connections by the client's reader and writer and the server's; the handshake is still to be done."""
    client, server = SSL.Connection(client_context, *four[:2]), SSL.Connection(server_context, *four[2:])
    client.set_connect_state()
    server.set_accept_state()
    return Pair(client, server, "split")


def converse(pair: Pair) -> None:
    """Shake hands if that was not done, talk in both directions, much at the same time, and close both."""
    data = bytes(range(256)) * 2000
    with (
        Background(lambda: (receive(pair.server, 5), receive(pair.server, len(data)))) as receiving,
        Background(lambda: (pair.server.sendall(data), pair.server.shutdown())),
    ):
        assert pair.client.send(b"hello") == 5
        with Background(lambda: pair.client.sendall(data)):
            assert receive(pair.client, len(data)) == data
        assert receiving.result() == (b"hello", data)
    for end in (pair.client, pair.server):
        try:
            assert end.recv(1) is None, "something else than the end"
        except SSL.ZeroReturnError:
            assert end.shutdown() is True


def step(*operations: Callable[[], object]) -> list[object]:
    """Repeat operations that do not block, in turns, until each has its result."""
    results: dict[int, object] = {}
    for _ in range(100_000):
        for index, operation in enumerate(operations):
            if index not in results:
                try:
                    results[index] = operation()
                except (SSL.WantReadError, SSL.WantWriteError):
                    continue
        if len(results) == len(operations):
            return [results[index] for index in range(len(operations))]
    raise AssertionError("the operations do not get on")


def collect(connection: SSL.Connection, size: int) -> Callable[[], bytes]:
    """Make an operation for `step`: receive exactly so many bytes."""
    received = bytearray()

    def operation() -> bytes:
        while len(received) < size:
            received.extend(connection.recv(size - len(received)))
        return bytes(received)

    return operation
