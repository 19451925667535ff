"""`OpenSSL.aio`: the transport, as protocols use it: data, pauses, buffers, and much of everything."""

import asyncio
import functools
import hashlib
import os
import random
import socket

import pytest
from OpenSSL import SSL, aio

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.loops import asynchronous, close, complaints, echo, port_of, serving, until
from tests.support.protocols import Recorder, connected, is_lost

version = pytest.mark.parametrize("version", VERSIONS)

MEBIBYTE = 1 << 20


class Filler(asyncio.BufferedProtocol):
    """Has a small buffer of its own, and may have enough after each filling."""

    def __init__(self, *, pauses: bool = False) -> None:
        self.buffer = bytearray(1000)
        self.received = b""
        self.pauses = pauses
        self.told: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        assert isinstance(transport, aio.TLSTransport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        """Give the same buffer each time."""
        assert sizehint > 0
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was filled in."""
        assert self.transport.is_reading()
        self.received += self.buffer[:nbytes]
        if self.pauses:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self.transport.resume_reading)

    def eof_received(self) -> None:
        """Note it."""
        self.told.append("eof")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note it."""
        assert exc is None
        self.told.append("lost")


def end_tcp(transport: aio.TLSTransport) -> None:
    """End the sending direction of the socket below, of which TLS knows nothing."""
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same:
        same.shutdown(socket.SHUT_WR)


@version
@asynchronous
async def test_a_protocol_is_told_everything_once_and_in_order(ec: Authority, version: str) -> None:
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec, version) as (near, far):
        assert near.get_protocol() is client
        near.write(b"hello")
        await until(lambda: server.received == b"hello")
        far.write(b"goodbye")
        far.close()
        await until(lambda: client.lost is None and client.told[-1] == "lost")
    assert client.told == ["made", "data", "eof", "lost"]
    assert client.received == b"goodbye"
    # Who has closed hears of no more than the end.
    assert server.told == ["made", "data", "lost"]
    assert client.lost is server.lost is None


@asynchronous
async def test_create_server(ec: Authority) -> None:
    protocols: list[Recorder] = []

    def make() -> Recorder:
        protocols.append(Recorder())
        return protocols[-1]

    server = await aio.create_server(make, "127.0.0.1", 0, context=server_context(ec))
    transport, client = await aio.create_connection(Recorder, "localhost", port_of(server), context=client_context(ec))
    assert client.transport is transport
    transport.write(b"x")
    await until(lambda: protocols and protocols[0].received == b"x")
    transport.close()
    await until(lambda: protocols[0].told[-1] == "lost" == client.told[-1])
    server.close()
    await server.wait_closed()


@version
@asynchronous
async def test_the_other_direction_after_an_end(ec: Authority, version: str) -> None:
    client, server = Recorder(), Recorder()
    server.keep_open = True
    async with connected(client, server, ec, version) as (near, far):
        if version == "TLSv1.3":
            near.write_eof()
            await until(lambda: server.told[-1] == "eof")
            assert not far.is_closing()
            far.write(b"still here")
            await until(lambda: client.received == b"still here")
            far.close()
            await until(lambda: client.told[-1] == "lost" == server.told[-1])
            assert client.told == ["made", "data", "eof", "lost"]
        else:
            near.close()
            await until(lambda: server.told[-1] == "lost")
        assert server.told == ["made", "eof", "lost"]


@asynchronous
async def test_the_socket_below_may_end_before_the_answer(ec: Authority) -> None:
    """A client that has ended its direction of TLS and of TCP still gets what the server has to say."""
    client, server = Recorder(), Recorder()
    server.keep_open = True
    async with connected(client, server, ec, "TLSv1.3") as (near, far):
        near.write_eof()
        end_tcp(near)
        await until(lambda: server.told[-1] == "eof")
        await asyncio.sleep(0.01)
        far.write(b"answer")
        await until(lambda: client.received == b"answer")
        far.close()
        await until(lambda: client.told[-1] == "lost")
    assert client.lost is server.lost is None


@asynchronous
async def test_nothing_comes_while_reading_is_paused(ec: Authority) -> None:
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        near.pause_reading()
        near.pause_reading()
        assert not near.is_reading()
        far.write(b"data")
        await asyncio.sleep(0.02)
        assert client.told == ["made"]
        near.resume_reading()
        near.resume_reading()
        assert near.is_reading()
        await until(lambda: client.received == b"data")


