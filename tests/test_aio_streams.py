"""`OpenSSL.aio`: streams between a client and a server of this package."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from OpenSSL import SSL, aio, crypto
from OpenSSL.aio._connect import Prepare

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, identify, server_context, trust
from tests.support.issuing import unsigned
from tests.support.loops import asynchronous, close, complaints, echo, serving

version = pytest.mark.parametrize("version", VERSIONS)


def test_the_package_does_without_asyncio() -> None:
    code = "import sys, OpenSSL, OpenSSL.SSL, OpenSSL.crypto; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30)
    assert done.stdout == "False\n"


@version
@asynchronous
async def test_data_goes_both_ways(ec: Authority, version: str) -> None:
    async with serving(echo, server_context(ec, version)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec, version))
        writer.write(b"one\ntw")
        writer.writelines([b"o\n", bytearray(b"thr"), memoryview(b"ee\n")])
        await writer.drain()
        assert await reader.readline() == b"one\n"
        assert await reader.readuntil(b"o\n") == b"two\n"
        assert await reader.readexactly(6) == b"three\n"
        assert not writer.is_closing()
        await close(writer)
        assert writer.is_closing()
        assert await reader.read() == b""
        assert reader.at_eof()


@version
@asynchronous
async def test_both_sides_know_each_other(ec: Authority, version: str) -> None:
    told: dict[str, Any] = {}

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for name in ("peercert", "peername", "sockname", "alpn_protocol", "server_hostname", "cipher"):
            told[name] = writer.get_extra_info(name, "nothing")
        await echo(reader, writer)

    server, client = server_context(ec, version), client_context(ec, version)
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    server.set_alpn_select_callback(lambda _, offered: offered[-1])
    identify(client, ec, ec.client)
    client.set_alpn_protos([b"one", b"two"])
    async with serving(ask, server) as port:
        _, writer = await aio.open_connection("localhost", port, context=client)
        info = writer.get_extra_info
        connection = info("connection")
        assert isinstance(connection, SSL.Connection)
        assert info("ssl_object") is connection
        assert info("sslcontext") is client
        assert connection.get_protocol_version_name() == version
        assert info("peercert").to_cryptography() == ec.server.certificate
        assert info("alpn_protocol") == b"two"
        assert info("server_hostname") == "localhost"
        assert info("cipher") == (
            connection.get_cipher_name(),
            connection.get_cipher_version(),
            connection.get_cipher_bits(),
        )
        assert info("peername") == ("127.0.0.1", port)
        assert info("socket").getpeername() == ("127.0.0.1", port)
        assert info("compression", "none") == "none"
        assert info("no such thing") is None
        own = info("sockname")
        await close(writer)
        # What was known is known afterwards.
        assert (info("sockname"), info("alpn_protocol")) == (own, b"two")
    assert isinstance(told["peercert"], crypto.X509)
    assert told["peercert"].to_cryptography() == ec.client.certificate
    assert (told["peername"], told["sockname"]) == (own, ("127.0.0.1", port))
    assert (told["alpn_protocol"], told["server_hostname"]) == (b"two", "nothing")
    assert told["cipher"] == info("cipher")


@asynchronous
async def test_without_certificate_and_protocol_there_is_the_default(ec: Authority) -> None:
    told: list[Any] = []

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.extend(writer.get_extra_info(name, "nothing") for name in ("peercert", "alpn_protocol"))
        await echo(reader, writer)

    async with serving(ask, server_context(ec)) as port:
        _, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        await close(writer)
    assert told == ["nothing", "nothing"]


@asynchronous
async def test_a_client_ends_its_direction_alone(ec: Authority) -> None:
    """TLS 1.3: the server answers after the client has said that this is all."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.read()
        await asyncio.sleep(0.01)
        writer.write(b"answer to " + question)
        await close(writer)

    async with serving(answer, server_context(ec, "TLSv1.3")) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec, "TLSv1.3"))
        assert writer.can_write_eof()
        writer.write(b"a question")
        writer.write_eof()
        writer.write_eof()
        with pytest.raises(RuntimeError, match="write_eof"):
            writer.write(b"more")
        assert await reader.read() == b"answer to a question"
        await close(writer)


@asynchronous
async def test_in_tls_1_2_an_end_ends_both_directions(ec: Authority) -> None:
    ended: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.append(writer.is_closing())
        await writer.wait_closed()

    async with serving(serve, server_context(ec, "TLSv1.2")) as port:
        _, writer = await aio.open_connection("localhost", port, context=client_context(ec, "TLSv1.2"))
        assert not writer.can_write_eof()
        with pytest.raises(NotImplementedError, match=r"TLSv1\.2"):
            writer.write_eof()
        await close(writer)
    assert ended == [True]


