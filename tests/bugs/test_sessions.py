"""Rules: what was agreed under one Context's rules of trust counts under no other's.

Bug class: session used across contexts.
"""

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, only, server_context, trust
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import memory_pair
from tests.support.visits import visit


def session_of(client: SSL.Context, server: SSL.Context) -> SSL.Session:
    """Shake hands; return the client's session, which can be resumed: the tests would show nothing otherwise."""
    _, session = visit(client, server)
    again, _ = visit(client, server, last=session)
    assert again.client.session_reused()
    return session


def test_session_used_across_contexts_by_a_client(ec: Authority, stranger: Authority, version: str):
    """A session with a server that nobody verified does not get that server past a Context that verifies."""
    careless = only(SSL.Context(SSL.TLS_METHOD), version)
    server = server_context(stranger, version)
    session = session_of(careless, server)

    again = memory_pair(client_context(ec, version), server)
    with pytest.raises(ValueError, match=r"."):
        again.client.set_session(session)
    # And refused it stays: the handshake is a full one, and the stranger fails it.
    assert reasons(handshake_errors(again)["client"]) == ["certificate verify failed"]
    assert again.client.session_reused() is False


def test_session_used_across_contexts_where_the_context_has_changed(ec: Authority, stranger: Authority, version: str):
    """The same Context, but now it verifies: what it did not ask then, it asks now."""
    context = only(SSL.Context(SSL.TLS_METHOD), version)
    server = server_context(stranger, version)
    session = session_of(context, server)
    trust(context, ec)
    context.set_verify(SSL.VERIFY_PEER)
    again = memory_pair(context, server)
    again.client.set_session(session)
    errors = handshake_errors(again)
    assert again.client.session_reused() is False
    assert reasons(errors["client"]) == ["certificate verify failed"]


@pytest.mark.parametrize("first", ["set_session", "set_verify"])
def test_session_used_across_contexts_where_the_connection_verifies(
    ec: Authority, stranger: Authority, version: str, first: str
):
    """The Context verifies nobody, but this one Connection does; in whatever order it is told."""
    context = only(SSL.Context(SSL.TLS_METHOD), version)
    server = server_context(stranger, version)
    session = session_of(context, server)
    again = memory_pair(context, server)
    if first == "set_session":
        again.client.set_session(session)
    again.client.set_verify(SSL.VERIFY_PEER)
    if first == "set_verify":
        again.client.set_session(session)
    assert reasons(handshake_errors(again)["client"]) == ["certificate verify failed"]
    assert again.client.session_reused() is False


def test_session_used_across_contexts_is_no_loss_to_the_good(ec: Authority, version: str):
    """Who would have passed is resumed, whether somebody looked or not."""
    context = only(SSL.Context(SSL.TLS_METHOD), version)
    trust(context, ec)
    server = server_context(ec, version)
    session = session_of(context, server)
    again = memory_pair(context, server)
    again.client.set_session(session)
    again.client.set_verify(SSL.VERIFY_PEER)
    again.handshake()
    assert again.client.session_reused() is True


def test_session_used_across_contexts_of_a_server(ec: Authority, version: str):
    """A ticket of the server that admits everybody admits nobody to the one that asks for certificates."""
    client = client_context(ec, version)
    everybody, members = server_context(ec, version), server_context(ec, version)
    trust(members, ec)
    members.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    for context in (everybody, members):
        context.set_session_id(b"the same name for both")
    session = session_of(client, everybody)
    again = memory_pair(client, members)
    again.client.set_session(session)
    errors = handshake_errors(again)
    assert reasons(errors["server"]) == ["peer did not return a certificate"]

    identify(client, ec, ec.client)
    member = memory_pair(client, members)
    member.client.set_session(session)
    member.handshake()
    assert not member.server.session_reused()
    assert member.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")
