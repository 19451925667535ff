"""Connection: verification of the peer in both roles, with callbacks, and exceptions out of them."""

import asyncio
from collections.abc import Callable

import pytest
from OpenSSL import SSL, crypto

from tests.conftest import UPSTREAM
from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import carry, connected, memory_pair, socket_pair
from tests.support.rows import rows

Call = tuple[SSL.Connection, crypto.X509, int, int, int]


class Recorder:
    """A verify callback that keeps its arguments and answers what it is told to."""

    def __init__(self, answer: Callable[[Call], object] = lambda call: call[4]) -> None:
        self.calls: list[Call] = []
        self.answer = answer

    def __call__(self, *arguments) -> object:
        self.calls.append(arguments)
        return self.answer(arguments)


def mutual(ec: Authority, version: str) -> tuple[SSL.Context, SSL.Context]:
    """Make contexts for a client with a certificate and a server that wants one."""
    client, server = client_context(ec, version), server_context(ec, version)
    identify(client, ec, ec.client)
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    return client, server


@rows(161)
def test_an_untrusted_server(ec: Authority, stranger: Authority, version: str):
    errors = handshake_errors(memory_pair(client_context(stranger, version), server_context(ec, version)))
    assert reasons(errors["client"]) == ["certificate verify failed"]
    assert any("unknown ca" in reason for reason in reasons(errors["server"]))


@rows(160)
def test_an_untrusted_server_is_accepted_without_verification(ec: Authority, version: str):
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_verify(SSL.VERIFY_NONE)
    assert handshake_errors(memory_pair(client, server_context(ec, version))) == {}


@rows(267)
def test_a_client_with_a_certificate(ec: Authority, version: str):
    client, server = mutual(ec, version)
    with connected(client, server, "memory") as pair:
        assert pair.server.get_peer_certificate().digest("sha256") == ec.client.x509.digest("sha256")
        assert pair.client.get_peer_certificate().digest("sha256") == ec.server.x509.digest("sha256")


@rows(162, 234)
def test_a_client_without_a_certificate_is_refused(ec: Authority, version: str):
    _, server = mutual(ec, version)
    errors = handshake_errors(memory_pair(client_context(ec, version), server))
    assert reasons(errors["server"]) == ["peer did not return a certificate"]
    assert set(errors) == {"client", "server"}


@rows(233, 268)
def test_a_client_without_a_certificate_is_accepted_if_none_is_required(ec: Authority, version: str):
    _, server = mutual(ec, version)
    server.set_verify(SSL.VERIFY_PEER)
    with connected(client_context(ec, version), server, "memory") as pair:
        assert pair.server.get_peer_certificate() is None
        assert not pair.server.get_peer_cert_chain()


@rows(162)
def test_an_untrusted_client_is_refused(ec: Authority, stranger: Authority, version: str):
    client, server = mutual(ec, version)
    identify(client, stranger, stranger.client)
    errors = handshake_errors(memory_pair(client, server))
    assert reasons(errors["server"]) == ["certificate verify failed"]
    assert set(errors) == {"client", "server"}


@rows(232, 236, 306)
@pytest.mark.parametrize("role", ["client", "server"])
def test_what_the_callback_gets(ec: Authority, version: str, role: str):
    client, server = mutual(ec, version)
    recorder = Recorder()
    (client if role == "client" else server).set_verify(SSL.VERIFY_PEER, recorder)
    pair = memory_pair(client, server)
    assert handshake_errors(pair) == {}
    connection = getattr(pair, role)
    leaf = ec.server if role == "client" else ec.client
    assert [(call[3], call[1].get_subject().CN) for call in recorder.calls] == [
        (2, "ec root"),
        (1, "ec intermediate"),
        (0, leaf.name),
    ]
    for made, certificate, error, depth, passed in recorder.calls:
        assert made is connection
        assert type(certificate) is crypto.X509
        assert type(error) is type(depth) is int
        assert error == 0
        assert passed == 1


@rows(236)
def test_certificates_of_the_callback_can_be_kept(ec: Authority):
    recorder = Recorder()
    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, recorder)
    with connected(client, server_context(ec), "memory"):
        pass
    kept = [call[1] for call in recorder.calls]
    recorder.calls.clear()
    expected = [identity.x509.digest("sha256") for identity in (ec.root, ec.intermediate, ec.server)]
    assert [certificate.digest("sha256") for certificate in kept] == expected


