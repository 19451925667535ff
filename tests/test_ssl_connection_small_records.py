"""Small records over a socket: read many at a time, and not one byte of what follows them."""

import contextlib
import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context
from tests.support.pairs import connected, receive

AFTERWARDS = b"\x17\x03\x03\x00\x05plain text that looks like a record"


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_many_are_received_at_once(ec: Authority, version: str, kind: str):
    messages = [bytes([n]) * 64 for n in range(50)]
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        pair.client.send(b"the first tells that records are small")
        assert pair.server.recv(4096) == b"the first tells that records are small"
        for message in messages:
            pair.client.send(message)
        parts = []
        while sum(map(len, parts)) < 64 * 50:
            parts.append(pair.server.recv(4096))
        assert b"".join(parts) == b"".join(messages)
        assert len(parts) < 50


@pytest.mark.parametrize("kind", ["unix", "tcp"])
@pytest.mark.parametrize("size", [1, 63, 64, 65, 100, 4096])
def test_never_more_than_asked_for(ec: Authority, version: str, kind: str, size: int):
    messages = b"".join(bytes([n]) * 64 for n in range(50))
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        for start in range(0, len(messages), 64):
            pair.client.send(messages[start : start + 64])
        got = b""
        while len(got) < len(messages):
            part = pair.server.recv(size)
            assert 0 < len(part) <= size
            got += part
        assert got == messages


@pytest.mark.parametrize("kind", ["unix", "tcp"])
@pytest.mark.parametrize("size", [4096, 65536])
def test_what_follows_the_stream_stays_in_the_socket(ec: Authority, version: str, kind: str, size: int):
    """The records, the alert that ends them and plain text are all there when the server begins to read."""
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        client_socket, server_socket = pair.sockets()
        for _ in range(20):
            pair.client.send(b"small")
        pair.client.shutdown()
        client_socket.sendall(AFTERWARDS)
        assert receive(pair.server, 100) == b"small" * 20
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(size)
        assert server_socket.recv(4096) == AFTERWARDS


def test_another_tls_connection_follows_on_the_same_socket(ec: Authority, version: str):
    """Its first record is a good one too; it must reach the second connection."""
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        client_socket, server_socket = pair.sockets()
        pair.server.send(b"the tickets come with it")
        assert pair.client.recv(4096)
        for _ in range(20):
            pair.client.send(b"small")
        pair.client.shutdown()
        again = SSL.Connection(client_context(ec, version), client_socket)
        again.set_connect_state()
        with Background(again.do_handshake):
            assert receive(pair.server, 100) == b"small" * 20
            with pytest.raises(SSL.ZeroReturnError):
                pair.server.recv(4096)
            second = SSL.Connection(server_context(ec, version), server_socket)
            second.set_accept_state()
            second.do_handshake()
        again.send(b"second")
        assert second.recv(4096) == b"second"


def test_an_error_after_good_records_comes_after_their_data(ec: Authority, version: str):
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        client_socket, _ = pair.sockets()
        pair.client.send(b"first")
        assert pair.server.recv(4096) == b"first"
        pair.client.send(b"good")
        client_socket.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        assert pair.server.recv(4096) == b"good"
        with pytest.raises(SSL.Error) as raised:
            pair.server.recv(4096)
        assert type(raised.value) is SSL.Error


@pytest.mark.parametrize("cut", [1, 4, 5, 6, 20, 50])
def test_a_record_that_comes_in_pieces(ec: Authority, version: str, cut: int):
    """What was looked at and belongs to an incomplete record is neither lost nor read twice."""
    client_raw, server_raw = socket.socketpair()
    client, server = (
        SSL.Connection(client_context(ec, version)),
        SSL.Connection(server_context(ec, version), server_raw),
    )
    client.set_connect_state()
    server.set_accept_state()

    def carry() -> None:
        with contextlib.suppress(SSL.WantReadError):
            client_raw.sendall(client.bio_read(65536))

    with client_raw, server_raw:
        with Background(server.do_handshake):
            while True:
                try:
                    client.do_handshake()
                except SSL.WantReadError:
                    carry()
                    client.bio_write(client_raw.recv(65536))
                else:
                    break
            carry()
        server_raw.setblocking(False)
        for message in (b"one", b"two"):
            client.send(message)
        client.send(b"x" * 64)
        stream = client.bio_read(65536)
        pieces = [stream[:-cut], stream[-cut:]]
        client_raw.sendall(pieces[0])
        got = b""
        while len(got) < 6:
            got += server.recv(4096)
        with pytest.raises(SSL.WantReadError):
            server.recv(4096)
        client_raw.sendall(pieces[1])
        got += server.recv(4096)
        assert got == b"onetwo" + b"x" * 64


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=40), reads=st.lists(st.integers(1, 5000), min_size=1))
def test_any_sizes(ec: Authority, sizes: list[int], reads: list[int]):
    data = bytes(n % 251 for n in range(sum(sizes)))
    with connected(client_context(ec), server_context(ec), "unix") as pair:

        def send() -> None:
            for start, end in pairwise([0, *(sum(sizes[: n + 1]) for n in range(len(sizes)))]):
                pair.client.sendall(data[start:end])

        sender = threading.Thread(target=send)
        sender.start()
        got = b""
        turn = 0
        while len(got) < len(data):
            got += pair.server.recv(reads[turn % len(reads)])
            turn += 1
        sender.join()
        assert got == data
