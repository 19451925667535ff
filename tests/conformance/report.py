"""The table of a run: as text, as Markdown between the marks of a README, and as JSON."""

from __future__ import annotations

import json
import platform
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conformance import running
from tests.conformance.catalogue import Suite
from tests.conformance.judgement import Judgement, judge
from tests.conformance.running import FAILED, SKIPPED, Outcome

START, END = "<!-- conformance:start -->", "<!-- conformance:end -->"
HEADING = ("suite", "with", "passed", "failed", "skipped", "ours: passed", "failed", "skipped", "excluded")
# How much of a failure's text the terminal gets; the JSON has all.
LONGEST_TEXT = 160


@dataclass
class Result:
    """A suite with both packages, or why it could not be run."""

    suite: Suite
    original: Outcome | None = None
    ours: Outcome | None = None
    unavailable: str | None = None
    judgement: Judgement = field(default_factory=Judgement)

    def judged(self) -> Result:
        """Compare the two outcomes, where there are two."""
        if self.original is not None and self.ours is not None:
            self.judgement = judge(self.suite, self.original, self.ours)
        return self

    @property
    def passed(self) -> bool:
        """Whether ours does all that the original does."""
        return self.ours is not None and self.original is not None and self.judgement.passed


def excluded(result: Result) -> str:
    """Write how many tests are left out, and how many functions of those that may be that are."""
    suite = result.suite
    if not suite.most_excluded:
        return "0"
    tests = len(result.judgement.excluded) + len(running.deselected(suite))
    return f"{tests} ({len(suite.excluded)} of {suite.most_excluded} functions)"


def row(result: Result) -> tuple[str, ...]:
    """Write a line of the table, cell by cell. What is left out is in the last cell, and in none of ours."""
    cells = [result.suite.title, f"pyOpenSSL {result.suite.original}"]
    out = Counter(result.ours.tests.get(test, "missing") for test in result.judgement.excluded) if result.ours else {}
    for outcome in (result.original, result.ours):
        if outcome is None:
            cells += ["-", "-", "-"]
            continue
        failed, skipped = outcome.failed, outcome.skipped
        if outcome is result.ours:
            # A test with another name than with the original is one of those that are left out.
            renamed = [test for test in outcome.tests if result.original and test not in result.original.tests]
            failed -= sum(out[what] for what in FAILED) + sum(outcome.tests[test] in FAILED for test in renamed)
            skipped -= sum(out[what] for what in SKIPPED)
        cells += [str(outcome.passed), str(failed), str(skipped)]
    return (*cells, excluded(result))


def text_table(results: list[Result]) -> str:
    """Write the table for a terminal, the verdict last in each line."""
    rows = [(*HEADING, ""), *((*row(result), "passed" if result.passed else "FAILED") for result in results)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in rows
    )


def details(result: Result) -> list[str]:
    """Write what is wrong with a suite, line by line."""
    if result.unavailable is not None:
        return [f"{result.suite.title} could not be run: {result.unavailable}"]
    lines = [f"{result.suite.title}: {text}" for text in result.judgement.wrong]
    assert result.ours is not None
    lines += [f"{result.suite.title}: {test} passed only when it was run again" for test in result.ours.again]
    missing = Counter(test.split("::")[0] for test in result.judgement.lost if test not in result.ours.tests)
    lines += [f"{result.suite.title}: {count} tests of {module} were not run" for module, count in missing.items()]
    shown = [test for test in (*result.judgement.lost, *result.judgement.failed_with_both) if test in result.ours.tests]
    for test in shown:
        text = result.ours.texts.get(test, "").strip().split("\n")[0][:LONGEST_TEXT]
        also = " (with pyOpenSSL too)" if test in result.judgement.failed_with_both else ""
        lines.append(f"{result.suite.title}: {test}: {result.ours.tests[test]}{also}: {text}")
    return lines


def markdown(results: list[Result]) -> str:
    """Write the table for a README."""
    lines = [
        "| " + " | ".join(HEADING) + " |",
        "|---|---|" + "---:|" * (len(HEADING) - 2),
        *("| " + " | ".join(row(result)) + " |" for result in results),
        "",
        f"CPython {platform.python_version()}; ours: {results[0].ours.openssl if results[0].ours else '-'}. "
        "A suite of a program is run with the newest pyOpenSSL, one of pyOpenSSL with itself.",
    ]
    return "\n".join(lines)


def update_readme(results: list[Result], path: Path) -> None:
    """Replace what stands between the marks; ValueError when they are not there exactly once, in order."""
    text = path.read_text(encoding="utf-8")
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        raise ValueError(f"{path} must have {START} and after it {END}, once each")
    block = f"{START}\n{markdown(results)}\n{END}"
    path.write_text(re.sub(f"{START}.*{END}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


def as_json(results: list[Result]) -> dict[str, Any]:
    """Give everything that is known of a run."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "suites": {
            result.suite.name: {
                "title": result.suite.title,
                "passed": result.passed,
                "unavailable": result.unavailable,
                "original": result.original and result.original.as_json(),
                "ours": result.ours and result.ours.as_json(),
                "judgement": asdict(result.judgement),
                "excluded": [
                    {"test": each.test, "kind": each.kind.value, "reason": each.reason}
                    for each in result.suite.excluded
                ],
            }
            for result in results
        },
    }


def save(results: list[Result], path: Path) -> None:
    """Write a run as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_json(results), indent=1) + "\n", encoding="utf-8")
