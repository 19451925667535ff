"""Rules: whom a server would not let in, it does not let in with a session either.

Bug class: session used across contexts; here across rules of verification that Connection.set_verify has changed.
"""

import contextlib
from collections.abc import Callable

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.datagrams import dtls_contexts
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import Pair, memory_pair
from tests.support.visits import alone, visit

DEMAND = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT

REFUSED = "peer did not return a certificate"
REFUSED_LATE = "a certificate is demanded since the handshake began, and the client resumes a session that has none"


def server_of(ec: Authority, version: str, mode: int = SSL.VERIFY_NONE) -> SSL.Context:
    """Make a server's context that resumes sessions, and could verify its clients."""
    context = server_context(ec, version)
    trust(context, ec)
    context.set_session_id(b"application")
    context.set_verify(mode)
    return context


def fails(client: SSL.Context, server: SSL.Context, prepare: Callable[[Pair], object], last: SSL.Session) -> list[str]:
    """Shake hands in vain; returns the server's reasons. It goes on to fail, and lets nothing through."""
    pair = memory_pair(client, server)
    prepare(pair)
    pair.client.set_session(last)
    found = reasons(handshake_errors(pair)["server"])
    for operation in (pair.server.do_handshake, lambda: pair.server.recv(1), lambda: pair.server.send(b"secret")):
        with pytest.raises(SSL.Error, match=r"."):
            operation()
    return found


def demanding(pair: Pair) -> None:
    """Let this one server demand a certificate."""
    pair.server.set_verify(DEMAND)


def lenient(pair: Pair) -> None:
    """Let this one server demand nothing."""
    pair.server.set_verify(SSL.VERIFY_NONE)


def demanding_before_its_state(pair: Pair) -> None:
    """Let this one server demand a certificate before it is one."""
    pair.server.set_connect_state()
    pair.server.set_verify(DEMAND)
    pair.server.set_accept_state()


def renegotiate(pair: Pair) -> None:
    """Have the server ask for another handshake, and both ends read until it is over."""
    assert pair.server.renegotiate()
    for connection in (pair.server, pair.client) * 3:
        with contextlib.suppress(SSL.WantReadError):
            connection.recv(1)
        pair.move()
    assert not pair.server.renegotiate_pending()


@pytest.mark.parametrize("demand", [demanding, demanding_before_its_state])
def test_session_used_across_rules_by_a_server(ec: Authority, version: str, demand: Callable[[Pair], None]):
    """One connection demands what the Context does not: a session without a certificate does not help."""
    client, server = client_context(ec, version), server_of(ec, version)
    _, session = visit(client, server)
    assert visit(client, server, alone, session)[0].server.session_reused()
    assert fails(client, server, demand, session) == [REFUSED]


def test_session_used_across_rules_is_no_loss_to_members(ec: Authority, version: str):
    """Who has shown a certificate to such a connection is resumed by the next one."""
    client, server = client_context(ec, version), server_of(ec, version)
    identify(client, ec, ec.client)
    _, public = visit(client, server)
    pair, session = visit(client, server, demanding, public)
    assert not pair.server.session_reused()
    pair, _ = visit(client, server, demanding, session)
    assert pair.server.session_reused()
    certificate = pair.server.get_peer_certificate()
    assert certificate is not None
    assert certificate.digest("sha256") == ec.client.x509.digest("sha256")


def test_session_used_across_rules_that_a_connection_relaxed(ec: Authority, version: str):
    """One connection demands less than the Context: its sessions do not count where nothing was relaxed."""
    client, server = client_context(ec, version), server_of(ec, version, DEMAND)
    _, session = visit(client, server, lenient)
    assert visit(client, server, lenient, session)[0].server.session_reused()
    assert fails(client, server, alone, session) == [REFUSED]


def test_session_used_across_rules_that_a_callback_relaxed(ec: Authority, version: str):
    """The same, where it is relaxed when the name is known and the session has been begun."""
    client, server = client_context(ec, version), server_of(ec, version, DEMAND)
    relaxing = [True]
    server.set_tlsext_servername_callback(
        lambda connection: connection.set_verify(SSL.VERIFY_NONE) if relaxing[0] else None
    )
    _, session = visit(client, server)
    relaxing[0] = False
    assert fails(client, server, alone, session) == [REFUSED]


def begun(pair: Pair) -> None:
    """Let the server wait for the first message."""
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()


