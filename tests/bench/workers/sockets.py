"""The loops of the cases over a socket pair, the same for every Python peer.

A peer gives the bound methods of its two ends; the loops call nothing else, so that they add the same to each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat

from .measure import Outcome, Plan, rate, require, together

CHUNK = bytes((i * 31 + i // 256) & 255 for i in range(1 << 20))
MESSAGE = CHUNK[:64]
READ = 65536
BATCH = 64


@dataclass(frozen=True)
class Ends:
    """The bound methods of a connected client and server."""

    client_sendall: Callable[[bytes], object]
    client_send: Callable[[bytes], int]
    client_recv: Callable[[int], bytes]
    server_send: Callable[[bytes], int]
    server_recv: Callable[[int], bytes]
    server_recv_into: Callable[[bytearray], int]


Measure = Callable[[Plan, Ends], Outcome]


def one_way(ends: Ends, data: bytes, n: int, receive: Callable[[int], None]) -> None:
    """Send data n times in one thread while `receive(n * len(data))` runs in another."""
    send = ends.client_sendall

    def sender() -> None:
        for _ in repeat(None, n):
            send(data)

    together(sender, lambda: receive(n * len(data)))


def receive(ends: Ends, size: int) -> Callable[[int], None]:
    """Receive with recv until the wanted number of bytes is there, exactly."""
    recv = ends.server_recv

    def receiver(wanted: int) -> None:
        while wanted > 0:
            count = len(recv(size))
            require(count > 0, "the end of the data came early")
            wanted -= count
        require(wanted == 0, "more bytes arrived than were sent")

    return receiver


def receive_into(ends: Ends) -> Callable[[int], None]:
    """Receive with recv_into, into one buffer."""
    recv_into = ends.server_recv_into
    buffer = bytearray(READ)

    def receiver(wanted: int) -> None:
        while wanted > 0:
            count = recv_into(buffer)
            require(count > 0, "the end of the data came early")
            wanted -= count
        require(wanted == 0, "more bytes arrived than were sent")

    return receiver


def check(ends: Ends, data: bytes) -> None:
    """Send data once and compare what arrives byte for byte."""
    got = bytearray()

    def receiver(wanted: int) -> None:
        while len(got) < wanted:
            got.extend(ends.server_recv(READ))

    one_way(ends, data, 1, receiver)
    require(got == data, "other bytes arrived than were sent")


def measure_bulk(plan: Plan, ends: Ends, receiver: Callable[[int], None]) -> Outcome:
    """Send 256 MiB in writes of 1 MiB."""
    check(ends, CHUNK)
    count = 8 if plan.quick else 256
    outcome = rate(plan, lambda n: one_way(ends, CHUNK, n, receiver), amount=len(CHUNK) / 1e6, count=count)
    check(ends, CHUNK)
    return outcome


def bulk(plan: Plan, ends: Ends) -> Outcome:
    """Bulk data, received with recv."""
    return measure_bulk(plan, ends, receive(ends, READ))


def bulk_into(plan: Plan, ends: Ends) -> Outcome:
    """Bulk data, received with recv_into."""
    return measure_bulk(plan, ends, receive_into(ends))


def one_way_64(plan: Plan, ends: Ends) -> Outcome:
    """Messages of 64 bytes from one thread to another."""
    check(ends, MESSAGE)
    receiver = receive(ends, 4096)
    outcome = rate(plan, lambda n: one_way(ends, MESSAGE, n, receiver))
    check(ends, MESSAGE)
    return outcome


def one_way_64_turns(plan: Plan, ends: Ends) -> Outcome:
    """Messages of 64 bytes in one thread, by the batch: no switch of threads and no fight for the GIL in the figure."""
    check(ends, MESSAGE)
    client_send, server_recv = ends.client_send, ends.server_recv

    def loop(n: int) -> None:
        for _ in repeat(None, n):
            for _ in repeat(None, BATCH):
                client_send(MESSAGE)
            missing = BATCH * len(MESSAGE)
            while missing > 0:
                missing -= len(server_recv(4096))

    outcome = rate(plan, loop, amount=BATCH)
    check(ends, MESSAGE)
    return outcome


def ping_pong_64(plan: Plan, ends: Ends) -> Outcome:
    """Round trips of 64 bytes between two threads; what comes back is what is sent the next time.

    The threads share one core: across cores the figure is that of the wake-up of an idle core, many times what is to
    be measured, and differs from turn to turn.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    client_send, client_recv = ends.client_send, ends.client_recv
    server_send, server_recv = ends.server_send, ends.server_recv

    def loop(n: int) -> None:
        def client() -> None:
            message = MESSAGE
            for _ in repeat(None, n):
                client_send(message)
                message = client_recv(4096)
            require(message == MESSAGE, "other bytes came back than were sent")

        def server() -> None:
            for _ in repeat(None, n):
                server_send(server_recv(4096))

        together(client, server)

    return rate(plan, loop)


def ping_pong_64_turns(plan: Plan, ends: Ends) -> Outcome:
    """Round trips of 64 bytes with both ends in one thread: no waiting and no switch of threads in the figure."""
    client_send, client_recv = ends.client_send, ends.client_recv
    server_send, server_recv = ends.server_send, ends.server_recv

    def loop(n: int) -> None:
        message = MESSAGE
        for _ in repeat(None, n):
            client_send(message)
            server_send(server_recv(4096))
            message = client_recv(4096)
        require(message == MESSAGE, "other bytes came back than were sent")

    return rate(plan, loop)


MEASURES: dict[str, Measure] = {
    "bulk": bulk,
    "bulk-into": bulk_into,
    "one-way-64": one_way_64,
    "ping-pong-64": ping_pong_64,
    "one-way-64-turns": one_way_64_turns,
    "ping-pong-64-turns": ping_pong_64_turns,
}
