"""The functions sign and verify."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import dsa_key, rsa_key, self_signed
from tests.support.keys import ec_key, ed448_key, ed25519_key
from tests.support.programs import run
from tests.support.rows import rows

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed sign and verify")

KEYS = {"rsa": rsa_key, "dsa": dsa_key, "ec": ec_key, "ed25519": ed25519_key, "ed448": ed448_key}


def certificate(key):
    """Return a certificate that only carries a key: verify takes nothing else from it."""
    cert = crypto.X509()
    cert.set_pubkey(key)
    return cert


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("digest", ["sha256", b"SHA512", "sha1"])
def test_round_trip(kind, digest):
    key = KEYS[kind]()
    signature = crypto.sign(key, b"data", digest)
    assert type(signature) is bytes
    assert crypto.verify(certificate(key), signature, b"data", digest) is None
    for wrong in (b"", b"dat", b"data\0", b"\0data"):
        with pytest.raises(crypto.Error) as info:
            crypto.verify(certificate(key), signature, wrong, digest)
        assert info.value.args[0]


@pytest.mark.parametrize("kind", KEYS)
def test_mutated_signatures(kind):
    key = KEYS[kind]()
    signature = crypto.sign(key, b"data", "sha256")
    for wrong in (b"", signature[:-1], signature + b"\0", bytes([signature[0] ^ 1]) + signature[1:]):
        with pytest.raises(crypto.Error) as info:
            crypto.verify(certificate(key), wrong, b"data", "sha256")
        assert info.value.args[0]


def test_another_key():
    signature = crypto.sign(rsa_key(), b"data", "sha256")
    for other in (rsa_key(1), dsa_key(), ec_key(), ed25519_key()):
        with pytest.raises(crypto.Error):
            crypto.verify(certificate(other), signature, b"data", "sha256")


def test_data_with_nul_counts_whole():
    one, two = (crypto.sign(rsa_key(), data, "sha256") for data in (b"a\0b", b"a\0c"))
    assert one != two


def test_judged_by_cryptography():
    key = rsa_key().to_cryptography_key()
    key.public_key().verify(crypto.sign(rsa_key(), b"data", "sha384"), b"data", padding.PKCS1v15(), hashes.SHA384())
    theirs = key.sign(b"data", padding.PKCS1v15(), hashes.SHA512())
    crypto.verify(self_signed(), theirs, b"data", "sha512")
    key = ec_key().to_cryptography_key()
    key.public_key().verify(crypto.sign(ec_key(), b"data", "sha256"), b"data", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        key.public_key().verify(crypto.sign(ec_key(), b"data", "sha256"), b"x", ec.ECDSA(hashes.SHA256()))
    ed25519_key().to_cryptography_key().public_key().verify(crypto.sign(ed25519_key(), b"data", None), b"data")


def test_judged_by_openssl(tmp_path, rsa):
    data, signature = tmp_path / "data", tmp_path / "signature"
    data.write_bytes(b"data\0more")
    signature.write_bytes(crypto.sign(rsa.server.pkey, b"data\0more", "sha256"))
    public = tmp_path / "public.pem"
    public.write_bytes(crypto.dump_publickey(crypto.FILETYPE_PEM, rsa.server.pkey))
    judged = run(["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(signature), str(data)])
    assert judged.returncode == 0, judged.stderr


@rows(62, 120)
def test_a_certificates_key_verifies():
    cert = self_signed()
    crypto.verify(cert, crypto.sign(rsa_key(), b"data", "sha256"), b"data", "sha256")
    with pytest.raises(ValueError, match="public part"):
        crypto.sign(cert.get_pubkey(), b"data", "sha256")
    with pytest.raises(crypto.Error):
        crypto.verify(crypto.X509(), b"x", b"data", "sha256")


@pytest.mark.parametrize("digest", ["no such digest", "", None, "sha256\0"])
def test_unknown_digests(digest):
    with pytest.raises(ValueError, match="No such digest method"):
        crypto.sign(rsa_key(), b"data", digest)
    with pytest.raises(ValueError, match="No such digest method"):
        crypto.verify(self_signed(), b"x", b"data", digest)


def test_no_digest_for_keys_that_hash_themselves():
    for digest in (None, "sha256", "anything"):
        signature = crypto.sign(ed25519_key(), b"data", digest)
        crypto.verify(certificate(ed25519_key()), signature, b"data", None)


def test_buffers():
    data = b"data"
    signature = crypto.sign(rsa_key(), data, "sha256")
    for same in (bytearray(data), memoryview(data)):
        assert crypto.sign(rsa_key(), same, "sha256") == signature
        crypto.verify(self_signed(), bytearray(signature), same, "sha256")
    large = bytes(range(256)) * 4096
    crypto.verify(self_signed(), crypto.sign(rsa_key(), large, "sha256"), large, "sha256")
    assert hashlib.sha256(large).digest()


def test_str_is_utf8_with_a_warning():
    with pytest.warns(DeprecationWarning, match="data"):
        signature = crypto.sign(rsa_key(), "é", "sha256")
    crypto.verify(self_signed(), signature, "é".encode(), "sha256")
    with pytest.warns(DeprecationWarning, match="data"):
        crypto.verify(self_signed(), signature, "é", "sha256")


@pytest.mark.parametrize("wrong", [None, 1, 1.5, object(), ["x"]])
def test_wrong_types(wrong):
    for arguments in ((wrong, b"data", "sha256"), (rsa_key(), wrong, "sha256")):
        with pytest.raises(TypeError):
            crypto.sign(*arguments)
    for arguments in ((wrong, b"s", b"data", "sha256"), (self_signed(), wrong, b"data", "sha256")):
        with pytest.raises(TypeError):
            crypto.verify(*arguments)
    with pytest.raises(TypeError):
        crypto.verify(self_signed(), "str", b"data", "sha256")
    if wrong is not None:
        with pytest.raises(TypeError):
            crypto.sign(rsa_key(), b"data", wrong)
    with pytest.raises(ValueError, match="uninitialized"):
        crypto.sign(crypto.PKey(), b"data", "sha256")
