"""OCSP responses stapled to a handshake: who is asked, with what, and what becomes of wrong answers."""

import asyncio
import datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import client_context, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import Pair, memory_pair


@pytest.fixture(scope="session")
def response(ec: Authority) -> bytes:
    """Make the intermediate's word on the server's certificate, in DER."""
    now = datetime.datetime.now(datetime.UTC)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=ec.server.certificate,
        issuer=ec.intermediate.certificate,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now,
        next_update=now + datetime.timedelta(days=1),
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ec.intermediate.certificate)
    return builder.sign(ec.intermediate.key, hashes.SHA256()).public_bytes(Encoding.DER)


def pair_of(ec: Authority, version: str, server_callback, client_callback, request: bool = True) -> Pair:
    """Join a client and a server with these OCSP callbacks, if any."""
    client, server = client_context(ec, version), server_context(ec, version)
    if server_callback is not None:
        server.set_ocsp_server_callback(server_callback, "the server's data")
    if client_callback is not None:
        client.set_ocsp_client_callback(client_callback, "the client's data")
    pair = memory_pair(client, server)
    if request:
        pair.client.request_ocsp()
    return pair


def test_a_response_is_delivered(ec: Authority, version: str, response: bytes):
    calls = []

    def serve(*arguments):
        calls.append(arguments)
        return response

    def judge(*arguments):
        calls.append(arguments)
        return True

    pair = pair_of(ec, version, serve, judge)
    pair.handshake()
    assert calls == [(pair.server, "the server's data"), (pair.client, response, "the client's data")]
    assert ocsp.load_der_ocsp_response(calls[1][1]).certificate_status is ocsp.OCSPCertStatus.GOOD


def test_nobody_is_asked_unless_the_client_asks(ec: Authority, version: str, response: bytes):
    calls = []
    pair = pair_of(
        ec, version, lambda *a: calls.append(a) or response, lambda *a: calls.append(a) or True, request=False
    )
    pair.handshake()
    assert not any(call[0] is pair.server for call in calls)
    assert not any(call[1] for call in calls)


@pytest.mark.parametrize("serve", [None, lambda connection, data: b""])
def test_no_response(ec: Authority, version: str, serve):
    calls = []
    pair = pair_of(ec, version, serve, lambda *arguments: calls.append(arguments) or True)
    pair.handshake()
    assert calls == [(pair.client, b"", "the client's data")]


@pytest.mark.parametrize("answer", [False, None, 0, b"", []])
def test_a_client_that_is_not_content(ec: Authority, version: str, response: bytes, answer: object):
    errors = handshake_errors(pair_of(ec, version, lambda *a: response, lambda *a: answer))
    assert reasons(errors["client"]) == ["invalid status response"]
    assert type(errors["server"]) is SSL.Error


@pytest.mark.parametrize("answer", ["text", None, 3, bytearray(b"x"), True])
def test_a_server_that_answers_otherwise(ec: Authority, version: str, answer: object):
    errors = handshake_errors(pair_of(ec, version, lambda *arguments: answer, lambda *arguments: True))
    assert type(errors["server"]) is TypeError
    assert type(errors["client"]) is SSL.Error


@pytest.mark.parametrize("side", ["server", "client"])
@pytest.mark.parametrize("error", [LookupError("mine"), KeyboardInterrupt(), SystemExit(), asyncio.CancelledError()])
def test_an_exception_comes_out(ec: Authority, version: str, response: bytes, side: str, error: BaseException):
    def fail(*arguments):
        raise error

    serve, judge = (fail, lambda *a: True) if side == "server" else (lambda *a: response, fail)
    errors = handshake_errors(pair_of(ec, version, serve, judge))
    assert errors.pop(side) is error
    assert [type(other) for other in errors.values()] == [SSL.Error]


def test_bytes_that_are_no_response(ec: Authority, version: str):
    """What the library does not send, the client does not get; nothing is left in the error queue."""
    got = []
    pair = pair_of(ec, version, lambda *a: b"no response", lambda *arguments: got.append(arguments[1]) or True)
    pair.handshake()
    assert got in ([b""], [b"no response"])


def test_a_response_longer_than_a_handshake_message_can_say(ec: Authority, version: str):
    """Nothing is cut off: the handshake fails, or the client is told that there is no response."""

    def der(tag: int, content: bytes) -> bytes:
        return bytes([tag, 0x84]) + len(content).to_bytes(4) + content

    basic = bytes.fromhex("06092b0601050507300101")
    claimed = der(0x30, b"\x0a\x01\x00" + der(0xA0, der(0x30, basic + der(0x04, bytes(1 << 24)))))
    got: list[bytes] = []
    pair = pair_of(ec, version, lambda *a: claimed, lambda *arguments: got.append(arguments[1]) or True)
    errors = handshake_errors(pair)
    assert got in ([], [b""])
    assert bool(errors) == (got == [])
    assert all(type(error) is SSL.Error for error in errors.values())


def test_both_callbacks_on_one_context(ec: Authority, version: str, response: bytes):
    """OpenSSL has one function for both sides; removing one must not remove the other."""
    got = []
    both = server_context(ec, version)
    both.set_verify(SSL.VERIFY_NONE)
    both.set_ocsp_server_callback(lambda connection, data: response)
    both.set_ocsp_client_callback(lambda connection, received, data: got.append((received, data)) or True)
    pair = memory_pair(both, both)
    pair.client.request_ocsp()
    pair.handshake()
    assert got == [(response, None)]
    both.set_ocsp_server_callback(None)
    pair = memory_pair(both, both)
    pair.client.request_ocsp()
    pair.handshake()
    assert got[1:] == [(b"", None)]


@pytest.mark.parametrize("side", ["server", "client"])
def test_what_cannot_be_called(side: str):
    with pytest.raises(TypeError, match="callback must be callable"):
        getattr(SSL.Context(SSL.TLS_METHOD), f"set_ocsp_{side}_callback")("text")
