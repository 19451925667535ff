"""Ties a test to the sentences of the manual that it checks.

The numbers are those of the manual's checklist; a tool that walks the tests can read them from `manual_rows`.
"""

from collections.abc import Callable
from typing import TypeVar

FIRST = 1
LAST = 329

T = TypeVar("T", bound=Callable[..., object] | type)


def rows(*numbers: int) -> Callable[[T], T]:
    """Say that the decorated test (or class of tests) shows these rows of the manual's checklist."""
    if not numbers:
        raise ValueError("rows() needs at least one row number")
    for number in numbers:
        if type(number) is not int or not FIRST <= number <= LAST:
            raise ValueError(f"row {number!r} is not in the checklist, whose rows are {FIRST} to {LAST}")

    def attach(test: T) -> T:
        earlier: tuple[int, ...] = getattr(test, "manual_rows", ())
        setattr(test, "manual_rows", (*earlier, *numbers))  # noqa: B010  mypy knows no such attribute
        return test

    return attach
