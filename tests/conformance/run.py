"""Runs other projects' tests with our package and with the original, and compares: `make conformance`.

README.md beside this file tells how to read what it prints.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

from tests.conformance import environments, report, resolution, running
from tests.conformance.catalogue import SUITES, Suite
from tests.conformance.environments import Ours, Unavailable
from tests.conformance.judgement import judge
from tests.conformance.report import Result
from tests.conformance.running import Outcome

ROOT = Path(__file__).resolve().parents[2]
# More than so many that fail are no accident.
MOST_RUN_AGAIN = 4


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.run", description=__doc__)
    parser.add_argument("--wheel", type=Path, help="the wheel of this project")
    parser.add_argument("--shim", type=Path, help="the wheel called pyOpenSSL that requires it")
    parser.add_argument("--package", type=Path, help="a folder OpenSSL to use in place of the wheel's (`make dev`)")
    parser.add_argument("--suite", action="append", metavar="NAME", help="only this suite; may be repeated")
    parser.add_argument("--output", type=Path, default=ROOT / "target" / "conformance", help="folder of logs and JSON")
    parser.add_argument("--measure-again", action="store_true", help="run with the original, kept figures or not")
    parser.add_argument("--update-readme", action="store_true", help="put the table of a whole run into README.md")
    parser.add_argument("--list", action="store_true", help="list the suites")
    options = parser.parse_args()
    if unknown := set(options.suite or ()) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    if not options.list and (options.wheel is None or options.shim is None):
        parser.error("--wheel and --shim are needed")
    return options


def key_of_original(suite: Suite, python: Path) -> str:
    """Name everything that the original's figures depend on."""
    plugins = b"".join(path.read_bytes() for path in sorted(running.PLUGINS.glob("*.*")))
    tests = environments.source(suite).read_bytes() if suite.unpacked else b""
    how = json.dumps(
        [running.command(suite, Path("python")), running.deselected(suite), suite.original, suite.openssl_conf]
    )
    return environments.digest(
        environments.identity(python), platform.platform(), suite.requirements.read_bytes(), plugins, tests, how
    )


def second_chance(suite: Suite, failed: list[str], outcome: Outcome, python: Path, log: Path) -> None:
    """Run a few tests that failed again by themselves, since some fail now and then, whichever package is there."""
    for attempt in (2, 3):
        if not 0 < len(failed) <= MOST_RUN_AGAIN:
            return
        again = running.run(suite, python, log.with_suffix(f".{attempt}.log"), only=failed)
        cured = [test for test in failed if again.tests.get(test) == "passed"]
        outcome.tests.update(dict.fromkeys(cured, "passed"))
        outcome.again.extend(cured)
        # A test that timed out leaves threads behind that keep the process.
        outcome.lingered = outcome.lingered and (again.lingered or not cured)
        failed = [test for test in failed if test not in cured]


def outcome_of_original(suite: Suite, logs: Path, measure_again: bool) -> Outcome:
    """Run the suite with the original, unless the same has been run before."""
    python = environments.original(suite)
    kept = environments.cache() / "originals" / f"{suite.name}-{key_of_original(suite, python)}.json"
    if kept.exists() and not measure_again:
        return Outcome(**json.loads(kept.read_text(encoding="utf-8")))
    print(f"{suite.title}: running with pyOpenSSL {suite.original} ...", file=sys.stderr, flush=True)
    outcome = running.run(suite, python, logs / f"{suite.name}.original.log")
    failed = [test for test, what in outcome.tests.items() if what in ("failed", "error")]
    second_chance(suite, failed, outcome, python, logs / f"{suite.name}.original.log")
    if outcome.ended is None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(outcome.as_json()), encoding="utf-8")
    return outcome


def result_of(suite: Suite, wheels: Ours, options: argparse.Namespace) -> Result:
    """Run a suite with both packages."""
    result = Result(suite)
    try:
        result.original = outcome_of_original(suite, options.output, options.measure_again)
        python = environments.ours(suite, wheels)
        print(f"{suite.title}: running with this package ...", file=sys.stderr, flush=True)
        result.ours = running.run(suite, python, options.output / f"{suite.name}.ours.log")
        lost = [test for test in judge(suite, result.original, result.ours).lost if test in result.ours.tests]
        second_chance(suite, lost, result.ours, python, options.output / f"{suite.name}.ours.log")
    except Unavailable as error:
        result.unavailable = str(error)
    return result.judged()


def main() -> int:
    """Run; the status is 1 when a suite does not pass all that it passes with the original."""
    options = arguments()
    if options.list:
        for suite in SUITES.values():
            print(f"{suite.name:<18} {suite.title}")
        return 0
    wheels = Ours(options.wheel, options.shim, options.package)
    results = [result_of(SUITES[name], wheels, options) for name in options.suite or SUITES]
    path = options.output / ("selected.json" if options.suite else "latest.json")
    report.save(results, path)
    for line in [line for result in results for line in report.details(result)]:
        print(line)
    print(report.text_table(results))
    wrong = None if options.suite else resolution.complaint(wheels)
    if not options.suite:
        print(f"pip install {' '.join(resolution.ASKED_FOR)}: {wrong or 'takes our wheels, and pip check is clean'}")
    print(f"kept in {path}, beside what pytest said", file=sys.stderr)
    good = all(result.passed for result in results) and wrong is None
    if options.update_readme:
        if options.suite or not good:
            sys.exit("README.md is left as it is: only a whole run that passed goes there")
        report.update_readme(results, ROOT / "README.md")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
