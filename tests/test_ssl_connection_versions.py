"""Connection: every protocol version from TLS 1.0 to 1.3, each with all that a connection does.

TLS 1.0 and 1.1 sign with SHA-1 and MD5, which the library allows at security level 0 only.
"""

import contextlib
import hashlib

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, server_context, trust, watch_verification
from tests.support.pairs import Pair, connected, memory_pair, receive
from tests.support.service import until_closed

VERSIONS = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}
HEADERS = {number: bytes([0x17, 3, min(number & 15, 3), 0, 32]) for number in VERSIONS.values()}
OLD = ("TLSv1", "TLSv1.1")
DATA = hashlib.shake_128(b"versions").digest(300_000)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Give each protocol version."""
    return request.param


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    """Give a CA of each kind of key."""
    return request.getfixturevalue(request.param)


def speaking(context: SSL.Context, lowest: str, highest: str) -> SSL.Context:
    """Limit the context to a range of versions, at the level of security that it needs."""
    context.set_min_proto_version(VERSIONS[lowest])
    context.set_max_proto_version(VERSIONS[highest])
    if lowest in OLD:
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    return context


def contexts(authority: Authority, version: str) -> tuple[SSL.Context, SSL.Context]:
    client, server = client_context(authority), server_context(authority)
    return speaking(client, version, version), speaking(server, version, version)


@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_data_both_ways(authority: Authority, version: str, kind: str):
    with connected(*contexts(authority, version), kind) as pair:
        for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
            assert one.get_protocol_version_name() == version
            assert one.get_protocol_version() == VERSIONS[version]
            if kind == "memory":
                assert one.sendall(DATA) == len(DATA)
                pair.move()
                assert receive(other, len(DATA)) == DATA
            else:
                with Background(lambda end=one: end.sendall(DATA)):
                    assert receive(other, len(DATA)) == DATA


def test_facts(authority: Authority, version: str):
    with connected(*contexts(authority, version), "memory") as pair:
        assert pair.client.get_cipher_name() == pair.server.get_cipher_name()
        assert pair.client.get_cipher_version() in {version, "TLSv1.0", "SSLv3"}
        assert pair.client.get_finished() == pair.server.get_peer_finished()
        assert pair.client.server_random() == pair.server.server_random()
        material = pair.client.export_keying_material(b"label", 32, b"context")
        assert material == pair.server.export_keying_material(b"label", 32, b"context")
        if version != "TLSv1.3":
            assert pair.client.master_key() == pair.server.master_key()
            assert len(pair.client.master_key()) == 48


def test_client_certificates(authority: Authority, version: str):
    client, server = contexts(authority, version)
    identify(client, authority, authority.client)
    trust(server, authority)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    with connected(client, server, "memory") as pair:
        seen = pair.server.get_peer_certificate()
        assert seen is not None
        assert seen.digest("sha256") == authority.client.x509.digest("sha256")
        assert pair.server.get_verify_result() == 0


def resumed(client: SSL.Context, server: SSL.Context, looked_at: list[int], end: str) -> bool:
    """Make a connection, end it in some way, and make another with its session; whether that was resumed."""
    pair = memory_pair(client, server)
    pair.handshake()
    pair.server.send(b"tickets went before this")
    pair.move()
    pair.client.recv(100)
    session = pair.client.get_session()
    if end == "clean":
        pair.client.shutdown()
        pair.server.shutdown()
        pair.move()
        with pytest.raises(SSL.ZeroReturnError):
            pair.client.recv(1)
    elif end == "violated":
        pair.server.bio_write(HEADERS[pair.server.get_protocol_version()] + bytes(32))
        with pytest.raises(SSL.Error, match=r"mac|record"):
            pair.server.recv(1)
        pair.server.bio_shutdown()
    else:
        pair.client.bio_shutdown()
        pair.server.bio_shutdown()
        for connection in (pair.client, pair.server):
            with pytest.raises(SSL.SysCallError):
                connection.recv(1)
    looked_at.clear()
    again = memory_pair(client, server)
    again.client.set_session(session)
    again.handshake()
    assert again.client.session_reused() is again.server.session_reused() is (not looked_at)
    return again.client.session_reused()


@pytest.mark.parametrize("end", ["clean", "abrupt"])
@pytest.mark.parametrize("tickets", [True, False])
def test_resumption(ec: Authority, version: str, tickets: bool, end: str):
    # Without tickets the server finds the session in its cache, by its id.
    client, server = contexts(ec, version)
    server.set_session_id(b"versions")
    if not tickets:
        server.set_options(SSL.OP_NO_TICKET)
    looked_at = watch_verification(client)
    assert resumed(client, server, looked_at, end)


def test_after_a_violation_nothing_is_resumed(ec: Authority, version: str):
    # Unlike an abrupt end, that is a reason to forget the session.
    client, server = contexts(ec, version)
    server.set_session_id(b"versions")
    server.set_options(SSL.OP_NO_TICKET)
    looked_at = watch_verification(client)
    assert not resumed(client, server, looked_at, "violated")


@pytest.mark.parametrize("end", ["clean", "abrupt"])
def test_without_a_cache_and_without_tickets_nothing_is_resumed(ec: Authority, version: str, end: str):
    client, server = contexts(ec, version)
    server.set_session_id(b"versions")
    server.set_options(SSL.OP_NO_TICKET)
    server.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    looked_at = watch_verification(client)
    assert not resumed(client, server, looked_at, end)


@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("old", ["TLSv1", "TLSv1.1", "TLSv1.2"])
def test_renegotiation(ec: Authority, old: str, role: str):
    client, server = contexts(ec, old)
    server.set_options(1 << 8)  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
    with connected(client, server, "memory") as pair:
        before = pair.client.server_random()
        asking = getattr(pair, role)
        assert asking.renegotiate() is True
        # The request goes out; the answers are made by reading.
        with contextlib.suppress(SSL.WantReadError):
            asking.do_handshake()
        for _ in range(4):
            pair.move()
            for connection in (pair.server, pair.client):
                with pytest.raises(SSL.WantReadError):
                    connection.recv(1)
        assert asking.renegotiate_pending() is False
        assert pair.client.server_random() == pair.server.server_random() != before
        pair.client.send(b"still here")
        pair.move()
        assert pair.server.recv(100) == b"still here"


@pytest.mark.parametrize(
    ("client_range", "server_range", "agreed"),
    [
        (("TLSv1", "TLSv1.3"), ("TLSv1", "TLSv1.3"), "TLSv1.3"),
        (("TLSv1", "TLSv1.3"), ("TLSv1", "TLSv1.1"), "TLSv1.1"),
        (("TLSv1", "TLSv1"), ("TLSv1", "TLSv1.3"), "TLSv1"),
        (("TLSv1.1", "TLSv1.2"), ("TLSv1", "TLSv1.3"), "TLSv1.2"),
    ],
)
def test_the_highest_that_both_speak(
    ec: Authority, client_range: tuple[str, str], server_range: tuple[str, str], agreed: str
):
    client = speaking(client_context(ec), *client_range)
    server = speaking(server_context(ec), *server_range)
    with connected(client, server, "memory") as pair:
        assert pair.client.get_protocol_version_name() == pair.server.get_protocol_version_name() == agreed


@pytest.mark.parametrize(
    ("client_version", "server_version"), [("TLSv1", "TLSv1.3"), ("TLSv1.3", "TLSv1.2"), ("TLSv1.1", "TLSv1")]
)
def test_no_version_that_both_speak(ec: Authority, client_version: str, server_version: str):
    client = speaking(client_context(ec), client_version, client_version)
    server = speaking(server_context(ec), server_version, server_version)
    pair = memory_pair(client, server)
    with pytest.raises(SSL.Error, match=r"unsupported protocol|version"):
        pair.handshake()


@pytest.mark.parametrize("old", OLD)
def test_old_versions_are_refused_at_the_usual_level(ec: Authority, old: str):
    client, server = client_context(ec), server_context(ec)
    for context in (client, server):
        context.set_min_proto_version(VERSIONS[old])
        context.set_max_proto_version(VERSIONS[old])
    pair = memory_pair(client, server)
    with pytest.raises(SSL.Error, match=r"."):
        pair.handshake()


def test_the_end_of_each(authority: Authority, version: str):
    with connected(*contexts(authority, version), "tcp") as pair:
        closing: Pair = pair
        closing.client.sendall(b"last words")
        assert closing.client.shutdown() is False
        assert until_closed(closing.server) == b"last words"
        assert closing.server.shutdown() is True
        # In TLS 1.3 the server's tickets come first.
        assert until_closed(closing.client) == b""
        assert closing.client.shutdown() is True
