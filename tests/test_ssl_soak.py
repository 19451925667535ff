"""Many threads, connections, contexts and callbacks at once, for some time.

Five seconds each by default, a minute in `make soak`; the environment variable IRONSSL_SOAK_SECONDS says how long.
"""

import collections
import contextlib
import gc
import os
import random
import struct
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, only, server_context, trust
from tests.support.pairs import Pair, connected, memory_pair, socket_pair
from tests.support.rows import rows

SECONDS = float(os.environ.get("IRONSSL_SOAK_SECONDS", "5"))
VERSIONS = ("TLSv1.2", "TLSv1.3")

pytestmark = pytest.mark.timeout(SECONDS + 60)


class Recipe:
    """The contexts of a client and a server with every callback on; the callbacks look at their connection."""

    def __init__(self, authority: Authority, version: str, calls: "collections.Counter[str]") -> None:
        self.version = version
        self.calls = calls
        self.client = client_context(authority, version)
        self.server = server_context(authority, version)
        self.other = server_context(authority, version)
        identify(self.client, authority, authority.client)
        for context in (self.server, self.other):
            trust(context, authority)
        self.server.set_session_id(b"soak")
        self.client.set_verify(SSL.VERIFY_PEER, self.verify)
        self.server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self.verify)
        self.client.set_alpn_protos([b"one", b"other"])
        self.client.set_keylog_callback(self.keylog)
        self.client.set_info_callback(self.info)
        self.server.set_info_callback(self.info)
        self.client.set_ocsp_client_callback(self.check_staple)
        for context in (self.server, self.other):
            context.set_tlsext_servername_callback(self.name)
            context.set_alpn_select_callback(self.choose)
            context.set_ocsp_server_callback(self.staple)
        self.session: SSL.Session | None = None

    def verify(self, connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, passed: int) -> bool:
        self.calls["verify"] += 1
        assert connection.get_state_string()
        assert certificate.get_subject().O == "Throwaway"
        return bool(passed)

    def keylog(self, connection: SSL.Connection, line: bytes) -> None:
        self.calls["keylog"] += 1
        assert connection.client_random().hex().encode() in line

    def info(self, connection: SSL.Connection, where: int, value: int) -> None:
        self.calls["info"] += 1
        connection.get_protocol_version()

    def name(self, connection: SSL.Connection) -> None:
        self.calls["name"] += 1
        if connection.get_servername() == b"other.example":
            connection.set_context(self.other)

    def choose(self, connection: SSL.Connection, offered: list[bytes]) -> bytes:
        self.calls["choose"] += 1
        assert connection.get_app_data() is not None
        return offered[-1]

    def staple(self, connection: SSL.Connection, data: object) -> bytes:
        self.calls["staple"] += 1
        return b"staple"

    def check_staple(self, connection: SSL.Connection, staple: bytes, data: object) -> bool:
        self.calls["check staple"] += 1
        return staple in {b"", b"staple"}

    def connect(self, fate: random.Random) -> Pair:
        """Make a pair of any kind and complete its handshake."""
        kind = fate.choice(["memory", "unix"])
        pair = memory_pair(self.client, self.server) if kind == "memory" else socket_pair(self.client, self.server)
        # A cycle through the objects of the connection, for the collector.
        pair.client.set_app_data(pair)
        pair.server.set_app_data(pair)
        pair.client.set_tlsext_host_name(fate.choice([b"one.example", b"other.example"]))
        pair.client.request_ocsp()
        session = self.session
        if session is not None and fate.random() < 0.5:
            pair.client.set_session(session)
        if kind == "memory":
            pair.handshake()
        else:
            for end in pair.sockets():
                end.setblocking(False)
            drive(pair)
        assert pair.client.get_alpn_proto_negotiated() == pair.server.get_alpn_proto_negotiated() == b"other"
        return pair


def drive(pair: Pair) -> None:
    """Complete a handshake over two sockets that do not wait, in this thread."""
    waiting = [pair.client, pair.server]
    while waiting:
        for connection in list(waiting):
            with contextlib.suppress(SSL.WantReadError, SSL.WantWriteError):
                connection.do_handshake()
                waiting.remove(connection)


def exchange(pair: Pair, fate: random.Random) -> None:
    """Send something each way, and compare."""
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        data = fate.randbytes(fate.choice([1, 100, 5000, 40_000]))
        assert one.sendall(data) == len(data)
        pair.move()
        got = b""
        while len(got) < len(data):
            with contextlib.suppress(SSL.WantReadError):
                got += other.recv(65_536)
        assert got == data


def end(pair: Pair, fate: random.Random) -> None:
    """End the connection in one way or another."""
    how = fate.choice(["clean", "abrupt", "with", "dropped"])
    if how == "clean":
        pair.client.shutdown()
        pair.move()
        with contextlib.suppress(SSL.ZeroReturnError):
            pair.server.recv(1)
    elif how == "with":
        with pair.client, pair.server:
            pass
    elif how == "abrupt" and pair.kind == "memory":
        pair.server.bio_shutdown()
        with contextlib.suppress(SSL.SysCallError):
            pair.server.recv(1)
    pair.close()


