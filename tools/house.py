"""Checks the rules of the house that no compiler and no linter knows, and reports the sizes of the files.

Run by `make lint`; CONTRIBUTING.md gives the rules with their reasons.
"""

import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

# A file longer than this is to be split.
LONGEST = 800
# A file longer than this is worth a thought, and is listed.
LONG = 500

# Comments, and the insides of strings and characters: what looks like code there is none.
NO_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|\bb?r(?P<hashes>#*)".*?"(?P=hashes)|"(?:\\.|[^"\\])*"|\'(?:\\.[^\']*|[^\\\'])\'',
    re.DOTALL,
)
# A requirement that cannot change under us.
PINNED = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+")
ABI = re.compile(r'"(C|C-unwind|system)"')

# (what is looked for, the folders where it is, the places that may, what is wrong elsewhere)
DOORS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str], ...] = (
    (
        r"\bunsafe\b",
        ("crates",),
        ("crates/core/", "crates/sys/"),
        "`unsafe` is for crates/core (and declarations in crates/sys)",
    ),
    (
        r'\bextern\s+"(?:C|C-unwind|system)"\s+fn\s+\w',
        ("crates",),
        ("crates/core/src/callback/", "crates/sys/"),
        "functions that C calls live in crates/core/src/callback/",
    ),
    (
        r"\bERR_[a-z]\w*",
        ("crates",),
        ("crates/core/src/queue.rs", "crates/sys/"),
        "only crates/core/src/queue.rs touches OpenSSL's error queue",
    ),
    (
        r"\bSSL_get_error\b",
        ("crates",),
        ("crates/core/src/ssl/status.rs", "crates/sys/"),
        "only crates/core/src/ssl/status.rs reads the status of a TLS operation",
    ),
    (
        r"\bqueue::(?:take\b|\{[^}]*\btake\b)",
        ("crates",),
        ("crates/core/src/check.rs",),
        "only crates/core/src/check.rs makes an error of what a C function returned",
    ),
    (
        r"\bErrorStack\s*::\s*new\b",
        ("crates",),
        # The door itself; then those that say in words of their own what is wrong with a file or a text.
        (
            "crates/core/src/queue.rs",
            "crates/core/src/error.rs",
            "crates/core/src/file.rs",
            "crates/core/src/pem.rs",
            "crates/core/src/pkcs12.rs",
            "crates/core/src/x509/extension/conf.rs",
        ),
        "an error of OpenSSL's kind comes from crates/core/src/check.rs, or is worded by `Error::ssl`",
    ),
    (
        r"\bErrorStack\b|\bironssl::(?:error::)?Error\b|\bironssl::(?:error::)?\{[^}]*\bError\b",
        ("crates/python/src",),
        ("crates/python/src/error.rs",),
        "only crates/python/src/error.rs makes exceptions of core errors",
    ),
    (
        r"\bPython::(?:attach|try_attach|with_gil)\b",
        ("crates/python/src",),
        ("crates/python/src/attached.rs",),
        "only crates/python/src/attached.rs attaches: a thread that Python ends must stop there",
    ),
    (
        r"\bcrate::ssl\b",
        ("crates/python/src/crypto",),
        (),
        "crypto never imports ssl",
    ),
    (
        r"\bpyo3\b|\bPy(?:Err|Any|Object)\b",
        ("crates/core", "crates/sys"),
        (),
        "crates/core knows no Python",
    ),
)

# Crates that crates/python reaches only through crates/core.
BELOW = ("openssl-sys", "ironssl-sys", "openssl", "libc")
NO_NAMES = ("util", "utils", "helper", "helpers", "misc", "common")


def code(text: str) -> str:
    """The text of a Rust file with comments and literals blanked, line for line."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        return found if ABI.fullmatch(found) else "\n" * found.count("\n")

    return NO_CODE.sub(blank, text)


def sources(root: Path, suffix: str) -> Iterator[tuple[str, str]]:
    """Our own files of one kind: path from the root, and text."""
    for top in ("crates", "python", "tests", "examples", "tools", "fuzz"):
        for path in sorted((root / top).rglob(f"*{suffix}")):
            if "target" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


def complaints(root: Path) -> Iterator[str]:
    """Everything under `root` that breaks a rule, as `place: reason`."""
    for path, text in sources(root, ".rs"):
        if not text.startswith("//! "):
            yield f"{path}: opens without `//!` (what lives here, what must not)"
        for pattern, folders, allowed, reason in DOORS:
            if not path.startswith(tuple(f"{folder}/" for folder in folders)) or path.startswith(allowed):
                continue
            blanked = code(text)
            for match in re.finditer(pattern, blanked):
                line = blanked.count("\n", 0, match.start()) + 1
                yield f"{path}:{line}: {reason}"

    for path, text in sources(root, ".py"):
        if text.strip() and not text.startswith(('"""', 'r"""', "#!")):
            yield f"{path}: opens without a docstring"

    for suffix in (".rs", ".py", ".pyi"):
        for path, text in sources(root, suffix):
            if Path(path).stem in NO_NAMES:
                yield f"{path}: a name that says nothing"
            lines = text.count("\n")
            if lines > LONGEST:
                yield f"{path}: {lines} lines; past {LONGEST} a file is split"

    requirements = (root / "tests/requirements.txt").read_text(encoding="utf-8").splitlines()
    for number, requirement in enumerate(requirements, 1):
        if requirement.strip() and not requirement.startswith("#") and not PINNED.fullmatch(requirement):
            yield f"tests/requirements.txt:{number}: not one exact version"

    if "#![forbid(unsafe_code)]" not in (root / "crates/python/src/lib.rs").read_text(encoding="utf-8"):
        yield "crates/python/src/lib.rs: `#![forbid(unsafe_code)]` is missing"
    manifest = (root / "crates/python/Cargo.toml").read_text(encoding="utf-8")
    for crate in BELOW:
        if re.search(rf"^{re.escape(crate)}\b", manifest, re.MULTILINE):
            yield f"crates/python/Cargo.toml: {crate} is reached through crates/core only"


def report(root: Path) -> Iterator[str]:
    """The sizes of the files, folder by folder."""
    folders = ("crates/sys", "crates/core", "crates/python", "python", "tests", "examples", "tools")
    sizes = {path: text.count("\n") for suffix in (".rs", ".py", ".pyi") for path, text in sources(root, suffix)}
    for folder in folders:
        inside = [lines for path, lines in sizes.items() if path.startswith(f"{folder}/")]
        if inside:
            middle = statistics.median(inside)
            yield f"{folder:14} {len(inside):4} files {sum(inside):7} lines, median {middle:.0f}, most {max(inside)}"
    for path, lines in sorted(sizes.items(), key=lambda item: -item[1]):
        if lines > LONG:
            yield f"{path}: {lines} lines, past {LONG}: think"


def main(root: Path) -> int:
    """Prints the report and the complaints; 1 if there are any."""
    for line in report(root):
        print(line)
    found = list(complaints(root))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent))
