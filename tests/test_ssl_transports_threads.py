"""Connection through Python objects: threads, use of a Connection from inside its own transport, lifetimes, signals."""

import contextlib
import gc
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import PATIENCE, Background
from tests.support.contexts import client_context, server_context
from tests.support.duplex import STYLES, End, RecvSend, ends, over
from tests.support.pairs import Pair, receive
from tests.support.rows import rows

MEBIBYTE = 1 << 20


@pytest.fixture
def pair(ec: Authority, version: str) -> Pair:
    """Give a pair over objects that block, its handshake done."""
    pair = over(client_context(ec, version), server_context(ec, version), *ends())
    pair.handshake()
    return pair


@rows(303, 320)
@pytest.mark.parametrize("name", STYLES)
def test_full_duplex(ec: Authority, version: str, name: str):
    pair = over(client_context(ec, version), server_context(ec, version), *ends(STYLES[name]))
    pair.handshake()
    data = bytes(range(256)) * 4096 * 8
    with (
        Background(lambda: receive(pair.server, len(data))) as at_server,
        Background(lambda: receive(pair.client, len(data))) as at_client,
        Background(lambda: pair.client.sendall(data)),
        Background(lambda: pair.server.sendall(data)),
    ):
        assert at_server.result() == at_client.result() == data


def test_a_blocked_recv_does_not_keep_others_from_sending(pair: Pair):
    with Background(lambda: pair.client.recv(100)) as receiving:
        for number in range(50):
            pair.client.send(b"%02d" % number)
            assert receive(pair.server, 2) == b"%02d" % number
            # To look is possible too.
            assert pair.client.get_cipher_name()
            assert pair.client.pending() == 0
        assert receiving.running
        pair.server.send(b"the end")
        assert receiving.result() == b"the end"


