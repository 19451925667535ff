"""The cases of TLS in memory, the same for every Python peer.

A peer gives the functions of `Tls`; what runs thousands of times within a window (echoes, writes) is written out by
each peer in its own terms, so that nothing of ours stands between the loop and its methods.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Generic, Protocol, TypeVar

from . import wire
from .measure import Case, Loop, Outcome, Plan, rate, require, resident_kib, scaling

MESSAGE = bytes(range(1, 65))


class Connected(Protocol):
    """Two ends in memory after the handshake."""

    @property
    def flight(self) -> list[bytes]:
        """What the server sent during the handshake."""


Contexts = TypeVar("Contexts")
Pair = TypeVar("Pair", bound=Connected)
Session = TypeVar("Session")


@dataclass(frozen=True)
class Tls(Generic[Contexts, Pair, Session]):
    """What a peer gives."""

    contexts: Callable[[Plan, str, str], Contexts]
    """Make contexts for a protocol version and a kind of key, checked."""
    pair: Callable[[Contexts, Session | None], Pair]
    """Connect two ends; the client resumes the session, if there is one."""
    session: Callable[[Pair], Session]
    """Send a byte from the server, since TLS 1.3's tickets come with the first data; give the client's session."""
    close: Callable[[Pair], None]
    """Exchange close_notify."""
    echoes: Callable[[Pair], Loop]
    """Make round trips of 64 bytes.  What comes back is sent the next time; compare once at the end of the loop."""
    writes: Callable[[Pair, bytes, list[bytes]], Loop]
    """Write data at the client, move it, read all of it at the server into the list, which holds the last round."""


Peer = Tls[Contexts, Pair, Session]


def handshakes(tls: Peer[Contexts, Pair, Session], made: Contexts) -> Loop:
    """Connect again and again."""
    pair = tls.pair

    def loop(n: int) -> None:
        for _ in repeat(None, n):
            pair(made, None)

    return loop


def handshake(tls: Peer[Contexts, Pair, Session], version: str, kind: str = "ec") -> Case:
    """Measure full handshakes; the client verifies the server's chain of three certificates."""
    return lambda plan: rate(plan, handshakes(tls, tls.contexts(plan, version, kind)))


def resume(tls: Peer[Contexts, Pair, Session], version: str, *, clean: bool) -> Case:
    """Measure handshakes that each resume the session of the one before; `clean` tells how that one was closed."""

    def case(plan: Plan) -> Outcome:
        made = tls.contexts(plan, version, "ec")
        session: Session | None = None
        resumed = tried = 0

        def once() -> None:
            nonlocal session, resumed, tried
            ends = tls.pair(made, session)
            tried += 1
            resumed += wire.was_resumed(sum(map(len, ends.flight)))
            session = tls.session(ends)
            if clean:
                tls.close(ends)

        def loop(n: int) -> None:
            for _ in repeat(None, n):
                once()

        loop(1)  # a full handshake, for the first session
        resumed = tried = 0
        outcome = rate(plan, loop)
        outcome.facts["resumed"] = resumed / tried
        # After an abrupt close it is a finding, not a mistake, when a peer resumes nothing: the table says so.
        require(resumed == tried or not clean, f"{resumed} of {tried} handshakes were resumed")
        return outcome

    return case


def write(tls: Peer[Contexts, Pair, Session], size: int) -> Case:
    """Measure writes of one size: encrypted, moved as ciphertext, decrypted."""

    def case(plan: Plan) -> Outcome:
        data = bytes((i * 31 + i // 256) & 255 for i in range(size))
        got: list[bytes] = []
        ends = tls.pair(tls.contexts(plan, "TLSv1.3", "ec"), None)
        outcome = rate(plan, tls.writes(ends, data, got), amount=size / 1e6)
        require(b"".join(got) == data, "other bytes arrived than were sent")
        return outcome

    return case


def echo(tls: Peer[Contexts, Pair, Session]) -> Case:
    """Measure round trips of 64 bytes."""
    return lambda plan: rate(plan, tls.echoes(tls.pair(tls.contexts(plan, "TLSv1.3", "ec"), None)))


def memory_idle(tls: Peer[Contexts, Pair, Session]) -> Case:
    """Measure the resident memory that a pair costs after one message each way, in KiB."""

    def case(plan: Plan) -> Outcome:
        pairs, warm_up = (100 if plan.quick else 500), 50
        made = tls.contexts(plan, "TLSv1.3", "ec")

        def quiet() -> Pair:
            ends = tls.pair(made, None)
            tls.echoes(ends)(1)
            ends.flight.clear()  # our own record of the handshake
            return ends

        kept = [quiet() for _ in range(warm_up)]
        gc.collect()
        before = resident_kib()
        kept += [quiet() for _ in range(pairs)]
        gc.collect()
        grown = resident_kib() - before
        require(len(kept) == pairs + warm_up, "pairs were lost")
        return Outcome(values=[grown / pairs])

    return case


def threads_handshake(tls: Peer[Contexts, Pair, Session]) -> Case:
    """Compare two threads of full handshakes with one; the contexts are shared."""

    def case(plan: Plan) -> Outcome:
        made = tls.contexts(plan, "TLSv1.3", "ec")
        return scaling(plan, (handshakes(tls, made), handshakes(tls, made)))

    return case


def threads_echo(tls: Peer[Contexts, Pair, Session]) -> Case:
    """Compare two threads of round trips, each with a pair of its own, with one."""

    def case(plan: Plan) -> Outcome:
        made = tls.contexts(plan, "TLSv1.3", "ec")
        return scaling(plan, (tls.echoes(tls.pair(made, None)), tls.echoes(tls.pair(made, None))))

    return case


def cases(tls: Peer[Contexts, Pair, Session]) -> dict[str, Case]:
    """Name the cases in memory of a peer."""
    return {
        "handshake-13": handshake(tls, "TLSv1.3"),
        "handshake-12": handshake(tls, "TLSv1.2"),
        "handshake-13-rsa": handshake(tls, "TLSv1.3", "rsa"),
        "resume-13-clean": resume(tls, "TLSv1.3", clean=True),
        "resume-13-abrupt": resume(tls, "TLSv1.3", clean=False),
        "resume-12-clean": resume(tls, "TLSv1.2", clean=True),
        "resume-12-abrupt": resume(tls, "TLSv1.2", clean=False),
        "write-16k": write(tls, 16384),
        "write-1m": write(tls, 1 << 20),
        "echo-64": echo(tls),
        "memory-idle": memory_idle(tls),
        "threads-handshake": threads_handshake(tls),
        "threads-echo": threads_echo(tls),
    }
