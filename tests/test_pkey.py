"""PKey: making keys, what they tell, checking them, and the keys of the package `cryptography`."""

import copy
import pickle
import threading
import weakref

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mlkem, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import dsa_key, rsa_key, self_signed
from tests.support.rows import rows


@rows(28, 29)
def test_class_and_factory():
    assert isinstance(crypto.PKey(), crypto.PKey)
    if not UPSTREAM:
        assert type(crypto.PKey()) is crypto.PKeyType


@rows(39, 119, 120, 122, 123)
@pytest.mark.parametrize("bits", [512, 1024, 2048])
def test_generate_rsa(bits):
    key = crypto.PKey()
    assert key.generate_key(crypto.TYPE_RSA, bits) is None
    assert (key.type(), key.bits()) == (crypto.TYPE_RSA, bits)
    assert key.check() is True
    self_signed(key=key)


@rows(40, 119, 120, 121, 123)
@pytest.mark.parametrize("bits", [512, 1024, 2048])
def test_generate_dsa(bits):
    key = crypto.PKey()
    assert key.generate_key(crypto.TYPE_DSA, bits) is None
    assert (key.type(), key.bits()) == (crypto.TYPE_DSA, bits)
    cert = self_signed(key=key).to_cryptography()
    cert.verify_directly_issued_by(cert)


def test_the_pair_is_a_pair_for_others():
    private = rsa_key().to_cryptography_key()
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(b"data", padding.PKCS1v15(), SHA256())
    public = crypto.load_publickey(crypto.FILETYPE_PEM, crypto.dump_publickey(crypto.FILETYPE_PEM, rsa_key()))
    public.to_cryptography_key().verify(signature, b"data", padding.PKCS1v15(), SHA256())


def test_generating_again_replaces_the_key():
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 1024)
    before = crypto.dump_publickey(crypto.FILETYPE_ASN1, key)
    key.generate_key(crypto.TYPE_RSA, 1024)
    assert crypto.dump_publickey(crypto.FILETYPE_ASN1, key) != before


@rows(122)
@pytest.mark.parametrize("bits", [0, -1, -1024])
def test_sizes_that_are_none(bits):
    with pytest.raises(ValueError, match="Invalid number of bits"):
        crypto.PKey().generate_key(crypto.TYPE_RSA, bits)
    if not UPSTREAM:
        with pytest.raises(ValueError, match="Invalid number of bits"):
            crypto.PKey().generate_key(crypto.TYPE_DSA, bits)


@pytest.mark.parametrize("kind", [crypto.TYPE_RSA, crypto.TYPE_DSA])
def test_sizes_that_the_library_refuses(kind):
    key = crypto.PKey()
    with pytest.raises(crypto.Error) as info:
        key.generate_key(kind, 100)
    if not UPSTREAM:
        assert info.value.args[0]
    assert (key.type(), key.bits()) == (0, 0)


@rows(121)
@pytest.mark.parametrize("kind", [crypto.TYPE_EC, crypto.TYPE_DH, 7, -1])
def test_types_that_cannot_be_generated(kind):
    with pytest.raises(crypto.Error, match="No such key type") as info:
        crypto.PKey().generate_key(kind, 1024)
    assert info.value.args == ("No such key type",)


@pytest.mark.parametrize(("kind", "bits"), [("RSA", 1024), (6, "1024"), (6, 1024.0), (None, 1024), (6, None)])
def test_generate_wrong_types(kind, bits):
    with pytest.raises(TypeError):
        crypto.PKey().generate_key(kind, bits)


def test_generate_too_large_for_c():
    with pytest.raises(OverflowError):
        crypto.PKey().generate_key(crypto.TYPE_RSA, 2**40)


def test_other_threads_run_while_a_key_is_made():
    done = threading.Event()
    turns = 0

    def count():
        nonlocal turns
        while not done.is_set():
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        before = turns
        crypto.PKey().generate_key(crypto.TYPE_RSA, 3072)
        assert turns > before
    finally:
        done.set()
        thread.join()


