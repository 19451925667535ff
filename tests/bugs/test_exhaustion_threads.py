"""Rules: what takes long because a file or a peer says so keeps no other thread from running.

Bug class: resource exhaustion (slow keys, large messages).
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from OpenSSL import SSL, crypto

from tests.support.authority import Authority
from tests.support.background import Background
from tests.support.programs import run

COUNT = 3_000_000
"""How often the passphrase is hashed: some tenths of a second, where nothing else takes a thousandth."""


@contextlib.contextmanager
def others_run(work: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Fail if another thread has not got its turns meanwhile: it wakes up every millisecond, and works a little."""
    turns, longest, done = [0], [0.0], threading.Event()

    def wake() -> None:
        while not done.wait(0.001):
            woken = time.monotonic()
            work()
            longest[0] = max(longest[0], time.monotonic() - woken)
            turns[0] += 1

    with Background(wake):
        try:
            before = turns[0]
            began = time.monotonic()
            yield
            took, got = time.monotonic() - began, turns[0] - before
        finally:
            done.set()
    assert took > 0.02, "too fast to tell"
    # Who is kept waiting gets his turn after that: one.
    assert got > 5
    assert longest[0] < took / 2, "waited most of the time"


@pytest.fixture(scope="module")
def slow_key(ec: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an encrypted key whose passphrase is hashed very often."""
    path = tmp_path_factory.mktemp("slow") / "key.pem"
    command = ["openssl", "pkcs8", "-topk8", "-iter", str(COUNT), "-passout", "pass:secret"]
    path.write_bytes(run(command, ec.server.key_pem).stdout)
    return path


def from_file(path: Path) -> object:
    """Load the key into a Context."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *_: b"secret")
    context.use_privatekey_file(path)
    return context


LOADS: dict[str, Callable[[Path], object]] = {
    "passphrase": lambda path: crypto.load_privatekey(crypto.FILETYPE_PEM, path.read_bytes(), b"secret"),
    "callable": lambda path: crypto.load_privatekey(crypto.FILETYPE_PEM, path.read_bytes(), lambda _: b"secret"),
    "bundle": lambda path: crypto.load_pem_bundle(path.read_bytes(), b"secret"),
    "context": from_file,
}


@pytest.mark.parametrize("load", LOADS)
def test_resource_exhaustion_by_a_slow_key(slow_key: Path, load: str):
    """The file says how long it takes to make a key of a passphrase."""
    with others_run():
        assert LOADS[load](slow_key)


def verify_another(authority: Authority) -> Callable[[], object]:
    """Verify a certificate against a store that nobody else has."""
    store = crypto.X509Store()
    store.add_cert(authority.root.x509)
    return lambda: crypto.X509StoreContext(store, authority.intermediate.x509).verify_certificate()


def change_another(_: Authority) -> Callable[[], object]:
    """Change a store that nobody else has."""
    store = crypto.X509Store()
    return lambda: store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)


@pytest.mark.parametrize("work", [verify_another, change_another])
def test_resource_exhaustion_by_a_large_message(
    ec: Authority, stranger: Authority, tmp_path: Path, work: Callable[[Authority], Callable[[], object]]
):
    """How long a signed message is decides its sender; other stores can be used meanwhile."""
    message, root = tmp_path / "message", ec.root
    message.write_bytes(bytes(128 << 20))
    command = ["openssl", "smime", "-sign", "-binary", "-md", "sha512", "-outform", "DER", "-in", str(message)]
    signature = run([*command, "-signer", str(root.cert_file), "-inkey", str(root.key_file)]).stdout
    signed = crypto.load_pkcs7_data(crypto.FILETYPE_ASN1, signature)
    store = crypto.X509Store()
    store.add_cert(root.x509)
    data = message.read_bytes()
    with others_run(work(stranger)):
        verified = signed.verify(store, data)
    assert verified == data
