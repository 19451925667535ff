"""Connection with one object to read from and another to write to: pipes, files, mixed kinds, and delegation."""

import contextlib
import gc
import io
import os
import socket
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import IO

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.duplex import STYLES, End, RecvSend, collect, converse, ends, joined, step
from tests.support.pairs import Pair
from tests.support.rows import rows


@pytest.fixture
def pipes() -> Iterator[list[IO[bytes]]]:
    """Give two pipes: the client's reader and writer, the server's reader and writer, as unbuffered files."""
    (from_client, to_server), (from_server, to_client) = os.pipe(), os.pipe()
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(os.fdopen(number, mode, buffering=0))
            for number, mode in ((from_server, "rb"), (to_server, "wb"), (from_client, "rb"), (to_client, "wb"))
        ]


@rows(320, 321, 324)
def test_over_two_pipes(ec: Authority, pipes: list[IO[bytes]], version: str):
    pair = joined(client_context(ec, version), server_context(ec, version), pipes)
    pair.handshake()
    assert pair.client.get_protocol_version_name() == version
    converse(pair)


@rows(324)
def test_by_keyword_and_by_number(ec: Authority, pipes: list[IO[bytes]]):
    numbers = [pipe.fileno() for pipe in pipes]
    client = SSL.Connection(client_context(ec), socket=numbers[0], writer=numbers[1])
    server = SSL.Connection(context=server_context(ec), socket=numbers[2], writer=numbers[3])
    client.set_connect_state()
    server.set_accept_state()
    converse(Pair(client, server, "split"))


def test_pipes_that_do_not_block(ec: Authority, pipes: list[IO[bytes]], version: str):
    for pipe in pipes:
        os.set_blocking(pipe.fileno(), False)
    pair = joined(client_context(ec, version), server_context(ec, version), pipes)
    step(pair.client.do_handshake, pair.server.do_handshake)
    data = bytes(1_000_000)
    assert step(lambda: pair.client.sendall(data), collect(pair.server, len(data))) == [len(data), data]
    assert step(lambda: pair.server.sendall(data), collect(pair.client, len(data))) == [len(data), data]


@rows(324)
@pytest.mark.parametrize("reader", ["pipe", "number", "socket", *STYLES])
@pytest.mark.parametrize("writer", ["pipe", "number", "socket", *STYLES])
def test_kinds_can_be_mixed(ec: Authority, reader: str, writer: str):
    # The client reads through one kind and writes through another; the server the other way round.
    with contextlib.ExitStack() as stack:

        def direction(kind: str) -> tuple[object, object]:
            if kind == "socket":
                one, other = socket.socketpair()
                stack.callback(one.close)
                stack.callback(other.close)
                return one, other
            if kind in STYLES:
                end, other_end = ends(STYLES[kind])
                return end, other_end
            one, other = os.pipe()
            files = [stack.enter_context(os.fdopen(number, mode, 0)) for number, mode in ((one, "rb"), (other, "wb"))]
            return tuple(file.fileno() for file in files) if kind == "number" else tuple(files)

        from_server, to_client = direction(reader)
        from_client, to_server = direction(writer)
        converse(
            joined(client_context(ec), server_context(ec), [from_server, to_server, from_client, to_client]),
        )


def test_the_same_object_twice_is_as_once(ec: Authority):
    one, other = socket.socketpair()
    client_end, server_end = ends(RecvSend)
    for near, far in ((one, other), (client_end, server_end)):
        converse(joined(client_context(ec), server_context(ec), [near, near, far, far]))
    one.close()
    other.close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((None, 1), "needs a reader"),
        ((None, RecvSend(None, None)), "needs a reader"),
        ((object(), 1), "'object' object.*none of recv"),
        ((0, object()), "'object' object.*neither send"),
        ((type("Writer", (), {"write": print})(), 1), "none of recv"),
        ((0, type("Reader", (), {"read": print})()), "neither send"),
        ((0, "x"), "'str' object"),
    ],
)
def test_what_does_not_go_together(ec: Authority, arguments: tuple[object, object], text: str):
    with pytest.raises(TypeError, match=text):
        SSL.Connection(client_context(ec), *arguments)


class Named(RecvSend):
    """An end with attributes that tell which one it is."""

    def __init__(self, name: str, *only: str) -> None:
        super().__init__(*(end for end in [ends()[0]] for end in (end.incoming, end.outgoing)))
        self.log: list[object] = []
        self.error: BaseException | None = None
        self.name = name
        for attribute in only:
            setattr(self, attribute, f"{attribute} of {name}")

    def close(self) -> None:
        """Note it."""
        self.log.append("close")
        if self.error is not None:
            raise self.error


