"""Rules: who has said that the peer is to be verified is not talked out of it by anything that comes later.

Bug class: verification silently off.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from OpenSSL import SSL, crypto

from tests.conftest import UPSTREAM
from tests.support.authority import Authority
from tests.support.contexts import VERSIONS, client_context, identify, server_context, trust
from tests.support.datagrams import dtls_contexts
from tests.support.failing import handshake_errors, reasons
from tests.support.pairs import Pair, memory_pair
from tests.support.programs import run

Change = Callable[[SSL.Context, Authority], SSL.Context | None]


def used(context: SSL.Context, ec: Authority) -> None:
    SSL.Connection(context)
    context.set_timeout(7)


def empty_paths(context: SSL.Context, ec: Authority) -> None:
    directory = Path(ec.directory) / "empty"
    directory.mkdir(exist_ok=True)
    context.load_verify_locations(None, str(directory))


def failed_load(context: SSL.Context, ec: Authority) -> None:
    with pytest.raises(SSL.Error):
        context.load_verify_locations("/nowhere/at/all")
    with pytest.raises(TypeError):
        context.set_verify("none", None)
    with pytest.raises(TypeError):
        context.set_verify(SSL.VERIFY_NONE, "no callback")


def sessions(context: SSL.Context, ec: Authority) -> None:
    context.set_session_cache_mode(SSL.SESS_CACHE_BOTH)


def no_callback(context: SSL.Context, ec: Authority) -> None:
    context.set_verify(SSL.VERIFY_PEER, lambda *arguments: True)
    context.set_verify(SSL.VERIFY_PEER, None)


CHANGES: dict[str, Change] = {
    "nothing": lambda context, ec: None,
    "a copy": lambda context, ec: context.copy(),
    "used and changed": used,
    "an empty directory": empty_paths,
    "a change that failed": failed_load,
    "the callback removed": no_callback,
    "its callback says what it was told": lambda context, ec: context.set_verify(
        SSL.VERIFY_PEER, lambda connection, certificate, error, depth, passed: passed
    ),
    "a deeper chain": lambda context, ec: context.set_verify_depth(100),
    "default paths": lambda context, ec: context.set_default_verify_paths(),
    "sessions": sessions,
    "a weaker level": lambda context, ec: context.set_cipher_list(b"DEFAULT:@SECLEVEL=0"),
    "anonymous ciphers": lambda context, ec: context.set_cipher_list(b"ALL:COMPLEMENTOFDEFAULT:@SECLEVEL=0"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("change", CHANGES)
def test_verification_silently_off_in_clients(ec: Authority, stranger: Authority, version: str, change: str):
    context = client_context(ec, version)
    context = CHANGES[change](context, ec) or context
    good = memory_pair(context, server_context(ec, version))
    good.handshake()
    assert good.client.get_verify_result() == 0
    errors = handshake_errors(memory_pair(context, server_context(stranger, version)))
    assert reasons(errors["client"]) == ["certificate verify failed"]


@pytest.mark.parametrize("version", VERSIONS)
def test_verification_silently_off_in_servers(ec: Authority, stranger: Authority, version: str):
    server = server_context(ec, version)
    trust(server, ec)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    client = client_context(ec, version)
    errors = handshake_errors(memory_pair(client, server))
    assert reasons(errors["server"]) == ["peer did not return a certificate"]
    identify(client, stranger, stranger.client)
    errors = handshake_errors(memory_pair(client, server))
    assert reasons(errors["server"]) == ["certificate verify failed"]
    # A certificate for servers is none for clients.
    identify(client, ec, ec.server)
    errors = handshake_errors(memory_pair(client, server))
    assert reasons(errors["server"]) == ["certificate verify failed"]


def test_verification_silently_off_for_datagrams(ec: Authority, stranger: Authority):
    client, _ = dtls_contexts(ec)
    _, server = dtls_contexts(stranger)
    pair = Pair(SSL.Connection(client), SSL.Connection(server), "memory")
    pair.client.set_connect_state()
    pair.server.set_accept_state()
    assert reasons(handshake_errors(pair)["client"]) == ["certificate verify failed"]


def test_verification_silently_off_where_one_connection_asks(ec: Authority, stranger: Authority):
    """The Context verifies nobody; the Connection that does is not overruled by what the Context says later."""
    context = SSL.Context(SSL.TLS_METHOD)
    trust(context, ec)
    pair = memory_pair(context, server_context(stranger))
    pair.client.set_verify(SSL.VERIFY_PEER)
    context.set_verify(SSL.VERIFY_NONE)
    assert pair.client.get_verify_mode() == SSL.VERIFY_PEER
    assert reasons(handshake_errors(pair)["client"]) == ["certificate verify failed"]


@pytest.mark.parametrize("trusted", [[], ["intermediate"], ["server's key only"]])
def test_verification_silently_off_in_stores(ec: Authority, trusted: list[str]):
    """A store without the root accepts nobody: not one that is empty, not one that has but a part of the chain."""
    store = crypto.X509Store()
    if "intermediate" in trusted:
        store.add_cert(ec.intermediate.x509)
    if "server's key only" in trusted:
        forged = crypto.X509()
        forged.set_pubkey(ec.root.pkey)
        forged.set_subject(ec.root.x509.get_subject())
        forged.set_issuer(ec.root.x509.get_subject())
        forged.gmtime_adj_notBefore(-100)
        forged.gmtime_adj_notAfter(-10)
        forged.sign(ec.root.pkey, "sha256")
        store.add_cert(forged)
    with pytest.raises(crypto.X509StoreContextError):
        crypto.X509StoreContext(store, ec.server.x509, [ec.intermediate.x509]).verify_certificate()


def signed_with_md4(rsa: Authority, directory: Path) -> tuple[Path, Path]:
    """Return the files of a certificate and its key; it is signed with MD4, which only the legacy provider has."""
    key, request, certificate = (directory / name for name in ("md4.key", "md4.csr", "md4.pem"))
    new = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=md4", "-keyout", str(key)]
    assert run([*new, "-out", str(request)]).returncode == 0
    issuer = ["-CA", rsa.root.cert_file, "-CAkey", rsa.root.key_file, "-set_serial", "4"]
    old = ["-md4", "-provider", "legacy", "-provider", "default"]
    made = run(["openssl", "x509", "-req", "-in", str(request), *issuer, *old, "-out", str(certificate)])
    assert made.returncode == 0, made.stderr
    return certificate, key


def old_archive(rsa: Authority) -> bytes:
    """Return a PKCS#12 file that nobody reads without the legacy provider."""
    identity = ["-inkey", rsa.server.key_file, "-in", rsa.server.cert_file]
    made = run(["openssl", "pkcs12", "-export", "-legacy", *identity, "-passout", "pass:x"])
    assert made.returncode == 0, made.stderr
    return made.stdout


