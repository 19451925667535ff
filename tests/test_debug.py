"""`python -m OpenSSL.debug`: what it tells, and whose the package is when two distributions share its directory."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import OpenSSL
import pytest
from OpenSSL import SSL

PACKAGE = Path(OpenSSL.__file__).parent


def describe(*places: Path, **environment: str) -> str:
    """Run the module, with these places first on its path; return what it prints."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "OpenSSL.debug"],
        env={**inherited, "PYTHONPATH": os.pathsep.join(map(str, places)), **environment},
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


def facts(text: str) -> dict[str, list[str]]:
    """Return the lines of each fact."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("    "):
            found[name].append(line[4:])
        else:
            name, _, value = line.partition(": ")
            found[name] = [value]
    return found


def test_tells_what_a_report_needs() -> None:
    told = facts(describe())
    assert told["Interface"] == [OpenSSL.__version__]
    assert OpenSSL.__version__.endswith(f"+ironssl.{told['ironssl'][0]}")
    assert told["Package"] == [str(PACKAGE)]
    assert told["OpenSSL"] == [f"{SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()} ({SSL.OPENSSL_VERSION_NUMBER:#x})"]
    assert told["OpenSSL comes"][0] in ("with this package", "from where this package was built")
    built = [SSL.OPENSSL_BUILT_ON, SSL.OPENSSL_PLATFORM, SSL.OPENSSL_CFLAGS]
    assert told["OpenSSL built"] == [SSL.OpenSSL_version(what).decode() for what in built]
    assert told["OpenSSL directory"] == [SSL.OpenSSL_version(SSL.OPENSSL_DIR).decode()]
    assert told["Python executable"] == [sys.executable]
    assert told["Platform"][0].startswith(sys.platform)
    assert told["cryptography"] != ["not installed"]
    assert str(PACKAGE.parent) in told["sys.path"]


def test_tells_where_trust_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "mine.pem"
    told = facts(describe(SSL_CERT_FILE=str(file)))["Trusted by default"]
    assert told[0].startswith("file: /")
    assert told[0].endswith(f"SSL_CERT_FILE is {file}")
    assert told[1].startswith("directory: /")
    assert told[1].endswith("SSL_CERT_DIR is not set")
    assert told[2].startswith("where none of these is there: ")


def test_is_a_text_of_the_module_which_the_package_does_not_import() -> None:
    program = """
