"""Runs one suite in one environment, in a process of its own, and reads what became of each test."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance import environments
from tests.conformance.catalogue import HERE, Suite
from tests.conformance.environments import Unavailable
from tests.conformance.exclusions import Kind

PLUGINS = HERE / "plugin"
SECONDS_PER_TEST = 60
SECONDS_TO_END = 20


FAILED = ("failed", "error", "crashed")
SKIPPED = ("skipped", "xfailed", "xpassed")


@dataclass
class Outcome:
    """What became of all tests of a suite with one package."""

    package: str
    """The version of the package that was imported as `OpenSSL`."""
    openssl: str
    """The version of the library under it."""
    tests: dict[str, str]
    """Test -> passed, failed, error, skipped, xfailed, xpassed or crashed."""
    texts: dict[str, str] = field(default_factory=dict)
    """Test -> why it did not pass."""
    ended: str | None = None
    """How the run ended, where it did not come to its end."""
    lingered: bool = False
    """Whether the process did not end after the last test."""
    again: list[str] = field(default_factory=list)
    """Tests that passed only when they were run again by themselves."""

    def count(self, *outcomes: str) -> int:
        """How many tests had one of these outcomes."""
        return sum(outcome in outcomes for outcome in self.tests.values())

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return self.count("passed")

    @property
    def failed(self) -> int:
        """How many tests did not do what they should."""
        return self.count(*FAILED)

    @property
    def skipped(self) -> int:
        """How many tests were skipped, or may fail as far as their authors are concerned."""
        return self.count(*SKIPPED)

    def as_json(self) -> dict[str, Any]:
        """Everything, for a JSON file."""
        return asdict(self)


def deselected(suite: Suite) -> list[str]:
    """Name the tests that are not run with either package."""
    return [exclusion.test for exclusion in suite.excluded if exclusion.kind is Kind.NETWORK]


def command(suite: Suite, python: Path) -> list[str]:
    """Give the command that runs the suite."""
    chosen = ["-p", "conformance_recorder", *(part for plugin in suite.plugins for part in ("-p", plugin))]
    options = ["-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", "--timeout", str(SECONDS_PER_TEST)]
    named = suite.tests if suite.unpacked else ("--pyargs", *suite.tests)
    return [str(python), "-m", "pytest", *chosen, *options, *named]


def surroundings(suite: Suite, record: Path, home: Path, only: list[str] | None) -> dict[str, str]:
    """Give the environment of the run: nothing of this process's that could change what a test does."""
    return {
        "CONFORMANCE_SELECTED": json.dumps(only),
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PLUGINS),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONFORMANCE_RECORD": str(record),
        "CONFORMANCE_DESELECTED": " ".join(deselected(suite)),
        "OPENSSL_CONF": str(PLUGINS / suite.openssl_conf) if suite.openssl_conf else os.devnull,
    }


def run(suite: Suite, python: Path, log: Path, only: list[str] | None = None) -> Outcome:
    """Run a suite, or only these tests of it; what pytest says goes to the file `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="conformance-") as temporary:
        home, work, record = Path(temporary, "home"), Path(temporary, "work"), Path(temporary, "record")
        home.mkdir()
        work.mkdir()
        environments.unpack(suite, work)
        if not (work / "pyproject.toml").exists():
            # Ends pytest's search for a configuration, which would go on in the folders above.
            (work / "pytest.ini").write_text("[pytest]\n")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(suite, python),
                cwd=work,
                env=surroundings(suite, record, home, only),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = _wait(process, record, suite.seconds)
            finally:
                # Servers that a test has left behind go with it.
                _kill_group(process)
        if not record.exists():
            raise Unavailable(f"{suite.title} did not start: {_tail(log)}")
        return read(record, status)


def _wait(process: subprocess.Popen[bytes], record: Path, seconds: float) -> int | None:
    """Wait for the process; None when it takes too long, be it for the tests or, after the last, to end."""
    deadline = time.monotonic() + seconds
    over = False
    while time.monotonic() < deadline:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(1)
        if not over and record.exists() and record.read_bytes().rpartition(b"\n{")[2].startswith(b'"end"'):
            over = True
            deadline = min(deadline, time.monotonic() + SECONDS_TO_END)
    return None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-8:])


def read(record: Path, status: int | None) -> Outcome:
    """Read what the recorder wrote; `status` is the exit status, None when the time was up."""
    events = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    about: dict[str, str] = next((event for event in events if "package" in event), {})
    outcome = Outcome(about.get("package", ""), about.get("openssl", ""), {})
    running: str | None = None
    complete = False
    for event in events:
        if "start" in event:
            running = event["start"]
        elif "test" in event:
            outcome.tests[event["test"]] = event["outcome"]
            if event["text"]:
                outcome.texts[event["test"]] = event["text"]
            running = None
        elif "end" in event:
            complete = True
    outcome.lingered = complete and status is None
    if not complete:
        how = "took too long" if status is None else f"ended with status {status}"
        outcome.ended = f"{how} in {running or 'no test'}"
        if running is not None:
            outcome.tests[running] = "crashed"
            outcome.texts[running] = outcome.ended
    return outcome