@version
@asynchronous
async def test_what_comes_with_the_end_of_the_handshake_is_held_too(ec: Authority, version: str) -> None:
    """Data, and the end after it, in one piece with the handshake, for a protocol that pauses at once."""

    class Reluctant(Recorder):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.pause_reading()

    server_end = SSL.Connection(server_context(ec, version), None)
    server_end.set_accept_state()
    near, far = socket.socketpair()
    far.setblocking(False)
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        flight, done = b"", False
        while not done:
            _, answer, _ = server_end.exchange(await loop.sock_recv(far, 65536))
            flight = answer
            try:
                server_end.do_handshake()
                done = True
            except SSL.WantReadError:
                await loop.sock_sendall(far, flight)
        server_end.sendall(b"data")
        server_end.shutdown()
        await loop.sock_sendall(far, flight + server_end.bio_read(65536))

    (transport, client), _ = await asyncio.gather(
        aio.create_connection(Reluctant, sock=near, server_hostname="localhost", context=client_context(ec, version)),
        serve(),
    )
    await asyncio.sleep(0.02)
    assert client.told == ["made"]
    transport.resume_reading()
    assert client.told == ["made"]
    await until(lambda: client.told[-1] == "lost")
    assert client.told == ["made", "data", "eof", "lost"]
    assert client.received == b"data"
    assert client.lost is None
    far.close()


@pytest.mark.parametrize("pauses", [False, True])
@asynchronous
async def test_buffered_protocols(ec: Authority, pauses: bool) -> None:
    client, server = Filler(pauses=pauses), Recorder()
    sent = random.Random(3).randbytes(100_000)
    async with connected(client, server, ec) as (_, far):
        far.write(sent)
        await until(lambda: len(client.received) == len(sent))
        assert client.received == sent
        far.close()
        await until(lambda: client.told == ["eof", "lost"])


@asynchronous
async def test_a_protocol_may_be_replaced(ec: Authority) -> None:
    first, server = Recorder(), Recorder()
    second, third = Filler(), Recorder()
    async with connected(first, server, ec) as (near, far):
        second.transport = near
        near.set_protocol(second)
        assert near.get_protocol() is second
        far.write(b"x")
        await until(lambda: second.received == b"x")
        near.set_protocol(third)
        far.write(b"y")
        await until(lambda: third.received == b"y")
        near.close()
        await until(lambda: third.told[-1] == "lost")
        first.told.append("lost")
    assert first.received == b""


@asynchronous
async def test_what_is_written_may_be_any_buffer_and_may_change(ec: Authority) -> None:
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        far.pause_reading()
        data = bytearray(b"a" * 3 * MEBIBYTE)
        near.write(data)
        # Most of it is still waiting.
        assert near.get_write_buffer_size() > MEBIBYTE
        data[:] = b"b" * len(data)
        view = memoryview(data)[:5]
        near.write(view)
        view.release()
        data.clear()
        near.write(b"")
        for wrong in ("text", 5, None):
            with pytest.raises(TypeError):
                near.write(wrong)  # type: ignore[arg-type]
        far.resume_reading()
        await until(lambda: len(server.received) == 3 * MEBIBYTE + 5)
        assert server.received == b"a" * 3 * MEBIBYTE + b"b" * 5
        for wrong in ("text", 5, None):
            with pytest.raises(TypeError):
                near.write(wrong)  # type: ignore[arg-type]


@asynchronous
async def test_writing_is_paused_and_goes_on(ec: Authority) -> None:
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        near.set_write_buffer_limits(high=100_000, low=50_000)
        assert near.get_write_buffer_limits() == (50_000, 100_000)
        assert near.get_write_buffer_size() == 0
        far.pause_reading()
        for _ in range(100):
            near.write(bytes(100_000))
        assert client.told == ["made", "pause"]
        # All but what the kernel has taken is still plaintext; of ciphertext there is the limit and one piece.
        below = near._below
        assert below.get_write_buffer_size() < 100_000 + 2 * 65_536
        assert near.get_write_buffer_size() > 8_000_000
        await asyncio.sleep(0.01)
        assert client.told == ["made", "pause"]
        far.resume_reading()
        await until(lambda: len(server.received) == 10_000_000)
        assert client.told == ["made", "pause", "resume"]
        assert near.get_write_buffer_size() == 0


