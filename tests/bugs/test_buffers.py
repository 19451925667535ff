"""Rules: C writes into the caller's buffer as much as fits, never beside it, and only while it stays where it is.

Bug classes: short output buffers; buffer protocol misuse (non-contiguous, read-only, resized by another thread during
recv_into).
"""

import contextlib
import time
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background, until
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import Pair, connected, pump

GUARD = b"\xa5" * 32


@pytest.fixture(params=VERSIONS)
def memory(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair in memory, of each protocol version."""
    with connected(client_context(ec, request.param), server_context(ec, request.param), "memory") as pair:
        yield pair


@pytest.fixture(params=["unix", "tcp"])
def pair(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over sockets."""
    with connected(client_context(ec), server_context(ec), request.param) as pair:
        yield pair


@pytest.mark.parametrize("room", [1, 2, 15, 16, 17, 100])
@pytest.mark.parametrize("nbytes", [None, 1, 1 << 14, 1 << 31, 1 << 40])
def test_short_output_buffers_of_recv_into(memory: Pair, room: int, nbytes: int | None):
    data = bytes(range(256))
    memory.client.send(data)
    memory.move()
    got = b""
    while len(got) < len(data):
        whole = bytearray(GUARD + b"\0" * room + GUARD)
        with memoryview(whole)[len(GUARD) : -len(GUARD)] as view:
            count = memory.server.recv_into(view, nbytes)
        assert 0 < count <= room
        assert (whole[: len(GUARD)], whole[-len(GUARD) :]) == (GUARD, GUARD)
        assert whole[len(GUARD) + count : -len(GUARD)] == bytes(room - count)
        got += whole[len(GUARD) : len(GUARD) + count]
    assert got == data


@pytest.mark.parametrize("size", [1, 4, 5, 6, 63])
def test_short_output_buffers_of_bio_read(ec: Authority, size: int):
    client, server = SSL.Connection(client_context(ec)), SSL.Connection(server_context(ec))
    client.set_connect_state()
    server.set_accept_state()
    waiting = {client: server, server: client}
    while waiting:
        for one in list(waiting):
            try:
                one.do_handshake()
            except SSL.WantReadError:
                pass
            else:
                del waiting[one]
        for one, other in ((client, server), (server, client)):
            while True:
                try:
                    piece = one.bio_read(size)
                except SSL.WantReadError:
                    break
                assert 0 < len(piece) <= size
                assert other.bio_write(piece) == len(piece)
    server.send(b"through small holes")
    pump(client, server)
    assert client.recv(100) == b"through small holes"


def test_short_output_buffers_of_what_has_any_length(memory: Pair):
    for length in (1, 47, 48, 49, 1024, 100_000):
        try:
            ours = memory.client.export_keying_material(b"EXPORTER-length", length)
        except SSL.Error:
            # TLS 1.3 derives 255 times the length of the digest at most.
            assert length > 255 * 32
        else:
            assert len(ours) == length
            assert ours == memory.server.export_keying_material(b"EXPORTER-length", length)
    assert len(memory.client.get_finished()) == len(memory.server.get_peer_finished()) > 0


def test_buffer_protocol_misuse_non_contiguous_and_read_only(memory: Pair):
    """Refused before a byte is taken: what was sent is still there."""
    memory.client.send(b"still here")
    memory.move()
    for buffer in (b"x" * 20, memoryview(b"x" * 20)):
        with pytest.raises(TypeError, match="writable"):
            memory.server.recv_into(buffer)
    for gaps in (memoryview(bytearray(20))[::2], memoryview(bytearray(20))[::-1]):
        for call in (memory.server.recv_into, memory.client.send, memory.client.sendall, memory.client.bio_write):
            with pytest.raises(BufferError, match="not C-contiguous"):
                call(gaps)
    assert memory.server.recv(100) == b"still here"


def test_buffer_protocol_misuse_resized_during_recv_into(pair: Pair):
    """While a thread waits to write into it, nobody makes it smaller; afterwards anybody does."""
    buffer = bytearray(64)

    def held() -> bool:
        try:
            buffer.append(0)
        except BufferError:
            return True
        return False

    with Background(lambda: pair.server.recv_into(buffer)) as waiting:
        until(held)
        for change in (buffer.clear, lambda: buffer.extend(bytes(1 << 20)), lambda: buffer.pop()):
            with pytest.raises(BufferError):
                change()
        assert waiting.running
        pair.client.send(b"there")
        assert waiting.result() == 5
    assert buffer == b"there" + bytes(len(buffer) - 5)
    buffer.clear()
    assert buffer == b""


def test_buffer_protocol_misuse_resized_during_sendall(pair: Pair):
    """What a thread is sending cannot be changed in size, or has been copied: it arrives as it was."""
    data = bytearray(bytes(range(256)) * (1 << 14))
    expected = bytes(data)
    with Background(lambda: pair.client.sendall(data)) as sending:
        time.sleep(0.05)
        assert sending.running
        for change in (data.clear, lambda: data.extend(b"more")):
            with contextlib.suppress(BufferError):
                change()
        got = bytearray()
        while len(got) < len(expected):
            got += pair.server.recv(1 << 16)
    assert got == expected
    data.clear()
