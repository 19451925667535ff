"""Connection in memory: no socket, bytes carried by bio_read and bio_write; handshakes and data in both roles."""

import array
import contextlib
import gc
import sys

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import Pair, carry, connected, handshake, memory_pair, pump, receive
from tests.support.rows import rows


@pytest.fixture
def begun(ec: Authority) -> Pair:
    """Give a pair whose handshake is still to be done."""
    return memory_pair(client_context(ec), server_context(ec))


@pytest.fixture
def pair(begun: Pair) -> Pair:
    """Give a pair whose handshake is done."""
    begun.handshake()
    return begun


@rows(257, 259, 282, 285, 322)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_handshake(request: pytest.FixtureRequest, kind: str, version: str):
    authority: Authority = request.getfixturevalue(kind)
    pair = memory_pair(client_context(authority, version), server_context(authority, version))
    assert pair.client.get_cipher_name() is None
    handshake(pair.client, pair.server)
    for connection in (pair.client, pair.server):
        assert connection.get_protocol_version_name() == version
        assert connection.get_cipher_name() is not None
        assert connection.do_handshake() is None


def test_a_connection_is_made_without_a_socket(ec: Authority):
    context = client_context(ec)
    for connection in (SSL.Connection(context), SSL.Connection(context, None), SSL.Connection(context, socket=None)):
        connection.set_connect_state()
        with pytest.raises(SSL.WantReadError):
            connection.do_handshake()
        assert connection.bio_read(5)[:3] == b"\x16\x03\x01"


@rows(283, 286)
@pytest.mark.parametrize("version", VERSIONS)
def test_read_and_write_do_the_handshake(ec: Authority, version: str):
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    sent = False
    while True:
        if not sent:
            with contextlib.suppress(SSL.WantReadError):
                sent = pair.client.send(b"hello") == 5
        carry(pair.client, pair.server)
        try:
            assert pair.server.recv(100) == b"hello"
            break
        except SSL.WantReadError:
            pass
        assert carry(pair.server, pair.client), "the handshake does not advance"


@rows(259)
@pytest.mark.parametrize("operation", ["do_handshake", "recv", "send"])
def test_without_a_role_nothing_works(ec: Authority, operation: str):
    connection = SSL.Connection(client_context(ec), None)
    arguments = {"do_handshake": (), "recv": (1,), "send": (b"x",)}[operation]
    with pytest.raises(SSL.Error) as caught:
        getattr(connection, operation)(*arguments)
    assert type(caught.value) is SSL.Error
    assert caught.value.args[0][0][2] in {"connection type not set", "uninitialized"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_handshake_byte_by_byte(ec: Authority, version: str):
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    done = {pair.client: False, pair.server: False}
    while not all(done.values()):
        moved = False
        for source, target in ((pair.client, pair.server), (pair.server, pair.client)):
            try:
                source.do_handshake()
                done[source] = True
            except SSL.WantReadError:
                pass
            while True:
                try:
                    byte = source.bio_read(1)
                except SSL.WantReadError:
                    break
                assert len(byte) == 1
                assert target.bio_write(byte) == 1
                moved = True
                try:
                    target.do_handshake()
                    done[target] = True
                except SSL.WantReadError:
                    pass
        assert moved or all(done.values()), "the handshake does not advance"


@rows(275, 278)
def test_data_both_ways(pair: Pair):
    assert pair.client.send(b"to the server") == 13
    assert pair.server.send(b"to the client") == 13
    pair.move()
    assert pair.server.recv(100) == b"to the server"
    assert pair.client.recv(100) == b"to the client"


def test_read_and_write_are_recv_and_send(pair: Pair):
    # C157
    assert pair.client.write(b"written") == 7
    pair.move()
    assert pair.server.read(100) == b"written"


@rows(276)
def test_recv_returns_at_most_what_was_asked(pair: Pair):
    pair.client.send(b"abcdefgh")
    pair.move()
    assert pair.server.recv(3) == b"abc"
    assert pair.server.recv(1) == b"d"
    assert pair.server.recv(100) == b"efgh"
    with pytest.raises(SSL.WantReadError):
        pair.server.recv(1)


@rows(273, 274)
def test_pending_counts_what_is_decrypted(pair: Pair):
    assert pair.server.pending() == 0
    pair.client.send(b"abcde")
    pair.move()
    assert pair.server.pending() == 0
    assert pair.server.recv(2) == b"ab"
    assert pair.server.pending() == 3
    assert pair.server.recv(2) == b"cd"
    assert pair.server.pending() == 1
    assert pair.server.recv(2) == b"e"
    assert pair.server.pending() == 0


def test_a_record_in_pieces(pair: Pair):
    pair.client.send(b"in pieces")
    record = pair.client.bio_read(1000)
    for index in range(len(record)):
        with pytest.raises(SSL.WantReadError):
            pair.server.recv(100)
        assert pair.server.pending() == 0
        pair.server.bio_write(record[index : index + 1])
    assert pair.server.recv(100) == b"in pieces"


def test_several_records_at_once(pair: Pair):
    for text in (b"one", b"two", b"three"):
        pair.client.send(text)
    pair.move()
    assert pair.server.recv(100) == b"one"
    assert pair.server.recv(100) == b"two"
    assert pair.server.recv(2) == b"th"
    assert pair.server.recv(100) == b"ree"


@rows(279, 280)
@pytest.mark.parametrize("size", [1, 16384, 16385, 100_000, 1_000_000])
def test_sendall_sends_all(pair: Pair, size: int):
    data = bytes(range(256)) * (size // 256 + 1)
    # C154: the count is returned.
    assert pair.client.sendall(data[:size]) == size
    pair.move()
    assert receive(pair.server, size) == data[:size]


@rows(280)
def test_send_sends_one_record_at_most(pair: Pair):
    data = bytes(50_000)
    count = pair.client.send(data)
    assert count == 16384
    pair.move()
    assert receive(pair.server, count) == data[:count]


@pytest.mark.parametrize("method", ["send", "sendall", "write"])
@pytest.mark.parametrize("empty", [b"", bytearray(), memoryview(b"")])
def test_sending_nothing(pair: Pair, method: str, empty: bytes):
    # C152: upstream's send(b"") is a SysCallError.
    assert getattr(pair.client, method)(empty) == 0
    pair.client.send(b"something")
    pair.move()
    assert pair.server.recv(100) == b"something"


def test_bio_write_of_nothing(pair: Pair):
    # C176: upstream's is an SSL.Error without entries.
    assert pair.client.bio_write(b"") == 0
    with pytest.raises(SSL.WantReadError):
        pair.client.recv(1)


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(b"abc"), array.array("B", b"abc")])
def test_bio_write_takes_any_buffer(ec: Authority, data: bytes):
    connection = SSL.Connection(client_context(ec), None)
    assert connection.bio_write(data) == 3


