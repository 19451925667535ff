"""load_pem_bundle and load_certificates."""

import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.authority import PASSPHRASE
from tests.support.programs import run

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has no such functions")

PEM, ASN1 = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1


def crl(ca):
    return crypto.CRL().export(ca.root.x509, ca.root.pkey, digest="sha256")


def lines(pem):
    return pem.count(b"\n")


def test_everything_in_order(rsa, ec):
    public = crypto.dump_publickey(PEM, ec.client.pkey)
    pieces = [rsa.server.cert_pem, rsa.server.key_pem, crl(rsa), ec.root.cert_pem, public, ec.client.key_pem]
    found = crypto.load_pem_bundle(b"a comment\n".join(pieces))
    assert [type(one) for one in found] == [
        crypto.X509,
        crypto.PKey,
        crypto.CRL,
        crypto.X509,
        crypto.PKey,
        crypto.PKey,
    ]
    assert crypto.dump_certificate(PEM, found[0]) == rsa.server.cert_pem
    assert crypto.dump_privatekey(PEM, found[1]) == rsa.server.key_pem
    assert crypto.dump_crl(PEM, found[2]) == pieces[2]
    assert crypto.dump_publickey(PEM, found[4]) == public
    with pytest.raises(crypto.Error):
        crypto.dump_privatekey(PEM, found[4])
    certificates = crypto.load_certificates(b"".join(pieces))
    assert [crypto.dump_certificate(ASN1, one) for one in certificates] == [rsa.server.cert_der, ec.root.cert_der]


def test_buffers(ec):
    pem = ec.server.cert_pem + ec.root.cert_pem
    for data in (pem, bytearray(pem), memoryview(pem), pem.decode(), pem.replace(b"\n", b"\r\n"), pem.rstrip()):
        assert len(crypto.load_certificates(data)) == 2
        assert len(crypto.load_pem_bundle(data)) == 2
    for wrong in (None, 1, ["x"]):
        for load in (crypto.load_certificates, crypto.load_pem_bundle):
            with pytest.raises(TypeError):
                load(wrong)


def test_older_labels(rsa):
    old = run(["openssl", "rsa", "-traditional", "-in", rsa.server.key_file]).stdout
    assert b"BEGIN RSA PRIVATE KEY" in old
    cert = rsa.server.cert_pem.replace(b"CERTIFICATE", b"X509 CERTIFICATE")
    key, certificate = crypto.load_pem_bundle(old + cert)
    assert crypto.dump_privatekey(PEM, key) == rsa.server.key_pem
    assert crypto.dump_certificate(ASN1, certificate) == rsa.server.cert_der


def test_passphrases(ec):
    data = ec.server.encrypted_key_pem + ec.server.cert_pem + ec.client.encrypted_key_pem
    for given in (PASSPHRASE, PASSPHRASE.decode()):
        assert len(crypto.load_pem_bundle(data, given)) == 3
    asked = []
    found = crypto.load_pem_bundle(data, lambda writing: asked.append(writing) or PASSPHRASE)
    assert (len(found), asked) == (3, [False, False])
    for wrong in (None, b"wrong"):
        with pytest.raises(crypto.Error, match=r"entry 1 \(ENCRYPTED PRIVATE KEY\), line 1"):
            crypto.load_pem_bundle(data, wrong)

    def fail(_writing):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        crypto.load_pem_bundle(data, fail)
    with pytest.raises(TypeError):
        crypto.load_pem_bundle(data, 1)
    assert len(crypto.load_certificates(data)) == 1


def test_errors_say_where(ec):
    good = ec.server.cert_pem
    broken = good[:100] + b"!" + good[101:]
    data = b"# first\n" + good + b"\n\n" + broken + good
    line = lines(good) + 4
    for load in (crypto.load_certificates, crypto.load_pem_bundle):
        with pytest.raises(crypto.Error) as info:
            load(data)
        assert info.value.args[0][0] == ("ironssl", "", f"entry 2 (CERTIFICATE), line {line}")
        assert len(info.value.args[0]) > 1
        for cut in (data[: -len(good) - 5], b"# first\n" + good + b"\n\n" + good.rsplit(b"-----END")[0] + good):
            with pytest.raises(crypto.Error, match=rf"entry 2 \(CERTIFICATE\), line {line}: no line ends it"):
                load(cut)


@pytest.mark.parametrize("data", [b"", b"text", b"-----BEGIN DH PARAMETERS-----\nAA==\n-----END DH PARAMETERS-----\n"])
def test_nothing(data):
    for load in (crypto.load_certificates, crypto.load_pem_bundle):
        with pytest.raises(crypto.Error, match="there is no certificate"):
            load(data)


def test_only_keys(ec):
    with pytest.raises(crypto.Error, match="no certificate in the data"):
        crypto.load_certificates(ec.server.key_pem)


def test_a_damaged_key_does_not_matter_to_certificates(ec):
    damaged = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    assert len(crypto.load_certificates(damaged + ec.server.cert_pem)) == 1
    with pytest.raises(crypto.Error, match=r"entry 1 \(PRIVATE KEY\), line 1"):
        crypto.load_pem_bundle(damaged + ec.server.cert_pem)
