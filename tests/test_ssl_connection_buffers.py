"""Connection: the buffers that send and recv take, sizes, flags, and how much memory is used for them."""

import array
import contextlib
import mmap
import resource
import socket
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.pairs import Pair, connected, receive
from tests.support.rows import rows


@pytest.fixture(params=["memory", "unix", "tcp"])
def pair(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair of each kind."""
    with connected(client_context(ec), server_context(ec), request.param) as pair:
        yield pair


@pytest.fixture
def memory(ec: Authority) -> Iterator[Pair]:
    """Give a connected pair in memory."""
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        yield pair


@rows(278)
@pytest.mark.parametrize("method", ["send", "sendall"])
@pytest.mark.parametrize(
    "data",
    [
        b"some data",
        bytearray(b"some data"),
        memoryview(b"some data"),
        memoryview(b"--some data--")[2:-2],
        memoryview(array.array("B", b"some data")),
        array.array("b", b"some data"),
        array.array("B", b"some data"),
    ],
    ids=["bytes", "bytearray", "memoryview", "slice", "view of array", "array b", "array B"],
)
def test_any_contiguous_buffer_is_sent(pair: Pair, method: str, data: bytes):
    assert getattr(pair.client, method)(data) == 9
    pair.move()
    assert pair.server.recv(100) == b"some data"


@pytest.mark.parametrize("method", ["send", "sendall"])
def test_a_buffer_of_wider_items_is_sent_as_bytes(memory: Pair, method: str):
    # Upstream's sendall counts items, not bytes.
    data = array.array("I", [1, 2, 0xDEADBEEF])
    assert getattr(memory.client, method)(data) == len(data.tobytes())
    memory.move()
    assert memory.server.recv(100) == data.tobytes()


def test_a_map_of_a_file_is_sent(memory: Pair):
    with mmap.mmap(-1, 4096) as data:
        data[:5] = b"start"
        assert memory.client.sendall(data) == 4096
        memory.move()
        assert receive(memory.server, 4096) == data[:]


@pytest.mark.parametrize("method", ["send", "sendall"])
def test_text_is_sent_with_a_warning(memory: Pair, method: str):
    # C152
    with pytest.warns(DeprecationWarning, match="buf"):
        assert getattr(memory.client, method)("tëxt") == 5
    memory.move()
    assert memory.server.recv(100) == "tëxt".encode()


@pytest.mark.parametrize("method", ["send", "sendall"])
@pytest.mark.parametrize("data", [None, 7, 1.5, object(), [1, 2]])
def test_nothing_else_is_sent(memory: Pair, method: str, data: object):
    with pytest.raises(TypeError, match=r"."):
        getattr(memory.client, method)(data)
    with pytest.raises(SSL.WantReadError):
        memory.client.bio_read(1)


@pytest.mark.parametrize("method", ["send", "sendall"])
def test_a_buffer_with_gaps_is_refused(memory: Pair, method: str):
    with pytest.raises(BufferError):
        getattr(memory.client, method)(memoryview(b"abcdef")[::2])


def test_the_buffer_is_free_after_sending(memory: Pair):
    data = bytearray(b"x" * 1000)
    memory.client.sendall(data)
    data.clear()
    data.extend(b"resized, which an exported buffer would forbid")
    memory.move()
    assert memory.server.recv(1000) == b"x" * 1000


@rows(275)
def test_recv_into(pair: Pair):
    buffer = bytearray(b"-" * 10)
    pair.client.send(b"hello")
    pair.move()
    assert pair.server.recv_into(buffer) == 5
    assert buffer == b"hello-----"


@pytest.mark.parametrize("size", [None, 0, 100])
def test_recv_into_fills_the_buffer_at_most(pair: Pair, size: int | None):
    # C156: 0 means the whole buffer, as socket.recv_into has it.
    buffer = bytearray(3)
    pair.client.send(b"hello")
    pair.move()
    assert pair.server.recv_into(buffer, size) == 3
    assert buffer == b"hel"
    assert pair.server.recv(100) == b"lo"


def test_recv_into_with_a_size(pair: Pair):
    buffer = bytearray(b"-" * 6)
    pair.client.send(b"hello")
    pair.move()
    assert pair.server.recv_into(buffer, 2) == 2
    assert buffer == b"he----"
    assert pair.server.recv_into(buffer, nbytes=3) == 3
    assert buffer == b"llo---"


@pytest.mark.parametrize(
    "make", [bytearray, lambda size: array.array("B", bytes(size)), lambda size: mmap.mmap(-1, size)]
)
def test_recv_into_takes_any_writable_buffer(memory: Pair, make):
    # Upstream assigns to a slice, which an array does not take from a memoryview.
    buffer = make(8)
    memory.client.send(b"data")
    memory.move()
    assert memory.server.recv_into(buffer) == 4
    assert bytes(buffer[:8]) == b"data\0\0\0\0"


def test_recv_into_a_part_of_a_buffer(memory: Pair):
    buffer = bytearray(b"-" * 10)
    memory.client.send(b"hello")
    memory.move()
    assert memory.server.recv_into(memoryview(buffer)[3:6]) == 3
    assert buffer == b"---hel----"
    with memoryview(buffer) as view:
        assert memory.server.recv_into(view[8:]) == 2
    assert buffer == b"---hel--lo"


@pytest.mark.parametrize("buffer", [b"bytes", memoryview(b"read only"), "text", None, 7, memoryview(bytearray(8))[::2]])
def test_recv_into_refuses_a_buffer_and_loses_nothing(memory: Pair, buffer: object):
    # The buffer is looked at before anything is received.
    memory.client.send(b"hello")
    memory.move()
    with pytest.raises((TypeError, BufferError), match=r"."):
        memory.server.recv_into(buffer)
    assert memory.server.recv(100) == b"hello"


@pytest.mark.parametrize("size", [-1, -(1 << 40)])
@pytest.mark.parametrize("method", ["recv", "read", "recv_into"])
def test_a_negative_size_is_refused(memory: Pair, method: str, size: int):
    memory.client.send(b"hello")
    memory.move()
    arguments = (bytearray(4), size) if method == "recv_into" else (size,)
    with pytest.raises(ValueError, match=r"."):
        getattr(memory.server, method)(*arguments)
    assert memory.server.recv(100) == b"hello"


@pytest.mark.parametrize("size", ["5", 5.0, None, b"5"])
def test_a_size_is_an_integer(memory: Pair, size: object):
    memory.client.send(b"hello")
    memory.move()
    with pytest.raises(TypeError, match=r"."):
        memory.server.recv(size)
    assert memory.server.recv(100) == b"hello"


def test_an_object_with_an_index_is_an_integer(memory: Pair):
    # C021
    class Three:
        def __index__(self) -> int:
            return 3

    memory.client.send(b"hello")
    memory.move()
    assert memory.server.recv(Three()) == b"hel"


def test_peeking_takes_nothing(pair: Pair):
    pair.client.send(b"hello")
    pair.move()
    assert pair.server.recv(2, socket.MSG_PEEK) == b"he"
    assert pair.server.recv(100, socket.MSG_PEEK) == b"hello"
    buffer = bytearray(4)
    assert pair.server.recv_into(buffer, flags=socket.MSG_PEEK) == 4
    assert buffer == b"hell"
    assert pair.server.recv_into(buffer, 2, socket.MSG_PEEK) == 2
    assert pair.server.pending() == 5
    assert pair.server.recv(100) == b"hello"


def test_flags_of_zero_and_none(pair: Pair):
    # C152: flags of send are accepted and ignored.
    assert pair.client.send(b"one", 0) == 3
    assert pair.client.send(b"two", flags=socket.MSG_DONTWAIT) == 3
    assert pair.client.sendall(b"three", flags=0) == 5
    pair.move()
    assert pair.server.recv(3, 0) == b"one"
    assert pair.server.recv(3, None) == b"two"
    assert pair.server.recv(5, flags=0) == b"three"


@contextlib.contextmanager
def little_memory(size: int) -> Iterator[None]:
    """Let the process map only so many bytes more than it has."""
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("size", [1 << 30, (1 << 31) - 1, 1 << 31, 1 << 40])
def test_recv_allocates_what_is_there_not_what_was_asked(pair: Pair, size: int):
    # Design 4. Upstream allocates the size that was asked.
    pair.client.send(b"little")
    pair.move()
    with little_memory(256 << 20):
        assert pair.server.recv(size) == b"little"


def test_recv_without_data_allocates_nothing_either(memory: Pair):
    with little_memory(256 << 20), pytest.raises(SSL.WantReadError):
        memory.server.recv(1 << 30)


def test_a_recv_of_more_than_a_record_returns_what_is_there(memory: Pair):
    data = bytes(range(256)) * 256
    memory.client.sendall(data)
    memory.move()
    received = bytearray()
    while len(received) < len(data):
        part = memory.server.recv(1 << 20)
        assert part
        received += part
    assert received == data


def test_sending_the_rest_of_a_view_again_and_again(ec: Authority):
    data = bytes(range(256)) * 1000
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        rest = memoryview(data)
        while rest:
            count = pair.client.send(rest)
            assert 0 < count <= 16384
            rest = rest[count:]
        pair.move()
        assert receive(pair.server, len(data)) == data
