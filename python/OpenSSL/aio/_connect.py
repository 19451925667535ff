"""From a host's name, or from a transport that is there, to a TLS transport: what asyncio's event loop has as methods.

Lives here: the arguments, whom a client talks to, and that nothing stays open when a call fails or is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from OpenSSL import SSL
from OpenSSL.aio._transport import TLSTransport

HANDSHAKE_TIMEOUT = 60.0
SHUTDOWN_TIMEOUT = 30.0

# X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
_NO_PARTIAL_WILDCARDS = 4

Prepare = Callable[[SSL.Connection], object]

_Protocol = TypeVar("_Protocol", bound=asyncio.BaseProtocol)


@dataclass(frozen=True)
class Settings:
    """What the functions of this package have in common: how TLS is spoken, by one side."""

    context: SSL.Context
    server_side: bool
    server_hostname: str | None = None
    session: SSL.Session | None = None
    prepare: Prepare | None = None
    handshake_timeout: float = HANDSHAKE_TIMEOUT
    shutdown_timeout: float = SHUTDOWN_TIMEOUT

    def __post_init__(self) -> None:
        """Refuse what makes no sense, before anything is opened."""
        if not isinstance(self.context, SSL.Context):
            raise TypeError(f"context must be a SSL.Context, not {type(self.context).__name__}")
        # A Context does not tell. To make a Connection takes some microseconds.
        if SSL.Connection(self.context, None).get_protocol_version_name().startswith("DTLS"):
            raise ValueError("context is for DTLS, which needs datagrams; these are streams")
        for name in ("handshake_timeout", "shutdown_timeout"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive")
        if self.server_side and (self.server_hostname is not None or self.session is not None):
            raise ValueError("server_hostname and session are for clients")
        if not self.server_side and self.server_hostname is None:
            raise ValueError("a client needs server_hostname; '' for one that asks for no name and checks none")

    def connection(self) -> SSL.Connection:
        """Make a connection in memory that knows its side and whom it talks to."""
        connection = SSL.Connection(self.context, None)
        comparable = True
        if self.server_side:
            connection.set_accept_state()
        else:
            connection.set_connect_state()
            if self.server_hostname:
                comparable = expect(connection, self.server_hostname)
            if self.session is not None:
                connection.set_session(self.session)
        if self.prepare is not None:
            self.prepare(connection)
        # It may be `prepare` that lets the connection verify, or says for whom the certificate has to be.
        verifies = connection.get_verify_mode() != SSL.VERIFY_NONE
        if not comparable and verifies and connection.get_verify_host() is None:
            raise ValueError(f"this is no host name: {self.server_hostname!r}")
        return connection

    def transport(
        self,
        make_app: Callable[[], asyncio.BaseProtocol],
        ready: asyncio.Future[None] | None,
        *,
        introduce: bool = True,
    ) -> TLSTransport:
        """Make the transport of one connection, with nothing below it yet."""
        return TLSTransport(
            self.connection(),
            make_app,
            handshake_timeout=self.handshake_timeout,
            shutdown_timeout=self.shutdown_timeout,
            server_hostname=self.server_hostname,
            ready=ready,
            introduce=introduce,
        )


def expect(connection: SSL.Connection, name: str) -> bool:
    """Ask for the server of this name, and accept no certificate for another, where any is verified.

    Returns whether certificates can be compared with the name: some that servers have are none for OpenSSL.
    """
    with contextlib.suppress(ValueError):
        connection.set_verify_ip(ipaddress.ip_address(name.partition("%")[0]))
        return True
    # A dot at the end is for the resolver; certificates have none. (RFC 6066, 3)
    ascii_name = name.encode("ascii" if name.isascii() else "idna").removesuffix(b".")
    # To OpenSSL, a name that begins with a dot is any below it.
    if not ascii_name or ascii_name.startswith(b"."):
        raise ValueError(f"this is no host name: {name!r}")
    connection.set_tlsext_host_name(ascii_name)
    # A wildcard is a whole label. (RFC 9525, 6.3) A Context has no such flags; `prepare` may set others.
    connection.set_verify_host_flags(_NO_PARTIAL_WILDCARDS)
    try:
        connection.set_verify_host(ascii_name)
    except ValueError:
        return False
    return True


async def finish(tls: TLSTransport, ready: asyncio.Future[None], below: Awaitable[object] | None = None) -> None:
    """Wait for the handshake, after what is below was made; leave nothing open where either comes to nothing."""
    try:
        if below is not None:
            await below
        await ready
    except BaseException:
        tls.abort()
        # Nobody else will ask.
        if not ready.cancel() and not ready.cancelled():
            ready.exception()
        raise


def refuse_ssl(options: dict[str, Any]) -> None:
    """Refuse the arguments of asyncio's own TLS."""
    for name in options:
        if name.startswith("ssl"):
            raise TypeError(f"{name} is for asyncio's own TLS; use context, handshake_timeout and shutdown_timeout")


