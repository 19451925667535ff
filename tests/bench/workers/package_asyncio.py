"""The asyncio case of the package OpenSSL: `OpenSSL.aio` where there is one.

Elsewhere a connection in memory is joined to a socket's transport, as frameworks do.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from OpenSSL import SSL

from .asyncio_echo import Client, Connect, Server, asyncio_echo
from .measure import Case, Plan
from .package_pair import contexts


class Joint(asyncio.Protocol):
    """TLS between a socket's transport and one end of the application."""

    def __init__(self, tls: SSL.Connection, end: Client | Server) -> None:
        self.tls = tls
        self.end = end
        self.ready = asyncio.get_running_loop().create_future()
        self.is_ready = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.handshake()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits for the handshake."""
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError("closed during the handshake"))

    def handshake(self) -> None:
        """Go on with the handshake as far as it goes."""
        try:
            self.tls.do_handshake()
        except SSL.WantReadError:
            pass
        else:
            self.is_ready = True
            self.end.transport = self
            self.ready.set_result(None)
        with contextlib.suppress(SSL.WantReadError):
            self.transport.write(self.tls.bio_read(65536))

    def data_received(self, data: bytes) -> None:
        """Decrypt, and hand on all that is there."""
        self.tls.bio_write(data)
        if not self.is_ready:
            self.handshake()
            if not self.is_ready:
                return
        while True:
            try:
                plain = self.tls.recv(65536)
            except SSL.WantReadError:
                return
            self.end.data_received(plain)

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        self.tls.sendall(data)
        self.transport.write(self.tls.bio_read(65536))


def connect(plan: Plan) -> Connect:
    """Make contexts, and what connects one end."""
    made = contexts(plan)
    with contextlib.suppress(ImportError):
        from OpenSSL import aio

        async def connect_one(raw: socket.socket, end: Client | Server) -> None:
            if isinstance(end, Client):
                await aio.create_connection(lambda: end, sock=raw, context=made.client, server_hostname="")
            else:
                await aio.connect_accepted_socket(lambda: end, raw, context=made.server)

        return connect_one

    async def join(raw: socket.socket, end: Client | Server) -> None:
        tls = SSL.Connection(made.client if isinstance(end, Client) else made.server, None)
        if isinstance(end, Client):
            tls.set_connect_state()
        else:
            tls.set_accept_state()
        joint = Joint(tls, end)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: joint, raw)
        await joint.ready

    return join


CASES: dict[str, Case] = {"asyncio-echo": asyncio_echo(connect)}
