"""The wheel that `make` has built and installed: its name, its contents, what it links, and that it needs nothing."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.support.rows import rows

ROOT = Path(__file__).resolve().parents[2]
VENDORED = os.environ.get("OPENSSL_NO_VENDOR", "0") in ("", "0")
STATIC = VENDORED or os.environ.get("OPENSSL_STATIC", "0") not in ("", "0")
EXTENSION = "OpenSSL/_rust.abi3.so"

# Run where there is nothing but the wheel; prints nothing and raises if something is wrong.
BARE_PROGRAM = """
import sys
from pathlib import Path
import OpenSSL
from OpenSSL import SSL, crypto

assert Path(OpenSSL.__file__).is_relative_to(sys.prefix), OpenSSL.__file__
assert issubclass(SSL.ZeroReturnError, SSL.Error)
assert not issubclass(crypto.Error, SSL.Error)
foreign = {"ssl", "cryptography", "cffi"} & set(sys.modules)
assert not foreign, foreign
loaded = {line.rsplit("/", 1)[-1].strip() for line in Path("/proc/self/maps").read_text().splitlines() if "/" in line}
libraries = {name for name in loaded if name.startswith(("libssl", "libcrypto"))}
assert bool(libraries) == (sys.argv[1] == "shared"), libraries
# Memory for OpenSSL comes from an allocator of our own where it is ours alone.
assert OpenSSL._rust.OWN_ALLOCATOR == (sys.argv[2] == "vendored")
"""


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The one wheel that was built."""
    folder = Path(os.environ.get("IRONSSL_WHEELS", ROOT / "target/wheel"))
    found = list(folder.glob("*.whl"))
    assert len(found) == 1, f"`make wheel` leaves one wheel in {folder}, found {found}"
    return found[0]


@pytest.fixture(scope="module")
def extension(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's shared object."""
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(EXTENSION, tmp_path_factory.mktemp("extension")))


def version() -> str:
    """The version of the workspace."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    return str(manifest["workspace"]["package"]["version"])


def output(*command: str | Path) -> str:
    """The standard output of a program that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@rows(9)
def test_name_says_stable_abi_of_3_11(wheel: Path) -> None:
    assert re.fullmatch(rf"ironssl-{re.escape(version())}-cp311-abi3-(many)?linux_\w+\.whl", wheel.name)


@rows(11)
def test_holds_the_package_and_its_metadata_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {"OpenSSL", f"ironssl-{version()}.dist-info"}
    assert {EXTENSION, "OpenSSL/__init__.py", "OpenSSL/py.typed"} <= names
    assert [name for name in names if name.endswith((".so", ".a", ".pyc"))] == [EXTENSION]
    ours = {f"OpenSSL/{path.name}" for path in (ROOT / "python/OpenSSL").glob("*.py*")}
    assert ours <= names
    assert any(name.endswith("/LICENSE") for name in names)


def test_metadata_needs_no_other_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = BytesParser().parsebytes(archive.read(f"ironssl-{version()}.dist-info/METADATA"))
    assert metadata["Name"] == "ironssl"
    assert metadata["Version"] == version()
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("Requires-Dist") is None


def test_links_openssl_as_asked_and_never_libpython(extension: Path) -> None:
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", "--wide", extension))
    assert any(name.startswith("libc.so") for name in needed)
    assert not [name for name in needed if name.startswith("libpython")]
    openssl = sorted(name.split(".so")[0] for name in needed if name.startswith(("libssl", "libcrypto")))
    assert openssl == ([] if STATIC else ["libcrypto", "libssl"])


def test_exports_no_openssl(extension: Path) -> None:
    # Symbols of a static OpenSSL that leaked would meet those of the one behind the standard library's ssl.
    lines = output("nm", "--dynamic", "--defined-only", extension).splitlines()
    names = {line.split()[-1] for line in lines}
    assert "PyInit__rust" in names
    assert [name for name in names if not name.startswith("PyInit_")] == []


@rows(11, 12)
def test_works_where_there_is_nothing_else(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "bare"
    python = home / "bin/python"
    output(sys.executable, "-m", "venv", "--without-pip", home)
    output(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "--quiet", wheel)
    kinds = ["static" if STATIC else "shared", "vendored" if VENDORED else "other"]
    subprocess.run([python, "-I", "-c", BARE_PROGRAM, *kinds], env={}, check=True)


@rows(13)
@pytest.mark.parametrize("option", ["--target", "--prefix"])
def test_installs_into_another_place(wheel: Path, tmp_path: Path, option: str) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--ignore-installed")
    output(*pip, option, tmp_path, wheel)
    (package,) = tmp_path.rglob("OpenSSL/__init__.py")
    place = package.parents[1]
    assert (place == tmp_path) is (option == "--target")
    program = "import OpenSSL, OpenSSL.SSL; print(OpenSSL.__file__)"
    found = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(place)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(found.stdout.strip()) == package
