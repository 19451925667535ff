"""A small Entropy Gathering Daemon for the tests, which keeps to its protocol or breaks it as it is told."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.support.background import PATIENCE, Background

Serve = Callable[[socket.socket], object]


@contextlib.contextmanager
def daemon(path: Path, serve: Serve) -> Iterator[None]:
    """Listen on a Unix socket at `path`, and let `serve` have the one connection that comes; it is closed after that.

    What `serve` raises comes out at the end.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(PATIENCE)

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE)
                serve(connection)

        with Background(run):
            yield


def request(connection: socket.socket) -> int:
    """Read one request for bytes that are at hand; returns how many are asked for.

    The other side may have hung up instead: ConnectionResetError.
    """
    command = connection.recv(1)
    if not command:
        raise ConnectionResetError
    assert command == b"\x01", command
    return connection.recv(1)[0]


def answer(connection: socket.socket, data: bytes) -> None:
    """Give this many bytes, the way the protocol has it."""
    connection.sendall(bytes([len(data)]) + data)


def until_closed(connection: socket.socket) -> None:
    """Wait, and say nothing, until the other side hangs up."""
    with contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""
