"""`OpenSSL.aio`: who does not keep up: pauses of both directions, and much of everything."""

import asyncio
import functools
import hashlib
import random
import socket

import pytest
from OpenSSL import SSL, aio

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.loops import asynchronous, close, complaints, echo, serving, until
from tests.support.protocols import Recorder, connected

version = pytest.mark.parametrize("version", VERSIONS)

MEBIBYTE = 1 << 20


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
async def test_a_protocol_that_fails_when_told_to_pause_or_to_go_on(ec: Authority) -> None:
    """That is told to the loop, and everything is sent all the same, the end included."""

    class Failing(Recorder):
        def pause_writing(self) -> None:
            super().pause_writing()
            raise LookupError("in pause_writing")

        def resume_writing(self) -> None:
            super().resume_writing()
            raise asyncio.CancelledError("in resume_writing")

    client, server = Failing(), Recorder()
    server.keep_open = True
    with complaints() as taken:
        async with connected(client, server, ec, "TLSv1.3") as (near, far):
            far.pause_reading()
            near.write(bytes(3 * MEBIBYTE))
            near.write_eof()
            far.resume_reading()
            await until(lambda: server.told[-1] == "eof")
            assert len(server.received) == 3 * MEBIBYTE
            assert client.told == ["made", "pause", "resume"]
            assert not near.is_closing()
    assert client.lost is server.lost is None
    assert [str(context["exception"]) for context in taken] == ["in pause_writing", "in resume_writing"]
    assert [context["transport"] for context in taken] == [near, near]


@pytest.mark.parametrize("method", ["pause_writing", "resume_writing"])
def test_an_interrupt_when_told_to_pause_or_to_go_on(ec: Authority, method: str) -> None:
    def interrupt(_: Recorder) -> None:
        raise KeyboardInterrupt

    client = type("Interrupted", (Recorder,), {method: interrupt})()

    async def main() -> None:
        async with connected(client, Recorder(), ec) as (near, far):
            far.pause_reading()
            near.write(bytes(3 * MEBIBYTE))
            far.resume_reading()
            await until(lambda: near.get_write_buffer_size() == 0)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())


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