@rows(318, 326)
def test_attributes_are_the_readers_or_else_the_writers(ec: Authority):
    reader, writer = Named("reader", "both", "left"), Named("writer", "both", "right")
    connection = SSL.Connection(client_context(ec), reader, writer)
    assert connection.both == "both of reader"
    assert connection.left == "left of reader"
    assert connection.right == "right of writer"
    del reader.both
    assert connection.both == "both of writer"
    with pytest.raises(AttributeError, match="nobodys"):
        _ = connection.nobodys
    assert not hasattr(connection, "nobodys")


@rows(325)
def test_fileno_is_the_readers(ec: Authority, pipes: list[IO[bytes]]):
    assert SSL.Connection(client_context(ec), pipes[0], pipes[1]).fileno() == pipes[0].fileno()
    # The writer's would be of no use to wait for something to read.
    for reader in (RecvSend(None, None), pipes[0].fileno()):
        mixed = SSL.Connection(client_context(ec), reader, pipes[1])
        with pytest.raises(AttributeError, match="fileno"):
            mixed.fileno()
        assert mixed.writable() is True, "another method of the writer"
    assert SSL.Connection(client_context(ec), pipes[0], RecvSend(None, None)).fileno() == pipes[0].fileno()


@rows(326)
def test_settings_concern_the_reader(ec: Authority):
    (one, other), (third, fourth) = socket.socketpair(), socket.socketpair()
    connection = SSL.Connection(client_context(ec), one, third)
    connection.setblocking(False)
    assert (one.gettimeout(), third.gettimeout()) == (0.0, None)
    connection.settimeout(5)
    assert (one.gettimeout(), third.gettimeout()) == (5.0, None)
    connection.sock_shutdown(socket.SHUT_RDWR)
    assert other.recv(1) == b""
    third.send(b"x")
    assert fourth.recv(1) == b"x"
    for end in (one, other, third, fourth):
        end.close()


@rows(252, 326)
def test_close_closes_both(ec: Authority, pipes: list[IO[bytes]]):
    connection = SSL.Connection(client_context(ec), pipes[0], pipes[1])
    connection.close()
    assert [pipe.closed for pipe in pipes] == [True, True, False, False]
    assert pipes[2].read(1) == b"", "the other side sees the end"
    connection.close()


def test_close_where_only_one_can_be_closed(ec: Authority, pipes: list[IO[bytes]]):
    SSL.Connection(client_context(ec), pipes[0].fileno(), pipes[1]).close()
    assert [pipe.closed for pipe in pipes[:2]] == [False, True]
    with pytest.raises(AttributeError, match="close"):
        SSL.Connection(client_context(ec), pipes[2].fileno(), pipes[3].fileno()).close()


def test_close_closes_the_second_where_the_first_fails(ec: Authority):
    reader, writer = Named("reader"), Named("writer")
    connection = SSL.Connection(client_context(ec), reader, writer)
    reader.error = OSError("the first")
    with pytest.raises(OSError, match="the first") as caught:
        connection.close()
    assert caught.value is reader.error
    assert (reader.log, writer.log) == (["close"], ["close"])
    writer.error = KeyboardInterrupt("the second")
    with pytest.raises(KeyboardInterrupt, match="the second") as stopped:
        connection.close()
    assert stopped.value.__context__ is reader.error
    reader.error = None
    with pytest.raises(KeyboardInterrupt, match="the second"):
        connection.close()


def test_with_closes_both(ec: Authority, pipes: list[IO[bytes]]):
    pair = joined(client_context(ec), server_context(ec), pipes)
    pair.handshake()
    with pair.client:
        pass
    assert [pipe.closed for pipe in pipes] == [True, True, False, False]
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)


@rows(316, 317)
def test_connect_and_accept_may_be_the_writers(ec: Authority):
    reader, writer = Named("reader"), Named("writer")
    connection = SSL.Connection(server_context(ec), reader, writer)
    with pytest.raises(AttributeError, match="accept"):
        connection.accept()
    writer.accept = lambda: (ends()[0], "there")
    accepted, address = connection.accept()
    assert (type(accepted), address) == (SSL.Connection, "there")
    writer.connect_ex = lambda address: 0
    writer.connect = reader.log.append
    assert connection.connect_ex("x") == 0
    connection.connect("y")
    assert reader.log == ["y"]


def test_a_broken_pipe(ec: Authority, pipes: list[IO[bytes]], version: str):
    pair = joined(client_context(ec, version), server_context(ec, version), pipes)
    pair.handshake()
    pipes[2].close()
    pipes[3].close()
    with pytest.raises(SSL.SysCallError) as caught:
        pair.client.sendall(bytes(1_000_000))
    assert caught.value.args == (32, "EPIPE")


