"""Contexts and connections of the package OpenSSL, ours and pyOpenSSL alike, for the other package_* files.

Only what both packages offer under the same name may be used here.  TLS 1.3's suite and the group come from the
OPENSSL_CONF that the harness sets for all peers alike; each process checks what was negotiated.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

from OpenSSL import SSL

from . import wire
from .measure import Plan, require, together

VERSIONS = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
FLIGHT = 65536


class Contexts(NamedTuple):
    """The contexts of the two ends."""

    server: SSL.Context
    client: SSL.Context


class Pair(NamedTuple):
    """Two ends of a connection, and what the server sent during the handshake."""

    client: SSL.Connection
    server: SSL.Connection
    flight: list[bytes]


def pump(source: SSL.Connection, sink: SSL.Connection) -> bytes:
    """Move what `source` has written, up to one flight of a handshake; return it."""
    try:
        data = source.bio_read(FLIGHT)
    except SSL.WantReadError:
        return b""
    if sink.bio_write(data) != len(data):
        raise RuntimeError("bio_write took a part")
    return data


def pair(contexts: Contexts, session: SSL.Session | None = None) -> Pair:
    """Connect two ends in memory."""
    server = SSL.Connection(contexts.server, None)
    server.set_accept_state()
    client = SSL.Connection(contexts.client, None)
    client.set_connect_state()
    if session is not None:
        client.set_session(session)
    flight = []
    client_done = server_done = False
    while not (client_done and server_done):
        if not client_done:
            try:
                client.do_handshake()
                client_done = True
            except SSL.WantReadError:
                pass
            pump(client, server)
        if not server_done:
            try:
                server.do_handshake()
                server_done = True
            except SSL.WantReadError:
                pass
            flight.append(pump(server, client))
    return Pair(client, server, flight)


def socket_pair(contexts: Contexts) -> tuple[SSL.Connection, SSL.Connection]:
    """Connect two ends over a blocking socket pair; the client comes first."""
    ends = socket.socketpair()
    client = SSL.Connection(contexts.client, ends[0])
    client.set_connect_state()
    server = SSL.Connection(contexts.server, ends[1])
    server.set_accept_state()
    together(client.do_handshake, server.do_handshake)
    return client, server


def contexts(plan: Plan, version: str = "TLSv1.3", kind: str = "ec") -> Contexts:
    """Make contexts for one protocol version, and check them.

    A client that does not know the root must refuse the server; the other must not, and as it trusts nothing but the
    root, two signatures away from the server's certificate, it has then verified all three.
    """
    made = Contexts(SSL.Context(SSL.TLS_METHOD), SSL.Context(SSL.TLS_METHOD))
    stranger = SSL.Context(SSL.TLS_METHOD)
    for context in (*made, stranger):
        context.set_min_proto_version(VERSIONS[version])
        context.set_max_proto_version(VERSIONS[version])
        context.set_cipher_list(wire.SUITES_12[kind].encode())
    made.server.use_certificate_chain_file(plan.path(f"{kind}-chain.pem"))
    made.server.use_privatekey_file(plan.path(f"{kind}-key.pem"))
    made.server.set_session_id(b"bench")
    made.client.set_verify(SSL.VERIFY_PEER)
    made.client.load_verify_locations(plan.path(f"{kind}-root.pem"))
    stranger.set_verify(SSL.VERIFY_PEER)
    try:
        pair(Contexts(made.server, stranger))
    except SSL.Error as error:
        require("certificate verify failed" in str(error), f"refused for another reason: {error}")
    else:
        require(False, "a server with an unknown root was accepted")
    first = pair(made)
    wire.check_full(version, b"".join(first.flight))
    require(first.client.get_protocol_version_name() == version, "another protocol version")
    require(first.client.get_cipher_name() == wire.suite(version, kind), "another cipher suite")
    require(first.client.get_peer_certificate() is not None, "the certificate was not verified")
    return made
