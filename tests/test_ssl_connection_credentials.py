"""Connection: a certificate, a key and options of its own, and the names of the authorities that a server accepts."""

import pytest
from cryptography import x509
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.pairs import connected, memory_pair


def digest(certificate: crypto.X509 | None) -> bytes:
    assert certificate is not None
    return certificate.digest("sha256")


def bare_server(authority: Authority) -> SSL.Context:
    """Make a server's context without a certificate, but with the one that leads to the root."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.add_extra_chain_cert(authority.intermediate.x509)
    return context


@pytest.mark.parametrize("objects", ["ours", "cryptography"])
def test_a_connection_shows_a_certificate_of_its_own(ec: Authority, objects: str):
    # C181
    server = bare_server(ec)
    pair = memory_pair(client_context(ec), server)
    if objects == "ours":
        assert pair.server.use_certificate(ec.server.x509) is None
        assert pair.server.use_privatekey(ec.server.pkey) is None
    else:
        pair.server.use_certificate(ec.server.certificate)
        pair.server.use_privatekey(ec.server.key)
    pair.handshake()
    assert digest(pair.client.get_peer_certificate()) == digest(ec.server.x509)
    # The context has still none, and so has the next connection.
    assert SSL.Connection(server, None).get_certificate() is None


def test_instead_of_the_contexts(ec: Authority):
    client, server = client_context(ec), server_context(ec)
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    identify(client, ec, ec.server)
    pair = memory_pair(client, server)
    pair.client.use_certificate(ec.client.x509)
    pair.client.use_privatekey(ec.client.pkey)
    pair.handshake()
    assert digest(pair.server.get_peer_certificate()) == digest(ec.client.x509)


def test_the_certificate_that_is_shown(ec: Authority):
    # C167
    pair = memory_pair(client_context(ec), server_context(ec))
    assert pair.client.get_certificate() is None
    assert pair.client.get_certificate(as_cryptography=True) is None
    certificate = pair.server.get_certificate()
    assert type(certificate) is crypto.X509
    assert digest(certificate) == digest(ec.server.x509)
    for yes in (True, 1, "yes"):
        assert pair.server.get_certificate(as_cryptography=yes) == ec.server.certificate
    for no in (False, 0, None):
        assert type(pair.server.get_certificate(as_cryptography=no)) is crypto.X509
    with pytest.raises(TypeError):
        pair.server.get_certificate(True)
    pair.server.use_certificate(ec.client.x509)
    assert digest(pair.server.get_certificate()) == digest(ec.client.x509)
    # What was got before is an object of its own.
    assert digest(certificate) == digest(ec.server.x509)


def test_a_key_that_does_not_match(ec: Authority):
    connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
    connection.use_certificate(ec.server.x509)
    with pytest.raises(SSL.Error) as caught:
        connection.use_privatekey(ec.client.pkey)
    assert caught.value.args[0][-1][2] == "key values mismatch"


@pytest.mark.parametrize("value", [None, b"pem", "pem", 7, object()])
def test_other_types(ec: Authority, value: object):
    connection = SSL.Connection(client_context(ec), None)
    with pytest.raises(TypeError, match=r"."):
        connection.use_certificate(value)
    with pytest.raises(TypeError, match=r"."):
        connection.use_privatekey(value)


def test_an_empty_key(ec: Authority):
    with pytest.raises(TypeError, match=r"."):
        SSL.Connection(client_context(ec), None).use_privatekey(crypto.PKey())


def test_a_public_key_is_no_use(ec: Authority):
    public = crypto.load_publickey(crypto.FILETYPE_PEM, crypto.dump_publickey(crypto.FILETYPE_PEM, ec.server.pkey))
    pair = memory_pair(client_context(ec), bare_server(ec))
    pair.server.use_certificate(ec.server.x509)
    # OpenSSL looks for the private half when it has to sign.
    pair.server.use_privatekey(public)
    with pytest.raises(SSL.Error, match=r"."):
        pair.handshake()


def test_options_of_a_connection(ec: Authority):
    # C180
    server = server_context(ec)
    pair = memory_pair(client_context(ec), server)
    before = pair.server.set_options(0)
    assert pair.server.set_options(SSL.OP_NO_TLSv1_3) == before | SSL.OP_NO_TLSv1_3
    assert pair.server.set_options(SSL.OP_NO_TICKET) == before | SSL.OP_NO_TLSv1_3 | SSL.OP_NO_TICKET
    assert server.set_options(0) & SSL.OP_NO_TLSv1_3 == 0
    pair.handshake()
    assert pair.client.get_protocol_version_name() == "TLSv1.2"
    with connected(client_context(ec), server, "memory") as other:
        assert other.client.get_protocol_version_name() == "TLSv1.3"


def test_options_are_an_int(ec: Authority):
    connection = SSL.Connection(client_context(ec), None)
    for value in (None, "1", 1.0):
        with pytest.raises(TypeError, match=r"."):
            connection.set_options(value)
    for number in (-1, 1 << 64):
        with pytest.raises(OverflowError, match=r"."):
            connection.set_options(number)


def test_names_of_authorities_as_objects_of_cryptography(ec: Authority, rsa: Authority):
    # C168
    server = server_context(ec)
    server.load_client_ca(rsa.root.cert_file)
    pair = memory_pair(client_context(ec), server)
    assert pair.client.get_client_ca_list(as_cryptography=True) == []
    pair.handshake()
    assert pair.server.get_client_ca_list(as_cryptography=True) == [rsa.root.certificate.subject]
    server.set_verify(SSL.VERIFY_PEER)
    pair = memory_pair(client_context(ec), server)
    pair.handshake()
    names = pair.client.get_client_ca_list(as_cryptography=True)
    assert names == [rsa.root.certificate.subject]
    assert isinstance(names[0], x509.Name)
    ours = pair.client.get_client_ca_list()
    assert [type(name) for name in ours] == [crypto.X509Name]
    assert ours[0].der() == rsa.root.certificate.subject.public_bytes()
    with pytest.raises(TypeError):
        pair.client.get_client_ca_list(True)


def test_the_names_are_copies(ec: Authority, rsa: Authority):
    server = server_context(ec)
    server.load_client_ca(rsa.root.cert_file)
    connection = SSL.Connection(server, None)
    connection.get_client_ca_list()[0].CN = "somebody else"
    assert connection.get_client_ca_list()[0].CN == "rsa root"
