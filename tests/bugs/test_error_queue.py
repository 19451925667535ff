"""Rules: an error is told once, to whom it belongs; what fails leaves nothing behind for what succeeds.

Bug class: error queue left over. The fixture of tests/conftest.py looks at the queue around every test there is.
"""

import contextlib
from collections.abc import Callable

import pytest
from OpenSSL import SSL, crypto, rand

from tests.conftest import error_queue_is_empty
from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.failing import handshake_errors, reasons
from tests.support.issuing import self_signed
from tests.support.pairs import connected, memory_pair

PEM, DER = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1

FAILING: dict[str, Callable[[], object]] = {
    "certificate": lambda: crypto.load_certificate(PEM, b"nothing"),
    "certificate in DER": lambda: crypto.load_certificate(DER, b"\x30\x03\x02\x01"),
    "key": lambda: crypto.load_privatekey(PEM, b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"),
    "request": lambda: crypto.load_certificate_request(DER, b"\x30\x00"),
    "list": lambda: crypto.load_crl(DER, b"\x30\x00"),
    "archive": lambda: crypto.load_pkcs12(b"\x30\x00"),
    "message": lambda: crypto.load_pkcs7_data(PEM, b"nothing"),
    "spki": lambda: crypto.NetscapeSPKI("AAAA"),
    "extension": lambda: crypto.X509Extension(b"keyUsage", False, b"nonsense"),
    "signature": lambda: crypto.verify(self_signed(), b"wrong", b"data", "sha256"),
    "ciphers": lambda: SSL.Context(SSL.TLS_METHOD).set_cipher_list(b"NOTHING"),
    "trust": lambda: SSL.Context(SSL.TLS_METHOD).load_verify_locations("/nowhere"),
    "files": lambda: SSL.Context(SSL.TLS_METHOD).use_certificate_file("/nowhere"),
    "other key": lambda: mismatched().check_privatekey(),
    "chain": lambda: crypto.X509StoreContext(crypto.X509Store(), self_signed()).verify_certificate(),
}


def mismatched() -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(self_signed())
    return context


def fail(operation: Callable[[], object]) -> None:
    """Do what has to fail, with the queue empty afterwards."""
    with pytest.raises((crypto.Error, SSL.Error, crypto.X509StoreContextError)):
        operation()
    assert error_queue_is_empty()


@pytest.mark.parametrize("which", FAILING)
def test_error_queue_left_over(ec: Authority, which: str):
    """What waits and what succeeds right after a failure is not taken for one."""
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        fail(FAILING[which])
        with pytest.raises(SSL.WantReadError):
            pair.server.recv(10)
        fail(FAILING[which])
        pair.client.send(b"fine")
        pair.move()
        fail(FAILING[which])
        assert pair.server.recv(10) == b"fine"
        fail(FAILING[which])
        assert crypto.load_certificate(PEM, ec.server.cert_pem).has_expired() is False
        assert len(rand.bytes(8)) == 8
        pair.client.shutdown()
        pair.move()
        fail(FAILING[which])
        with pytest.raises(SSL.ZeroReturnError):
            pair.server.recv(10)


@pytest.mark.parametrize("version", VERSIONS)
def test_error_queue_left_over_by_a_callback(ec: Authority, version: str):
    """A callback fails at something and carries on: the handshake knows nothing of it."""

    def clumsy(answer: object) -> Callable[..., object]:
        def callback(*arguments: object) -> object:
            for operation in FAILING.values():
                with contextlib.suppress(crypto.Error, SSL.Error, crypto.X509StoreContextError):
                    operation()
            return answer

        return callback

    client, server = client_context(ec, version), server_context(ec, version)
    client.set_verify(SSL.VERIFY_PEER, clumsy(True))
    client.set_info_callback(clumsy(None))
    client.set_keylog_callback(clumsy(None))
    client.set_alpn_protos([b"h2"])
    server.set_tlsext_servername_callback(clumsy(None))
    server.set_alpn_select_callback(clumsy(b"h2"))
    pair = memory_pair(client, server)
    pair.client.set_tlsext_host_name(b"localhost")
    pair.handshake()
    assert pair.client.get_alpn_proto_negotiated() == b"h2"


def test_error_queue_left_over_in_an_error_of_its_own(ec: Authority, stranger: Authority):
    """An error names its own reason, first and only, whatever failed in this thread or another before."""

    def refused() -> list[str]:
        for operation in FAILING.values():
            fail(operation)
        return reasons(handshake_errors(memory_pair(client_context(ec), server_context(stranger)))["client"])

    with Background(refused) as other:
        assert refused() == ["certificate verify failed"]
    assert other.result() == ["certificate verify failed"]


@pytest.mark.parametrize("version", VERSIONS)
def test_error_queue_left_over_by_shutdown(ec: Authority, version: str):
    """Where the peer's last word is a fatal alert, shutdown says so, and does not call it a clean end."""
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        pair.client.send(b"to be changed")
        damaged = bytearray(pair.client.bio_read(10_000))
        damaged[-1] ^= 1
        pair.server.bio_write(damaged)
        fail(lambda: pair.server.recv(100))
        pair.move()
        assert pair.client.shutdown() is False
        assert error_queue_is_empty()
        with pytest.raises(SSL.Error, match="bad record mac"):
            pair.client.shutdown()
        assert error_queue_is_empty()
