"""`OpenSSL.aio`: a task may be cancelled at any await: nothing stays open, nothing is left to complain.

Each test cancels a task after one turn of the event loop, after two, and so on, until the task was faster. That the
loop has nothing to complain of and no descriptor is left is seen to by `asynchronous`.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from OpenSSL import aio

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.loops import Handler, asynchronous, close, echo, port_of, serving, until


async def cancel_everywhere(make: Callable[[], Awaitable[object]], undo: Callable[[object], Awaitable[None]]) -> int:
    """Cancel what `make` makes at every turn of the loop; what was made before is undone. Returns the turns."""
    turns = 0
    while True:
        task = asyncio.ensure_future(make())
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            await undo(task.result())
            return turns
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            # A task that was about to be done may not be stopped.
            await undo(await task)
        turns += 1


def forgiving(handler: Handler) -> Handler:
    """Let the peer leave as it likes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    return serve


async def leave(made: object) -> None:
    """Close a pair of streams."""
    assert isinstance(made, tuple)
    await close(made[1])


async def nothing(_: object) -> None:
    """There is nothing to undo."""


@asynchronous
async def test_open_connection(ec: Authority) -> None:
    context = client_context(ec)
    async with serving(forgiving(echo), server_context(ec)) as port:
        turns = await cancel_everywhere(lambda: aio.open_connection("127.0.0.1", port, context=context), leave)
        await quiet()
    assert turns > 3


@asynchronous
async def test_connect_accepted_socket(ec: Authority) -> None:
    client, server = client_context(ec), server_context(ec)
    ends: list[tuple[socket.socket, asyncio.Future[object]]] = []

    async def accept() -> object:
        near, far = socket.socketpair()
        connecting = aio.open_connection(sock=near, server_hostname="localhost", context=client)
        ends.append((near, asyncio.ensure_future(connecting)))
        transport, _ = await aio.connect_accepted_socket(asyncio.Protocol, far, context=server)
        return transport

    async def undo(transport: object) -> None:
        assert isinstance(transport, aio.TLSTransport)
        transport.abort()

    turns = await cancel_everywhere(accept, undo)
    results = await asyncio.gather(*(connecting for _, connecting in ends), return_exceptions=True)
    for result in results:
        if isinstance(result, tuple):
            result[1].transport.abort()
        else:
            # Each was told, one way or the other, that its peer has gone.
            assert isinstance(result, ConnectionError)
    assert turns > 3


@asynchronous
async def test_a_socket_that_was_not_taken_is_still_the_callers(ec: Authority) -> None:
    """Cancelled before the first turn there is no transport yet that could close it."""
    near, far = socket.socketpair()
    task = asyncio.ensure_future(aio.connect_accepted_socket(asyncio.Protocol, far, context=server_context(ec)))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert far.fileno() != -1
    near.close()
    far.close()


@asynchronous
async def test_wrap(ec: Authority) -> None:
    client, server = client_context(ec), server_context(ec)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reader, writer = await aio.wrap(reader, writer, context=server, server_side=True)
            await echo(reader, writer)
        except ConnectionError:
            writer.transport.abort()

    async def upgrade() -> object:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return await aio.wrap(reader, writer, context=client, server_hostname="localhost")
        except BaseException:
            assert writer.transport.is_closing()
            raise

    plain = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with plain:
        port = port_of(plain)
        turns = await cancel_everywhere(upgrade, leave)
        await quiet()
    assert turns > 3


@asynchronous
async def test_reading_goes_on_after_it(ec: Authority) -> None:
    """To cancel a reader does not harm the connection, and loses nothing."""
    async with serving(echo, server_context(ec)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        for read in (reader.read, reader.readline, lambda: reader.readexactly(10)):
            waiting = asyncio.ensure_future(read())
            await asyncio.sleep(0)
            writer.write(b"x")
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert await reader.readexactly(1) == b"x"
        await close(writer)


@asynchronous
async def test_writing_goes_on_after_it(ec: Authority) -> None:
    received = bytearray()
    go = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        received.extend(await reader.read())
        await close(writer)

    async with serving(listen, server_context(ec)) as port:
        _, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        writer.write(bytes(20_000_000))
        waiting = asyncio.ensure_future(writer.drain())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        go.set()
        await writer.drain()
        writer.write(b"end")
        await close(writer)
    assert received == bytes(20_000_000) + b"end"


@asynchronous
async def test_closing_goes_on_after_it(ec: Authority) -> None:
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A clean end comes all the same.
        assert await reader.read() == b""
        await close(writer)
        ended.set()

    async with serving(listen, server_context(ec)) as port:
        _, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        writer.close()
        waiting = asyncio.ensure_future(writer.wait_closed())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await ended.wait()


@asynchronous
async def test_a_timeout_is_a_cancellation(ec: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        try:
            async with asyncio.timeout(0.05):
                await aio.open_connection("127.0.0.1", port, context=client_context(ec))
        except TimeoutError:
            pass
        else:
            raise AssertionError("connected to a server that says nothing")


async def quiet() -> None:
    """Wait until no task but this one runs, so that servers have seen the last of their clients."""
    current = asyncio.current_task()
    await until(lambda: asyncio.all_tasks() == {current})
