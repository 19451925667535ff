"""`Connection.exchange` and `Connection.seal`: all that a program with its own event loop does, in one call each."""

import array
import random
import threading
from collections.abc import Callable

import psutil
import pytest
from OpenSSL import SSL
from typing_extensions import Buffer

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import memory_pair, socket_pair

UNEXPECTED_EOF = (-1, "Unexpected EOF")


def shaken(client_context: SSL.Context, server_context: SSL.Context) -> tuple[SSL.Connection, SSL.Connection]:
    """Shake hands with nothing but `exchange`."""
    pair = memory_pair(client_context, server_context)
    data, flight, ended = pair.client.exchange()
    sender, receiver = pair.client, pair.server
    while flight:
        assert (data, ended) == (b"", False)
        sender, receiver = receiver, sender
        data, flight, ended = sender.exchange(flight)
    for end in (pair.client, pair.server):
        end.do_handshake()
    return pair.client, pair.server


@pytest.fixture(params=VERSIONS)
def pair(request: pytest.FixtureRequest, ec: Authority) -> tuple[SSL.Connection, SSL.Connection]:
    """Join two connections, their handshake done."""
    return shaken(client_context(ec, request.param), server_context(ec, request.param))


def test_shakes_hands_and_moves_data(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    assert server.exchange(client.seal(b"there")) == (b"there", b"", False)
    assert client.exchange(server.seal(b"and back")) == (b"and back", b"", False)
    assert client.exchange() == (b"", b"", False)
    with pytest.raises(SSL.WantReadError):
        client.bio_read(1)


def test_all_records_come_at_once(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    sent = random.Random(1).randbytes(1_000_000)
    ciphertext = b"".join(client.seal(sent[start : start + 30_000]) for start in range(0, len(sent), 30_000))
    assert server.exchange(ciphertext) == (sent, b"", False)
    assert server.exchange(client.seal(sent)) == (sent, b"", False)


def test_pieces_of_any_size(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    chance = random.Random(2)
    sent = chance.randbytes(100_000)
    ciphertext = client.seal(sent)
    received, start = b"", 0
    while start < len(ciphertext):
        length = chance.choice((1, 4, 5, 6, 1000, 20_000))
        data, answer, ended = server.exchange(ciphertext[start : start + length])
        assert (answer, ended) == (b"", False)
        received += data
        start += length
    assert received == sent


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array.array("B", data)])
@pytest.mark.parametrize("size", [10, 100_000])
def test_any_buffer(pair: tuple[SSL.Connection, SSL.Connection], kind: Callable[[bytes], Buffer], size: int) -> None:
    client, server = pair
    data, answer, ended = server.exchange(kind(client.seal(kind(bytes(size)))))
    assert (data, answer, ended) == (bytes(size), b"", False)


def test_items_of_several_bytes_are_bytes(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    numbers = array.array("H", [1, 2, 3])
    assert server.exchange(client.seal(numbers))[0] == numbers.tobytes()


def test_a_part_of_a_buffer(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    buffer = bytearray(4096)
    ciphertext = client.seal(b"x")
    buffer[: len(ciphertext)] = ciphertext
    view = memoryview(buffer)[: len(ciphertext)]
    assert server.exchange(view) == (b"x", b"", False)
    # Nothing keeps the buffer.
    view.release()
    buffer.clear()


def test_other_objects_are_refused(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, _ = pair
    for method in (client.exchange, client.seal):
        for wrong in ("text", 5, object()):
            with pytest.raises(TypeError):
                method(wrong)
        with pytest.raises(BufferError):
            method(memoryview(bytes(10))[::2])
    with pytest.raises(TypeError):
        client.seal(None)  # type: ignore[arg-type]


def test_only_in_memory_and_only_for_streams(ec: Authority) -> None:
    pair = socket_pair(client_context(ec), server_context(ec))
    try:
        with pytest.raises(TypeError):
            pair.client.exchange(b"x")
        with pytest.raises(TypeError):
            pair.client.seal(b"x")
    finally:
        pair.close()
    datagrams = SSL.Connection(SSL.Context(SSL.DTLS_METHOD), None)
    datagrams.set_connect_state()
    with pytest.raises(ValueError, match="DTLS"):
        datagrams.exchange()
    with pytest.raises(ValueError, match="DTLS"):
        datagrams.seal(b"x")


def test_a_clean_end_is_told_after_the_data(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    ciphertext = client.seal(b"the last")
    client.shutdown()
    assert server.exchange(ciphertext + client.bio_read(1000)) == (b"the last", b"", True)
    for _ in range(2):
        with pytest.raises(SSL.ZeroReturnError):
            server.exchange()
    # The other direction is open.
    assert client.exchange(server.seal(b"still")) == (b"still", b"", False)


def test_an_end_without_data(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    client.shutdown()
    with pytest.raises(SSL.ZeroReturnError):
        server.exchange(client.bio_read(1000))


def test_a_stream_that_stops(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    ciphertext = client.seal(b"one") + client.seal(b"two")[:-1]
    server.bio_write(ciphertext)
    server.bio_shutdown()
    data, _, ended = server.exchange()
    assert (data, ended) == (b"one", True)
    with pytest.raises(SSL.SysCallError) as caught:
        server.exchange()
    assert caught.value.args == UNEXPECTED_EOF


def test_what_was_good_comes_before_what_is_wrong(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    good, bad = client.seal(b"good"), bytearray(client.seal(b"bad"))
    bad[-1] ^= 1
    data, _, ended = server.exchange(good + bad)
    assert (data, ended) == (b"good", True)
    with pytest.raises(SSL.Error) as caught:
        server.exchange()
    assert type(caught.value) is SSL.Error
    # The alert that says so.
    with pytest.raises(SSL.Error):
        client.exchange(server.bio_read(1000))


def test_a_refused_handshake_leaves_an_alert(ec: Authority, stranger: Authority) -> None:
    pair = memory_pair(client_context(stranger), server_context(ec))
    _, hello, _ = pair.client.exchange()
    _, flight, _ = pair.server.exchange(hello)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        pair.client.exchange(flight)
    with pytest.raises(SSL.Error, match="unknown ca"):
        pair.server.exchange(pair.client.bio_read(1000))


def test_exceptions_of_callbacks_come_out(ec: Authority) -> None:
    context = client_context(ec)

    def fail(*_: object) -> bool:
        raise LookupError("from the callback")

    context.set_verify(SSL.VERIFY_PEER, fail)
    pair = memory_pair(context, server_context(ec))
    _, hello, _ = pair.client.exchange()
    _, flight, _ = pair.server.exchange(hello)
    with pytest.raises(LookupError, match="from the callback"):
        pair.client.exchange(flight)


def test_seal_wants_the_handshake_first(ec: Authority) -> None:
    pair = memory_pair(client_context(ec), server_context(ec))
    with pytest.raises(SSL.WantReadError):
        pair.client.seal(b"early")
    hello = pair.client.bio_read(65536)
    assert hello[:1] == b"\x16"
    _, flight, _ = pair.server.exchange(hello)
    _, flight, _ = pair.client.exchange(flight)
    pair.server.exchange(flight)
    assert pair.server.exchange(pair.client.seal(b"now"))[0] == b"now"


def test_seal_sends_along_what_waits(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    client, server = pair
    client.sendall(b"first, ")
    assert server.exchange(client.seal(b"second"))[0] == b"first, second"
    client.sendall(b"third")
    assert server.exchange(client.seal(b""))[0] == b"third"


def test_renegotiation_is_answered(ec: Authority) -> None:
    client, server = shaken(client_context(ec, "TLSv1.2"), server_context(ec, "TLSv1.2"))
    assert server.renegotiate()
    server.do_handshake()
    flight = server.bio_read(65536)
    sender, receiver = server, client
    while flight:
        sender, receiver = receiver, sender
        data, flight, ended = sender.exchange(flight)
        assert (data, ended) == (b"", False)
    assert client.total_renegotiations() == 1
    assert server.exchange(client.seal(b"later"))[0] == b"later"
    assert client.exchange(server.seal(b"too"))[0] == b"too"


def test_nothing_is_lost_between_threads(pair: tuple[SSL.Connection, SSL.Connection]) -> None:
    """Both methods from several threads: every record comes whole, whichever thread gets it."""
    client, server = pair
    turn = threading.Lock()
    received: list[bytes] = []

    def work(letter: bytes) -> None:
        for _ in range(50):
            with turn:
                # Ciphertext has an order; only what decrypts may overlap.
                ciphertext = client.seal(letter * 3000)
                server.bio_write(ciphertext)
            data, _, _ = server.exchange()
            received.append(data)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = b"".join(received)
    assert {letter: everything.count(letter) for letter in (b"a", b"b", b"c")} == dict.fromkeys(
        (b"a", b"b", b"c"), 50 * 3000
    )


@pytest.mark.resident
def test_a_connection_that_was_used_holds_no_buffers(ec: Authority) -> None:
    """Many busy connections cost no more than idle ones: OpenSSL's buffers are given back after each call."""
    process = psutil.Process()
    contexts = client_context(ec), server_context(ec)
    pairs = [shaken(*contexts) for _ in range(200)]
    before = process.memory_info().rss
    for _ in range(40):
        for client, server in pairs:
            assert server.exchange(client.seal(b"x"))[0] == b"x"
            assert client.exchange(server.seal(b"y"))[0] == b"y"
    grown = process.memory_info().rss - before
    # Both buffers of both ends would be 68 KiB a pair.
    assert grown < 200 * 20 * 1024
