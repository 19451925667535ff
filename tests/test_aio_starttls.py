"""`OpenSSL.aio`: TLS that begins in the middle of a connection, in both roles, and over transports of any kind."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from OpenSSL import SSL, aio

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.loops import Handler, asynchronous, close, echo, port_of, serving, until
from tests.support.protocols import Recorder

version = pytest.mark.parametrize("version", VERSIONS)


@asynccontextmanager
async def plain_server(handler: Handler) -> AsyncIterator[int]:
    """Serve without TLS, to the end of all handlers."""
    tasks: list[asyncio.Task[None]] = []

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def run() -> None:
            try:
                await handler(reader, writer)
            except BaseException:
                writer.transport.abort()
                raise

        tasks.append(asyncio.create_task(run()))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield port_of(server)
    await asyncio.gather(*tasks)


def mail_server(context: SSL.Context) -> Handler:
    """Make a handler that speaks a little SMTP, and receives a message."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = False
        writer.write(b"220 ready\r\n")
        while command := await reader.readline():
            match command.split()[0]:
                case b"EHLO":
                    writer.write(b"250-here\r\n250 " + (b"8BITMIME" if secure else b"STARTTLS") + b"\r\n")
                case b"STARTTLS":
                    writer.write(b"220 go ahead\r\n")
                    reader, writer = await aio.wrap(reader, writer, context=context, server_side=True, limit=1 << 20)
                    secure = True
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 got %d bytes, %s\r\n" % (len(text), b"secure" if secure else b"in the clear"))
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
        await close(writer)

    return serve


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> bytes:
    """Send a line, and return the answer's last line."""
    writer.write(line + b"\r\n")
    while (answer := await reader.readline())[3:4] == b"-":
        pass
    return answer.rstrip()


@version
@asynchronous
async def test_a_mail_is_sent(ec: Authority, version: str) -> None:
    async with plain_server(mail_server(server_context(ec, version))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()) == b"220 ready\r\n"
        assert await talk(reader, writer, b"EHLO me") == b"250 STARTTLS"
        assert await talk(reader, writer, b"STARTTLS") == b"220 go ahead"
        reader, writer = await aio.wrap(
            reader, writer, context=client_context(ec, version), server_hostname="localhost"
        )
        # The old pair is gone now, and must not take its transport with it.
        gc.collect()
        assert writer.get_extra_info("connection").get_protocol_version_name() == version
        assert await talk(reader, writer, b"EHLO me") == b"250 8BITMIME"
        assert await talk(reader, writer, b"DATA") == b"354 go on"
        body = b"line\r\n" * 20_000
        assert await talk(reader, writer, body + b".") == b"250 got %d bytes, secure" % (len(body) + 3)
        assert await talk(reader, writer, b"QUIT") == b"221 bye"
        assert await reader.read() == b""
        await close(writer)


@asynchronous
async def test_plain_text_that_was_slipped_in_is_refused(ec: Authority) -> None:
    """A command behind STARTTLS, in the clear, must not be taken for one that came under TLS."""
    failed: list[BaseException] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await mail_server(server_context(ec))(reader, writer)
        except SSL.Error as error:
            failed.append(error)

    async with plain_server(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"STARTTLS\r\nDATA\r\nevil\r\n.\r\n")
        assert await reader.readline() == b"220 go ahead\r\n"
        # The refusal, as an alert in the clear, and the end.
        assert len(await reader.read()) <= 7
        await close(writer)
    assert len(failed) == 1


