"""Making the peers: environments, the C program, the material, and checks that each is what it claims to be."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
ROOT = BENCH.parents[1]

PYOPENSSL = "26.4.0"
# Pinned so that figures are repeatable, and because this release carries the same OpenSSL as ours.
REQUIREMENTS = (f"pyOpenSSL=={PYOPENSSL}", "cryptography==50.0.2")

# For TLS 1.3's cipher suite and the group there is no interface that all peers share, but all read OpenSSL's own
# configuration.  P-256 is there for the signatures of TLS 1.2; x25519 comes first, and every process checks it.
OPENSSL_CONF = """\
openssl_conf = start
[start]
ssl_conf = ssl
[ssl]
system_default = all
[all]
Groups = X25519:P-256
Ciphersuites = TLS_AES_128_GCM_SHA256
"""


class Unavailable(Exception):
    """A peer cannot be made; the text says why and what to do."""


@dataclass
class Peer:
    """One column: how to start its worker, or why it cannot be started."""

    name: str
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    unavailable: str | None = None
    identity: dict[str, str] = field(default_factory=dict)


def cache() -> Path:
    """Give the folder of what outlives a run, outside the tree."""
    folder = os.environ.get("IRONSSL_BENCH_CACHE")
    return Path(folder) if folder else Path.home() / ".cache" / "ironssl-bench"


def check_run(command: list[str], what: str) -> str:
    """Run a command; Unavailable with the end of its output when it fails."""
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except OSError as error:
        raise Unavailable(f"{what}: {error}") from error
    except subprocess.CalledProcessError as error:
        tail = "\n".join((error.stdout + error.stderr).strip().splitlines()[-8:])
        raise Unavailable(f"{what} failed: {tail}") from error
    return done.stdout


def python_of(interpreter: str) -> Path:
    """Find the interpreter under a virtual environment, to make the others from the very same one."""
    found = check_run([interpreter, "-c", "import sys; print(sys._base_executable)"], f"starting {interpreter}")
    return Path(found.strip())


def pyopenssl_python(base: Path) -> Path:
    """Make the environment of pyOpenSSL, once for each set of requirements and interpreter."""
    version = check_run([str(base), "-c", "import sys; print(sys.version, sys.prefix)"], f"starting {base}")
    key = hashlib.sha256(f"{version}{REQUIREMENTS}".encode()).hexdigest()[:12]
    folder = cache() / f"pyopenssl-{PYOPENSSL}-{key}"
    python = folder / "bin" / "python"
    stamp = folder / "complete"
    if not stamp.exists():
        print(f"installing pyOpenSSL {PYOPENSSL} into an environment of its own ...", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        check_run([str(base), "-m", "venv", str(folder)], "making the environment of pyOpenSSL")
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS]
        check_run(install, f"installing pyOpenSSL {PYOPENSSL}")
        stamp.touch()
    return python


def material(python: Path) -> Path:
    """Make the certificates and keys, once for each version of material.py; they are valid for ten years."""
    script = BENCH / "harness" / "material.py"
    folder = cache() / f"material-{hashlib.sha256(script.read_bytes()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        check_run([str(python), str(script), str(folder)], "making the certificates")
        (folder / "complete").touch()
    (folder / "openssl.cnf").write_text(OPENSSL_CONF)
    return folder


def openssl_install() -> Path:
    """Find the static OpenSSL that ours is linked with: $OPENSSL_DIR, or what the cargo build made last."""
    given = os.environ.get("OPENSSL_DIR")
    if given:
        return Path(given)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    found = sorted(
        target.glob("release/build/openssl-sys-*/out/openssl-build/install"), key=lambda path: path.stat().st_mtime
    )
    if not found:
        raise Unavailable("no static OpenSSL under target/release: run `cargo build --release`, or set OPENSSL_DIR")
    return found[-1]


def plain_program() -> Path:
    """Compile plain/*.c against the static OpenSSL, again whenever either has changed."""
    install = openssl_install()
    library = next((path for name in ("lib", "lib64") for path in [install / name] if path.is_dir()), install / "lib")
    archives = [library / "libssl.a", library / "libcrypto.a"]
    for archive in archives:
        if not archive.is_file():
            raise Unavailable(f"{archive} is missing")
    sources = sorted((BENCH / "plain").glob("*.c"))
    state = hashlib.sha256("".join(f"{path}{path.stat().st_mtime_ns}" for path in archives).encode())
    for path in [*sources, BENCH / "plain" / "bench.h"]:
        state.update(path.read_bytes())
    program = cache() / f"plain-{state.hexdigest()[:12]}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        temporary = program.with_suffix(f".{os.getpid()}")
        options = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-Wshadow", "-pthread"]
        command = [os.environ.get("CC", "cc"), *options, f"-I{install / 'include'}", *map(str, sources)]
        check_run([*command, *map(str, archives), "-ldl", "-o", str(temporary)], "compiling plain C")
        temporary.replace(program)
    return program


def environment(folder: Path, *, ours: bool) -> dict[str, str]:
    """Make the environment of a worker.

    PYTHONPATH reaches only ours, where it may be how a package under development is found: in any other peer it could
    put our package in the place of the one to compare with.
    """
    kept = {name: text for name, text in os.environ.items() if ours or name != "PYTHONPATH"}
    return kept | {"OPENSSL_CONF": str(folder / "openssl.cnf"), "PYTHONHASHSEED": "0"}


def check_identity(peer: Peer) -> None:
    """Ask a peer what it is; Unavailable when it is something else."""
    answer = json.loads(check_identity_output(peer))
    peer.identity = answer["identity"]
    version = peer.identity.get("version", "")
    if peer.name == "ours" and "ironssl" not in version:
        raise Unavailable(f"the package OpenSSL of this interpreter is not ours but {version}, {peer.identity['file']}")
    if peer.name == "pyopenssl" and version != PYOPENSSL:
        raise Unavailable(f"pyOpenSSL {PYOPENSSL} was asked for, found {version}, {peer.identity['file']}")


def check_identity_output(peer: Peer) -> str:
    """Run the worker's case `identity`."""
    done = subprocess.run([*peer.command, "identity"], env=peer.environment, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise Unavailable(lines[-1] if lines else f"status {done.returncode}")
    return done.stdout


def make(names: list[str], ours: str) -> tuple[list[Peer], Path]:
    """Make the peers asked for, and the material.

    A peer that cannot be made is in the list all the same and says why: its rows are errors, never left out.  Without
    the environment of pyOpenSSL there is no material, hence no run: Unavailable.
    """
    try:
        base = python_of(ours)
    except Unavailable:
        base = Path(getattr(sys, "_base_executable", sys.executable))
    theirs = pyopenssl_python(base)
    folder = material(theirs)
    work = str(BENCH / "work.py")
    peers = []
    for name in names:
        peer = Peer(name, environment=environment(folder, ours=name == "ours"))
        try:
            match name:
                case "ours":
                    if not shutil.which(ours):
                        raise Unavailable(f"there is no interpreter {ours}; `make demo` makes it, or give --ours")
                    peer.command = [ours, work, "package"]
                case "pyopenssl":
                    peer.command = [str(theirs), work, "package"]
                case "ssl":
                    peer.command = [str(theirs), work, "stdlib"]
                case "c":
                    peer.command = [str(plain_program())]
            check_identity(peer)
        except Unavailable as error:
            peer.unavailable = str(error)
        peers.append(peer)
    return peers, folder