async def create_connection(
    protocol_factory: Callable[[], _Protocol],
    host: str | None = None,
    port: int | None = None,
    *,
    context: SSL.Context,
    server_hostname: str | None = None,
    session: SSL.Session | None = None,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    **options: Any,
) -> tuple[TLSTransport, _Protocol]:
    """Connect to a server, as a client.

    protocol_factory: called without arguments after the handshake, returns the protocol. host, port: whom to connect
    to; instead of them, `sock` may be a connected socket. context: how TLS is spoken. server_hostname: the name or
    address that the server is asked for and its certificate is compared with; None for the host, "" for none. session:
    one to resume. prepare: called with the new `SSL.Connection` before the handshake. handshake_timeout: seconds that
    the handshake may take. shutdown_timeout: seconds without progress after which a closing connection is cut. Any
    other argument is one of `loop.create_connection`.

    Returns the transport and the protocol. Raises SSL.Error where the handshake fails, the server's certificate being
    refused included; TruncatedError where the server leaves in it; TimeoutError; OSError where there is no connection;
    what a callback of the context raised; TypeError and ValueError for arguments that make no sense.
    """
    refuse_ssl(options)
    server_hostname = host or None if server_hostname is None else server_hostname
    settings = Settings(context, False, server_hostname, session, prepare, handshake_timeout, shutdown_timeout)
    loop = asyncio.get_running_loop()
    made: list[_Protocol] = []

    def make() -> _Protocol:
        made.append(protocol_factory())
        return made[0]

    ready = loop.create_future()
    tls = settings.transport(make, ready)
    below: Any = loop.create_connection
    await finish(tls, ready, below(lambda: tls, host, port, **options))
    return tls, made[0]


async def create_server(
    protocol_factory: Callable[[], asyncio.BaseProtocol],
    host: str | Sequence[str] | None = None,
    port: int | None = None,
    *,
    context: SSL.Context,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    **options: Any,
) -> asyncio.Server:
    """Serve TLS.

    protocol_factory: called without arguments after each handshake, returns the protocol. host, port: where to listen;
    instead of them, `sock` may be a socket. context, prepare, handshake_timeout, shutdown_timeout: as for
    `create_connection`. Any other argument is one of `loop.create_server`.

    Returns the server, which listens. Raises OSError where it cannot, TypeError and ValueError for arguments that make
    no sense.
    """
    refuse_ssl(options)
    settings = Settings(context, True, None, None, prepare, handshake_timeout, shutdown_timeout)
    loop = asyncio.get_running_loop()

    def accept() -> asyncio.BaseProtocol:
        try:
            return settings.transport(protocol_factory, None)
        except Exception as error:
            # asyncio would neither close the connection nor tell of it.
            message = "no TLS connection could be made for a client"
            loop.call_exception_handler({"message": message, "exception": error})
            return _Refusal()

    return await loop.create_server(accept, host, port, **options)


class _Refusal(asyncio.Protocol):
    """Closes a connection that was accepted in vain."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close the transport."""
        transport.close()


async def connect_accepted_socket(
    protocol_factory: Callable[[], _Protocol],
    sock: socket.socket,
    *,
    context: SSL.Context,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
) -> tuple[TLSTransport, _Protocol]:
    """Serve TLS on a socket that was accepted elsewhere.

    Arguments, result and exceptions are those of `create_connection`, for the other side.
    """
    settings = Settings(context, True, None, None, prepare, handshake_timeout, shutdown_timeout)
    loop = asyncio.get_running_loop()
    made: list[_Protocol] = []

    def make() -> _Protocol:
        made.append(protocol_factory())
        return made[0]

    ready = loop.create_future()
    tls = settings.transport(make, ready)
    await finish(tls, ready, loop.connect_accepted_socket(lambda: tls, sock))
    return tls, made[0]


async def start_tls(
    transport: asyncio.Transport,
    protocol: asyncio.BaseProtocol,
    context: SSL.Context,
    *,
    server_side: bool = False,
    server_hostname: str | None = None,
    session: SSL.Session | None = None,
    prepare: Prepare | None = None,
    handshake_timeout: float = HANDSHAKE_TIMEOUT,
    shutdown_timeout: float = SHUTDOWN_TIMEOUT,
) -> TLSTransport:
    """Speak TLS over a transport from now on.

    transport: the one to use from now on by TLS alone; any transport of asyncio that reads and writes, a TLSTransport
    too. protocol: the protocol that gets the data; its `connection_made` is not called. server_side: whether to be the
    server. Everything else as for `create_connection`, but that a client must say server_hostname.

    Returns the new transport. Whatever it raises, as `create_connection` does, and when it is cancelled, the transport
    below is closed: it cannot be used without TLS any more.
    """
    settings = Settings(context, server_side, server_hostname, session, prepare, handshake_timeout, shutdown_timeout)
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    tls = settings.transport(lambda: protocol, ready, introduce=False)
    await over(transport, tls, ready)
    return tls


async def over(
    transport: asyncio.Transport,
    tls: TLSTransport,
    ready: asyncio.Future[None],
    early: bytes = b"",
    ended: bool = False,
) -> None:
    """Put TLS over a transport; `early` has come already, and the end after it if it `ended`."""
    if transport.is_closing():
        raise ConnectionAbortedError("the transport is closed")
    transport.set_protocol(tls)
    tls.connection_made(transport)
    tls._feed(early)
    if ended:
        tls.eof_received()
    # Whoever read before may have had enough.
    transport.resume_reading()
    await finish(tls, ready)