def refuses_md4(rsa: Authority, certificate: bytes) -> Callable[[], None]:
    """Return a check that nothing takes MD4 for an algorithm, least of all in a certificate's signature."""
    store = crypto.X509Store()
    store.add_cert(rsa.root.x509)
    leaf = crypto.load_certificate(crypto.FILETYPE_PEM, certificate)

    def check() -> None:
        with pytest.raises(crypto.X509StoreContextError, match="signature failure"):
            crypto.X509StoreContext(store, leaf).verify_certificate()
        with pytest.raises(crypto.Error, match="unsupported"):
            leaf.digest("md4")
        with pytest.raises(crypto.Error):
            crypto.sign(rsa.root.pkey, b"x", "md4")

    return check


@pytest.mark.skipif(UPSTREAM, reason="upstream reads nothing that needs the legacy provider")
def test_verification_silently_off_while_old_files_are_read_or_written(rsa: Authority, tmp_path: Path):
    certificate, _ = signed_with_md4(rsa, tmp_path)
    check = refuses_md4(rsa, certificate.read_bytes())
    asked = []

    def passphrase(*arguments: object) -> bytes:
        asked.append(arguments)
        check()
        # As in an operation inside the operation.
        assert crypto.load_pkcs12(archive, b"x").get_privatekey() is not None
        check()
        return b"pw"

    archive = old_archive(rsa)
    check()
    written = crypto.dump_privatekey(crypto.FILETYPE_PEM, rsa.server.pkey, "rc4", passphrase)
    old = ["-provider", "legacy", "-provider", "default", "-passout", "pass:pw"]
    traditional = run(["openssl", "rsa", "-traditional", "-des", *old, "-in", rsa.server.key_file]).stdout
    assert b"DES-CBC" in traditional
    for pem in (written, traditional):
        read = crypto.load_privatekey(crypto.FILETYPE_PEM, pem, passphrase).to_cryptography_key()
        assert read.private_numbers() == rsa.server.key.private_numbers()
    assert len(asked) == 3
    check()


