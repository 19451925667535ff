"""The module `crypto` as a whole: its names, its objects in cycles and in threads, its use of `cryptography`."""

import gc
import re
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import psutil
import pytest
from OpenSSL import crypto

from tests.conftest import UPSTREAM
from tests.support.issuing import rsa_key, self_signed, unsigned
from tests.support.rows import rows

pytestmark = pytest.mark.skipif(UPSTREAM, reason="about this package")


def test_all_names_every_public_name():
    public = {name for name in vars(crypto) if not name.startswith("_")}
    assert public <= set(crypto.__all__)
    assert all(hasattr(crypto, name) for name in crypto.__all__)


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = crypto.nothing
    assert crypto.PassphraseCallableT


@rows(37, 38, 39, 40)
def test_constants():
    assert (crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1, crypto.FILETYPE_TEXT) == (1, 2, 65535)
    assert (crypto.TYPE_RSA, crypto.TYPE_DSA, crypto.TYPE_DH, crypto.TYPE_EC) == (6, 116, 28, 408)


@rows(21, 23, 27, 28)
def test_types_of_the_manual():
    assert crypto.X509Type is crypto.X509
    assert crypto.X509NameType is crypto.X509Name
    assert crypto.X509StoreType is crypto.X509Store
    assert crypto.PKeyType is crypto.PKey


@pytest.mark.parametrize(
    "name", ["PKey", "X509", "X509Name", "X509Store", "X509StoreContext", "X509StoreFlags", "Error"]
)
def test_classes_say_where_they_are_from(name):
    made = getattr(crypto, name)
    assert (made.__module__, made.__qualname__) == ("OpenSSL.crypto", name)
    assert made.__doc__
    for member, found in vars(made).items():
        if not member.startswith("_") and callable(found):
            assert found.__doc__, member


def test_functions_have_docstrings_and_signatures():
    for name in crypto.__all__:
        found = getattr(crypto, name)
        if name.startswith(("load_", "dump_")):
            assert found.__doc__
            assert found.__text_signature__.startswith(("(type, ", "(buffer, passphrase", "(data"))


# Names for type hints.
TYPES = {"PassphraseCallableT", "StrOrBytesPath"}

# What no single function of C is behind: a PKCS12 keeps what it is given until it is exported.
WITHOUT_C = {
    "Error",
    "PKCS12.get_ca_certificates",
    "PKCS12.get_certificate",
    "PKCS12.get_friendlyname",
    "PKCS12.get_privatekey",
    "PKCS12.set_ca_certificates",
    "PKCS12.set_certificate",
    "PKCS12.set_friendlyname",
    "PKCS12.set_privatekey",
    "PKey",
}


def documented():
    """Return the docstrings of all public functions, classes and methods, by their names."""
    found = {name: getattr(crypto, name) for name in crypto.__all__ if not name.endswith("Type")}
    classes = {name: one for name, one in found.items() if isinstance(one, type)}
    for name, one in classes.items():
        found |= {f"{name}.{member}": value for member, value in vars(one).items() if not member.startswith("_")}
    return {name: " ".join(one.__doc__.split()) for name, one in found.items() if callable(one) and name not in TYPES}


def test_docstrings_name_what_is_behind_them():
    """Each ends in the functions of C that it calls, or in the RFC that it follows."""
    called = "".join(path.read_text() for path in (Path(__file__).parents[1] / "crates/core/src").rglob("*.rs"))
    called = set(re.findall(r"\bffi::(\w+)", called))
    without = set()
    for name, text in documented().items():
        if (end := re.search(r"\(([^()]*)\)$", text)) is None:
            without.add(name)
            continue
        for one in end[1].split(", "):
            assert re.fullmatch(r"RFC \d{4}", one) or one in called, (name, one)
    assert without == WITHOUT_C


def test_docstrings_begin_in_the_imperative():
    """They say what a call does or gives, not what the function does."""
    for name, text in documented().items():
        if "." in name or name[0].islower():
            first = text.split(maxsplit=1)[0]
            assert not first.endswith("s") or first == "Copies", (name, first)


def test_cryptography_is_imported_only_when_used():
    program = (
        "import sys, OpenSSL.crypto as c\n"
        "k = c.PKey(); k.generate_key(c.TYPE_RSA, 512)\n"
        "sys.exit('cryptography' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", program], check=False).returncode == 0


TAKE_FROM_CRYPTOGRAPHY = [
    "PKey.from_cryptography_key",
    "X509.from_cryptography",
    "X509Req.from_cryptography",
    "CRL.from_cryptography",
    "X509Store().add_crl",
]


@pytest.mark.parametrize("take", TAKE_FROM_CRYPTOGRAPHY)
def test_what_is_not_of_cryptography_is_refused_without_it(monkeypatch, take):
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    function = eval(f"crypto.{take}")
    for wrong in (5, None, "text", crypto.X509()):
        with pytest.raises(TypeError, match=r"^(Must be|Unsupported)"):
            function(wrong)


