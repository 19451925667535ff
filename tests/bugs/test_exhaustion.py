"""Rules: a peer costs no more than a connection is worth: what has no end is ended, what is claimed is not allocated.

Bug class: resource exhaustion (renegotiation floods, huge certificate lists, endless records of zero bytes, slow drip,
huge claimed lengths).
"""

import contextlib
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from OpenSSL import SSL, crypto, rand

from tests.conftest import SANITIZED
from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context
from tests.support.entropy import daemon, request, until_closed
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import Pair, carry, connected, memory_pair, narrow_pair
from tests.support.records import APPLICATION_DATA, SUITES, encryptor, key_update

SSL_OP_ALLOW_CLIENT_RENEGOTIATION = 1 << 8

ALLOWED = 32 << 20
"""Bytes that the process may grow by, where a peer claims gigabytes or sends many of the same."""


@contextlib.contextmanager
def no_growth() -> Iterator[None]:
    """Fail if the memory of the process has grown by more than is allowed, or Python's own did at any time."""
    process = psutil.Process()
    before = process.memory_info().rss
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ALLOWED
    # A sanitizer keeps what is freed.
    assert SANITIZED or process.memory_info().rss - before < ALLOWED


def test_resource_exhaustion_by_renegotiation(ec: Authority):
    """A client that asks for one handshake after the other gets none, and in the end no connection."""
    refusals = 0
    with connected(client_context(ec), server_context(ec, "TLSv1.2"), "memory") as pair, no_growth():
        for _ in range(1000):
            try:
                pair.client.renegotiate()
                with contextlib.suppress(SSL.WantReadError):
                    pair.client.do_handshake()
                pair.move()
                with contextlib.suppress(SSL.WantReadError):
                    pair.server.recv(1)
                pair.move()
                with contextlib.suppress(SSL.WantReadError):
                    pair.client.do_handshake()
            except SSL.Error as error:
                refusals += 1
                reason = reasons(error)
                break
        assert refusals
        assert reason == ["no renegotiation"]
        assert pair.server.total_renegotiations() == 0


def test_resource_exhaustion_by_certificates(ec: Authority, version: str):
    """A chain of thousands is refused when its length is read, and none of it is looked at."""
    looked_at: list[int] = []
    client, server = client_context(ec, version), server_context(ec, version)
    client.set_verify(SSL.VERIFY_PEER, lambda *arguments: looked_at.append(1) or True)
    one = ec.intermediate.x509
    for _ in range(5000):
        server.add_extra_chain_cert(one)
    pair = memory_pair(client, server)
    with no_growth():
        errors = handshake_errors(pair)
    assert reasons(errors["client"]) == ["excessive message size"]
    assert looked_at == []


def test_resource_exhaustion_by_empty_records(ec: Authority, version: str):
    """Records that hold nothing make no progress; the connection ends instead of going on for ever."""
    for kind in (22, 23, 21):
        server = SSL.Connection(server_context(ec, version))
        server.set_accept_state()
        ended = False
        for _ in range(1000):
            with contextlib.suppress(SSL.WantReadError):
                server.bio_write(bytes([kind, 3, 1, 0, 0]))
                try:
                    server.do_handshake()
                except SSL.WantReadError:
                    raise
                except SSL.Error:
                    ended = True
                    break
        assert ended, f"1000 empty records of type {kind} were taken"


def test_resource_exhaustion_by_encrypted_empty_records(ec: Authority, version: str):
    """The same of a peer that has shaken hands: a few are taken, as between messages, but not without an end."""
    client, server = client_context(ec, version), server_context(ec, version)
    secrets: list[bytes] = []
    client.set_keylog_callback(lambda connection, line: secrets.append(line))
    (client.set_cipher_list if version == "TLSv1.2" else client.set_tls13_ciphersuites)(SUITES[version])
    pair = memory_pair(client, server)
    pair.handshake()
    pair.move()
    encrypt = encryptor(pair, secrets)
    for _ in range(10):
        pair.server.bio_write(encrypt(APPLICATION_DATA, b""))
        with pytest.raises(SSL.WantReadError):
            pair.server.recv(10)
    pair.server.bio_write(encrypt(APPLICATION_DATA, b"by hand"))
    assert pair.server.recv(10) == b"by hand"
    with no_growth():
        pair.server.bio_write(b"".join(encrypt(APPLICATION_DATA, b"") for _ in range(1000)))
        with pytest.raises(SSL.Error) as caught:
            pair.server.recv(10)
        assert reasons(caught.value)[0] == "record too small"


@contextlib.contextmanager
def updating(ec: Authority) -> Iterator[tuple[Pair, Callable[[int, bytes], bytes]]]:
    """Give a pair of TLS 1.3 over small sockets that do not block, and what encrypts the client's records."""
    secrets: list[bytes] = []
    client = client_context(ec, "TLSv1.3")
    client.set_tls13_ciphersuites(SUITES["TLSv1.3"])
    client.set_keylog_callback(lambda _, line: secrets.append(line))
    with narrow_pair(client, server_context(ec, "TLSv1.3")) as pair:
        yield pair, encryptor(pair, secrets)


