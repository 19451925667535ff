"""`OpenSSL.aio` with asyncio's own TLS, `openssl s_client` and `s_server`, and curl."""

import asyncio
import contextlib
import hashlib
import ssl
from typing import Any

import pytest
from OpenSSL import SSL, aio

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, identify, server_context, trust
from tests.support.loops import asynchronous, close, echo, port_of, serving
from tests.support.programs import program, run
from tests.support.stdlib import their_client, their_server

FLAGS = {"TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}
SIZE = 4_000_000
DATA = hashlib.shake_128(b"data").digest(SIZE)

version = pytest.mark.parametrize("version", VERSIONS)


async def send_and_receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send much, get it back, and end cleanly."""

    async def send() -> None:
        for start in range(0, SIZE, 50_000):
            writer.write(DATA[start : start + 50_000])
            await writer.drain()

    _, received = await asyncio.gather(send(), reader.readexactly(SIZE))
    assert received == DATA
    await close(writer)


@version
@asynchronous
async def test_their_client(ec: Authority, version: str) -> None:
    server = server_context(ec, version)
    server.set_alpn_select_callback(lambda _, offered: offered[0])
    theirs = their_client(ec, version)
    theirs.set_alpn_protocols(["one", "two"])
    async with serving(echo, server) as port:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=theirs)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "one"
        await send_and_receive(reader, writer)


@version
@asynchronous
async def test_their_server(ec: Authority, version: str) -> None:
    theirs, ours = their_server(ec, version), client_context(ec)
    theirs.load_verify_locations(ec.root.cert_file)
    theirs.verify_mode = ssl.CERT_REQUIRED
    theirs.set_alpn_protocols(["two"])
    identify(ours, ec, ec.client)
    ours.set_alpn_protos([b"one", b"two"])
    told: list[Any] = []
    handlers: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        told.append(writer.get_extra_info("peercert")["subject"][-1])
        await echo(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=theirs)
    async with server:
        reader, writer = await aio.open_connection("localhost", port_of(server), context=ours)
        assert writer.get_extra_info("alpn_protocol") == b"two"
        await send_and_receive(reader, writer)
        await asyncio.gather(*handlers)
    assert told == [(("commonName", "client"),)]


@version
@asynchronous
async def test_their_starttls(ec: Authority, version: str) -> None:
    """Asyncio's client begins TLS in the middle, ours answers; and the other way round."""
    handlers: list[Any] = []

    async def ours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go\n")
        reader, writer = await aio.wrap(reader, writer, context=server_context(ec), server_side=True)
        await echo(reader, writer)

    async def theirs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        assert await reader.readline() == b"STARTTLS\n"
        writer.write(b"go\n")
        await writer.start_tls(their_server(ec, version))
        await echo(reader, writer)

    async with await asyncio.start_server(ours, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"go\n"
        await writer.start_tls(their_client(ec, version), server_hostname="localhost")
        await send_and_receive(reader, writer)
        await asyncio.gather(*handlers)
    async with await asyncio.start_server(theirs, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"go\n"
        reader, writer = await aio.wrap(reader, writer, context=client_context(ec), server_hostname="localhost")
        await send_and_receive(reader, writer)
        await asyncio.gather(*handlers)


@version
@asynchronous
async def test_s_client(ec: Authority, version: str) -> None:
    """A question, an answer, new keys at the client's wish in TLS 1.3, and a clean end."""
    lines: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            lines.append(line)
            writer.write(b"answer to " + line)
        await close(writer)

    async with serving(answer, server_context(ec)) as port:
        where = ["-connect", f"127.0.0.1:{port}", "-CAfile", ec.root.cert_file, "-verify_hostname", "localhost"]
        client = await asyncio.create_subprocess_exec(
            program("openssl"),
            "s_client",
            *where,
            "-verify_return_error",
            FLAGS[version],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(b"one\n")
        output = await client.stdout.readuntil(b"answer to one\n")
        assert b"Verification: OK" in output
        if version == "TLSv1.3":
            # Asks for new keys of both sides, which takes an answer.
            client.stdin.write(b"K\n")
            output = await client.stdout.readuntil(b"KEYUPDATE\n")
        client.stdin.write(b"two\n")
        output += await client.stdout.readuntil(b"answer to two\n")
        client.stdin.close()
        await client.stdout.read()
        assert await client.wait() == 0
    assert lines == [b"one\n", b"two\n"]


@version
@asynchronous
async def test_s_server(ec: Authority, version: str) -> None:
    command = ["s_server", "-accept", "0", "-cert", ec.server.cert_file, "-key", ec.server.key_file]
    chain = ["-cert_chain", ec.chain_file(ec.server)]
    server = await asyncio.create_subprocess_exec(
        program("openssl"),
        *command,
        *chain,
        "-rev",
        FLAGS[version],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert server.stdout is not None
        accept = await server.stdout.readuntil(b"\n")
        while not accept.startswith(b"ACCEPT"):
            accept = await server.stdout.readuntil(b"\n")
        port = int(accept.rpartition(b":")[2])
        reader, writer = await aio.open_connection(
            "127.0.0.1", port, context=client_context(ec), server_hostname="localhost"
        )
        writer.write(b"live\n")
        assert await reader.readline() == b"evil\n"
        writer.write(b"CLOSE\n")
        assert await reader.read() == b""
        await close(writer)
    finally:
        server.kill()
        await server.communicate()


@version
@asynchronous
async def test_curl(ec: Authority, version: str) -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"GET / HTTP/1.1\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % SIZE)
        writer.write(DATA)
        await close(writer)

    limits = ["--tlsv1.2", "--tls-max", version.removeprefix("TLSv")]
    async with serving(http, server_context(ec, version)) as port:
        place = ["--resolve", f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/"]
        command = ["curl", "--silent", "--show-error", "--cacert", ec.root.cert_file, *limits, *place]
        done = await asyncio.to_thread(run, command)
    assert done.returncode == 0, done.stderr
    assert done.stdout == DATA


@asynchronous
async def test_a_refusal_after_the_handshake(ec: Authority) -> None:
    """TLS 1.3: a server that wants a certificate says so when the client believes that all is well."""
    server = server_context(ec, "TLSv1.3")
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    async with serving(echo, server) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        with pytest.raises(SSL.Error, match="certificate required"):
            await reader.read()
        with contextlib.suppress(SSL.Error):
            await close(writer)
