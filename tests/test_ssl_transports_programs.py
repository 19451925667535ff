"""Connection through the standard input and output of other programs, which may be a TLS tunnel themselves."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import PATIENCE, until
from tests.support.contexts import client_context, server_context
from tests.support.duplex import converse, joined
from tests.support.pairs import Pair, receive
from tests.support.ports import free_port
from tests.support.programs import program
from tests.support.rows import rows
from tests.support.service import serving, until_closed


@contextlib.contextmanager
def started(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program whose standard input and output are the transport."""
    process = subprocess.Popen(
        [program(command[0]), *command[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


@rows(321, 324)
def test_through_other_programs(ec: Authority, version: str):
    # client -> cat -> server -> cat -> client
    with started("cat") as there, started("cat") as back:
        converse(
            joined(
                client_context(ec, version),
                server_context(ec, version),
                [back.stdout, there.stdin, there.stdout, back.stdin],
            )
        )


RELAY = """
import os, socket, sys, threading

def copy(read, write, end):
    while data := read(65536):
        write(data)
    end()

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
threading.Thread(
    target=copy, args=(lambda size: os.read(0, size), connection.sendall, lambda: connection.shutdown(socket.SHUT_WR))
).start()
copy(connection.recv, lambda data: os.write(1, data), lambda: os.close(1))
"""


@rows(321, 324)
def test_through_a_relay(ec: Authority, version: str):
    def serve(connection: SSL.Connection) -> bytes:
        connection.sendall(bytes(300_000))
        return until_closed(connection)

    with (
        serving(server_context(ec, version), serve) as service,
        started(sys.executable, "-c", RELAY, str(service.port)) as relay,
    ):
        client = SSL.Connection(client_context(ec, version), relay.stdout, relay.stdin)
        client.set_connect_state()
        assert receive(client, 300_000) == bytes(300_000)
        client.sendall(b"through another program")
        client.shutdown()
        assert service.result() == b"through another program"


@rows(321, 324)
@pytest.mark.parametrize("unbuffered", [True, False])
def test_through_the_tunnel_of_s_client(ec: Authority, version: str, unbuffered: bool):
    # TLS inside the TLS of another program; on the server's side inside of ours.
    def serve(outer: SSL.Connection) -> bytes:
        inner = SSL.Connection(server_context(ec, version), outer)
        inner.set_accept_state()
        inner.sendall(b"\nQ\nR\nnot a command of s_client")
        received = until_closed(inner)
        inner.shutdown()
        return received

    with (
        serving(server_context(ec), serve) as service,
        started("openssl", "s_client", "-quiet", "-verify_quiet", "-connect", f"127.0.0.1:{service.port}") as tunnel,
    ):
        reader = tunnel.stdout.raw if unbuffered else tunnel.stdout
        client = SSL.Connection(client_context(ec, version), reader, tunnel.stdin)
        client.set_connect_state()
        assert receive(client, 30) == b"\nQ\nR\nnot a command of s_client"
        data = os.urandom(200_000)
        client.sendall(data)
        client.shutdown()
        assert service.result() == data
        with pytest.raises(SSL.ZeroReturnError):
            client.recv(1)
        assert client.get_peer_certificate().digest("sha256") == ec.server.x509.digest("sha256")


@rows(321, 324)
def test_through_the_tunnel_of_s_server(ec: Authority, version: str):
    # The other way round: what s_server decrypts goes to our server, through its standard output.
    port = free_port()
    files = ["-cert", ec.server.cert_file, "-key", ec.server.key_file, "-cert_chain", ec.intermediate.cert_file]
    with (
        started("openssl", "s_server", "-quiet", "-naccept", "1", "-port", str(port), *files) as tunnel,
        connecting(port) as transport,
    ):
        outer = SSL.Connection(client_context(ec), transport)
        outer.set_connect_state()
        outer.do_handshake()
        client = SSL.Connection(client_context(ec, version), outer)
        server = SSL.Connection(server_context(ec, version), tunnel.stdout, tunnel.stdin)
        client.set_connect_state()
        server.set_accept_state()
        converse(Pair(client, server, "split"))


@contextlib.contextmanager
def connecting(port: int) -> Iterator[socket.socket]:
    """Connect to a program that may not listen yet."""

    def attempt() -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            found.append(socket.create_connection(("127.0.0.1", port)))
        return bool(found)

    found: list[socket.socket] = []
    until(attempt)
    with found[0]:
        yield found[0]
