"""The distribution in shim/ called pyOpenSSL: what it says, and that it satisfies those who require pyOpenSSL."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def version() -> str:
    """The version of the workspace."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    return str(manifest["workspace"]["package"]["version"])


def only(folder: str, otherwise: str) -> Path:
    """The one wheel of a folder that make has filled."""
    found = list(Path(os.environ.get(folder, ROOT / otherwise)).glob("*.whl"))
    assert len(found) == 1, f"`make shim wheel` leaves one wheel in each folder, found {found}"
    return found[0]


@pytest.fixture(scope="module")
def shim() -> Path:
    """The wheel of shim/."""
    return only("IRONSSL_SHIM", "target/shim")


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel of the package."""
    return only("IRONSSL_WHEELS", "target/wheel")


def pip(python: Path, *arguments: str | Path, status: int = 0) -> str:
    """Run pip on an environment, without a registry."""
    command = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", *arguments]
    environment = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_version_is_that_of_the_interface_and_ours(shim: Path) -> None:
    assert shim.name == f"pyopenssl-26.4.0+ironssl.{version()}-py3-none-any.whl"


def test_is_metadata_and_nothing_else(shim: Path) -> None:
    with zipfile.ZipFile(shim) as archive:
        names = archive.namelist()
        metadata = BytesParser().parsebytes(archive.read(next(name for name in names if name.endswith("/METADATA"))))
    assert {name.split("/")[0] for name in names} == {f"pyopenssl-26.4.0+ironssl.{version()}.dist-info"}
    assert metadata["Name"] == "pyOpenSSL"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Requires-Dist") == [f"ironssl>={version()}"]


def program(folder: Path, name: str, requirement: str) -> Path:
    """Make the wheel of a program without files that requires something."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        info = f"{name}-1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: {requirement}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def test_satisfies_programs_and_goes_again(shim: Path, wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    python = home / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=60)
    links = ("--find-links", str(shim.parent), "--find-links", str(wheel.parent))
    asking = program(tmp_path, "asking", "pyOpenSSL>=26,<27")
    pip(python, "install", "--quiet", *links, asking, "pyOpenSSL>=26")
    assert "No broken requirements" in pip(python, "check")
    shown = "import OpenSSL.SSL, importlib.metadata as m; print(OpenSSL.__version__, m.version('pyOpenSSL'))"
    done = subprocess.run([python, "-I", "-c", shown], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [f"26.4.0+ironssl.{version()}"] * 2

    # As README.md says how to go back: after that, the original is what is missing, and all that is.
    back = re.search(r"^    (pip uninstall .*)$", README, re.MULTILINE)
    assert back is not None
    pip(python, *back[1].split()[1:], "--yes")
    assert "asking 1.0 requires pyopenssl, which is not installed" in pip(python, "check", status=1)
    gone = subprocess.run([python, "-I", "-c", "import OpenSSL"], capture_output=True, text=True)
    assert "No module named" in gone.stderr


def test_newer_demands_are_not_met(shim: Path, wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=60)
    links = ("--find-links", str(shim.parent), "--find-links", str(wheel.parent))
    said = pip(home / "bin/python", "install", *links, "pyOpenSSL>=27", status=1)
    assert "No matching distribution found for pyOpenSSL>=27" in said
