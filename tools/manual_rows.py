"""Writes docs/manual-rows.md: each promise of the manual, and the tests that show it.

The tests say it themselves (`@rows(...)`, tests/support/rows.py); this reads them without running them.
tools/manual-rows.txt has the rows. `--check` only looks whether the file is as it would be written.
"""

import ast
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROWS = Path("tools/manual-rows.txt")
TABLE = Path("docs/manual-rows.md")

HEADER = """# The manual, row by row

What the manual of pyOpenSSL 0.7 promises, and which tests show it. A row counts as kept when its tests pass, as all of
them must for a commit (`.ci/run`). Written by `make docs` from the tests; do not edit it.
"""


@dataclass(frozen=True)
class Row:
    """One promise."""

    number: int
    title: str
    # Why no test on this platform can show it; empty where one can.
    reason: str


def read_rows(text: str) -> list[tuple[str, list[Row]]]:
    """Return the chapters of the list, each with its rows; ValueError where a number is missing or comes twice."""
    chapters: list[tuple[str, list[Row]]] = []
    for line in text.splitlines():
        if line.startswith("## "):
            chapters.append((line.removeprefix("## "), []))
        elif line and not line.startswith("#"):
            number, _, rest = line.partition(" ")
            title, _, reason = rest.partition(" | ")
            chapters[-1][1].append(Row(int(number), title, reason))
    numbers = [row.number for _, rows in chapters for row in rows]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError("the rows are not numbered one after the other")
    return chapters


def read_tests(root: Path) -> dict[int, list[str]]:
    """Return the tests below `root/tests` that show each row, as `file::name`, in the order of the files."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted((root / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for number in sorted(set(_decorated(node))):
                    found[number].append(f"{path.relative_to(root / 'tests').as_posix()}::{node.name}")
    return found


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[int]:
    """Return the numbers in the `@rows` above a test."""
    numbers = []
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "rows":
            numbers += [int(ast.literal_eval(argument)) for argument in decorator.args]
    return numbers


def table(chapters: list[tuple[str, list[Row]]], tests: dict[int, list[str]]) -> str:
    """Write the file."""
    every = [row for _, rows in chapters for row in rows]
    shown = [row for row in every if tests.get(row.number)]
    reasons = [row for row in every if row.reason and not tests.get(row.number)]
    open_ = [row for row in every if not row.reason and not tests.get(row.number)]
    lines = [
        HEADER,
        f"Of {len(every)} rows {len(shown)} have a test, and {len(reasons)} need none or another platform.",
    ]
    if open_:
        lines.append(f"Not shown yet: {', '.join(str(row.number) for row in open_)}.")
    for chapter, rows in chapters:
        lines += [f"\n## {chapter}\n", "| row | promise | shown by |", "|---:|---|---|"]
        for row in rows:
            by = [f"`{name}`" for name in tests.get(row.number, ())]
            if row.reason:
                by.append(row.reason)
            lines.append(f"| {row.number} | {row.title} | {', '.join(by) or '**no test yet**'} |")
    return "\n".join(lines) + "\n"


def main(root: Path, check: bool) -> int:
    """Write the file, or look whether it is up to date; 1 where it is not."""
    text = table(read_rows((root / ROWS).read_text(encoding="utf-8")), read_tests(root))
    target = root / TABLE
    if not check:
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TABLE} is not what the tests say; `make docs` writes it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent, check="--check" in sys.argv[1:]))
