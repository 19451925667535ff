"""Damaged input to everything in `crypto` that reads: only documented exceptions, and they say something."""

import base64
import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM, error_queue_is_empty
from tests.support.issuing import rsa_key, self_signed
from tests.test_pkcs7 import signed

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream lacks most of what is read here")

PEM, ASN1, TEXT = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT


def extension(name, value):
    return crypto.X509Extension(name, False, value)


@functools.cache
def certificate(file_type):
    cert = self_signed()
    cert.add_extensions(
        [
            extension("subjectAltName", "DNS:a.example,IP:192.0.2.1,email:a@b,URI:http://c,RID:1.2.3"),
            extension("basicConstraints", "CA:TRUE,pathlen:1"),
            extension("keyUsage", "keyCertSign"),
            extension("certificatePolicies", "1.2.3.4"),
            extension("crlDistributionPoints", "URI:http://d"),
            extension("nameConstraints", "permitted;DNS:example.org"),
        ]
    )
    cert.sign(rsa_key(), "sha256")
    return crypto.dump_certificate(file_type, cert)


@functools.cache
def request(file_type):
    req = crypto.X509Req()
    req.get_subject().CN = "x"
    req.set_pubkey(rsa_key())
    req.add_extensions([extension("subjectAltName", "DNS:a.example")])
    req.sign(rsa_key(), "sha256")
    return crypto.dump_certificate_request(file_type, req)


@functools.cache
def revocations(file_type):
    crl = crypto.CRL()
    crl.set_version(1)
    for serial, reason in ((b"1", b"keyCompromise"), (b"ff", None)):
        revoked = crypto.Revoked()
        revoked.set_serial(serial)
        revoked.set_reason(reason)
        revoked.set_rev_date(b"20200101000000Z")
        crl.add_revoked(revoked)
    return crl.export(self_signed(), rsa_key(), file_type, digest="sha256")


@functools.cache
def bag(_file_type):
    made = crypto.PKCS12()
    made.set_privatekey(rsa_key())
    made.set_certificate(self_signed())
    made.set_friendlyname(b"name")
    return made.export(b"x", 1, 1)


@functools.cache
def message(file_type):
    return crypto_pem("PKCS7", signed()) if file_type == PEM else signed()


def crypto_pem(label, der):
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


@functools.cache
def spkac(_file_type):
    made = crypto.NetscapeSPKI()
    made.set_pubkey(rsa_key())
    made.sign(rsa_key(), "sha256")
    return made.b64_encode()


def use_certificate(file_type, data):
    cert = crypto.load_certificate(file_type, data)
    uses = [
        lambda: [str(cert.get_extension(index)) for index in range(cert.get_extension_count())],
        lambda: cert.get_subject().get_components(),
        lambda: cert.get_subject().CN,
        lambda: cert.get_issuer().hash(),
        cert.get_serial_number,
        cert.get_notBefore,
        cert.has_expired,
        cert.get_pubkey,
        cert.get_signature_algorithm,
        lambda: cert.digest("sha256"),
        lambda: crypto.dump_certificate(TEXT, cert),
        lambda: crypto.verify(cert, b"x", b"y", "sha256"),
        lambda: crypto.X509StoreContext(crypto.X509Store(), cert).verify_certificate(),
    ]
    attempt(uses, crypto.X509StoreContextError)


def use_request(file_type, data):
    req = crypto.load_certificate_request(file_type, data)
    attempt(
        [
            lambda: [str(one) for one in req.get_extensions()],
            lambda: req.get_subject().get_components(),
            lambda: req.verify(rsa_key()),
            lambda: crypto.dump_certificate_request(TEXT, req),
            lambda: req.add_extensions([extension("nsComment", "x")]),
        ]
    )


def use_revocations(file_type, data):
    crl = crypto.load_crl(file_type, data)

    def entries():
        return [(one.get_serial(), one.get_reason(), one.get_rev_date()) for one in crl.get_revoked() or ()]

    attempt(
        [
            entries,
            lambda: crl.get_issuer().get_components(),
            lambda: crypto.dump_crl(TEXT, crl),
            lambda: crypto.X509Store().add_crl(crl),
            lambda: crl.sign(self_signed(), rsa_key(), "sha256"),
        ]
    )


def use_bag(_file_type, data):
    read = crypto.load_pkcs12(data, b"x")
    attempt([lambda: read.export(b"x", 1, 1), read.get_friendlyname])


def use_message(file_type, data):
    loaded = crypto.load_pkcs7_data(file_type, data)
    store = crypto.X509Store()
    store.add_cert(self_signed())
    attempt(
        [
            loaded.get_type_name,
            loaded.get_certificates,
            loaded.get_crls,
            loaded.get_data,
            lambda: loaded.verify(store),
            lambda: loaded.verify(store, b"data"),
        ]
    )


def use_spkac(_file_type, data):
    read = crypto.NetscapeSPKI(data)
    attempt([read.get_pubkey, read.b64_encode, lambda: read.verify(rsa_key())])


def use_bundle(_file_type, data):
    crypto.load_pem_bundle(data, b"x")
    crypto.load_certificates(data)


def attempt(uses, *more):
    """Do each; an error must be one of the documented ones, and say something."""
    for use in uses:
        documented(use, ValueError, *more)


def documented(use, *more):
    """Do something; an error must be a documented one, and say something."""
    failed = None
    try:
        use()
    except (crypto.Error, *more) as error:
        failed = error
    assert failed is None or failed.args[0]
    if isinstance(failed, crypto.Error):
        assert all(len(entry) == 3 and all(type(part) is str for part in entry) for entry in failed.args[0])
    assert error_queue_is_empty()


def bundle(_file_type):
    return certificate(PEM) + crypto.dump_privatekey(PEM, rsa_key()) + revocations(PEM)


KINDS = {
    "certificate": (certificate, use_certificate),
    "request": (request, use_request),
    "revocations": (revocations, use_revocations),
    "bag": (bag, use_bag),
    "message": (message, use_message),
    "spkac": (spkac, use_spkac),
    "bundle": (bundle, use_bundle),
}


@st.composite
def damage(draw):
    """Draw a function that damages bytes: some changed, some taken out, some put in."""
    changes = draw(
        st.lists(
            st.tuples(st.sampled_from(["change", "cut", "insert", "end"]), st.floats(0, 1), st.binary(max_size=4)),
            min_size=1,
            max_size=4,
        )
    )

    def apply(data):
        data = bytearray(data)
        for how, where, what in changes:
            at = int(where * len(data))
            if how == "change":
                data[at : at + len(what)] = what[: len(data) - at]
            elif how == "cut":
                del data[at : at + len(what)]
            elif how == "insert":
                data[at:at] = what
            else:
                del data[at:]
        return bytes(data)

    return apply


@pytest.mark.parametrize("file_type", [PEM, ASN1])
@pytest.mark.parametrize("kind", KINDS)
def test_undamaged(kind, file_type):
    make, use = KINDS[kind]
    use(file_type, make(file_type))


@pytest.mark.parametrize("file_type", [PEM, ASN1])
@pytest.mark.parametrize("kind", KINDS)
@given(damage())
@settings(max_examples=150, deadline=None)
def test_damaged(kind, file_type, apply):
    make, use = KINDS[kind]
    documented(lambda: use(file_type, apply(make(file_type))))


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None)
def test_garbage(data):
    for _, use in KINDS.values():
        for file_type in (PEM, ASN1):
            documented(functools.partial(use, file_type, data))
