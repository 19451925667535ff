"""Connection: what it says of its peer and of what was negotiated."""

from collections.abc import Iterator

import pytest
from cryptography import x509
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, server_context
from tests.support.pairs import Pair, connected, memory_pair
from tests.support.rows import rows


@pytest.fixture
def pair(ec: Authority, version: str) -> Iterator[Pair]:
    """Give a connected pair of each version."""
    with connected(client_context(ec, version), server_context(ec, version), "memory") as pair:
        yield pair


def digests(chain: list[crypto.X509] | None) -> list[bytes]:
    assert chain is not None
    return [certificate.digest("sha256") for certificate in chain]


@rows(257)
def test_before_the_handshake_nothing_is_known(ec: Authority):
    pair = memory_pair(client_context(ec), server_context(ec))
    for connection in (pair.client, pair.server):
        assert connection.get_cipher_name() is None
        assert connection.get_cipher_bits() is None
        assert connection.get_cipher_version() is None
        assert connection.get_peer_certificate() is None
        assert connection.get_peer_cert_chain() is None
        assert connection.get_verified_chain() is None
        assert connection.get_session() is None


def test_versions(pair: Pair, version: str):
    for connection in (pair.client, pair.server):
        assert connection.get_protocol_version_name() == version
        assert connection.get_protocol_version() == VERSIONS[version]


def test_the_cipher(pair: Pair):
    assert pair.client.get_cipher_name() == pair.server.get_cipher_name()
    assert pair.client.get_cipher_name() in pair.client.get_cipher_list()
    assert pair.client.get_cipher_bits() in {128, 256}
    assert type(pair.client.get_cipher_version()) is str


@rows(267, 268)
def test_the_peers_certificate(pair: Pair, ec: Authority):
    certificate = pair.client.get_peer_certificate()
    assert type(certificate) is crypto.X509
    assert crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) == ec.server.cert_der
    assert pair.server.get_peer_certificate() is None


def test_the_peers_chain(pair: Pair, ec: Authority):
    assert digests(pair.client.get_peer_cert_chain()) == digests([ec.server.x509, ec.intermediate.x509])
    assert pair.server.get_peer_cert_chain() is None


def test_the_verified_chain(pair: Pair, ec: Authority):
    expected = digests([ec.server.x509, ec.intermediate.x509, ec.root.x509])
    assert digests(pair.client.get_verified_chain()) == expected


def test_certificates_outlive_the_connection(ec: Authority):
    with connected(client_context(ec), server_context(ec), "memory") as pair:
        certificate = pair.client.get_peer_certificate()
        chain = pair.client.get_peer_cert_chain()
    del pair
    assert certificate.get_subject().CN == "server"
    assert digests(chain) == digests([ec.server.x509, ec.intermediate.x509])


def test_objects_of_the_package_cryptography(pair: Pair, ec: Authority):
    # C166, C167
    certificate = pair.client.get_peer_certificate(as_cryptography=True)
    assert isinstance(certificate, x509.Certificate)
    assert certificate == ec.server.certificate
    assert pair.client.get_peer_cert_chain(as_cryptography=True) == [
        ec.server.certificate,
        ec.intermediate.certificate,
    ]
    assert pair.server.get_peer_certificate(as_cryptography=True) is None


def test_as_cryptography_is_a_keyword(pair: Pair):
    with pytest.raises(TypeError):
        pair.client.get_peer_certificate(True)


def test_facts_remain_after_the_end(pair: Pair, version: str):
    pair.client.shutdown()
    pair.move()
    with pytest.raises(SSL.ZeroReturnError):
        pair.server.recv(1)
    assert pair.server.get_protocol_version_name() == version
    assert pair.client.get_peer_certificate() is not None
    assert pair.server.get_cipher_name() is not None


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_the_group_of_the_key_exchange(request: pytest.FixtureRequest, kind: str):
    authority = request.getfixturevalue(kind)
    context = server_context(authority)
    context.set_tmp_ecdh(crypto.get_elliptic_curve("secp384r1"))
    pair = memory_pair(client_context(authority), context)
    assert pair.client.get_group_name() is None
    pair.handshake()
    assert pair.client.get_group_name() in ("secp384r1", "P-384")
    assert pair.server.get_group_name() == pair.client.get_group_name()
