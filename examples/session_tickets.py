"""A client that comes back with a session ticket: the second handshake needs no certificate.

    python examples/session_tickets.py --ca certs/ca.pem --port 4433 --times 3

It says for each connection how long the handshake took, and whether an earlier session was resumed. With TLS 1.3 the
tickets come after the handshake, so the client asks for a page first and takes the session when it has read it. Each
ticket serves once.
"""

from __future__ import annotations

import argparse
import socket
import time
from pathlib import Path

from OpenSSL import SSL


def visit(
    context: SSL.Context, address: tuple[str, int], session: SSL.Session | None
) -> tuple[bytes, bool, float, SSL.Session | None]:
    """Get a page; gives the page, whether the session was resumed, the milliseconds, and the session for next time."""
    connection = SSL.Connection(context, socket.create_connection(address))
    connection.set_connect_state()
    connection.set_tlsext_host_name(address[0].encode("idna"))
    connection.set_verify_host(address[0])
    if session is not None:
        connection.set_session(session)
    begun = time.perf_counter()
    connection.do_handshake()
    took = (time.perf_counter() - begun) * 1000
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    with connection.makefile("rb") as answer:
        page = answer.read()
    resumed = connection.session_reused()
    session = connection.get_session()
    connection.close()
    return page, resumed, took, session


def main() -> None:
    """Visit a server again and again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ca", type=Path, default=Path("ca.pem"), help="whom to trust")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=4433)
    parser.add_argument("--times", type=int, default=2, help="how often to connect")
    options = parser.parse_args()
    # One context for all: a session belongs to the context that it was made with.
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(options.ca)
    context.set_verify(SSL.VERIFY_PEER)
    session = None
    for _ in range(options.times):
        page, resumed, took, session = visit(context, (options.host, options.port), session)
        print(f"{'resumed' if resumed else 'full'} handshake, {took:.1f} ms, {len(page)} bytes")


if __name__ == "__main__":
    main()
