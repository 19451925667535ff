"""Protocols for transports of `OpenSSL.aio`, and two of them joined to each other."""

import asyncio
import functools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from OpenSSL import aio

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.loops import until


class Recorder(asyncio.Protocol):
    """Notes everything that it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.received = b""
        self.lost: BaseException | None = None
        self.keep_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note it."""
        assert isinstance(transport, aio.TLSTransport)
        self.transport = transport
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        """Note it."""
        assert type(data) is bytes
        assert data
        self.received += data
        self.told.append("data")

    def eof_received(self) -> bool:
        """Note it."""
        self.told.append("eof")
        return self.keep_open

    def pause_writing(self) -> None:
        """Note it."""
        self.told.append("pause")

    def resume_writing(self) -> None:
        """Note it."""
        self.told.append("resume")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note it."""
        self.told.append("lost")
        self.lost = exc


@asynccontextmanager
async def connected(
    client: Any, server: Any, authority: Authority, version: str | None = None, **options: Any
) -> AsyncIterator[tuple[aio.TLSTransport, aio.TLSTransport]]:
    """Join two protocols, which note `lost` in `told`; give the transports, the client's first."""
    near, far = socket.socketpair()
    near_end, far_end = await asyncio.gather(
        aio.create_connection(
            lambda: client,
            sock=near,
            server_hostname="localhost",
            context=client_context(authority, version),
            **options,
        ),
        aio.connect_accepted_socket(lambda: server, far, context=server_context(authority, version), **options),
    )
    transports = near_end[0], far_end[0]
    try:
        yield transports
    finally:
        for transport in transports:
            transport.close()
        for protocol in (client, server):
            await until(functools.partial(is_lost, protocol))


def is_lost(protocol: Any) -> bool:
    """Whether the protocol was told of the end."""
    return bool(protocol.told) and protocol.told[-1] == "lost"
