"""Whether a client trusts a server; stores and directories of trusted certificates."""

from pathlib import Path

from OpenSSL import SSL, crypto

from tests.support.pairs import handshake, memory_pair
from tests.support.programs import run


def verifying() -> SSL.Context:
    """Make a client's context that verifies, and trusts nobody yet."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER)
    return context


def accepts(client: SSL.Context, server: SSL.Context) -> bool:
    """Return whether the client's verification of the server succeeds."""
    pair = memory_pair(client, server)
    try:
        handshake(pair.client, pair.server)
    except SSL.Error as error:
        assert error.args[0][-1][2] == "certificate verify failed"  # noqa: PT017
        return False
    return True


def store_of(*certificates: crypto.X509) -> crypto.X509Store:
    """Make a store that trusts the certificates."""
    store = crypto.X509Store()
    for certificate in certificates:
        store.add_cert(certificate)
    return store


def hashed_directory(path: Path, *certificates: bytes) -> str:
    """Make a directory of certificates as c_rehash prepares it."""
    path.mkdir()
    for number, certificate in enumerate(certificates):
        (path / f"ca{number}.pem").write_bytes(certificate)
    done = run(["openssl", "rehash", str(path)])
    assert done.returncode == 0, done.stderr
    return str(path)
