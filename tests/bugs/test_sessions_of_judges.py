"""Rules: whom only a callback has accepted is resumed only where it would be asked; whom nobody has verified, nowhere.

Bug class: session used across contexts; here across the callbacks of set_verify, and across its calls.
"""

import contextlib
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, only, server_context, trust
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import Pair, memory_pair
from tests.support.visits import alone, visit

DEMAND = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT

REFUSED = ["certificate verify failed"]
REFUSED_LATE = ["the server is verified since the handshake began, and the session that it resumes was made without"]
REFUSED_UNASKED = [
    "another callback verifies since the handshake began, and the client resumes a session that it does not know"
]


def accept_all(*_: object) -> bool:
    """Accept any certificate."""
    return True


def members_only(ec: Authority, version: str) -> SSL.Context:
    """Make a server's context that demands a certificate of its authority."""
    context = server_context(ec, version)
    trust(context, ec)
    context.set_session_id(b"application")
    context.set_verify(DEMAND)
    return context


def lenient_server(pair: Pair) -> None:
    """Let this one server accept any certificate."""
    pair.server.set_verify(DEMAND, accept_all)


def lenient_client(pair: Pair) -> None:
    """Let this one client accept any server."""
    pair.client.set_verify(SSL.VERIFY_PEER, accept_all)


def test_session_of_whom_one_connections_callback_accepted(ec: Authority, stranger: Authority, version: str):
    """A server's other connections do not resume him, nor does another one with a callback of its own."""
    client, server = client_context(ec, version), members_only(ec, version)
    identify(client, stranger, stranger.client)
    _, session = visit(client, server, lenient_server)
    asked: list[int] = []

    def refuse(_connection: SSL.Connection, _certificate: object, error: int, _depth: int, _passed: int) -> bool:
        asked.append(error)
        return False

    for prepare in (alone, lambda pair: pair.server.set_verify(DEMAND, refuse)):
        again = memory_pair(client, server)
        prepare(again)
        again.client.set_session(session)
        assert reasons(handshake_errors(again)["server"]) == REFUSED
        assert not again.server.session_reused()
    assert asked


def test_session_of_whom_the_contexts_callback_accepted(ec: Authority, stranger: Authority, version: str):
    """That is no loss where everybody asks the same: the server resumes him, and so does the client."""
    client, server = client_context(ec, version), members_only(ec, version)
    identify(client, stranger, stranger.client)
    client.set_verify(SSL.VERIFY_PEER, accept_all)
    server.set_verify(DEMAND, accept_all)
    _, session = visit(client, server)
    pair, _ = visit(client, server, last=session)
    assert pair.server.session_reused()
    # Without its callback the Context does not know him.
    pair = memory_pair(client, server)
    pair.server.set_verify(DEMAND)
    pair.client.set_session(session)
    assert reasons(handshake_errors(pair)["server"]) == REFUSED


@pytest.mark.parametrize("where", ["connection", "context", "again"])
def test_session_of_a_server_that_only_a_callback_accepted(
    ec: Authority, stranger: Authority, version: str, where: str
):
    """A client takes it nowhere else: not without the callback, whoever had it, nor with another."""
    client, server = client_context(ec, version), server_context(stranger, version)
    if where == "connection":
        pair, session = visit(client, server, lenient_client)
    else:
        client.set_verify(SSL.VERIFY_PEER, accept_all)
        pair, session = visit(client, server)
        assert visit(client, server, last=session)[0].client.session_reused()
        client.set_verify(SSL.VERIFY_PEER, None if where == "context" else lambda *arguments: bool(arguments[-1]))
    assert pair.client.get_verify_result() == 0
    again = memory_pair(client, server)
    again.client.set_session(session)
    assert reasons(handshake_errors(again)["client"]) == REFUSED
    assert not again.client.session_reused()


def test_session_of_a_server_whose_callback_is_taken_away(ec: Authority, stranger: Authority, version: str):
    """The order makes no difference: what was asked for is taken back."""
    client, server = client_context(ec, version), server_context(stranger, version)
    client.set_verify(SSL.VERIFY_PEER, accept_all)
    _, session = visit(client, server)
    again = memory_pair(client, server)
    again.client.set_session(session)
    again.client.set_verify(SSL.VERIFY_PEER)
    assert reasons(handshake_errors(again)["client"]) == REFUSED


def close(pair: Pair) -> None:
    """Exchange close_notify alerts, so that the session can be resumed."""
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        one.shutdown()
        pair.move()
        with pytest.raises(SSL.ZeroReturnError):
            other.recv(1)


def verify_then_begin(client: SSL.Connection) -> None:
    """Verify, and begin anew."""
    client.set_verify(SSL.VERIFY_PEER)
    client.set_connect_state()