@pytest.mark.skipif(UPSTREAM, reason="upstream reads nothing that needs the legacy provider")
def test_verification_silently_off_while_other_threads_read_old_files(rsa: Authority, tmp_path: Path):
    certificate, _ = signed_with_md4(rsa, tmp_path)
    check = refuses_md4(rsa, certificate.read_bytes())
    archive = old_archive(rsa)
    done = threading.Event()
    read = []

    def work() -> None:
        while not done.is_set():
            read.append(crypto.load_pkcs12(archive, b"x").get_certificate().get_serial_number())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        while len(read) < 500:
            check()
    finally:
        done.set()
        for thread in threads:
            thread.join()


@pytest.mark.skipif(UPSTREAM, reason="upstream reads nothing that needs the legacy provider")
def test_verification_silently_off_with_what_was_read_from_old_files(rsa: Authority, tmp_path: Path):
    """A key and a certificate that an old file held have no more algorithms than others."""
    check = refuses_md4(rsa, signed_with_md4(rsa, tmp_path)[0].read_bytes())
    archive = crypto.load_pkcs12(old_archive(rsa), b"x")
    key, certificate = archive.get_privatekey(), archive.get_certificate()
    with pytest.raises(crypto.Error):
        crypto.sign(key, b"x", "md4")
    with pytest.raises(crypto.Error):
        certificate.digest("md4")
    crypto.verify(certificate, crypto.sign(key, b"x", "sha256"), b"x", "sha256")
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.check_privatekey()
    store = crypto.X509Store()
    store.add_cert(rsa.root.x509)
    crypto.X509StoreContext(store, certificate, [rsa.intermediate.x509]).verify_certificate()
    check()


@pytest.mark.skipif(UPSTREAM, reason="upstream has no PKCS7 or NetscapeSPKI, and no verify")
def test_verification_silently_off_for_signatures_with_md4(rsa: Authority, tmp_path: Path):
    """What `openssl smime -verify` and its like refuse, nobody here takes for signed."""
    certificate, key = (str(path) for path in signed_with_md4(rsa, tmp_path))
    old = ["-provider", "legacy", "-provider", "default"]
    pkey = crypto.load_privatekey(crypto.FILETYPE_PEM, Path(key).read_bytes())

    made = run(["openssl", "req", "-new", "-md4", *old, "-key", key, "-subj", "/CN=md4"])
    request = crypto.load_certificate_request(crypto.FILETYPE_PEM, made.stdout)
    with pytest.raises(crypto.Error):
        request.verify(pkey)

    made = run(["openssl", "spkac", "-key", key, "-digest", "md4", *old])
    spki = crypto.NetscapeSPKI(made.stdout.removeprefix(b"SPKAC=").strip())
    with pytest.raises(crypto.Error):
        spki.verify(pkey)

    made = run(["openssl", "dgst", "-md4", *old, "-sign", key], b"data")
    assert made.returncode == 0, made.stderr
    signer = crypto.load_certificate(crypto.FILETYPE_PEM, Path(certificate).read_bytes())
    with pytest.raises(crypto.Error):
        crypto.verify(signer, made.stdout, b"data", "md4")

    store = crypto.X509Store()
    store.add_cert(rsa.root.x509)
    for signer_files, digest, good in (
        ([rsa.root.cert_file, rsa.root.key_file], "sha256", True),
        ([rsa.root.cert_file, rsa.root.key_file], "md4", False),
        ([certificate, key], "sha256", False),
    ):
        sign = ["openssl", "smime", "-sign", "-nodetach", "-binary", "-signer", signer_files[0], "-inkey"]
        made = run([*sign, signer_files[1], "-md", digest, "-outform", "DER", *old], b"data")
        assert made.returncode == 0, made.stderr
        message = crypto.load_pkcs7_data(crypto.FILETYPE_ASN1, made.stdout)
        if good:
            assert message.verify(store) == b"data"
        else:
            with pytest.raises(crypto.Error):
                message.verify(store)


@pytest.mark.skipif(UPSTREAM, reason="upstream has a class in Python, which raises AttributeError")
def test_verification_silently_off_where_nothing_was_made(ec: Authority):
    context = crypto.X509StoreContext.__new__(crypto.X509StoreContext)
    store = crypto.X509Store()
    store.add_cert(ec.root.x509)
    for operation in (lambda: context.set_store(store), context.verify_certificate, context.get_verified_chain):
        with pytest.raises(ValueError, match="__init__\\(\\) was not called"):
            operation()