def test_several_threads_send_and_receive(pair: Pair):
    # Each record is whole, whoever sends and whoever receives it.
    letters = b"abcdefgh"
    received: list[bytes] = []
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(
                Background(lambda: received.extend(receive(pair.server, 1000) for _ in range(len(letters) * 50 // 4)))
            )
        for letter in letters:
            stack.enter_context(
                Background(lambda letter=letter: [pair.client.send(bytes([letter]) * 1000) for _ in range(50)])
            )
    joined = b"".join(received)
    assert len(joined) == len(letters) * 50 * 1000
    assert all(joined.count(letter) == 50_000 for letter in letters)


OPERATIONS: dict[str, Callable[[SSL.Connection], object]] = {
    "recv": lambda connection: connection.recv(10),
    "recv_into": lambda connection: connection.recv_into(bytearray(10)),
    "peek": lambda connection: connection.recv(10, 2),
    "send": lambda connection: connection.send(b"x"),
    "send much": lambda connection: connection.send(bytes(10_000)),
    "sendall": lambda connection: connection.sendall(bytes(100_000)),
    "do_handshake": lambda connection: connection.do_handshake(),
    "shutdown": lambda connection: connection.shutdown(),
}


class Inward(End):
    """An end that uses a connection while it is used."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.use: Callable[[], object] = lambda: None

    def recv(self, size: int) -> bytes:
        """Use it, and receive."""
        self.use()
        return self._take(size)

    def send(self, data: bytes) -> int:
        """Use it, and send."""
        self.use()
        return self._put(data)

    def flush(self) -> None:
        """Use it."""
        self.use()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_its_own_connection_refuses(ec: Authority, operation: str):
    # An error, where it would wait for itself for ever; what runs around it goes on.
    refusals = []

    def use() -> None:
        with pytest.raises(SSL.Error, match="in the middle of another operation") as caught:
            OPERATIONS[operation](client)
        refusals.append(caught.value)

    client_end, server_end = ends(Inward)
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    client, client_end.use = pair.client, use
    pair.handshake()
    pair.client.send(b"x")
    assert pair.server.recv(1) == b"x"
    pair.server.send(b"y")
    assert pair.client.recv(1) == b"y"
    assert len(refusals) > 5
    client_end.use = lambda: None
    assert pair.client.shutdown() is False


def test_an_error_of_its_own_connection_comes_out(ec: Authority):
    client_end, _ = ends(Inward)
    client = SSL.Connection(client_context(ec), client_end)
    client.set_connect_state()
    client_end.use = lambda: client.recv(1)
    with pytest.raises(SSL.Error, match="in the middle of another operation"):
        client.do_handshake()


def test_looking_is_no_operation(ec: Authority):
    seen = []
    client_end, server_end = ends(Inward)
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    client = pair.client
    client_end.use = lambda: seen.append(
        (
            client.get_state_string(),
            client.get_cipher_list(),
            client.pending(),
            client.get_context(),
            client.get_peer_certificate(),
            client.want_read(),
            client.incoming,
        )
    )
    pair.handshake()
    assert len({entry[0] for entry in seen}) > 1


def test_a_detour_is_refused_too(ec: Authority):
    # a -> b -> a, each the transport of the other; and a connection that is its own.
    first_end, second_end = Inward(None, None), Inward(None, None)
    first, second = SSL.Connection(client_context(ec), first_end), SSL.Connection(client_context(ec), second_end)
    first.set_connect_state()
    second.set_connect_state()
    first_end.use, second_end.use = second.do_handshake, first.do_handshake
    for connection in (first, second):
        with pytest.raises(SSL.Error, match="in the middle of another operation"):
            connection.do_handshake()


def test_a_connection_as_its_own_transport(ec: Authority):
    connection = SSL.Connection.__new__(SSL.Connection)
    connection.__init__(client_context(ec), connection)
    connection.set_connect_state()
    with pytest.raises(SSL.Error, match="in the middle of another operation"):
        connection.do_handshake()
    reference = weakref.ref(connection)
    del connection
    gc.collect()
    assert reference() is None


def test_another_thread_may_use_it_meanwhile(ec: Authority):
    # Inside of the reader, which waits for it: to send is possible from there by another thread.
    client_end, server_end = ends(Inward)
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    pair.handshake()

    def use() -> None:
        client_end.use = lambda: None
        with Background(lambda: pair.client.send(b"from another thread")) as sending:
            assert sending.result() == 19

    pair.server.send(b"x")
    client_end.use = use
    assert pair.client.recv(1) == b"x"
    assert pair.server.recv(100) == b"from another thread"


def test_what_the_collector_runs_is_refused(ec: Authority):
    # __del__ of anything may come in the middle of a method of the transport.
    outcomes = []

    class Late:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            try:
                outcomes.append(client.recv(1))
            except SSL.Error as error:
                outcomes.append(error)

    client_end, server_end = ends(Inward)
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    client = pair.client
    Late()
    client_end.use = gc.collect
    pair.handshake()
    assert len(outcomes) == 1
    assert "in the middle" in str(outcomes[0])


def cyclic(ec: Authority, name: str) -> list[object]:
    """Make a connection whose transport refers to it; both were used."""
    client_end, server_end = ends(STYLES[name])
    pair = over(client_context(ec), server_context(ec), client_end, server_end)
    client_end.connection, server_end.connection = pair.client, pair.server
    pair.handshake()
    return [client_end, server_end, pair.client, pair.server]


@rows(305)
@pytest.mark.parametrize("name", STYLES)
def test_a_cycle_through_the_transport_is_collected(ec: Authority, name: str):
    things = cyclic(ec, name)
    references = [weakref.ref(thing) for thing in things]
    gc.collect()
    assert all(reference() is not None for reference in references)
    del things
    gc.collect()
    assert [reference() for reference in references] == [None] * 4


def test_a_cycle_of_connections_is_collected(ec: Authority):
    client_end, _ = ends()
    inner = SSL.Connection(client_context(ec), client_end)
    outer = SSL.Connection(client_context(ec), inner)
    client_end.outer = outer
    references = [weakref.ref(thing) for thing in (client_end, inner, outer)]
    del client_end, inner, outer
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_the_transport_lives_with_the_connection(ec: Authority):
    client_end, _ = ends()
    connection = SSL.Connection(client_context(ec), client_end)
    reference = weakref.ref(client_end)
    del client_end
    gc.collect()
    assert reference() is not None
    del connection
    # Without the collector: nothing but the connection refers to it.
    assert reference() is None


def test_a_finalizer_that_uses_what_was_cleared(ec: Authority):
    # The connection is in a cycle that the collector has torn, and used once more: an exception, no crash.
    outcomes = []

    class Keeper:
        def __del__(self) -> None:
            try:
                self.connection.do_handshake()
            except BaseException as error:
                outcomes.append(error)

    client_end, _ = ends(blocking=False)
    keeper = Keeper()
    keeper.connection = SSL.Connection(client_context(ec), client_end)
    keeper.connection.set_connect_state()
    client_end.keeper = keeper
    del keeper, client_end
    gc.collect()
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], (SSL.WantReadError, ReferenceError))


def test_nothing_is_kept_of_what_goes_through(ec: Authority, pair: Pair):
    def talk() -> None:
        pair.client.send(bytes(1000))
        receive(pair.server, 1000)

    for _ in range(20):
        talk()
    gc.collect()
    end, objects = pair.client.incoming, len(gc.get_objects())
    count = sys.getrefcount(end)
    blocks = sys.getallocatedblocks()
    for _ in range(500):
        talk()
    gc.collect()
    assert sys.getrefcount(end) == count
    assert len(gc.get_objects()) <= objects + 20
    assert sys.getallocatedblocks() <= blocks + 200


def test_nothing_is_kept_of_what_fails(ec: Authority):
    class Failing(RecvSend):
        def send(self, data: bytes) -> int:
            raise LookupError(data)

    client = SSL.Connection(client_context(ec), ends(Failing)[0])
    client.set_connect_state()

    def fail() -> None:
        with pytest.raises(LookupError):
            client.do_handshake()

    for _ in range(20):
        fail()
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(300):
        fail()
    gc.collect()
    assert sys.getallocatedblocks() <= blocks + 200


class Interruption(Exception):
    """What the handler raises."""


@pytest.fixture
def interrupt() -> Iterator[Callable[[], None]]:
    """Install a handler of SIGUSR1 that raises; give what sends the signal to the main thread."""

    def handler(number: int, frame: object) -> None:
        raise Interruption

    previous = signal.signal(signal.SIGUSR1, handler)
    yield lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, previous)


def test_a_signal_comes_out_of_a_method_that_waits(pair: Pair, interrupt: Callable[[], None]):
    timer = threading.Timer(0.2, interrupt)
    timer.start()
    with pytest.raises(Interruption):
        pair.client.recv(10)
    timer.join()
    pair.server.send(b"and it goes on")
    assert pair.client.recv(100) == b"and it goes on"


def test_a_signal_comes_out_of_waiting_for_a_turn(pair: Pair, interrupt: Callable[[], None]):
    # Another thread reads, and waits in the object; this one waits for it.
    entered, leave = threading.Event(), threading.Event()

    def recv(size: int) -> bytes:
        entered.set()
        assert leave.wait(PATIENCE)
        return RecvSend.recv(pair.client._socket, size)

    pair.client._socket.recv = recv
    with Background(lambda: pair.client.recv(1)) as receiving:
        assert entered.wait(PATIENCE)
        timer = threading.Timer(0.2, interrupt)
        timer.start()
        with pytest.raises(Interruption):
            pair.client.recv(1)
        timer.join()
        assert receiving.running
        leave.set()
        pair.server.send(b"x")
        assert receiving.result() == b"x"


def test_a_callback_of_the_handshake_is_still_refused(ec: Authority):
    # The other way round: OpenSSL asks, in the middle of the operation.
    refusals = []
    context = client_context(ec)

    def verify(connection: SSL.Connection, *arguments: object) -> bool:
        try:
            connection.send(b"x")
        except SSL.Error as error:
            refusals.append(error)
        return True

    context.set_verify(SSL.VERIFY_PEER, verify)
    over(context, server_context(ec), *ends()).handshake()
    assert len(refusals) == 3