@asynchronous
async def test_a_hasty_client_hello_is_taken(ec: Authority) -> None:
    """What the reader has taken in already is the beginning of TLS."""
    context = client_context(ec)
    async with plain_server(mail_server(server_context(ec))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        connection = SSL.Connection(context, None)
        connection.set_connect_state()
        _, hello, _ = connection.exchange()
        writer.write(b"STARTTLS\r\n" + hello)
        assert await reader.readline() == b"220 go ahead\r\n"
        received = b""
        while True:
            try:
                connection.do_handshake()
                break
            except SSL.WantReadError:
                _, answer, _ = connection.exchange(await reader.read(65536))
                writer.write(answer)
        writer.write(connection.seal(b"QUIT\r\n"))
        while not received:
            received, _, _ = connection.exchange(await reader.read(65536))
        assert received == b"221 bye\r\n"
        connection.shutdown()
        writer.write(connection.bio_read(1000))
        await close(writer)


@asynchronous
async def test_a_handshake_that_fails_closes_what_is_below(ec: Authority, stranger: Authority) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with pytest.raises(SSL.Error):
            await aio.wrap(reader, writer, context=server_context(ec), server_side=True)
        assert writer.transport.is_closing()
        # The old writer learns of it.
        with pytest.raises(SSL.Error):
            await writer.wait_closed()

    async with plain_server(serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(SSL.Error, match="certificate verify failed"):
            await aio.wrap(reader, writer, context=client_context(stranger), server_hostname="localhost")
        assert writer.transport.is_closing()
        with pytest.raises(SSL.Error, match="certificate verify failed"):
            await writer.wait_closed()


@asynchronous
async def test_a_peer_that_has_left_before(ec: Authority) -> None:
    """The end of its stream came before TLS began, and will not come again."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"STARTTLS\n"
        await until(lambda: reader._eof)  # type: ignore[attr-defined]
        with pytest.raises(aio.TruncatedError):
            await aio.wrap(reader, writer, context=server_context(ec), server_side=True)

    async with plain_server(serve) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"STARTTLS\n\x16\x03")
        await close(writer)


@asynchronous
async def test_arguments(ec: Authority) -> None:
    """What makes no sense leaves the pair as it is."""
    async with plain_server(echo) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        context = client_context(ec)
        with pytest.raises(ValueError, match="server_hostname"):
            await aio.wrap(reader, writer, context=context)
        with pytest.raises(ValueError, match="for clients"):
            await aio.wrap(reader, writer, context=context, server_side=True, server_hostname="localhost")
        with pytest.raises(TypeError, match="context"):
            await aio.wrap(reader, writer, context=None, server_hostname="localhost")  # type: ignore[arg-type]
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        await close(writer)
        with pytest.raises(ConnectionAbortedError, match="closed"):
            await aio.wrap(reader, writer, context=context, server_hostname="localhost")


@asynchronous
async def test_a_transport_and_a_protocol(ec: Authority) -> None:
    protocol = Recorder()
    loop = asyncio.get_running_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader, writer = await aio.wrap(reader, writer, context=server_context(ec), server_side=True)
        await echo(reader, writer)

    async with plain_server(serve) as port:
        plain, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
        transport = await aio.start_tls(plain, protocol, client_context(ec), server_hostname="localhost")
        # As asyncio does it, the protocol knows already that there is a connection.
        assert protocol.told == []
        transport.write(b"hello")
        await until(lambda: protocol.received == b"hello")
        transport.close()
        await until(lambda: protocol.told[-1] == "lost")


@asynchronous
async def test_tls_within_tls(ec: Authority, rsa: Authority) -> None:
    """Over a connection of this package, with another certificate inside."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"again\n"
        writer.write(b"yes\n")
        reader, writer = await aio.wrap(reader, writer, context=server_context(rsa), server_side=True)
        await echo(reader, writer)

    async with serving(serve, server_context(ec)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        writer.write(b"again\n")
        assert await reader.readline() == b"yes\n"
        inner, within = await aio.wrap(reader, writer, context=client_context(rsa), server_hostname="localhost")
        assert within.get_extra_info("peercert").to_cryptography() == rsa.server.certificate
        assert within.get_extra_info("peername") == ("127.0.0.1", port)
        data = bytes(range(256)) * 4000
        within.write(data)
        assert await inner.readexactly(len(data)) == data
        await close(within)
        await writer.wait_closed()


@asynchronous
async def test_over_tls_of_the_standard_library(ec: Authority, rsa: Authority) -> None:
    outer_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    outer_server.load_cert_chain(ec.chain_file(ec.server), ec.server.key_file)
    outer_client = ssl.create_default_context(cafile=ec.root.cert_file)
    handlers: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        reader, writer = await aio.wrap(reader, writer, context=server_context(rsa), server_side=True)
        await echo(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=outer_server)
    async with server:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port_of(server), ssl=outer_client, server_hostname="localhost"
        )
        reader, writer = await aio.wrap(reader, writer, context=client_context(rsa), server_hostname="localhost")
        data = bytes(range(256)) * 4000
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
        await close(writer)
        await asyncio.gather(*handlers)