def test_resource_exhaustion_by_key_updates(ec: Authority):
    """A peer that demands one answer after the other, and takes none of them, is not heard any more."""
    with updating(ec) as (pair, encrypt):
        client_socket, _ = pair.sockets()
        updates = [encrypt(*key_update(answered=True)) for _ in range(8_000)]
        sent = refused = 0
        waiting = b""
        # Many times in a row nothing moves: neither end will move again by itself.
        while refused < 20:
            with contextlib.suppress(BlockingIOError):
                while waiting or sent < len(updates):
                    waiting = waiting or updates[sent]
                    count = client_socket.send(waiting)
                    waiting = waiting[count:]
                    sent += not waiting
                    refused = 0
            with pytest.raises((SSL.WantReadError, SSL.WantWriteError)) as raised:
                pair.server.recv(100)
            refused += 1
        assert raised.type is SSL.WantWriteError
        # What the kernel keeps, and some 16 KiB of answers.
        assert sent < 3_000
        # Once the peer listens, all goes on, and nothing is lost.
        end = encrypt(APPLICATION_DATA, b"the end")
        got = b""
        while not got:
            with contextlib.suppress(BlockingIOError):
                while client_socket.recv(65536):
                    pass
            with contextlib.suppress(BlockingIOError):
                while waiting or sent <= len(updates):
                    waiting = waiting or (updates[sent] if sent < len(updates) else end)
                    count = client_socket.send(waiting)
                    waiting = waiting[count:]
                    sent += not waiting
            with contextlib.suppress(SSL.WantReadError, SSL.WantWriteError):
                got = pair.server.recv(100)
        assert got == b"the end"


@pytest.mark.parametrize("kind", ["memory", "unix"])
@pytest.mark.parametrize("read_ahead", [False, True])
def test_resource_exhaustion_by_key_updates_without_end(ec: Authority, kind: str, read_ahead: bool):
    """What is no data may come in any number of records, but not in any number one after the other."""
    secrets: list[bytes] = []
    client, server = client_context(ec, "TLSv1.3"), server_context(ec, "TLSv1.3")
    client.set_tls13_ciphersuites(SUITES["TLSv1.3"])
    client.set_keylog_callback(lambda _, line: secrets.append(line))
    server.set_read_ahead(read_ahead)
    with connected(client, server, kind) as pair:
        encrypt = encryptor(pair, secrets)
        if kind == "unix":
            pair.sockets()[1].setblocking(False)

        def put(ciphertext: bytes) -> None:
            if kind == "memory":
                pair.server.bio_write(ciphertext)
            else:
                pair.sockets()[0].sendall(ciphertext)

        def update(rounds: int) -> None:
            for _ in range(rounds):
                # 2,700 bytes.
                put(b"".join(encrypt(*key_update(answered=False)) for _ in range(100)))
                with contextlib.suppress(SSL.WantReadError):
                    pair.server.recv(1)

        for _ in range(4):
            update(60)
            put(encrypt(APPLICATION_DATA, b"x"))
            assert pair.server.recv(1) == b"x"
        with pytest.raises(SSL.Error, match="records without end"):
            update(100)
        with pytest.raises(SSL.Error, match="records without end"):
            pair.server.recv(1)


@pytest.mark.parametrize("limit", [100, 65536])
def test_resource_exhaustion_by_key_updates_keeps_no_other_thread_from_running(ec: Authority, limit: int):
    """Records without data are read with the GIL given up, however small the read is."""
    with updating(ec) as (pair, encrypt):
        client_socket, server_socket = pair.sockets()
        client_socket.setblocking(True)
        server_socket.setblocking(True)
        rounds = 0
        over = False

        def run() -> None:
            nonlocal rounds
            while not over:
                rounds += 1
                time.sleep(0)

        # Others run only when the GIL is given up, not when their time has come.
        usual = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        try:
            with Background(run):
                updates = b"".join(encrypt(*key_update(answered=False)) for _ in range(200))
                client_socket.sendall(updates[:4000])
                before = rounds
                client_socket.settimeout(30)
                with Background(lambda: client_socket.sendall(updates[4000:] + encrypt(APPLICATION_DATA, b"end"))):
                    assert pair.server.recv(limit) == b"end"
                    after = rounds
                over = True
        finally:
            over = True
            sys.setswitchinterval(usual)
        assert after > before


