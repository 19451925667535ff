"""PKCS12, and load_pkcs12."""

import gc
import pickle
import weakref

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed
from tests.support.programs import run
from tests.support.rows import rows

pytestmark = pytest.mark.skipif(UPSTREAM, reason="upstream has removed PKCS12")

ASN1 = crypto.FILETYPE_ASN1
MAC_ABSENT = ("PKCS12 routines", "", "mac absent")


def dumped(cert):
    return crypto.dump_certificate(ASN1, cert)


def bag(ca, *, friendly_name=b"name", others=True):
    """Return a PKCS12 with a key, its certificate, and two further ones."""
    made = crypto.PKCS12()
    made.set_privatekey(ca.server.pkey)
    made.set_certificate(ca.server.x509)
    if others:
        made.set_ca_certificates([ca.intermediate.x509, ca.root.x509])
    made.set_friendlyname(friendly_name)
    return made


def check(read, ca):
    """Check that a PKCS12 holds what `bag` puts in."""
    assert dumped(read.get_certificate()) == ca.server.cert_der
    assert read.get_privatekey().to_cryptography_key().private_numbers() == ca.server.key.private_numbers()
    assert [dumped(one) for one in read.get_ca_certificates()] == [ca.intermediate.cert_der, ca.root.cert_der]
    assert read.get_friendlyname() == b"name"


@rows(31)
def test_type_of_the_manual(ec):
    assert type(crypto.load_pkcs12(bag(ec).export())) is crypto.PKCS12Type


@rows(59, 60, 129, 130, 131)
@pytest.mark.parametrize("passphrase", [None, b"", b"secret", "né".encode()])
@pytest.mark.parametrize("algorithm", [None, "aes-256-cbc", b"AES-128-CBC"])
def test_round_trip(ec, passphrase, algorithm):
    der = bag(ec).export(passphrase, iter=10, maciter=10, algorithm=algorithm)
    read = crypto.load_pkcs12(der) if passphrase is None else crypto.load_pkcs12(der, passphrase)
    check(read, ec)
    assert isinstance(read.get_ca_certificates(), tuple)
    assert {type(one) for one in read.get_ca_certificates()} == {crypto.X509}
    for wrong in (b"other", *([None, b""] if passphrase else [])):
        with pytest.raises(crypto.Error) as info:
            crypto.load_pkcs12(der, wrong)
        assert info.value.args[0]


@pytest.mark.parametrize("algorithm", [None, "aes-256-cbc"])
def test_read_by_others(rsa, algorithm, tmp_path):
    der = bag(rsa).export(b"secret", algorithm=algorithm)
    theirs = pkcs12.load_pkcs12(der, b"secret")
    assert theirs.cert.certificate == rsa.server.certificate
    assert theirs.cert.friendly_name == b"name"
    assert theirs.key.private_numbers() == rsa.server.key.private_numbers()
    assert [one.certificate for one in theirs.additional_certs] == [
        rsa.intermediate.certificate,
        rsa.root.certificate,
    ]
    judged = run(["openssl", "pkcs12", "-info", "-nodes", "-passin", "pass:secret"], der)
    assert judged.returncode == 0, judged.stderr
    assert judged.stdout.count(b"BEGIN CERTIFICATE") == 3
    assert judged.stdout.count(b"BEGIN PRIVATE KEY") == 1
    assert (b"PBES2" in judged.stderr) is (algorithm is not None)
    assert (b"3-KeyTripleDES" in judged.stderr) is (algorithm is None)


