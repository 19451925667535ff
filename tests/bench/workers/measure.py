"""The clock of all Python cases: windows of a loop, threads, and the result that is printed.

A case gives `loop(n)`, which performs n operations and checks what can be checked without distorting the figure; here
it is found out how large n must be to fill a window, and windows are measured.  plain/main.c does the same in C.
"""

from __future__ import annotations

import gc
import itertools
import json
import queue
import resource
import threading
import time
import timeit
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Loop = Callable[[int], None]


class WrongResult(Exception):
    """A case did not do what it is supposed to measure."""


@dataclass(frozen=True)
class Plan:
    """What the command line asked for."""

    seconds: float
    """How long one window lasts."""
    windows: int
    """How many windows are measured."""
    quick: bool
    """A smoke run: small amounts."""
    material: Path
    """The folder of certificates and keys."""

    def read(self, name: str) -> bytes:
        """Read a file of the material."""
        return (self.material / name).read_bytes()

    def path(self, name: str) -> str:
        """Name a file of the material."""
        return str(self.material / name)


@dataclass
class Outcome:
    """The result of a case in this process: samples of a rate, or figures."""

    samples: list[tuple[float, float, float]] = field(default_factory=list)
    """One [amount, wall seconds, CPU seconds] for each window."""
    values: list[float] = field(default_factory=list)
    """For cases that are no rate."""
    facts: dict[str, float] = field(default_factory=dict)
    """What else is worth keeping, e.g. the share of handshakes that were resumed."""

    def line(self, case: str) -> str:
        """Write the result as the JSON line that the harness reads."""
        result: dict[str, object] = {"case": case, "facts": self.facts}
        if self.values:
            result["values"] = self.values
        else:
            result["samples"] = self.samples
        return json.dumps(result)


Case = Callable[[Plan], Outcome]


def require(condition: bool, message: str) -> None:
    """Raise WrongResult unless the condition holds (an assert that -O leaves in)."""
    if not condition:
        raise WrongResult(message)


def calibrate(plan: Plan, loop: Loop) -> int:
    """Find the number of operations that fills one window; running up to it is the warm-up."""
    for n in (2**exponent for exponent in itertools.count()):
        start = time.perf_counter()
        loop(n)
        spent = time.perf_counter() - start
        if spent >= plan.seconds / 4:
            break
    return max(1, int(n * plan.seconds / spent))


def rate(plan: Plan, loop: Loop, *, amount: float = 1.0, count: int | None = None) -> Outcome:
    """Measure windows of `loop`.

    `amount` is what one operation counts for in the unit of the case; `count` fixes the number of operations of a
    window instead of finding it out.
    """
    n = calibrate(plan, loop) if count is None else count
    outcome = Outcome()
    for _ in range(plan.windows):
        gc.collect()
        cpu = time.process_time()
        wall = time.perf_counter()
        loop(n)
        wall = time.perf_counter() - wall
        cpu = time.process_time() - cpu
        outcome.samples.append((n * amount, wall, cpu))
    return outcome


def statement(plan: Plan, code: str, names: Mapping[str, object]) -> Outcome:
    """Measure one statement, inlined into the loop as timeit does it: no call of ours is in the figure."""
    timer = timeit.Timer(code, globals=dict(names))

    def loop(n: int) -> None:
        timer.timeit(n)

    try:
        return rate(plan, loop)
    finally:
        gc.enable()


def together(*functions: Callable[[], None]) -> None:
    """Run the functions in a thread each and wait for all; the first exception is raised at once.

    The threads are daemons, so one that is still blocked after another failed does not keep the process alive.
    """
    results: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def run(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:
            results.put(error)
        else:
            results.put(None)

    for function in functions:
        threading.Thread(target=run, args=(function,), daemon=True).start()
    for _ in functions:
        error = results.get()
        if error is not None:
            raise error


def scaling(plan: Plan, loops: tuple[Loop, Loop]) -> Outcome:
    """Measure how much more two threads get done than one; the loops share no connection."""

    def spent(*some: Loop) -> float:
        start = time.perf_counter()
        together(*((lambda loop=loop: loop(n)) for loop in some))
        return time.perf_counter() - start

    n = calibrate(plan, loops[0])
    loops[1](1)
    outcome = Outcome()
    for _ in range(plan.windows):
        gc.collect()
        one = n / spent(loops[0])
        two = 2 * n / spent(*loops)
        outcome.values.append(two / one)
        outcome.facts.update(one_thread=one, two_threads=two)
    return outcome


def resident_kib() -> float:
    """Read the resident memory of this process in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024
