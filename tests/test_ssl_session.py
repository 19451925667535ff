"""Session: taken from one connection, given to another, in TLS 1.2 and 1.3, after clean and abrupt ends."""

import gc
import time
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust, watch_verification
from tests.support.pairs import Pair, connected, memory_pair, socket_pair
from tests.support.rows import rows


class Service:
    """A client's and a server's context between which sessions are resumed."""

    def __init__(self, authority: Authority, version: str) -> None:
        self.client = client_context(authority, version)
        self.server = server_context(authority, version)
        self.server.set_session_id(b"service")
        self.looked_at = watch_verification(self.client)

    def connect(self, session: SSL.Session | None = None, kind: str = "memory") -> Pair:
        """Complete a handshake, with the session if there is one, and let the client get the server's tickets."""
        if kind == "memory":
            pair = memory_pair(self.client, self.server)
        else:
            pair = socket_pair(self.client, self.server, kind)
        if session is not None:
            assert pair.client.set_session(session) is None
        self.looked_at.clear()
        pair.handshake()
        pair.server.send(b"tickets went before this")
        pair.move()
        assert pair.client.recv(100) == b"tickets went before this"
        return pair

    @property
    def resumed(self) -> bool:
        """Whether the last handshake resumed a session: then the client had no certificate to look at."""
        return not self.looked_at


def end_cleanly(pair: Pair) -> None:
    pair.client.shutdown()
    pair.move()
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)
    pair.server.shutdown()
    pair.move()
    assert pair.client.shutdown() is True
    pair.close()


def end_abruptly(pair: Pair) -> None:
    if pair.kind == "memory":
        pair.client.bio_shutdown()
        pair.server.bio_shutdown()
        for connection in (pair.client, pair.server):
            with pytest.raises(SSL.SysCallError):
                connection.recv(1)
    else:
        pair.server.close()
        with pytest.raises(SSL.SysCallError):
            pair.client.recv(1)
    pair.close()


def just_drop(pair: Pair) -> None:
    pair.close()


End = Callable[[Pair], None]


def test_without_a_session_nothing_is_resumed(ec: Authority, version: str):
    service = Service(ec, version)
    for _ in range(2):
        service.connect().close()
        assert not service.resumed


@pytest.mark.parametrize(
    ("end", "when"),
    [
        (end_cleanly, "before the end"),
        (end_cleanly, "after the end"),
        (end_abruptly, "before the end"),
        (just_drop, "before the end"),
        (just_drop, "after the end"),
    ],
)
@pytest.mark.parametrize("kind", ["memory", "unix"])
def test_resumption(ec: Authority, version: str, kind: str, end: End, when: str):
    # Design 7: an abrupt end costs a session that was taken before it nothing. (The library marks its own copy as not
    # resumable, which upstream hands out.)
    service = Service(ec, version)
    pair = service.connect(kind=kind)
    if when == "before the end":
        session = pair.client.get_session()
        end(pair)
    else:
        end(pair)
        session = pair.client.get_session()
    assert type(session) is SSL.Session
    again = service.connect(session, kind)
    assert service.resumed
    assert again.client.get_protocol_version_name() == version
    assert again.client.get_peer_certificate().digest("sha256") == ec.server.x509.digest("sha256")
    again.close()


def test_a_session_outlives_its_connection(ec: Authority, version: str):
    # Design 7: dropping the connection is an abrupt end too, which costs upstream's session its use.
    service = Service(ec, version)
    session = service.connect().client.get_session()
    gc.collect()
    service.connect(session)
    assert service.resumed


def test_a_session_is_resumed_again_and_again(ec: Authority, version: str):
    service = Service(ec, version)
    session = service.connect().client.get_session()
    for _ in range(3):
        pair = service.connect(session)
        assert service.resumed
        session = pair.client.get_session()
        end_abruptly(pair)


def test_get_session_gives_independent_copies(ec: Authority):
    service = Service(ec, "TLSv1.2")
    pair = service.connect()
    one, other = pair.client.get_session(), pair.client.get_session()
    assert one is not other
    del one
    gc.collect()
    end_abruptly(pair)
    service.connect(other)
    assert service.resumed


