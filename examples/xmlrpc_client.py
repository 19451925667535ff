"""An XML-RPC client over TLS: the standard library's client, with a connection of this package under it.

python examples/xmlrpc_client.py --certs certs --port 4433 1 2 3.5

It asks what the server can do, and lets it add the numbers.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import xmlrpc.client
from pathlib import Path

from OpenSSL import SSL


class TLSConnection(http.client.HTTPConnection):
    """HTTP over a connection of this package."""

    default_port = 443

    def __init__(self, host: str, context: SSL.Context) -> None:
        super().__init__(host)
        self.context = context

    def connect(self) -> None:
        """Connect, and see that the host is who it should be."""
        connected = socket.create_connection((self.host, self.port))
        connection = SSL.Connection(self.context, connected)
        connection.set_connect_state()
        connection.set_tlsext_host_name(self.host.encode("idna"))
        connection.set_verify_host(self.host)
        connection.do_handshake()
        # http.client asks a socket for sendall, makefile and close.
        self.sock = connection  # type: ignore[assignment]


class Transport(xmlrpc.client.Transport):
    """Hands such connections to the standard library."""

    def __init__(self, context: SSL.Context) -> None:
        super().__init__()
        self.context = context

    def make_connection(self, host: object) -> TLSConnection:
        """Give the connection that is kept, or make one."""
        kept = self._connection  # type: ignore[has-type]
        if kept and kept[0] == host and kept[1] is not None:
            return kept[1]  # type: ignore[no-any-return]
        connection = TLSConnection(str(host), self.context)
        self._connection = host, connection
        return connection


def main() -> None:
    """Let the server add numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", type=float, nargs="+")
    parser.add_argument("--certs", type=Path, default=Path(), help="where make_authority.py has written")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=4433)
    options = parser.parse_args()
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(options.certs / "ca.pem")
    context.set_verify(SSL.VERIFY_PEER)
    with xmlrpc.client.ServerProxy(f"http://{options.host}:{options.port}", transport=Transport(context)) as server:
        print(f"{', '.join(server.system.listMethods())}")
        print(f"{' + '.join(f'{number:g}' for number in options.numbers)} = {server.add(*options.numbers):g}")
        print(server.reverse("TLS over XML-RPC"))


if __name__ == "__main__":
    main()
