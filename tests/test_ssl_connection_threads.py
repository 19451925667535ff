"""Connection: one used by several threads at once, and blocking calls that let other threads run.

Upstream has no lock: there these tests may fail in any way.
"""

import collections
import contextlib
import hashlib
import select
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context, watch_verification
from tests.support.pairs import Pair, connected, narrow_pair, receive, socket_pair
from tests.support.records import APPLICATION_DATA, SUITES, encryptor, key_update
from tests.support.rows import rows

MEBIBYTE = 1 << 20
ALLOW_CLIENT_RENEGOTIATION = 1 << 8  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which no release names


@pytest.fixture(params=["unix", "tcp"])
def pair(request: pytest.FixtureRequest, ec: Authority, version: str) -> Iterator[Pair]:
    """Give a connected pair over blocking sockets."""
    with connected(client_context(ec, version), server_context(ec, version), request.param) as pair:
        yield pair


@rows(303, 309)
def test_a_blocked_recv_lets_other_threads_run(pair: Pair):
    with Background(lambda: pair.client.recv(100)) as receiving:
        # This thread runs on, or it would never come to send.
        pair.server.send(b"at last")
        assert receiving.result() == b"at last"


@rows(303, 309)
@pytest.mark.parametrize("role", ["client", "server"])
def test_a_blocked_handshake_lets_other_threads_run(ec: Authority, role: str):
    pair = socket_pair(client_context(ec), server_context(ec))
    waiting, late = (pair.client, pair.server) if role == "client" else (pair.server, pair.client)
    with Background(waiting.do_handshake) as handshaking:
        assert handshaking.running
        late.do_handshake()
    pair.close()


@rows(303)
def test_a_blocked_accept_lets_other_threads_run(ec: Authority):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listener = SSL.Connection(server_context(ec), listening)
        with Background(listener.accept) as accepting, socket.create_connection(listening.getsockname()):
            accepted, _ = accepting.result()
            accepted.close()


@rows(309)
def test_a_blocked_send_lets_other_threads_run(pair: Pair):
    data = bytes(8 * MEBIBYTE)
    with Background(lambda: pair.client.sendall(data)) as sending:
        assert receive(pair.server, len(data)) == data
        assert sending.result() == len(data)


def test_sending_while_another_thread_is_blocked_in_recv(pair: Pair):
    # Design 4: the blocked recv holds no lock that send needs.
    with Background(lambda: pair.client.recv(100)) as receiving:
        for number in range(50):
            pair.client.send(b"%02d" % number)
            assert receive(pair.server, 2) == b"%02d" % number
        assert receiving.running
        pair.server.send(b"the end")
        assert receiving.result() == b"the end"


