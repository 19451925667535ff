"""A client of the echo server: lines from standard input go there, what comes back is printed.

python examples/echo_client.py --certs certs --port 4433 --name client

It shows the certificate of that name, and ends when its input does.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from OpenSSL import SSL


def make_context(certs: Path, name: str) -> SSL.Context:
    """Make a context that trusts the authority alone, and shows the client's certificate."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(certs / "ca.pem")
    context.set_verify(SSL.VERIFY_PEER)
    context.use_privatekey_file(certs / f"{name}.key.pem")
    context.use_certificate_chain_file(certs / f"{name}.pem")
    return context


def receive_line(connection: SSL.Connection) -> bytes:
    """Receive up to the end of a line."""
    line = bytearray()
    while not line.endswith(b"\n"):
        line += connection.recv(1)
    return bytes(line)


def main() -> None:
    """Read the command line, and talk."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--certs", type=Path, default=Path(), help="where make_authority.py has written")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=4433)
    parser.add_argument("--name", default="client", help="whose certificate to show")
    options = parser.parse_args()
    connection = SSL.Connection(make_context(options.certs, options.name), socket.socket())
    connection.connect((options.host, options.port))
    connection.set_tlsext_host_name(options.host.encode())
    connection.set_verify_host(options.host)
    connection.do_handshake()
    print(f"{connection.get_protocol_version_name()}, {connection.get_cipher_name()}", file=sys.stderr)
    for line in sys.stdin.buffer:
        connection.sendall(line)
        sys.stdout.buffer.write(receive_line(connection))
        sys.stdout.buffer.flush()
    connection.shutdown()
    connection.close()


if __name__ == "__main__":
    main()
