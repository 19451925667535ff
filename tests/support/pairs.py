"""Two connections that talk to each other: in memory, over a Unix socket pair, and over TCP on loopback."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from OpenSSL import SSL

from tests.support.background import Background

CHUNK = 65536


@dataclass
class Pair:
    """A client and a server joined by a transport of one kind: `memory`, `unix` or `tcp`."""

    client: SSL.Connection
    server: SSL.Connection
    kind: str
    client_socket: socket.socket | None = None
    server_socket: socket.socket | None = None

    def sockets(self) -> tuple[socket.socket, socket.socket]:
        """Return the client's and the server's socket of a pair that has some."""
        assert self.client_socket is not None
        assert self.server_socket is not None
        return self.client_socket, self.server_socket

    def move(self) -> None:
        """Carry what waits to be carried, where the kernel does not do it."""
        if self.kind == "memory":
            pump(self.client, self.server)

    def handshake(self) -> None:
        """Complete the handshake of both ends."""
        if self.kind == "memory":
            handshake(self.client, self.server)
        else:
            handshake_in_threads(self.client, self.server)

    def close(self) -> None:
        """Close the sockets, if there are some."""
        for end in (self.client_socket, self.server_socket):
            if end is not None:
                end.close()


def carry(source: SSL.Connection, target: SSL.Connection) -> int:
    """Take all that one memory connection has to send to the other; returns the count of bytes."""
    total = 0
    while True:
        try:
            data = source.bio_read(CHUNK)
        except SSL.WantReadError:
            return total
        written = 0
        while written < len(data):
            written += target.bio_write(data[written:])
        total += len(data)


def pump(one: SSL.Connection, other: SSL.Connection) -> int:
    """Carry bytes both ways between memory connections until none is left; returns their count."""
    total = 0
    while moved := carry(one, other) + carry(other, one):
        total += moved
    return total


def handshake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Complete the handshake of two memory connections, and deliver what follows it (session tickets)."""
    waiting = [client, server]
    while waiting:
        for connection in list(waiting):
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                pass
            else:
                waiting.remove(connection)
        moved = pump(client, server)
        assert moved or not waiting, "the handshake does not advance"


def handshake_in_threads(client: SSL.Connection, server: SSL.Connection) -> None:
    """Complete the handshake of two connections over blocking sockets."""
    with Background(server.do_handshake):
        client.do_handshake()


def memory_pair(client_context: SSL.Context, server_context: SSL.Context) -> Pair:
    """Join two connections in memory; the handshake is still to be done."""
    client = SSL.Connection(client_context, None)
    server = SSL.Connection(server_context, None)
    client.set_connect_state()
    server.set_accept_state()
    return Pair(client, server, "memory")


def tcp_sockets() -> tuple[socket.socket, socket.socket]:
    """Connect two TCP sockets over loopback: the connecting one and the accepted one."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        connecting = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
    for end in (connecting, accepted):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connecting, accepted


def socket_pair(client_context: SSL.Context, server_context: SSL.Context, kind: str = "unix") -> Pair:
    """Join two connections over blocking sockets, `unix` or `tcp`; the handshake is still to be done."""
    client_socket, server_socket = socket.socketpair() if kind == "unix" else tcp_sockets()
    client = SSL.Connection(client_context, client_socket)
    server = SSL.Connection(server_context, server_socket)
    client.set_connect_state()
    server.set_accept_state()
    return Pair(client, server, kind, client_socket, server_socket)


@contextlib.contextmanager
def connected(client_context: SSL.Context, server_context: SSL.Context, kind: str) -> Iterator[Pair]:
    """Give a pair of any kind, its handshake done; its sockets are closed at the end."""
    if kind == "memory":
        pair = memory_pair(client_context, server_context)
    else:
        pair = socket_pair(client_context, server_context, kind)
    try:
        pair.handshake()
        yield pair
    finally:
        pair.close()


@contextlib.contextmanager
def narrow_pair(client_context: SSL.Context, server_context: SSL.Context) -> Iterator[Pair]:
    """Give a connected pair over non-blocking Unix sockets whose kernel buffers are small."""
    with connected(client_context, server_context, "unix") as pair:
        for end in pair.sockets():
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            end.setblocking(False)
        yield pair


def fill_socket(end: socket.socket) -> int:
    """Send until the kernel takes not one byte more; returns the count of bytes."""
    filled = 0
    for piece in (b"x" * CHUNK, b"x"):
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += end.send(piece, socket.MSG_DONTWAIT)
    return filled


def receive(connection: SSL.Connection, size: int) -> bytes:
    """Receive exactly so many bytes."""
    parts = []
    while size:
        part = connection.recv(min(size, CHUNK))
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
