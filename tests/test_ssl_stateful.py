"""Random sequences of calls on a pair of connections and their contexts, from up to four threads, against a model.

The model is what TLS promises: what one side has sent arrives at the other whole and in order, until one of them
closes. A call does what the model says, or raises one of the exceptions that the documentation names for it. Whatever
happens to a context, the connections that it has made go on as they were.
"""

import contextlib
import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from OpenSSL import SSL

from tests.conftest import error_queue_is_empty
from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, server_context
from tests.support.pairs import Pair, handshake, memory_pair, socket_pair

NOT_NOW = (SSL.WantReadError, SSL.WantWriteError)
SIDES = st.sampled_from(["client", "server"])
BYTES = st.one_of(
    st.binary(min_size=1, max_size=50), st.integers(1, 60_000).map(lambda size: bytes([size % 251]) * size)
)


class Refusal(Exception):
    """What a callback raises."""


@dataclass
class Side:
    """What the model knows of one side."""

    connection: SSL.Connection
    context: SSL.Context
    sent: bytearray = field(default_factory=bytearray)
    """What it has sent; the calls that did so have returned."""
    owed: tuple[str, bytes] | None = None
    """The call that has to be made again, and its data, of which some may have been sent."""
    received: int = 0
    """How many bytes of the other side's it has received."""
    corked: bool = False
    """Whether it gathers what it sends."""
    closed: bool = False
    """Whether it has sent a close_notify."""

    def stream(self) -> bytes:
        """What the other side may receive."""
        return bytes(self.sent) + (self.owed[1] if self.owed else b"")


def carry_on(side: Side, name: str, data: bytes) -> None:
    """Make one call that sends; what it has not sent is owed."""
    try:
        count = getattr(side.connection, name)(data)
    except NOT_NOW:
        side.owed = (name, data)
        return
    count = len(data) if name == "sendall" else count
    assert 0 < count <= len(data)
    side.sent += data[:count]
    side.owed = None


def take(side: Side, other: Side, call: Callable[[], bytes], keep: bool = False) -> int:
    """Make one call that receives, and hold what it gave against what the other side has sent; the count."""
    try:
        data = call()
    except SSL.WantReadError:
        return 0
    except SSL.ZeroReturnError:
        assert other.closed
        assert side.received == len(other.sent)
        return 0
    assert data
    assert data == other.stream()[side.received : side.received + len(data)]
    if not keep:
        side.received += len(data)
    return len(data)


def look(connection: SSL.Connection) -> None:
    """Ask for all that can be asked."""
    assert connection.get_cipher_name()
    assert connection.get_state_string()
    assert connection.pending() >= 0
    assert len(connection.export_keying_material(b"EXPERIMENTAL", 16)) == 16
    assert connection.get_finished()
    connection.get_peer_cert_chain()
    connection.get_verified_chain()
    connection.get_session()
    connection.get_servername()
    connection.get_alpn_proto_negotiated()
    connection.get_app_data()
    connection.total_renegotiations()
    repr(connection)


CHANGES: dict[str, Callable[[SSL.Context], object]] = {
    "timeout": lambda context: context.set_timeout(100),
    "ciphers": lambda context: context.set_cipher_list(b"ECDHE+AESGCM"),
    "options": lambda context: context.set_options(SSL.OP_NO_TICKET),
    "mode": lambda context: context.set_mode(SSL.MODE_RELEASE_BUFFERS),
    "depth": lambda context: context.set_verify_depth(5),
    "session id": lambda context: context.set_session_id(b"id"),
    "cache": lambda context: context.set_session_cache_mode(SSL.SESS_CACHE_OFF),
    "data": lambda context: context.set_app_data(object()),
    "info": lambda context: context.set_info_callback(lambda *arguments: None),
    "keylog": lambda context: context.set_keylog_callback(lambda *arguments: None),
    "name": lambda context: context.set_tlsext_servername_callback(lambda connection: None),
    "protocols": lambda context: context.set_alpn_protos([b"h2"]),
    "choice": lambda context: context.set_alpn_select_callback(lambda connection, offered: offered[0]),
}


