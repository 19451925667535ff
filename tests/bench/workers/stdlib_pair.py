"""Contexts and connections of the standard library's `ssl`, for the other stdlib_* files.

TLS 1.3's suite and the group come from the OPENSSL_CONF that the harness sets for all peers alike; each process checks
what was negotiated.
"""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

from . import wire
from .measure import Plan, require, together

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


class Contexts(NamedTuple):
    """The contexts of the two ends."""

    server: ssl.SSLContext
    client: ssl.SSLContext


class End:
    """One end in memory: an SSLObject and its two buffers."""

    __slots__ = ("incoming", "outgoing", "tls")

    def __init__(self, context: ssl.SSLContext, *, server: bool, session: ssl.SSLSession | None = None) -> None:
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server, session=session)


class Pair(NamedTuple):
    """Two ends of a connection, and what the server sent during the handshake."""

    client: End
    server: End
    flight: list[bytes]


def pump(source: End, sink: End) -> bytes:
    """Move all that `source` has written; return it."""
    data = source.outgoing.read()
    sink.incoming.write(data)
    return data


def pair(contexts: Contexts, session: ssl.SSLSession | None = None) -> Pair:
    """Connect two ends in memory."""
    server = End(contexts.server, server=True)
    client = End(contexts.client, server=False, session=session)
    flight = []
    client_done = server_done = False
    while not (client_done and server_done):
        if not client_done:
            try:
                client.tls.do_handshake()
                client_done = True
            except ssl.SSLWantReadError:
                pass
            pump(client, server)
        if not server_done:
            try:
                server.tls.do_handshake()
                server_done = True
            except ssl.SSLWantReadError:
                pass
            flight.append(pump(server, client))
    return Pair(client, server, flight)


def socket_pair(contexts: Contexts) -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
    """Connect two ends over a blocking socket pair; the client comes first."""
    ends = socket.socketpair()
    client = contexts.client.wrap_socket(ends[0], do_handshake_on_connect=False)
    server = contexts.server.wrap_socket(ends[1], server_side=True, do_handshake_on_connect=False)
    together(client.do_handshake, server.do_handshake)
    return client, server


def contexts(plan: Plan, version: str = "TLSv1.3", kind: str = "ec") -> Contexts:
    """Make contexts for one protocol version, and check them as package_pair.py does."""
    made = Contexts(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for context in (*made, stranger):
        context.minimum_version = context.maximum_version = VERSIONS[version]
        context.set_ciphers(wire.SUITES_12[kind])
        context.check_hostname = False  # the other peers check no name either
    made.server.load_cert_chain(plan.path(f"{kind}-chain.pem"), plan.path(f"{kind}-key.pem"))
    made.client.load_verify_locations(plan.path(f"{kind}-root.pem"))
    try:
        pair(Contexts(made.server, stranger))
    except ssl.SSLCertVerificationError:
        pass
    else:
        require(False, "a server with an unknown root was accepted")
    first = pair(made)
    wire.check_full(version, b"".join(first.flight))
    require(first.client.tls.version() == version, "another protocol version")
    cipher = first.client.tls.cipher()
    require(cipher is not None and cipher[0] == wire.suite(version, kind), f"another cipher suite: {cipher}")
    require(bool(first.client.tls.getpeercert()), "the certificate was not verified")
    return made
