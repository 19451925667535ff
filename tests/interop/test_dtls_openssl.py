"""With `openssl s_client` and `openssl s_server` over UDP, both roles."""

import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background, until
from tests.support.contexts import identify, trust
from tests.support.datagrams import DTLS_VERSIONS, ROOMY, dtls_contexts
from tests.support.programs import Running, printed, running
from tests.support.service import Service, until_closed

T = TypeVar("T")

FLAG = {"DTLSv1": "-dtls1", "DTLSv1.2": "-dtls1_2"}
LABEL = "EXPORTER-ironssl-test"
MATERIAL = ["-keymatexport", LABEL, "-keymatexportlen", "40"]


@pytest.fixture(params=DTLS_VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Give each version of DTLS."""
    return request.param


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """Give a CA of each kind of key."""
    return request.getfixturevalue(request.param)


@contextlib.contextmanager
def serving(context: SSL.Context, serve: Callable[[SSL.Connection], T]) -> Iterator[Service[T]]:
    """Do the handshake with the first client that sends a datagram, and give the connection to the function."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as transport:
        transport.bind(("127.0.0.1", 0))

        def work() -> T:
            _, address = transport.recvfrom(ROOMY, socket.MSG_PEEK)
            transport.connect(address)
            connection = SSL.Connection(context, transport)
            connection.set_accept_state()
            connection.do_handshake()
            return serve(connection)

        yield Service(transport.getsockname()[1], Background(work))


def s_client(port: int, version: str, authority: Authority, *options: str) -> list[str]:
    where = ["-connect", f"127.0.0.1:{port}", "-verify_return_error", "-CAfile", authority.root.cert_file]
    return ["openssl", "s_client", *where, FLAG[version], "-cipher", "DEFAULT:@SECLEVEL=0", *MATERIAL, *options]


def answer(connection: SSL.Connection) -> tuple[str, bytes, bytes]:
    """Answer a line, and serve the clean end."""
    line = connection.recv(100)
    connection.send(b"answer to " + line)
    rest = until_closed(connection)
    return connection.get_protocol_version_name(), line + rest, connection.export_keying_material(LABEL.encode(), 40)


@pytest.mark.parametrize("mtu", [[], ["-mtu", "300"]])
def test_s_client(authority: Authority, version: str, mtu: list[str]):
    with serving(dtls_contexts(authority, version)[1], answer) as service:
        with running(s_client(service.port, version, authority, *mtu)) as client:
            client.wait_for(b"Keying material: ")
            client.write(b"a question\n")
            client.wait_for(b"answer to a question\n")
            client.end_input()
            assert client.finish() == 0
            assert b"Verification: OK" in client.output
        assert service.result() == (version, b"a question\n", printed(client.output, "Keying material"))


def test_s_client_with_a_certificate(authority: Authority, version: str):
    context = dtls_contexts(authority, version)[1]
    trust(context, authority)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)

    def serve(connection: SSL.Connection) -> bytes:
        answer(connection)
        return connection.get_peer_certificate().digest("sha256")

    options = ["-cert", authority.client.cert_file, "-key", authority.client.key_file]
    options += ["-cert_chain", authority.intermediate.cert_file]
    with serving(context, serve) as service:
        with running(s_client(service.port, version, authority, *options)) as client:
            client.write(b"a question\n")
            client.wait_for(b"answer to a question\n")
            client.end_input()
            assert client.finish() == 0
        assert service.result() == authority.client.x509.digest("sha256")


def test_s_client_refuses_an_unknown_ca(ec: Authority, stranger: Authority, version: str):
    with serving(dtls_contexts(ec, version)[1], until_closed) as service:
        with running(s_client(service.port, version, stranger)) as client:
            assert client.finish() == 1
        with pytest.raises(SSL.Error) as caught:
            service.result()
        assert any("unknown ca" in reason for _, _, reason in caught.value.args[0])


@contextlib.contextmanager
def s_server(authority: Authority, version: str, *options: str) -> Iterator[tuple[Running, int]]:
    """Run a server of theirs; gives it and its port."""
    mine = ["-cert", authority.server.cert_file, "-key", authority.server.key_file]
    chain = ["-cert_chain", authority.intermediate.cert_file, "-cipher", "DEFAULT:@SECLEVEL=0"]
    where = ["-accept", "127.0.0.1:0", FLAG[version]]
    with running(["openssl", "s_server", *where, *mine, *chain, *MATERIAL, *options]) as server:
        server.wait_for(b"ACCEPT 127.0.0.1:")
        while (found := re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)\s", server.output)) is None:
            server.wait_for(b"\n")
        yield server, int(found[1])