def test_both_sides_have_a_session(ec: Authority, version: str):
    pair = Service(ec, version).connect()
    assert type(pair.client.get_session()) is SSL.Session
    assert type(pair.server.get_session()) is SSL.Session


def test_before_the_handshake_there_is_none(ec: Authority):
    assert SSL.Connection(client_context(ec), None).get_session() is None


def test_in_a_handshake_that_has_agreed_on_nothing_there_is_none(ec: Authority, version: str):
    client = SSL.Connection(client_context(ec, version), None)
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    assert client.get_session() is None


def test_a_session_set_before_the_handshake_can_be_got(ec: Authority, version: str):
    service = Service(ec, version)
    session = service.connect().client.get_session()
    connection = SSL.Connection(service.client, None)
    connection.set_session(session)
    assert type(connection.get_session()) is SSL.Session


@pytest.mark.parametrize("value", [None, b"session", object(), 7])
def test_only_a_session_can_be_set(ec: Authority, value: object):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(client_context(ec), None).set_session(value)


def test_a_session_belongs_to_its_context(ec: Authority, version: str):
    # C173
    session = Service(ec, version).connect().client.get_session()
    with pytest.raises(ValueError, match=r"."):
        SSL.Connection(client_context(ec, version), None).set_session(session)


def test_a_server_that_does_not_know_the_session(ec: Authority, version: str):
    service = Service(ec, version)
    session = service.connect().client.get_session()
    service.server = server_context(ec, version)
    service.connect(session)
    assert not service.resumed


@pytest.mark.parametrize("named", [True, False])
@rows(227)
def test_a_server_that_verifies_clients_needs_a_session_id(ec: Authority, named: bool):
    client, server = client_context(ec, "TLSv1.2"), server_context(ec, "TLSv1.2")
    identify(client, ec, ec.client)
    trust(server, ec)
    looked_at = watch_verification(server)
    if named:
        server.set_session_id(b"named")
    pair = memory_pair(client, server)
    pair.handshake()
    assert looked_at == [2, 1, 0]
    session = pair.client.get_session()
    looked_at.clear()
    again = memory_pair(client, server)
    again.client.set_session(session)
    if named:
        again.handshake()
        assert looked_at == []
        assert again.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")
    else:
        with pytest.raises(SSL.Error) as caught:
            again.handshake()
        assert caught.value.args[0][0][2] == "session id context uninitialized"


@rows(229)
def test_a_session_older_than_the_timeout_is_not_resumed(ec: Authority, version: str):
    service = Service(ec, version)
    service.server.set_timeout(1)
    first = service.connect()
    session = first.client.get_session()
    second = service.connect(session)
    assert service.resumed
    # Only time itself makes a session old, counted in whole seconds before OpenSSL 3.3.
    time.sleep(2.2)
    third = service.connect(session)
    assert not service.resumed
    del first, second, third


def test_a_session_without_tickets(ec: Authority):
    # The server's cache does it in TLS 1.2.
    service = Service(ec, "TLSv1.2")
    service.server.set_options(SSL.OP_NO_TICKET)
    first = service.connect()
    second = service.connect(first.client.get_session())
    assert service.resumed
    del first, second


def test_a_session_with_another_version(ec: Authority):
    # C115: the session's own version is no longer offered, so a full handshake takes place.
    client, server = client_context(ec), server_context(ec)
    looked_at = watch_verification(client)
    server_12 = server_context(ec, "TLSv1.2")
    with connected(client, server, "memory") as pair:
        pair.server.send(b"x")
        pair.move()
        pair.client.recv(1)
        session = pair.client.get_session()
    looked_at.clear()
    again = memory_pair(client, server_12)
    again.client.set_session(session)
    again.handshake()
    assert looked_at == [2, 1, 0]
    assert again.client.get_protocol_version_name() == "TLSv1.2"


def test_sessions_contexts_and_connections_go_in_any_order(ec: Authority, version: str):
    service = Service(ec, version)
    pair = service.connect()
    kept = {"session": pair.client.get_session(), "connection": pair.client, "context": service.client}
    del pair, service
    for name in ("context", "connection", "session"):
        del kept[name]
        gc.collect()