@asynchronous
async def test_closing_sends_what_was_written(ec: Authority) -> None:
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        far.pause_reading()
        near.write(bytes(5 * MEBIBYTE))
        near.close()
        near.close()
        assert near.is_closing()
        near.write(b"too late")
        await asyncio.sleep(0.01)
        assert "lost" not in client.told
        far.resume_reading()
        await until(lambda: server.told[-1] == "lost")
        assert server.received == bytes(5 * MEBIBYTE)
        assert "eof" in server.told
        assert client.lost is server.lost is None


@pytest.mark.parametrize("end", ["close", "abort"])
@asynchronous
async def test_ending_when_writing_goes_on(ec: Authority, end: str) -> None:
    """From inside of `resume_writing`, when everything was sent and the peer has said goodbye already."""

    class Leaving(Recorder):
        def resume_writing(self) -> None:
            super().resume_writing()
            getattr(self.transport, end)()

    client, server = Leaving(), Recorder()
    client.keep_open = True
    async with connected(client, server, ec, "TLSv1.3") as (near, far):
        far.pause_reading()
        far.write_eof()
        await until(lambda: client.told[-1] == "eof")
        near.write(bytes(3 * MEBIBYTE))
        assert client.told[-1] == "pause"
        far.resume_reading()
        await until(lambda: is_lost(client) and is_lost(server))
    assert client.told == ["made", "eof", "pause", "resume", "lost"]
    assert client.lost is None


@asynchronous
async def test_closing_while_reading_is_paused(ec: Authority) -> None:
    """The peer's answer is read all the same, what came before it is dropped."""
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        near.pause_reading()
        far.write(bytes(1000))
        await asyncio.sleep(0.01)
        near.close()
        near.resume_reading()
        await until(lambda: is_lost(client) and is_lost(server))
    assert client.told == ["made", "lost"]
    assert client.lost is server.lost is None


@asynchronous
async def test_closing_goes_on_after_the_end_of_the_peers_stream(ec: Authority) -> None:
    """A peer that has ended its TCP direction, without a word in TLS, still gets what was written before."""
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        near.pause_reading()
        far.write(bytes(5 * MEBIBYTE))
        far.close()
        end_tcp(near)
        await asyncio.sleep(0.01)
        near.resume_reading()
        await until(lambda: is_lost(server))
        await until(lambda: is_lost(client))
    assert client.received == bytes(5 * MEBIBYTE)
    assert "eof" in client.told
    assert server.lost is None


@asynchronous
async def test_aborting_sends_nothing(ec: Authority) -> None:
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec) as (near, far):
        far.pause_reading()
        near.write(bytes(5 * MEBIBYTE))
        near.abort()
        assert near.is_closing()
        await until(lambda: client.told[-1] == "lost")
        near.abort()
        near.close()
        near.write(b"x")
        assert client.lost is None
        far.resume_reading()
        await until(lambda: server.told[-1] == "lost")
        assert len(server.received) < 5 * MEBIBYTE
        # Nobody can tell this from an attack.
        assert isinstance(server.lost, aio.TruncatedError)


@asynchronous
async def test_a_protocol_that_fails_is_closed(ec: Authority) -> None:
    class Failing(Recorder):
        def data_received(self, data: bytes) -> None:
            raise LookupError("in data_received")

    client, server = Recorder(), Failing()
    with complaints() as taken:
        async with connected(client, server, ec) as (near, _):
            near.write(b"x")
            await until(lambda: server.told[-1] == "lost")
            assert isinstance(server.lost, LookupError)
    assert [type(context["exception"]) for context in taken] == [LookupError]


@asynchronous
async def test_the_server_asks_for_a_new_handshake(ec: Authority) -> None:
    """TLS 1.2: what is written in the meantime waits for it."""
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec, "TLSv1.2") as (near, far):
        connection = far.get_extra_info("connection")
        assert connection.renegotiate()
        far.write(b"one ")
        far.write(b"two ")
        near.write(b"meanwhile ")
        await until(lambda: connection.total_renegotiations() == 1 and not connection.renegotiate_pending())
        far.write(b"three")
        near.write(b"after")
        await until(lambda: client.received == b"one two three")
        await until(lambda: server.received == b"meanwhile after")


