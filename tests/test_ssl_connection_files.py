"""Connection.makefile: file objects over a connection, on sockets that wait, that do not, and in memory."""

import contextlib
import errno
import gc
import http.client
import io
import socket
import time
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import PATIENCE, Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import Pair, connected, memory_pair, receive
from tests.support.service import serving, until_closed

MEBIBYTE = 1 << 20
LINES = [b"first\n", b"second, without more words\r\n", b"\n", b"\xc3\xa9t\xc3\xa9\n", b"last"]


@pytest.fixture(params=["memory", "unix", "tcp"])
def pair(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over each transport."""
    with connected(client_context(ec), server_context(ec), request.param) as pair:
        yield pair


@pytest.fixture(params=VERSIONS)
def sockets(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over sockets, of each version."""
    with connected(client_context(ec, request.param), server_context(ec, request.param), "unix") as pair:
        yield pair


def deliver(pair: Pair, data: bytes, *, end: bool = True) -> None:
    """Send from the client, and close cleanly."""
    pair.client.sendall(data)
    if end:
        pair.client.shutdown()
    pair.move()


@pytest.mark.parametrize(
    ("mode", "kind", "readable", "writable"),
    [
        ("rb", io.BufferedReader, True, False),
        ("b", io.BufferedReader, True, False),
        ("wb", io.BufferedWriter, False, True),
        ("rwb", io.BufferedRWPair, True, True),
        ("r", io.TextIOWrapper, True, False),
        ("", io.TextIOWrapper, True, False),
        ("w", io.TextIOWrapper, False, True),
        ("rw", io.TextIOWrapper, True, True),
    ],
)
def test_kinds(pair: Pair, mode: str, kind: type, readable: bool, writable: bool):
    file = pair.client.makefile(mode)
    assert type(file) is kind
    assert (file.readable(), file.writable(), file.seekable()) == (readable, writable, False)
    assert file.closed is False
    file.close()
    assert file.closed is True


def test_the_default_is_text_to_read(pair: Pair):
    deliver(pair, "naïve\n".encode())
    with pair.server.makefile(encoding="utf-8") as file:
        assert type(file) is io.TextIOWrapper
        assert file.mode == "r"
        assert list(file) == ["naïve\n"]


def test_reading(pair: Pair):
    deliver(pair, b"".join(LINES))
    with pair.server.makefile("rb") as file:
        assert file.readline() == LINES[0]
        assert file.peek(3)[:3] == LINES[1][:3]
        assert file.read(6) == LINES[1][:6]
        assert file.readline(4) == LINES[1][6:10]
        assert list(file) == [LINES[1][10:], *LINES[2:]]
        assert (file.read(), file.read(5), file.readline()) == (b"", b"", b"")


def test_text(pair: Pair):
    deliver(pair, b"".join(LINES))
    with pair.server.makefile("r", encoding="utf-8") as file:
        assert (file.encoding, file.errors, file.mode) == ("utf-8", "strict", "r")
        assert [*file] == ["first\n", "second, without more words\n", "\n", "été\n", "last"]


def test_text_as_open_has_it(pair: Pair):
    deliver(pair, b"one\r\ntwo\rthree\xff\n")
    with pair.server.makefile("r", encoding="ascii", errors="replace", newline="") as file:
        assert [*file] == ["one\r\n", "two\r", "three\ufffd\n"]


def test_writing(pair: Pair):
    with pair.client.makefile("wb") as file:
        assert file.write(b"some ") == 5
        file.writelines([b"more ", b"lines"])
        pair.move()
        # It waits in the buffer.
        if pair.kind == "memory":
            with pytest.raises(SSL.WantReadError):
                pair.server.recv(100)
        file.flush()
        pair.move()
        assert receive(pair.server, 15) == b"some more lines"
        file.write(b"rest")
    pair.move()
    assert receive(pair.server, 4) == b"rest"


def test_writing_text(pair: Pair):
    with pair.client.makefile("w", encoding="utf-16-le", newline="\r\n") as file:
        assert file.write("é\n") == 2
    pair.move()
    assert receive(pair.server, 6) == "é\r\n".encode("utf-16-le")


def test_lines_are_sent_at_once_with_a_buffer_of_one(pair: Pair):
    with pair.client.makefile("w", 1, encoding="ascii") as file:
        file.write("a line\n")
        pair.move()
        assert receive(pair.server, 7) == b"a line\n"


def test_both_ways(sockets: Pair):
    with sockets.client.makefile("rwb") as here, sockets.server.makefile("rw", encoding="ascii") as there:
        for number in range(5):
            here.write(b"question %d\n" % number)
            here.flush()
            assert there.readline() == f"question {number}\n"
            there.write(f"answer {number}\n")
            there.flush()
            assert here.readline() == b"answer %d\n" % number


def test_unbuffered(pair: Pair):
    with pair.client.makefile("rwb", 0) as out, pair.server.makefile("rb", buffering=0) as file:
        assert isinstance(out, io.RawIOBase)
        assert (out.mode, file.mode) == ("rwb", "rb")
        # One record at most, as send.
        assert out.write(bytes(20_000)) == 16_384
        assert out.write(memoryview(b"tail")) == 4
        assert out.write(b"") == 0
        pair.move()
        buffer = bytearray(10)
        assert file.readinto(buffer) == 10
        assert receive(pair.server, 16_374 + 4)[-4:] == b"tail"
        pair.client.shutdown()
        pair.move()
        assert file.read(10) == b""
        assert file.readall() == b""


@pytest.mark.parametrize("size", [1, 10, 16_384, 1 << 20])
def test_sizes_of_the_buffer(sockets: Pair, size: int):
    data = bytes(range(256)) * 1000
    with Background(lambda: deliver(sockets, data)), sockets.server.makefile("rb", size) as file:
        assert file.read() == data


def test_much_both_ways_at_once(sockets: Pair):
    data = bytes(range(251)) * (8 * MEBIBYTE // 251)

    def write(connection: SSL.Connection) -> None:
        with connection.makefile("wb") as file:
            for start in range(0, len(data), 100_000):
                file.write(data[start : start + 100_000])
        connection.shutdown()

    def read(connection: SSL.Connection) -> bytes:
        with connection.makefile("rb") as file:
            return file.read()

    ends = (sockets.client, sockets.server)
    writers = [Background(lambda end=end: write(end)) for end in ends]
    readers = [Background(lambda end=end: read(end)) for end in ends]
    for worker in writers:
        worker.result()
    for reader in readers:
        assert reader.result() == data


@pytest.mark.parametrize("mode", ["rb", "r"])
def test_an_end_without_a_closure_alert_is_an_error(sockets: Pair, mode: str):
    # Anybody on the way can cut a stream off (RFC 8446, 6.1).
    sockets.client.sendall(b"half a li")
    sockets.client_socket.close()
    with sockets.server.makefile(mode) as file:
        for _ in range(2):
            with pytest.raises(SSL.Error) as caught:
                file.readline()
            assert caught.value.args != ()
        with pytest.raises(SSL.Error):
            file.read()


def test_the_error_is_that_of_recv(sockets: Pair):
    sockets.server.send(b"x")
    assert receive(sockets.client, 1) == b"x"
    sockets.client_socket.close()
    with sockets.server.makefile("rb", 0) as file, pytest.raises(SSL.SysCallError) as caught:
        file.read(1)
    assert caught.value.args == (-1, "Unexpected EOF")


def test_a_peer_that_is_gone(sockets: Pair):
    file = sockets.client.makefile("wb")
    sockets.server_socket.close()
    file.write(b"into the void")
    with pytest.raises(SSL.SysCallError) as caught:
        file.flush()
    assert caught.value.args == (errno.EPIPE, "EPIPE")
    with pytest.raises(SSL.Error):
        file.close()
    assert file.closed


def test_a_socket_that_does_not_wait(sockets: Pair):
    sockets.server_socket.setblocking(False)
    with sockets.server.makefile("rb") as file, sockets.server.makefile("rb", 0) as raw:
        assert raw.read(10) is None
        assert raw.readinto(bytearray(10)) is None
        assert file.read(10) is None
        sockets.client.send(b"some")
        # What there is, as io has it.
        assert file.read(10) == b"some"
        assert file.read(10) is None
        sockets.client.shutdown()
        assert file.read(10) == b""


def test_writing_to_a_socket_that_does_not_wait(sockets: Pair):
    data = bytes(range(250)) * 8000
    sockets.client_socket.setblocking(False)
    view = memoryview(data)
    with sockets.client.makefile("wb") as file:
        done = 0
        got = bytearray()
        while done < len(data):
            try:
                done += file.write(view[done:])
            except BlockingIOError as error:
                done += error.characters_written
                got += sockets.server.recv(65_536)
        while True:
            try:
                file.flush()
            except BlockingIOError:
                got += sockets.server.recv(65_536)
            else:
                break
    while len(got) < len(data):
        got += sockets.server.recv(65_536)
    # Nothing is lost, and nothing sent twice.
    assert got == data


def test_raw_writes_to_a_socket_that_does_not_wait(sockets: Pair):
    sockets.client_socket.setblocking(False)
    with sockets.client.makefile("wb", 0) as file:
        sent = 0
        while (count := file.write(bytes(16_384))) is not None:
            sent += count
        assert sent > 0
        assert file.write(bytes(16_384)) is None
        got = len(receive(sockets.server, sent))
        assert file.write(bytes(16_384)) == 16_384
        assert got + len(receive(sockets.server, 16_384)) == sent + 16_384


def test_two_sockets_one_for_each_way(ec: Authority):
    # Both are held, and each is asked for its own timeout.
    (one, one_end), (other, other_end) = socket.socketpair(), socket.socketpair()
    with one, one_end, other, other_end:
        client = SSL.Connection(client_context(ec), one, other)
        server = SSL.Connection(server_context(ec), other_end, one_end)
        client.set_connect_state()
        server.set_accept_state()
        Pair(client, server, "unix").handshake()
        one.settimeout(0.2)
        other.settimeout(0.2)
        with client.makefile("rwb") as file, server.makefile("rwb", 0) as raw:
            client.close()
            raw.write(b"a line\n")
            assert file.readline() == b"a line\n"
            file.write(b"an answer\n")
            file.flush()
            assert raw.read(100) == b"an answer\n"
            with pytest.raises(TimeoutError):
                file.readline()
        assert one.fileno() == other.fileno() == -1


def test_a_socket_with_a_timeout(sockets: Pair):
    # recv itself does not wait on such a socket; the file does, as that of a plain socket.
    sockets.server_socket.settimeout(PATIENCE)
    with sockets.server.makefile("rb") as file:
        with Background(lambda: (time.sleep(0.05), sockets.client.send(b"in time\n"))):
            assert file.readline() == b"in time\n"
        sockets.server_socket.settimeout(0.2)
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"timed out"):
            file.readline()
        assert 0.15 < time.monotonic() - began < 5
        # As in the standard library: what had come is lost, so it is better not to go on.
        sockets.client.send(b"too late\n")
        with pytest.raises(OSError, match=r"timed out"):
            file.readline()
    assert sockets.server.makefile("rb").readline() == b"too late\n"


def test_writing_with_a_timeout(sockets: Pair):
    sockets.client_socket.settimeout(0.2)
    data = bytes(4 * MEBIBYTE)
    with sockets.client.makefile("wb", 0) as file:
        with Background(lambda: receive(sockets.server, 16_384)):
            assert file.write(data) == 16_384
        began = time.monotonic()
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < len(data):
                sent += file.write(data)
        assert 0 < sent < len(data)
        assert 0.15 < time.monotonic() - began < 5
        # The same data goes on where it stopped.
        with Background(lambda: receive(sockets.server, sent + 16_384)):
            assert file.write(data) == 16_384


def test_in_memory_there_is_nothing_to_wait_for(ec: Authority):
    pair = memory_pair(client_context(ec), server_context(ec))
    pair.handshake()
    with pair.server.makefile("rb") as file, pair.server.makefile("rb", 0) as raw:
        assert file.read(10) is None
        assert raw.read(10) is None
        with pytest.raises(io.UnsupportedOperation):
            file.fileno()
        assert raw.name == -1


def test_a_file_keeps_the_socket_open(sockets: Pair):
    # As with the files of a socket: closed is what everybody has closed.
    descriptor = sockets.server.fileno()
    one, other = sockets.server.makefile("rb"), sockets.server.makefile("wb")
    assert one.fileno() == other.fileno() == one.name == descriptor
    sockets.server.close()
    deliver(sockets, b"still here\n")
    assert one.read() == b"still here\n"
    one.close()
    other.write(b"last words")
    assert sockets.server_socket.fileno() == descriptor
    other.close()
    assert sockets.server_socket.fileno() == -1
    assert receive(sockets.client, 10) == b"last words"


def test_to_close_a_file_does_not_close_the_connection(pair: Pair):
    pair.client.makefile("wb").close()
    with pair.client.makefile("rb"):
        pass
    deliver(pair, b"goes on", end=False)
    assert receive(pair.server, 7) == b"goes on"


def test_a_dropped_file_sends_what_it_has(sockets: Pair):
    file = sockets.client.makefile("wb")
    file.write(b"buffered")
    del file
    gc.collect()
    assert receive(sockets.server, 8) == b"buffered"


def test_a_file_keeps_the_connection_alive(ec: Authority):
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        file = pair.server.makefile("rb")
        pair.server = None
        gc.collect()
        pair.client.sendall(b"alive\n")
        assert file.readline() == b"alive\n"
        file.close()


@pytest.mark.parametrize("buffering", [-1, 0])
@pytest.mark.parametrize("mode", ["rb", "wb", "rwb"])
def test_a_closed_file(pair: Pair, mode: str, buffering: int):
    file = pair.client.makefile(mode, buffering)
    file.close()
    file.close()
    for use in (lambda: file.read(1), lambda: file.write(b"x"), lambda: file.writelines([b"x"])):
        with pytest.raises(ValueError, match=r"."):
            use()
    if buffering == 0:
        assert "closed" in repr(file)
        assert file.name == -1
        for use in (file.readable, file.writable, file.fileno):
            with pytest.raises(ValueError, match=r"closed"):
                use()


def test_the_wrong_way(pair: Pair):
    with pair.client.makefile("rb", 0) as reader, pair.client.makefile("wb", 0) as writer:
        for use in (lambda: reader.write(b"x"), lambda: writer.read(1), lambda: writer.readinto(bytearray(1))):
            with pytest.raises(io.UnsupportedOperation):
                use()
        for use in (reader.tell, lambda: reader.seek(0), writer.truncate):
            with pytest.raises(io.UnsupportedOperation):
                use()


@pytest.mark.parametrize("mode", ["x", "a", "r+", "rt", "U", "rbx", " "])
def test_other_modes(pair: Pair, mode: str):
    with pytest.raises(ValueError, match=r"invalid mode"):
        pair.client.makefile(mode)


def test_arguments_that_do_not_go_together(pair: Pair):
    for arguments in ({"buffering": 0}, {"mode": "w", "buffering": 0}):
        with pytest.raises(ValueError, match=r"unbuffered"):
            pair.client.makefile(**arguments)
    for name in ("encoding", "errors", "newline"):
        with pytest.raises(ValueError, match=r"binary"):
            pair.client.makefile("rb", **{name: "strict"})
    with pytest.raises(ValueError, match=r"newline"):
        pair.client.makefile("r", newline="x")
    with pytest.raises(LookupError, match=r"unknown encoding"):
        pair.client.makefile("r", encoding="no-such-encoding")
    with pytest.raises(TypeError):
        pair.client.makefile("r", -1, "utf-8")
    for mode in (b"rb", 1, ["r"]):
        with pytest.raises(TypeError, match=r"mode must be a str"):
            pair.client.makefile(mode)
    with pytest.raises(TypeError):
        pair.client.makefile("rb", "large")


def test_a_file_that_cannot_be_made_does_not_hold_the_socket(sockets: Pair):
    raised = []
    for arguments in (
        {"buffering": 1 << 70},
        {"buffering": "4096"},
        {"encoding": "no-such-encoding"},
        {"newline": "x"},
    ):
        with pytest.raises((OverflowError, LookupError, TypeError, ValueError)) as caught:
            sockets.client.makefile(**arguments)
        raised.append(caught.value)
    sockets.client.close()
    # The exceptions, which still refer to what was being made, do not matter.
    assert all(error.__traceback__ is not None for error in raised)
    assert sockets.client_socket.fileno() == -1


def test_the_client_of_the_standard_library(ec: Authority):
    # http.client reads from a file of its socket, and closes the socket before it has read the body.
    def serve(connection: SSL.Connection) -> bytes:
        with connection.makefile("rwb") as file:
            request = file.readline()
            while file.readline().strip():
                pass
            file.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(100_000))
        connection.shutdown()
        return request

    with serving(server_context(ec), serve) as service:
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.sock = SSL.Connection(client_context(ec), socket.create_connection(("127.0.0.1", service.port)))
        connection.sock.set_connect_state()
        connection.request("GET", "/")
        response = connection.getresponse()
        assert connection.sock is None
        assert response.status == 200
        assert response.read() == bytes(100_000)
        assert service.result() == b"GET / HTTP/1.1\r\n"


def test_a_file_among_other_methods(sockets: Pair):
    with sockets.client.makefile("wb") as file:
        file.write(b"one ")
        file.flush()
        sockets.client.send(b"two")
        sockets.client.shutdown()
    assert until_closed(sockets.server) == b"one two"