@pytest.mark.parametrize(
    "how",
    [[], ["-legacy"], ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-40", "-legacy"], ["-macalg", "sha1"]],
)
def test_written_by_openssl(rsa, how):
    identity = ["-inkey", rsa.server.key_file, "-in", rsa.server.cert_file, "-name", "name"]
    made = run(["openssl", "pkcs12", "-export", *identity, "-passout", "pass:secret", *how])
    assert made.returncode == 0, made.stderr
    read = crypto.load_pkcs12(made.stdout, b"secret")
    assert dumped(read.get_certificate()) == rsa.server.cert_der
    assert (read.get_ca_certificates(), read.get_friendlyname()) == (None, b"name")
    with pytest.raises(crypto.Error):
        crypto.load_pkcs12(made.stdout, b"wrong")


def test_written_by_cryptography(ec):
    encryption = serialization.BestAvailableEncryption(b"secret")
    others = [ec.intermediate.certificate, ec.root.certificate]
    der = pkcs12.serialize_key_and_certificates(b"name", ec.server.key, ec.server.certificate, others, encryption)
    check(crypto.load_pkcs12(der, b"secret"), ec)
    plain = pkcs12.serialize_key_and_certificates(
        b"name", ec.server.key, ec.server.certificate, others, serialization.NoEncryption()
    )
    check(crypto.load_pkcs12(plain), ec)


@rows(132)
def test_missing_parts(ec):
    empty = crypto.PKCS12()
    assert empty.get_certificate() is None
    assert empty.get_privatekey() is None
    assert empty.get_ca_certificates() is None
    assert empty.get_friendlyname() is None
    with pytest.raises(crypto.Error) as info:
        empty.export()
    assert info.value.args[0]
    read = crypto.load_pkcs12(bag(ec, others=False, friendly_name=None).export())
    assert read.get_ca_certificates() is None
    assert read.get_friendlyname() is None


def test_only_certificates(ec):
    only = crypto.PKCS12()
    only.set_ca_certificates([ec.root.x509])
    for read in (crypto.load_pkcs12(only.export(b"x"), b"x"), crypto.load_pkcs12(cert_only(ec))):
        assert (read.get_certificate(), read.get_privatekey()) == (None, None)
        assert len(read.get_ca_certificates()) == 1


def cert_only(ca):
    only = crypto.PKCS12()
    only.set_certificate(ca.server.x509)
    return only.export()


def test_only_a_key(ec):
    only = crypto.PKCS12()
    only.set_privatekey(ec.server.pkey)
    read = crypto.load_pkcs12(only.export(b"x"), b"x")
    assert read.get_certificate() is None
    assert read.get_privatekey().bits() == 256


def test_setters(ec):
    made = crypto.PKCS12()
    cert, key = ec.server.x509, ec.server.pkey
    made.set_certificate(cert)
    made.set_privatekey(key)
    made.set_ca_certificates(iter([cert]))
    made.set_friendlyname("né")
    assert made.get_certificate() is cert
    assert made.get_privatekey() is key
    assert made.get_ca_certificates() == (cert,)
    assert made.get_ca_certificates()[0] is cert
    assert made.get_friendlyname() == "né".encode()
    assert crypto.load_pkcs12(made.export()).get_friendlyname() == "né".encode()
    made.set_ca_certificates([])
    assert made.get_ca_certificates() == ()
    for setter in (made.set_certificate, made.set_privatekey, made.set_ca_certificates, made.set_friendlyname):
        assert setter(None) is None
    parts = made.get_certificate(), made.get_privatekey(), made.get_ca_certificates(), made.get_friendlyname()
    assert parts == (None,) * 4


def test_setters_of_wrong_types(ec):
    made = bag(ec)
    for wrong in (1, "x", object(), ec.server.pkey):
        with pytest.raises(TypeError):
            made.set_certificate(wrong)
    for wrong in (1, "x", ec.server.x509):
        with pytest.raises(TypeError):
            made.set_privatekey(wrong)
    for wrong in (1, ec.server.x509, [1], [None], "x", [ec.server.x509, "x"]):
        with pytest.raises(TypeError):
            made.set_ca_certificates(wrong)
    for wrong in (1, ["x"], bytearray(b"x")):
        with pytest.raises(TypeError):
            made.set_friendlyname(wrong)
    check(crypto.load_pkcs12(made.export()), ec)


def test_key_of_another_certificate(ec):
    made = bag(ec)
    made.set_privatekey(ec.client.pkey)
    with pytest.raises(crypto.Error) as info:
        made.export()
    assert info.value.args[0]
    made.set_privatekey(ec.server.x509.get_pubkey())
    with pytest.raises(ValueError, match="public part"):
        made.export()
    made.set_privatekey(crypto.PKey())
    with pytest.raises(crypto.Error):
        made.export()


def test_iterations(ec):
    made = bag(ec)
    for iterations in (1, 0, 5000):
        check(crypto.load_pkcs12(made.export(b"x", iterations, iterations), b"x"), ec)
    der = made.export(b"x", maciter=-1)
    judged = run(["openssl", "pkcs12", "-info", "-nodes", "-nomacver", "-passin", "pass:x"], der)
    assert b"MAC:" not in judged.stderr
    assert judged.stdout.count(b"BEGIN CERTIFICATE") == 3
    with pytest.raises(crypto.Error) as info:
        crypto.load_pkcs12(der, b"x")
    assert info.value.args[0] == [MAC_ABSENT]
    for wrong in ("1", 1.5, [1], None):
        for name in ("iter", "maciter"):
            with pytest.raises(TypeError, match=name):
                made.export(**{name: wrong})
    with pytest.raises(OverflowError):
        made.export(iter=2**31)


def test_without_a_checksum_a_passphrase_vouches_for_nothing(rsa):
    """Such a file opens under any passphrase: everybody can make one. It is refused where there is a passphrase."""
    identity = ["-inkey", rsa.server.key_file, "-in", rsa.server.cert_file]
    plain = ["-nomac", "-keypbe", "NONE", "-certpbe", "NONE", "-passout", "pass:"]
    made = run(["openssl", "pkcs12", "-export", *identity, *plain])
    assert made.returncode == 0, made.stderr
    for passphrase in (b"secret", b"\xff"):
        with pytest.raises(crypto.Error) as info:
            crypto.load_pkcs12(made.stdout, passphrase)
        assert info.value.args[0] == [MAC_ABSENT]
    for none in ([], [None], [b""]):
        assert dumped(crypto.load_pkcs12(made.stdout, *none).get_certificate()) == rsa.server.cert_der


def test_algorithms(ec):
    made = bag(ec)
    for unknown in ("no such algorithm", "", "aes\0"):
        with pytest.raises(ValueError, match="algorithm"):
            made.export(b"x", algorithm=unknown)
    with pytest.raises(crypto.Error):
        made.export(b"x", algorithm="commonName")
    with pytest.raises(TypeError):
        made.export(b"x", 1, 1, "aes-256-cbc")
    with pytest.raises(TypeError):
        made.export(b"x", algorithm=1)


def test_nul():
    made = crypto.PKCS12()
    made.set_ca_certificates([self_signed()])
    with pytest.raises(ValueError, match="NUL byte"):
        made.export(b"a\0b")
    with pytest.raises(ValueError, match="NUL byte"):
        crypto.load_pkcs12(made.export(b"a"), b"a\0b")
    made = crypto.PKCS12()
    made.set_certificate(self_signed())
    made.set_friendlyname(b"a\0b")
    with pytest.raises(ValueError, match="NUL byte"):
        made.export()


@pytest.mark.parametrize("name", ["\U00010000", b"\xc3"])
def test_names_that_the_format_cannot_hold(name):
    made = crypto.PKCS12()
    made.set_certificate(self_signed())
    made.set_friendlyname(name)
    try:
        written = made.export()
    except crypto.Error as error:
        assert error.args[0]  # noqa: PT017
    else:
        made.set_privatekey(rsa_key())
        name = name.encode() if isinstance(name, str) else name.decode("latin-1").encode()
        assert crypto.load_pkcs12(made.export()).get_friendlyname() == name
        assert written


def test_str_passphrases_warn(ec):
    with pytest.warns(DeprecationWarning, match="passphrase"):
        der = bag(ec).export("é")
    with pytest.warns(DeprecationWarning, match="passphrase"):
        check(crypto.load_pkcs12(der, "é"), ec)


@pytest.mark.parametrize("wrong", [1, object(), lambda *_: b"secret", ["x"]])
def test_wrong_passphrases(ec, wrong):
    with pytest.raises(TypeError):
        bag(ec).export(wrong)
    with pytest.raises(TypeError):
        crypto.load_pkcs12(b"", wrong)


@pytest.mark.parametrize("buffer", [b"", b"garbage", b"\x30\x00", "text", self_signed])
def test_garbage(buffer):
    if callable(buffer):
        buffer = dumped(buffer())
    with pytest.raises(crypto.Error) as info:
        crypto.load_pkcs12(buffer)
    assert info.value.args[0]


def test_other_buffers(ec):
    der = bag(ec).export()
    for buffer in (bytearray(der), memoryview(der)):
        check(crypto.load_pkcs12(buffer), ec)
    for wrong in (None, 1, ["x"]):
        with pytest.raises(TypeError):
            crypto.load_pkcs12(wrong)
    with pytest.raises(UnicodeEncodeError):
        crypto.load_pkcs12("é")


def test_exported_again_and_again(ec):
    read = bag(ec)
    for _ in range(4):
        read = crypto.load_pkcs12(read.export(b"x"), b"x")
    check(read, ec)
    assert len(read.export(b"x")) == len(bag(ec).export(b"x"))


def test_changed_after_it_was_read(ec):
    read = crypto.load_pkcs12(bag(ec).export())
    read.get_certificate().get_subject().CN = "changed"
    assert read.get_certificate().get_subject().CN == "changed"
    again = crypto.load_pkcs12(read.export())
    assert again.get_certificate().get_subject().CN == "changed"


@given(
    passphrase=st.binary(max_size=40).filter(lambda text: b"\0" not in text),
    name=st.none()
    | st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xFFFF), min_size=1, max_size=30
    ),
    others=st.integers(0, 3),
    algorithm=st.sampled_from([None, "aes-128-cbc", "aes-256-cbc"]),
)
@settings(max_examples=40, deadline=None)
def test_any_content(passphrase, name, others, algorithm):
    made = crypto.PKCS12()
    made.set_privatekey(rsa_key())
    made.set_certificate(self_signed())
    made.set_ca_certificates([self_signed(f"other {number}") for number in range(others)])
    made.set_friendlyname(name)
    read = crypto.load_pkcs12(made.export(passphrase, 1, 1, algorithm=algorithm), passphrase)
    assert read.get_friendlyname() == (None if name is None else name.encode())
    assert [one.get_subject().CN for one in read.get_ca_certificates() or ()] == [f"other {n}" for n in range(others)]
    assert crypto.dump_privatekey(ASN1, read.get_privatekey()) == crypto.dump_privatekey(ASN1, rsa_key())


def test_object(ec):
    class Bag(crypto.PKCS12):
        pass

    made = Bag()
    made.note = made
    with pytest.raises(TypeError):
        pickle.dumps(made)
    with pytest.raises(TypeError):
        crypto.PKCS12(1)
    key = ec.server.pkey
    key.back = made
    made.set_privatekey(key)
    gone = weakref.ref(made)
    del made, key
    gc.collect()
    assert gone() is None


def test_names_of_ca_certificates_are_kept():
    named = pkcs12.PKCS12Certificate(self_signed().to_cryptography(), b"of the authority")
    der = pkcs12.serialize_key_and_certificates(None, None, None, [named], serialization.NoEncryption())
    read = crypto.load_pkcs12(der)
    [found] = pkcs12.load_pkcs12(read.export(), None).additional_certs
    assert found.friendly_name == b"of the authority"
    assert isinstance(found.certificate, x509.Certificate)
