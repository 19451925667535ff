"""Connection: calls that were told to try again, and are repeated by another method or after another call."""

import contextlib
import select
import socket
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.datagrams import dtls_contexts
from tests.support.pairs import Pair, connected, narrow_pair

SSL_MODE_ENABLE_PARTIAL_WRITE = 1


@pytest.fixture(params=VERSIONS)
def narrow(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over non-blocking sockets whose kernel buffers are small."""
    with narrow_pair(client_context(ec, request.param), server_context(ec, request.param)) as pair:
        yield pair


def message(number: int) -> bytes:
    """Make a message that is like no other."""
    return f"message {number:06};".encode() * 20


def drain(connection: SSL.Connection) -> bytes:
    """Receive all that has come."""
    received = bytearray()
    while True:
        try:
            received += connection.recv(65536)
        except SSL.WantReadError:
            return bytes(received)


def fill(pair: Pair, send: Callable[[bytes], int]) -> int:
    """Send messages until one has to be repeated; returns its number."""
    number = 0
    while True:
        try:
            send(message(number))
        except SSL.WantWriteError:
            return number
        number += 1


def finish(pair: Pair, received: bytes) -> bytes:
    """Receive the rest, with what the client still has to send."""
    while select.select([pair.server], [], [], 0.05)[0]:
        received += drain(pair.server)
    return received


@pytest.mark.parametrize("then", ["send", "sendall"])
@pytest.mark.parametrize("first", ["send", "sendall"])
def test_by_either_method(narrow: Pair, first: str, then: str):
    number = fill(narrow, getattr(narrow.client, first))
    received = drain(narrow.server)
    assert getattr(narrow.client, then)(message(number)) == len(message(number))
    assert finish(narrow, received) == b"".join(map(message, range(number + 1)))


@pytest.mark.parametrize("first", ["send", "sendall"])
def test_corked_in_the_meantime(narrow: Pair, first: str):
    number = fill(narrow, getattr(narrow.client, first))
    received = drain(narrow.server)
    narrow.client.cork()
    # It sends what is left, so that the repetition finds the way free.
    with pytest.raises(SSL.WantReadError):
        narrow.client.recv(1)
    assert narrow.client.send(message(number)) == len(message(number))
    narrow.client.uncork()
    assert finish(narrow, received) == b"".join(map(message, range(number + 1)))


def test_with_more_behind_it(narrow: Pair):
    # As programs do that keep a buffer of what is to be sent.
    number = fill(narrow, narrow.client.send)
    received = drain(narrow.server)
    buffer = message(number) + message(number + 1)
    narrow.client.sendall(buffer)
    assert finish(narrow, received) == b"".join(map(message, range(number + 2)))


def test_with_more_behind_it_by_another_thread(narrow: Pair):
    number = fill(narrow, narrow.client.send)
    received = drain(narrow.server)
    buffer = message(number) + message(number + 1)
    with Background(lambda: narrow.client.sendall(buffer)):
        pass
    assert finish(narrow, received) == b"".join(map(message, range(number + 2)))


@pytest.mark.parametrize("first", [bytes, bytearray])
@pytest.mark.parametrize("then", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("partial", [True, False])
def test_large_ones_in_another_object(ec: Authority, first: type, then: type, partial: bool):
    client = client_context(ec)
    if not partial:
        client.clear_mode(SSL_MODE_ENABLE_PARTIAL_WRITE)
    data = b"".join(map(message, range(1000)))
    with connected(client, server_context(ec), "unix") as pair:
        for end in pair.sockets():
            end.setblocking(False)
        sent, received = 0, b""
        kinds = [first, then]
        while sent < len(data):
            try:
                sent += pair.client.send(kinds[0](data[sent:]))
                kinds[0] = first
            except SSL.WantWriteError:
                kinds[0] = then
                received += drain(pair.server)
        assert finish(pair, received) == data


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_all_of_it_where_the_mode_says_so(ec: Authority, kind: type):
    client = client_context(ec)
    client.clear_mode(SSL_MODE_ENABLE_PARTIAL_WRITE)
    data = b"".join(map(message, range(300)))
    with connected(client, server_context(ec), "memory") as pair:
        assert len(data) > 65536
        assert pair.client.send(kind(data)) == len(data)
        pair.move()
        assert drain(pair.server) == data


@pytest.mark.parametrize("then", ["send", "sendall"])
@pytest.mark.parametrize("first", ["send", "sendall"])
def test_a_datagram_is_taken_up_whole_or_not_at_all(ec: Authority, first: str, then: str):
    client_recipe, server_recipe = dtls_contexts(ec)
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    client, server = SSL.Connection(client_recipe, ends[0]), SSL.Connection(server_recipe, ends[1])
    client.set_connect_state()
    server.set_accept_state()
    with Background(server.do_handshake):
        client.do_handshake()
    for end in ends:
        end.setblocking(False)

    def received() -> list[bytes]:
        messages = []
        with contextlib.suppress(SSL.WantReadError):
            while True:
                messages.append(server.recv(10_000))
        return messages

    sent = []
    with contextlib.suppress(SSL.WantWriteError):
        while True:
            getattr(client, first)(b"%06d" % len(sent))
            sent.append(b"%06d" % len(sent))
    got = received()
    # The same bytes with more behind them are another message; the one before may arrive, too.
    longer = b"%06d and more" % len(sent)
    assert getattr(client, then)(longer) == len(longer)
    got += received()
    assert [message for message in got if message != longer[:6]] == [*sent, longer]
    for end in ends:
        end.close()


def test_what_another_thread_gave_up_on_is_not_taken_for_a_new_message(narrow: Pair):
    def give_up() -> int:
        count = 0
        with contextlib.suppress(SSL.WantWriteError):
            while True:
                count += narrow.client.send(b"PING") == 4
        return count

    count = Background(give_up).result()
    received = drain(narrow.server)
    for part in (b"first", b"PING", b"last"):
        assert narrow.client.send(part) == len(part)
    received += drain(narrow.server)
    # What was given up on is sent all the same.
    assert received == b"PING" * (count + 1) + b"first" + b"PING" + b"last"