def begin_then_verify(client: SSL.Connection) -> None:
    """Begin anew, and verify."""
    client.set_connect_state()
    client.set_verify(SSL.VERIFY_PEER)


@pytest.mark.parametrize("order", [verify_then_begin, begin_then_verify])
def test_session_of_the_connection_itself(
    ec: Authority, stranger: Authority, version: str, order: Callable[[SSL.Connection], None]
):
    """A client that begins anew, and verifies now, does not resume what it did not verify before."""
    client, server = only(SSL.Context(SSL.TLS_METHOD), version), server_context(stranger, version)
    trust(client, ec)
    pair, _ = visit(client, server)
    close(pair)
    order(pair.client)
    again = SSL.Connection(server, None)
    again.set_accept_state()
    assert reasons(handshake_errors(Pair(pair.client, again, "memory"))["client"]) == REFUSED
    assert not pair.client.session_reused()


@pytest.mark.parametrize("order", [verify_then_begin, begin_then_verify])
def test_session_of_the_connection_itself_is_no_loss_to_the_good(
    ec: Authority, version: str, order: Callable[[SSL.Connection], None]
):
    """Who would have passed is resumed."""
    client, server = only(SSL.Context(SSL.TLS_METHOD), version), server_context(ec, version)
    trust(client, ec)
    pair, _ = visit(client, server)
    close(pair)
    order(pair.client)
    again = SSL.Connection(server, None)
    again.set_accept_state()
    Pair(pair.client, again, "memory").handshake()
    assert pair.client.session_reused()


def test_session_that_was_offered_before_the_client_verifies(ec: Authority, stranger: Authority, version: str):
    """What has gone out cannot be taken back: the handshake fails, for good, and nothing is sent or received."""
    client, server = only(SSL.Context(SSL.TLS_METHOD), version), server_context(stranger, version)
    trust(client, ec)
    _, session = visit(client, server)
    pair = memory_pair(client, server)
    pair.client.set_session(session)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.client.set_verify(SSL.VERIFY_PEER)
    assert reasons(handshake_errors(pair)["client"]) == REFUSED_LATE
    for operation in (pair.client.do_handshake, lambda: pair.client.recv(1), lambda: pair.client.send(b"secret")):
        with pytest.raises(SSL.Error, match="verified since"):
            operation()


def test_session_that_was_offered_before_the_client_began_anew(ec: Authority, stranger: Authority, version: str):
    """What a callback's word stands for does not become OpenSSL's by a handshake that was not finished."""
    client, server = client_context(ec, version), server_context(stranger, version)
    client.set_verify(SSL.VERIFY_PEER, accept_all)
    _, session = visit(client, server)
    pair = memory_pair(client, server)
    pair.client.set_session(session)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.client.bio_read(1 << 16)
    pair.client.set_connect_state()
    pair.client.set_verify(SSL.VERIFY_PEER)
    assert reasons(handshake_errors(pair)["client"]) == REFUSED
    assert not pair.client.session_reused()


def test_session_that_was_offered_before_the_client_verifies_is_no_loss_to_the_good(ec: Authority, version: str):
    """Who would have passed is resumed."""
    client, server = only(SSL.Context(SSL.TLS_METHOD), version), server_context(ec, version)
    trust(client, ec)
    _, session = visit(client, server)
    pair = memory_pair(client, server)
    pair.client.set_session(session)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.client.set_verify(SSL.VERIFY_PEER)
    pair.handshake()
    assert pair.client.session_reused()


def test_session_in_a_renegotiation_after_the_client_verifies(ec: Authority, stranger: Authority):
    """A server that asks for another handshake is looked at in it."""
    client, server = only(SSL.Context(SSL.TLS_METHOD), "TLSv1.2"), server_context(stranger, "TLSv1.2")
    trust(client, ec)
    pair, _ = visit(client, server)
    pair.client.set_verify(SSL.VERIFY_PEER)
    pair.server.send(b"still there")
    pair.move()
    assert pair.client.recv(100) == b"still there"
    assert pair.server.renegotiate()
    with contextlib.suppress(SSL.WantReadError):
        pair.server.do_handshake()
    errors = []
    for _ in range(4):
        for connection in (pair.client, pair.server):
            try:
                connection.recv(1)
            except SSL.WantReadError:
                pass
            except SSL.Error as error:
                errors.append((connection, error))
            pair.move()
        if errors:
            break
    assert errors[0][0] is pair.client
    assert reasons(errors[0][1]) == REFUSED


