"""X509Req, and reading and writing requests."""

import copy
import gc
import pickle

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import dsa_key, rsa_key
from tests.support.keys import ed25519_key
from tests.support.programs import run
from tests.support.rows import rows

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed X509Req")

PEM, ASN1, TEXT = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT


def unsigned(key=None):
    req = crypto.X509Req()
    subject = req.get_subject()
    subject.C = "SE"
    subject.CN = "example.org"
    req.set_pubkey(key or rsa_key())
    return req


def request(key=None, digest="sha256", extensions=()):
    req = unsigned(key)
    req.add_extensions(extensions)
    req.sign(key or rsa_key(), digest)
    return req


def extension(name, value):
    return crypto.X509Extension(name, False, value)


def texts(req):
    return [str(one) for one in req.get_extensions()]


@rows(25, 26)
def test_type_of_the_manual():
    assert type(crypto.X509Req()) is crypto.X509ReqType
    assert isinstance(crypto.X509Req(), crypto.X509ReqType)


@rows(112, 114)
def test_public_key():
    req = crypto.X509Req()
    with pytest.raises(crypto.Error):
        req.get_pubkey()
    assert req.set_pubkey(rsa_key()) is None
    key = req.get_pubkey()
    assert type(key) is crypto.PKeyType
    assert (key.bits(), key.type()) == (1024, crypto.TYPE_RSA)
    with pytest.raises(crypto.Error):
        crypto.dump_privatekey(PEM, key)
    with pytest.raises(crypto.Error):
        req.set_pubkey(crypto.PKey())
    for wrong in (None, 1, "x", rsa_key().to_cryptography_key()):
        with pytest.raises(TypeError):
            req.set_pubkey(wrong)


@rows(113)
def test_subject_is_a_live_view():
    req = crypto.X509Req()
    subject = req.get_subject()
    assert type(subject) is crypto.X509NameType
    subject.CN = "first"
    assert req.get_subject().CN == "first"
    assert subject == req.get_subject()
    subject.CN = "second"
    assert req.get_subject().get_components() == [(b"CN", b"second")]
    del req
    gc.collect()
    assert subject.CN == "second"


@rows(115, 116)
def test_sign_and_verify(tmp_path):
    req = unsigned()
    with pytest.raises(crypto.Error):
        req.verify(rsa_key())
    assert req.sign(rsa_key(), "sha256") is None
    assert req.verify(rsa_key()) is True
    assert req.verify(req.get_pubkey()) is True
    with pytest.raises(crypto.Error) as info:
        req.verify(rsa_key(1))
    assert info.value.args[0]
    judged = run(["openssl", "req", "-noout", "-verify"], crypto.dump_certificate_request(PEM, req))
    assert judged.returncode == 0, judged.stderr
    assert req.to_cryptography().is_signature_valid


@pytest.mark.parametrize("digest", ["sha1", "SHA512", b"sha384", "md5"])
def test_digests(digest):
    request(digest=digest).verify(rsa_key())


def test_keys_without_digest():
    for digest in (None, "sha256", "no such digest"):
        req = request(ed25519_key(), digest)
        assert req.verify(ed25519_key()) is True
        assert req.to_cryptography().is_signature_valid
    request(dsa_key()).verify(dsa_key())


def test_sign_refusals():
    req = unsigned()
    with pytest.raises(ValueError, match="Key only has public part"):
        req.sign(req.get_pubkey(), "sha256")
    with pytest.raises(ValueError, match="Key is uninitialized"):
        req.sign(crypto.PKey(), "sha256")
    for digest in ("no such digest", "", None, "sha256\0"):
        with pytest.raises(ValueError, match="No such digest method"):
            req.sign(rsa_key(), digest)
    for arguments in ((None, "sha256"), (rsa_key(), 1), ("x", "sha256"), (rsa_key(),)):
        with pytest.raises(TypeError):
            req.sign(*arguments)
    with pytest.raises(TypeError):
        req.verify(None)
    with pytest.raises(crypto.Error):
        req.verify(crypto.PKey())


def test_version():
    req = crypto.X509Req()
    assert req.get_version() == 0
    assert req.set_version(0) is None
    for wrong in (1, -1, 2**40):
        with pytest.raises(ValueError, match="version"):
            req.set_version(wrong)
    for wrong in ("0", None, 0.0):
        with pytest.raises(TypeError, match="version"):
            req.set_version(wrong)
    assert req.get_version() == 0


