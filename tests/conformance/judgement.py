"""Compares what became of a suite's tests with our package and with the original, and says what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.conformance.catalogue import Suite
from tests.conformance.exclusions import Exclusion, Kind
from tests.conformance.running import FAILED, Outcome


@dataclass
class Judgement:
    """What is to be said of a suite."""

    lost: list[str] = field(default_factory=list)
    """Tests that pass with the original and not with ours, and are not excluded."""
    failed_with_both: list[str] = field(default_factory=list)
    """Tests that fail with ours and do not pass with the original either."""
    gained: list[str] = field(default_factory=list)
    """Tests that pass with ours only."""
    excluded: list[str] = field(default_factory=list)
    """Tests that pass with the original only, as an exclusion says."""
    wrong: list[str] = field(default_factory=list)
    """What else makes the suite fail, in words."""

    @property
    def passed(self) -> bool:
        """Whether ours does all that the original does, but for the exclusions."""
        return not self.lost and not self.wrong


def covering(suite: Suite, test: str) -> Exclusion | None:
    """Find the exclusion of a test."""
    return next((exclusion for exclusion in suite.excluded if exclusion.covers(test)), None)


def judge(suite: Suite, original: Outcome, ours: Outcome) -> Judgement:
    """Compare the outcomes, test for test."""
    found = Judgement()
    for test, theirs in original.tests.items():
        mine = ours.tests.get(test, "missing")
        if theirs == "passed" and mine != "passed":
            (found.lost if covering(suite, test) is None else found.excluded).append(test)
    for test, mine in ours.tests.items():
        theirs = original.tests.get(test, "missing")
        if mine == "passed" and theirs != "passed":
            found.gained.append(test)
        elif mine in FAILED and theirs != "passed" and not covering(suite, test):
            found.failed_with_both.append(test)
    found.wrong.extend(_wrong(suite, original, ours))
    return found


def _wrong(suite: Suite, original: Outcome, ours: Outcome) -> Iterator[str]:
    if original.package != suite.original:
        yield f"the original should be pyOpenSSL {suite.original}, and was {original.package or 'not there'}"
    if "+ironssl." not in ours.package:
        yield f"our package was not what the tests imported, but pyOpenSSL {ours.package or 'of no version'}"
    if original.passed == 0:
        yield "no test passed with the original"
    if original.ended:
        yield f"with the original, the run {original.ended}"
    if ours.lingered:
        yield "the process did not end after the last test"
    if ours.ended:
        yield f"the run {ours.ended}"
    for test, outcome in ours.tests.items():
        if test not in original.tests and not covering(suite, test):
            yield f"{test} was {outcome}, and was not there with the original"
    if len(suite.excluded) > suite.most_excluded:
        yield f"{len(suite.excluded)} tests are excluded, {suite.most_excluded} may be"
    for exclusion in suite.excluded:
        if exclusion.kind is Kind.NETWORK:
            continue
        covered = [ours.tests.get(test, "missing") for test in original.tests if exclusion.covers(test)]
        if not covered:
            yield f"{exclusion.test} is excluded, and there is no such test"
        elif exclusion.kind is not Kind.LIBRARY and all(outcome == "passed" for outcome in covered):
            yield f"{exclusion.test} is excluded, and passes: the exclusion is to go"
