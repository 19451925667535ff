"""DTLS: contexts, links in memory that lose or double datagrams, and UDP sockets on loopback."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import identify, trust
from tests.support.pairs import Pair

DTLS_VERSIONS = {"DTLSv1": 0xFEFF, "DTLSv1.2": 0xFEFD}
"""The versions of DTLS, by the name that a connection reports."""

ROOMY = 65_536
"""More than any datagram has."""

Rule = Callable[[int, bytes], list[bytes]]
"""What becomes of a datagram: its number (from 0, both ways counted) and its content, to what arrives."""


def dtls(version: str | None = None) -> SSL.Context:
    """Make a context for one version of DTLS, or for all of them."""
    context = SSL.Context(SSL.DTLS_METHOD)
    if version is not None:
        context.set_min_proto_version(DTLS_VERSIONS[version])
        context.set_max_proto_version(DTLS_VERSIONS[version])
    if version == "DTLSv1":
        # It signs with SHA-1, which the library allows at this level only.
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    return context


def dtls_contexts(authority: Authority, version: str | None = None) -> tuple[SSL.Context, SSL.Context]:
    """Make the context of a client that verifies the server, and that of the server."""
    client, server = dtls(version), dtls(version)
    trust(client, authority)
    client.set_verify(SSL.VERIFY_PEER)
    identify(server, authority, authority.server)
    return client, server


def datagrams(connection: SSL.Connection) -> list[bytes]:
    """Take all datagrams that a memory connection has to send."""
    taken = []
    with contextlib.suppress(SSL.WantReadError):
        while True:
            taken.append(connection.bio_read(ROOMY))
    return taken


class Link:
    """A link in memory between the two ends of a pair, which treats each datagram by a rule."""

    def __init__(self, pair: Pair, rule: Rule = lambda number, datagram: [datagram]) -> None:
        self.pair = pair
        self.rule = rule
        self.carried: list[bytes] = []
        self._waiting = [pair.client, pair.server]

    def move(self) -> bool:
        """Carry what waits, both ways, once; returns whether something did."""
        moved = False
        for source, target in ((self.pair.client, self.pair.server), (self.pair.server, self.pair.client)):
            for datagram in datagrams(source):
                moved = True
                self.carried.append(datagram)
                for arriving in self.rule(len(self.carried) - 1, datagram):
                    target.bio_write(arriving)
        return moved

    def advance(self) -> bool:
        """Shake hands as far as it goes without a timer; returns whether both are done."""
        while True:
            for connection in list(self._waiting):
                try:
                    connection.do_handshake()
                except SSL.WantReadError:
                    pass
                else:
                    self._waiting.remove(connection)
            if not self.move():
                return not self._waiting

    def timers(self) -> list[float]:
        """Return how many seconds the timers that are running have left."""
        left = [connection.DTLSv1_get_timeout() for connection in (self.pair.client, self.pair.server)]
        return [seconds for seconds in left if seconds is not None]

    def listen(self) -> None:
        """Let the ends that are done answer what the other repeats, as a read does."""
        for connection in (self.pair.client, self.pair.server):
            if connection not in self._waiting:
                with contextlib.suppress(SSL.WantReadError):
                    connection.recv(1)
        self.move()


def complete(links: list[Link]) -> None:
    """Complete the handshakes over all links, which wait for their timers side by side."""
    deadline = time.monotonic() + 40
    while True:
        unfinished = [link for link in links if not link.advance()]
        if not unfinished:
            return
        assert time.monotonic() < deadline, "the handshakes do not advance"
        for link in unfinished:
            link.listen()
        left = [seconds for link in unfinished for seconds in link.timers()]
        assert left, "nobody waits for anything"
        time.sleep(min(left))
        for link in unfinished:
            for connection in (link.pair.client, link.pair.server):
                connection.DTLSv1_handle_timeout()


def datagram_pair(client_context: SSL.Context, server_context: SSL.Context, mtu: int | None = 256) -> Pair:
    """Join two DTLS connections in memory; the handshake is still to be done, in many datagrams if no mtu is given."""
    pair = Pair(SSL.Connection(client_context, None), SSL.Connection(server_context, None), "datagrams")
    if mtu is not None:
        pair.client.set_ciphertext_mtu(mtu)
        pair.server.set_ciphertext_mtu(mtu)
    pair.client.set_connect_state()
    pair.server.set_accept_state()
    return pair


@contextlib.contextmanager
def udp_sockets(family: socket.AddressFamily = socket.AF_INET) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Connect two UDP sockets over loopback with each other; they are closed at the end."""
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family, socket.SOCK_DGRAM) as one, socket.socket(family, socket.SOCK_DGRAM) as other:
        one.bind((address, 0))
        other.bind((address, 0))
        one.connect(other.getsockname())
        other.connect(one.getsockname())
        yield one, other


@contextlib.contextmanager
def udp_pair(client_context: SSL.Context, server_context: SSL.Context) -> Iterator[Pair]:
    """Join two DTLS connections over UDP; the handshake is still to be done."""
    with udp_sockets() as (one, other):
        pair = Pair(SSL.Connection(client_context, one), SSL.Connection(server_context, other), "udp", one, other)
        pair.client.set_connect_state()
        pair.server.set_accept_state()
        yield pair