import sys, OpenSSL
assert "OpenSSL.debug" not in sys.modules
from OpenSSL.debug import _env_info
assert type(_env_info) is str and _env_info.startswith("ironssl: ")
"""
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)


def record(root: Path, name: str, version: str, files: dict[str, bytes | None]) -> None:
    """Note that a distribution has installed these files, with their content or without a digest."""
    folder = root / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{folder.name}/METADATA,,", f"{folder.name}/RECORD,,"]
    for path, content in files.items():
        if content is None:
            lines.append(f"{path},,")
            continue
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}")
    (folder / "RECORD").write_text("\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages with a copy of this one, which no distribution has noted yet."""
    shutil.copytree(PACKAGE, tmp_path / "OpenSSL", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def ours(site: Path) -> dict[str, bytes | None]:
    """Return the files of the package, and their content."""
    paths = sorted(path for path in (site / "OpenSSL").rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in paths}


ORIGINALS = {
    f"OpenSSL/{name}": f"# {name} of the original\n".encode()
    for name in ("SSL.py", "__init__.py", "_util.py", "crypto.py", "debug.py", "rand.py", "version.py")
}


def belongs(site: Path) -> list[str]:
    """Return what is said of the owner of the package in this folder."""
    told = facts(describe(site))
    assert told["Package"] == [str(site / "OpenSSL")]
    return [line for line in told["Belongs to"] if not line.startswith("hidden by it:")]


def test_belongs_to_ironssl(site: Path) -> None:
    record(site, "ironssl", "1.2.3", ours(site))
    assert belongs(site) == ["ironssl 1.2.3"]


def test_files_that_have_changed_since_are_named(site: Path) -> None:
    record(site, "ironssl", "1.2.3", ours(site))
    with (site / "OpenSSL/tsafe.py").open("a") as file:
        file.write("# mended by hand\n")
    (site / "OpenSSL/py.typed").unlink()
    assert belongs(site) == ["ironssl 1.2.3", "missing: py.typed", "changed: tsafe.py"]


def test_belongs_to_nobody(site: Path) -> None:
    assert belongs(site) == ["no installed distribution; it is on the path by other means"]


def test_ours_over_the_original(site: Path) -> None:
    """The original was there first, and left the files that both have to us."""
    record(site, "ironssl", "1.2.3", ours(site))
    record(site, "pyOpenSSL", "26.4.0", ORIGINALS)
    told = belongs(site)
    assert "their files are mixed in one directory" in told[0]
    assert {"ironssl 1.2.3", "pyOpenSSL 26.4.0"} <= set(told[0].split(": ")[0].split(" and "))
    assert "of pyOpenSSL 26.4.0 there are: none" in told
    (mine,) = (line for line in told if line.startswith("of ironssl 1.2.3 there are:"))
    assert "SSL.py" in mine
    assert "_rust.abi3.so" in mine
    commands = [line.strip() for line in told if line.startswith("    ")]
    assert commands[0].startswith("python -m pip uninstall ")
    assert set(commands[0].split()[4:]) == {"ironssl", "pyOpenSSL"}
    assert commands[1] == f"rm -r {site / 'OpenSSL'}"
    assert commands[2].startswith("python -m pip install ironssl")


def test_the_original_over_ours_in_part(site: Path) -> None:
    """Something has put files of the original in between."""
    record(site, "ironssl", "1.2.3", ours(site))
    record(site, "pyOpenSSL", "26.4.0", ORIGINALS)
    (site / "OpenSSL/_util.py").write_bytes(ORIGINALS["OpenSSL/_util.py"] or b"")
    told = belongs(site)
    assert "of pyOpenSSL 26.4.0 there are: _util.py" in told
    (mine,) = (line for line in told if line.startswith("of ironssl 1.2.3 there are:"))
    assert "_util.py" not in mine


def test_only_the_original_has_noted_it(site: Path) -> None:
    record(site, "pyOpenSSL", "26.4.0", ORIGINALS)
    told = belongs(site)
    assert told[0] == "pyOpenSSL 26.4.0: their files are mixed in one directory"


def test_an_old_original_notes_no_digests(site: Path) -> None:
    record(site, "ironssl", "1.2.3", ours(site))
    record(site, "pyOpenSSL", "0.13", dict.fromkeys(ORIGINALS))
    assert "of pyOpenSSL 0.13 there are: none" in belongs(site)


def test_a_stand_in_without_files_is_no_second_owner(site: Path) -> None:
    record(site, "ironssl", "1.2.3", ours(site))
    record(site, "pyOpenSSL", "26.4.0+ironssl.1.2.3", {})
    assert belongs(site) == [
        "ironssl 1.2.3",
        "pyOpenSSL 26.4.0+ironssl.1.2.3 has no files: it only says that what needs pyOpenSSL has it",
    ]


def test_another_one_further_down_the_path_is_hidden(site: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    record(site, "ironssl", "1.2.3", ours(site))
    other = tmp_path_factory.mktemp("other")
    (other / "OpenSSL").mkdir()
    for name, content in ORIGINALS.items():
        (other / name).write_bytes(content)
    record(other, "pyOpenSSL", "26.4.0", ORIGINALS)
    told = facts(describe(site, other))["Belongs to"]
    assert told[0] == "ironssl 1.2.3"
    assert f"hidden by it: pyOpenSSL 26.4.0, in {other / 'OpenSSL'}" in told


def test_what_is_no_distribution_does_no_harm(site: Path) -> None:
    record(site, "ironssl", "1.2.3", ours(site))
    (site / "~yopenssl-26.4.0.dist-info").mkdir()
    (site / "broken-1.0.dist-info").mkdir()
    (site / "broken-1.0.dist-info/RECORD").write_text("OpenSSL/SSL.py,sha256=,\n")
    assert belongs(site)[0].startswith("ironssl 1.2.3")


def test_it_offers_nothing_that_is_not_its_own():
    namespace = {}
    exec("from OpenSSL.debug import *", namespace)
    assert {name for name in namespace if not name.startswith("_")} == {"Record", "ownership"}