@version
@asynchronous
async def test_an_end_in_the_middle_is_incomplete(ec: Authority, version: str) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half a li")
        await close(writer)

    async with serving(half, server_context(ec, version)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec, version))
        with pytest.raises(asyncio.IncompleteReadError) as caught:
            await reader.readexactly(100)
        assert caught.value.partial == b"half a li"
        await close(writer)


@asynchronous
async def test_a_plain_function_may_serve(ec: Authority) -> None:
    writers: list[asyncio.StreamWriter] = []

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"hello\n")

    server = await aio.start_server(greet, "127.0.0.1", 0, context=server_context(ec))
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
        assert await reader.readline() == b"hello\n"
        await close(writer, *writers)


@asynchronous
async def test_a_long_line_is_refused(ec: Authority) -> None:
    async with serving(echo, server_context(ec)) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client_context(ec), limit=1000)
        writer.write(bytes(5000))
        with pytest.raises(ValueError, match="limit"):
            await reader.readline()
        await close(writer)


@version
@asynchronous
async def test_sessions_are_resumed(ec: Authority, version: str) -> None:
    server, client = server_context(ec, version), client_context(ec, version)
    server.set_session_id(b"aio")
    async with serving(echo, server) as port:
        reader, writer = await aio.open_connection("localhost", port, context=client)
        writer.write(b"x")
        await reader.readexactly(1)
        connection = writer.get_extra_info("connection")
        assert not connection.session_reused()
        session = connection.get_session()
        await close(writer)
        _, writer = await aio.open_connection("localhost", port, context=client, session=session)
        assert writer.get_extra_info("connection").session_reused()
        await close(writer)


@asynchronous
async def test_connections_can_be_prepared(ec: Authority) -> None:
    seen: list[SSL.Connection] = []
    async with serving(echo, server_context(ec), prepare=seen.append) as port:
        _, writer = await aio.open_connection("localhost", port, context=client_context(ec), prepare=seen.append)
        await close(writer)
    assert writer.get_extra_info("connection") in seen
    assert len(seen) == 2


@asynchronous
async def test_a_socket_may_be_given(ec: Authority) -> None:
    async with serving(echo, server_context(ec)) as port:
        raw = socket.create_connection(("127.0.0.1", port))
        reader, writer = await aio.open_connection(sock=raw, server_hostname="localhost", context=client_context(ec))
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        await close(writer)


@asynchronous
async def test_what_a_handler_raises_is_told(ec: Authority) -> None:
    async def fail(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        raise LookupError("in the handler")

    with complaints() as taken:
        server = await aio.start_server(fail, "127.0.0.1", 0, context=server_context(ec))
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await aio.open_connection("localhost", port, context=client_context(ec))
            assert await reader.read() == b""
            await close(writer)
        # Python 3.12 and newer tell of it at once, 3.11 when the task goes.
        await asyncio.sleep(0)
    del taken[:]


class TestArguments:
    """What makes no sense is refused before anything is opened."""

    @asynchronous
    async def test_context(self, ec: Authority) -> None:
        for wrong in (None, "context", SSL.Context):
            with pytest.raises(TypeError, match="context"):
                await aio.open_connection("localhost", 1, context=wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="context"):
                await aio.start_server(echo, "127.0.0.1", 0, context=wrong)  # type: ignore[arg-type]

    @pytest.mark.parametrize("method", [SSL.DTLS_METHOD, SSL.DTLS_CLIENT_METHOD, SSL.DTLS_SERVER_METHOD])
    @asynchronous
    async def test_dtls(self, method: int) -> None:
        """Streams are not for it, whichever way they are made."""
        context = SSL.Context(method)
        near, far = socket.socketpair()
        with near:
            reader, writer = await asyncio.open_connection(sock=far)
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda: aio.open_connection("127.0.0.1", 1, context=context),
                lambda: aio.start_server(echo, "127.0.0.1", 0, context=context),
                lambda: aio.connect_accepted_socket(asyncio.Protocol, near, context=context),
                lambda: aio.start_tls(writer.transport, asyncio.Protocol(), context, server_side=True),
                lambda: aio.start_tls(writer.transport, asyncio.Protocol(), context, server_hostname=""),
                lambda: aio.wrap(reader, writer, context=context, server_side=True),
            ]
            for call in calls:
                with pytest.raises(ValueError, match="DTLS"):
                    await call()
            # Nothing was touched.
            near.sendall(b"x")
            assert await reader.readexactly(1) == b"x"
            await close(writer)

    @asynchronous
    async def test_those_of_asyncio(self, ec: Authority) -> None:
        for name in ("ssl", "ssl_handshake_timeout", "ssl_shutdown_timeout"):
            with pytest.raises(TypeError, match=name):
                await aio.open_connection("localhost", 1, context=client_context(ec), **{name: 1.0})
            with pytest.raises(TypeError, match=name):
                await aio.start_server(echo, "127.0.0.1", 0, context=server_context(ec), **{name: 1.0})

    @asynchronous
    async def test_timeouts(self, ec: Authority) -> None:
        for name in ("handshake_timeout", "shutdown_timeout"):
            options: dict[str, Any] = {name: 0}
            with pytest.raises(ValueError, match=name):
                await aio.open_connection("localhost", 1, context=client_context(ec), **options)

    @asynchronous
    async def test_a_client_says_whom_it_wants(self, ec: Authority) -> None:
        near, far = socket.socketpair()
        with near, far, pytest.raises(ValueError, match="server_hostname"):
            await aio.open_connection(sock=near, context=client_context(ec))

    @asynchronous
    async def test_session(self, ec: Authority) -> None:
        with pytest.raises(TypeError, match="Session"):
            await aio.open_connection("localhost", 1, context=client_context(ec), session="x")  # type: ignore[arg-type]

    @asynchronous
    async def test_nobody_listens(self, ec: Authority) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with pytest.raises(ConnectionRefusedError):
                await aio.open_connection("127.0.0.1", unused.getsockname()[1], context=client_context(ec))


