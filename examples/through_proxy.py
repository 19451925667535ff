"""A client that speaks TLS through an HTTP proxy: TLS begins on a socket that has already been used.

    python examples/through_proxy.py --proxy localhost:3128 --ca certs/ca.pem www.example.org:443

It asks the proxy for a tunnel (CONNECT), and then for a page, which it prints.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from OpenSSL import SSL


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, _, port = text.rpartition(":")
    return host, int(port)


def open_tunnel(proxy: tuple[str, int], target: tuple[str, int]) -> socket.socket:
    """Connect to the target through the proxy."""
    tunnel = socket.create_connection(proxy)
    name = f"{target[0]}:{target[1]}"
    tunnel.sendall(f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    answer = bytearray()
    # Byte for byte, since what follows the answer belongs to TLS.
    while not answer.endswith(b"\r\n\r\n"):
        byte = tunnel.recv(1)
        if not byte:
            raise ConnectionError(f"the proxy hung up after {bytes(answer)!r}")
        answer += byte
    status = answer.split(b"\r\n")[0].split(b" ", 2)
    if status[1:2] != [b"200"]:
        raise ConnectionError(f"the proxy answered {b' '.join(status).decode('latin-1')}")
    return tunnel


def start_tls(tunnel: socket.socket, host: str, ca: Path | None) -> SSL.Connection:
    """Start TLS on a socket that is connected, and see that the host is who it should be."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if ca is None:
        context.set_default_verify_paths()
    else:
        context.load_verify_locations(ca)
    context.set_verify(SSL.VERIFY_PEER)
    connection = SSL.Connection(context, tunnel)
    connection.set_connect_state()
    connection.set_tlsext_host_name(host.encode("idna"))
    connection.set_verify_host(host)
    connection.do_handshake()
    return connection


def main() -> None:
    """Get one page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=address, help="the server, HOST:PORT")
    parser.add_argument("--proxy", type=address, required=True, help="the proxy, HOST:PORT")
    parser.add_argument("--ca", type=Path, help="whom to trust; by default, whom the system trusts")
    parser.add_argument("--path", default="/", help="the page")
    options = parser.parse_args()
    connection = start_tls(open_tunnel(options.proxy, options.target), options.target[0], options.ca)
    connection.sendall(f"GET {options.path} HTTP/1.0\r\nHost: {options.target[0]}\r\n\r\n".encode())
    with connection.makefile("rb") as page:
        sys.stdout.buffer.write(page.read())
    connection.close()


if __name__ == "__main__":
    main()