@contextlib.contextmanager
def connected(port: int, context: SSL.Context) -> Iterator[SSL.Connection]:
    with SSL.Connection(context, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as client:
        client.connect(("127.0.0.1", port))
        yield client


@pytest.mark.parametrize("options", [[], ["-listen"], ["-mtu", "300"]])
def test_s_server(authority: Authority, version: str, options: list[str]):
    # With `-listen` it wants a cookie back first.
    context = dtls_contexts(authority, version)[0]
    with s_server(authority, version, *options) as (server, port), connected(port, context) as client:
        client.do_handshake()
        assert client.get_protocol_version_name() == version
        client.send(b"from the client\n")
        server.wait_for(b"from the client\n")
        server.write(b"from the server\n")
        assert client.recv(100) == b"from the server\n"
        assert printed(server.output, "Keying material") == client.export_keying_material(LABEL.encode(), 40)
        assert client.shutdown() is False
        server.wait_for(b"DONE")


def test_s_server_that_requires_a_certificate(authority: Authority, version: str):
    context = dtls_contexts(authority, version)[0]
    identify(context, authority, authority.client)
    options = ["-Verify", "3", "-verify_return_error", "-CAfile", authority.root.cert_file]
    with s_server(authority, version, *options) as (server, port), connected(port, context) as client:
        client.do_handshake()
        client.send(b"from the client\n")
        server.wait_for(b"from the client\n")
        assert b"verify error" not in server.output
        assert b"CN = client" in server.output


def test_s_server_renegotiates(ec: Authority, version: str):
    with s_server(ec, version) as (server, port), connected(port, dtls_contexts(ec, version)[0]) as client:
        client.do_handshake()
        before = client.server_random()
        with Background(lambda: client.recv(100)) as receiving:
            # A line with an r asks for a new handshake.
            server.write(b"r\n")
            until(lambda: client.total_renegotiations() == 1)
            server.write(b"after it\n")
            assert receiving.result() == b"after it\n"
        # What the server says in the middle of it may come first.
        client.do_handshake()
        assert client.server_random() != before


def test_s_server_with_an_unknown_ca(ec: Authority, stranger: Authority, version: str):
    with s_server(ec, version) as (server, port), connected(port, dtls_contexts(stranger, version)[0]) as client:
        with pytest.raises(SSL.Error) as caught:
            client.do_handshake()
        assert caught.value.args[0][-1][2] == "certificate verify failed"
        server.wait_for(b"unknown ca")


PROFILES = "SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"


def test_s_client_with_srtp(ec: Authority):
    context = dtls_contexts(ec)[1]
    context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")

    def serve(connection: SSL.Connection) -> bytes:
        answer(connection)
        return connection.get_selected_srtp_profile()

    with serving(context, serve) as service:
        with running(s_client(service.port, "DTLSv1.2", ec, "-use_srtp", PROFILES)) as client:
            client.write(b"a question\n")
            client.wait_for(b"answer to a question\n")
            client.end_input()
            assert client.finish() == 0
            assert b"SRTP Extension negotiated, profile=SRTP_AES128_CM_SHA1_80" in client.output
        assert service.result() == b"SRTP_AES128_CM_SHA1_80"


def test_s_server_with_srtp(ec: Authority):
    # Its keys for both directions come from one exporter (RFC 5764, 4.2).
    context = dtls_contexts(ec)[0]
    context.set_tlsext_use_srtp(PROFILES.encode())
    options = ["-use_srtp", "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM", "-keymatexport", "EXTRACTOR-dtls_srtp"]
    with s_server(ec, "DTLSv1.2", *options) as (server, port), connected(port, context) as client:
        client.do_handshake()
        assert client.get_selected_srtp_profile() == b"SRTP_AES128_CM_SHA1_80"
        client.send(b"x\n")
        server.wait_for(b"x\n")
        assert printed(server.output, "Keying material") == client.export_keying_material(b"EXTRACTOR-dtls_srtp", 40)