def test_session_used_across_rules_that_were_relaxed_before_the_first_message(ec: Authority, version: str):
    """The same, where the server has begun its handshake, and has no session yet."""
    client, server = client_context(ec, version), server_of(ec, version, DEMAND)
    _, session = visit(client, server, lambda pair: (begun(pair), lenient(pair)))
    assert fails(client, server, alone, session) == [REFUSED]


def test_session_used_across_rules_that_were_made_stricter_before_the_first_message(ec: Authority, version: str):
    """There is time for a full handshake then, and who has a certificate gets in."""
    client, server = client_context(ec, version), server_of(ec, version)
    identify(client, ec, ec.client)
    _, session = visit(client, server)
    pair, _ = visit(client, server, lambda pair: (begun(pair), demanding(pair)), session)
    assert not pair.server.session_reused()
    assert pair.server.get_peer_certificate() is not None


def test_session_used_across_rules_that_were_relaxed_after_listen(ec: Authority):
    """The same with DTLS, where the server looks at its peer first."""
    client_recipe, server_recipe = dtls_contexts(ec)
    trust(server_recipe, ec)
    server_recipe.set_session_id(b"application")
    server_recipe.set_verify(DEMAND)
    server_recipe.set_cookie_generate_callback(lambda connection: b"cookie")
    server_recipe.set_cookie_verify_callback(lambda connection, cookie: cookie == b"cookie")

    pair = memory_pair(client_recipe, server_recipe)
    for _ in range(2):
        with pytest.raises(SSL.WantReadError):
            pair.client.do_handshake()
        pair.server.bio_write(pair.client.bio_read(65536))
        with contextlib.suppress(SSL.WantReadError):
            pair.server.DTLSv1_listen()
            break
        pair.client.bio_write(pair.server.bio_read(65536))
    lenient(pair)
    pair.handshake()
    session = pair.client.get_session()
    assert session is not None
    again = memory_pair(client_recipe, server_recipe)
    again.client.set_session(session)
    assert reasons(handshake_errors(again)["server"]) == [REFUSED]


def in_server_name(server: SSL.Context, change: Callable[[SSL.Connection], None]) -> None:
    """Make the change when the name is known."""
    server.set_tlsext_servername_callback(change)


def in_alpn(server: SSL.Context, change: Callable[[SSL.Connection], None]) -> None:
    """Make the change when the protocol is chosen."""

    def choose(connection: SSL.Connection, protocols: list[bytes]) -> bytes:
        change(connection)
        return protocols[0]

    server.set_alpn_select_callback(choose)


def in_keylog(server: SSL.Context, change: Callable[[SSL.Connection], None]) -> None:
    """Make the change when the first key is known."""
    server.set_keylog_callback(lambda connection, line: change(connection))


@pytest.mark.parametrize("place", [in_server_name, in_alpn, in_keylog])
def test_session_used_across_rules_that_a_callback_made_stricter(
    ec: Authority, version: str, place: Callable[[SSL.Context, Callable[[SSL.Connection], None]], None]
):
    """A callback demands a certificate when the session has been found: the handshake fails."""
    client, server = client_context(ec, version), server_of(ec, version)
    client.set_alpn_protos([b"http/1.1"])
    strict = [False]
    place(server, lambda connection: connection.set_verify(DEMAND) if strict[0] else None)
    _, session = visit(client, server)
    assert visit(client, server, alone, session)[0].server.session_reused()
    strict[0] = True
    assert fails(client, server, alone, session) == [REFUSED_LATE]


def test_session_used_across_rules_when_the_server_speaks_first(ec: Authority, version: str):
    """What it writes in the same call as its handshake does not get out."""
    client, server = client_context(ec, version), server_of(ec, version)
    strict = [False]
    in_keylog(server, lambda connection: connection.set_verify(DEMAND) if strict[0] else None)
    _, session = visit(client, server)
    strict[0] = True
    pair = memory_pair(client, server)
    pair.client.set_session(session)
    with pytest.raises(SSL.WantReadError):
        pair.client.do_handshake()
    pair.server.bio_write(pair.client.bio_read(10_000))
    with pytest.raises(SSL.Error, match="a certificate is demanded"):
        pair.server.send(b"secret")
    with pytest.raises(SSL.WantReadError):
        pair.server.bio_read(10_000)


def test_session_used_across_rules_by_a_member_under_stricter_ones(ec: Authority, version: str):
    """A callback demands a certificate, and the session has one: it is resumed."""
    client, server = client_context(ec, version), server_of(ec, version)
    identify(client, ec, ec.client)
    in_server_name(server, lambda connection: connection.set_verify(DEMAND))
    _, session = visit(client, server)
    pair, _ = visit(client, server, alone, session)
    assert pair.server.session_reused()
    assert pair.server.get_peer_certificate() is not None


