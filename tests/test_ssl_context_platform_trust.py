"""Context.set_default_verify_paths: what the environment, the library and the distribution say is to be trusted."""

from pathlib import Path

import pytest
from OpenSSL import SSL

from tests.support.authority import Authority
from tests.support.contexts import server_context
from tests.support.rows import rows
from tests.support.trusting import accepts, hashed_directory, verifying


@rows(210)
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_platform_paths(ec: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str):
    place = ec.root.cert_file
    if variable == "SSL_CERT_DIR":
        place = hashed_directory(tmp_path / "hashed", ec.root.cert_pem)
    monkeypatch.setenv(variable, place)
    context = verifying()
    assert context.set_default_verify_paths() is None
    assert accepts(context, server_context(ec))


@rows(210)
def test_the_platform_does_not_know_our_root(ec: Authority, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    context = verifying()
    context.set_default_verify_paths()
    assert not accepts(context, server_context(ec))


def without_library_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library know of no trusted certificates: its build and the environment name places that are not there."""
    monkeypatch.setenv("SSL_CERT_FILE", "/not/a/file")
    monkeypatch.setenv("SSL_CERT_DIR", "/not/a/directory")
    monkeypatch.setattr(SSL.Context, "_check_env_vars_set", lambda self, directory, file: False)
    monkeypatch.setattr(SSL, "_CRYPTOGRAPHY_MANYLINUX_CA_FILE", default_path("file"))
    monkeypatch.setattr(SSL, "_CRYPTOGRAPHY_MANYLINUX_CA_DIR", default_path("dir"))


def default_path(kind: str) -> bytes:
    """Return where the library of the package under test looks, as it says itself."""
    directory = SSL.OpenSSL_version(SSL.OPENSSL_DIR).partition(b'"')[2].rpartition(b'"')[0]
    return directory + {"file": b"/cert.pem", "dir": b"/certs"}[kind]


@rows(210)
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_the_places_of_distributions_are_the_last_resort(
    ec: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    # C126
    without_library_paths(monkeypatch)
    files, directories = ["/not/there"], ["/not/there"]
    if kind == "file":
        files += [ec.root.cert_file, "/not/there/either"]
    else:
        directories += [hashed_directory(tmp_path / "hashed", ec.root.cert_pem)]
    monkeypatch.setattr(SSL, "_CERTIFICATE_FILE_LOCATIONS", files)
    monkeypatch.setattr(SSL, "_CERTIFICATE_PATH_LOCATIONS", directories)
    context = verifying()
    context.set_default_verify_paths()
    assert accepts(context, server_context(ec))


@rows(210)
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_environment_goes_before_the_last_resort(
    ec: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(SSL, "_CRYPTOGRAPHY_MANYLINUX_CA_FILE", default_path("file"))
    monkeypatch.setattr(SSL, "_CRYPTOGRAPHY_MANYLINUX_CA_DIR", default_path("dir"))
    asked = []
    monkeypatch.setattr(
        SSL.Context,
        "_fallback_default_verify_paths",
        lambda self, files, directories: asked.append((files, directories)),
    )
    verifying().set_default_verify_paths()
    assert asked == [(SSL._CERTIFICATE_FILE_LOCATIONS, SSL._CERTIFICATE_PATH_LOCATIONS)]
    monkeypatch.setenv(variable, str(tmp_path))
    verifying().set_default_verify_paths()
    assert len(asked) == 1


def test_a_context_may_have_a_last_resort_of_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr(SSL, "_CRYPTOGRAPHY_MANYLINUX_CA_FILE", default_path("file"))
    monkeypatch.setattr(SSL, "_CRYPTOGRAPHY_MANYLINUX_CA_DIR", default_path("dir"))

    class Special(SSL.Context):
        def _fallback_default_verify_paths(self, files: list[str], directories: list[str]) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Special(SSL.TLS_METHOD).set_default_verify_paths()


def test_whether_the_environment_names_places(monkeypatch: pytest.MonkeyPatch):
    context = SSL.Context(SSL.TLS_METHOD)
    monkeypatch.delenv("A_FILE", raising=False)
    monkeypatch.delenv("A_DIRECTORY", raising=False)
    assert context._check_env_vars_set("A_DIRECTORY", "A_FILE") is False
    monkeypatch.setenv("A_FILE", "")
    assert context._check_env_vars_set("A_DIRECTORY", "A_FILE") is True
    monkeypatch.delenv("A_FILE")
    monkeypatch.setenv("A_DIRECTORY", "somewhere")
    assert context._check_env_vars_set("A_DIRECTORY", "A_FILE") is True


def test_a_last_resort_that_is_not_there_is_no_error(tmp_path: Path):
    context = SSL.Context(SSL.TLS_METHOD)
    assert context._fallback_default_verify_paths([], []) is None
    # A file where a directory is meant, and the other way round, are not there either.
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert context._fallback_default_verify_paths(["/not/a/file", str(tmp_path)], ["/not/a/dir", str(file)]) is None
