"""PKCS7, and load_pkcs7_data."""

import pickle

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed
from tests.support.programs import run
from tests.support.rows import rows
from tests.support.trusting import store_of

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed PKCS7")

PEM, ASN1 = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1
# Data, and signed and enveloped data, which no program makes: with no recipient, no content, no signature.
DATA = bytes.fromhex("301206092a864886f70d010701a0050403616263")
BOTH = bytes.fromhex(
    "3034" "06092a864886f70d010704" "a027" "3025" "020101" "3100" "3100"
    "301a" "06092a864886f70d010701" "300d" "06092a864886f70d010101" "0500" "3100"
)  # fmt: skip


def signed(data=b"text\r\n\0more", detached=False, signer=None, key=None, encoding=Encoding.DER):
    """Return signed data, made by cryptography."""
    signer, key = signer or self_signed(), key or rsa_key()
    options = [pkcs7.PKCS7Options.Binary]
    if detached:
        options.append(pkcs7.PKCS7Options.DetachedSignature)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data)
    builder = builder.add_signer(signer.to_cryptography(), key.to_cryptography_key(), hashes.SHA256())
    return builder.sign(encoding, options)


def enveloped(rsa):
    return run(["openssl", "smime", "-encrypt", "-aes256", "-outform", "DER", rsa.server.cert_file], b"secret").stdout


def bag(rsa, *more):
    files = ["-certfile", rsa.server.cert_file, "-certfile", rsa.root.cert_file]
    return run(["openssl", "crl2pkcs7", *more, *files]).stdout


@rows(30, 58)
def test_load(rsa):
    der = signed()
    loaded = crypto.load_pkcs7_data(ASN1, der)
    assert type(loaded) is crypto.PKCS7Type
    assert crypto.PKCS7Type is crypto.PKCS7
    pem = signed(encoding=Encoding.PEM)
    for buffer in (pem, pem.decode(), bytearray(pem), memoryview(pem), bag(rsa, "-nocrl")):
        assert crypto.load_pkcs7_data(PEM, buffer).type_is_signed()
    assert crypto.load_pkcs7_data(ASN1, bag(rsa, "-nocrl", "-outform", "DER")).type_is_signed()


@rows(124, 125, 126, 127, 128)
def test_types(rsa):
    for der, name, which in (
        (signed(), b"pkcs7-signedData", 0),
        (enveloped(rsa), b"pkcs7-envelopedData", 1),
        (BOTH, b"pkcs7-signedAndEnvelopedData", 2),
        (DATA, b"pkcs7-data", 3),
    ):
        loaded = crypto.load_pkcs7_data(ASN1, der)
        assert loaded.get_type_name() == name
        answers = [
            loaded.type_is_signed(),
            loaded.type_is_enveloped(),
            loaded.type_is_signedAndEnveloped(),
            loaded.type_is_data(),
        ]
        assert answers == [number == which for number in range(4)]
        assert {type(answer) for answer in answers} == {bool}


def test_certificates(rsa):
    loaded = crypto.load_pkcs7_data(PEM, bag(rsa, "-nocrl"))
    found = loaded.get_certificates()
    assert [type(one) for one in found] == [crypto.X509] * 2
    assert {crypto.dump_certificate(ASN1, one) for one in found} == {rsa.server.cert_der, rsa.root.cert_der}
    found[0].get_subject().CN = "changed"
    assert "changed" not in [one.get_subject().CN for one in loaded.get_certificates()]
    judged = run(["openssl", "pkcs7", "-print_certs"], bag(rsa, "-nocrl")).stdout
    assert [crypto.dump_certificate(PEM, one) for one in crypto.load_certificates(judged)] == [
        crypto.dump_certificate(PEM, one) for one in loaded.get_certificates()
    ]
    assert loaded.get_crls() == []
    for der in (DATA, BOTH, enveloped(rsa)):
        assert crypto.load_pkcs7_data(ASN1, der).get_certificates() == []
        assert crypto.load_pkcs7_data(ASN1, der).get_crls() == []


def test_crls(rsa):
    crl = crypto.CRL()
    revoked = crypto.Revoked()
    revoked.set_serial(b"2a")
    revoked.set_rev_date(b"20200101000000Z")
    crl.add_revoked(revoked)
    pem = crl.export(rsa.root.x509, rsa.root.pkey, digest="sha256")
    [found] = crypto.load_pkcs7_data(
        PEM, run(["openssl", "crl2pkcs7", "-certfile", rsa.root.cert_file], pem).stdout
    ).get_crls()
    assert type(found) is crypto.CRL
    assert found.get_revoked()[0].get_serial() == b"2A"
    assert crypto.dump_crl(PEM, found) == pem


