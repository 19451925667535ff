"""The cases over a socket pair with the standard library's `ssl`."""

from __future__ import annotations

from . import sockets
from .measure import Case
from .stdlib_pair import Contexts, contexts, socket_pair


def link(made: Contexts) -> sockets.Ends:
    """Connect over a socket pair; the bound methods keep the connections alive."""
    client, server = socket_pair(made)
    return sockets.Ends(
        client_sendall=client.sendall,
        client_send=client.send,
        client_recv=client.recv,
        server_send=server.send,
        server_recv=server.recv,
        server_recv_into=server.recv_into,
    )


def case(measure: sockets.Measure) -> Case:
    """Turn a measurement of sockets.py into a case."""
    return lambda plan: measure(plan, link(contexts(plan)))


CASES: dict[str, Case] = {name: case(measure) for name, measure in sockets.MEASURES.items()}
