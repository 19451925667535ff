"""Connection: who waits for the socket learns of everything there."""

import select
import socket
import struct

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import PATIENCE, Background
from tests.support.contexts import client_context, server_context
from tests.support.pairs import connected, fill_socket

RECORD = 16384


@pytest.mark.parametrize("limit", [4096, 65536])
@pytest.mark.parametrize("sizes", [[8], [100] * 5, [RECORD], [RECORD] * 3, [2, 2, 2], [RECORD, 19]])
@pytest.mark.parametrize("blocking", [True, False])
def test_a_clean_end_behind_data(ec: Authority, version: str, sizes: list[int], limit: int, blocking: bool):
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        pair.sockets()[0].setblocking(blocking)
        # Small records, before which the client looks at what else is there.
        for _ in range(3):
            pair.server.send(b"small")
            assert select.select([pair.client], [], [], 10)[0]
            assert pair.client.recv(100) == b"small"
        for size in sizes:
            pair.server.sendall(bytes(size))
        # The server does not close the socket: it waits for the client's end.
        pair.server.shutdown()
        received = 0
        while True:
            if not pair.client.pending():
                assert select.select([pair.client], [], [], 10)[0], f"nothing to read after {received} bytes"
            try:
                received += len(pair.client.recv(limit))
            except SSL.ZeroReturnError:
                break
            except SSL.WantReadError:
                assert not blocking
        assert received == sum(sizes)


@pytest.mark.parametrize("size", [100, RECORD])
def test_a_violation_behind_data(ec: Authority, version: str, size: int):
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        for _ in range(3):
            pair.server.send(b"small")
            assert pair.client.recv(100) == b"small"
        pair.server.sendall(bytes(size))
        pair.sockets()[1].sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
        assert pair.client.recv(65536) == bytes(size)
        assert pair.client.pending() or select.select([pair.client], [], [], 10)[0]
        for _ in range(2):
            # Who looks first takes nothing from who reads.
            with pytest.raises(SSL.Error, match="bad record mac"):
                pair.client.recv(100, socket.MSG_PEEK)
        with pytest.raises(SSL.Error, match="bad record mac"):
            pair.client.recv(100)


@pytest.mark.parametrize("header", [b"", b"\x17\x03\x03", b"\x17\x03\x03\x00\x50"])
def test_a_reset_wherever_it_comes(ec: Authority, header: bytes):
    with connected(client_context(ec), server_context(ec), "tcp") as pair:
        receiving = Background(lambda: pair.server.recv(5000))
        client_socket, _ = pair.sockets()
        client_socket.send(header)
        select.select([], [], [], 0.2)
        client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client_socket.close()
        with pytest.raises(SSL.SysCallError, match="ECONNRESET"):
            receiving.result()


@pytest.mark.parametrize("limit", [100, 4096, 4097, 65536])
def test_an_alert_that_nobody_takes_holds_nobody_up(ec: Authority, version: str, limit: int):
    # The peer reads nothing and violates the protocol: the alert cannot be sent, and that is no reason to wait.
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        client_socket, server_socket = pair.sockets()
        fill_socket(server_socket)
        client_socket.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
        receiving = Background(lambda: pair.server.recv(limit))
        # This thread runs on, or it would never come to look.
        with pytest.raises(SSL.Error, match="bad record"):
            receiving.result(10)


def test_pending_tells_of_what_was_read_ahead(ec: Authority, version: str):
    """Who waits for the socket only where nothing is pending misses nothing: neither records nor the end."""
    client, server = client_context(ec, version), server_context(ec, version)
    server.set_read_ahead(True)
    messages = [bytes([n]) * (1 + 700 * n) for n in range(12)]
    with connected(client, server, "unix") as pair:
        for message in messages:
            pair.client.sendall(message)
        # All is there before anything is read.
        pair.client.shutdown()
        received = b""
        for _ in range(1000):
            if not pair.server.pending():
                readable, _, _ = select.select([pair.server], [], [], PATIENCE)
                assert readable, f"{len(received)} bytes were received, and nobody tells of the rest"
            try:
                received += pair.server.recv(3000)
            except SSL.ZeroReturnError:
                break
        assert received == b"".join(messages)


def test_pending_reads_nothing_itself(ec: Authority, version: str):
    """What is only in part there, or still in the transport, is not pending; damage that was read is."""
    client, server = client_context(ec, version), server_context(ec, version)
    server.set_read_ahead(True)
    with connected(client, server, "memory") as pair:
        pair.client.send(b"one")
        pair.client.send(b"two")
        both = pair.client.bio_read(1 << 16)
        pair.server.bio_write(both[:-1])
        assert pair.server.pending() == 0
        assert pair.server.recv(10) == b"one"
        assert pair.server.pending() == 0
        with pytest.raises(SSL.WantReadError):
            pair.server.recv(10)
        assert pair.server.pending() == 0
        pair.server.bio_write(both[-1:])
        assert pair.server.pending() == 0
        assert pair.server.recv(10) == b"two"
        pair.client.send(b"three")
        pair.client.send(b"four")
        both = bytearray(pair.client.bio_read(1 << 16))
        both[-1] ^= 1
        pair.server.bio_write(both)
        assert pair.server.recv(10) == b"three"
        assert pair.server.pending() == 1
        with pytest.raises(SSL.Error, match="mac"):
            pair.server.recv(10)