class TestWhoThePeerIs:
    """A certificate must be for the name or address that was asked for, if it is verified at all."""

    @pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "localhost\u3002", "127.0.0.1"])
    @asynchronous
    async def test_right(self, ec: Authority, name: str) -> None:
        asked: list[bytes | None] = []
        server = server_context(ec)
        server.set_tlsext_servername_callback(lambda connection: asked.append(connection.get_servername()))
        async with serving(echo, server) as port:
            _, writer = await aio.open_connection("127.0.0.1", port, context=client_context(ec), server_hostname=name)
            await close(writer)
        # Addresses are no names. (RFC 6066, 3)
        assert asked == [None if name == "127.0.0.1" else name.rstrip(".\u3002").encode()]

    @pytest.mark.parametrize("name", ["example.org", "bücher.example", "127.0.0.2", "::1"])
    @asynchronous
    async def test_wrong(self, ec: Authority, name: str) -> None:
        async with serving(echo, server_context(ec)) as port:
            with pytest.raises(SSL.Error, match="certificate verify failed"):
                await aio.open_connection("127.0.0.1", port, context=client_context(ec), server_hostname=name)

    @asynchronous
    async def test_the_host_is_the_name(self, ec: Authority) -> None:
        async with serving(echo, server_context(ec)) as port:
            _, writer = await aio.open_connection("127.0.0.1", port, context=client_context(ec))
            assert writer.get_extra_info("server_hostname") == "127.0.0.1"
            await close(writer)

    @asynchronous
    async def test_no_name_is_no_question(self, ec: Authority) -> None:
        async with serving(echo, server_context(ec)) as port:
            # The certificate is for 127.0.0.1 and localhost.
            raw = socket.create_connection(("127.0.0.1", port))
            _, writer = await aio.open_connection(sock=raw, context=client_context(ec), server_hostname="")
            assert writer.get_extra_info("server_hostname") is None
            await close(writer)

    @asynchronous
    async def test_a_name_that_is_none(self, ec: Authority) -> None:
        with pytest.raises(UnicodeError):
            await aio.open_connection("127.0.0.1", 1, context=client_context(ec), server_hostname="a..b.\xfc")

    @pytest.mark.parametrize("name", [".localhost", ".test", ".", "..", "..localhost", "\u3002localhost"])
    @pytest.mark.parametrize("verifies", [False, True])
    @asynchronous
    async def test_a_name_without_its_beginning(self, ec: Authority, name: str, verifies: bool) -> None:
        """To OpenSSL, `.test` would be any host below `test`."""
        near, far = socket.socketpair()
        context = client_context(ec) if verifies else SSL.Context(SSL.TLS_METHOD)
        with near, far:
            # Before anything is opened, or sent.
            with pytest.raises(ValueError, match=r"no host name|idna"):
                await aio.open_connection(sock=near, context=context, server_hostname=name)
            far.setblocking(False)
            with pytest.raises(BlockingIOError):
                far.recv(1)

    @pytest.mark.parametrize(
        ("pattern", "passes"), [("*.example.org", True), ("f*.example.org", False), ("*o.example.org", False)]
    )
    @asynchronous
    async def test_a_wildcard_is_a_whole_label(self, ec: Authority, pattern: str, passes: bool) -> None:
        """As in RFC 9525, 6.3; OpenSSL by itself takes parts of one, and so does who asks for that."""
        key = ec.server.pkey
        certificate = unsigned("server", key)
        certificate.add_extensions([crypto.X509Extension(b"subjectAltName", False, f"DNS:{pattern}".encode())])
        certificate.sign(key, "sha256")
        server, client = SSL.Context(SSL.TLS_METHOD), SSL.Context(SSL.TLS_METHOD)
        server.use_certificate(certificate)
        server.use_privatekey(key)
        client.get_cert_store().add_cert(certificate)
        client.set_verify(SSL.VERIFY_PEER)

        def lenient(connection: SSL.Connection) -> None:
            connection.set_verify_host_flags(0)

        async def visit(prepare: Prepare | None) -> None:
            _, writer = await aio.open_connection(
                "127.0.0.1", port, context=client, server_hostname="foo.example.org", prepare=prepare
            )
            await close(writer)

        async with serving(echo, server) as port:
            await visit(lenient)
            if passes:
                await visit(None)
            else:
                with pytest.raises(SSL.Error, match="hostname mismatch"):
                    await visit(None)

    @asynchronous
    async def test_a_stranger_is_refused(self, ec: Authority, stranger: Authority) -> None:
        async with serving(echo, server_context(stranger)) as port:
            with pytest.raises(SSL.Error, match="certificate verify failed"):
                await aio.open_connection("localhost", port, context=client_context(ec))

    @asynchronous
    async def test_who_does_not_verify_takes_anybody(self, ec: Authority) -> None:
        async with serving(echo, server_context(ec)) as port:
            context = SSL.Context(SSL.TLS_METHOD)
            _, writer = await aio.open_connection("127.0.0.1", port, context=context, server_hostname="example.org")
            # ... but can see that it is somebody else.
            assert writer.get_extra_info("connection").get_verify_result() != 0
            await close(writer)

    @pytest.mark.parametrize("name", ["x", "-a.example"])
    @asynchronous
    async def test_who_does_not_verify_may_ask_for_any_name(self, ec: Authority, name: str) -> None:
        """Even for one that no certificate can be compared with, as far as OpenSSL knows."""
        asked: list[bytes | None] = []
        server = server_context(ec)
        server.set_tlsext_servername_callback(lambda connection: asked.append(connection.get_servername()))
        async with serving(echo, server) as port:
            context = SSL.Context(SSL.TLS_METHOD)
            _, writer = await aio.open_connection("127.0.0.1", port, context=context, server_hostname=name)
            await close(writer)
        assert asked == [name.encode()]

    @asynchronous
    async def test_preparations_that_verify_do_not_take_anybody(self, ec: Authority) -> None:
        """A name that cannot be compared was allowed only as long as nothing was verified."""

        def verify(connection: SSL.Connection) -> None:
            connection.set_verify(SSL.VERIFY_PEER)

        def expect(connection: SSL.Connection) -> None:
            verify(connection)
            connection.set_verify_host("localhost")

        context = client_context(ec)
        name = "a b"
        async with serving(echo, server_context(ec)) as port:

            async def visit(prepare: Prepare | None) -> None:
                _, writer = await aio.open_connection(
                    "127.0.0.1", port, context=context, server_hostname=name, prepare=prepare
                )
                await close(writer)

            refusals = ValueError, SSL.Error
            with pytest.raises(refusals):
                await visit(None)
            context.set_verify(SSL.VERIFY_NONE)
            await visit(None)
            with pytest.raises(refusals):
                await visit(verify)
            await visit(expect)

    @asynchronous
    async def test_a_callback_has_the_last_word(self, ec: Authority) -> None:
        errors: list[int] = []

        def accept(_: SSL.Connection, __: crypto.X509, error: int, ___: int, ____: int) -> bool:
            errors.append(error)
            return True

        context = client_context(ec)
        context.set_verify(SSL.VERIFY_PEER, accept)
        async with serving(echo, server_context(ec)) as port:
            _, writer = await aio.open_connection("127.0.0.1", port, context=context, server_hostname="example.org")
            await close(writer)
        hostname_mismatch = 62
        assert hostname_mismatch in errors
