"""`OpenSSL.aio`: how connections end when something goes wrong: who gets which exception, and when."""

import asyncio
import contextlib
import random
import socket

import psutil
import pytest
from OpenSSL import SSL, aio

from tests.conftest import SANITIZED
from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.loops import asynchronous, close, echo, serving, until
from tests.support.protocols import Recorder, connected, is_lost
from tests.support.rude import GARBAGE, RESET, below, reset

version = pytest.mark.parametrize("version", VERSIONS)


class TestWithoutGoodbye:
    """An end of file that TLS knows nothing of is no end of the data."""

    @version
    @asynchronous
    async def test_what_came_before_can_be_read(self, ec: Authority, version: str) -> None:
        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"one\ntwo\nthr")
            below(writer).close()
            with pytest.raises(ConnectionAbortedError):
                await writer.wait_closed()

        async with serving(cut, server_context(ec, version)) as port:
            reader, writer = await aio.open_connection("localhost", port, context=client_context(ec, version))
            await until(lambda: writer.is_closing())
            assert not reader.at_eof()
            assert await reader.readline() == b"one\n"
            assert await reader.readuntil(b"o\n") == b"two\n"
            assert await reader.readexactly(2) == b"th"
            # A part is not taken for the whole, and stays.
            for read in (reader.read, reader.readline, reader.readuntil, lambda: reader.readexactly(2)):
                with pytest.raises(aio.TruncatedError):
                    await read()
            assert await reader.readexactly(1) == b"r"
            assert isinstance(reader.exception(), aio.TruncatedError)
            for read in (reader.read, reader.readline, reader.readuntil, lambda: reader.readexactly(1)):
                with pytest.raises(aio.TruncatedError):
                    await read()
            assert await reader.read(0) == b""
            assert not reader.at_eof()
            with pytest.raises(aio.TruncatedError):
                await writer.drain()
            with pytest.raises(aio.TruncatedError):
                await writer.wait_closed()

    @pytest.mark.parametrize("method", ["read", "readline", "readuntil", "readexactly", "for"])
    @asynchronous
    async def test_who_waits_is_woken(self, ec: Authority, method: str) -> None:
        go = asyncio.Event()

        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"abc")
            await go.wait()
            below(writer).close()
            with pytest.raises(ConnectionAbortedError):
                await writer.wait_closed()

        async with serving(cut, server_context(ec)) as port:
            reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))

            async def wait() -> None:
                if method == "readexactly":
                    await reader.readexactly(10)
                elif method == "for":
                    async for _ in reader:
                        pass
                else:
                    await getattr(reader, method)()

            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0.01)
            go.set()
            with pytest.raises(aio.TruncatedError):
                await waiting
            assert await reader.read(100) == b"abc"
            with pytest.raises(aio.TruncatedError):
                await reader.read(100)
            with pytest.raises(aio.TruncatedError):
                await close(writer)

    @asynchronous
    async def test_what_came_before_is_kept_however_much_it_is(self, ec: Authority) -> None:
        sent = random.Random(5).randbytes(1_000_000)

        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(sent)
            await writer.drain()
            below(writer).close()
            with pytest.raises(ConnectionAbortedError):
                await writer.wait_closed()

        async with serving(cut, server_context(ec)) as port:
            reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
            for _ in range(2):
                with pytest.raises(aio.TruncatedError):
                    await reader.read()
            assert await reader.read(10) == sent[:10]
            assert await reader.readexactly(len(sent) - 10) == sent[10:]
            with pytest.raises(aio.TruncatedError):
                await reader.read()
            with pytest.raises(aio.TruncatedError):
                await close(writer)

    @version
    @asynchronous
    async def test_a_context_may_allow_it(self, ec: Authority, version: str) -> None:
        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"all")
            below(writer).close()
            with pytest.raises(ConnectionAbortedError):
                await writer.wait_closed()

        context = client_context(ec, version)
        context.set_options(SSL.OP_IGNORE_UNEXPECTED_EOF)
        async with serving(cut, server_context(ec, version)) as port:
            reader, writer = await aio.open_connection("localhost", port, context=context)
            assert await reader.read() == b"all"
            assert reader.at_eof()
            await close(writer)

    @asynchronous
    async def test_a_reset(self, ec: Authority) -> None:
        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reset(writer)
            await writer.wait_closed()

        async with serving(cut, server_context(ec)) as port:
            reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
            with pytest.raises(ConnectionResetError):
                await reader.read()
            with pytest.raises(ConnectionResetError):
                await close(writer)

    @asynchronous
    async def test_writing_fails_too(self, ec: Authority) -> None:
        async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reset(writer)
            await writer.wait_closed()

        async with serving(cut, server_context(ec)) as port:
            _, writer = await aio.open_connection("localhost", port, context=client_context(ec))

            async def write() -> None:
                while True:
                    writer.write(bytes(10_000))
                    await writer.drain()

            with pytest.raises(ConnectionError):
                await write()
            with pytest.raises(ConnectionError):
                await close(writer)


@version
@asynchronous
async def test_garbage_in_the_middle(ec: Authority, version: str) -> None:
    """The side that sees it fails, and tells the other in an alert."""
    failed: list[BaseException] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(4) == b"good"
        try:
            await reader.read()
        except SSL.Error as error:
            failed.append(error)
        with pytest.raises(SSL.Error):
            await writer.wait_closed()

    async with serving(serve, server_context(ec, version)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec, version))
        writer.write(b"good")
        below(writer).write(GARBAGE)
        with pytest.raises(SSL.Error) as caught:
            await reader.read()
        assert type(caught.value) is SSL.Error
        with pytest.raises(SSL.Error):
            await close(writer)
    assert [type(error) for error in failed] == [SSL.Error]