@pytest.mark.parametrize("take", TAKE_FROM_CRYPTOGRAPHY)
def test_what_is_not_of_cryptography_does_not_load_it(take):
    program = (
        "import sys, OpenSSL.crypto as crypto\n"
        f"try: crypto.{take}(5)\n"
        "except TypeError: sys.exit('cryptography' in sys.modules)\n"
        "sys.exit(2)\n"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", program], check=False).returncode == 0


MAKERS = {
    "CRL": crypto.CRL,
    "NetscapeSPKI": crypto.NetscapeSPKI,
    "PKCS12": crypto.PKCS12,
    "PKCS7": lambda: crypto.load_pkcs7_data(
        crypto.FILETYPE_ASN1, bytes.fromhex("301206092a864886f70d010701a0050403616263")
    ),
    "PKey": crypto.PKey,
    "Revoked": crypto.Revoked,
    "X509": crypto.X509,
    "X509Extension": lambda: crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE"),
    "X509Name": lambda: crypto.X509().get_subject(),
    "X509Req": crypto.X509Req,
    "X509Store": crypto.X509Store,
    "X509StoreContext": lambda: crypto.X509StoreContext(crypto.X509Store(), crypto.X509()),
    "X509StoreContextError": lambda: crypto.X509StoreContextError("text", [], crypto.X509()),
    "_EllipticCurve": lambda: crypto._EllipticCurve(None, 415, "prime256v1"),
}


@pytest.fixture
def by_hand():
    """Let nothing be collected but by `gc.collect`."""
    gc.disable()
    yield
    gc.enable()


def test_every_class_has_a_maker():
    classes = {one.__name__ for one in vars(crypto).values() if isinstance(one, type)}
    # One has nothing but constants, and no attributes can be set on it; the other is a plain exception.
    assert classes - {"X509StoreFlags", "Error"} == set(MAKERS)


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("name", MAKERS)
def test_cycles_are_collected(name):
    made = MAKERS[name]()
    assert type(made).__name__ == name
    made._self = made
    gone = weakref.ref(made)
    del made
    assert gone() is not None
    gc.collect()
    assert gone() is None


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize(
    ("setter", "make"),
    [
        ("set_certificate", crypto.X509),
        ("set_privatekey", crypto.PKey),
        ("set_ca_certificates", lambda: [crypto.X509()]),
    ],
)
def test_cycles_through_what_a_pkcs12_holds_are_collected(setter, make):
    made, held = crypto.PKCS12(), make()
    getattr(made, setter)(held)
    (held[0] if isinstance(held, list) else held)._owner = made
    gone = weakref.ref(made)
    del made, held
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_threads_on_one_certificate():
    cert, other = self_signed("one"), self_signed("two", rsa_key(1))
    store = crypto.X509Store()
    store.add_cert(other)
    failures = []

    def step(name):
        cert.get_subject().CN = name
        assert cert.get_subject().CN
        assert (cert.get_subject() == other.get_subject()) in (True, False)
        assert (other.get_subject() == cert.get_subject()) in (True, False)
        crypto.X509StoreContext(store, other, [cert]).verify_certificate()
        crypto.dump_certificate(crypto.FILETYPE_ASN1, cert)
        cert.set_subject(other.get_issuer())
        cert.get_subject().CN = "mine"

    def work(number):
        for turn in range(100):
            try:
                step(f"{number}-{turn}")
                if turn % 10 == 0:
                    cert.sign(rsa_key(), "sha256")
            except AttributeError:
                pass  # another thread replaced the subject while this one had a view of it
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.resident
def test_memory_stays_flat():
    process = psutil.Process()
    encrypted = crypto.dump_privatekey(crypto.FILETYPE_PEM, rsa_key(), "aes-128-cbc", b"secret")
    plain = crypto.dump_privatekey(crypto.FILETYPE_ASN1, rsa_key())
    store = crypto.X509Store()

    def work(times):
        for _ in range(times):
            cert = unsigned()
            cert.sign(rsa_key(), "sha256")
            view = cert.get_subject()
            cert.set_issuer(crypto.X509Name(view))
            cert.get_subject().hash()
            cert.digest("sha256")
            with pytest.raises(crypto.Error):
                view.C = "too long"
            with pytest.raises(crypto.X509StoreContextError):
                crypto.X509StoreContext(store, cert, [cert]).verify_certificate()
            cert.get_subject().CN = "changed after it was shared"
            crypto.load_privatekey(crypto.FILETYPE_ASN1, plain)
            crypto.dump_publickey(crypto.FILETYPE_PEM, rsa_key())
        gc.collect()

    def decrypt(times):
        for _ in range(times):
            crypto.load_privatekey(crypto.FILETYPE_PEM, encrypted, lambda writing: b"secret")
            with pytest.raises(crypto.Error):
                crypto.load_privatekey(crypto.FILETYPE_PEM, encrypted, b"wrong")

    work(300)
    decrypt(30)
    before = process.memory_info().rss
    work(2000)
    decrypt(200)
    assert process.memory_info().rss - before < 2 * 1024 * 1024