def test_resource_exhaustion_by_a_slow_drip(ec: Authority, version: str):
    """A handshake and data that come byte by byte cost as much as they would at once, and arrive."""
    pair = memory_pair(client_context(ec, version), server_context(ec, version))
    waiting = {pair.client: pair.server, pair.server: pair.client}
    steps = 0
    with no_growth():
        while waiting:
            for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
                if one in waiting:
                    try:
                        one.do_handshake()
                    except SSL.WantReadError:
                        pass
                    else:
                        del waiting[one]
                with contextlib.suppress(SSL.WantReadError):
                    for byte in one.bio_read(65536):
                        assert other.bio_write(bytes([byte])) == 1
                        steps += 1
                        if other in waiting:
                            try:
                                other.do_handshake()
                            except SSL.WantReadError:
                                pass
                            else:
                                del waiting[other]
        assert 1000 < steps < 10_000
        pair.client.send(b"d" * 16384)
        stream = pair.client.bio_read(65536)
        for byte in stream[:-1]:
            pair.server.bio_write(bytes([byte]))
            with pytest.raises(SSL.WantReadError):
                pair.server.recv(65536)
        pair.server.bio_write(stream[-1:])
        assert pair.server.recv(65536) == b"d" * 16384


@pytest.mark.parametrize(
    "claim",
    [
        bytes.fromhex("16 0301 ffff"),
        bytes.fromhex("16 0301 4801"),
        bytes.fromhex("16 0301 0004 01 ffffff"),
        bytes.fromhex("16 0301 0004 0b ffffff"),
        bytes.fromhex("16 0301 0026 01 fffffe 0303") + bytes(32),
    ],
    ids=["record", "record, by one", "hello", "certificates", "hello that begins"],
)
def test_resource_exhaustion_by_claimed_lengths_in_tls(ec: Authority, version: str, claim: bytes):
    server = SSL.Connection(server_context(ec, version))
    server.set_accept_state()
    server.bio_write(claim)
    with no_growth(), pytest.raises(SSL.Error) as caught:
        server.do_handshake()
    assert type(caught.value) is SSL.Error


@pytest.mark.parametrize("length", ["847fffffff", "84ffffffff", "887fffffffffffffff", "8affffffffffffffffffff", "80"])
@pytest.mark.parametrize(
    "load",
    [crypto.load_certificate, crypto.load_certificate_request, crypto.load_crl, crypto.load_privatekey],
)
def test_resource_exhaustion_by_claimed_lengths_in_der(length: str, load):
    for tag in ("30", "04", "a0", "03"):
        with no_growth(), pytest.raises(crypto.Error):
            load(crypto.FILETYPE_ASN1, bytes.fromhex(f"30{length}{tag}{length}") + bytes(100))


def test_resource_exhaustion_by_claimed_lengths_of_an_entropy_daemon(tmp_path: Path):
    """It promises 255 bytes, gives three, and says no more: the wait has its limit, and the answer is no."""
    path = tmp_path / "egd"

    def promise(connection) -> None:
        request(connection)
        connection.sendall(b"\xff" + b"abc")
        until_closed(connection)

    with daemon(path, promise):
        assert rand.egd(str(path), 255) == -1


def test_resource_exhaustion_by_a_peer_that_does_not_read(ec: Authority, version: str):
    """Over a socket, what the peer does not take is not kept either: send waits, or says so."""
    with connected(client_context(ec, version), server_context(ec, version), "unix") as pair:
        client_socket, _ = pair.sockets()
        client_socket.setblocking(False)
        sent = 0
        with no_growth(), contextlib.suppress(SSL.WantWriteError):
            while sent < 1 << 30:
                sent += pair.client.send(b"x" * 16384)
        assert sent < ALLOWED


def test_a_claim_that_is_true_is_taken(ec: Authority, version: str):
    """Not everything long is refused: a chain of some hundred kilobytes is, one of fifty certificates is not."""
    server = server_context(ec, version)
    for _ in range(50):
        server.add_extra_chain_cert(ec.intermediate.x509)
    pair = memory_pair(client_context(ec, version), server)
    pair.handshake()
    assert carry(pair.server, pair.client) == 0


def test_resource_exhaustion_is_not_what_handshakes_cost(ec: Authority):
    """What belongs to handshakes does not count, whoever drives them, on a connection that only sends data."""
    client, server = client_context(ec, "TLSv1.2"), server_context(ec, "TLSv1.2")
    server.set_options(SSL_OP_ALLOW_CLIENT_RENEGOTIATION)
    for _ in range(50):
        server.add_extra_chain_cert(ec.intermediate.x509)
    with connected(client, server, "memory") as pair:
        received = 0
        while received < 1 << 20:
            assert pair.client.renegotiate()
            while pair.client.renegotiate_pending():
                with contextlib.suppress(SSL.WantReadError):
                    pair.client.do_handshake()
                carry(pair.client, pair.server)
                with contextlib.suppress(SSL.WantReadError):
                    pair.server.recv(1)
                received += carry(pair.server, pair.client)
            pair.client.send(b"data")
            pair.move()
            assert pair.server.recv(4) == b"data"
            with pytest.raises(SSL.WantReadError):
                pair.client.recv(1)
