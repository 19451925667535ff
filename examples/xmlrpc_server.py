"""An XML-RPC server over TLS: the standard library's server, with connections of this package under it.

    python examples/xmlrpc_server.py --certs certs --port 4433

xmlrpc_client.py is its client; any other that trusts the authority will do, too.
"""

from __future__ import annotations

import argparse
import contextlib
import socketserver
import sys
from pathlib import Path
from xmlrpc.server import SimpleXMLRPCServer

from OpenSSL import SSL


class Server(socketserver.ThreadingMixIn, SimpleXMLRPCServer):
    """A server with a thread for each connection; how it accepts them and lets them go differs from its parent."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], context: SSL.Context) -> None:
        super().__init__(address, logRequests=False)
        self.context = context

    def get_request(self) -> tuple[SSL.Connection, object]:
        """Accept a connection. Its handshake is left to its thread, which does it with the first read."""
        accepted, address = self.socket.accept()
        connection = SSL.Connection(self.context, accepted)
        connection.set_accept_state()
        return connection, address

    def shutdown_request(self, request: SSL.Connection) -> None:
        """End TLS before the connection is closed, unless it is broken."""
        with contextlib.suppress(SSL.Error):
            request.shutdown()
        self.close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report in one line what went wrong with a client."""
        print(f"{client_address}: {sys.exc_info()[1]!r}", flush=True)


def add(*numbers: float) -> float:
    """Add numbers."""
    return sum(numbers)


def main() -> None:
    """Read the command line, and serve for ever."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--certs", type=Path, default=Path(), help="where make_authority.py has written")
    parser.add_argument("--port", type=int, default=4433, help="0 takes one that is free")
    options = parser.parse_args()
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_privatekey_file(options.certs / "server.key.pem")
    context.use_certificate_chain_file(options.certs / "server.pem")
    server = Server(("localhost", options.port), context)
    server.register_introspection_functions()
    server.register_function(add)
    server.register_function(lambda text: text[::-1], "reverse")
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
