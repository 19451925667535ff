"""A proxy that speaks HTTPS to its clients and plain HTTP to the server behind it.

    python examples/tls_proxy.py --certs certs --port 4433 --backend localhost:8000

It moves bytes and does not read HTTP. Each connection has two threads, one for each direction: one thread may send on
a connection while another receives on it. The end of one direction is passed on, and the other goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import threading
from pathlib import Path

from OpenSSL import SSL

CHUNK = 65536


def upstream(connection: SSL.Connection, backend: socket.socket) -> None:
    """Move what the client sends to the server behind, decrypted."""
    try:
        while True:
            backend.sendall(connection.recv(CHUNK))
    except SSL.ZeroReturnError:
        pass
    except (SSL.Error, OSError) as error:
        print(f"client: {str(error) or type(error).__name__}", flush=True)
    with contextlib.suppress(OSError):
        backend.shutdown(socket.SHUT_WR)


def downstream(connection: SSL.Connection, backend: socket.socket) -> None:
    """Move what the server behind sends to the client, encrypted."""
    with contextlib.suppress(SSL.Error, OSError):
        while data := backend.recv(CHUNK):
            connection.sendall(data)
        # The close_notify that tells the client that nothing was cut off.
        connection.shutdown()


def serve(connection: SSL.Connection, backend_address: tuple[str, int]) -> None:
    """Serve one client."""
    with connection:
        try:
            connection.do_handshake()
            backend = socket.create_connection(backend_address)
        except (SSL.Error, OSError) as error:
            print(f"refused: {str(error) or type(error).__name__}", flush=True)
            return
        with backend:
            up = threading.Thread(target=upstream, args=(connection, backend), daemon=True)
            up.start()
            downstream(connection, backend)
            # Whoever reads from the client now waits for an end that need not come.
            connection.sock_shutdown(socket.SHUT_RDWR)
            up.join()


def main() -> None:
    """Read the command line, and serve for ever."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--certs", type=Path, default=Path(), help="where make_authority.py has written")
    parser.add_argument("--name", default="server", help="whose certificate to show")
    parser.add_argument("--port", type=int, default=4433, help="0 takes one that is free")
    parser.add_argument("--backend", default="localhost:8000", help="the server behind, HOST:PORT")
    options = parser.parse_args()
    host, _, port = options.backend.rpartition(":")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_privatekey_file(options.certs / f"{options.name}.key.pem")
    context.use_certificate_chain_file(options.certs / f"{options.name}.pem")
    with socket.create_server(("localhost", options.port)) as listening:
        print(f"listening on {listening.getsockname()[1]}", flush=True)
        listener = SSL.Connection(context, listening)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, (host, int(port))), daemon=True).start()


if __name__ == "__main__":
    main()