def test_session_used_across_rules_before_a_renegotiation(ec: Authority):
    """A resumed connection may ask for the certificate later, as servers of TLS 1.2 do."""
    client, server = client_context(ec, "TLSv1.2"), server_of(ec, "TLSv1.2")
    identify(client, ec, ec.client)
    _, session = visit(client, server)
    pair, _ = visit(client, server, alone, session)
    assert pair.server.session_reused()
    assert pair.server.get_peer_certificate() is None
    pair.server.set_verify(DEMAND)
    renegotiate(pair)
    assert pair.server.get_peer_certificate() is not None


def test_session_used_across_rules_before_a_renegotiation_after_a_callback(ec: Authority):
    """What a callback did in the first handshake does not count in the next one."""
    client, server = client_context(ec, "TLSv1.2"), server_of(ec, "TLSv1.2")
    identify(client, ec, ec.client)
    in_server_name(
        server, lambda connection: None if connection.get_app_data() else connection.set_verify(SSL.VERIFY_NONE)
    )
    _, session = visit(client, server)
    pair, _ = visit(client, server, alone, session)
    assert pair.server.session_reused()
    pair.server.set_app_data("from now on")
    pair.server.set_verify(DEMAND)
    renegotiate(pair)
    assert pair.server.get_peer_certificate() is not None


def test_session_of_a_client_after_a_change_of_context(ec: Authority, version: str):
    """A client keeps the name of its sessions through set_context, whatever it sets before it is one."""
    first, second, server = client_context(ec, version), client_context(ec, version), server_of(ec, version)
    first.set_session_id(b"first")
    second.set_session_id(b"second")
    _, session = visit(second, server)
    pair = memory_pair(first, server)
    pair.client.set_context(second)
    pair.client.set_accept_state()
    pair.client.set_verify(SSL.VERIFY_NONE)
    pair.client.set_verify(SSL.VERIFY_PEER)
    pair.client.set_connect_state()
    pair.client.set_session(session)
    pair.handshake()
    assert pair.client.session_reused()


def test_session_of_a_client_is_not_proven_by_what_is_set_later(ec: Authority, stranger: Authority, version: str):
    """What was shaken hands with unseen stays so, whatever mode the connection has when its session is taken."""
    client, server = client_context(ec, version), server_context(stranger, version)
    client.set_verify(SSL.VERIFY_NONE)
    pair, _ = visit(client, server)
    pair.client.set_verify(SSL.VERIFY_PEER)
    session = pair.client.get_session()
    assert session is not None
    again = memory_pair(client, server)
    again.client.set_verify(SSL.VERIFY_PEER)
    again.client.set_session(session)
    assert reasons(handshake_errors(again)["client"]) == ["certificate verify failed"]
    assert not again.client.session_reused()


@pytest.mark.parametrize("clean", [True, False])
def test_session_used_across_contexts_that_a_callback_has_put_in(ec: Authority, clean: bool):
    """A session stays with the Context that its connection was made of, whatever Context it has when it ends."""
    client = client_context(ec, "TLSv1.2")
    lenient_server, strict_server = server_of(ec, "TLSv1.2"), server_of(ec, "TLSv1.2", DEMAND)
    for server in (lenient_server, strict_server):
        server.set_options(SSL.OP_NO_TICKET)
        server.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    in_server_name(lenient_server, lambda connection: connection.set_context(strict_server))
    pair, session = visit(client, lenient_server)
    if clean:
        pair.client.shutdown()
        pair.move()
    else:
        pair.server.bio_shutdown()
    with pytest.raises((SSL.ZeroReturnError, SSL.SysCallError)):
        pair.server.recv(1)
    assert fails(client, strict_server, alone, session) == [REFUSED]


def test_session_of_a_client_is_not_proven_by_a_callback_that_nobody_needs(
    ec: Authority, stranger: Authority, version: str
):
    """A callback's yes proves nothing where its no would have changed nothing."""
    client, server = client_context(ec, version), server_context(stranger, version)
    client.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    pair, session = visit(client, server)
    assert pair.client.get_verify_result() == 0
    # Nor does it when the session has been resumed.
    pair, again_session = visit(client, server, last=session)
    assert pair.client.session_reused()
    for one in (session, again_session):
        again = memory_pair(client, server)
        again.client.set_verify(SSL.VERIFY_PEER, lambda *arguments: bool(arguments[-1]))
        again.client.set_session(one)
        assert reasons(handshake_errors(again)["client"]) == ["certificate verify failed"]
        assert not again.client.session_reused()
