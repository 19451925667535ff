"""What the standard library's `ssl` gives to memory.py."""

from __future__ import annotations

import ssl
from itertools import repeat

from . import memory
from .measure import Case, Loop, require
from .stdlib_pair import Pair, contexts, pair, pump


def session(ends: Pair) -> ssl.SSLSession:
    """Send a byte from the server and take the client's session."""
    ends.server.tls.write(b"x")
    pump(ends.server, ends.client)
    require(ends.client.tls.read(1) == b"x", "other data")
    taken = ends.client.tls.session
    if taken is None:
        raise RuntimeError("no session")
    return taken


def close(ends: Pair) -> None:
    """Exchange close_notify; unwrap() of the end that goes first cannot succeed at once in memory."""
    try:
        ends.client.tls.unwrap()
        require(False, "close_notify came before it was sent")
    except ssl.SSLWantReadError:
        pass
    pump(ends.client, ends.server)
    ends.server.tls.unwrap()
    pump(ends.server, ends.client)
    ends.client.tls.unwrap()


def echoes(ends: Pair) -> Loop:
    """Make round trips of 64 bytes."""
    client, server = ends.client.tls, ends.server.tls
    to_client, from_client = ends.client.incoming, ends.client.outgoing
    to_server, from_server = ends.server.incoming, ends.server.outgoing

    def loop(n: int) -> None:
        message = memory.MESSAGE
        for _ in repeat(None, n):
            client.write(message)
            to_server.write(from_client.read(65536))
            server.write(server.read(4096))
            to_client.write(from_server.read(65536))
            message = client.read(4096)
        require(message == memory.MESSAGE, "other bytes came back than were sent")

    return loop


def writes(ends: Pair, data: bytes, got: list[bytes]) -> Loop:
    """Write data, move the ciphertext in pieces of 64 KiB, read all of it."""
    client, server = ends.client.tls, ends.server.tls
    outgoing, incoming = ends.client.outgoing, ends.server.incoming

    def loop(n: int) -> None:
        for _ in repeat(None, n):
            if client.write(data) != len(data):
                raise RuntimeError("write took a part")
            while True:
                moved = outgoing.read(65536)
                incoming.write(moved)
                if len(moved) < 65536:
                    break
            got.clear()
            missing = len(data)
            while missing > 0:
                part = server.read(65536)
                missing -= len(part)
                got.append(part)

    return loop


CASES: dict[str, Case] = memory.cases(memory.Tls(contexts, pair, session, close, echoes, writes))
