"""Runs a test as a coroutine, and sees that it leaves nothing behind; a server of streams to talk to."""

import asyncio
import contextlib
import functools
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, ParamSpec, cast

import psutil  # type: ignore[import-untyped]
from OpenSSL import SSL, aio

from tests.support.background import PATIENCE

P = ParamSpec("P")

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def asynchronous(
    test: Callable[P, Coroutine[Any, Any, None]],
    debug: bool = True,
    patience: float = PATIENCE,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Callable[P, None]:
    """Run a test that is a coroutine function in an event loop of its own, which is slow and strict for debugging.

    Afterwards nothing may be left: no descriptor, no warning of an object that was not closed, and nothing that was
    told to the loop's exception handler, unless the test has taken that with `complaints`.
    """

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        unexpected: list[dict[str, Any]] = []

        async def main() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: unexpected.append(context))
            async with asyncio.timeout(patience):
                await test(*args, **kwargs)

        gc.collect()
        before = descriptors()
        with asyncio.Runner(debug=debug, loop_factory=loop_factory) as runner:
            # A debugging loop complains of callbacks that take long, but a handshake does.
            runner.get_loop().slow_callback_duration = patience
            runner.run(main())
        gc.collect()
        assert descriptors() == before
        assert not unexpected, f"told to the exception handler: {unexpected}"

    return run


def descriptors() -> set[tuple[str, str]]:
    """What this process has open."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    # The one that lists them.
    return {(number, name) for number, name in found if not name.startswith(f"/proc/{os.getpid()}/fd")}


@contextlib.contextmanager
def complaints() -> Iterator[list[dict[str, Any]]]:
    """Take what is told to the running loop's exception handler."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    taken: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: taken.append(context))
    try:
        yield taken
    finally:
        loop.set_exception_handler(before)


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


async def close(*writers: asyncio.StreamWriter) -> None:
    """Close writers, and wait until they are."""
    for writer in writers:
        writer.close()
    for writer in writers:
        await writer.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, to the end of it."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    await close(writer)


@contextlib.asynccontextmanager
async def serving(handler: Handler, context: SSL.Context, **options: Any) -> AsyncIterator[int]:
    """Serve TLS on a port of its own, to the end of all handlers; what one of them raises is raised at the end."""
    handlers: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            await handler(reader, writer)
        except BaseException:
            writer.transport.abort()
            raise

    server = await aio.start_server(serve, "127.0.0.1", 0, context=context, **options)
    try:
        yield port_of(server)
    finally:
        port = port_of(server)
        server.close()
        await server.wait_closed()
        # A connection whose handshake is still under way may start one more handler. (3.12 and newer wait for these.)
        await until(lambda: not is_connected(port))
        await asyncio.gather(*handlers)


def is_connected(port: int) -> bool:
    """Whether this process has a socket with this port of its own."""
    return any(found.laddr and found.laddr.port == port for found in psutil.Process().net_connections("tcp"))


def port_of(server: asyncio.Server) -> int:
    """Where a server listens."""
    return int(server.sockets[0].getsockname()[1])
