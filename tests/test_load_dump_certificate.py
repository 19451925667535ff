"""load_certificate and dump_certificate: what they read and write, and what they refuse."""

import base64
import contextlib
import gc

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.der import inserted
from tests.support.issuing import dsa_key, rsa_key, self_signed
from tests.support.programs import run
from tests.support.rows import rows

PEM, ASN1, TEXT = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT

ours_only = pytest.mark.skipif(UPSTREAM, reason="upstream differs")


@rows(37, 38)
def test_constants():
    assert (PEM, ASN1, TEXT) == (1, 2, 65535)


@rows(42, 43, 51)
def test_round_trip():
    cert = self_signed("round trip")
    pem, der = crypto.dump_certificate(PEM, cert), crypto.dump_certificate(ASN1, cert)
    assert pem.startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert base64.b64decode(b"".join(pem.splitlines()[1:-1])) == der
    for file_type, data in ((PEM, pem), (ASN1, der)):
        again = crypto.load_certificate(file_type, data)
        assert type(again) is crypto.X509
        assert again.digest("sha256") == cert.digest("sha256")
        assert crypto.dump_certificate(file_type, again) == data


@rows(42, 43, 51)
def test_what_others_write(rsa, ec):
    for identity in (rsa.root, rsa.server, ec.intermediate, ec.client):
        for file_type, data in ((PEM, identity.cert_pem), (ASN1, identity.cert_der)):
            cert = crypto.load_certificate(file_type, data)
            assert crypto.dump_certificate(ASN1, cert) == identity.cert_der
            assert crypto.dump_certificate(PEM, cert) == identity.cert_pem


@rows(42, 43)
@pytest.mark.parametrize("key", [rsa_key, dsa_key])
def test_what_others_read(key):
    cert = self_signed("judged", key())
    for file_type, form in ((PEM, "PEM"), (ASN1, "DER")):
        judged = run(
            ["openssl", "x509", "-inform", form, "-noout", "-subject"], crypto.dump_certificate(file_type, cert)
        )
        assert judged.returncode == 0
        assert b"judged" in judged.stdout


def test_text(rsa):
    text = crypto.dump_certificate(TEXT, rsa.server.x509)
    assert text.startswith(b"Certificate:\n    Data:\n        Version: 3 (0x2)\n")
    assert b"Subject: O=Throwaway, CN=server" in text.replace(b" = ", b"=")


@rows(51)
def test_the_first_of_several_and_what_is_around_it(rsa):
    data = b"a comment\n" + rsa.server.key_pem + rsa.server.cert_pem + rsa.root.cert_pem + b"trailing"
    assert crypto.load_certificate(PEM, data).digest("sha1") == rsa.server.x509.digest("sha1")


@rows(44)
@pytest.mark.parametrize("file_type", [0, 3, 58, -1, 2**62, 2**100, None, "PEM", object()])
def test_other_types(file_type, rsa):
    with pytest.raises(ValueError, match="type argument must be"):
        crypto.dump_certificate(file_type, rsa.server.x509)
    with pytest.raises(ValueError, match="type argument must be"):
        crypto.load_certificate(file_type, rsa.server.cert_pem)


def test_text_cannot_be_loaded(rsa):
    with pytest.raises(ValueError, match="type argument must be"):
        crypto.load_certificate(TEXT, rsa.server.cert_pem)


@rows(41, 52)
def test_the_other_form(rsa):
    with pytest.raises(crypto.Error) as info:
        crypto.load_certificate(PEM, rsa.server.cert_der)
    assert info.value.args[0][0][2] == "no start line"
    with pytest.raises(crypto.Error) as info:
        crypto.load_certificate(ASN1, rsa.server.cert_pem)
    assert info.value.args[0]


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"garbage", b"-----BEGIN CERTIFICATE-----\n", b"0" * 10000, b"\x30\x84\xff"]
)
@pytest.mark.parametrize("file_type", [PEM, ASN1])
def test_garbage(file_type, data):
    with pytest.raises(crypto.Error) as info:
        crypto.load_certificate(file_type, data)
    for entry in info.value.args[0]:
        assert [type(part) for part in entry] == [str, str, str]
    assert info.value.args[0]


