"""Corked connections: many small sends as few full records."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, server_context
from tests.support.pairs import connected, fill_socket, memory_pair, pump, receive

RECORD = 16384


def drained(connection: SSL.Connection) -> bytes:
    """Take all ciphertext of a connection in memory."""
    parts = []
    while True:
        try:
            parts.append(connection.bio_read(65536))
        except SSL.WantReadError:
            return b"".join(parts)


def records(ciphertext: bytes) -> list[int]:
    """Return the lengths of the records."""
    lengths = []
    while ciphertext:
        length = int.from_bytes(ciphertext[3:5], "big")
        lengths.append(length)
        ciphertext = ciphertext[5 + length :]
    return lengths


def test_wire_bytes_are_those_of_one_send(ec: Authority, version: str):
    data = bytes(n % 251 for n in range(20_000))
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        pair.client.sendall(data)
        at_once = drained(pair.client)
        pair.server.bio_write(at_once)
        assert receive(pair.server, len(data)) == data
        with pair.client.cork() as corked:
            assert corked is pair.client
            for n in data:
                assert pair.client.send(bytes([n])) == 1
        gathered = drained(pair.client)
        assert len(gathered) <= 1.1 * len(at_once)
        assert len(records(gathered)) == 2
        pair.server.bio_write(gathered)
        assert receive(pair.server, len(data)) == data


@pytest.mark.parametrize("kind", ["memory", "unix", "tcp"])
@pytest.mark.parametrize("send", ["send", "sendall"])
def test_nothing_goes_before_a_record_is_full(ec: Authority, version: str, kind: str, send: str):
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        if pair.server_socket is not None:
            pair.server_socket.setblocking(False)
        pair.client.cork()
        assert getattr(pair.client, send)(b"x" * (RECORD - 1)) == RECORD - 1
        pair.move()
        with pytest.raises(SSL.WantReadError):
            pair.server.recv(100)
        assert getattr(pair.client, send)(b"yz") == 2
        pair.move()
        if pair.server_socket is not None:
            pair.server_socket.setblocking(True)
        assert receive(pair.server, RECORD) == b"x" * (RECORD - 1) + b"y"
        pair.client.uncork()
        pair.move()
        assert pair.server.recv(100) == b"z"


@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_what_is_large_goes_at_once_and_in_order(ec: Authority, version: str, kind: str):
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        pair.client.cork()
        pair.client.send(b"before")
        assert pair.client.sendall(b"x" * 2 * RECORD) == 2 * RECORD
        pair.move()
        assert receive(pair.server, 6 + 2 * RECORD) == b"before" + b"x" * 2 * RECORD
        pair.client.send(b"after")
        pair.client.uncork()
        pair.move()
        assert pair.server.recv(100) == b"after"


def test_shutdown_sends_it_first(ec: Authority, version: str):
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        pair.client.cork()
        pair.client.send(b"the last words")
        pair.client.shutdown()
        assert pair.server.recv(100) == b"the last words"
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(100)


def test_uncork_without_cork_and_twice(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        pair.client.uncork()
        pair.client.cork()
        pair.client.cork()
        pair.client.send(b"x")
        pair.client.uncork()
        pair.client.uncork()
        pair.client.send(b"y")
        pump(pair.client, pair.server)
        assert receive(pair.server, 2) == b"xy"


def test_before_the_handshake(ec: Authority):
    """What is gathered waits for the handshake, and is not lost by asking too early."""
    pair = memory_pair(client_context(ec), server_context(ec))
    pair.client.cork()
    pair.client.send(b"early")
    with pytest.raises(SSL.WantReadError):
        pair.client.uncork()
    pump(pair.client, pair.server)
    pair.handshake()
    pair.client.uncork()
    pump(pair.client, pair.server)
    assert pair.server.recv(100) == b"early"


def test_a_record_full_before_the_handshake_takes_nothing(ec: Authority):
    pair = memory_pair(client_context(ec), server_context(ec))
    pair.client.cork()
    pair.client.send(b"x" * (RECORD - 1))
    with pytest.raises(SSL.WantReadError):
        pair.client.send(b"yz")
    pump(pair.client, pair.server)
    pair.handshake()
    assert pair.client.send(b"yz") == 2
    pair.client.uncork()
    pump(pair.client, pair.server)
    assert receive(pair.server, RECORD + 1) == b"x" * (RECORD - 1) + b"yz"


def test_an_exception_in_the_body_comes_out_and_what_was_sent_is_sent(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        with pytest.raises(ZeroDivisionError), pair.client.cork():
            pair.client.send(b"before") / 0
        pump(pair.client, pair.server)
        assert pair.server.recv(100) == b"before"


def test_a_transport_that_takes_nothing_more(ec: Authority):
    """Nothing is sent twice and nothing is lost: a send that cannot go on takes nothing."""
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        client, server = pair.client, pair.server
        for end in pair.sockets():
            end.setblocking(False)
        message = bytes(range(100)) * 10
        client.cork()
        taken = send_until_full(client, message)
        got = bytearray()
        while True:
            with contextlib.suppress(SSL.WantReadError):
                got += server.recv(65536)
            with contextlib.suppress(SSL.WantWriteError):
                client.uncork()
                break
        while len(got) < taken:
            got += server.recv(65536)
        assert got == message * (taken // len(message))
        client.send(b"end")
        assert server.recv(100) == b"end"


def send_until_full(connection: SSL.Connection, message: bytes) -> int:
    """Send until the transport takes nothing more; returns how many bytes were taken."""
    taken = 0
    with contextlib.suppress(SSL.WantWriteError):
        while True:
            taken += connection.send(message)
    return taken


def test_many_threads_lose_nothing(ec: Authority):
    with connected(client_context(ec), server_context(ec), "unix") as pair, pair.client.cork():
        messages = [bytes([n]) * 100 for n in range(4)]

        def send(message: bytes) -> None:
            for _ in range(500):
                pair.client.sendall(message)

        threads = [threading.Thread(target=send, args=(message,)) for message in messages]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pair.client.uncork()
        got = receive(pair.server, 4 * 500 * 100)
        pieces = [got[at : at + 100] for at in range(0, len(got), 100)]
        assert {piece: pieces.count(piece) for piece in messages} == dict.fromkeys(messages, 500)


def test_inside_a_callback(ec: Authority):
    """A callback may put the cork in; it cannot make the connection send."""

    def callback(connection: SSL.Connection) -> None:
        connection.cork()
        with pytest.raises(SSL.Error, match="in the middle"):
            connection.send(b"x")

    server = server_context(ec)
    server.set_tlsext_servername_callback(callback)
    pair = memory_pair(client_context(ec), server)
    pair.handshake()
    pair.server.send(b"later")
    pair.server.uncork()
    pump(pair.server, pair.client)
    assert pair.client.recv(100) == b"later"


@settings(deadline=None, max_examples=50)
@given(steps=st.lists(st.one_of(st.integers(0, 40_000), st.sampled_from(["cork", "uncork"])), max_size=30))
def test_any_sequence(ec: Authority, steps: list):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        sent = b""
        for step in steps:
            if isinstance(step, str):
                getattr(pair.client, step)()
            else:
                data = bytes(n % 253 for n in range(step))
                assert pair.client.sendall(data) == len(data)
                sent += data
        pair.client.uncork()
        pump(pair.client, pair.server)
        assert receive(pair.server, len(sent)) == sent


@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_nothing_is_taken_after_the_end(ec: Authority, kind: str):
    with connected(client_context(ec), server_context(ec), kind) as pair:
        pair.client.cork()
        pair.client.send(b"before")
        pair.client.shutdown()
        for method in ("send", "sendall"):
            with pytest.raises(SSL.Error, match="protocol is shutdown"):
                getattr(pair.client, method)(b"after")
        pair.client.uncork()
        pair.move()
        assert pair.server.recv(100) == b"before"
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(100)


def test_datagrams_stay_apart(ec: Authority):
    contexts = [SSL.Context(SSL.DTLS_METHOD), SSL.Context(SSL.DTLS_METHOD)]
    identify(contexts[1], ec, ec.server)
    pair = memory_pair(*contexts)
    pair.client.set_ciphertext_mtu(1500)
    pair.server.set_ciphertext_mtu(1500)
    pair.handshake()
    with pair.client.cork():
        pair.client.send(b"one")
        pair.client.send(b"another")
    pair.move()
    assert [pair.server.recv(100), pair.server.recv(100)] == [b"one", b"another"]


@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_the_end_of_a_with_statement_sends_it_first(ec: Authority, version: str, kind: str):
    with connected(client_context(ec, version), server_context(ec, version), kind) as pair:
        with pair.client:
            pair.client.cork()
            assert pair.client.sendall(b"important") == 9
        pair.move()
        assert receive(pair.server, 9) == b"important"
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(1)


def test_uncork_in_one_thread_and_send_in_another(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        ready, done = threading.Barrier(3), threading.Barrier(3)
        rounds = 2000

        def repeat(work: Callable[[], object]) -> None:
            for _ in range(rounds):
                ready.wait(30)
                work()
                done.wait(30)

        with (
            Background(lambda: repeat(pair.client.uncork)),
            Background(lambda: repeat(lambda: pair.client.send(b"x" * 100))),
        ):
            for _ in range(rounds):
                pair.client.cork()
                ready.wait(30)
                done.wait(30)
                pair.move()
                assert receive(pair.server, 100) == b"x" * 100


def test_the_end_of_a_with_statement_waits_for_room(ec: Authority):
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        client_socket, server_socket = pair.sockets()
        filled = fill_socket(client_socket)

        def read() -> bytes:
            left = filled
            while left:
                left -= len(server_socket.recv(left))
            return receive(pair.server, 10_000)

        with pair.client:
            pair.client.cork()
            pair.client.sendall(b"y" * 10_000)
            reading = Background(read)
        assert reading.result() == b"y" * 10_000


def test_the_end_of_a_with_statement_says_what_could_not_be_sent(ec: Authority):
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        client_socket, server_socket = pair.sockets()
        fill_socket(client_socket)
        client_socket.setblocking(False)
        pair.client.cork()
        assert pair.client.sendall(b"y" * 10_000) == 10_000
        with pytest.raises(SSL.WantWriteError), pair.client:
            pass
        assert client_socket.fileno() == -1
        server_socket.close()
