"""Echo over asyncio with 1,000 connections: one event loop, both ends of each connection, 64-byte messages.

The standard library's ssl takes part with asyncio's own TLS transport, as everyone uses it; ours with `OpenSSL.aio`;
pyOpenSSL with a small protocol that joins a connection in memory to a socket's transport, as frameworks do.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable
from typing import Protocol

from .measure import Case, Outcome, Plan, rate, require

MESSAGE = bytes(range(1, 65))


class Writer(Protocol):
    """The part of a transport that the two ends use."""

    def write(self, data: bytes) -> None:
        """Send data."""


class Server(asyncio.Protocol):
    """Sends back what it gets."""

    transport: Writer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write; asyncio's TLS transport calls this after the handshake."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)


class Client(Server):
    """Sends back what it gets, a number of times."""

    rounds = 0
    done: asyncio.Future[None]

    def start(self, rounds: int) -> asyncio.Future[None]:
        """Send the first message; the future is done when the last has come back."""
        self.rounds = rounds
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(MESSAGE)
        return self.done

    def data_received(self, data: bytes) -> None:
        """Count a round; the next message is what came back, so that a byte lost anywhere shows at the end."""
        self.rounds -= 1
        if self.rounds > 0:
            self.transport.write(data)
        elif data == MESSAGE:
            self.done.set_result(None)
        else:
            self.done.set_exception(RuntimeError("other bytes came back than were sent"))


Connect = Callable[[socket.socket, Client | Server], Awaitable[None]]
"""Make a TLS connection over one end of a socket pair, the client for a Client; return after the handshake."""


def asyncio_echo(connect: Callable[[Plan], Connect]) -> Case:
    """Measure round trips a second, all connections together."""

    def case(plan: Plan) -> Outcome:
        count = 50 if plan.quick else 1000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * count + 100
        require(hard == resource.RLIM_INFINITY or hard >= wanted, f"{wanted} descriptors are needed, {hard} allowed")
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        make = connect(plan)
        clients = [Client() for _ in range(count)]

        async def start() -> None:
            for client in clients:
                ends = socket.socketpair()
                for end in ends:
                    end.setblocking(False)
                await asyncio.gather(make(ends[0], client), make(ends[1], Server()))

        async def rounds(n: int) -> None:
            await asyncio.gather(*(client.start(n) for client in clients))

        with asyncio.Runner() as runner:
            runner.run(start())
            outcome = rate(plan, lambda n: runner.run(rounds(n)), amount=count)
        outcome.facts["connections"] = count
        return outcome

    return case
