"""With `gnutls-cli` and `gnutls-serv`, both roles, over TCP and UDP."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, only, requiring, server_context
from tests.support.datagrams import ROOMY, dtls_contexts
from tests.support.ports import free_port
from tests.support.programs import Running, printed, running
from tests.support.service import Service, serving, until_closed

PRIORITY = {
    "TLSv1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2",
    "TLSv1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3",
    "DTLSv1.2": "NORMAL:-VERS-ALL:+VERS-DTLS1.2",
}
LABEL = "EXPORTER-ironssl-test"
ALLOW_CLIENT_RENEGOTIATION = 1 << 8  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which no release names


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """Give a CA of each kind of key."""
    return request.getfixturevalue(request.param)


def cli(port: int, version: str, root: str, *options: str) -> list[str]:
    """Connect to loopback, and verify the server as localhost."""
    where = ["--port", str(port), "--verify-hostname", "localhost", "--sni-hostname", "localhost"]
    material = ["--keymatexport", LABEL, "--keymatexportsize", "40"]
    return [
        "gnutls-cli",
        *where,
        "--priority",
        PRIORITY[version],
        "--x509cafile",
        root,
        *material,
        *options,
        "127.0.0.1",
    ]


def answer(connection: SSL.Connection) -> tuple[str, bytes, bytes]:
    """Answer a line, and serve the clean end."""
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(100)
    connection.sendall(b"answer to " + line)
    rest = until_closed(connection)
    connection.shutdown()
    return connection.get_protocol_version_name(), line + rest, connection.export_keying_material(LABEL.encode(), 40)


def talk(client: Running) -> None:
    client.wait_for(b"Handshake was completed")
    client.write(b"a question\n")
    client.wait_for(b"answer to a question\n")
    client.end_input()
    assert client.finish() == 0


def test_gnutls_cli(authority: Authority, version: str):
    with serving(server_context(authority), answer) as service:
        with running(cli(service.port, version, authority.root.cert_file)) as client:
            talk(client)
            assert b"Status: The certificate is trusted" in client.output
        assert service.result() == (version, b"a question\n", printed(client.output, "- Key material"))


def test_gnutls_cli_refuses_an_unknown_ca(ec: Authority, stranger: Authority, version: str):
    with serving(server_context(ec), until_closed) as service:
        with running(cli(service.port, version, stranger.root.cert_file)) as client:
            assert client.finish() == 1
            assert b"The certificate is NOT trusted" in client.output
        with pytest.raises(SSL.Error, match=r"."):
            service.result()


def test_gnutls_cli_with_a_certificate(authority: Authority, version: str):
    def serve(connection: SSL.Connection) -> bytes:
        assert connection.get_peer_certificate().digest("sha256") == authority.client.x509.digest("sha256")
        return answer(connection)[1]

    mine = ["--x509certfile", authority.chain_file(authority.client), "--x509keyfile", authority.client.key_file]
    with serving(requiring(authority), serve) as service:
        with running(cli(service.port, version, authority.root.cert_file, *mine)) as client:
            talk(client)
        assert service.result() == b"a question\n"


def test_gnutls_cli_without_a_certificate(ec: Authority, version: str):
    with serving(requiring(ec), until_closed) as service:
        with running(cli(service.port, version, ec.root.cert_file)) as client:
            with pytest.raises(SSL.Error) as caught:
                service.result()
            client.end_input()
            assert client.finish() == 1
        assert caught.value.args[0][0][2] == "peer did not return a certificate"


def test_gnutls_cli_resumes_a_session(ec: Authority):
    # In TLS 1.3 it may have gone before it has read the tickets; s_client resumes there.
    version = "TLSv1.2"
    context = server_context(ec)
    context.set_session_id(b"resumed")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listener = SSL.Connection(context, listening)

        def serve() -> list[bool]:
            resumed = []
            for last in (False, True):
                connection, _ = listener.accept()
                connection.do_handshake()
                resumed.append(connection.session_reused())
                if last:
                    answer(connection)
                else:
                    until_closed(connection)
                    connection.shutdown()
                connection.close()
            return resumed

        with Background(serve) as server:
            port = listening.getsockname()[1]
            with running(cli(port, version, ec.root.cert_file, "--resume")) as client:
                client.wait_for(b"This is a resumed session")
                client.write(b"a question\n")
                client.wait_for(b"answer to a question\n")
                client.end_input()
                assert client.finish() == 0
            assert server.result() == [False, True]


def test_gnutls_cli_renegotiates(ec: Authority):
    context = server_context(ec)
    context.set_options(ALLOW_CLIENT_RENEGOTIATION)

    def serve(connection: SSL.Connection) -> bool:
        before = connection.client_random()
        answer(connection)
        return connection.client_random() != before

    with serving(context, serve) as service:
        with running(cli(service.port, "TLSv1.2", ec.root.cert_file, "--rehandshake")) as client:
            client.wait_for(b"ReHandshake was completed")
            talk(client)
        assert service.result()


@contextlib.contextmanager
def serv(authority: Authority, version: str, *options: str) -> Iterator[tuple[Running, int]]:
    """Run an echo server of theirs; gives it and its port."""
    datagrams = "--udp" in options
    port = free_port(socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
    mine = ["--x509certfile", authority.chain_file(authority.server), "--x509keyfile", authority.server.key_file]
    material = ["--keymatexport", LABEL, "--keymatexportsize", "40"]
    where = ["--port", str(port), "--priority", PRIORITY[version]]
    with running(["gnutls-serv", "--echo", *where, *mine, *material, *options]) as server:
        server.wait_for(b"listening on IPv4 0.0.0.0 port %d...done" % port)
        yield server, port


def connect(port: int, context: SSL.Context, kind: socket.SocketKind = socket.SOCK_STREAM) -> SSL.Connection:
    """Connect over TCP or UDP; the handshake is still to be done."""
    client = SSL.Connection(context, socket.socket(socket.AF_INET, kind))
    client.connect(("127.0.0.1", port))
    client.set_verify_host("localhost")
    return client


@pytest.mark.parametrize("with_certificate", [False, True])
def test_gnutls_serv(authority: Authority, version: str, with_certificate: bool):
    context = only(client_context(authority), version)
    options = ["--disable-client-cert"]
    if with_certificate:
        options = ["--x509cafile", authority.root.cert_file, "--require-client-cert", "--verify-client-cert"]
        identify(context, authority, authority.client)
    with serv(authority, version, *options) as (server, port), connect(port, context) as client:
        client.do_handshake()
        assert client.get_protocol_version_name() == version
        for line in (b"one line\n", b"another\n"):
            client.sendall(line)
            assert client.recv(100) == line
        server.wait_for(b"- Key material: ")
        server.wait_for(b"\n")
        assert printed(server.output, "- Key material") == client.export_keying_material(LABEL.encode(), 40)
        # RFC 5929, 3: the first Finished message; RFC 9266, 2: keying material.
        binding = client.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
        assert printed(server.output, "'tls-exporter'") == binding
        if version == "TLSv1.2":
            assert printed(server.output, "'tls-unique'") == client.get_finished()
        if with_certificate:
            assert b"Status: The certificate is trusted" in server.output
            assert b"Subject: CN=client,O=Throwaway" in server.output
        assert client.shutdown() is False
        assert until_closed(client) == b""


def test_gnutls_serv_requires_a_certificate(ec: Authority, version: str):
    options = ["--x509cafile", ec.root.cert_file, "--require-client-cert", "--verify-client-cert"]
    with serv(ec, version, *options) as (_, port), connect(port, client_context(ec)) as client:
        # In TLS 1.3 the client is done before the server has missed something.
        with pytest.raises(SSL.Error) as caught:
            client.recv(1)
        assert any("alert" in reason for _, _, reason in caught.value.args[0])


def test_gnutls_serv_with_an_unknown_ca(ec: Authority, stranger: Authority, version: str):
    with serv(ec, version) as (_, port), connect(port, client_context(stranger)) as client:
        with pytest.raises(SSL.Error) as caught:
            client.do_handshake()
        assert caught.value.args[0][0][2] == "certificate verify failed"


def test_gnutls_serv_resumes_a_session(ec: Authority, version: str):
    context = client_context(ec)
    with serv(ec, version, "--disable-client-cert") as (_, port):
        session = None
        for number in range(3):
            with connect(port, context) as client:
                if session is not None:
                    client.set_session(session)
                client.sendall(b"a line\n")
                assert client.recv(100) == b"a line\n"
                assert client.session_reused() is (number > 0)
                session = client.get_session()


def test_gnutls_serv_renegotiates(ec: Authority):
    # Its echo server takes this line for a command.
    with serv(ec, "TLSv1.2", "--disable-client-cert") as (server, port), connect(port, client_context(ec)) as client:
        client.do_handshake()
        client.sendall(b"**REHANDSHAKE**\n")
        server.wait_for(b"REHANDSHAKE")
        client.sendall(b"a line\n")
        assert client.recv(100)
        assert client.total_renegotiations() == 1


@contextlib.contextmanager
def serving_datagrams(context: SSL.Context) -> Iterator[Service[tuple[str, bytes, bytes]]]:
    """Serve the first client that sends a datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as transport:
        transport.bind(("127.0.0.1", 0))

        def work() -> tuple[str, bytes, bytes]:
            _, address = transport.recvfrom(ROOMY, socket.MSG_PEEK)
            transport.connect(address)
            connection = SSL.Connection(context, transport)
            connection.set_accept_state()
            connection.do_handshake()
            return answer(connection)

        yield Service(transport.getsockname()[1], Background(work))


