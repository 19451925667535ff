"""Bad files, paths and bytes given to SSL: each is a documented error with a text, and nothing is half done."""

import mmap
import os
from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import server_context
from tests.support.pairs import connected
from tests.support.rows import rows

LOADERS = ["use_certificate_file", "use_certificate_chain_file", "use_privatekey_file", "load_verify_locations"]


def load(method: str, *arguments: object) -> SSL.Error:
    """Call a loader that has to fail; return the error, which is an SSL.Error with a reason in every entry.

    C022: upstream leaves the reason of an error of the system empty.
    """
    with pytest.raises(SSL.Error) as caught:
        getattr(SSL.Context(SSL.TLS_METHOD), method)(*arguments)
    assert type(caught.value) is SSL.Error
    (entries,) = caught.value.args
    assert entries
    for library, _, reason in entries:
        assert library
        assert reason
    return caught.value


def content(authority: Authority, method: str) -> bytes:
    return authority.server.key_pem if method == "use_privatekey_file" else authority.server.cert_pem


@pytest.mark.parametrize("method", [*LOADERS, "load_client_ca"])
def test_a_missing_file(tmp_path: Path, method: str):
    error = load(method, str(tmp_path / "missing.pem"))
    assert any("no such file" in reason.lower() for _, _, reason in error.args[0])


@pytest.mark.parametrize("method", [*LOADERS, "load_client_ca"])
def test_an_empty_path(method: str):
    load(method, "")


@pytest.mark.parametrize("method", ["use_certificate_file", "use_certificate_chain_file", "use_privatekey_file"])
def test_a_directory_instead_of_a_file(tmp_path: Path, method: str):
    load(method, str(tmp_path))


@pytest.mark.parametrize("method", [*LOADERS, "load_client_ca"])
def test_an_empty_file(tmp_path: Path, method: str):
    path = tmp_path / "empty.pem"
    path.write_bytes(b"")
    load(method, str(path))


@pytest.mark.parametrize("method", LOADERS)
@pytest.mark.parametrize("garbage", [b"\0" * 100, b"not PEM at all\n" * 100, bytes(range(256)) * 10])
def test_garbage(tmp_path: Path, method: str, garbage: bytes):
    path = tmp_path / "garbage.pem"
    path.write_bytes(garbage)
    load(method, str(path))