def test_bio_write_takes_text_with_a_warning(ec: Authority):
    connection = SSL.Connection(client_context(ec), None)
    with pytest.warns(DeprecationWarning, match="buf"):
        assert connection.bio_write("text") == 4


@pytest.mark.parametrize("data", [None, 7, object(), [1, 2]])
def test_bio_write_takes_nothing_else(ec: Authority, data: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(client_context(ec), None).bio_write(data)


def test_bio_write_refuses_a_buffer_with_gaps(ec: Authority):
    with pytest.raises(BufferError):
        SSL.Connection(client_context(ec), None).bio_write(memoryview(b"abcdef")[::2])


def test_bio_read_takes_at_most_what_was_asked(begun: Pair):
    with pytest.raises(SSL.WantReadError):
        begun.client.bio_read(1000)
    with pytest.raises(SSL.WantReadError):
        begun.client.do_handshake()
    parts = []
    while True:
        try:
            parts.append(begun.client.bio_read(7))
        except SSL.WantReadError:
            break
    assert all(len(part) == 7 for part in parts[:-1])
    assert 1 <= len(parts[-1]) <= 7
    begun.server.bio_write(b"".join(parts))
    with pytest.raises(SSL.WantReadError):
        begun.server.do_handshake()
    assert carry(begun.server, begun.client) > 0


@pytest.mark.parametrize(("size", "error"), [(-1, ValueError), ("1", TypeError), (1.0, TypeError), (None, TypeError)])
def test_bio_read_wants_a_size(begun: Pair, size: object, error: type[Exception]):
    with pytest.raises(SSL.WantReadError):
        begun.client.do_handshake()
    with pytest.raises(error, match=r"."):
        begun.client.bio_read(size)
    assert begun.client.bio_read(1) == b"\x16"


@rows(191)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_end_of_the_input(ec: Authority, version: str):
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        pair.client.send(b"last words")
        pair.move()
        assert pair.server.bio_shutdown() is None
        assert pair.server.recv(100) == b"last words"
        with pytest.raises(SSL.SysCallError) as caught:
            pair.server.recv(1)
        assert caught.value.args == (-1, "Unexpected EOF")
        # The library gives no reason for what follows; C023: the error is not empty all the same.
        for operation in (lambda: pair.server.recv(1), lambda: pair.server.send(b"x")):
            with pytest.raises(SSL.Error) as later:
                operation()
            assert later.value.args[0]


@rows(191)
def test_the_end_of_the_input_in_a_handshake(begun: Pair):
    begun.server.bio_shutdown()
    with pytest.raises(SSL.SysCallError) as caught:
        begun.server.do_handshake()
    assert caught.value.args == (-1, "Unexpected EOF")


def test_the_end_of_the_input_is_not_the_end_of_the_output(pair: Pair):
    pair.server.bio_shutdown()
    assert pair.server.send(b"still sent") == 10
    carry(pair.server, pair.client)
    assert pair.client.recv(100) == b"still sent"


def test_the_output_can_be_read_to_the_end(pair: Pair):
    pair.client.send(b"last words")
    pair.client.bio_shutdown()
    assert carry(pair.client, pair.server) > 0
    assert pair.server.recv(100) == b"last words"


@rows(184, 298, 299)
def test_want_read_and_want_write(begun: Pair):
    for connection in (begun.client, begun.server):
        assert connection.want_read() == 0
        assert connection.want_write() == 0
    with pytest.raises(SSL.WantReadError):
        begun.client.do_handshake()
    assert begun.client.want_read() == 1
    assert begun.client.want_write() == 0
    begun.handshake()
    with pytest.raises(SSL.WantReadError):
        begun.client.recv(1)
    assert begun.client.want_read() == 1
    begun.server.send(b"x")
    begun.move()
    begun.client.recv(1)
    assert begun.client.want_read() == 0


@rows(297)
def test_the_state_as_text(begun: Pair):
    # C164: state_string() is str, get_state_string() bytes.
    before = begun.client.state_string()
    assert type(before) is str
    assert before.encode() == begun.client.get_state_string()
    begun.handshake()
    after = begun.client.state_string()
    assert after
    assert after != before
    assert after.encode() == begun.client.get_state_string()


def test_garbage_instead_of_a_record(pair: Pair):
    pair.server.bio_write(b"this is no TLS record at all")
    with pytest.raises(SSL.Error) as caught:
        pair.server.recv(1)
    assert type(caught.value) is SSL.Error
    assert caught.value.args[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_forged_record(ec: Authority, version: str):
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        pair.client.send(b"authentic")
        record = bytearray(pair.client.bio_read(1000))
        record[-1] ^= 1
        pair.server.bio_write(record)
        with pytest.raises(SSL.Error) as caught:
            pair.server.recv(100)
        assert type(caught.value) is SSL.Error
        assert caught.value.args[0]
        carry(pair.server, pair.client)
        with pytest.raises(SSL.Error) as caught:
            pair.client.recv(100)
        assert "bad record mac" in caught.value.args[0][0][2]


def test_much_data_waits_in_the_output(pair: Pair):
    # Memory has no peer that could slow the writer down: all of it is taken, none is lost.
    data = bytes(range(256)) * 16384
    assert pair.client.sendall(data) == len(data)
    pump(pair.client, pair.server)
    assert receive(pair.server, len(data)) == data


def test_large_ciphertext_is_kept_until_it_is_used_and_no_longer(ec: Authority):
    """`bio_write` keeps a large bytes object instead of a copy; a bytearray can change, and is copied."""
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        plaintext = bytes(range(256)) * 40
        pair.client.send(plaintext)
        ciphertext = pair.client.bio_read(65536)
        before = sys.getrefcount(ciphertext)
        pair.server.bio_write(ciphertext)
        assert sys.getrefcount(ciphertext) == before + 1
        assert pair.server.recv(65536) == plaintext
        assert sys.getrefcount(ciphertext) == before
        pair.client.send(plaintext)
        changing = bytearray(pair.client.bio_read(65536))
        pair.server.bio_write(changing)
        changing[:] = bytes(len(changing))
        assert pair.server.recv(65536) == plaintext
        pair.client.send(plaintext)
        kept = pair.client.bio_read(65536)
        before = sys.getrefcount(kept)
        pair.server.bio_write(kept)
        del pair.server
        gc.collect()
        assert sys.getrefcount(kept) == before


def test_code_of_a_subclass_runs_outside_of_an_operation(ec: Authority):
    # What is kept until it is used goes in the middle of a read.
    raised: list[BaseException] = []
    with connected(client_context(ec), server_context(ec), "memory") as pair:

        class Meddling(bytes):
            def __del__(self) -> None:
                try:
                    pair.server.bio_write(b"")
                    pair.server.pending()
                except BaseException as error:
                    raised.append(error)

        pair.client.sendall(bytes(5000))
        ciphertext = Meddling(pair.client.bio_read(10_000))
        pair.server.bio_write(ciphertext)
        del ciphertext
        assert receive(pair.server, 5000) == bytes(5000)
    assert raised == []
