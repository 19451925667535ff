"""With the standard library's `ssl`, both roles."""

import contextlib
import hashlib
import socket
import ssl

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.pairs import receive, tcp_sockets
from tests.support.service import until_closed
from tests.support.stdlib import their_client, their_server

SIZE = 1_000_000
DATA = hashlib.shake_128(b"data").digest(SIZE)


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """Give a CA of each kind of key."""
    return request.getfixturevalue(request.param)


def echo_theirs(connection: ssl.SSLSocket) -> bytes:
    """Echo so much data, then close cleanly, as the peer does."""
    data = b""
    while len(data) < SIZE:
        data += connection.recv(65536)
    connection.sendall(data)
    assert connection.recv(1) == b""
    connection.unwrap()
    return data


@pytest.mark.parametrize("with_certificate", [False, True])
def test_their_server(authority: Authority, version: str, with_certificate: bool):
    theirs, ours = their_server(authority, version), client_context(authority)
    if with_certificate:
        theirs.verify_mode = ssl.CERT_REQUIRED
        theirs.load_verify_locations(authority.root.cert_file)
        identify(ours, authority, authority.client)
    client_socket, server_socket = tcp_sockets()

    def serve() -> bytes | None:
        with theirs.wrap_socket(server_socket, server_side=True) as connection:
            assert connection.version() == version
            seen = connection.getpeercert(binary_form=True)
            assert echo_theirs(connection) == DATA
            return seen

    with client_socket, Background(serve) as server:
        client = SSL.Connection(ours, client_socket)
        client.set_connect_state()
        client.do_handshake()
        assert client.get_protocol_version_name() == version
        assert client.sendall(DATA) == SIZE
        assert receive(client, SIZE) == DATA
        assert client.shutdown() is False
        assert until_closed(client) == b""
        assert client.shutdown() is True
        assert server.result() == (authority.client.cert_der if with_certificate else None)


@pytest.mark.parametrize("with_certificate", [False, True])
def test_their_client(authority: Authority, version: str, with_certificate: bool):
    theirs, ours = their_client(authority, version), server_context(authority)
    if with_certificate:
        trust(ours, authority)
        ours.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        theirs.load_cert_chain(authority.chain_file(authority.client), authority.client.key_file)
    client_socket, server_socket = tcp_sockets()

    def connect() -> None:
        with theirs.wrap_socket(client_socket, server_hostname="localhost") as connection:
            assert connection.version() == version
            assert connection.getpeercert(binary_form=True) == authority.server.cert_der
            assert echo_theirs(connection) == DATA

    with server_socket, Background(connect):
        server = SSL.Connection(ours, server_socket)
        server.set_accept_state()
        server.do_handshake()
        certificate = server.get_peer_certificate()
        assert (certificate is not None) == with_certificate
        if certificate is not None:
            assert certificate.digest("sha256") == authority.client.x509.digest("sha256")
        assert server.sendall(DATA) == SIZE
        assert receive(server, SIZE) == DATA
        assert server.shutdown() is False
        assert until_closed(server) == b""
        assert server.shutdown() is True


def test_their_client_refuses_an_unknown_ca(ec: Authority, stranger: Authority, version: str):
    theirs, ours = their_client(stranger, version), server_context(ec)
    client_socket, server_socket = tcp_sockets()

    def connect() -> None:
        with client_socket, pytest.raises(ssl.SSLCertVerificationError):
            theirs.wrap_socket(client_socket, server_hostname="localhost")

    with server_socket, Background(connect):
        server = SSL.Connection(ours, server_socket)
        server.set_accept_state()
        with pytest.raises(SSL.Error) as caught:  # noqa: PT012  in TLS 1.3 the alert comes after the handshake
            server.do_handshake()
            server.recv(1)
        assert any("alert" in reason for _, _, reason in caught.value.args[0])


def test_we_refuse_their_unknown_ca(ec: Authority, stranger: Authority, version: str):
    theirs, ours = their_server(ec, version), client_context(stranger)
    client_socket, server_socket = tcp_sockets()

    def serve() -> None:
        with server_socket, pytest.raises(ssl.SSLError, match=r"(?i)alert unknown ca"):  # noqa: PT012  as above
            connection = theirs.wrap_socket(server_socket, server_side=True)
            with connection:
                connection.recv(1)

    with client_socket, Background(serve):
        client = SSL.Connection(ours, client_socket)
        client.set_connect_state()
        with pytest.raises(SSL.Error) as caught:
            client.do_handshake()
        assert caught.value.args[0][0][2] == "certificate verify failed"


