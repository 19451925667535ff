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
def others_run() -> Iterator[None]:
    """Fail if another thread has not got its turns meanwhile: it wakes up every millisecond."""
    turns, done = [0], threading.Event()

    def wake() -> None:
        while not done.wait(0.001):
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
    # Who wakes up while the GIL is held gets his turn after that: one.
    assert got > 5


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
