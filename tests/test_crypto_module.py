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


@pytest.mark.parametrize("make", [crypto.PKey, crypto.X509, crypto.X509Store, lambda: crypto.X509().get_subject()])
def test_cycles_are_collected(make):
    made = make()
    made._self = made
    gone = weakref.ref(made)
    del made
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