def stream(seed: bytes, size: int) -> bytes:
    """Make data that is quick to make and in which no part is like another."""
    block = hashlib.shake_128(seed).digest(65536)
    return b"".join(struct.pack(">I", number) + block[4:] for number in range(size // 65536))


def receive_digest(connection: SSL.Connection, size: int) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(65536))
    while size:
        count = connection.recv_into(buffer, min(size, 65536))
        digest.update(buffer[:count])
        size -= count
    return digest.hexdigest()


@rows(308)
def test_full_duplex(pair: Pair):
    # 64 MiB each way at the same time, on one connection: four threads, two on each end.
    size = 64 * MEBIBYTE
    data = {pair.client: stream(b"client", size), pair.server: stream(b"server", size)}
    with (
        Background(lambda: receive_digest(pair.server, size)) as at_server,
        Background(lambda: receive_digest(pair.client, size)) as at_client,
        Background(lambda: pair.client.sendall(data[pair.client])) as from_client,
        Background(lambda: pair.server.sendall(data[pair.server])) as from_server,
    ):
        assert from_client.result() == from_server.result() == size
        assert at_server.result() == hashlib.sha256(data[pair.client]).hexdigest()
        assert at_client.result() == hashlib.sha256(data[pair.server]).hexdigest()


def test_several_threads_send(pair: Pair):
    # Each send is a record, whole, and those of one thread stay in their order.
    threads, messages, size = 6, 150, 1000
    start = threading.Barrier(threads)

    def send(thread: int) -> None:
        start.wait()
        for message in range(messages):
            head = struct.pack(">HH", thread, message)
            assert pair.client.send(head + bytes([thread]) * (size - len(head))) == size

    senders = [Background(lambda thread=thread: send(thread)) for thread in range(threads)]
    expected = [0] * threads
    for _ in range(threads * messages):
        received = receive(pair.server, size)
        thread, message = struct.unpack(">HH", received[:4])
        assert received[4:] == bytes([thread]) * (size - 4)
        assert message == expected[thread]
        expected[thread] += 1
    for sender in senders:
        sender.result()
    assert expected == [messages] * threads


def test_several_threads_receive(pair: Pair):
    # Every byte goes to one of them.
    threads, size = 4, 400_000
    data = hashlib.shake_128(b"seed").digest(size)
    counts = [0] * 256
    lock = threading.Lock()

    def take() -> int:
        total = 0
        while True:
            try:
                part = pair.server.recv(1000)
            except SSL.ZeroReturnError:
                return total
            with lock:
                for value in part:
                    counts[value] += 1
            total += len(part)

    takers = [Background(take) for _ in range(threads)]
    pair.client.sendall(data)
    pair.client.shutdown()
    assert sum(taker.result() for taker in takers) == size
    assert counts == [data.count(value) for value in range(256)]


def test_in_memory_too(ec: Authority, version: str):
    # One thread encrypts while another carries; what arrives is what was sent.
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        data = stream(b"memory", 4 * MEBIBYTE)
        received = bytearray()
        with Background(lambda: pair.client.sendall(data)) as sending:
            while len(received) < len(data):
                try:
                    pair.server.bio_write(pair.client.bio_read(65536))
                    while True:
                        received += pair.server.recv(65536)
                except SSL.WantReadError:
                    pass
            assert sending.result() == len(data)
        assert received == data


@rows(308, 311)
def test_many_handshakes_with_callbacks_in_threads(ec: Authority, version: str):
    # The contexts are shared by all, the connections by none.
    client, server = client_context(ec, version), server_context(ec, version)
    looked_at = watch_verification(client)
    threads, handshakes = 4, 15

    def work() -> None:
        for number in range(handshakes):
            with connected(client, server, "memory") as pair:
                pair.client.send(b"%d" % number)
                pair.move()
                assert pair.server.recv(100) == b"%d" % number

    workers = [Background(work) for _ in range(threads)]
    for worker in workers:
        worker.result()
    assert sorted(looked_at) == sorted([0, 1, 2] * threads * handshakes)


def test_a_context_is_changed_while_others_use_it(ec: Authority):
    # C114: upstream forbids it.
    client, server = client_context(ec), server_context(ec)
    done = threading.Event()

    def change() -> int:
        count = 0
        while not done.is_set():
            server.set_timeout(300 + count % 10)
            server.set_options(SSL.OP_NO_COMPRESSION)
            count += 1
        return count

    with Background(change) as changing:
        try:
            for _ in range(40):
                with connected(client, server, "memory") as pair:
                    assert pair.client.get_protocol_version_name() == "TLSv1.3"
        finally:
            done.set()
        assert changing.result() > 0


def test_many_threads_send_all_at_once(ec: Authority):
    # On a blocking socket, and more than it takes: no thread's data may be taken for the retry of another's.
    count, length = 12, 65_536
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        start = threading.Barrier(count)

        def send(number: int) -> int:
            start.wait()
            return pair.client.sendall(bytes([number]) * length)

        senders = [Background(lambda number=number: send(number)) for number in range(count)]
        got = collections.Counter(receive(pair.server, count * length))
        assert [sender.result() for sender in senders] == [length] * count
        assert got == dict.fromkeys(range(count), length)


def test_two_threads_send_all_on_a_socket_that_does_not_wait(ec: Authority):
    # Each goes on where it stopped, whatever the other has left to be sent.
    length = 1_000_000
    with connected(client_context(ec), server_context(ec), "unix") as pair:
        pair.client_socket.setblocking(False)

        def send(data: bytes) -> None:
            while True:
                try:
                    assert pair.client.sendall(data) == len(data)
                except SSL.WantWriteError:
                    select.select([], [pair.client_socket], [], 1)
                else:
                    return

        senders = [Background(lambda number=number: send(bytes([number]) * length)) for number in range(2)]
        assert collections.Counter(receive(pair.server, 2 * length)) == {0: length, 1: length}
        for sender in senders:
            sender.result()


def test_a_renegotiation_while_all_is_sent(ec: Authority):
    # The answer of the peer is waited for in the middle, and what was sent before is not sent again.
    data = bytes(range(250)) * 8000
    server = server_context(ec, "TLSv1.2")
    server.set_options(ALLOW_CLIENT_RENEGOTIATION)
    with connected(client_context(ec, "TLSv1.2"), server, "unix") as pair:
        pair.client_socket.setblocking(False)
        got = bytearray()

        def read() -> None:
            while len(got) < len(data):
                got.extend(pair.server.recv(65536))

        with Background(read):
            pair.client.renegotiate()
            while True:
                try:
                    assert pair.client.sendall(data) == len(data)
                    break
                except SSL.WantReadError:
                    select.select([pair.client_socket], [], [], 1)
                except SSL.WantWriteError:
                    select.select([], [pair.client_socket], [], 1)
        assert got == data
        assert pair.client.total_renegotiations() == 1


@pytest.mark.parametrize("beginning", ["sendall", "do_handshake"])
def test_who_waits_for_a_handshake_goes_on_when_another_thread_has_made_it(ec: Authority, version: str, beginning: str):
    # The thread that reads takes its turn again and again, and the last time waits for what the other is to ask for.
    for _ in range(20):
        pair = socket_pair(client_context(ec, version), server_context(ec, version))

        def serve(server: SSL.Connection = pair.server) -> None:
            server.sendall(b"re: " + server.recv(100))

        def ask(client: SSL.Connection = pair.client) -> None:
            if beginning == "do_handshake":
                client.do_handshake()
            client.sendall(b"request")

        with (
            Background(lambda pair=pair: pair.client.recv(100)) as receiving,
            Background(ask) as asking,
            Background(serve),
        ):
            asking.result()
            assert receiving.result() == b"re: request"
        pair.close()


def test_one_thread_sends_while_callbacks_run_in_another_one(ec: Authority):
    # Who sends a little does so with the GIL; who runs a callback has the connection, and waits for the GIL.
    secrets: list[bytes] = []
    client, server = client_context(ec, "TLSv1.3"), server_context(ec, "TLSv1.3")
    client.set_tls13_ciphersuites(SUITES["TLSv1.3"])
    client.set_keylog_callback(lambda _, line: secrets.append(line))
    calls = 0

    def count(connection: SSL.Connection, where: int, value: int) -> None:
        nonlocal calls
        calls += 1

    server.set_info_callback(count)
    with connected(client, server, "unix") as pair:
        encrypt = encryptor(pair, secrets)
        client_socket, _ = pair.sockets()
        over = False

        def update() -> None:
            for _ in range(3000):
                client_socket.sendall(encrypt(*key_update(answered=False)))
            client_socket.sendall(encrypt(APPLICATION_DATA, b"end"))

        def take() -> None:
            while not over:
                if select.select([client_socket], [], [], 0.01)[0]:
                    client_socket.recv(65536)

        def send() -> None:
            while not over:
                pair.server.send(b"some bytes")

        with Background(take), Background(send) as sending, Background(update):
            receiving = Background(lambda: pair.server.recv(65536))
            try:
                assert receiving.result() == b"end"
            finally:
                over = True
            sending.result()
        assert calls > 3000


def test_uncork_in_a_callback_is_refused(ec: Authority):
    # It would wait for a thread that sends, and waits for the connection itself.
    client, server = client_context(ec), server_context(ec)
    raised: list[str] = []

    def uncork(connection: SSL.Connection, where: int, value: int) -> None:
        try:
            connection.uncork()
        except SSL.Error as error:
            raised.append(str(error))

    client.set_info_callback(uncork)
    with connected(client, server, "unix"):
        assert raised
        assert all("middle of another operation" in text for text in raised)


def test_two_threads_send_the_same_without_blocking(ec: Authority, version: str):
    # What one of them was told to try again is not to be taken for a part of what the other is sending.
    data = bytes(200_000)
    with narrow_pair(client_context(ec, version), server_context(ec, version)) as pair:
        client_socket, server_socket = pair.sockets()

        def send() -> None:
            for _ in range(5):
                while True:
                    try:
                        pair.client.sendall(data)
                    except SSL.WantWriteError:
                        select.select([], [client_socket], [], 10)
                    else:
                        break

        got = 0
        with Background(send) as one, Background(send) as other:
            while one.running or other.running or select.select([server_socket], [], [], 0.1)[0]:
                select.select([server_socket], [], [], 0.1)
                with contextlib.suppress(SSL.WantReadError):
                    got += len(pair.server.recv(65536))
        assert got == 10 * len(data)
