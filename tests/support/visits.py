"""Visits: handshakes in memory whose session is taken, to be resumed by the next one."""

from collections.abc import Callable

from OpenSSL import SSL

from tests.support.pairs import Pair, memory_pair


def alone(pair: Pair) -> None:
    """Leave the pair as its contexts made it."""


def visit(
    client: SSL.Context,
    server: SSL.Context,
    prepare: Callable[[Pair], object] = alone,
    last: SSL.Session | None = None,
) -> tuple[Pair, SSL.Session]:
    """Shake hands and say hello; returns the pair and the client's session.

    In TLS 1.3 that comes with what the server says after the handshake.
    """
    pair = memory_pair(client, server)
    prepare(pair)
    if last is not None:
        pair.client.set_session(last)
    pair.handshake()
    pair.server.send(b"hello")
    pair.move()
    assert pair.client.recv(100) == b"hello"
    session = pair.client.get_session()
    assert session is not None
    return pair, session