@rows(237)
@pytest.mark.parametrize("answer", [True, 1, "text", object()])
def test_true_accepts_what_failed(ec: Authority, version: str, answer: object):
    recorder = Recorder(lambda call: answer)
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_verify(SSL.VERIFY_PEER, recorder)
    pair = memory_pair(client, server_context(ec, version))
    assert handshake_errors(pair) == {}
    # 20: unable to get local issuer certificate.
    assert [(call[2], call[4]) for call in recorder.calls if call[2]] == [(20, 0)]


@rows(238)
@pytest.mark.parametrize("answer", [False, 0, "", None, []])
@pytest.mark.parametrize("role", ["client", "server"])
def test_false_refuses_what_passed(ec: Authority, version: str, role: str, answer: object):
    client, server = mutual(ec, version)
    recorder = Recorder(lambda call: answer)
    (client if role == "client" else server).set_verify(SSL.VERIFY_PEER, recorder)
    errors = handshake_errors(memory_pair(client, server))
    assert len(recorder.calls) == 1
    assert reasons(errors[role]) == ["certificate verify failed"]
    assert set(errors) == {"client", "server"}


class Unusual(BaseException):
    """No subclass of Exception."""


@rows(304, 310)
@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, asyncio.CancelledError, Unusual])
@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("of", ["context", "connection"])
def test_an_exception_comes_out_of_do_handshake(
    ec: Authority, version: str, role: str, kind: type[BaseException], of: str
):
    # C119; for the callback of a connection C120: upstream loses the exception. Design 6: what is no Exception comes
    # out too; upstream prints it.
    raised = kind("why")

    def fail(*arguments: object) -> bool:
        raise raised

    client, server = mutual(ec, version)
    if of == "context":
        (client if role == "client" else server).set_verify(SSL.VERIFY_PEER, fail)
    pair = memory_pair(client, server)
    if of == "connection":
        getattr(pair, role).set_verify(SSL.VERIFY_PEER, fail)
    errors = handshake_errors(pair)
    assert errors[role] is raised
    other = "server" if role == "client" else "client"
    assert type(errors[other]) is SSL.Error
    # It is raised once, and the connection stays unusable.
    with pytest.raises(SSL.Error):
        getattr(pair, role).do_handshake()


@pytest.mark.parametrize("operation", ["send", "recv"])
def test_an_exception_comes_out_of_what_does_the_handshake(ec: Authority, operation: str):
    def fail(*arguments: object) -> bool:
        raise LookupError("out of " + operation)

    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, fail)
    pair = memory_pair(client, server_context(ec))
    call = {"send": lambda: pair.client.send(b"x"), "recv": lambda: pair.client.recv(1)}[operation]
    with pytest.raises(SSL.WantReadError):
        call()
    carry(pair.client, pair.server)
    with pytest.raises(SSL.WantReadError):
        pair.server.do_handshake()
    carry(pair.server, pair.client)
    with pytest.raises(LookupError, match="out of " + operation):
        call()


@rows(310)
@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_an_exception_over_sockets(ec: Authority, version: str, kind: str):
    def fail(*arguments: object) -> bool:
        raise LookupError("from the callback")

    client = client_context(ec, version)
    client.set_verify(SSL.VERIFY_PEER, fail)
    pair = socket_pair(client, server_context(ec, version), kind)
    with pytest.raises(SSL.Error):  # noqa: PT012  the server's end is told by an alert
        with Background(pair.server.do_handshake), pytest.raises(LookupError, match="from the callback"):
            pair.client.do_handshake()
        pair.server.recv(1)
    pair.close()


def test_an_exception_belongs_to_its_connection(ec: Authority):
    # C185, C186: two handshakes with one context, interleaved; only one of them fails.
    failing: list[SSL.Connection] = []

    def fail(connection: SSL.Connection, *arguments: object) -> bool:
        if connection in failing:
            raise LookupError("mine")
        return True

    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, fail)
    server = server_context(ec)
    bad, good = memory_pair(client, server), memory_pair(client, server)
    failing.append(bad.client)
    for pair in (bad, good):
        with pytest.raises(SSL.WantReadError):
            pair.client.do_handshake()
        carry(pair.client, pair.server)
        with pytest.raises(SSL.WantReadError):
            pair.server.do_handshake()
        carry(pair.server, pair.client)
    with pytest.raises(LookupError, match="mine"):
        bad.client.do_handshake()
    good.client.do_handshake()
    assert handshake_errors(good) == {}