@asynchronous
async def test_what_is_written_in_a_new_handshake_waits_for_it(ec: Authority) -> None:
    """The client answers in the middle of the handshake that the server has asked for, and says no more."""

    class Answering(Recorder):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.transport.write(b"an answer")
            assert self.transport.get_write_buffer_size() == len(b"an answer")

    client, server = Answering(), Recorder()
    async with connected(client, server, ec, "TLSv1.2") as (near, far):
        connection = far.get_extra_info("connection")
        connection.renegotiate()
        far.write(b"a question")
        await until(lambda: server.received == b"an answer")
        assert connection.total_renegotiations() == 1
        assert near.get_write_buffer_size() == 0
    assert client.told == ["made", "data", "pause", "resume", "lost"]


@asynchronous
async def test_who_takes_no_answer_is_not_read(ec: Authority) -> None:
    """A peer that makes us answer, but does not read, must not fill our memory with answers."""
    client, server = Recorder(), Recorder()
    async with connected(client, server, ec, "TLSv1.2") as (near, far):
        below = near._below
        connection = far.get_extra_info("connection")
        # As the transport below does when it has enough.
        near.pause_writing()
        assert client.told == ["made", "pause"]
        assert below.is_reading()
        # Has to be answered.
        connection.renegotiate()
        far.write(b"x")
        await until(lambda: not below.is_reading())
        # Neither does the application's wish change this.
        near.pause_reading()
        near.resume_reading()
        assert not below.is_reading()
        near.resume_writing()
        assert below.is_reading()
        await until(lambda: client.received == b"x" and connection.total_renegotiations() == 1)
        assert sorted(client.told) == ["data", "made", "pause", "resume"]


@version
@asynchronous
async def test_much_data_both_ways(ec: Authority, version: str) -> None:
    """64 MiB each way at once, through streams of the default limits."""
    block = random.Random(4).randbytes(MEBIBYTE)
    blocks = 64
    expected = hashlib.sha256()
    for _ in range(blocks):
        expected.update(block)

    async def send(writer: asyncio.StreamWriter) -> None:
        for _ in range(blocks):
            writer.write(block)
            await writer.drain()

    async def receive(reader: asyncio.StreamReader) -> bytes:
        digest, left = hashlib.sha256(), blocks * MEBIBYTE
        while left:
            data = await reader.read(65536)
            assert data
            digest.update(data)
            left -= len(data)
        return digest.digest()

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, digest = await asyncio.gather(send(writer), receive(reader))
        assert digest == expected.digest()
        await close(writer)

    async with serving(exchange, server_context(ec, version)) as port:
        streams = await aio.open_connection("localhost", port, context=client_context(ec, version))
        await exchange(*streams)


@asynchronous
async def test_a_slow_reader_costs_no_memory(ec: Authority) -> None:
    """Who sends much to somebody who does not read has to wait, at both ends."""
    written = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        while written < 64 * MEBIBYTE:
            writer.write(bytes(65536))
            written += 65536
            await writer.drain()
        await close(writer)

    async with serving(pour, server_context(ec)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        assert await reader.readexactly(10) == bytes(10)
        stopped = 0
        while stopped < written:
            stopped = written
            await asyncio.sleep(0.1)
        # What the kernel and the buffers of both ends hold.
        assert written < 16 * MEBIBYTE
        assert len(reader._buffer) < MEBIBYTE  # type: ignore[attr-defined]
        total = 10
        while data := await reader.read(MEBIBYTE):
            total += len(data)
        assert total == written == 64 * MEBIBYTE
        await close(writer)


@pytest.mark.timeout(100)
@functools.partial(asynchronous, debug=False, patience=90)
async def test_a_thousand_connections(ec: Authority) -> None:
    count = 1000
    client = client_context(ec)

    async def one(number: int, port: int) -> None:
        message = number.to_bytes(4, "big") * 16
        reader, writer = await aio.open_connection("localhost", port, context=client)
        # Nobody goes before all are there.
        await everybody.wait()
        for _ in range(3):
            writer.write(message)
            assert await reader.readexactly(len(message)) == message
        await close(writer)

    everybody = asyncio.Barrier(count)
    async with serving(echo, server_context(ec), backlog=count) as port:
        await asyncio.gather(*(one(number, port) for number in range(count)))
