"""An echo server for many clients in one thread: sockets that do not wait, and select().

    python examples/make_authority.py --directory certs
    python examples/echo_server.py --certs certs --port 4433

Each client must show a certificate of the authority. What waits for a socket is either side of TLS: a handshake may
want to write where the program reads, so both WantReadError and WantWriteError can come from each call.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import socket
from pathlib import Path

from OpenSSL import SSL

CHUNK = 16384


def make_context(certs: Path, name: str = "server") -> SSL.Context:
    """Make a context that shows the server's certificate, and demands one of each client."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_privatekey_file(certs / f"{name}.key.pem")
    context.use_certificate_chain_file(certs / f"{name}.pem")
    context.load_verify_locations(certs / "ca.pem")
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    context.set_session_id(b"echo")
    return context


class Client:
    """One client: what it is to get back, and what its connection waits for."""

    def __init__(self, connection: SSL.Connection, address: tuple[str, int]) -> None:
        self.connection = connection
        self.address = address
        self.name = ""
        self.pending = b""
        self.wants_write = False

    def advance(self) -> bool:
        """Do what can be done without waiting; False when the client has gone."""
        self.wants_write = False
        try:
            if not self.name:
                self.connection.do_handshake()
                certificate = self.connection.get_peer_certificate()
                self.name = (certificate and certificate.get_subject().CN) or "nobody"
                print(f"{self.name} has come, from {self.address[0]}", flush=True)
            while True:
                while self.pending:
                    sent = self.connection.send(self.pending)
                    self.pending = self.pending[sent:]
                self.pending = self.connection.recv(CHUNK)
        except SSL.WantReadError:
            return True
        except SSL.WantWriteError:
            self.wants_write = True
            return True
        except SSL.ZeroReturnError:
            self.say_goodbye()
        except SSL.Error as error:
            print(f"{self.name or self.address[0]}: {str(error) or type(error).__name__}", flush=True)
        return False

    def say_goodbye(self) -> None:
        """Answer the client's close_notify, as far as that is possible without waiting."""
        print(f"{self.name} has gone", flush=True)
        with contextlib.suppress(SSL.Error):
            self.connection.shutdown()


def serve(context: SSL.Context, listening: socket.socket) -> None:
    """Serve for ever."""
    listening.setblocking(False)
    listener = SSL.Connection(context, listening)
    clients: dict[int, Client] = {}
    while True:
        writing = [number for number, client in clients.items() if client.wants_write]
        readable, writable, _ = select.select([listener, *clients], writing, [])
        if listener in readable:
            readable.remove(listener)
            try:
                connection, address = listener.accept()
            except BlockingIOError:
                continue
            connection.setblocking(False)
            clients[connection.fileno()] = Client(connection, address)
        for number in {*readable, *writable}:
            if not clients[number].advance():
                clients.pop(number).connection.close()


def main() -> None:
    """Read the command line, and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--certs", type=Path, default=Path(), help="where make_authority.py has written")
    parser.add_argument("--port", type=int, default=4433, help="0 takes one that is free")
    options = parser.parse_args()
    with socket.create_server(("localhost", options.port)) as listening:
        print(f"listening on {listening.getsockname()[1]}", flush=True)
        serve(make_context(options.certs), listening)


if __name__ == "__main__":
    main()