@pytest.mark.parametrize("method", LOADERS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_file(ec: Authority, tmp_path: Path, method: str, part: float):
    whole = content(ec, method)
    path = tmp_path / "truncated.pem"
    path.write_bytes(whole[: int(len(whole) * part)])
    load(method, str(path))


@pytest.mark.parametrize("method", LOADERS)
def test_a_damaged_file(ec: Authority, tmp_path: Path, method: str):
    lines = content(ec, method).splitlines(keepends=True)
    path = tmp_path / "damaged.pem"
    path.write_bytes(b"".join([lines[0], *lines[2:]]))
    load(method, str(path))


@rows(206, 242, 245)
@pytest.mark.parametrize("method", LOADERS)
def test_der_given_as_pem(ec: Authority, method: str):
    path = ec.server.key_der_file if method == "use_privatekey_file" else ec.server.cert_der_file
    load(method, path)


@rows(245, 247)
@pytest.mark.parametrize("method", ["use_certificate_file", "use_privatekey_file"])
def test_pem_given_as_der(ec: Authority, method: str):
    path = ec.server.key_file if method == "use_privatekey_file" else ec.server.cert_file
    # 2 is SSL.FILETYPE_ASN1.
    load(method, path, 2)


@pytest.mark.parametrize("method", ["use_certificate_file", "use_privatekey_file"])
def test_truncated_der(ec: Authority, tmp_path: Path, method: str):
    whole = ec.server.key_der if method == "use_privatekey_file" else ec.server.cert_der
    path = tmp_path / "truncated.der"
    path.write_bytes(whole[:-1])
    load(method, str(path), 2)


def test_a_key_instead_of_a_certificate(ec: Authority):
    load("use_certificate_file", ec.server.key_file)
    load("use_certificate_chain_file", ec.server.key_file)


def test_a_certificate_instead_of_a_key(ec: Authority):
    load("use_privatekey_file", ec.server.cert_file)


def test_a_damaged_certificate_in_a_chain(ec: Authority, tmp_path: Path):
    lines = ec.intermediate.cert_pem.splitlines(keepends=True)
    path = tmp_path / "chain.pem"
    path.write_bytes(ec.server.cert_pem + b"".join([lines[0], *lines[2:]]))
    load("use_certificate_chain_file", str(path))


@pytest.mark.parametrize("method", [*LOADERS, "load_client_ca"])
@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_a_path_with_a_nul(ec: Authority, method: str, kind: type):
    # What is before the NUL names a good file: it must not be loaded in its stead. (Upstream does so.)
    path = ec.server.key_file if method == "use_privatekey_file" else ec.server.cert_file
    with pytest.raises(ValueError, match=r"(?i)nul"):
        getattr(SSL.Context(SSL.TLS_METHOD), method)(kind(path + "\0.pem"))


def test_a_directory_with_a_nul(tmp_path: Path):
    with pytest.raises(ValueError, match=r"(?i)nul"):
        SSL.Context(SSL.TLS_METHOD).load_verify_locations(None, f"{tmp_path}\0x")


def test_a_cipher_list_with_a_nul():
    with pytest.raises(ValueError, match=r"(?i)nul"):
        SSL.Context(SSL.TLS_METHOD).set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256\0no-such-cipher")


@pytest.mark.parametrize("method", ["use_certificate_file", "use_certificate_chain_file", "use_privatekey_file"])
@pytest.mark.parametrize("path", [None, 7, 1.5, object(), ["a"]])
def test_a_path_of_the_wrong_type(method: str, path: object):
    with pytest.raises(TypeError, match=r"."):
        getattr(SSL.Context(SSL.TLS_METHOD), method)(path)


def test_an_unreadable_name(tmp_path: Path):
    # Bytes that are no UTF-8 are a name like any other.
    load("use_certificate_file", os.fsencode(tmp_path) + b"/\xff\xfe")


def test_a_name_too_long_for_the_system(tmp_path: Path):
    load("use_certificate_file", str(tmp_path / ("x" * 5000)))


def test_an_encrypted_key_without_a_passphrase(ec: Authority, tmp_path: Path):
    # C036: never a question on the terminal; an error.
    load("use_privatekey_file", ec.server.encrypted_key_file)


def test_a_failure_leaves_the_context_as_it_was(ec: Authority, tmp_path: Path):
    context = server_context(ec)
    bad = tmp_path / "bad.pem"
    bad.write_bytes(b"nothing of use")
    for method in LOADERS:
        with pytest.raises(SSL.Error):
            getattr(context, method)(str(bad))
    context.check_privatekey()
    client = SSL.Context(SSL.TLS_METHOD)
    with connected(client, context, "memory") as pair:
        assert pair.client.get_peer_certificate().digest("sha256") == ec.server.x509.digest("sha256")


@pytest.mark.parametrize(
    "arguments",
    [(), (SSL.TLS_METHOD, 1)],
)
def test_a_context_takes_one_argument(arguments: tuple[int, ...]):
    with pytest.raises(TypeError, match=r"."):
        SSL.Context(*arguments)


@pytest.mark.parametrize(
    ("method", "count"),
    [
        ("set_options", 1),
        ("set_timeout", 1),
        ("use_certificate", 1),
        ("check_privatekey", 0),
        ("set_cipher_list", 1),
        ("set_session_id", 1),
        ("get_timeout", 0),
    ],
)
def test_the_count_of_arguments(method: str, count: int):
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(TypeError, match=r"."):
        getattr(context, method)(*[0] * (count + 1))
    if count:
        with pytest.raises(TypeError, match=r"."):
            getattr(context, method)()


def test_more_than_fits_into_an_int_of_c_at_once():
    connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD))

    class Liar(bytes):
        def __len__(self):
            return 1 << 31

    with mmap.mmap(-1, 1 << 31) as buffer:
        for data in (buffer, Liar()):
            with pytest.raises(ValueError, match=r"2\*\*31-1 bytes"):
                connection.send(data)
