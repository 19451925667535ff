"""What ours is expected to reach, by stage of the project; `run.py --goals STAGE` compares a run with it.

A stage holds only what it adds or raises: a run is judged by its own stage alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import CASES, SIZE, ratio
from .results import Run


@dataclass(frozen=True)
class Goal:
    """At least `bound` times as fast as the peer (for sizes: at most `bound` times as large)."""

    case: str
    peer: str
    bound: float
    against: str | None = None
    """The peer's case to compare with, when it is another one."""


def crypto_goals(factor: dict[str, float], peer: str = "pyopenssl") -> tuple[Goal, ...]:
    """Make goals from case -> factor."""
    return tuple(Goal(case, peer, bound) for case, bound in factor.items())


STAGES: dict[str, tuple[Goal, ...]] = {
    "first": (
        Goal("echo-64", "pyopenssl", 3),
        Goal("bulk", "pyopenssl", 1.5),
        Goal("bulk", "c", 1),
        Goal("import", "pyopenssl", 5),
    ),
    "crypto": (
        *crypto_goals({"subject-components": 4, "subject-cn": 4, "digest": 4, "has-expired": 10, "serial": 3}),
        *crypto_goals({"load-certificate-pem": 1 / 1.15, "load-certificate-der": 1 / 1.15}, "c"),
        *crypto_goals({"load-key-ec": 1 / 1.15, "load-key-rsa": 1 / 1.15}, "c"),
        Goal("verify-chain", "pyopenssl", 1.3),
    ),
    "ssl": (
        Goal("echo-64", "pyopenssl", 4),
        Goal("echo-64", "c", 1 / 1.6),
        Goal("one-way-64", "pyopenssl", 1.7),
        Goal("write-16k", "pyopenssl", 1.8),
        Goal("bulk", "pyopenssl", 2),
        Goal("bulk", "c", 1),
        Goal("resume-12-abrupt", "pyopenssl", 8),
        Goal("threads-handshake", "", 1.6),
        Goal("memory-idle", "pyopenssl", 0.65),
    ),
    "limit": (
        Goal("echo-64", "pyopenssl", 5),
        Goal("echo-64", "c", 1 / 1.4),
        Goal("one-way-64", "pyopenssl", 2),
        Goal("one-way-64", "c", 1 / 1.15),
        Goal("write-16k", "pyopenssl", 2),
        Goal("write-16k", "c", 0.92),
        Goal("bulk", "pyopenssl", 2.2),
        Goal("bulk", "c", 1.1),
        Goal("bulk-read-ahead", "c", 1.3, against="bulk"),
        Goal("handshake-13", "pyopenssl", 1),
        Goal("handshake-13", "c", 0.97),
        Goal("resume-13-abrupt", "pyopenssl", 2),
        Goal("resume-12-abrupt", "pyopenssl", 8),
        Goal("resume-13-abrupt", "c", 0.95, against="resume-13-clean"),
        Goal("resume-12-abrupt", "c", 0.95, against="resume-12-clean"),
        Goal("threads-handshake", "", 1.8),
        Goal("threads-echo", "", 1.3),
        Goal("memory-idle", "pyopenssl", 0.55),
        Goal("import", "pyopenssl", 10),
        Goal("asyncio-echo", "ssl", 1.5),
        *crypto_goals({"load-certificate-pem": 1.1, "load-certificate-der": 1.1}),
        *crypto_goals({"load-key-ec": 1.25, "load-key-rsa": 1.25}),
        *crypto_goals({"load-certificate-pem": 0.9, "load-certificate-der": 0.9}, "c"),
        *crypto_goals({"load-key-ec": 0.9, "load-key-rsa": 0.9, "verify-chain": 0.95}, "c"),
        *crypto_goals({"subject-components": 5, "subject-cn": 5, "digest": 5, "has-expired": 5, "serial": 5}),
        Goal("verify-chain", "pyopenssl", 1.4),
    ),
}


def reached(run: Run, goal: Goal) -> float | None:
    """Compute what a goal asks for, or None when a figure is missing."""
    case = CASES[goal.case]
    ours = run.row(goal.case).medians.get("ours")
    if not goal.peer:
        return ours  # the figure is itself a ratio
    if goal.against is None:
        return run.row(goal.case).ratios("ours").get(goal.peer)
    theirs = run.row(goal.against).medians.get(goal.peer)
    return None if ours is None or theirs is None else ratio(case, ours, theirs)


def judge(run: Run, stage: str) -> tuple[list[str], bool]:
    """Write a line for each goal of the stage whose case was run; tell whether all are reached."""
    lines, all_reached = [], True
    for goal in STAGES[stage]:
        if goal.case not in run.rows:
            continue
        got = reached(run, goal)
        size = CASES[goal.case].unit in SIZE
        good = got is not None and (got <= goal.bound if size else got >= goal.bound)
        all_reached = all_reached and good
        what = f"{goal.case} : {goal.peer or 'one thread'}" + (f" {goal.against}" if goal.against else "")
        wanted = f"{'at most' if size else 'at least'} {goal.bound:.2f}"
        lines.append(
            f"{'ok   ' if good else 'SHORT'} {what:<44} {wanted:<14} got {'-' if got is None else f'{got:.2f}'}"
        )
    return lines, all_reached