class Conversation(RuleBasedStateMachine):
    """A client and a server."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self.authority = authority
        self.established = False
        self.carrier = threading.Lock()

    @initialize(
        kind=st.sampled_from(["memory", "unix", "tcp"]),
        version=st.sampled_from(["TLSv1.2", "TLSv1.3"]),
        slowly=st.sampled_from([False, False, False, True]),
    )
    def begin(self, kind: str, version: str, slowly: bool) -> None:
        """Make the pair; its handshake is done at once, or step by step in the middle of other things."""
        self.version = version
        contexts = client_context(self.authority, version), server_context(self.authority, version)
        self.pair: Pair = memory_pair(*contexts) if kind == "memory" else socket_pair(*contexts, kind)
        if kind != "memory":
            for end in self.pair.sockets():
                end.setblocking(False)
        self.client = Side(self.pair.client, contexts[0])
        self.server = Side(self.pair.server, contexts[1])
        if not slowly:
            self.shake_hands(early=False)

    def sides(self, name: str) -> tuple[Side, Side]:
        """The side with that name, and the other one."""
        return (self.client, self.server) if name == "client" else (self.server, self.client)

    @precondition(lambda self: not self.established)
    @rule(name=SIDES)
    def step(self, name: str) -> None:
        """A step of the handshake; and nothing can be sent before it is done."""
        side, _ = self.sides(name)
        with contextlib.suppress(*NOT_NOW):
            side.connection.do_handshake()
        self.pair.move()

    @precondition(lambda self: not self.established)
    @rule(early=st.booleans())
    def all_steps(self, early: bool) -> None:
        """What is left of the handshake."""
        self.shake_hands(early)

    def shake_hands(self, early: bool) -> None:
        """The handshake, driven by itself or by calls that would like to receive."""
        waiting = [self.client, self.server]
        deadline = time.monotonic() + 30
        while waiting and time.monotonic() < deadline:
            for side in list(waiting):
                with contextlib.suppress(*NOT_NOW):
                    if early and side is self.server:
                        with contextlib.suppress(SSL.WantReadError):
                            assert not side.connection.recv(1)
                    side.connection.do_handshake()
                    waiting.remove(side)
            self.pair.move()
        assert not waiting
        self.established = True
        assert self.pair.client.get_protocol_version_name() == self.version

    @precondition(lambda self: self.established)
    @rule(name=SIDES, method=st.sampled_from(["send", "sendall", "write"]), data=BYTES)
    def send(self, name: str, method: str, data: bytes) -> None:
        """Data is sent, or what is owed."""
        side, _ = self.sides(name)
        if side.closed:
            with pytest.raises(SSL.Error):
                side.connection.send(data)
            return
        carry_on(side, *(side.owed or (method, data)))

    @precondition(lambda self: self.established)
    @rule(name=SIDES)
    def cork(self, name: str) -> None:
        """What is sent is gathered from now on."""
        side, _ = self.sides(name)
        side.connection.cork()
        side.corked = True

    @precondition(lambda self: self.established)
    @rule(name=SIDES)
    def uncork(self, name: str) -> None:
        """What was gathered is sent."""
        side, _ = self.sides(name)
        if side.owed is None and not side.closed:
            self.pull(side)

    def pull(self, side: Side) -> None:
        """Uncork, now or later."""
        with contextlib.suppress(*NOT_NOW):
            side.connection.uncork()
            side.corked = False

    @rule(name=SIDES, size=st.integers(1, 100_000), method=st.sampled_from(["recv", "read", "into", "peek"]))
    def receive(self, name: str, size: int, method: str) -> None:
        """Data is received."""
        side, other = self.sides(name)
        connection = side.connection

        def into() -> bytes:
            buffer = bytearray(size)
            return bytes(buffer[: connection.recv_into(buffer)])

        calls: dict[str, Callable[[], bytes]] = {
            "recv": lambda: connection.recv(size),
            "read": lambda: connection.read(size),
            "into": into,
            "peek": lambda: connection.recv(size, 2),
        }
        take(side, other, calls[method], keep=method == "peek")

    @rule()
    def move(self) -> None:
        """What waits in memory is carried."""
        self.pair.move()

    @rule(name=SIDES, change=st.sampled_from(sorted(CHANGES)))
    def change(self, name: str, change: str) -> None:
        """A context is changed; its connection goes on as it was."""
        side, _ = self.sides(name)
        if (name, change) == ("client", "session id"):
            # A client's own sessions have no such name, and it would refuse them.
            return
        CHANGES[change](side.context)
        assert side.connection.get_context() is side.context

    @precondition(lambda self: self.established)
    @rule(name=SIDES)
    def ask(self, name: str) -> None:
        """Questions change nothing."""
        look(self.sides(name)[0].connection)

    @rule(session=st.booleans())
    def another(self, session: bool) -> None:
        """Another pair of the same contexts, as they are now, with the session of the first or without."""
        pair = memory_pair(self.client.context, self.server.context)
        known = self.pair.client.get_session() if session else None
        if known is not None:
            pair.client.set_session(known)
        handshake(pair.client, pair.server)
        pair.client.send(b"hello")
        pair.move()
        assert pair.server.recv(10) == b"hello"

    @rule(side=SIDES)
    def refuse(self, side: str) -> None:
        """A callback that raises ends its own handshake, and no other."""

        def raises(*arguments: object) -> bool:
            raise Refusal(side)

        copy = self.client.context.copy()
        copy.set_verify(SSL.VERIFY_PEER, raises)
        pair = memory_pair(copy, self.server.context)
        with pytest.raises(Refusal, match=side):
            handshake(pair.client, pair.server)

    @precondition(lambda self: self.established and self.drained() and self.version == "TLSv1.2")
    @rule()
    def renegotiate(self) -> None:
        """The server wants another handshake."""
        before = self.pair.server.total_renegotiations()
        self.pair.server.renegotiate()
        deadline = time.monotonic() + 30
        while self.pair.server.total_renegotiations() == before or self.pair.server.renegotiate_pending():
            for side, other in (self.sides("server"), self.sides("client")):
                with contextlib.suppress(*NOT_NOW):
                    side.connection.do_handshake()
                take(side, other, lambda connection=side.connection: connection.recv(1))
            self.pair.move()
            assert time.monotonic() < deadline
        look(self.pair.server)

    @precondition(lambda self: self.established)
    @rule(name=SIDES)
    def close(self, name: str) -> None:
        """One side closes: it sends nothing more, and may still receive."""
        side, other = self.sides(name)
        behind = other.received < len(side.sent) and self.pair.kind != "memory"
        if side.owed is not None or behind or side.corked or (side.closed and side.received < len(other.stream())):
            return
        with contextlib.suppress(SSL.WantReadError):
            finished = side.connection.shutdown()
            assert not finished or other.closed
        side.closed = True
        assert side.connection.get_shutdown() & SSL.SENT_SHUTDOWN

    @precondition(lambda self: self.established and not self.client.closed and not self.server.closed)
    @rule(name=SIDES, data=BYTES, back=BYTES, third=st.sampled_from(["look", "change", "collect", "copy", "another"]))
    def together(self, name: str, data: bytes, back: bytes, third: str) -> None:
        """Three threads at once: one sends, one receives and answers, one does something else."""
        side, other = self.sides(name)
        if side.corked or other.corked:
            return
        done = False
        deadline = time.monotonic() + 30

        def speak(speaker: Side, words: bytes) -> None:
            pending = [speaker.owed] if speaker.owed else []
            for method, piece in [*pending, ("sendall", words)]:
                speaker.owed = (method, piece)
                while speaker.owed:
                    carry_on(speaker, *speaker.owed)
                    self.carry()
                    assert time.monotonic() < deadline

        def listen(listener: Side, speaker: Side, goal: int) -> None:
            while listener.received < goal:
                take(listener, speaker, lambda: listener.connection.recv(20_000))
                self.carry()
                assert time.monotonic() < deadline

        def disturb() -> None:
            things: dict[str, Callable[[], object]] = {
                "look": lambda: (look(side.connection), look(other.connection)),
                "change": lambda: [self.change(name, change) for change in CHANGES],
                "collect": gc.collect,
                "copy": lambda: other.context.copy(),
                "another": lambda: self.another(True),
            }
            while not done:
                things[third]()

        with Background(disturb):
            try:
                with Background(lambda: speak(side, data)):
                    # The receiver never looks past what was sent before it; the rest is for the end.
                    listen(other, side, len(side.sent))
                listen(other, side, len(side.sent))
                with Background(lambda: speak(other, back)):
                    listen(side, other, len(other.sent))
                listen(side, other, len(other.sent))
            finally:
                done = True

    def carry(self) -> None:
        """What waits in memory is carried by one thread at a time: by two, the later piece might come first."""
        with self.carrier:
            self.pair.move()

    @precondition(lambda self: self.established and not self.client.closed and not self.server.closed)
    @rule(data=BYTES, back=BYTES, size=st.integers(100, 100_000))
    def both_ways(self, data: bytes, back: bytes, size: int) -> None:
        """Four threads at once: on each side one sends, and another receives."""
        sides = (self.client, self.server)
        if any(side.owed or side.corked for side in sides):
            return
        deadline = time.monotonic() + 30
        # The model does not change while it is asked: what each side has to get is known before.
        awaited = [
            bytes(other.sent[side.received :]) + words
            for side, other, words in ((self.client, self.server, back), (self.server, self.client, data))
        ]

        def speak(speaker: Side, words: bytes) -> None:
            speaker.owed = ("sendall", words)
            while speaker.owed:
                carry_on(speaker, *speaker.owed)
                self.carry()
                assert time.monotonic() < deadline

        def listen(listener: Side, count: int) -> bytes:
            got = bytearray()
            while len(got) < count:
                with contextlib.suppress(*NOT_NOW):
                    got += listener.connection.recv(size)
                self.carry()
                assert time.monotonic() < deadline
            return bytes(got)

        listening = [Background(partial(listen, side, len(data))) for side, data in zip(sides, awaited, strict=True)]
        speaking = [Background(partial(speak, side, words)) for side, words in zip(sides, (data, back), strict=True)]
        for thread in speaking:
            thread.result()
        for side, thread, expected in zip(sides, listening, awaited, strict=True):
            assert thread.result() == expected
            side.received += len(expected)

    def drained(self) -> bool:
        """Whether all that was sent has been received, and nothing is owed."""
        both = (self.client, self.server), (self.server, self.client)
        return all(side.owed is None and side.received == len(other.sent) and not side.closed for side, other in both)

    @invariant()
    def no_error_is_left(self) -> None:
        """Nothing is left for the next operation to stumble over."""
        assert error_queue_is_empty()

    def teardown(self) -> None:
        """In the end everything has arrived."""
        try:
            if self.established:
                self.finish()
        finally:
            if hasattr(self, "pair"):
                self.pair.close()

    def finish(self) -> None:
        """Send what is owed, and receive what has not been received."""
        deadline = time.monotonic() + 30
        both = (self.client, self.server), (self.server, self.client)
        while any(side.owed or side.received < len(other.sent) for side, other in both):
            for side, other in both:
                if side.owed:
                    carry_on(side, *side.owed)
                elif side.corked and not side.closed:
                    self.pull(side)
                take(side, other, lambda connection=side.connection: connection.recv(100_000))
            self.pair.move()
            assert time.monotonic() < deadline
        for side, other in both:
            assert side.received == len(other.sent)


@pytest.mark.timeout(100)
def test_a_pair_does_what_the_model_says(ec: Authority):
    run_state_machine_as_test(
        lambda: Conversation(ec),
        settings=settings(
            max_examples=200,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
