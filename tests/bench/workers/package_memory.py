"""What the package OpenSSL gives to memory.py: ours and pyOpenSSL run this same file."""

from __future__ import annotations

from itertools import repeat

from OpenSSL import SSL

from . import memory
from .measure import Case, Loop, require
from .package_pair import Pair, contexts, pair, pump


def session(ends: Pair) -> SSL.Session:
    """Send a byte from the server and take the client's session."""
    ends.server.send(b"x")
    pump(ends.server, ends.client)
    require(ends.client.recv(1) == b"x", "other data")
    taken = ends.client.get_session()
    if taken is None:
        raise RuntimeError("no session")
    return taken


def close(ends: Pair) -> None:
    """Exchange close_notify."""
    ends.client.shutdown()
    pump(ends.client, ends.server)
    ends.server.shutdown()
    pump(ends.server, ends.client)
    require(ends.client.shutdown() and ends.server.shutdown(), "no clean close")


def echoes(ends: Pair) -> Loop:
    """Make round trips of 64 bytes."""
    client, server = ends.client, ends.server

    def loop(n: int) -> None:
        message = memory.MESSAGE
        for _ in repeat(None, n):
            client.send(message)
            server.bio_write(client.bio_read(65536))
            server.send(server.recv(4096))
            client.bio_write(server.bio_read(65536))
            message = client.recv(4096)
        require(message == memory.MESSAGE, "other bytes came back than were sent")

    return loop


def writes(ends: Pair, data: bytes, got: list[bytes]) -> Loop:
    """Write data, move the ciphertext in pieces of 64 KiB, read all of it."""
    client, server = ends.client, ends.server

    def loop(n: int) -> None:
        for _ in repeat(None, n):
            client.sendall(data)
            while True:
                moved = client.bio_read(65536)
                if server.bio_write(moved) != len(moved):
                    raise RuntimeError("bio_write took a part")
                if len(moved) < 65536:
                    break
            got.clear()
            missing = len(data)
            while missing > 0:
                part = server.recv(65536)
                missing -= len(part)
                got.append(part)

    return loop


CASES: dict[str, Case] = memory.cases(memory.Tls(contexts, pair, session, close, echoes, writes))
