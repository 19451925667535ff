"""The cases over a socket pair with the package OpenSSL: ours and pyOpenSSL run this same file."""

from __future__ import annotations

from . import sockets
from .measure import Case, Outcome, Plan
from .package_pair import Contexts, contexts, socket_pair


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


def bulk_read_ahead(plan: Plan) -> Outcome:
    """Bulk data with read-ahead on at the receiver: a switch that pyOpenSSL does not have."""
    made = contexts(plan)
    # Looked up by name because this file is also type-checked against packages that lack it.
    getattr(made.server, "set_read_ahead")(True)  # noqa: B009
    return sockets.bulk(plan, link(made))


CASES: dict[str, Case] = {
    **{name: case(measure) for name, measure in sockets.MEASURES.items()},
    "bulk-read-ahead": bulk_read_ahead,
}