def test_truncated(rsa):
    for file_type, data in ((PEM, rsa.server.cert_pem), (ASN1, rsa.server.cert_der)):
        for length in range(0, len(data) - 30, 37):
            with pytest.raises(crypto.Error):
                crypto.load_certificate(file_type, data[:length])


@given(st.data())
def test_damaged(rsa, data):
    der = bytearray(rsa.server.cert_der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        cert = crypto.load_certificate(ASN1, bytes(der))
    except crypto.Error as error:
        if not error.args[0]:
            raise AssertionError("an error without a reason") from error
        return
    for use in (cert.get_serial_number, cert.get_notAfter, cert.get_pubkey, cert.get_signature_algorithm):
        with contextlib.suppress(crypto.Error, ValueError):
            use()
    cert.get_subject().get_components()
    crypto.dump_certificate(PEM, cert)
    crypto.dump_certificate(TEXT, cert)


def test_an_encrypted_pem_block_never_prompts():
    head = b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + b"00" * 16 + b"\n\n"
    body = base64.b64encode(b"x" * 64) + b"\n"
    data = b"-----BEGIN CERTIFICATE-----\n" + head + body + b"-----END CERTIFICATE-----\n"
    with pytest.raises(crypto.Error) as info:
        crypto.load_certificate(PEM, data)
    assert info.value.args[0]


@ours_only
@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_buffers(kind, rsa):
    for file_type, data in ((PEM, rsa.server.cert_pem), (ASN1, rsa.server.cert_der)):
        assert crypto.load_certificate(file_type, kind(data)).digest("sha1") == rsa.server.x509.digest("sha1")


def test_str(rsa):
    assert crypto.load_certificate(PEM, rsa.server.cert_pem.decode()).digest("sha1") == rsa.server.x509.digest("sha1")
    with pytest.raises(UnicodeEncodeError):
        crypto.load_certificate(PEM, "é")


@pytest.mark.parametrize("thing", [1, object(), [1]])
def test_load_wrong_types(thing):
    with pytest.raises(TypeError):
        crypto.load_certificate(PEM, thing)


@ours_only
def test_load_none():
    with pytest.raises(TypeError):
        crypto.load_certificate(PEM, None)


@ours_only
@pytest.mark.parametrize("thing", [None, b"x", object(), 1])
def test_dump_wrong_types(thing):
    with pytest.raises(TypeError):
        crypto.dump_certificate(PEM, thing)


def test_error():
    assert issubclass(crypto.Error, Exception)
    assert crypto.Error.__mro__[1] is Exception


@pytest.mark.resident
def test_many_loads_leave_memory_flat(rsa):
    process = psutil.Process()
    data, junk = rsa.server.cert_pem, rsa.server.cert_der[:-5]

    def work(times):
        for _ in range(times):
            cert = crypto.load_certificate(PEM, data)
            cert.get_subject().get_components()
            cert.get_pubkey()
            crypto.dump_certificate(ASN1, cert)
            cert.get_subject().CN = "other"
            with pytest.raises(crypto.Error):
                crypto.load_certificate(ASN1, junk)
        gc.collect()

    work(1000)
    before = process.memory_info().rss
    work(5000)
    assert process.memory_info().rss - before < 2 * 1024 * 1024


@ours_only
def test_what_changes_nothing_leaves_the_encoding(rsa):
    # With a default value that DER leaves out: a certificate is what was signed, and OpenSSL may write it anew.
    identifier, default = b"\x06\x03\x55\x1d\x0e", b"\x01\x01\x00"
    original = crypto.dump_certificate(ASN1, rsa.root.x509)
    assert original.count(identifier) == 1
    original = inserted(original, original.index(identifier) + len(identifier), default)
    cert = crypto.load_certificate(ASN1, original)
    for refused in ("USA", "", 5):
        with pytest.raises((crypto.Error, TypeError)):
            cert.get_subject().C = refused
    cert.add_extensions([])
    assert crypto.dump_certificate(ASN1, cert) == original
    cert.get_subject().CN = "changed"
    assert b"changed" in crypto.dump_certificate(ASN1, cert)