class TestExtensions:
    def test_add(self):
        req = crypto.X509Req()
        assert req.get_extensions() == []
        assert req.add_extensions([]) is None
        req.add_extensions(iter([extension("basicConstraints", "CA:TRUE"), extension("subjectAltName", "DNS:a")]))
        found = req.get_extensions()
        assert [type(one) for one in found] == [crypto.X509Extension] * 2
        assert texts(req) == ["CA:TRUE", "DNS:a"]

    def test_calls_are_merged(self):
        req = unsigned()
        req.add_extensions([extension("nsComment", "one"), extension("keyUsage", "cRLSign")])
        req.add_extensions([extension("basicConstraints", "CA:FALSE")])
        req.add_extensions([extension("nsComment", "two")])
        assert texts(req) == ["CRL Sign", "CA:FALSE", "two"]
        req.sign(rsa_key(), "sha256")
        judged = req.to_cryptography()
        assert judged.is_signature_valid
        assert len(judged.extensions) == 3
        again = crypto.load_certificate_request(ASN1, crypto.dump_certificate_request(ASN1, req))
        assert texts(again) == texts(req)

    def test_added_to_those_of_a_request_that_was_read(self):
        read = crypto.load_certificate_request(PEM, crypto.dump_certificate_request(PEM, request()))
        read.add_extensions([extension("nsComment", "x")])
        with pytest.raises(crypto.Error):
            read.verify(rsa_key())
        read.sign(rsa_key(), "sha256")
        assert read.verify(rsa_key())
        assert texts(read) == ["x"]

    def test_wrong_types(self):
        req = crypto.X509Req()
        for wrong in (None, 1, extension("nsComment", "x")):
            with pytest.raises(TypeError):
                req.add_extensions(wrong)
        for wrong in (["x"], [extension("nsComment", "x"), None]):
            with pytest.raises(ValueError, match="not an X509Extension"):
                req.add_extensions(wrong)
        assert req.get_extensions() == []

    def test_that_cannot_be_decoded(self):
        # In DER the attribute's SEQUENCE of extensions becomes an OCTET STRING.
        der = crypto.dump_certificate_request(ASN1, request(extensions=[extension("nsComment", "x")]))
        at = der.index(bytes.fromhex("06092a864886f70d01090e31")) + 13
        broken = crypto.load_certificate_request(ASN1, der[:at] + b"\x04" + der[at + 1 :])
        with pytest.raises(crypto.Error) as info:
            broken.get_extensions()
        assert info.value.args[0]
        with pytest.raises(crypto.Error):
            broken.add_extensions([extension("nsComment", "y")])


class TestLoadAndDump:
    @rows(45, 53)
    def test_round_trips(self):
        req = request(extensions=[extension("nsComment", "x")])
        pem, der = crypto.dump_certificate_request(PEM, req), crypto.dump_certificate_request(ASN1, req)
        assert pem.startswith(b"-----BEGIN CERTIFICATE REQUEST-----\n")
        for again in (crypto.load_certificate_request(PEM, pem), crypto.load_certificate_request(ASN1, der)):
            assert type(again) is crypto.X509Req
            assert again.get_subject() == req.get_subject()
            assert crypto.dump_publickey(ASN1, again.get_pubkey()) == crypto.dump_publickey(ASN1, rsa_key())
            assert crypto.dump_certificate_request(ASN1, again) == der
            assert crypto.dump_certificate_request(PEM, again) == pem
        judged = run(["openssl", "req", "-outform", "DER"], pem)
        assert judged.stdout == der
        assert b"Subject: C" in crypto.dump_certificate_request(TEXT, req)

    def test_new_request_label_and_other_buffers(self):
        pem = crypto.dump_certificate_request(PEM, request())
        old = pem.replace(b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")
        for buffer in (pem, bytearray(pem), memoryview(pem), pem.decode(), old, b"text before\n" + pem):
            assert crypto.load_certificate_request(PEM, buffer).verify(rsa_key())

    def test_written_by_others(self, ec):
        builder = x509.CertificateSigningRequestBuilder().subject_name(ec.server.certificate.subject)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
        theirs = builder.sign(ec.server.key, hashes.SHA256())
        req = crypto.X509Req.from_cryptography(theirs)
        assert req.verify(ec.server.pkey) is True
        assert (req.get_subject().CN, texts(req)) == ("server", ["DNS:a.example"])
        assert req.to_cryptography() == theirs
        for wrong in (None, ec.server.certificate, req, object()):
            with pytest.raises(TypeError, match="certificate signing request"):
                crypto.X509Req.from_cryptography(wrong)
        command = ["openssl", "req", "-new", "-key", ec.server.key_file, "-subj", "/CN=x", "-addext", "nsComment=y"]
        made = run(command)
        assert made.returncode == 0, made.stderr
        assert texts(crypto.load_certificate_request(PEM, made.stdout)) == ["y"]

    @pytest.mark.parametrize(
        "buffer", [b"", b"garbage", b"\x30\x03\x02\x01\x00", b"-----BEGIN CERTIFICATE REQUEST-----\n"]
    )
    def test_garbage(self, buffer):
        for file_type in (PEM, ASN1):
            with pytest.raises(crypto.Error) as info:
                crypto.load_certificate_request(file_type, buffer)
            assert info.value.args[0]

    def test_wrong_encoding(self):
        with pytest.raises(crypto.Error):
            crypto.load_certificate_request(ASN1, crypto.dump_certificate_request(PEM, request()))
        with pytest.raises(crypto.Error):
            crypto.load_certificate_request(PEM, crypto.dump_certificate_request(ASN1, request()))

    def test_incomplete(self):
        for file_type in (PEM, ASN1):
            with pytest.raises(crypto.Error) as info:
                crypto.dump_certificate_request(file_type, crypto.X509Req())
            assert info.value.args[0]
        assert crypto.dump_certificate_request(TEXT, crypto.X509Req()).startswith(b"Certificate Request:")

    def test_wrong_arguments(self):
        req = request()
        for wrong in (0, 3, None, "1"):
            with pytest.raises(ValueError, match="type"):
                crypto.dump_certificate_request(wrong, req)
            with pytest.raises(ValueError, match="type"):
                crypto.load_certificate_request(wrong, b"")
        with pytest.raises(ValueError, match="type"):
            crypto.load_certificate_request(TEXT, b"")
        for wrong in (None, "x", rsa_key()):
            with pytest.raises(TypeError):
                crypto.dump_certificate_request(PEM, wrong)
        for wrong in (None, 1):
            with pytest.raises(TypeError):
                crypto.load_certificate_request(PEM, wrong)
        with pytest.raises(UnicodeEncodeError):
            crypto.load_certificate_request(PEM, "é")


def test_object():
    class Request(crypto.X509Req):
        pass

    req = Request()
    req.note = "mine"
    for refused in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            refused(req)
    with pytest.raises(TypeError):
        crypto.X509Req(1)