def test_data(rsa):
    assert crypto.load_pkcs7_data(ASN1, DATA).get_data() == b"abc"
    assert crypto.load_pkcs7_data(ASN1, signed(b"a\0b")).get_data() == b"a\0b"
    assert crypto.load_pkcs7_data(ASN1, signed(detached=True)).get_data() is None
    assert crypto.load_pkcs7_data(ASN1, enveloped(rsa)).get_data() is None
    assert crypto.load_pkcs7_data(ASN1, BOTH).get_data() is None


class TestVerify:
    def test_signed(self):
        loaded = crypto.load_pkcs7_data(ASN1, signed())
        for _ in range(2):
            assert loaded.verify(store_of(self_signed())) == b"text\r\n\0more"
        with pytest.raises(crypto.Error, match="verify error"):
            loaded.verify(crypto.X509Store())

    def test_detached(self):
        loaded = crypto.load_pkcs7_data(ASN1, signed(b"data", detached=True))
        store = store_of(self_signed())
        assert loaded.verify(store, b"data") == b"data"
        assert loaded.verify(store, data=bytearray(b"data")) == b"data"
        for wrong in (b"", b"dat", b"data\0"):
            with pytest.raises(crypto.Error):
                loaded.verify(store, wrong)
        with pytest.raises(crypto.Error) as info:
            loaded.verify(store)
        assert info.value.args[0]
        with pytest.raises(crypto.Error):
            crypto.load_pkcs7_data(ASN1, signed(b"data")).verify(store, b"data")

    def test_written_by_openssl(self, tmp_path):
        cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        cert.write_bytes(crypto.dump_certificate(PEM, self_signed()))
        key.write_bytes(crypto.dump_privatekey(PEM, rsa_key()))
        command = ["openssl", "smime", "-sign", "-nodetach", "-binary", "-outform", "PEM"]
        made = run([*command, "-signer", str(cert), "-inkey", str(key)], b"from openssl")
        assert made.returncode == 0, made.stderr
        loaded = crypto.load_pkcs7_data(PEM, made.stdout)
        assert loaded.verify(store_of(self_signed())) == b"from openssl"

    def test_changed_content(self):
        der = signed(b"the content")
        changed = crypto.load_pkcs7_data(ASN1, der.replace(b"the content", b"The content"))
        assert changed.get_data() == b"The content"
        with pytest.raises(crypto.Error, match="digest failure"):
            changed.verify(store_of(self_signed()))

    def test_a_signer_for_another_purpose(self, rsa):
        server = signed(signer=rsa.server.x509, key=rsa.server.pkey)
        with pytest.raises(crypto.Error, match="verify error"):
            crypto.load_pkcs7_data(ASN1, server).verify(store_of(rsa.root.x509, rsa.intermediate.x509))

    def test_another_certificate_of_the_same_name(self):
        other = self_signed(key=rsa_key(1))
        with pytest.raises(crypto.Error):
            crypto.load_pkcs7_data(ASN1, signed()).verify(store_of(other))

    def test_nothing_to_verify(self, rsa):
        store = store_of(rsa.root.x509)
        for der in (DATA, BOTH, enveloped(rsa), bag(rsa, "-nocrl", "-outform", "DER")):
            with pytest.raises(crypto.Error) as info:
                crypto.load_pkcs7_data(ASN1, der).verify(store)
            assert info.value.args[0]

    def test_wrong_types(self):
        loaded = crypto.load_pkcs7_data(ASN1, signed())
        for wrong in (None, 1, self_signed()):
            with pytest.raises(TypeError):
                loaded.verify(wrong)
        with pytest.raises(TypeError):
            loaded.verify(crypto.X509Store(), "text")
        with pytest.raises(TypeError):
            loaded.verify()


@pytest.mark.parametrize("buffer", [b"", b"garbage", b"\x30\x00", b"-----BEGIN PKCS7-----\n", signed()[:-1]])
def test_garbage(buffer):
    for file_type in (PEM, ASN1):
        with pytest.raises(crypto.Error) as info:
            crypto.load_pkcs7_data(file_type, buffer)
        assert info.value.args[0]


def test_wrong_arguments():
    for wrong in (crypto.FILETYPE_TEXT, 0, None, "1"):
        with pytest.raises(ValueError, match="type"):
            crypto.load_pkcs7_data(wrong, b"")
    for wrong in (None, 1):
        with pytest.raises(TypeError):
            crypto.load_pkcs7_data(PEM, wrong)


def test_object():
    with pytest.raises(TypeError):
        crypto.PKCS7()
    loaded = crypto.load_pkcs7_data(ASN1, DATA)
    loaded.note = 1
    with pytest.raises(TypeError):
        pickle.dumps(loaded)
