"""The runner itself: what it takes for a failure, what the recorder writes down, and that the table is in order."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance import exclusions, report, running
from tests.conformance.catalogue import SUITES, Suite
from tests.conformance.exclusions import Exclusion, Kind
from tests.conformance.judgement import Judgement, judge
from tests.conformance.report import Result
from tests.conformance.running import Outcome

ORIGINAL = "26.4.0"
OURS = "26.4.0+ironssl.1.2.3"
SUITE = Suite("some", "Some 1.0", "some", "1.0", tests=("tests",))


def judged(theirs: dict[str, str], mine: dict[str, str], *excluded: Exclusion, most: int = 5) -> Judgement:
    """Compare test -> outcome with test -> outcome."""
    suite = dataclasses.replace(SUITE, excluded=excluded, most_excluded=most)
    return judge(suite, Outcome(ORIGINAL, "", theirs), Outcome(OURS, "", mine))


def private(test: str) -> Exclusion:
    """Exclude a test."""
    return Exclusion(test, Kind.PRIVATE, "does so")


def test_the_same_outcomes_pass() -> None:
    outcomes = {"m::a": "passed", "m::b": "skipped", "m::c": "failed", "m::d": "xfailed"}
    found = judged(outcomes, outcomes)
    assert found.passed
    assert found.failed_with_both == ["m::c"]


@pytest.mark.parametrize("mine", ["failed", "error", "skipped", "xfailed", "crashed"])
def test_what_passes_with_the_original_only_is_lost(mine: str) -> None:
    found = judged({"m::a": "passed", "m::b": "passed"}, {"m::a": "passed", "m::b": mine})
    assert found.lost == ["m::b"]
    assert not found.passed


def test_what_is_not_run_is_lost() -> None:
    found = judged({"m::a": "passed", "m::b": "passed"}, {"m::a": "passed"})
    assert found.lost == ["m::b"]


def test_a_suite_that_skips_everything_has_failed() -> None:
    found = judged({"m::a": "passed"}, {"m::a": "skipped"})
    assert not found.passed


def test_an_exclusion_covers_a_function_with_its_parameters_and_no_other() -> None:
    theirs = {"m::a[1]": "passed", "m::a[2]": "passed", "m::ab": "passed"}
    found = judged(theirs, {"m::a[1]": "passed", "m::a[2]": "failed", "m::ab": "failed"}, private("m::a"))
    assert found.excluded == ["m::a[2]"]
    assert found.lost == ["m::ab"]
    assert found.wrong == []


def test_an_exclusion_that_is_not_needed_is_wrong() -> None:
    assert "passes" in judged({"m::a": "passed"}, {"m::a": "passed"}, private("m::a")).wrong[0]


def test_an_exclusion_of_nothing_is_wrong() -> None:
    assert "no such test" in judged({"m::a": "passed"}, {"m::a": "passed"}, private("m::b")).wrong[0]


def test_too_many_exclusions_are_wrong() -> None:
    found = judged({"m::a": "passed"}, {"m::a": "failed"}, private("m::a"), most=0)
    assert any("may be" in text for text in found.wrong)


def test_the_wrong_package_is_wrong() -> None:
    same = Outcome(ORIGINAL, "", {"m::a": "passed"})
    assert any("our package" in text for text in judge(SUITE, same, same).wrong)
    ours = Outcome(OURS, "", {"m::a": "passed"})
    assert any("should be pyOpenSSL" in text for text in judge(SUITE, ours, ours).wrong)


def test_an_original_that_passes_nothing_is_wrong() -> None:
    assert not judged({"m::a": "skipped"}, {"m::a": "skipped"}).passed


def test_a_run_that_does_not_end_is_wrong(tmp_path: Path) -> None:
    record = tmp_path / "record"
    events = ({"package": OURS, "openssl": "x"}, {"start": "m::a"})
    record.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    ours = running.read(record, -11)
    assert ours.tests == {"m::a": "crashed"}
    assert ours.failed == 1
    original = Outcome(ORIGINAL, "", {"m::a": "passed"})
    found = judge(SUITE, original, ours)
    assert found.lost == ["m::a"]
    assert "status -11" in found.wrong[0]
    assert "too long" in str(running.read(record, None).ended)


SOME_TESTS = """
import socket
import pytest