def test_our_memory_connection_and_their_memory_object(ec: Authority, version: str):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = their_client(ec, version).wrap_bio(incoming, outgoing, server_hostname="localhost")
    ours = SSL.Connection(server_context(ec), None)
    ours.set_accept_state()
    done = {"theirs": False, "ours": False}
    while not all(done.values()):
        try:
            theirs.do_handshake()
            done["theirs"] = True
        except ssl.SSLWantReadError:
            pass
        if outgoing.pending:
            ours.bio_write(outgoing.read())
        try:
            ours.do_handshake()
            done["ours"] = True
        except SSL.WantReadError:
            pass
        with contextlib.suppress(SSL.WantReadError):
            incoming.write(ours.bio_read(65536))
    theirs.write(b"hello")
    ours.bio_write(outgoing.read())
    assert ours.recv(100) == b"hello"
    ours.send(b"and back")
    incoming.write(ours.bio_read(65536))
    assert theirs.read(100) == b"and back"


def test_an_abrupt_end_is_told_from_a_clean_one(ec: Authority, version: str):
    theirs, ours = their_server(ec, version), client_context(ec)
    client_socket, server_socket = tcp_sockets()

    def serve() -> None:
        with theirs.wrap_socket(server_socket, server_side=True, suppress_ragged_eofs=False) as connection:
            connection.sendall(b"and no more")
            connection.recv(1)
            connection.shutdown(socket.SHUT_RDWR)

    with client_socket, Background(serve):
        client = SSL.Connection(ours, client_socket)
        client.set_connect_state()
        client.do_handshake()
        assert receive(client, 11) == b"and no more"
        client.send(b"x")
        with pytest.raises(SSL.SysCallError) as caught:
            client.recv(1)
        assert caught.value.args == (-1, "Unexpected EOF")


@pytest.mark.parametrize("with_certificate", [False, True])
def test_their_server_asks_for_the_certificate_after_the_handshake(authority: Authority, with_certificate: bool):
    theirs, ours = their_server(authority, "TLSv1.3"), client_context(authority)
    theirs.verify_mode = ssl.CERT_OPTIONAL
    theirs.post_handshake_auth = True
    theirs.load_verify_locations(authority.root.cert_file)
    ours.set_post_handshake_auth(True)
    if with_certificate:
        identify(ours, authority, authority.client)
    client_socket, server_socket = tcp_sockets()

    def serve() -> tuple[bytes | None, bytes | None]:
        with theirs.wrap_socket(server_socket, server_side=True) as connection:
            before = connection.getpeercert(binary_form=True)
            assert connection.recv(100) == b"the secret page, please"
            connection.verify_client_post_handshake()
            connection.sendall(b"who are you?")
            assert connection.recv(100) == b"see my certificate"
            return before, connection.getpeercert(binary_form=True)

    with client_socket, Background(serve) as server:
        client = SSL.Connection(ours, client_socket)
        client.set_connect_state()
        client.do_handshake()
        assert client.sendall(b"the secret page, please") == 23
        # The request comes first; recv answers it on the way.
        assert client.recv(100) == b"who are you?"
        assert client.sendall(b"see my certificate") == 18
        assert server.result() == (None, authority.client.cert_der if with_certificate else None)


def test_their_server_asks_a_client_that_did_not_offer_it(ec: Authority):
    theirs, ours = their_server(ec, "TLSv1.3"), client_context(ec)
    theirs.verify_mode = ssl.CERT_OPTIONAL
    theirs.post_handshake_auth = True
    identify(ours, ec, ec.client)
    client_socket, server_socket = tcp_sockets()

    def serve() -> None:
        with (
            theirs.wrap_socket(server_socket, server_side=True) as connection,
            pytest.raises(ssl.SSLError, match=r"(?i)extension not received"),
        ):
            connection.verify_client_post_handshake()

    with client_socket, Background(serve) as server:
        client = SSL.Connection(ours, client_socket)
        client.set_connect_state()
        client.do_handshake()
        server.result()
