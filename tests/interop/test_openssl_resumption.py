"""With `openssl s_client` and `openssl s_server` resuming sessions of ours, and ours theirs."""

import re
import socket
from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.interop.test_openssl_command import FLAG, s_client
from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.programs import running
from tests.support.service import serving, until_closed


@pytest.mark.parametrize("tickets", [True, False])
def test_s_client_resumes(ec: Authority, version: str, tickets: bool, tmp_path: Path):
    # Without tickets it is an id, and the server's cache, that bring the session back.
    context = server_context(ec)
    context.set_session_id(b"resumed")
    if not tickets:
        context.set_options(SSL.OP_NO_TICKET)
    session = tmp_path / "session"

    def serve(connection: SSL.Connection) -> bool:
        connection.sendall(b"tickets went before this\n")
        until_closed(connection)
        connection.shutdown()
        return connection.session_reused()

    def connect(*options: str) -> tuple[bool, bytes]:
        with serving(context, serve) as service:
            with running(s_client(service.port, version, "-CAfile", ec.root.cert_file, *options)) as client:
                client.wait_for(b"tickets went before this\n")
                client.end_input()
                assert client.finish() == 0
            return service.result(), client.output

    resumed, _ = connect("-sess_out", str(session))
    assert resumed is False
    resumed, output = connect("-sess_in", str(session))
    assert resumed is True
    assert b"Reused, " in output


def test_sessions_of_s_server(ec: Authority, version: str):
    context = client_context(ec)
    mine = ["-cert", ec.server.cert_file, "-key", ec.server.key_file, "-cert_chain", ec.intermediate.cert_file]
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev", *mine, FLAG[version]]
    with running(command) as server:
        server.wait_for(b"ACCEPT 127.0.0.1:")
        while (found := re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)\s", server.output)) is None:
            server.wait_for(b"\n")
        session = None
        for number in range(3):
            with SSL.Connection(context, socket.create_connection(("127.0.0.1", int(found[1])))) as client:
                client.set_connect_state()
                if session is not None:
                    client.set_session(session)
                client.sendall(b"abc\n")
                assert client.recv(100) == b"cba\n"
                assert client.session_reused() is (number > 0)
                session = client.get_session()
