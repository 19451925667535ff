"""`OpenSSL.aio`: handshakes that fail: who gets which exception, and that nothing stays open."""

import asyncio
import contextlib
import gc

import pytest
from OpenSSL import SSL, aio

from tests.support import service as threaded
from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.loops import asynchronous, close, complaints, descriptors, echo, serving
from tests.support.rude import GARBAGE, raw_server, reset


class TestHandshakesOfClients:
    """The call that connects raises what the handshake failed with."""

    @asynchronous
    async def test_garbage(self, ec: Authority) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(GARBAGE)

        async with raw_server(answer) as port:
            with pytest.raises(SSL.Error) as caught:
                await aio.open_connection("127.0.0.1", port, context=client_context(ec))
            assert type(caught.value) is SSL.Error

    @asynchronous
    async def test_an_end(self, ec: Authority) -> None:
        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100_000)
            writer.close()

        async with raw_server(leave) as port:
            with pytest.raises(aio.TruncatedError) as caught:
                await aio.open_connection("127.0.0.1", port, context=client_context(ec))
            assert caught.value.args == (-1, "Unexpected EOF")
            assert isinstance(caught.value, SSL.SysCallError)
            assert isinstance(caught.value, ConnectionError)

    @asynchronous
    async def test_a_reset(self, ec: Authority) -> None:
        async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100_000)
            reset(writer)

        async with raw_server(leave) as port:
            with pytest.raises(ConnectionResetError):
                await aio.open_connection("127.0.0.1", port, context=client_context(ec))

    @asynchronous
    async def test_silence(self, ec: Authority) -> None:
        ended = asyncio.Event()

        async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while await reader.read(65536):
                    pass
            ended.set()

        async with raw_server(listen) as port:
            with pytest.raises(TimeoutError, match=r"handshake took more than 0\.05 s"):
                await aio.open_connection("127.0.0.1", port, context=client_context(ec), handshake_timeout=0.05)
            # The connection is closed, not left alone.
            await ended.wait()

    @asynchronous
    async def test_an_alert(self, ec: Authority) -> None:
        async with serving(echo, server_context(ec, "TLSv1.3")) as port:
            with pytest.raises(SSL.Error, match="protocol version"):
                await aio.open_connection("localhost", port, context=client_context(ec, "TLSv1.2"))

    @pytest.mark.parametrize("raised", [LookupError, asyncio.CancelledError, StopIteration])
    @asynchronous
    async def test_callbacks(self, ec: Authority, raised: type[BaseException]) -> None:
        def fail(*_: object) -> bool:
            raise raised("from the callback")

        context = client_context(ec)
        context.set_verify(SSL.VERIFY_PEER, fail)
        expected = RuntimeError if raised is StopIteration else raised
        async with serving(echo, server_context(ec)) as port:
            with pytest.raises(expected, match="from the callback"):
                await aio.open_connection("localhost", port, context=context)

    @asynchronous
    async def test_preparations(self, ec: Authority) -> None:
        def fail(_: SSL.Connection) -> None:
            raise LookupError("in prepare")

        async with serving(echo, server_context(ec)) as port:
            with pytest.raises(LookupError, match="in prepare"):
                await aio.open_connection("localhost", port, context=client_context(ec), prepare=fail)

    @asynchronous
    async def test_protocols_that_cannot_be_made(self, ec: Authority) -> None:
        def fail() -> asyncio.Protocol:
            raise LookupError("in the factory")

        started = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            started.set()
            with contextlib.suppress(ConnectionError):
                await echo(reader, writer)

        with complaints() as taken:
            async with serving(serve, server_context(ec)) as port:
                with pytest.raises(LookupError, match="in the factory"):
                    await aio.create_connection(fail, "localhost", port, context=client_context(ec))
                # Its side of the handshake was complete.
                await started.wait()
        assert [str(context["exception"]) for context in taken] == ["in the factory"]


class TestHandshakesOfServers:
    """A server closes the connection, and goes on with others."""

    @pytest.mark.parametrize("what", [GARBAGE, b"\x16\x03\x01\x00\x05hello", b"\x80", b""])
    @asynchronous
    async def test_garbage_or_nothing(self, ec: Authority, what: bytes) -> None:
        async with serving(echo, server_context(ec)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(what)
            writer.write_eof()
            # At most an alert.
            assert len(await reader.read()) < 10
            await close(writer)
            await see_it_works(ec, port)

    @asynchronous
    async def test_a_reset(self, ec: Authority) -> None:
        async with serving(echo, server_context(ec)) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\x16\x03\x01")
            reset(writer)
            await see_it_works(ec, port)

    @asynchronous
    async def test_silence(self, ec: Authority) -> None:
        async with serving(echo, server_context(ec), handshake_timeout=0.05) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            for _ in range(20):
                # A good one may take longer on a busy machine, too, but not each time.
                with contextlib.suppress(SSL.Error, ConnectionError, EOFError):
                    await see_it_works(ec, port)
                    break
            else:
                pytest.fail("the server has not gone on")

    @asynchronous
    async def test_callbacks(self, ec: Authority) -> None:
        """What a callback raises is nobody's but the loop's."""

        def fail(*_: object) -> bytes:
            raise LookupError("from the callback")

        server, client = server_context(ec), client_context(ec)
        server.set_alpn_select_callback(fail)
        client.set_alpn_protos([b"x"])
        with complaints() as taken:
            async with serving(echo, server) as port:
                with pytest.raises((SSL.Error, ConnectionError)):
                    await aio.open_connection("localhost", port, context=client)
                await see_it_works(ec, port)
        assert [str(context["exception"]) for context in taken] == ["from the callback"]

    @asynchronous
    async def test_preparations(self, ec: Authority) -> None:
        """A server that cannot make a connection says so, and closes what it has accepted."""
        failing = True

        def prepare(_: SSL.Connection) -> None:
            if failing:
                raise LookupError("in prepare")

        with complaints() as taken:
            async with serving(echo, server_context(ec), prepare=prepare) as port:
                with pytest.raises(ConnectionError):
                    await aio.open_connection("localhost", port, context=client_context(ec))
                failing = False
                await see_it_works(ec, port)
        assert [str(context["exception"]) for context in taken] == ["in prepare"]

    @asynchronous
    async def test_clients_that_refuse(self, ec: Authority, stranger: Authority) -> None:
        async with serving(echo, server_context(ec)) as port:
            with pytest.raises(SSL.Error):
                await aio.open_connection("localhost", port, context=client_context(stranger))
            await see_it_works(ec, port)


async def see_it_works(authority: Authority, port: int) -> None:
    """Make a connection and use it."""
    reader, writer = await aio.open_connection("localhost", port, context=client_context(authority))
    writer.write(b"x")
    assert await reader.readexactly(1) == b"x"
    await close(writer)


def test_an_interrupt_ends_the_loop(ec: Authority) -> None:
    """What is no Exception comes out of the loop itself, and everything is closed on its way."""

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    context = client_context(ec)
    context.set_verify(SSL.VERIFY_PEER, interrupt)

    async def main(port: int) -> None:
        await aio.open_connection("127.0.0.1", port, context=context)

    with threaded.serving(server_context(ec), threaded.until_closed) as service:
        before = descriptors()
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main(service.port))
        with pytest.raises(SSL.Error):
            service.result()
        gc.collect()
        assert descriptors() == before
