"""`OpenSSL.aio`: the transport, as protocols use it."""

import asyncio
import os
import random
import socket

import pytest
from OpenSSL import aio

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.loops import asynchronous, complaints, port_of, until
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


@pytest.mark.parametrize("following", [Recorder, Filler])
@asynchronous
async def test_a_protocol_may_be_replaced_in_the_middle_of_a_record(
    ec: Authority, following: type[Recorder | Filler]
) -> None:
    """Who gets a part of what came may leave the rest to another, as a protocol does that is upgraded."""
    second = following()

    class Upgraded(Filler):
        def __init__(self) -> None:
            super().__init__()
            self.buffer = bytearray(8)

        def buffer_updated(self, nbytes: int) -> None:
            super().buffer_updated(nbytes)
            second.transport = self.transport
            self.transport.set_protocol(second)

    first, server = Upgraded(), Recorder()
    async with connected(first, server, ec) as (near, far):
        far.write(b"UPGRADE\nthe rest, which is longer than the first buffer")
        await until(lambda: second.received)
        assert first.received == b"UPGRADE\n"
        assert second.received == b"the rest, which is longer than the first buffer"
        near.close()
        await until(lambda: second.told[-1:] == ["lost"])
        first.told.append("lost")


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