@rows(304, 308, 311)
def test_many_connections_in_threads(ec: Authority):
    # 32 live connections on 8 threads; the contexts that they come from are replaced, changed and dropped meanwhile.
    calls: collections.Counter[str] = collections.Counter()
    recipes = [Recipe(ec, version, calls) for version in VERSIONS]
    gone: list[weakref.ref[SSL.Context]] = []
    finish = time.monotonic() + SECONDS
    done: collections.Counter[str] = collections.Counter()

    def work(seed: int) -> None:
        fate = random.Random(seed)
        pairs = [fate.choice(recipes).connect(fate) for _ in range(4)]
        while time.monotonic() < finish:
            number = fate.randrange(len(pairs))
            pair = pairs[number]
            exchange(pair, fate)
            done["exchange"] += 1
            if fate.random() < 0.3:
                recipe = fate.choice(recipes)
                if pair.client.get_context() is recipe.client:
                    recipe.session = pair.client.get_session()
                end(pair, fate)
                pairs[number] = recipe.connect(fate)
                done["handshake"] += 1
                done["resumed"] += pairs[number].client.session_reused()
        for pair in pairs:
            end(pair, fate)

    def churn() -> None:
        fate = random.Random(0)
        while time.monotonic() < finish:
            recipe = fate.choice(recipes)
            recipe.server.set_timeout(fate.randrange(200, 300))
            recipe.client.set_options(SSL.OP_NO_COMPRESSION)
            recipe.server.get_cert_store().add_cert(ec.root.x509)
            dropped = recipe.server.copy()
            SSL.Connection(dropped, None).set_accept_state()
            gone.append(weakref.ref(dropped))
            del dropped
            if fate.random() < 0.2:
                number = fate.randrange(len(recipes))
                gone.extend(weakref.ref(context) for context in (recipes[number].client, recipes[number].other))
                recipes[number] = Recipe(ec, recipes[number].version, calls)
            time.sleep(0.01)

    workers = [Background(lambda seed=seed: work(seed)) for seed in range(1, 9)]
    with Background(churn):
        for worker in workers:
            worker.result(SECONDS + 30)
    assert {"verify", "keylog", "info", "name", "choose", "staple", "check staple"} <= calls.keys()
    assert done["exchange"] > done["handshake"] > done["resumed"] > 0
    # Nothing holds what was dropped.
    kept = {context for recipe in recipes for context in (recipe.client, recipe.server, recipe.other)}
    del workers, worker
    gc.collect()
    assert [context for context in (ref() for ref in gone) if context is not None and context not in kept] == []


HEAD = struct.Struct(">BIII")


def message(sender: int, number: int, fate: random.Random) -> bytes:
    """Make a message that fits a record, with a check sum."""
    body = fate.randbytes(fate.choice([0, 10, 1000, 15_000]))
    return HEAD.pack(sender, number, len(body), zlib.crc32(body)) + body


def check(received: bytes) -> Iterator[tuple[int, int]]:
    """Check that these are whole messages; gives the sender and the number of each."""
    rest = received
    while rest:
        sender, number, length, total = HEAD.unpack_from(rest)
        body = rest[HEAD.size : HEAD.size + length]
        assert len(body) == length
        assert zlib.crc32(body) == total
        rest = rest[HEAD.size + length :]
        yield sender, number


@pytest.fixture(params=VERSIONS)
def pair(request: pytest.FixtureRequest, ec: Authority) -> Iterator[Pair]:
    """Give a connected pair over blocking sockets, of each version."""
    client, server = client_context(ec, request.param), server_context(ec, request.param)
    with connected(client, server, "unix") as pair:
        yield pair


@rows(308, 311)
def test_one_connection_hammered_from_both_sides(pair: Pair, ec: Authority):
    # Each end is used by two threads that send, two that receive, and one that looks.
    finish = time.monotonic() + SECONDS
    stop = threading.Event()

    def send(connection: SSL.Connection, sender: int) -> int:
        fate = random.Random(sender)
        number = 0
        while time.monotonic() < finish:
            data = message(sender, number, fate)
            write: Callable[[bytes], int] = fate.choice([connection.send, connection.sendall])
            assert write(data) == len(data)
            number += 1
        return number

    def take(connection: SSL.Connection) -> "collections.Counter[tuple[int, int]]":
        # A read gives whole records: one, or several small ones.
        got: collections.Counter[tuple[int, int]] = collections.Counter()
        with contextlib.suppress(SSL.ZeroReturnError):
            while True:
                got.update(check(connection.recv(65_536)))
        return got

    def look() -> int:
        count = 0
        while not stop.is_set():
            for connection in (pair.client, pair.server):
                connection.pending()
                assert connection.get_state_string()
                assert len(connection.export_keying_material(b"label", 16)) == 16
                assert connection.get_cipher_name()
            # Contexts come and go.
            context = only(SSL.Context(SSL.TLS_METHOD), None)
            context.use_certificate(ec.server.x509)
            SSL.Connection(context, None)
            count += 1
        return count

    with Background(look) as looking:
        senders = {
            sender: Background(lambda end=end, sender=sender: send(end, sender))
            for sender, end in enumerate([pair.client, pair.client, pair.server, pair.server])
        }
        takers = [Background(lambda end=end: take(end)) for end in [pair.server] * 2 + [pair.client] * 2]
        sent = {sender: background.result(SECONDS + 30) for sender, background in senders.items()}
        for end in (pair.client, pair.server):
            end.shutdown()
        got = sum((taker.result(SECONDS + 30) for taker in takers), collections.Counter())
        stop.set()
        assert looking.result() > 0
    # Each message came, once.
    assert min(sent.values()) > 10
    assert got == {(sender, number): 1 for sender, count in sent.items() for number in range(count)}
