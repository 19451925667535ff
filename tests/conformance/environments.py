"""Makes what a suite runs in: the interpreter, the environments, the unpacked tests. All of it outlives a run.

Each suite has two environments that differ in one thing: which package is imported as `OpenSSL`. Everything is kept
in a cache outside of the tree, under names that change with what it was made of.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.catalogue import Suite

# Long enough for a slow registry, short enough not to hang.
SECONDS_FOR_PIP = 600


class Unavailable(Exception):
    """Something that a suite needs cannot be had; the text says what, and why."""


@dataclass(frozen=True)
class Ours:
    """The wheels of this project."""

    wheel: Path
    """The package."""
    shim: Path
    """The distribution that is called pyOpenSSL and requires it."""
    package: Path | None = None
    """A folder whose files take the place of those in the wheel: what `make dev` has built."""

    @property
    def key(self) -> str:
        """A name for exactly these files."""
        loose = sorted(self.package.glob("*.*")) if self.package else ()
        return digest(self.wheel.read_bytes(), self.shim.read_bytes(), *(path.read_bytes() for path in loose))


def digest(*parts: bytes | str) -> str:
    """Make a short name of what something was made of."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()[:16]


def cache() -> Path:
    """Give the folder of what outlives a run."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ironssl-conformance"


def check_run(command: Sequence[str | Path], what: str, seconds: float = SECONDS_FOR_PIP) -> str:
    """Run a command; Unavailable with the end of its output when it fails."""
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from error
    except subprocess.CalledProcessError as error:
        tail = "\n".join((error.stdout + error.stderr).strip().splitlines()[-8:])
        raise Unavailable(f"{what} failed: {tail}") from error
    return done.stdout


def _answers(python: str | Path, version: str) -> bool:
    question = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    try:
        return subprocess.run([python, "-c", question], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def interpreter(version: str | None) -> Path:
    """Find the interpreter under the one that runs, or one of this version."""
    own = Path(getattr(sys, "_base_executable", sys.executable))
    if version is None:
        return own
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in (str(own), f"python{version}", *map(str, kept)):
        found = shutil.which(candidate)
        if found and _answers(found, version):
            return Path(check_run([found, "-c", "import sys; print(sys.executable)"], f"starting {found}").strip())
    raise Unavailable(f"CPython {version} is needed, and is neither on the PATH nor under ~/.pyenv")


def identity(python: Path) -> str:
    """Say which interpreter this is."""
    return check_run([python, "-c", "import sys; print(sys.version, sys.prefix)"], f"starting {python}")


def _pip(python: Path, what: str, *arguments: str | Path) -> None:
    check_run([python, "-m", "pip", "--disable-pip-version-check", *arguments], what)


def _made(folder: Path, base: Path, suite: Suite, what: str) -> Path:
    """Make an environment with the suite's requirements, without a package `OpenSSL`."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"{suite.title}: making the environment for {what} ...", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        check_run([base, "-m", "venv", folder], f"making {folder}")
        install = ("install", "--quiet", "--no-deps", "--requirement", suite.requirements)
        _pip(python, f"installing {suite.requirements.name}", *install)
        (folder / "complete").touch()
    return python


def _place(suite: Suite, base: Path, what: str) -> Path:
    key = digest(identity(base), suite.requirements.read_bytes())
    return cache() / "environments" / f"{suite.name}-{key}-{what}"


def original(suite: Suite) -> Path:
    """Give the interpreter of the environment with the original package."""
    base = interpreter(suite.python)
    folder = _place(suite, base, "original")
    python = _made(folder, base, suite, f"pyOpenSSL {suite.original}")
    stamp = folder / f"pyopenssl-{suite.original}"
    if not stamp.exists():
        wanted = f"pyOpenSSL=={suite.original}"
        _pip(python, f"installing {wanted}", "install", "--quiet", "--no-deps", "--only-binary=:all:", wanted)
        stamp.touch()
    return python


def ours(suite: Suite, wheels: Ours) -> Path:
    """Give the interpreter of the environment with our package in the original's place."""
    base = interpreter(suite.python)
    folder = _place(suite, base, "ours")
    python = _made(folder, base, suite, "this package")
    stamp = folder / "wheels"
    if not stamp.exists() or stamp.read_text() != wheels.key:
        stamp.unlink(missing_ok=True)
        install = ("install", "--quiet", "--no-index", "--no-deps", "--force-reinstall")
        _pip(python, "installing this package", *install, wheels.wheel, wheels.shim)
        if wheels.package is not None:
            place = check_run([python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"], "asking for it")
            shutil.copytree(wheels.package, Path(place.strip(), "OpenSSL"), dirs_exist_ok=True)
        # What requires pyOpenSSL is content with the shim.
        _pip(python, "pip check", "check")
        stamp.write_text(wheels.key)
    return python


def source(suite: Suite) -> Path:
    """Give the source distribution of a suite, fetched once."""
    folder = cache() / "downloads" / f"{suite.name}-{suite.version}"
    found = sorted(folder.glob("*.tar.gz"))
    if not found:
        print(f"{suite.title}: fetching its tests ...", file=sys.stderr, flush=True)
        temporary = folder.with_name(f"{folder.name}.{os.getpid()}")
        wanted = f"{suite.distribution}=={suite.version}"
        # pip runs the package's build once, to learn its name and version.
        options = ("download", "--quiet", "--no-deps", "--no-binary", suite.distribution, "--dest", temporary)
        _pip(Path(sys.executable), f"fetching the source of {wanted}", *options, wanted)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        found = sorted(folder.glob("*.tar.gz"))
    if len(found) != 1:
        raise Unavailable(f"one source distribution is expected in {folder}, found {[path.name for path in found]}")
    return found[0]


def unpack(suite: Suite, folder: Path) -> None:
    """Unpack what the suite needs of its source distribution into a folder, and never the package itself."""
    if not suite.unpacked:
        return
    with tarfile.open(source(suite)) as archive:
        wanted = []
        for member in archive.getmembers():
            # The distribution is one folder; what is inside comes to the top.
            inside = re.sub(r"^[^/]+/", "", member.name)
            if inside.split("/")[0] in suite.unpacked:
                wanted.append(member.replace(name=inside, deep=False))
        archive.extractall(folder, members=wanted, filter="data")
    missing = [name for name in suite.unpacked if not (folder / name).exists()]
    if missing:
        raise Unavailable(f"{suite.title} has no {', '.join(missing)}")
