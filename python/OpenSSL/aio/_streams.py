"""Streams: the pair of a reader and a writer that asyncio's users know, over a TLS transport.

The writer is asyncio's own; the reader and the protocol below it are asyncio's but for the end of a stream, which means
more in TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from OpenSSL import SSL
from OpenSSL.aio._connect import (
    HANDSHAKE_TIMEOUT,
    SHUTDOWN_TIMEOUT,
    Prepare,
    Settings,
    create_connection,
    create_server,
    over,
)

_LIMIT = 64 * 1024

Connected = Callable[["StreamReader", asyncio.StreamWriter], Awaitable[None] | None]


class StreamReader(asyncio.StreamReader):
    """asyncio's StreamReader, which also gives what came before a failure, and raises that after it.

    So whether the peer's last data can be read does not depend on how soon after it the connection broke. Who asks for
    more than came gets the failure, for a part must not be taken for the whole; `read(n)` then gives the part.
    """

    _buffer: bytearray
    _failure: BaseException | None = None

    def exception(self) -> Any:
        """Say what the connection failed with, or None."""
        return self._failure

    def set_exception(self, exc: BaseException) -> None:
        """Let readers fail with this once they have read what is there."""
        self._failure = exc
        self.feed_eof()

    def at_eof(self) -> bool:
        """Whether everything was read and the peer has said that this is all."""
        return self._failure is None and super().at_eof()

    async def read(self, n: int = -1) -> bytes:
        """Read up to n bytes, or up to the end if n is negative."""
        if n < 0:
            return await self._read_all()
        data = await super().read(n)
        if not data and n != 0 and self._failure is not None:
            raise self._failure
        return data

    async def _read_all(self) -> bytes:
        pieces = []
        while piece := await super().read(_LIMIT):
            pieces.append(piece)
        data = b"".join(pieces)
        if self._failure is not None:
            raise self._put_back(data)
        return data

    async def readexactly(self, n: int) -> bytes:
        """Read exactly n bytes."""
        try:
            return await super().readexactly(n)
        except asyncio.IncompleteReadError as incomplete:
            if self._failure is not None:
                raise self._put_back(incomplete.partial) from incomplete
            raise

    async def readuntil(self, separator: Any = b"\n") -> bytes:
        """Read up to the separator, and that with it."""
        try:
            return await super().readuntil(separator)
        except asyncio.IncompleteReadError as incomplete:
            if self._failure is not None:
                raise self._put_back(incomplete.partial) from incomplete
            raise

    def _put_back(self, part: bytes) -> BaseException:
        """Keep what is not all that was asked for, and return why it is not."""
        assert self._failure is not None, "only a failure leaves a part"
        self._buffer += part
        return self._failure


class _StreamProtocol(asyncio.StreamReaderProtocol):
    """asyncio's protocol of streams, which leaves the other direction open at the end of one."""

    def eof_received(self) -> bool:
        """Let readers see the end, and keep the transport open for writing."""
        super().eof_received()
        # Where TLS cannot do this, the transport knows.
        return True


def _protocol(limit: int, connected: Connected | None = None) -> tuple[StreamReader, _StreamProtocol]:
    """Make a reader, and the protocol that feeds it."""
    loop = asyncio.get_running_loop()
    reader = StreamReader(limit=limit, loop=loop)
    return reader, _StreamProtocol(reader, connected, loop=loop)  # type: ignore[arg-type]


async def open_connection(
    host: str | None = None,
    port: int | None = None,
    *,
    context: SSL.Context,
    server_hostname: str | None = None,
    session: SSL.Session | None = None,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    limit: int = _LIMIT,
    **options: Any,
) -> tuple[StreamReader, asyncio.StreamWriter]:
    """Connect to a server, as a client, and return a reader and a writer.

    limit: how many bytes the reader takes before it slows the peer down, and the longest line. Everything else, and the
    exceptions, are those of `create_connection`.
    """
    reader, protocol = _protocol(limit)
    transport, _ = await create_connection(
        lambda: protocol,
        host,
        port,
        context=context,
        server_hostname=server_hostname,
        session=session,
        prepare=prepare,
        handshake_timeout=handshake_timeout,
        shutdown_timeout=shutdown_timeout,
        **options,
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())


async def start_server(
    client_connected_cb: Connected,
    host: str | Sequence[str] | None = None,
    port: int | None = None,
    *,
    context: SSL.Context,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    limit: int = _LIMIT,
    **options: Any,
) -> asyncio.Server:
    """Serve TLS, with a reader and a writer for each client.

    client_connected_cb: called with them after the handshake; where it is a coroutine function, it runs as a task. Its
    connection stays open until it closes the writer. limit: as for `open_connection`. Everything else, and the
    exceptions, are those of `create_server`.
    """
    return await create_server(
        lambda: _protocol(limit, client_connected_cb)[1],
        host,
        port,
        context=context,
        prepare=prepare,
        handshake_timeout=handshake_timeout,
        shutdown_timeout=shutdown_timeout,
        **options,
    )


async def wrap(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    context: SSL.Context,
    server_side: bool = False,
    server_hostname: str | None = None,
    session: SSL.Session | None = None,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    limit: int = _LIMIT,
) -> tuple[StreamReader, asyncio.StreamWriter]:
    """Speak TLS over a pair of streams from now on (STARTTLS), and return a new pair.

    reader, writer: not to be used any more. What the reader holds but has not given out is taken for the beginning of
    TLS, so whoever slipped in plain text before it finds the handshake refused. (RFC 3207, 6)

    Everything else is as for `start_tls` and `open_connection`.
    """
    transport: Any = writer.transport
    settings = Settings(context, server_side, server_hostname, session, prepare, handshake_timeout, shutdown_timeout)
    new_reader, protocol = _protocol(limit)
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    tls = settings.transport(lambda: protocol, ready)
    # There is no public way to take what has come without waiting for more.
    buffered: bytearray = getattr(reader, "_buffer")  # noqa: B009
    early = bytes(buffered)
    buffered.clear()
    before = transport.get_protocol()

    def tell(error: BaseException | None) -> None:
        # Whoever waits for the end of the old pair learns of it. And the old writer is kept until then: it closes its
        # transport when it goes.
        before.connection_lost(error)
        del writer_kept[:]

    writer_kept = [writer]
    tls._on_lost.append(tell)
    await over(transport, tls, ready, early, reader.at_eof())
    return new_reader, asyncio.StreamWriter(tls, protocol, new_reader, asyncio.get_running_loop())
