"""Context: the security level, which `@SECLEVEL` in a list of ciphers sets, when the context is changed later."""

import contextlib

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.pairs import Pair, connected

WEAK_KEY_BITS = 1024


def weak_server(seclevel: bytes) -> SSL.Context:
    """Make a server with a key that only the security levels 0 and 1 allow."""
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, WEAK_KEY_BITS)
    certificate = crypto.X509()
    certificate.set_version(2)
    certificate.set_serial_number(1)
    certificate.get_subject().CN = "weak"
    certificate.set_issuer(certificate.get_subject())
    certificate.gmtime_adj_notBefore(-60)
    certificate.gmtime_adj_notAfter(3600)
    certificate.set_pubkey(key)
    certificate.sign(key, "sha256")
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_cipher_list(b"DEFAULT@SECLEVEL=" + seclevel)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    return context


def test_a_security_level_outlasts_the_list_that_set_it():
    # As in OpenSSL: a later list without a level leaves it as it is.
    server, client = weak_server(b"0"), SSL.Context(SSL.TLS_METHOD)
    client.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    for change in (b"DEFAULT", b"ECDHE", b"ECDHE:DHE"):
        server.set_cipher_list(change)
        with connected(client, server, "memory") as pair:
            assert pair.client.get_peer_certificate().get_subject().CN == "weak"


def test_a_certificate_is_not_judged_anew_when_the_level_rises():
    # The certificate was accepted; that it cannot be shown to peers any more is said by the handshake, and no call that
    # has nothing to do with it fails.
    server = weak_server(b"0")
    SSL.Connection(server, None)
    server.set_cipher_list(b"DEFAULT@SECLEVEL=3")
    SSL.Connection(server, None)
    assert server.set_timeout(5) == 300
    server.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    with connected(client, server, "memory") as pair:
        assert pair.client.get_peer_certificate().get_subject().CN == "weak"


def connected_weakly(server: SSL.Context) -> contextlib.AbstractContextManager[Pair]:
    """Connect with a server whose key is weak."""
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_cipher_list(b"DEFAULT@SECLEVEL=0")
    return connected(client, server, "memory")


@pytest.mark.parametrize("used", [False, True])
def test_a_refused_list_does_not_lower_the_security_level(ec: Authority, used: bool):
    context = SSL.Context(SSL.TLS_METHOD)
    if used:
        SSL.Connection(context, None)
    with pytest.raises(SSL.Error):
        context.set_cipher_list(b"@SECLEVEL=0:no-such-cipher")
    weak = weak_server(b"0")
    with connected_weakly(weak) as pair:
        certificate = pair.client.get_peer_certificate()
    for _ in range(2):
        with pytest.raises(SSL.Error) as caught:
            context.use_certificate(certificate)
        assert caught.value.args[0][0][2] == "ee key too small"
        context.set_timeout(5)
