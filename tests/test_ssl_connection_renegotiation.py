"""Connection: a second handshake within a connection, in TLS 1.2, and its absence in TLS 1.3."""

import contextlib

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background, until
from tests.support.contexts import client_context, identify, server_context
from tests.support.failing import reasons
from tests.support.pairs import Pair, connected, memory_pair, pump
from tests.support.rows import rows

# SSL_OP_ALLOW_CLIENT_RENEGOTIATION: from 3.0 on, OpenSSL's servers do not let clients begin.
ALLOW_CLIENT = 1 << 8


def exchange(pair: Pair) -> None:
    """Send a message each way, and so have whatever handshake is due."""
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        one.send(b"hello")
        pair.move()
        assert other.recv(100) == b"hello"


def renegotiate(pair: Pair, first: SSL.Connection) -> None:
    """Make a second handshake in memory, for which `first` has asked: he begins, and reading does the rest."""
    with contextlib.suppress(SSL.WantReadError):
        first.do_handshake()
    while pump(pair.client, pair.server):
        for connection in (pair.client, pair.server):
            with pytest.raises(SSL.WantReadError):
                connection.recv(1)
    pair.client.do_handshake()
    pair.server.do_handshake()


@rows(258, 277)
@pytest.mark.parametrize("role", ["client", "server"])
def test_either_side_may_ask_in_tls_1_2(ec: Authority, role: str):
    server = server_context(ec, "TLSv1.2")
    server.set_options(ALLOW_CLIENT)
    with connected(client_context(ec), server, "memory") as pair:
        first = getattr(pair, role)
        finished = pair.client.get_finished()
        for count in (1, 2):
            assert first.total_renegotiations() == count - 1
            assert first.renegotiate_pending() is False
            assert first.renegotiate() is True
            assert first.renegotiate_pending() is True
            renegotiate(pair, first)
            assert first.renegotiate_pending() is False
            # A client counts those that it was asked for, a server only those that it asked for.
            assert pair.client.total_renegotiations() == count
            assert pair.server.total_renegotiations() == (count if role == "server" else 0)
            # It was a handshake of its own, and the connection goes on in it.
            assert pair.client.get_finished() != finished
            finished = pair.client.get_finished()
            assert finished == pair.server.get_peer_finished()
            exchange(pair)


@rows(258, 277)
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_over_sockets_with_blocking_calls(ec: Authority, kind: str):
    with connected(client_context(ec), server_context(ec, "TLSv1.2"), kind) as pair:
        assert pair.server.renegotiate() is True
        # This asks the client. His answer, and all that follows, is met by whoever reads.
        pair.server.do_handshake()
        with Background(lambda: pair.client.recv(100)) as client, Background(lambda: pair.server.recv(100)) as server:
            until(lambda: not pair.server.renegotiate_pending())
            pair.client.send(b"hello")
            pair.server.send(b"goodbye")
            assert server.result() == b"hello"
            assert client.result() == b"goodbye"
        assert pair.server.total_renegotiations() == 1
        assert pair.server.renegotiate_pending() is False
        assert pair.client.total_renegotiations() == 1


@rows(277)
def test_asking_twice_asks_once(ec: Authority):
    with connected(client_context(ec), server_context(ec, "TLSv1.2"), "memory") as pair:
        assert pair.server.renegotiate() is True
        assert pair.server.renegotiate() is False
        renegotiate(pair, pair.server)
        assert pair.server.total_renegotiations() == 1


@rows(277)
def test_a_certificate_may_be_asked_for_later(ec: Authority):
    client, server = client_context(ec), server_context(ec, "TLSv1.2")
    identify(client, ec, ec.client)
    # A session that is resumed has no place for a certificate.
    server.set_options(SSL.OP_NO_TICKET)
    server.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    server.get_cert_store().add_cert(ec.root.x509)
    with connected(client, server, "memory") as pair:
        assert pair.server.get_peer_certificate() is None
        pair.server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        pair.server.renegotiate()
        renegotiate(pair, pair.server)
        assert pair.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")
        exchange(pair)


@rows(277)
@pytest.mark.parametrize("role", ["client", "server"])
def test_in_tls_1_3_it_is_an_error(ec: Authority, role: str):
    with connected(client_context(ec), server_context(ec, "TLSv1.3"), "memory") as pair:
        connection = getattr(pair, role)
        with pytest.raises(SSL.Error) as caught:
            connection.renegotiate()
        assert reasons(caught.value) == ["wrong ssl version"]
        assert connection.renegotiate_pending() is False
        assert connection.total_renegotiations() == 0
        exchange(pair)


@pytest.mark.parametrize("role", ["client", "server"])
def test_before_the_first_handshake_it_is_an_error_and_nothing_else(ec: Authority, role: str):
    pair = memory_pair(client_context(ec, "TLSv1.2"), server_context(ec))
    for _ in range(2):
        with pytest.raises(SSL.Error, match="no handshake is done yet"):
            getattr(pair, role).renegotiate()
        with pytest.raises(SSL.WantReadError):
            pair.client.do_handshake()
    pair.handshake()
    exchange(pair)


def test_a_server_may_refuse(ec: Authority):
    server = server_context(ec, "TLSv1.2")
    server.set_options(SSL.OP_NO_RENEGOTIATION)
    with connected(client_context(ec), server, "memory") as pair:
        pair.client.renegotiate()
        with pytest.raises(SSL.WantReadError):
            pair.client.do_handshake()
        pair.move()
        with pytest.raises(SSL.WantReadError):
            pair.server.recv(1)
        pair.move()
        with pytest.raises(SSL.Error) as caught:
            pair.client.do_handshake()
        assert reasons(caught.value) == ["no renegotiation"]
        assert pair.server.total_renegotiations() == 0
