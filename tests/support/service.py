"""A TLS server on loopback, of the package under test, that serves one connection in a background thread."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from OpenSSL import SSL

from tests.support.background import Background

T = TypeVar("T")


@dataclass
class Service(Generic[T]):
    """Where the server listens, and what it returns at its end."""

    port: int
    background: Background[T]

    def result(self) -> T:
        """Wait for the server's end; return what the function returned, or raise what it raised."""
        return self.background.result()


@contextlib.contextmanager
def serving(context: SSL.Context, serve: Callable[[SSL.Connection], T]) -> Iterator[Service[T]]:
    """Accept one connection, do its handshake, and give it to the function; its socket is closed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listener = SSL.Connection(context, listening)

        def work() -> T:
            connection, _ = listener.accept()
            try:
                connection.do_handshake()
                return serve(connection)
            finally:
                connection.close()

        yield Service(listening.getsockname()[1], Background(work))


def until_closed(connection: SSL.Connection) -> bytes:
    """Receive until the peer has closed the connection cleanly; any other end is an exception."""
    received = bytearray()
    while True:
        try:
            received += connection.recv(65536)
        except SSL.ZeroReturnError:
            return bytes(received)
