"""Connection: DTLS over UDP, with sockets that wait and sockets that do not."""

import contextlib
import errno
import select
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background, until
from tests.support.datagrams import DTLS_VERSIONS, ROOMY, dtls_contexts, udp_pair, udp_sockets
from tests.support.pairs import Pair
from tests.support.rows import rows


@pytest.fixture(params=DTLS_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Give each version of DTLS."""
    return request.param


@pytest.fixture
def pair(ec: Authority, version: str) -> Iterator[Pair]:
    """Give a connected pair over UDP."""
    with udp_pair(*dtls_contexts(ec, version)) as pair:
        pair.handshake()
        yield pair


def test_messages_over_udp(pair: Pair, version: str):
    assert pair.client.get_protocol_version_name() == version
    for size in (1, 1000, 1400, 16_384):
        message = bytes([size % 251]) * size
        assert pair.client.send(message) == size
        assert pair.server.recv(ROOMY) == message
    pair.server.send(b"back")
    assert pair.client.recv(100) == b"back"


def test_a_clean_end_over_udp(pair: Pair):
    assert pair.client.shutdown() is False
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(100)
    assert pair.server.shutdown() is True
    assert pair.client.shutdown() is True


@contextlib.contextmanager
def relayed(authority: Authority, passes: Callable[[int, bytes], bool]) -> Iterator[Pair]:
    """Join a client and a server over UDP through a relay that asks which datagrams pass."""
    contexts = dtls_contexts(authority)
    with udp_sockets() as (one, near), udp_sockets() as (far, other):
        pair = Pair(SSL.Connection(contexts[0], one), SSL.Connection(contexts[1], other), "udp", one, other)
        pair.client.set_connect_state()
        pair.server.set_accept_state()
        done = False

        def relay() -> int:
            count = 0
            while not done:
                for ready in select.select([near, far], [], [], 0.02)[0]:
                    datagram = ready.recv(ROOMY)
                    if passes(count, datagram):
                        (far if ready is near else near).send(datagram)
                    count += 1
            return count

        with Background(relay):
            try:
                yield pair
            finally:
                done = True


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
@rows(309)
def test_sockets_that_wait_repeat_what_was_lost(ec: Authority, lost: int):
    # Nobody calls a method of the timer: the handshake looks after it, on the first thread as on others.
    with relayed(ec, lambda number, datagram: number != lost) as pair:

        def serve() -> bytes:
            pair.server.do_handshake()
            # The read repeats the last flight, if the client does not have it.
            return pair.server.recv(100)

        with Background(serve) as serving:
            began = time.monotonic()
            pair.client.do_handshake()
            assert 0.9 < time.monotonic() - began < 10
            pair.client.send(b"through")
            assert serving.result() == b"through"


def test_a_client_waits_for_a_server_that_comes_late(ec: Authority):
    with udp_pair(*dtls_contexts(ec)) as pair, Background(pair.client.do_handshake) as waiting:
        time.sleep(0.3)
        assert waiting.running
        pair.server.do_handshake()
        waiting.result()


def drive(pair: Pair) -> int:
    """Complete a handshake of two sockets that do not wait, in one thread; how often a timer was due."""
    waiting = {pair.client: pair.sockets()[0], pair.server: pair.sockets()[1]}
    for end in waiting.values():
        end.setblocking(False)
    repeated = 0
    while waiting:
        for connection in list(waiting):
            repeated += connection.DTLSv1_handle_timeout()
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                pass
            else:
                del waiting[connection]
        timers = [connection.DTLSv1_get_timeout() for connection in waiting]
        left = [seconds for seconds in timers if seconds is not None]
        if waiting:
            select.select(list(waiting.values()), [], [], min(left, default=0.1))
    return repeated


def repeats_nothing(attempt: Callable[[], None]) -> bool:
    """Whether something takes less time than DTLS needs to see that a datagram was lost.

    A busy machine may be slow, but not each time.
    """
    for _ in range(5):
        began = time.monotonic()
        attempt()
        if time.monotonic() - began < 0.9:
            return True
    return False


def test_sockets_that_do_not_wait(ec: Authority, version: str):
    with udp_pair(*dtls_contexts(ec, version)) as pair:
        assert drive(pair) == 0
        with pytest.raises(SSL.WantReadError):
            pair.client.recv(1)
        pair.server.send(b"hello")
        until(lambda: bool(select.select([pair.client_socket], [], [], 0)[0]))
        assert pair.client.recv(100) == b"hello"


def test_sockets_that_do_not_wait_and_a_loss(ec: Authority):
    with relayed(ec, lambda number, datagram: number != 0) as pair:
        assert drive(pair) >= 1


def test_a_timeout_of_the_socket_is_honoured(ec: Authority):
    # As everywhere, such a socket does not wait in C.
    with udp_pair(*dtls_contexts(ec)) as pair:
        pair.client_socket.settimeout(0.2)
        with pytest.raises(SSL.WantReadError):
            pair.client.do_handshake()


def test_a_timeout_of_the_kernel_is_honoured(ec: Authority):
    def wait() -> None:
        with udp_pair(*dtls_contexts(ec)) as pair:
            seconds, rest = (0).to_bytes(8, "little"), (200_000).to_bytes(8, "little")
            pair.client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds + rest)
            began = time.monotonic()
            with pytest.raises(SSL.WantReadError):
                pair.client.do_handshake()
            assert time.monotonic() - began > 0.1

    assert repeats_nothing(wait)


def test_the_kernel_is_asked_for_the_size(pair: Pair):
    # Loopback takes 65,536 bytes a packet.
    assert pair.client.get_cleartext_mtu() > 65_000
    pair.client.set_ciphertext_mtu(1200)
    assert 1100 < pair.client.get_cleartext_mtu() < 1200


def test_a_handshake_with_a_long_chain(ec: Authority):
    client, server = dtls_contexts(ec)
    for _ in range(12):
        server.add_extra_chain_cert(ec.intermediate.x509)

    def shake_hands() -> None:
        with udp_pair(client, server) as pair:
            pair.handshake()

    assert repeats_nothing(shake_hands)


def test_ipv6(ec: Authority):
    client, server = dtls_contexts(ec)
    with udp_sockets(socket.AF_INET6) as (one, other):
        pair = Pair(SSL.Connection(client, one), SSL.Connection(server, other), "udp", one, other)
        pair.client.set_connect_state()
        pair.server.set_accept_state()
        pair.handshake()
        pair.client.send(b"six")
        assert pair.server.recv(100) == b"six"
        assert pair.client.get_cleartext_mtu() > 65_000


def test_local_datagrams(ec: Authority):
    client, server = dtls_contexts(ec)
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        pair = Pair(SSL.Connection(client, one), SSL.Connection(server, other), "unix", one, other)
        pair.client.set_connect_state()
        pair.server.set_accept_state()
        pair.handshake()
        pair.server.send(b"local")
        assert pair.client.recv(100) == b"local"


def test_an_empty_datagram_says_nothing(pair: Pair):
    pair.sockets()[1].send(b"")
    pair.server.send(b"not empty")
    assert pair.client.recv(100) == b"not empty"


def test_a_socket_that_was_shut_down(pair: Pair):
    # It reads empty datagrams for ever.
    pair.sockets()[0].shutdown(socket.SHUT_RDWR)
    with pytest.raises(SSL.SysCallError) as caught:
        pair.client.recv(100)
    assert caught.value.args == (-1, "Unexpected EOF")


def test_nobody_listens(ec: Authority):
    client, _ = dtls_contexts(ec)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as transport:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            address = gone.getsockname()
        connection = SSL.Connection(client, transport)
        connection.connect(address)
        with pytest.raises(SSL.SysCallError) as caught:
            connection.do_handshake()
        assert caught.value.args == (errno.ECONNREFUSED, "ECONNREFUSED")


def test_two_threads_on_one_connection(pair: Pair):
    with Background(lambda: pair.client.recv(100)) as receiving:
        for number in range(20):
            pair.client.send(b"%d" % number)
            assert pair.server.recv(100) == b"%d" % number
        assert receiving.running
        pair.server.send(b"the end")
        assert receiving.result() == b"the end"
