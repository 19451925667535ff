"""Rules: what came out of an object is whole as long as somebody has it, whatever became of that object.

Bug class: borrowed pointers outliving their store or certificate.
"""

import gc
from collections.abc import Callable

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.contexts import client_context, identify, server_context, trust
from tests.support.issuing import rsa_key, self_signed
from tests.support.pairs import memory_pair

PEM, DER = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1


def churn() -> None:
    """Collect what nobody has, and let others have its memory."""
    gc.collect()
    for number in range(50):
        crypto.load_certificate(PEM, crypto.dump_certificate(PEM, self_signed(f"other {number}")))


def name_of(part: crypto.X509Name) -> bytes:
    return part.der()


def extension_of(part: crypto.X509Extension) -> bytes:
    return part.get_data() + part.get_short_name()


def key_of(part: crypto.PKey) -> bytes:
    return crypto.dump_publickey(DER, part)


def certificate_of(part: crypto.X509) -> bytes:
    return crypto.dump_certificate(DER, part)


def revoked_certificate() -> crypto.CRL:
    entry = crypto.Revoked()
    entry.set_serial(b"abcdef")
    entry.set_rev_date(b"20200101000000Z")
    crl = crypto.CRL()
    crl.add_revoked(entry)
    return crypto.load_crl(DER, crl.export(self_signed(), rsa_key(), DER, 1, b"sha256"))


def archive(ec: Authority) -> crypto.PKCS12:
    made = crypto.PKCS12()
    made.set_certificate(ec.server.x509)
    made.set_privatekey(ec.server.pkey)
    made.set_ca_certificates([ec.root.x509])
    return crypto.load_pkcs12(made.export(b"x"), b"x")


PARTS: dict[str, tuple[Callable[[Authority], object], Callable]] = {
    "subject": (lambda ec: ec.server.x509.get_subject(), name_of),
    "issuer": (lambda ec: ec.server.x509.get_issuer(), name_of),
    "extension": (lambda ec: ec.server.x509.get_extension(0), extension_of),
    "key": (lambda ec: ec.server.x509.get_pubkey(), key_of),
    "issuer of a list": (lambda ec: revoked_certificate().get_issuer(), name_of),
    "entry of a list": (lambda ec: revoked_certificate().get_revoked()[0], lambda entry: entry.get_serial()),
    "certificate of an archive": (lambda ec: archive(ec).get_certificate(), certificate_of),
    "key of an archive": (lambda ec: archive(ec).get_privatekey(), key_of),
    "root of an archive": (lambda ec: archive(ec).get_ca_certificates()[0], certificate_of),
}


@pytest.mark.parametrize("which", PARTS)
def test_borrowed_pointers_outliving_their_certificate(ec: Authority, which: str):
    make, read = PARTS[which]
    part = make(ec)
    before = read(part)
    churn()
    assert read(part) == before


def test_borrowed_pointers_outliving_their_certificate_when_it_changes(ec: Authority):
    """A certificate gets another name and another key: what was taken of the old ones says so, or stays."""
    certificate = ec.server.x509
    subject, extension, key = certificate.get_subject(), certificate.get_extension(0), certificate.get_pubkey()
    before = extension_of(extension), key_of(key)
    certificate.set_subject(self_signed("another").get_subject())
    certificate.set_pubkey(rsa_key())
    churn()
    with pytest.raises(AttributeError, match="another name"):
        assert subject.CN
    del certificate
    churn()
    with pytest.raises(AttributeError, match="another name"):
        subject.CN = "changed"
    assert (extension_of(extension), key_of(key)) == before


def test_borrowed_pointers_outliving_their_store(ec: Authority):
    store = crypto.X509Store()
    store.add_cert(ec.root.x509)
    judge = crypto.X509StoreContext(store, ec.server.x509, [ec.intermediate.x509])
    del store
    churn()
    chain = judge.get_verified_chain()
    del judge
    churn()
    assert [certificate_of(one) for one in chain] == [
        ec.server.cert_der,
        ec.intermediate.cert_der,
        ec.root.cert_der,
    ]


def test_borrowed_pointers_outliving_their_store_in_its_error(ec: Authority, stranger: Authority):
    store = crypto.X509Store()
    store.add_cert(stranger.root.x509)
    with pytest.raises(crypto.X509StoreContextError) as caught:
        crypto.X509StoreContext(store, ec.server.x509).verify_certificate()
    kept = caught.value.certificate
    del store, caught
    churn()
    assert certificate_of(kept) == ec.server.cert_der


def test_borrowed_pointers_outliving_their_store_of_a_context(ec: Authority):
    """The store belongs to the Context, whose SSL_CTX is replaced and goes; the store still takes and still counts."""
    context = SSL.Context(SSL.TLS_METHOD)
    store = context.get_cert_store()
    SSL.Connection(context)
    context.set_timeout(10)
    del context
    churn()
    store.add_cert(ec.root.x509)
    crypto.X509StoreContext(store, ec.server.x509, [ec.intermediate.x509]).verify_certificate()


def test_borrowed_pointers_outliving_their_connection(ec: Authority):
    """What a callback and a connection showed, after both ends are gone."""
    shown: list[crypto.X509] = []
    client, server = client_context(ec), server_context(ec)
    identify(client, ec, ec.client)
    trust(server, ec)

    def look(connection, certificate, error, depth, passed):
        shown.append(certificate)
        return bool(passed)

    client.set_verify(SSL.VERIFY_PEER, look)
    pair = memory_pair(client, server)
    pair.handshake()
    shown += [pair.client.get_peer_certificate(), *pair.client.get_peer_cert_chain()]
    names = pair.server.get_client_ca_list()
    del pair, client, server
    churn()
    assert {certificate_of(one) for one in shown} == {ec.root.cert_der, ec.intermediate.cert_der, ec.server.cert_der}
    assert names == []
