"""Context: the authorities that a server names to its clients when it asks them for a certificate."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, identify, only, server_context
from tests.support.pairs import connected, memory_pair
from tests.support.rows import rows


def named(server: SSL.Context, authority: Authority) -> list[str | None]:
    """Return the common names of the authorities that a client of the server is told."""
    server.set_verify(SSL.VERIFY_PEER)
    with connected(client_context(authority), server, "memory") as pair:
        names = pair.client.get_client_ca_list()
        assert names == pair.server.get_client_ca_list()
        assert all(type(name) is crypto.X509Name for name in names)
        return [name.CN for name in names]


def subject(certificate: x509.Certificate) -> crypto.X509Name:
    return crypto.X509.from_cryptography(certificate).get_subject()


@pytest.mark.parametrize("version", VERSIONS)
def test_without_any_a_client_is_told_none(ec: Authority, version: str):
    assert named(only(server_context(ec), version), ec) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_of_names(ec: Authority, version: str):
    # C128
    server = only(server_context(ec), version)
    assert server.set_client_ca_list([subject(ec.root.certificate), subject(ec.client.certificate)]) is None
    assert named(server, ec) == ["ec root", "client"]


def test_a_file_names_each_once(ec: Authority, tmp_path: Path):
    """Names are compared as RFC 5280 has it: without case, and with one space for many."""
    file = tmp_path / "authorities.pem"
    same = crypto.load_certificate(crypto.FILETYPE_PEM, ec.root.cert_pem)
    same.get_subject().CN = "EC  Root"
    assert same.get_subject() == ec.root.x509.get_subject()
    pems = [ec.root.cert_pem, ec.client.cert_pem, ec.root.cert_pem, crypto.dump_certificate(crypto.FILETYPE_PEM, same)]
    file.write_bytes(b"".join(pems))
    server = server_context(ec)
    server.load_client_ca(file)
    assert named(server, ec) == ["ec root", "client"]


@pytest.mark.parametrize("form", [list, tuple, iter, lambda names: (name for name in names)])
def test_any_iterable_of_names(ec: Authority, form: Callable[[list[crypto.X509Name]], object]):
    server = server_context(ec)
    server.set_client_ca_list(form([subject(ec.root.certificate), subject(ec.server.certificate)]))
    assert named(server, ec) == ["ec root", "server"]


def test_names_of_the_package_cryptography(ec: Authority):
    # C128; upstream takes its own only.
    server = server_context(ec)
    server.set_client_ca_list([ec.root.certificate.subject, subject(ec.server.certificate)])
    assert named(server, ec) == ["ec root", "server"]


def test_a_name_arrives_as_it_was(ec: Authority):
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "SE"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Ägare ☃"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "one"),
        ]
    )
    server = server_context(ec)
    server.set_client_ca_list([name])
    server.set_verify(SSL.VERIFY_PEER)
    with connected(client_context(ec), server, "memory") as pair:
        (arrived,) = pair.client.get_client_ca_list()
        assert arrived.der() == name.public_bytes()


def test_an_empty_list(ec: Authority):
    server = server_context(ec)
    server.set_client_ca_list([subject(ec.root.certificate)])
    server.set_client_ca_list([])
    assert named(server, ec) == []


@pytest.mark.parametrize("kind", ["ours", "cryptography"])
def test_adding_the_subject_of_a_certificate(ec: Authority, kind: str):
    server = server_context(ec)
    for identity in (ec.root, ec.client):
        assert server.add_client_ca(identity.x509 if kind == "ours" else identity.certificate) is None
    assert named(server, ec) == ["ec root", "client"]


@rows(203)
def test_a_list_replaces_what_was_there_and_adding_adds(ec: Authority):
    server = server_context(ec)
    server.add_client_ca(ec.client.x509)
    server.set_client_ca_list([subject(ec.root.certificate)])
    server.add_client_ca(ec.server.x509)
    assert named(server, ec) == ["ec root", "server"]
    server.load_client_ca(ec.client.cert_file)
    assert named(server, ec) == ["client"]
    server.add_client_ca(ec.root.x509)
    assert named(server, ec) == ["client", "ec root"]
    server.set_client_ca_list([])
    assert named(server, ec) == []


@rows(203)
def test_a_file_of_many(ec: Authority, tmp_path):
    file = tmp_path / "cas.pem"
    file.write_bytes(ec.root.cert_pem + b"text\n" + ec.client.cert_pem)
    server = server_context(ec)
    server.load_client_ca(file)
    assert named(server, ec) == ["ec root", "client"]


def test_what_is_changed_afterwards_changes_nothing(ec: Authority):
    server = server_context(ec)
    certificate = ec.root.x509
    name, names = certificate.get_subject(), []
    names.append(name)
    server.set_client_ca_list(names)
    name.CN = "changed"
    names.clear()
    added = ec.client.x509
    server.add_client_ca(added)
    added.get_subject().CN = "changed"
    del certificate, name, added
    assert named(server, ec) == ["ec root", "client"]


def test_a_used_context_keeps_the_list(ec: Authority):
    server = server_context(ec)
    server.set_client_ca_list([subject(ec.root.certificate)])
    server.add_client_ca(ec.client.x509)
    begun = memory_pair(client_context(ec), server)
    server.set_timeout(5)
    assert named(server, ec) == ["ec root", "client"]
    server.set_client_ca_list([])
    assert [name.CN for name in begun.server.get_client_ca_list()] == ["ec root", "client"]


def test_naming_is_not_trusting(ec: Authority):
    server, client = server_context(ec), client_context(ec)
    server.add_client_ca(ec.root.x509)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    identify(client, ec, ec.client)
    pair = memory_pair(client, server)
    with pytest.raises(SSL.Error) as caught:
        pair.handshake()
    assert caught.value.args[0][-1][2] == "certificate verify failed"


@pytest.mark.parametrize("names", [None, 5, "spam", ["spam"], [b"spam"], [None], [object()]])
def test_what_is_no_list_of_names_is_a_type_error(ec: Authority, names: object):
    server = server_context(ec)
    server.add_client_ca(ec.root.x509)
    with pytest.raises(TypeError, match=r"."):
        server.set_client_ca_list(names)
    assert named(server, ec) == ["ec root"]


def test_a_type_error_names_the_type(ec: Authority):
    for element in ("spam", ec.root.x509, ec.root.certificate):
        with pytest.raises(TypeError, match=f"X509Name.*{type(element).__name__}"):
            SSL.Context(SSL.TLS_METHOD).set_client_ca_list([element])


@pytest.mark.parametrize("certificate", [None, "spam", b"spam", 7, object()])
def test_what_is_no_certificate_is_a_type_error(certificate: object):
    with pytest.raises(TypeError, match="certificate"):
        SSL.Context(SSL.TLS_METHOD).add_client_ca(certificate)


def test_a_name_is_no_certificate(ec: Authority):
    for name in (ec.root.certificate.subject, subject(ec.root.certificate)):
        with pytest.raises(TypeError, match="certificate"):
            SSL.Context(SSL.TLS_METHOD).add_client_ca(name)


def test_an_iterable_that_raises(ec: Authority):
    def names():
        yield subject(ec.root.certificate)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        SSL.Context(SSL.TLS_METHOD).set_client_ca_list(names())
