"""What runs here, in one text: to put into a report of a bug, and to find out what is wrong with an installation.

`python -m OpenSSL.debug` prints it; `_env_info` is the text. Nothing else of the package imports this module.
"""

import base64
import csv
import hashlib
import os
import ssl
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path, PurePosixPath

from OpenSSL import SSL, __version__, _rust

__all__ = ["Record", "ownership"]

# What a distribution says of each of its files in the package: the digest when it was installed, if it noted one.
Record = dict[str, str | None]


def ownership(package: Path, distributions: Iterable[metadata.Distribution]) -> list[str]:
    """Say which of the installed distributions the package at this place belongs to, and what to do if it is several.

    Two distributions that hold a package of one name write into one directory. Whichever comes later overwrites what
    it has in common with the earlier, and removing either takes away files of both.
    """
    owners: dict[str, Record] = {}
    notes: list[str] = []
    for distribution in distributions:
        fields = distribution.metadata
        if "Name" not in fields or "Version" not in fields:
            # Half of a distribution, left by an installation that was broken off.
            continue
        name = fields["Name"]
        title = f"{name} {fields['Version']}"
        here, elsewhere = _files(package, distribution)
        if here:
            owners[title] = here
        elif elsewhere:
            notes.append(f"hidden by it: {title}, in {elsewhere}")
        elif name.lower() == "pyopenssl":
            notes.append(f"{title} has no files: it only says that what needs pyOpenSSL has it")
    if not owners:
        notes.insert(0, "no installed distribution; it is on the path by other means")
    elif len(owners) == 1 and all(title.startswith("ironssl ") for title in owners):
        ((title, record),) = owners.items()
        notes[:0] = [title, *_differences(package, record)]
    else:
        notes[:0] = _mixed(package, owners)
    return notes


def _files(package: Path, distribution: metadata.Distribution) -> tuple[Record, Path | None]:
    """Return what a distribution has in the package's directory, and where else it has a package of that name."""
    here: Record = {}
    elsewhere = None
    # Not `distribution.files`, which since CPython 3.12 leaves out what is missing.
    for name, digest, *_ in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        parts = PurePosixPath(name).parts
        if parts[:1] != (package.name,) or "__pycache__" in parts:
            continue
        place = Path(os.path.abspath(str(distribution.locate_file(name))))
        if package in place.parents:
            kind, _, value = digest.partition("=")
            here[place.relative_to(package).as_posix()] = value if kind == "sha256" else None
        else:
            elsewhere = place.parent
    return here, elsewhere


def _digest(path: Path) -> str | None:
    """Return the digest of a file in the form of such records, None for one that cannot be read."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _differences(package: Path, record: Record) -> list[str]:
    """Name the files that are no longer as they were installed."""
    found = {name: _digest(package / name) for name in record}
    missing = sorted(name for name, digest in found.items() if digest is None)
    changed = sorted(
        name for name, digest in found.items() if digest is not None and record[name] not in (None, digest)
    )
    return [f"{what}: {', '.join(names)}" for what, names in (("missing", missing), ("changed", changed)) if names]


def _mixed(package: Path, owners: dict[str, Record]) -> list[str]:
    """Tell whose files are there, and how to get back to those of one."""
    lines = [f"{' and '.join(owners)}: their files are mixed in one directory"]
    for title, record in owners.items():
        intact = sorted(name for name, digest in record.items() if digest and _digest(package / name) == digest)
        lines.append(f"of {title} there are: {', '.join(intact) or 'none'}")
    names = " ".join(title.split(" ")[0] for title in owners)
    lines += [
        "to mend it, remove all of them, look that nothing is left, and install the one you want:",
        f"    python -m pip uninstall {names}",
        f"    rm -r {package}",
        "    python -m pip install ironssl    (or pyOpenSSL)",
    ]
    return lines


def _trust() -> list[str]:
    """Say what `Context.set_default_verify_paths` trusts here."""
    file, directory, file_variable, directory_variable = _rust.ssl.library_paths()
    lines = []
    for what, path, variable in (("file", file, file_variable), ("directory", directory, directory_variable)):
        state = "is there" if os.path.exists(path) else "missing"
        lines.append(f"{what}: {path} ({state}); {variable} is {os.environ.get(variable, 'not set')}")
    fallbacks = SSL._CERTIFICATE_FILE_LOCATIONS + SSL._CERTIFICATE_PATH_LOCATIONS
    there = [os.fsdecode(path) for path in fallbacks if os.path.exists(path)]
    lines.append(f"where none of these is there: {', '.join(there) or 'nothing'}")
    return lines


def _version(distribution: str) -> str:
    """Return the version of another package."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _describe() -> str:
    """Write the text."""
    package = Path(os.path.abspath(__file__)).parent

    def library(what: int) -> str:
        return SSL.OpenSSL_version(what).decode("utf-8", "replace")

    facts: list[tuple[str, str | list[str]]] = [
        ("ironssl", _rust.VERSION),
        ("Interface", __version__),
        ("Package", str(package)),
        ("Belongs to", ownership(package, metadata.distributions())),
        ("OpenSSL", f"{library(SSL.OPENSSL_VERSION)} ({SSL.OPENSSL_VERSION_NUMBER:#x})"),
        ("OpenSSL comes", "with this package" if _rust.VENDORED else "from where this package was built"),
        ("OpenSSL built", [library(SSL.OPENSSL_BUILT_ON), library(SSL.OPENSSL_PLATFORM), library(SSL.OPENSSL_CFLAGS)]),
        ("OpenSSL directory", library(SSL.OPENSSL_DIR)),
        ("Trusted by default", _trust()),
        ("cryptography", _version("cryptography")),
        ("Python's OpenSSL", ssl.OPENSSL_VERSION),
        ("Python", sys.version.replace("\n", " ")),
        ("Python executable", sys.executable),
        ("Platform", f"{sys.platform}, {os.uname().release}, {os.uname().machine}"),
        ("sys.path", [entry or "(the current directory)" for entry in sys.path]),
    ]
    lines = []
    for name, value in facts:
        texts = [value] if isinstance(value, str) else value
        lines.append(f"{name}: {texts[0]}")
        lines += [f"    {text}" for text in texts[1:]]
    return "\n".join(lines)


_env_info = _describe()

if __name__ == "__main__":
    print(_env_info)
