"""The text of an SSL.Error: what the exception's `args` have no place for, in `details` and at the end of str()."""

import pickle
from pathlib import Path

import pytest
from OpenSSL import SSL, crypto

from tests.conftest import UPSTREAM
from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, only, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import connected, memory_pair

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")


def unverified(client: SSL.Context, server: SSL.Context) -> SSL.Error:
    """Return the client's error of a handshake whose server it does not trust."""
    error = handshake_errors(memory_pair(client, server))["client"]
    assert error.args == ([("SSL routines", "", "certificate verify failed")],)
    return error


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_why_a_certificate_was_refused(ec: Authority, stranger: Authority, version: str):
    error = unverified(client_context(stranger), server_context(ec, version))
    code = SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    assert code == 20
    reason = crypto.X509_verify_cert_error_string(code)
    assert error.details == (f"verification error 20: {reason}",)
    assert str(error) == f"[('SSL routines', '', 'certificate verify failed')] (verification error 20: {reason})"


def test_another_reason(ec: Authority):
    client = client_context(ec)
    client.set_verify_depth(0)
    error = unverified(client, server_context(ec))
    code = SSL.X509VerificationCodes.ERR_CERT_CHAIN_TOO_LONG
    assert str(code) in error.details[0]
    assert crypto.X509_verify_cert_error_string(code) in str(error)


def test_a_number_that_no_error_has():
    """And C would look at half of it."""
    for code in (2**32, 2**32 + 18, -(2**63)):
        assert str(code) in crypto.X509_verify_cert_error_string(code)


def test_a_certificate_that_the_callback_refuses(ec: Authority):
    client = client_context(ec)
    client.set_verify(SSL.VERIFY_PEER, lambda *arguments: False)
    error = handshake_errors(memory_pair(client, server_context(ec)))["client"]
    assert reasons(error) == ["certificate verify failed"]
    assert all("verification error" in detail for detail in error.details)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_the_alert_that_the_peer_sent(ec: Authority, stranger: Authority, version: str):
    error = handshake_errors(memory_pair(client_context(stranger), server_context(ec, version)))["server"]
    assert "unknown ca" in reasons(error)[0]
    assert error.details == ("alert 48 from the peer: unknown_ca",)
    assert str(error).endswith("(alert 48 from the peer: unknown_ca)")


def test_an_alert_that_older_libraries_have_no_name_for(ec: Authority):
    server = server_context(ec, "TLSv1.3")
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    error = handshake_errors(memory_pair(client_context(ec), server))["client"]
    assert error.details == ("alert 116 from the peer: certificate_required",)


def test_an_alert_of_the_version(ec: Authority):
    errors = handshake_errors(memory_pair(client_context(ec, "TLSv1.3"), server_context(ec, "TLSv1.2")))
    assert errors["client"].details == ("alert 70 from the peer: protocol_version",)
    assert errors["server"].details == ()


def test_an_alert_after_the_handshake(ec: Authority):
    # A client without a certificate learns of it in the answer to its first words.
    server = server_context(ec, "TLSv1.3")
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    pair = memory_pair(client_context(ec), server)
    with pytest.raises(SSL.Error):
        pair.handshake()
    pair.move()
    with pytest.raises(SSL.Error) as caught:
        pair.client.recv(1)
    assert "certificate_required" in str(caught.value)


def test_the_name_of_a_file(tmp_path: Path):
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).use_certificate_file(tmp_path / "missing.pem")
    assert caught.value.details == (str(tmp_path / "missing.pem"),)
    assert caught.value.args[0][0][2] == "No such file or directory"


def test_where_there_is_no_more_to_say(ec: Authority):
    with pytest.raises(SSL.Error) as caught:
        SSL.Context(SSL.TLS_METHOD).check_privatekey()
    assert caught.value.details == ()
    assert str(caught.value) == str(caught.value.args[0])


@pytest.mark.parametrize("kind", [SSL.Error, SSL.SysCallError, SSL.WantReadError, SSL.ZeroReturnError])
@pytest.mark.parametrize("arguments", [(), ("text",), ("one", 2), (-1, "Unexpected EOF"), ([("a", "b", "c")],)])
def test_an_exception_that_a_program_makes_reads_as_any(kind: type[Exception], arguments: tuple[object, ...]):
    made = kind(*arguments)
    assert made.details == ()
    assert str(made) == str(Exception(*arguments))
    assert repr(made) == repr(Exception(*arguments)).replace("Exception", kind.__name__, 1)
    assert SSL.Error.__str__(made) == str(made)


def test_a_subclass_may_have_a_text_of_its_own():
    class Special(SSL.Error):
        def __str__(self) -> str:
            return "special: " + super().__str__()

    assert str(Special("text")) == "special: text"


def test_details_of_a_program():
    error = SSL.Error([("lib", "", "reason")])
    error.details = ("one", "two")
    assert str(error) == "[('lib', '', 'reason')] (one; two)"


def test_copies_have_the_details_too(ec: Authority, stranger: Authority):
    error = unverified(client_context(stranger), server_context(ec))
    copy = pickle.loads(pickle.dumps(error))
    assert copy.args == error.args
    assert copy.details == error.details
    assert str(copy) == str(error)


def test_an_earlier_refusal_does_not_colour_a_later_error(ec: Authority, stranger: Authority):
    unverified(client_context(stranger), server_context(ec))
    errors = handshake_errors(memory_pair(client_context(ec, "TLSv1.3"), server_context(ec, "TLSv1.2")))
    assert "verification" not in str(errors["client"]) + str(errors["server"])


def test_a_server_says_why_it_refused_a_client(ec: Authority, stranger: Authority):
    client = client_context(ec)
    identify(client, stranger, stranger.client)
    server = only(server_context(ec), "TLSv1.3")
    server.set_verify(SSL.VERIFY_PEER)
    error = handshake_errors(memory_pair(client, server))["server"]
    assert error.details[0].startswith("verification error ")


def test_help_tells_of_it():
    assert "details" in SSL.Error.__doc__


def test_nothing_is_added_where_all_is_well(ec: Authority):
    with (
        connected(client_context(ec), server_context(ec), "memory") as pair,
        pytest.raises(SSL.WantReadError) as caught,
    ):
        pair.client.recv(1)
    assert caught.value.details == ()
    assert str(caught.value) == ""
