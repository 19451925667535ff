"""The short version of `make scale`, with the same bounds."""

import pytest

from tests.scale.measure import MEASUREMENTS, run


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_what_many_cost(name: str) -> None:
    assert run(name, short=True)