def test_gnutls_cli_over_udp(authority: Authority):
    with serving_datagrams(dtls_contexts(authority)[1]) as service:
        with running(cli(service.port, "DTLSv1.2", authority.root.cert_file, "--udp")) as client:
            talk(client)
        assert service.result() == ("DTLSv1.2", b"a question\n", printed(client.output, "- Key material"))


@pytest.mark.parametrize("mtu", [300, 1400])
def test_gnutls_serv_over_udp(authority: Authority, mtu: int):
    # It wants its cookie back first.
    context = dtls_contexts(authority)[0]
    with (
        serv(authority, "DTLSv1.2", "--udp", "--mtu", str(mtu)) as (server, port),
        connect(port, context, socket.SOCK_DGRAM) as client,
    ):
        client.do_handshake()
        assert client.get_protocol_version_name() == "DTLSv1.2"
        client.send(b"a datagram\n")
        assert client.recv(100) == b"a datagram\n"
        server.wait_for(b"Processing 11 bytes command: a datagram")
        client.shutdown()


def test_gnutls_serv_with_srtp(ec: Authority):
    context = dtls_contexts(ec)[0]
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80")
    with (
        serv(ec, "DTLSv1.2", "--udp", "--srtp-profiles", "SRTP_AES128_CM_HMAC_SHA1_80") as (_, port),
        connect(port, context, socket.SOCK_DGRAM) as client,
    ):
        client.do_handshake()
        assert client.get_selected_srtp_profile() == b"SRTP_AES128_CM_SHA1_80"
