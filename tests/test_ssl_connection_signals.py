"""Connection: a blocking call that a signal interrupts runs Python's handler and goes on.

Upstream raises WantReadError out of a blocking recv instead.
"""

import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import Pair, connected, receive, socket_pair
from tests.support.rows import rows

SIGNALS = 5
"""More than one: the first may come before the call blocks, those after it find it blocked."""


@pytest.fixture(params=VERSIONS)
def pair(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over blocking sockets."""
    with connected(client_context(ec, request.param), server_context(ec, request.param), "unix") as pair:
        yield pair


class HandlerError(Exception):
    """What a handler raises."""


class Handler:
    """A handler of SIGUSR1 that counts, and tells the thread that sends the signals; it may raise at the last one."""

    def __init__(self) -> None:
        self.handled = 0
        self.raises = False
        self.ran = threading.Event()

    def __call__(self, number: int, frame: object) -> None:
        self.handled += 1
        self.ran.set()
        if self.raises and self.handled == SIGNALS:
            raise HandlerError("from the handler")

    def interrupt(self) -> bool:
        """Signal the main thread, each time until the handler has run; return whether it did each time.

        A signal that comes just before a system call blocks does not interrupt it, hence the repetition.
        """
        for _ in range(SIGNALS):
            self.ran.clear()
            for _ in range(500):
                signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
                if self.ran.wait(0.01):
                    break
            else:
                return False
        return True


@pytest.fixture
def handler() -> Iterator[Handler]:
    """Install a handler for the time of a test."""
    handler = Handler()
    previous = signal.signal(signal.SIGUSR1, handler)
    yield handler
    signal.signal(signal.SIGUSR1, previous)


def interrupted(handler: Handler, then: Callable[[], object]) -> Background[bool]:
    """Interrupt the main thread from another one, and let that do what the main thread waits for."""

    def work() -> bool:
        handled = handler.interrupt()
        then()
        return handled

    return Background(work)


@rows(303, 309)
@pytest.mark.parametrize("method", ["recv", "recv_into"])
def test_a_blocking_recv_goes_on(pair: Pair, handler: Handler, method: str):
    with interrupted(handler, lambda: pair.server.send(b"at last")) as other:
        if method == "recv":
            assert pair.client.recv(100) == b"at last"
        else:
            assert pair.client.recv_into(bytearray(100)) == 7
        assert other.result()
    assert handler.handled >= SIGNALS


@rows(303, 309)
@pytest.mark.parametrize("role", ["client", "server"])
def test_a_blocking_handshake_goes_on(ec: Authority, handler: Handler, role: str):
    pair = socket_pair(client_context(ec), server_context(ec))
    waiting, late = (pair.client, pair.server) if role == "client" else (pair.server, pair.client)
    with interrupted(handler, late.do_handshake) as other:
        waiting.do_handshake()
        assert other.result()
    assert handler.handled >= SIGNALS
    pair.close()


@rows(309)
def test_a_blocking_sendall_goes_on(pair: Pair, handler: Handler):
    data = bytes(range(256)) * 20_000
    received = []
    with interrupted(handler, lambda: received.append(receive(pair.server, len(data)))) as other:
        assert pair.client.sendall(data) == len(data)
        assert other.result()
    assert received == [data]
    assert handler.handled >= SIGNALS


def test_an_exception_of_the_handler_comes_out(pair: Pair, handler: Handler):
    handler.raises = True
    with interrupted(handler, lambda: None) as other:
        with pytest.raises(HandlerError, match="from the handler"):
            pair.client.recv(100)
        assert other.result()
    # The connection is as it was: nothing is lost, nothing is locked.
    pair.server.send(b"still here")
    assert pair.client.recv(100) == b"still here"
    pair.client.send(b"and here")
    assert pair.server.recv(100) == b"and here"


def test_a_signal_without_a_python_handler_is_not_noticed(pair: Pair):
    previous = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        main = threading.main_thread().ident

        def work() -> None:
            for _ in range(SIGNALS):
                signal.pthread_kill(main, signal.SIGUSR1)
            pair.server.send(b"at last")

        with Background(work):
            assert pair.client.recv(100) == b"at last"
    finally:
        signal.signal(signal.SIGUSR1, previous)
    pair.client.setblocking(False)
    with pytest.raises(SSL.WantReadError):
        pair.client.recv(1)


def test_a_signal_while_another_thread_has_the_turn_to_read(pair: Pair, handler: Handler):
    received = []
    with (
        Background(lambda: received.append(pair.client.recv(100))),
        interrupted(handler, lambda: [pair.server.send(b"one"), pair.server.send(b"two")]) as other,
    ):
        received.append(pair.client.recv(100))
        assert other.result()
    assert sorted(received) == [b"one", b"two"]
    assert handler.handled >= SIGNALS


@pytest.mark.parametrize("thread", ["main", "another"])
def test_a_socket_that_the_kernel_times(pair: Pair, thread: str):
    # Not settimeout, which makes it a socket that does not wait.
    pair.client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50_000))

    def receive_nothing() -> bool:
        with pytest.raises(SSL.WantReadError):
            pair.client.recv(1)
        return True

    assert receive_nothing() if thread == "main" else Background(receive_nothing).result()
