"""10,000 loads, dumps and signatures of each kind leave the memory of the process as it was."""

import gc

import psutil
import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed
from tests.support.keys import ec_key
from tests.test_crypto_mutations import bag, certificate, message, request, revocations, spkac

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")

PEM, ASN1, TEXT = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT
TIMES = 10_000
ALLOWED = 2 * 1024 * 1024


def load_and_dump_certificate():
    loaded = crypto.load_certificate(ASN1, certificate(ASN1))
    crypto.dump_certificate(PEM, loaded)
    loaded.get_extension(0)


def sign_certificate():
    cert = crypto.X509()
    cert.get_subject().CN = "x"
    cert.set_pubkey(ec_key())
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(1)
    cert.add_extensions([crypto.X509Extension("subjectKeyIdentifier", False, "hash", subject=cert)])
    cert.sign(ec_key(), "sha256")


def extensions():
    str(crypto.X509Extension("subjectAltName", True, "DNS:a,IP:::1"))
    with pytest.raises(crypto.Error):
        crypto.X509Extension("subjectAltName", True, "DNS:a,dirName:nothing")


def load_and_dump_request():
    loaded = crypto.load_certificate_request(ASN1, request(ASN1))
    crypto.dump_certificate_request(PEM, loaded)
    loaded.get_extensions()
    loaded.add_extensions(loaded.get_extensions())


def sign_request():
    req = crypto.X509Req()
    req.set_pubkey(ec_key())
    req.get_subject().CN = "x"
    req.sign(ec_key(), "sha256")
    req.verify(ec_key())


def load_and_dump_revocations():
    loaded = crypto.load_crl(ASN1, revocations(ASN1))
    crypto.dump_crl(PEM, loaded)
    [one.get_reason() for one in loaded.get_revoked()]
    crypto.X509Store().add_crl(loaded)


def sign_revocations():
    crl, revoked = crypto.CRL(), crypto.Revoked()
    revoked.set_serial(b"1")
    revoked.set_reason(b"superseded")
    revoked.set_rev_date(b"20200101000000Z")
    crl.add_revoked(revoked)
    with pytest.raises(crypto.Error):
        crl.add_revoked(crypto.Revoked())
    crl.export(self_signed_once(), ec_key(), digest="sha256")


def self_signed_once(made=[]):  # noqa: B006  one for all calls
    if not made:
        made.append(self_signed())
    return made[0]


def load_and_export_bag():
    crypto.load_pkcs12(bag(None), b"x").export(b"x", 1, 1, algorithm="aes-128-cbc")


def load_message():
    loaded = crypto.load_pkcs7_data(ASN1, message(ASN1))
    loaded.get_certificates()
    loaded.get_data()
    with pytest.raises(crypto.Error):
        loaded.verify(crypto.X509Store())


def load_and_sign_spki():
    loaded = crypto.NetscapeSPKI(spkac(None))
    loaded.set_pubkey(ec_key())
    loaded.sign(ec_key(), "sha256")
    loaded.b64_encode()


def sign_data():
    crypto.verify(self_signed_once(), crypto.sign(rsa_key(), b"data", "sha256"), b"data", "sha256")


def load_bundle():
    crypto.load_pem_bundle(certificate(PEM) + revocations(PEM))
    with pytest.raises(crypto.Error):
        crypto.load_certificates(certificate(PEM)[:-9])


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "work",
    [
        load_and_dump_certificate,
        sign_certificate,
        extensions,
        load_and_dump_request,
        sign_request,
        load_and_dump_revocations,
        sign_revocations,
        load_and_export_bag,
        load_message,
        load_and_sign_spki,
        sign_data,
        load_bundle,
    ],
)
def test_memory_stays_flat(work):
    process = psutil.Process()
    for _ in range(TIMES // 5):
        work()
    gc.collect()
    before = process.memory_info().rss
    for _ in range(TIMES):
        work()
    gc.collect()
    assert process.memory_info().rss - before < ALLOWED
