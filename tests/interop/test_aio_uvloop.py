"""`OpenSSL.aio` in the event loop of uvloop, whose transports and buffers are not those of asyncio."""

import asyncio
import functools
import hashlib
import socket

import pytest
import uvloop
from OpenSSL import SSL, aio

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.loops import asynchronous, close, echo, port_of, serving

SIZE = 4_000_000
DATA = hashlib.shake_128(b"data").digest(SIZE)

version = pytest.mark.parametrize("version", VERSIONS)
in_uvloop = functools.partial(asynchronous, loop_factory=uvloop.new_event_loop)


@pytest.fixture(scope="module", autouse=True)
def _opened() -> None:
    """Let uvloop open what it keeps open for the whole process."""
    loop = uvloop.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


@version
@in_uvloop
async def test_much_data(ec: Authority, version: str) -> None:
    async def send(writer: asyncio.StreamWriter) -> None:
        for start in range(0, SIZE, 50_000):
            writer.write(DATA[start : start + 50_000])
            await writer.drain()

    async with serving(echo, server_context(ec, version)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        assert type(asyncio.get_running_loop()) is uvloop.Loop
        _, received = await asyncio.gather(send(writer), reader.readexactly(SIZE))
        assert received == DATA
        await close(writer)


@in_uvloop
async def test_many_connections_at_once(ec: Authority) -> None:
    """Each has a buffer of its own here."""
    client = client_context(ec)

    async def one(number: int, port: int) -> None:
        message = number.to_bytes(2, "big") * 5000
        reader, writer = await aio.open_connection("localhost", port, context=client)
        for _ in range(5):
            writer.write(message)
            assert await reader.readexactly(len(message)) == message
        await close(writer)

    async with serving(echo, server_context(ec)) as port:
        await asyncio.gather(*(one(number, port) for number in range(50)))


@version
@in_uvloop
async def test_starttls(ec: Authority, version: str) -> None:
    handlers: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go\n")
        await echo(*await aio.wrap(reader, writer, context=server_context(ec, version), server_side=True))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"go\n"
        reader, writer = await aio.wrap(reader, writer, context=client_context(ec), server_hostname="localhost")
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        await close(writer)
        await asyncio.gather(*handlers)  # type: ignore[call-overload]


@in_uvloop
async def test_ends(ec: Authority, stranger: Authority) -> None:
    """Refused, cut, and too late."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"first")
        await reader.readexactly(1)
        writer.transport.abort()

    async with serving(cut, server_context(ec)) as port:
        with pytest.raises(SSL.Error, match="certificate verify failed"):
            await aio.open_connection("localhost", port, context=client_context(stranger))
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        assert await reader.readexactly(5) == b"first"
        writer.write(b"x")
        with pytest.raises(aio.TruncatedError):
            await reader.read()
        with pytest.raises(aio.TruncatedError):
            await close(writer)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(TimeoutError):
            await aio.open_connection("127.0.0.1", port, context=client_context(ec), handshake_timeout=0.05)
