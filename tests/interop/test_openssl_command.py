"""With `openssl s_client` and `openssl s_server`, both roles."""

import re
import socket

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, requiring, server_context
from tests.support.programs import Running, running
from tests.support.service import serving, until_closed

FLAG = {"TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """Give a CA of each kind of key."""
    return request.getfixturevalue(request.param)


def s_client(port: int, version: str, *options: str) -> list[str]:
    where = ["-connect", f"127.0.0.1:{port}", "-verify_return_error", "-verify_hostname", "localhost"]
    return ["openssl", "s_client", *where, FLAG[version], *options]


def answer(connection: SSL.Connection) -> tuple[str, bytes]:
    """Serve s_client: a line, an answer, and its clean end."""
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(100)
    connection.sendall(b"answer to " + line)
    rest = until_closed(connection)
    connection.shutdown()
    return connection.get_protocol_version_name(), line + rest


def test_s_client(authority: Authority, version: str):
    with serving(server_context(authority), answer) as service:
        with running(s_client(service.port, version, "-CAfile", authority.root.cert_file)) as client:
            client.write(b"a question\n")
            client.wait_for(b"answer to a question\n")
            client.end_input()
            assert client.finish() == 0
            assert b"Verify return code: 0 (ok)" in client.output
            assert b"Verification: OK" in client.output
        assert service.result() == (version, b"a question\n")


@pytest.mark.parametrize("kind", ["socket", "memory"])
def test_s_client_that_asks_for_short_records(ec: Authority, version: str, kind: str):
    """A client may ask for records of 512 bytes at most (RFC 6066, 4): `sendall` sends all, in several of them."""
    data = b"".join(b"line %d\n" % number for number in range(250))

    def in_memory(transport: socket.socket) -> list[int]:
        connection = SSL.Connection(server_context(ec))
        connection.set_accept_state()
        counts = []
        while not counts:
            connection.bio_write(transport.recv(65536))
            try:
                connection.do_handshake()
                counts += [connection.sendall(data), connection.send(data)]
            except SSL.WantReadError:
                pass
            finally:
                transport.sendall(connection.bio_read(1 << 20))
        return counts

    def over_a_socket(connection: SSL.Connection) -> list[int]:
        connection.do_handshake()
        return [connection.sendall(data), connection.send(data)]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = ["-CAfile", ec.root.cert_file, "-maxfraglen", "512"]
        with running(s_client(listener.getsockname()[1], version, *options)) as client:
            transport, _ = listener.accept()
            with transport:
                if kind == "memory":
                    counts = in_memory(transport)
                else:
                    connection = SSL.Connection(server_context(ec), transport)
                    connection.set_accept_state()
                    counts = over_a_socket(connection)
                assert counts == [len(data), 512]
                client.wait_for(data + data[:512])


def test_s_client_refuses_an_unknown_ca(ec: Authority, rsa: Authority, version: str):
    with serving(server_context(ec), until_closed) as service:
        with running(s_client(service.port, version, "-CAfile", rsa.root.cert_file)) as client:
            assert client.finish() == 1
            assert b"unable to get local issuer certificate" in client.output
        with pytest.raises(SSL.Error) as caught:
            service.result()
        assert any("unknown ca" in reason for _, _, reason in caught.value.args[0])


def test_s_client_with_a_certificate(authority: Authority, version: str):
    def serve(connection: SSL.Connection) -> bytes:
        assert connection.get_peer_certificate().digest("sha256") == authority.client.x509.digest("sha256")
        return answer(connection)[1]

    chain = authority.chain_file(authority.client)
    options = ["-cert", chain, "-key", authority.client.key_file, "-cert_chain", authority.intermediate.cert_file]
    with serving(requiring(authority), serve) as service:
        with running(s_client(service.port, version, "-CAfile", authority.root.cert_file, *options)) as client:
            client.write(b"who am I\n")
            client.wait_for(b"answer to who am I\n")
            client.end_input()
            assert client.finish() == 0
        assert service.result() == b"who am I\n"


def test_s_client_without_a_certificate(ec: Authority, version: str):
    with serving(requiring(ec), until_closed) as service:
        with running(s_client(service.port, version, "-CAfile", ec.root.cert_file)) as client:
            with pytest.raises(SSL.Error) as caught:
                service.result()
            client.finish()
        assert caught.value.args[0][0][2] == "peer did not return a certificate"


def s_server(authority: Authority, version: str, *options: str) -> list[str]:
    mine = ["-cert", authority.server.cert_file, "-key", authority.server.key_file]
    chain = ["-cert_chain", authority.intermediate.cert_file]
    return ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", *mine, *chain, FLAG[version], *options]


def connect(server: Running, context: SSL.Context) -> SSL.Connection:
    """Connect to an s_server that says where it listens, and do the handshake."""
    server.wait_for(b"ACCEPT 127.0.0.1:")
    while (found := re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)\s", server.output)) is None:
        server.wait_for(b"\n")
    transport = socket.create_connection(("127.0.0.1", int(found[1])))
    client = SSL.Connection(context, transport)
    client.set_connect_state()
    try:
        client.do_handshake()
    except SSL.Error:
        transport.close()
        raise
    return client


def test_s_server(authority: Authority, version: str):
    with running(s_server(authority, version)) as server:
        client = connect(server, client_context(authority))
        assert client.get_protocol_version_name() == version
        assert client.get_peer_certificate().digest("sha256") == authority.server.x509.digest("sha256")
        client.sendall(b"from the client\n")
        server.wait_for(b"from the client\n")
        server.write(b"from the server\n")
        assert client.recv(100) == b"from the server\n"
        # A line with a Q ends s_server, without a closure alert.
        server.write(b"Q\n")
        with pytest.raises(SSL.SysCallError) as caught:
            client.recv(1)
        assert caught.value.args == (-1, "Unexpected EOF")
        client.close()
        server.finish()


def test_s_server_closes_cleanly(authority: Authority, version: str):
    # With -rev it sends each line back reversed, and closes at this one.
    with running(s_server(authority, version, "-rev")) as server:
        client = connect(server, client_context(authority))
        client.sendall(b"abc\n")
        assert client.recv(100) == b"cba\n"
        client.sendall(b"CLOSE\n")
        assert until_closed(client) == b""
        assert client.get_shutdown() == SSL.RECEIVED_SHUTDOWN
        assert client.shutdown() is True
        client.close()
        server.finish()


def test_s_server_sees_our_clean_close(ec: Authority, version: str):
    with running(s_server(ec, version)) as server:
        client = connect(server, client_context(ec))
        client.sendall(b"the last line\n")
        assert client.shutdown() is False
        server.wait_for(b"the last line\n")
        server.wait_for(b"DONE")
        assert until_closed(client) == b""
        assert client.shutdown() is True
        client.close()
        assert server.finish() == 0
        assert b"ERROR" not in server.output


def test_s_server_with_an_unknown_ca(ec: Authority, stranger: Authority, version: str):
    with running(s_server(ec, version)) as server:
        with pytest.raises(SSL.Error) as caught:
            connect(server, client_context(stranger))
        assert caught.value.args[0][0][2] == "certificate verify failed"
        server.finish()
        assert b"unknown ca" in server.output


def test_s_server_that_requires_a_certificate(authority: Authority, version: str):
    options = ["-Verify", "3", "-verify_return_error", "-CAfile", authority.root.cert_file]
    context = client_context(authority)
    identify(context, authority, authority.client)
    with running(s_server(authority, version, *options)) as server:
        client = connect(server, context)
        server.write(b"welcome\n")
        assert client.recv(100) == b"welcome\n"
        client.shutdown()
        client.close()
        server.finish()
        assert b"verify error" not in server.output
        assert b"CN = client" in server.output