def test_an_empty_key():
    key = crypto.PKey()
    assert (key.type(), key.bits()) == (0, 0)
    assert not key._initialized
    for use in (
        lambda: crypto.dump_privatekey(crypto.FILETYPE_PEM, key),
        lambda: crypto.dump_publickey(crypto.FILETYPE_PEM, key),
        lambda: crypto.X509().set_pubkey(key),
        lambda: key.to_cryptography_key(),
    ):
        with pytest.raises(crypto.Error) as info:
            use()
        assert info.value.args[0]
    with pytest.raises(TypeError):
        key.check()
    with pytest.raises(ValueError, match="uninitialized"):
        crypto.X509().sign(key, "sha256")


def test_check_refuses_numbers_that_do_not_fit():
    good = rsa_key().to_cryptography_key().private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        good.p, good.q, good.d, good.dmp1, good.dmq1, good.iqmp + 2, good.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)
    with pytest.raises(crypto.Error) as info:
        crypto.PKey.from_cryptography_key(wrong).check()
    assert info.value.args[0]


def test_check_is_for_rsa_pairs():
    with pytest.raises(TypeError):
        dsa_key().check()
    with pytest.raises(TypeError, match="public key only"):
        self_signed().get_pubkey().check()


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), 6),
        (lambda: dsa.generate_private_key(1024), 116),
        (lambda: ec.generate_private_key(ec.SECP256R1()), 408),
        (ed25519.Ed25519PrivateKey.generate, 1087),
        (ed448.Ed448PrivateKey.generate, 1088),
    ],
)
def test_keys_of_cryptography(make, number):
    theirs = make()
    ours = crypto.PKey.from_cryptography_key(theirs)
    assert type(ours) is crypto.PKey
    assert ours.type() == number
    assert ours._initialized
    assert not ours._only_public
    encoding = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert ours.to_cryptography_key().private_bytes(*encoding) == theirs.private_bytes(*encoding)

    public = crypto.PKey.from_cryptography_key(theirs.public_key())
    assert public.type() == number
    assert public._only_public
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public.to_cryptography_key().public_bytes(*encoding) == theirs.public_key().public_bytes(*encoding)
    with pytest.raises(crypto.Error):
        crypto.dump_privatekey(crypto.FILETYPE_PEM, public)


@pytest.mark.parametrize("thing", [None, 1, "key", b"key", object()])
def test_from_cryptography_key_wrong_types(thing):
    with pytest.raises(TypeError, match="Unsupported key type"):
        crypto.PKey.from_cryptography_key(thing)


@pytest.mark.parametrize("kind", [x25519.X25519PrivateKey, x448.X448PrivateKey, mlkem.MLKEM768PrivateKey])
def test_from_cryptography_key_that_only_agrees_on_secrets(kind):
    theirs = kind.generate()
    for key in (theirs, theirs.public_key()):
        with pytest.raises(TypeError, match="Unsupported key type"):
            crypto.PKey.from_cryptography_key(key)


@pytest.mark.skipif(UPSTREAM, reason="gives up the private part")
def test_a_public_key_never_gives_up_a_private_part():
    cert = crypto.X509()
    cert.set_pubkey(rsa_key())
    public = cert.get_pubkey()
    assert public._only_public
    for file_type in (crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1):
        with pytest.raises(crypto.Error, match="only a public part"):
            crypto.dump_privatekey(file_type, public)
    text = crypto.dump_privatekey(crypto.FILETYPE_TEXT, public)
    assert b"Modulus" in text
    assert b"private" not in text.lower()
    assert not hasattr(public.to_cryptography_key(), "private_numbers")


def test_constructor_takes_nothing():
    with pytest.raises(TypeError):
        crypto.PKey(1)


def test_subclass_attributes_and_weak_references():
    class Key(crypto.PKey):
        def __init__(self, label):
            super().__init__()
            self.label = label

    key = Key("mine")
    key.generate_key(crypto.TYPE_RSA, 512)
    key.other = key
    assert (key.label, key.bits()) == ("mine", 512)
    assert weakref.ref(key)() is key


@pytest.mark.parametrize("how", [pickle.dumps, copy.deepcopy])
def test_pickle_and_deepcopy(how):
    with pytest.raises(TypeError):
        how(rsa_key())
