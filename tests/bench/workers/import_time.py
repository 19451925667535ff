"""Import time: a fresh interpreter that imports, less one that does nothing, in milliseconds.

`-X importtime` is asked once for a second opinion; it is the interpreter's own account, dearer by its bookkeeping.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time

from .measure import Case, Outcome, Plan, require


def spent(code: str) -> float:
    """Time one interpreter in milliseconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/")
    return (time.perf_counter() - start) * 1e3


def own_account(code: str) -> float:
    """Sum what `-X importtime` reports, in milliseconds, for what the interpreter does not import by itself."""

    def cumulative(some: str) -> float:
        command = [sys.executable, "-X", "importtime", "-c", some]
        report = subprocess.run(command, check=True, cwd="/", capture_output=True, text=True).stderr
        # The third column's indent is the depth; what is not indented was not imported by another module.
        return sum(int(us) for us in re.findall(r"^import time:\s+\d+ \|\s+(\d+) \| \S", report, re.M)) / 1e3

    return statistics.median(cumulative(code) - cumulative("pass") for _ in range(3))


def import_time(code: str) -> Case:
    """Measure the import statement `code`."""

    def case(plan: Plan) -> Outcome:
        os.environ.pop("OPENSSL_CONF", None)  # the group is of no concern here
        for some in (code, "pass"):
            spent(some)  # byte code is written, files come into the page cache
        rounds = 5 if plan.quick else 10
        outcome = Outcome()
        for _ in range(1 if plan.quick else plan.windows):
            times = [(spent("pass"), spent(code)) for _ in range(rounds)]
            bare, full = (statistics.median(column) for column in zip(*times, strict=True))
            require(full > bare, "importing took no time")
            outcome.values.append(full - bare)
        outcome.facts["importtime_ms"] = own_account(code)
        return outcome

    return case