def test_only_the_first_exception_is_raised(ec: Authority):
    # C186
    calls = []

    def fail(*arguments: object) -> bool:
        calls.append(len(calls))
        raise LookupError(f"number {len(calls)}")

    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, fail)
    pair = memory_pair(client, server_context(ec))
    errors = handshake_errors(pair)
    assert errors["client"].args == ("number 1",)
    assert calls == [0]


@rows(304)
def test_the_callback_may_use_its_connection(ec: Authority, version: str):
    seen: list[object] = []

    def look(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, passed: int) -> bool:
        seen.append(connection.get_app_data())
        connection.set_app_data(depth)
        connection.get_protocol_version_name()
        connection.get_cipher_list()
        connection.pending()
        connection.get_context().get_app_data()
        certificate.get_subject().get_components()
        return bool(passed)

    client = client_context(ec, version)
    client.set_verify(SSL.VERIFY_PEER, look)
    pair = memory_pair(client, server_context(ec, version))
    pair.client.set_app_data("before")
    assert handshake_errors(pair) == {}
    assert seen == ["before", 2, 1]
    assert pair.client.get_app_data() == 0


@rows(307)
def test_each_context_has_its_own_callback(ec: Authority):
    recorders = [Recorder(), Recorder()]
    pairs = []
    for recorder in recorders:
        client = client_context(ec)
        client.set_verify(SSL.VERIFY_PEER, recorder)
        pairs.append(memory_pair(client, server_context(ec)))
    for pair in pairs:
        assert handshake_errors(pair) == {}
    for recorder, pair in zip(recorders, pairs, strict=True):
        assert {call[0] for call in recorder.calls} == {pair.client}


def test_a_connection_may_have_its_own(ec: Authority):
    of_context, of_connection = Recorder(), Recorder()
    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, of_context)
    one, other = (memory_pair(client, server_context(ec)) for _ in range(2))
    assert one.client.set_verify(SSL.VERIFY_PEER, of_connection) is None
    for pair in (one, other):
        assert handshake_errors(pair) == {}
    assert {call[0] for call in of_connection.calls} == {one.client}
    assert {call[0] for call in of_context.calls} == {other.client}


def test_a_connection_may_do_without(ec: Authority, stranger: Authority):
    pair = memory_pair(client_context(stranger), server_context(ec))
    pair.client.set_verify(SSL.VERIFY_NONE)
    assert pair.client.get_verify_mode() == SSL.VERIFY_NONE
    assert handshake_errors(pair) == {}


@pytest.mark.parametrize("arguments", [("1",), (None,), (1, 7), (1, "callback")])
def test_set_verify_of_a_connection_checks_its_arguments(ec: Authority, arguments: tuple[object, ...]):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(client_context(ec), None).set_verify(*arguments)


def test_a_callback_of_the_wrong_arity(ec: Authority):
    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, lambda: True)
    errors = handshake_errors(memory_pair(client, server_context(ec)))
    assert type(errors["client"]) is TypeError


def test_an_expired_certificate_is_named_to_the_callback(ec: Authority):
    server = SSL.Context(SSL.TLS_METHOD)
    expired = ec.server.x509
    expired.gmtime_adj_notAfter(-60)
    expired.sign(ec.intermediate.pkey, "sha256")
    server.use_certificate(expired)
    server.use_privatekey(ec.server.pkey)
    server.add_extra_chain_cert(ec.intermediate.x509)
    recorder = Recorder()
    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, recorder)
    errors = handshake_errors(memory_pair(client, server))
    assert reasons(errors["client"]) == ["certificate verify failed"]
    # 10: certificate has expired.
    assert [(call[2], call[3]) for call in recorder.calls if call[2]] == [(10, 0)]


@pytest.mark.skipif(UPSTREAM, reason="upstream fails in its callback")
def test_a_notice_about_no_certificate_is_not_asked_about(ec: Authority, version: str):
    """X509_V_FLAG_NOTIFY_POLICY: OpenSSL tells that the policies are good, of all certificates at once."""
    client = client_context(ec, version)
    flags = crypto.X509StoreFlags
    client.get_cert_store().set_flags(flags.POLICY_CHECK | flags.NOTIFY_POLICY)
    asked: list[int] = []

    def judge(_connection: SSL.Connection, _certificate: crypto.X509, _error: int, depth: int, passed: int) -> int:
        asked.append(depth)
        return passed

    client.set_verify(SSL.VERIFY_PEER, judge)
    memory_pair(client, server_context(ec, version)).handshake()
    assert sorted(set(asked)) == [0, 1, 2]