def test_session_that_another_callback_is_to_be_asked_about(ec: Authority, version: str):
    """A callback that is put in when the name is known has not seen whom a session stands for: the handshake fails."""
    client, server = client_context(ec, version), members_only(ec, version)
    identify(client, ec, ec.client)
    strict = [False]
    asked: list[int] = []

    def judge(connection: SSL.Connection) -> None:
        if strict[0]:
            connection.set_verify(DEMAND, lambda *arguments: asked.append(1) or bool(arguments[-1]))

    server.set_tlsext_servername_callback(judge)
    _, session = visit(client, server)
    assert visit(client, server, last=session)[0].server.session_reused()
    strict[0] = True
    pair = memory_pair(client, server)
    pair.client.set_session(session)
    assert reasons(handshake_errors(pair)["server"]) == REFUSED_UNASKED
    # A full handshake is what it takes; and what that makes is resumed by nobody who was not asked.
    _, session = visit(client, server)
    assert asked
    strict[0] = False
    pair, _ = visit(client, server, last=session)
    assert not pair.server.session_reused()


def test_callback_replaced_by_a_second_init(ec: Authority, version: str):
    """Connection.__init__ refuses to be called twice before it changes anything: the callback is still asked."""
    client, server = client_context(ec, version), server_context(ec, version)
    client.set_verify(SSL.VERIFY_PEER, lambda *_: False)
    pair = memory_pair(client, server)
    with pytest.raises(ValueError, match="called twice"):
        pair.client.__init__(client_context(ec, version))  # type: ignore[misc]
    assert reasons(handshake_errors(pair)["client"]) == REFUSED


def test_session_that_openssl_alone_is_to_judge(ec: Authority, stranger: Authority):
    """When the name is known the callback is taken away: whom it had accepted is not resumed."""
    # In TLS 1.2 OpenSSL tells the name of the session.
    client, server = client_context(ec, "TLSv1.3"), members_only(ec, "TLSv1.3")
    identify(client, stranger, stranger.client)
    server.set_verify(DEMAND, accept_all)
    strict = [False]
    server.set_tlsext_servername_callback(lambda connection: connection.set_verify(DEMAND) if strict[0] else None)
    _, session = visit(client, server)
    strict[0] = True
    for last in (None, session):
        pair = memory_pair(client, server)
        if last is not None:
            pair.client.set_session(last)
        assert reasons(handshake_errors(pair)["server"]) == (REFUSED if last is None else REFUSED_UNASKED)


def test_session_of_a_server_that_asks_when_it_knows_the_name(ec: Authority, version: str):
    """Who verifies in the callback for the name, with sessions that have none, lets members in again and again."""
    client, server = client_context(ec, version), server_context(ec, version)
    trust(server, ec)
    identify(client, ec, ec.client)
    server.set_tlsext_servername_callback(lambda connection: connection.set_verify(DEMAND, accept_all))
    _, session = visit(client, server)
    for _ in range(2):
        pair, session = visit(client, server, last=session)
        assert not pair.server.session_reused()
        assert pair.server.get_peer_certificate() is not None


@pytest.mark.parametrize("callback", [None, accept_all])
def test_session_that_a_renegotiation_resumed(ec: Authority, stranger: Authority, callback: Callable[..., bool] | None):
    """What was offered in the first handshake says nothing of what the second one resumes."""
    client = only(SSL.Context(SSL.TLS_METHOD), "TLSv1.2")
    trust(client, ec)
    good, bad = server_context(ec, "TLSv1.2"), server_context(stranger, "TLSv1.2")
    _, session = visit(client, good)
    client.set_verify(SSL.VERIFY_NONE, callback)
    pair, _ = visit(client, bad, last=session)
    assert not pair.client.session_reused()
    assert pair.server.renegotiate()
    for connection in (pair.server, pair.client) * 3:
        with contextlib.suppress(SSL.WantReadError):
            connection.recv(1)
        pair.move()
    assert not pair.server.renegotiate_pending()
    assert pair.client.session_reused()
    session = pair.client.get_session()
    assert session is not None
    again = memory_pair(client, bad)
    again.client.set_verify(SSL.VERIFY_PEER)
    again.client.set_session(session)
    assert reasons(handshake_errors(again)["client"]) == REFUSED


def test_session_that_was_set_after_the_handshake(ec: Authority, stranger: Authority, version: str):
    """The handshake that is over says nothing of it."""
    client = only(SSL.Context(SSL.TLS_METHOD), version)
    trust(client, ec)
    good, bad = server_context(ec, version), server_context(stranger, version)
    _, unseen = visit(client, bad)
    pair, _ = visit(client, good)
    pair.client.set_session(unseen)
    session = pair.client.get_session()
    assert session is not None
    again = memory_pair(client, bad)
    again.client.set_verify(SSL.VERIFY_PEER)
    again.client.set_session(session)
    assert reasons(handshake_errors(again)["client"]) == REFUSED
