"""The source distribution: it holds all that a build needs. `make test-sdist` does build one from it."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.rows import rows

ROOT = Path(__file__).resolve().parents[2]
# The check of the declarations against the C headers is for those who change them.
LEFT_OUT = ROOT / "crates/sys/headers"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("sdist")
    command = (sys.executable, "-m", "maturin", "sdist", "--out", folder)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (archive,) = folder.glob("ironssl-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


@rows(7)
def test_holds_every_source_file(unpacked: Path) -> None:
    wanted = [ROOT / name for name in ("Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "LICENSE")]
    for crate in ("openssl-src", "sys", "core", "python"):
        wanted += (ROOT / "crates" / crate).rglob("*.rs")
        wanted.append(ROOT / "crates" / crate / "Cargo.toml")
    wanted += (ROOT / "python/OpenSSL").glob("*.py*")
    wanted.append(ROOT / "python/OpenSSL/py.typed")
    missing = [
        path
        for path in wanted
        if not path.is_relative_to(LEFT_OUT) and not (unpacked / path.relative_to(ROOT)).is_file()
    ]
    assert missing == []


def test_holds_no_binaries(unpacked: Path) -> None:
    assert [path for path in unpacked.rglob("*") if path.suffix in (".so", ".a", ".o", ".pyc")] == []


def test_cargo_resolves_it_without_network(unpacked: Path) -> None:
    command = ["cargo", "metadata", "--offline", "--format-version", "1"]
    found = subprocess.run(command, cwd=unpacked, check=True, capture_output=True)
    packages = {(package["name"], package["version"]): package for package in json.loads(found.stdout)["packages"]}
    # The shim, and the OpenSSL behind it: without the patch, openssl-sys would take an OpenSSL 3.
    assert packages["openssl-src", "300.400.3+4.0.3"]["source"] is None
    assert packages["openssl-src", "400.0.2+4.0.3"]["source"].startswith("registry+")
    assert [version for name, version in packages if name == "openssl-src" and version.startswith("300.5")] == []
