"""The asyncio case of the standard library's `ssl`: asyncio's own TLS transport."""

from __future__ import annotations

import asyncio
import socket

from .asyncio_echo import Client, Connect, Server, asyncio_echo
from .measure import Case, Plan
from .stdlib_pair import contexts


def connect(plan: Plan) -> Connect:
    """Make contexts, and what connects one end."""
    made = contexts(plan)

    async def join(raw: socket.socket, end: Client | Server) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(end, Client):
            await loop.create_unix_connection(lambda: end, sock=raw, ssl=made.client, server_hostname="")
        else:
            await loop.connect_accepted_socket(lambda: end, raw, ssl=made.server)

    return join


CASES: dict[str, Case] = {"asyncio-echo": asyncio_echo(connect)}
