"""The signatures of a chain that was verified before are not computed again; everything else is checked each time.

So each test verifies a chain twice to have it remembered, changes one thing, and expects what a first one says.
"""

import datetime

import pytest
from OpenSSL import crypto

from tests.support.authority import Authority
from tests.support.issuing import rsa_key, self_signed, unsigned
from tests.support.trusting import store_of

SIGNATURE_FAILURE = 7
EXPIRED = 10
NO_ISSUER = 20
REVOKED = 23
NO_CRL = 3


def code(store: crypto.X509Store, certificate: crypto.X509, *chain: crypto.X509) -> int:
    """Return the number of the error of a verification, 0 for none, and see that a second one says the same."""
    codes = []
    for _ in range(2):
        try:
            crypto.X509StoreContext(store, certificate, chain).verify_certificate()
            codes.append(0)
        except crypto.X509StoreContextError as error:
            codes.append(error.errors[0])
    assert codes[0] == codes[1]
    return codes[0]


def damaged(certificate: crypto.X509) -> crypto.X509:
    """Return the certificate with another last byte, which is one of the signature."""
    der = bytearray(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate))
    der[-1] ^= 1
    return crypto.load_certificate(crypto.FILETYPE_ASN1, bytes(der))


@pytest.fixture(params=["ec", "rsa"])
def known(request: pytest.FixtureRequest) -> Authority:
    """An authority whose chain is remembered."""
    authority: Authority = request.getfixturevalue(request.param)
    assert code(store_of(authority.root.x509), authority.server.x509, authority.intermediate.x509) == 0
    return authority


def test_a_damaged_signature(known: Authority):
    store = store_of(known.root.x509)
    assert code(store, damaged(known.server.x509), known.intermediate.x509) == SIGNATURE_FAILURE
    assert code(store, known.server.x509, damaged(known.intermediate.x509)) == SIGNATURE_FAILURE
    assert code(store, known.server.x509, known.intermediate.x509) == 0


def test_another_issuer_of_the_same_name(known: Authority):
    genuine, forged = known.intermediate.x509, known.intermediate.x509
    forged.set_pubkey(rsa_key())
    forged.sign(rsa_key(), "sha256")
    leaf = known.server.x509
    leaf.sign(rsa_key(), "sha256")
    store = store_of(known.root.x509)
    assert code(store, leaf, genuine) != 0
    assert code(store, leaf, forged) != 0
    assert code(store, known.server.x509, forged) != 0
    assert code(store, known.server.x509, genuine) == 0


def test_a_certificate_that_is_changed_and_changed_back(known: Authority):
    store, leaf, intermediate = store_of(known.root.x509), known.server.x509, known.intermediate.x509
    serial = leaf.get_serial_number()
    leaf.set_serial_number(serial + 1)
    assert code(store, leaf, intermediate) == SIGNATURE_FAILURE
    leaf.set_serial_number(serial)
    assert code(store, leaf, intermediate) == 0


def test_the_time(known: Authority):
    store = store_of(known.root.x509)
    store.set_time(datetime.datetime(2100, 1, 1))
    assert code(store, known.server.x509, known.intermediate.x509) == EXPIRED
    store.set_time(datetime.datetime.now(datetime.UTC))
    assert code(store, known.server.x509, known.intermediate.x509) == 0
    # Where the flag that makes the store's time count is the one under which the chain is known.
    store.set_time(datetime.datetime(2100, 1, 1))
    assert code(store, known.server.x509, known.intermediate.x509) == EXPIRED


def test_what_is_trusted(known: Authority):
    other = self_signed("another root", rsa_key(1))
    assert code(crypto.X509Store(), known.server.x509, known.intermediate.x509, known.root.x509) != 0
    assert code(store_of(other), known.server.x509, known.intermediate.x509) == NO_ISSUER
    assert code(store_of(known.root.x509), known.server.x509) == NO_ISSUER


def test_revocation(known: Authority):
    store = store_of(known.root.x509)
    store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
    assert code(store, known.server.x509, known.intermediate.x509) == NO_CRL
    for revoked, expected in ((False, 0), (True, REVOKED)):
        crl = crypto.CRL()
        now = datetime.datetime.now(datetime.UTC)
        crl.set_lastUpdate(now.strftime("%Y%m%d%H%M%SZ").encode())
        crl.set_nextUpdate((now + datetime.timedelta(days=1)).strftime("%Y%m%d%H%M%SZ").encode())
        if revoked:
            entry = crypto.Revoked()
            entry.set_serial(b"%x" % known.server.x509.get_serial_number())
            entry.set_rev_date(now.strftime("%Y%m%d%H%M%SZ").encode())
            crl.add_revoked(entry)
        crl.sign(known.intermediate.x509, known.intermediate.pkey, b"sha256")
        listed = store_of(known.root.x509)
        listed.set_flags(crypto.X509StoreFlags.CRL_CHECK)
        listed.add_crl(crl)
        assert code(listed, known.server.x509, known.intermediate.x509) == expected


def test_the_flags_say_which_signatures_count():
    root, key = unsigned("signed by nobody", rsa_key(1)), rsa_key(1)
    root.add_extensions([crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE")])
    root.sign(key, "sha256")
    root = damaged(root)
    leaf = unsigned("leaf", rsa_key())
    leaf.set_issuer(root.get_subject())
    leaf.sign(key, "sha256")
    store = store_of(root)
    assert code(store, leaf) == 0
    store.set_flags(crypto.X509StoreFlags.CHECK_SS_SIGNATURE)
    assert code(store, leaf) == SIGNATURE_FAILURE


def test_another_certificate_at_the_place_of_the_leaf(known: Authority):
    store = store_of(known.root.x509)
    assert code(store, known.client.x509, known.intermediate.x509) == 0
    assert code(store, known.intermediate.x509) == 0
    assert code(store, damaged(known.client.x509), known.intermediate.x509) == SIGNATURE_FAILURE
