"""Peers that break the rules: they speak something else, or leave without a word."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.support.loops import port_of

# An end that comes with RST: no lingering.
RESET = struct.pack("ii", 1, 0)
GARBAGE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@contextlib.asynccontextmanager
async def raw_server(serve: Raw) -> AsyncIterator[int]:
    """Serve without TLS; the writers are closed at the end."""
    writers: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await serve(reader, writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield port_of(server)
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a TCP connection with RST."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def below(writer: asyncio.StreamWriter) -> asyncio.Transport:
    """The transport that TLS stands on."""
    transport: Any = writer.transport
    lower: asyncio.Transport = transport._below
    return lower
