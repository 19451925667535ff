"""Context: the certificates and keys that it presents, from objects and from files."""

import os
from pathlib import Path

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority, Identity
from tests.support.contexts import client_context
from tests.support.pairs import connected
from tests.support.rows import rows


def digest(certificate: crypto.X509) -> bytes:
    return certificate.digest("sha256")


def presented(server: SSL.Context, authority: Authority) -> list[bytes]:
    """Return the digests of the chain that a client sees; it need not verify."""
    client = SSL.Context(SSL.TLS_METHOD)
    with connected(client, server, "memory") as pair:
        chain = pair.client.get_peer_cert_chain()
        assert chain is not None
        assert digest(pair.client.get_peer_certificate()) == digest(chain[0])
        return [digest(certificate) for certificate in chain]


def digests(*identities: Identity) -> list[bytes]:
    return [digest(identity.x509) for identity in identities]


@pytest.fixture(params=["rsa", "ec"])
def authority(request: pytest.FixtureRequest) -> Authority:
    return request.getfixturevalue(request.param)


@rows(193, 240, 243)
def test_objects(authority: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.use_certificate(authority.server.x509) is None
    assert context.use_privatekey(authority.server.pkey) is None
    assert context.check_privatekey() is None
    assert presented(context, authority) == digests(authority.server)


@rows(163, 193, 195, 244, 246)
def test_pem_files_are_the_default(authority: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.use_certificate_file(authority.server.cert_file) is None
    assert context.use_privatekey_file(authority.server.key_file) is None
    assert context.check_privatekey() is None
    assert presented(context, authority) == digests(authority.server)


@rows(163, 195, 245, 247)
def test_pem_files_by_name(authority: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(authority.server.cert_file, SSL.FILETYPE_PEM)
    context.use_privatekey_file(keyfile=authority.server.key_file, filetype=SSL.FILETYPE_PEM)
    context.check_privatekey()
    assert presented(context, authority) == digests(authority.server)


@rows(164, 195, 245, 247)
def test_der_files(authority: Authority):
    # C006: SSL.FILETYPE_ASN1 is the manual's; upstream lost it.
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(authority.server.cert_der_file, SSL.FILETYPE_ASN1)
    context.use_privatekey_file(authority.server.key_der_file, SSL.FILETYPE_ASN1)
    context.check_privatekey()
    assert presented(context, authority) == digests(authority.server)


@rows(195)
@pytest.mark.parametrize("certificate_from", ["object", "file"])
@pytest.mark.parametrize("key_from", ["object", "file"])
def test_objects_and_files_mix(ec: Authority, certificate_from: str, key_from: str):
    context = SSL.Context(SSL.TLS_METHOD)
    if certificate_from == "object":
        context.use_certificate(ec.server.x509)
    else:
        context.use_certificate_file(ec.server.cert_file)
    if key_from == "object":
        context.use_privatekey(ec.server.pkey)
    else:
        context.use_privatekey_file(ec.server.key_file)
    context.check_privatekey()
    assert presented(context, ec) == digests(ec.server)


def test_the_key_may_come_first(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_privatekey(ec.server.pkey)
    context.use_certificate(ec.server.x509)
    context.check_privatekey()
    assert presented(context, ec) == digests(ec.server)


@rows(244)
def test_the_first_certificate_of_a_file_is_used(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(ec.chain_file(ec.server))
    context.use_privatekey_file(ec.server.key_file)
    assert presented(context, ec) == digests(ec.server)


@rows(246)
def test_the_first_key_of_a_file_is_used(ec: Authority, tmp_path: Path):
    both = tmp_path / "keys.pem"
    both.write_bytes(ec.server.key_pem + ec.client.key_pem)
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(ec.server.x509)
    context.use_privatekey_file(str(both))
    context.check_privatekey()
    assert presented(context, ec) == digests(ec.server)


@rows(242)
def test_a_chain_file(authority: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.use_certificate_chain_file(authority.chain_file(authority.server)) is None
    context.use_privatekey(authority.server.pkey)
    assert presented(context, authority) == digests(authority.server, authority.intermediate)


@rows(241)
def test_an_extra_certificate_of_the_chain(authority: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(authority.server.x509)
    context.use_privatekey(authority.server.pkey)
    assert context.add_extra_chain_cert(authority.intermediate.x509) is None
    assert presented(context, authority) == digests(authority.server, authority.intermediate)
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(authority.server.x509)
    context.use_privatekey(authority.server.pkey)
    context.add_extra_chain_cert(authority.intermediate.x509)
    context.add_extra_chain_cert(authority.root.x509)
    assert presented(context, authority) == digests(authority.server, authority.intermediate, authority.root)


def test_an_object_may_go_once_it_is_used(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    certificate, key, extra = ec.server.x509, ec.server.pkey, ec.intermediate.x509
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.add_extra_chain_cert(extra)
    del certificate, key, extra
    assert presented(context, ec) == digests(ec.server, ec.intermediate)


def test_two_kinds_of_key_in_one_context(rsa: Authority, ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    for authority in (rsa, ec):
        context.use_certificate(authority.server.x509)
        context.use_privatekey(authority.server.pkey)
        context.check_privatekey()
    for authority, cipher in ((rsa, b"ECDHE-RSA-AES128-GCM-SHA256"), (ec, b"ECDHE-ECDSA-AES128-GCM-SHA256")):
        client = SSL.Context(SSL.TLSv1_2_METHOD)
        client.set_cipher_list(cipher)
        with connected(client, context, "memory") as pair:
            assert digest(pair.client.get_peer_certificate()) == digest(authority.server.x509)


def test_a_later_certificate_of_the_same_kind_replaces_the_earlier(ec: Authority, stranger: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    for authority in (stranger, ec):
        context.use_certificate(authority.server.x509)
        context.use_privatekey(authority.server.pkey)
    assert presented(context, ec) == digests(ec.server)


@rows(194)
def test_check_privatekey_without_a_certificate(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as caught:
        context.check_privatekey()
    assert caught.value.args[0][0][2] == "no certificate assigned"


@rows(194)
def test_check_privatekey_without_a_key(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(ec.server.x509)
    with pytest.raises(SSL.Error) as caught:
        context.check_privatekey()
    assert caught.value.args[0][0][2] == "no private key assigned"


@rows(194)
def test_a_key_of_another_certificate_is_refused(ec: Authority, stranger: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(ec.server.x509)
    with pytest.raises(SSL.Error) as caught:
        context.use_privatekey(stranger.server.pkey)
    assert any("mismatch" in reason for _, _, reason in caught.value.args[0])
    with pytest.raises(SSL.Error):
        context.check_privatekey()


@rows(194)
def test_a_key_of_another_certificate_is_refused_from_a_file(ec: Authority, stranger: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(ec.server.cert_file)
    with pytest.raises(SSL.Error) as caught:
        context.use_privatekey_file(stranger.server.key_file)
    assert any("mismatch" in reason for _, _, reason in caught.value.args[0])
    with pytest.raises(SSL.Error):
        context.check_privatekey()


@rows(194)
def test_a_certificate_of_another_key_drops_the_key(ec: Authority, stranger: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_privatekey(stranger.server.pkey)
    context.use_certificate(ec.server.x509)
    with pytest.raises(SSL.Error):
        context.check_privatekey()


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_a_path_may_be_of_any_kind(ec: Authority, tmp_path: Path, kind: type):
    # C018; the name is not ASCII, so that bytes and text have to agree on the file system's encoding.
    directory = tmp_path / "Schlüssel ☃"
    directory.mkdir()
    for name, content in (
        ("cert", ec.server.cert_pem),
        ("key", ec.server.key_pem),
        ("chain", ec.server.cert_pem + ec.intermediate.cert_pem),
    ):
        (directory / name).write_bytes(content)
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_file(kind(str(directory / "cert")))
    context.use_privatekey_file(kind(str(directory / "key")))
    assert presented(context, ec) == digests(ec.server)
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(kind(str(directory / "chain")))
    context.use_privatekey_file(kind(str(directory / "key")))
    assert presented(context, ec) == digests(ec.server, ec.intermediate)


def test_certificates_and_keys_of_the_package_cryptography(ec: Authority):
    # C134
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(ec.server.certificate)
    context.use_privatekey(ec.server.key)
    context.add_extra_chain_cert(ec.intermediate.certificate)
    context.check_privatekey()
    assert presented(context, ec) == digests(ec.server, ec.intermediate)


@rows(240, 241, 243)
@pytest.mark.parametrize("method", ["use_certificate", "add_extra_chain_cert", "use_privatekey"])
@pytest.mark.parametrize("value", [None, b"bytes", "text", 7, object()])
def test_an_object_of_another_kind_is_a_type_error(method: str, value: object):
    with pytest.raises(TypeError, match=r"."):
        getattr(SSL.Context(SSL.TLS_METHOD), method)(value)


def test_certificate_and_key_swapped_are_a_type_error(ec: Authority):
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(TypeError, match=r"."):
        context.use_certificate(ec.server.pkey)
    with pytest.raises(TypeError, match=r"."):
        context.use_privatekey(ec.server.x509)


@pytest.mark.parametrize("method", ["use_certificate_file", "use_privatekey_file"])
@pytest.mark.parametrize("filetype", ["PEM", None, 1.0, b"1"])
def test_a_file_type_is_an_integer(ec: Authority, method: str, filetype: object):
    path = ec.server.cert_file if method == "use_certificate_file" else ec.server.key_file
    with pytest.raises(TypeError, match=r"."):
        getattr(SSL.Context(SSL.TLS_METHOD), method)(path, filetype)


@pytest.mark.parametrize("method", ["use_certificate_file", "use_privatekey_file"])
def test_an_unknown_file_type_is_refused(ec: Authority, method: str):
    path = ec.server.cert_file if method == "use_certificate_file" else ec.server.key_file
    with pytest.raises(SSL.Error) as caught:
        getattr(SSL.Context(SSL.TLS_METHOD), method)(path, 58)
    assert "filetype" in caught.value.args[0][0][2]


def test_a_server_without_a_certificate_fails_at_the_handshake(ec: Authority):
    server = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as caught, connected(client_context(ec), server, "memory"):
        pass
    assert caught.value.args[0][0][2] in {"no shared cipher", "no suitable signature algorithm"}
