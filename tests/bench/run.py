"""Measure ours, pyOpenSSL, the standard library's ssl and plain C side by side.  README.md tells how to read it."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from pathlib import Path

from harness import goals, peers, report, runner
from harness.catalogue import CASES, GROUPS, PEERS, Case
from harness.results import Run


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", default=".venv/bin/python", help="interpreter that has this project's package")
    parser.add_argument("--case", action="append", metavar="NAME", help="only this case, or pattern; may be repeated")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated, the first is compared with the rest")
    parser.add_argument("--quick", action="store_true", help="a smoke run of less than a minute: no figures to quote")
    parser.add_argument("--turns", type=int, help="turns of each peer (5; quick: 1)")
    parser.add_argument("--windows", type=int, help="windows measured in a turn (3; quick: 1)")
    parser.add_argument("--seconds", type=float, help="length of a window (0.15; quick: 0.01)")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: for a busy machine; one-thread cases only"
    )
    parser.add_argument("--output", type=Path, default=peers.ROOT / "target" / "bench", help="folder of the JSON files")
    parser.add_argument("--from", dest="source", type=Path, help="report this JSON file instead of measuring")
    parser.add_argument("--update-readme", action="store_true", help="put the table of a whole run into README.md")
    parser.add_argument("--readme", type=Path, default=peers.ROOT / "README.md")
    parser.add_argument("--goals", choices=goals.STAGES, help="compare with what this stage expects; status 1 if short")
    parser.add_argument("--list", action="store_true", help="list the cases")
    options = parser.parse_args()
    options.peers = options.peers.split(",")
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if len(set(options.peers)) != len(options.peers):
        parser.error("a peer is named twice")
    options.peers.sort(key=PEERS.index)
    for name in ("turns", "windows", "seconds"):
        if getattr(options, name) is not None and getattr(options, name) <= 0:
            parser.error(f"--{name} must be positive")
    return options


def chosen(patterns: list[str] | None) -> list[Case]:
    """Pick the cases that the command line names."""
    if patterns is None:
        return list(CASES.values())
    for pattern in patterns:
        if not fnmatch.filter(CASES, pattern):
            sys.exit(f"no case is named {pattern}; --list tells the names")
    return [case for name, case in CASES.items() if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def measured(options: argparse.Namespace) -> Run:
    """Measure, and keep the figures."""
    cases = chosen(options.case)
    turns, windows, seconds = (1, 1, 0.01) if options.quick else (5, 3, 0.15)
    settings = runner.Settings(
        turns=options.turns or turns,
        windows=options.windows or windows,
        seconds=options.seconds or seconds,
        quick=options.quick,
        clock=options.clock,
    )
    try:
        made, material = peers.make(options.peers, options.ours)
    except peers.Unavailable as error:
        sys.exit(str(error))
    run = runner.run(cases, made, settings, material)
    name = "selected" if options.case else "quick" if options.quick else "latest"
    path = options.output / f"{name}.json"
    run.save(path)
    print(f"kept in {path}", file=sys.stderr)
    return run


def main() -> int:
    """Run; the status is 1 when a case failed or a goal was not reached."""
    options = arguments()
    if options.list:
        for group, cases in GROUPS.items():
            print(group)
            for case in cases:
                print(f"  {case.name:<22} {case.title} [{case.unit}]")
        return 0
    run = measured(options) if options.source is None else Run.load(options.source)
    print(report.text_table(run))
    good = not run.failed
    if options.update_readme:
        if run.settings["quick"] or set(run.rows) != set(CASES) or run.peers != list(PEERS) or run.failed:
            sys.exit("README.md is left as it is: only a whole run of all peers goes there, not quick, without errors")
        report.update_readme(run, options.readme)
    if options.goals:
        lines, reached = goals.judge(run, options.goals)
        print("\n".join(["", f"Goals of the stage {options.goals!r}:", *lines]))
        good = good and reached
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