class TestTheLastWait:
    """`close` waits for the peer's answer, but not for ever."""

    @pytest.mark.parametrize("unsent", [0, 20_000_000])
    @asynchronous
    async def test_a_peer_that_does_not_read(self, ec: Authority, unsent: int) -> None:
        go = asyncio.Event()

        async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            below(writer).pause_reading()
            await go.wait()
            writer.transport.abort()

        async with serving(listen, server_context(ec)) as port:
            _, writer = await aio.open_connection("localhost", port, context=client_context(ec), shutdown_timeout=0.05)
            writer.write(bytes(unsent))
            writer.close()
            with pytest.raises(TimeoutError, match=r"did not end within 0\.05 s"):
                await writer.wait_closed()
            go.set()

    @asynchronous
    async def test_a_peer_that_reads_slowly_has_the_time_it_needs(self, ec: Authority) -> None:
        client, server = Recorder(), Recorder()
        async with connected(client, server, ec, shutdown_timeout=0.1) as (near, far):
            near.write(bytes(8_000_000))
            near.close()
            for _ in range(20):
                far.pause_reading()
                await asyncio.sleep(0.02)
                far.resume_reading()
                await asyncio.sleep(0.001)
            assert len(server.received) < 8_000_000
            await until(lambda: is_lost(client))
        assert len(server.received) == 8_000_000
        assert client.lost is None

    @asynchronous
    async def test_a_peer_that_just_leaves_then(self, ec: Authority) -> None:
        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.read() == b"x"
            writer.transport.abort()

        async with serving(leave, server_context(ec, "TLSv1.3")) as port:
            _, writer = await aio.open_connection("localhost", port, context=client_context(ec, "TLSv1.3"))
            writer.write(b"x")
            # It has got everything and our goodbye.
            await close(writer)

    @pytest.mark.parametrize("farewell", ["reset", "garbage"])
    @asynchronous
    async def test_a_peer_that_leaves_rudely_then(self, ec: Authority, farewell: str) -> None:
        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.read() == b"x"
            if farewell == "garbage":
                below(writer).write(GARBAGE)
                await asyncio.sleep(0.01)
            below(writer).get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

        async with serving(leave, server_context(ec, "TLSv1.3")) as port:
            _, writer = await aio.open_connection("localhost", port, context=client_context(ec, "TLSv1.3"))
            writer.write(b"x")
            await close(writer)

    @asynchronous
    async def test_a_peer_that_leaves_before_it_has_got_all(self, ec: Authority) -> None:
        async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            below(writer).pause_reading()
            await asyncio.sleep(0.01)
            reset(writer)

        async with serving(leave, server_context(ec)) as port:
            _, writer = await aio.open_connection("localhost", port, context=client_context(ec))
            writer.write(bytes(20_000_000))
            writer.close()
            with pytest.raises(ConnectionError):
                await writer.wait_closed()

    @asynchronous
    async def test_a_peer_that_goes_on_sending(self, ec: Authority) -> None:
        """What comes after `close` is dropped, and does not keep the connection."""

        async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(bytes(10_000))
                    await writer.drain()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

        async with serving(pour, server_context(ec, "TLSv1.3")) as port:
            _, writer = await aio.open_connection(
                "localhost", port, context=client_context(ec, "TLSv1.3"), shutdown_timeout=0.05
            )
            writer.close()
            with pytest.raises(TimeoutError):
                await writer.wait_closed()

    @asynchronous
    async def test_the_transport_below_is_closed_by_somebody_else(self, ec: Authority) -> None:
        async with serving(ignoring_resets, server_context(ec)) as port:
            reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
            below(writer).close()
            with pytest.raises(ConnectionAbortedError):
                await reader.read()
            with pytest.raises(ConnectionAbortedError):
                await close(writer)


async def ignoring_resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echo to somebody who may leave as he likes."""
    with contextlib.suppress(ConnectionError):
        await echo(reader, writer)


@pytest.mark.parametrize(("version", "closing"), [("TLSv1.2", True), ("TLSv1.3", True), ("TLSv1.3", False)])
@asynchronous
async def test_what_follows_the_goodbye_is_dropped(ec: Authority, version: str, closing: bool) -> None:
    """A peer that sends on after its close_notify costs no memory, whether our side is still open or about to end."""
    sent, amount = asyncio.Event(), 96 << 20

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if closing:
            # The peer does not take it, so the end takes its time.
            writer.write(bytes(8 << 20))
        assert await reader.read() == b"GET"
        if closing:
            writer.close()
        await sent.wait()
        writer.transport.abort()

    def rude(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as below:
            client = SSL.Connection(client_context(ec, version), below)
            client.set_connect_state()
            client.do_handshake()
            client.send(b"GET")
            client.shutdown()
            for _ in range(amount >> 20):
                below.sendall(bytes(1 << 20))

    async with serving(busy, server_context(ec, version)) as port:
        before = psutil.Process().memory_info().rss
        try:
            await asyncio.to_thread(rude, port)
            # A sanitizer keeps what is freed.
            assert SANITIZED or psutil.Process().memory_info().rss - before < amount // 2
        finally:
            sent.set()
