"""A server of many names: which certificate it shows depends on the name that the client asks for.

    python examples/make_authority.py --directory certs --server one.example --server two.example
    python examples/sni_server.py --certs certs --port 4433 one.example two.example

The first name's certificate is for clients that ask for no name. Whoever asks for one that is not served is refused.
"""

from __future__ import annotations

import argparse
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from OpenSSL import SSL


def make_context(certs: Path, name: str) -> SSL.Context:
    """Make the context of one name."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_privatekey_file(certs / f"{name}.key.pem")
    context.use_certificate_chain_file(certs / f"{name}.pem")
    return context


def choose_among(contexts: dict[bytes, SSL.Context]) -> Callable[[SSL.Connection], None]:
    """Make the callback that is called in the handshake, when the client has said which name it wants."""

    def choose(connection: SSL.Connection) -> None:
        name = connection.get_servername()
        if name is not None:
            # A name that is not there raises KeyError, which ends the handshake.
            connection.set_context(contexts[name.lower()])

    return choose


def serve(connection: SSL.Connection) -> None:
    """Tell a client whom it has reached."""
    with connection:
        try:
            connection.do_handshake()
            certificate = connection.get_certificate()
            name = certificate.get_subject().CN if certificate else "nobody"
            connection.sendall(f"this is {name}\n".encode())
            connection.shutdown()
        except SSL.Error as error:
            print(f"refused: {str(error) or type(error).__name__}", flush=True)


def main() -> None:
    """Read the command line, and serve for ever."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", help="the names to serve")
    parser.add_argument("--certs", type=Path, default=Path(), help="where make_authority.py has written")
    parser.add_argument("--port", type=int, default=4433, help="0 takes one that is free")
    options = parser.parse_args()
    contexts = {name.lower().encode(): make_context(options.certs, name) for name in options.names}
    first = contexts[options.names[0].lower().encode()]
    first.set_tlsext_servername_callback(choose_among(contexts))
    with socket.create_server(("localhost", options.port)) as listening:
        print(f"listening on {listening.getsockname()[1]}", flush=True)
        listener = SSL.Connection(first, listening)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
