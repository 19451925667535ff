"""With the openssl command as the judge of keying material, randoms and secrets."""

import re
from pathlib import Path

from OpenSSL import SSL

from tests.interop.test_openssl_command import connect, s_client, s_server
from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.programs import Running, printed, running
from tests.support.service import serving, until_closed

LABEL = "EXPORTER-ironssl-test"
LENGTH = 48


Facts = dict[str, bytes | None]


def facts(connection: SSL.Connection) -> Facts:
    return {
        "exported": connection.export_keying_material(LABEL.encode(), LENGTH),
        "client_random": connection.client_random(),
        "server_random": connection.server_random(),
        "master_key": connection.master_key(),
    }


def serve(connection: SSL.Connection) -> Facts:
    found = facts(connection)
    connection.sendall(b"here you are\n")
    until_closed(connection)
    connection.shutdown()
    return found


def export(options: list[str]) -> list[str]:
    return [*options, "-keymatexport", LABEL, "-keymatexportlen", str(LENGTH)]


def talk(client: Running) -> None:
    client.wait_for(b"here you are\n")
    client.end_input()
    assert client.finish() == 0


def test_s_client_exports_the_same(ec: Authority, version: str):
    with (
        serving(server_context(ec), serve) as service,
        running(export(s_client(service.port, version, "-CAfile", ec.root.cert_file))) as client,
    ):
        talk(client)
        assert printed(client.output, "Keying material") == service.result()["exported"]


def test_s_server_exports_the_same(ec: Authority, version: str):
    with running(export(s_server(ec, version))) as server:
        client = connect(server, client_context(ec))
        exported = client.export_keying_material(LABEL.encode(), LENGTH)
        client.sendall(b"done\n")
        server.wait_for(b"done\n")
        assert printed(server.output, "Keying material") == exported
        client.close()


def test_s_client_logs_the_same_secrets(ec: Authority, version: str, tmp_path: Path):
    # The format of NSS: LABEL client_random secret.
    log = tmp_path / "keys"
    with serving(server_context(ec), serve) as service:
        options = ["-CAfile", ec.root.cert_file, "-keylogfile", str(log)]
        with running(s_client(service.port, version, *options)) as client:
            talk(client)
        found = service.result()
    lines = [line.split() for line in log.read_text().splitlines() if not line.startswith("#")]
    assert {bytes.fromhex(random) for _, random, _ in lines} == {found["client_random"]}
    secrets = {label: bytes.fromhex(secret) for label, _, secret in lines}
    if version == "TLSv1.2":
        assert secrets == {"CLIENT_RANDOM": found["master_key"]}
    else:
        assert {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"} <= secrets.keys()


def test_s_client_shows_the_same_session(ec: Authority, tmp_path: Path):
    session = tmp_path / "session"
    with serving(server_context(ec), serve) as service:
        options = ["-CAfile", ec.root.cert_file, "-msg", "-sess_out", str(session)]
        with running(s_client(service.port, "TLSv1.2", *options)) as client:
            talk(client)
            output = client.output
        found = service.result()
    assert found["master_key"] is not None
    assert found["master_key"].hex().upper().encode() in output
    # `-msg` prints the messages in hex: the ServerHello has the server's random.
    assert found["server_random"] is not None
    assert found["server_random"].hex() in re.sub(rb"[^0-9a-f]", b"", output).decode()
