"""`rand.egd`, against a daemon that keeps to the protocol, one that does not, and none."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from OpenSSL import rand

from tests.support.background import Background, until
from tests.support.entropy import Serve, answer, daemon, request, until_closed
from tests.support.rows import rows


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the daemon is to listen. The name of a Unix socket has to be short."""
    return tmp_path_factory.mktemp("egd") / "s"


@rows(141, 143)
def test_asks_for_255_bytes_and_seeds(path: Path) -> None:
    asked: list[int] = []

    def serve(connection: socket.socket) -> None:
        asked.append(request(connection))
        answer(connection, os.urandom(255))
        until_closed(connection)

    with daemon(path, serve):
        assert rand.egd(path) == 255
    assert asked == [255]
    assert rand.status()


@rows(142)
@pytest.mark.parametrize("count", [1, 16, 255, 256, 1000])
@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_asks_for_as_many_as_it_is_told(path: Path, count: int, kind: type) -> None:
    asked: list[int] = []

    def serve(connection: socket.socket) -> None:
        while sum(asked) < count:
            asked.append(request(connection))
            answer(connection, os.urandom(asked[-1]))
        until_closed(connection)

    with daemon(path, serve):
        assert rand.egd(kind(str(path)), count) == count
    assert asked == [255] * (count // 255) + [count % 255] * (count % 255 > 0)


def test_no_bytes_at_all_is_nothing_to_ask_for(path: Path) -> None:
    with daemon(path, until_closed):
        assert rand.egd(path=path, bytes=0) == 0


def test_goes_on_after_an_answer_that_is_short(path: Path) -> None:
    asked: list[int] = []

    def serve(connection: socket.socket) -> None:
        for length in (1, 2, 3, 4):
            asked.append(request(connection))
            answer(connection, os.urandom(length))
        until_closed(connection)

    with daemon(path, serve):
        assert rand.egd(path, 10) == 10
    assert asked == [10, 9, 7, 4]


def test_an_answer_may_come_byte_by_byte(path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        for byte in bytes([request(connection)]) + os.urandom(20):
            connection.sendall(bytes([byte]))
            time.sleep(0.002)

    with daemon(path, serve):
        assert rand.egd(path, 20) == 20


def nothing_left(connection: socket.socket) -> None:
    """Have no bytes at hand."""
    request(connection)
    answer(connection, b"")
    until_closed(connection)


def little_left(connection: socket.socket) -> None:
    """Have three bytes, and then no more."""
    request(connection)
    answer(connection, b"abc")
    nothing_left(connection)


@pytest.mark.parametrize(("serve", "count"), [(nothing_left, 0), (little_left, 3)])
def test_a_daemon_with_little_to_give(path: Path, serve: Serve, count: int) -> None:
    with daemon(path, serve):
        assert rand.egd(path) == count


def hang_up(connection: socket.socket) -> None:
    """Hang up at once."""


def hang_up_when_asked(connection: socket.socket) -> None:
    """Hang up instead of an answer."""
    request(connection)


def hang_up_in_the_answer(connection: socket.socket) -> None:
    """Promise more than comes."""
    request(connection)
    connection.sendall(b"\x64" + bytes(50))


def give_too_much(connection: socket.socket) -> None:
    """Answer with more than was asked for."""
    connection.sendall(bytes([request(connection) + 1]) + bytes(255))
    until_closed(connection)


def be_silent(connection: socket.socket) -> None:
    """Take the request, and say nothing."""
    request(connection)
    until_closed(connection)


def be_silent_in_the_answer(connection: socket.socket) -> None:
    """Begin an answer, and stop."""
    request(connection)
    connection.sendall(b"\x64" + bytes(50))
    until_closed(connection)


def drip(connection: socket.socket) -> None:
    """Answer so slowly that it never ends, though no single byte takes long."""
    connection.sendall(bytes([request(connection)]))
    try:
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)
    except OSError:
        pass


def reset(connection: socket.socket) -> None:
    """Close with the request unread, which is a reset to the other side."""
    connection.recv(1)


MISBEHAVIOUR = [
    hang_up,
    hang_up_when_asked,
    hang_up_in_the_answer,
    give_too_much,
    be_silent,
    be_silent_in_the_answer,
    drip,
    reset,
]


@pytest.mark.parametrize("serve", MISBEHAVIOUR)
def test_a_daemon_that_fails_before_it_gave_anything(path: Path, serve: Serve) -> None:
    before = time.monotonic()
    with daemon(path, serve):
        assert rand.egd(path, 100, timeout=0.5) == -1
        assert time.monotonic() - before < 10


@pytest.mark.parametrize("serve", MISBEHAVIOUR)
def test_a_daemon_that_fails_later_has_its_first_answer_counted(path: Path, serve: Serve) -> None:
    def serve_once(connection: socket.socket) -> None:
        request(connection)
        answer(connection, os.urandom(30))
        serve(connection)

    with daemon(path, serve_once):
        assert rand.egd(path, 100, timeout=0.5) == 30


def test_a_daemon_that_never_ends_is_held_to_the_time_limit(path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                answer(connection, bytes(request(connection)))

    before = time.monotonic()
    with daemon(path, serve):
        assert 0 < rand.egd(path, 1 << 40, timeout=0.3) < 1 << 40
        assert time.monotonic() - before < 10


def test_what_comes_unasked_is_not_taken_for_an_answer(path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"\x1e" + bytes(30) + b"\x46" + bytes(70))
        until_closed(connection)

    with daemon(path, serve):
        assert rand.egd(path, 100) == 30


@rows(144)
def test_no_daemon_is_minus_one(tmp_path: Path, path: Path) -> None:
    assert rand.egd(path) == -1
    path.write_bytes(b"no socket")
    assert rand.egd(path) == -1
    assert rand.egd(tmp_path) == -1
    assert rand.egd("") == -1
    assert rand.egd("/" + "long" * 100) == -1
    path.unlink()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        assert rand.egd(path) == -1


def test_a_daemon_whose_queue_is_full(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(path))
        busy.listen(0)
        waiting = []
        try:
            while True:
                client = socket.socket(socket.AF_UNIX)
                waiting.append(client)
                client.setblocking(False)
                try:
                    client.connect(str(path))
                except BlockingIOError:
                    break
            assert rand.egd(path, timeout=0.2) == -1
        finally:
            for client in waiting:
                client.close()


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """Handle a signal by an exception, as a program's own time limit does."""
    caught: list[int] = []

    def handle(number: int, frame: object) -> None:
        caught.append(number)
        raise InterruptedError("enough")

    before = signal.signal(signal.SIGUSR1, handle)
    yield caught
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_handler_may_end_the_wait(path: Path, handled: list[int]) -> None:
    before = time.monotonic()
    with daemon(path, be_silent):
        alarm = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
        alarm.start()
        with pytest.raises(InterruptedError, match="enough"):
            rand.egd(path, timeout=50)
        alarm.join()
    assert handled == [signal.SIGUSR1]
    assert time.monotonic() - before < 20


def test_other_threads_run_while_it_waits(path: Path) -> None:
    turns: list[int] = []
    with daemon(path, be_silent):
        asking = Background(lambda: rand.egd(path, timeout=1))
        until(lambda: turns.append(1) or len(turns) > 50)  # type: ignore[func-returns-value]
        assert asking.running
        assert asking.result() == -1


def test_arguments_that_are_none(path: Path) -> None:
    for wrong in (None, 3, object()):
        with pytest.raises(TypeError):
            rand.egd(wrong)  # type: ignore[arg-type]
    for count in ("255", None):
        with pytest.raises(TypeError, match="bytes must be an integer"):
            rand.egd(path, count)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="bytes must not be negative"):
        rand.egd(path, -1)
    with pytest.raises(ValueError, match="NUL"):
        rand.egd("a\0b")
    for timeout in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="timeout must be"):
            rand.egd(path, timeout=timeout)
