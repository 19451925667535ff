"""NetscapeSPKI."""

import base64
import pickle

import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import dsa_key, rsa_key
from tests.support.keys import ec_key, ed25519_key
from tests.support.programs import run
from tests.support.rows import rows

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed NetscapeSPKI")


def spki(key=None, digest="sha256"):
    made = crypto.NetscapeSPKI()
    made.set_pubkey(key or rsa_key())
    made.sign(key or rsa_key(), digest)
    return made


@rows(34, 35)
def test_type_of_the_manual():
    assert type(crypto.NetscapeSPKI()) is crypto.NetscapeSPKIType
    with pytest.raises(crypto.Error) as info:
        crypto.NetscapeSPKI().get_pubkey()
    assert info.value.args[0]


@rows(36)
def test_from_base64():
    enc = spki().b64_encode()
    for given in (enc, enc.decode(), bytearray(enc), b"\n" + enc + b"\n"):
        again = crypto.NetscapeSPKI(given)
        assert again.b64_encode() == enc
        assert crypto.dump_publickey(crypto.FILETYPE_ASN1, again.get_pubkey()) == crypto.dump_publickey(
            crypto.FILETYPE_ASN1, rsa_key()
        )
        assert again.verify(rsa_key()) is True
    assert crypto.NetscapeSPKI(enc=enc).b64_encode() == enc
    assert crypto.NetscapeSPKI(None).get_pubkey


@pytest.mark.parametrize("wrong", [b"", b"garbage", b"AAAA", b"\0", b"=", "", "MAA=", b"\xff" * 20])
def test_garbage(wrong):
    with pytest.raises(crypto.Error) as info:
        crypto.NetscapeSPKI(wrong)
    assert info.value.args[0]


@rows(134)
def test_base64():
    enc = spki().b64_encode()
    assert type(enc) is bytes
    assert base64.b64decode(enc, validate=True)[:1] == b"\x30"
    judged = run(["openssl", "spkac", "-verify", "-noout"], b"SPKAC=" + enc + b"\n")
    assert judged.returncode == 0, judged.stderr
    for incomplete in (crypto.NetscapeSPKI(), unsigned()):
        with pytest.raises(crypto.Error) as info:
            incomplete.b64_encode()
        assert info.value.args[0]


def unsigned():
    made = crypto.NetscapeSPKI()
    made.set_pubkey(rsa_key())
    return made


def test_written_by_openssl(rsa):
    made = run(["openssl", "spkac", "-key", rsa.server.key_file, "-challenge", "hello"])
    read = crypto.NetscapeSPKI(made.stdout.strip().removeprefix(b"SPKAC="))
    assert read.verify(rsa.server.pkey) is True
    assert read.b64_encode() == made.stdout.strip().removeprefix(b"SPKAC=")


@rows(135, 136)
def test_public_key():
    made = crypto.NetscapeSPKI()
    assert made.set_pubkey(rsa_key()) is None
    key = made.get_pubkey()
    assert (type(key), key.bits()) == (crypto.PKey, rsa_key().bits())
    with pytest.raises(crypto.Error):
        crypto.dump_privatekey(crypto.FILETYPE_PEM, key)
    with pytest.raises(crypto.Error):
        made.set_pubkey(crypto.PKey())
    for wrong in (None, 1, "x"):
        with pytest.raises(TypeError):
            made.set_pubkey(wrong)


@rows(137, 138)
def test_sign_and_verify():
    made = unsigned()
    with pytest.raises(crypto.Error):
        made.verify(rsa_key())
    assert made.sign(rsa_key(), "sha256") is None
    assert made.verify(rsa_key()) is True
    assert made.verify(made.get_pubkey()) is True
    for other in (rsa_key(1), dsa_key()):
        with pytest.raises(crypto.Error) as info:
            made.verify(other)
        assert info.value.args[0]
    made.set_pubkey(rsa_key(1))
    with pytest.raises(crypto.Error):
        made.verify(rsa_key())


@pytest.mark.parametrize("key", [dsa_key, ec_key])
def test_kinds_of_keys(key):
    assert crypto.NetscapeSPKI(spki(key()).b64_encode()).verify(key())


def test_keys_without_digest():
    for digest in (None, "sha256", "anything"):
        assert crypto.NetscapeSPKI(spki(ed25519_key(), digest).b64_encode()).verify(ed25519_key())


def test_refusals():
    made = unsigned()
    with pytest.raises(ValueError, match="Key only has public part"):
        made.sign(made.get_pubkey(), "sha256")
    with pytest.raises(ValueError, match="Key is uninitialized"):
        made.sign(crypto.PKey(), "sha256")
    for digest in ("nothing", None):
        with pytest.raises(ValueError, match="No such digest method"):
            made.sign(rsa_key(), digest)
    for arguments in ((None, "sha256"), (rsa_key(), 1), (rsa_key(),)):
        with pytest.raises(TypeError):
            made.sign(*arguments)
    with pytest.raises(TypeError):
        made.verify("x")
    for arguments in ((1,), (b"a", b"b"), ([],)):
        with pytest.raises(TypeError):
            crypto.NetscapeSPKI(*arguments)
    with pytest.raises(TypeError):
        pickle.dumps(made)