def test_a_pipe_of_the_wrong_direction(ec: Authority, pipes: list[IO[bytes]]):
    client = SSL.Connection(client_context(ec), pipes[1], pipes[0])
    client.set_connect_state()
    with pytest.raises(SSL.SysCallError, match="EBADF"):
        client.do_handshake()


def test_what_a_buffered_writer_holds_goes_first(ec: Authority):
    # A program speaks in the clear, and then TLS, through the same buffered file.
    (from_client, to_server), (from_server, to_client) = os.pipe(), os.pipe()
    with open(from_server, "rb") as reader, open(to_server, "wb") as writer:
        writer.write(b"STARTTLS\n")
        client = SSL.Connection(client_context(ec), reader, writer)
        with open(from_client, "rb", buffering=0) as server_reader, open(to_client, "wb") as server_writer:
            assert server_reader.read(9) == b"STARTTLS\n"
            server = SSL.Connection(server_context(ec), server_reader, server_writer)
            client.set_connect_state()
            server.set_accept_state()
            converse(Pair(client, server, "split"))
            writer.write(b"in the clear again")
            writer.flush()
            assert server_reader.read(18) == b"in the clear again"


def test_a_buffered_writer_that_fails_to_flush(ec: Authority):
    reading, writing = os.pipe()
    os.close(reading)
    writer = open(writing, "wb")  # noqa: SIM115  closing it fails, too
    writer.write(b"lost")
    with pytest.raises(BrokenPipeError):
        SSL.Connection(client_context(ec), 0, writer)
    with pytest.raises(BrokenPipeError):
        writer.close()


@rows(321)
def test_over_the_files_of_a_socket(ec: Authority):
    # Buffered files without a descriptor: the pair that makefile("rwb") gives. They are flushed.
    one, other = socket.socketpair()
    with one, other, one.makefile("rwb") as near, other.makefile("rwb") as far:
        assert isinstance(near, io.BufferedRWPair)
        client = SSL.Connection(client_context(ec), near)
        server = SSL.Connection(server_context(ec), far)
        client.set_connect_state()
        server.set_accept_state()
        converse(Pair(client, server, "split"))


@rows(321)
def test_over_files_in_memory(ec: Authority, version: str):
    # Each side reads what the other one wrote; the end of such a file is not the end of the stream.
    class Growing(io.BytesIO):
        place = 0

        def read(self, size: int = -1) -> bytes | None:
            data = self.getvalue()[self.place :][:size]
            self.place += len(data)
            return data or None

    there, back = Growing(), Growing()
    pair = joined(client_context(ec, version), server_context(ec, version), [back, there, there, back])
    step(pair.client.do_handshake, pair.server.do_handshake)
    data = bytes(100_000)
    assert step(lambda: pair.client.sendall(data), collect(pair.server, len(data))) == [len(data), data]
    assert step(lambda: pair.server.send(b"x"), lambda: pair.client.recv(1)) == [1, b"x"]


def test_a_file_that_is_at_its_end(ec: Authority):
    written = io.BytesIO()
    client = SSL.Connection(client_context(ec), io.BytesIO(), written)
    client.set_connect_state()
    with pytest.raises(SSL.SysCallError, match="Unexpected EOF"):
        client.do_handshake()
    assert written.getvalue()[:3] == b"\x16\x03\x01"


def test_a_cycle_through_a_writer_is_collected(ec: Authority):
    reader, writer = Named("reader"), Named("writer")
    connection = SSL.Connection(client_context(ec), reader, writer)
    reader.connection = writer.connection = connection
    connection.shortcut = connection.close
    references = [weakref.ref(thing) for thing in (reader, writer, connection)]
    gc.collect()
    assert all(reference() is not None for reference in references)
    del reader, writer, connection
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_the_two_live_as_long_as_the_connection(ec: Authority):
    reader, writer = Named("reader"), Named("writer")
    connection = SSL.Connection(client_context(ec), reader, writer)
    references = [weakref.ref(reader), weakref.ref(writer)]
    del reader, writer
    gc.collect()
    assert all(reference() is not None for reference in references)
    del connection
    gc.collect()
    assert [reference() for reference in references] == [None, None]


@pytest.mark.parametrize("make", [lambda end: end, lambda end: End(end.incoming, end.outgoing)])
def test_what_fails_in_the_constructor_leaves_nothing(ec: Authority, make: Callable[[End], object]):
    # No transport is held by a Connection that was not made.
    end = make(ends()[0])
    count = sys.getrefcount(end)
    for _ in range(10):
        with pytest.raises(TypeError):
            SSL.Connection(client_context(ec), end, object())
    gc.collect()
    assert sys.getrefcount(end) == count