def test_passes(): pass
def test_fails(): assert 0, "why"
@pytest.mark.skip(reason="not today")
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.fixture
def broken(): raise ValueError("broken")
def test_error(broken): pass
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): pass
def test_teardown(request): request.addfinalizer(lambda: 1 / 0)
def test_left_out(): pass
def test_no_network():
    with pytest.raises(OSError): socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(OSError): socket.create_connection(("example.org", 80), timeout=5)
    with socket.socket() as one: assert one.connect_ex(("192.0.2.1", 80)) != 0
def test_this_machine():
    with socket.create_server(("localhost", 0)) as server:
        socket.create_connection(server.getsockname()).close()
"""


def test_the_recorder_records(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(SOME_TESTS)
    (tmp_path / "test_broken.py").write_text("import there_is_no_such_module\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    record = tmp_path / "record"
    environment = os.environ | {
        "PYTHONPATH": str(running.PLUGINS),
        "CONFORMANCE_RECORD": str(record),
        "CONFORMANCE_DESELECTED": "test_some::test_left_out",
    }
    suite = dataclasses.replace(SUITE, tests=(".",), unpacked=("tests",))
    command = running.command(suite, Path(sys.executable))
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    outcome = running.read(record, done.returncode)
    assert outcome.ended is None
    assert "+ironssl." in outcome.package
    assert outcome.tests == {
        "test_broken.py": "error",
        "test_some::test_passes": "passed",
        "test_some::test_fails": "failed",
        "test_some::test_skipped": "skipped",
        "test_some::test_expected": "xfailed",
        "test_some::test_error": "error",
        "test_some::test_many[1]": "passed",
        "test_some::test_many[2]": "passed",
        "test_some::test_teardown": "error",
        "test_some::test_no_network": "passed",
        "test_some::test_this_machine": "passed",
    }
    assert "why" in outcome.texts["test_some::test_fails"]
    assert "not today" in outcome.texts["test_some::test_skipped"]
    assert "there_is_no_such_module" in outcome.texts["test_broken.py"]
    assert (outcome.passed, outcome.failed, outcome.skipped) == (5, 4, 2)


def test_every_suite_pins_all_packages_but_the_one_under_test() -> None:
    for suite in SUITES.values():
        lines = [line for line in suite.requirements.read_text().splitlines() if not line.startswith("#")]
        assert lines
        assert all("==" in line for line in lines), suite.name
        assert not [line for line in lines if line.lower().startswith(("pyopenssl", "ironssl"))], suite.name
        for plugin in suite.plugins:
            assert (running.PLUGINS / f"{plugin}.py").is_file()


def test_exclusions_are_few_and_have_reasons() -> None:
    for suite in SUITES.values():
        assert len(suite.excluded) <= suite.most_excluded
        assert len({exclusion.test for exclusion in suite.excluded}) == len(suite.excluded)
        for exclusion in suite.excluded:
            assert exclusion.reason
            assert "[" not in exclusion.test
    assert [suite.name for suite in SUITES.values() if suite.excluded and not suite.name.startswith("pyopenssl-")] == []
    assert SUITES["pyopenssl-26.4.0"].most_excluded <= 18
    assert SUITES["pyopenssl-23.2.0"].most_excluded <= 30
    assert [exclusion.kind for exclusion in exclusions.NETWORK] == [Kind.NETWORK]
    assert {exclusion.kind for exclusion in exclusions.PYOPENSSL_26_4_0} <= {Kind.NETWORK, Kind.PRIVATE, Kind.DECIDED}


def test_the_table_goes_between_the_marks(tmp_path: Path) -> None:
    result = Result(SUITE, Outcome(ORIGINAL, "", {"m::a": "passed"}), Outcome(OURS, "lib", {"m::a": "passed"})).judged()
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.START}\nold\n{report.END}\nafter\n")
    report.update_readme([result], readme)
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| Some 1.0 | pyOpenSSL 26.4.0 | 1 | 0 | 0 | 1 | 0 | 0 | 0 |" in text
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="once each"):
        report.update_readme([result], readme)


def test_what_cannot_be_run_has_failed() -> None:
    result = Result(SUITE, unavailable="no registry").judged()
    assert not result.passed
    assert "no registry" in report.details(result)[0]
    assert "FAILED" in report.text_table([result])
