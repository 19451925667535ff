"""tools/manual_rows.py reads the tests right, and the list of rows is that of `@rows`."""

from pathlib import Path

import pytest

from tests.support import rows as numbers
from tools import manual_rows

ROOT = Path(__file__).resolve().parents[2]

LIST = """# A comment.

## One chapter

1 The first
2 The second | no promise
3 The third | needs Windows too

## Another

4 The fourth
"""

TESTS = '''"""Doc."""
from tests.support.rows import rows

@rows(1, 3)
@rows(1)
def test_some():
    pass

class TestMore:
    @rows(1)
    async def test_inside(self):
        pass

def test_other():
    rows(4)
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a list and a test."""
    for name, text in (("tools/manual-rows.txt", LIST), ("tests/sub/test_x.py", TESTS)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_table_names_the_tests_of_each_row(tree: Path) -> None:
    assert manual_rows.main(tree, check=False) == 0
    lines = (tree / manual_rows.TABLE).read_text().splitlines()
    assert [line for line in lines if line.startswith(("| 1", "| 2", "| 3", "| 4", "## ", "Of ", "Not "))] == [
        "Of 4 rows 2 have a test, and 1 need none or another platform.",
        "Not shown yet: 4.",
        "## One chapter",
        "| 1 | The first | `sub/test_x.py::test_some`, `sub/test_x.py::test_inside` |",
        "| 2 | The second | no promise |",
        "| 3 | The third | `sub/test_x.py::test_some`, needs Windows too |",
        "## Another",
        "| 4 | The fourth | **no test yet** |",
    ]


def test_check_sees_a_table_of_yesterday(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert manual_rows.main(tree, check=True) == 1
    assert "make docs" in capsys.readouterr().err
    manual_rows.main(tree, check=False)
    assert manual_rows.main(tree, check=True) == 0
    (tree / "tests/sub/test_x.py").write_text(TESTS.replace("rows(1, 3)", "rows(1)"))
    assert manual_rows.main(tree, check=True) == 1


@pytest.mark.parametrize("text", ["## A\n1 x\n3 y\n", "## A\n1 x\n1 y\n", "## A\n2 x\n"])
def test_list_has_no_gap(text: str) -> None:
    with pytest.raises(ValueError, match="one after the other"):
        manual_rows.read_rows(text)


def test_our_list_has_the_rows_of_the_decorator() -> None:
    chapters = manual_rows.read_rows((ROOT / manual_rows.ROWS).read_text(encoding="utf-8"))
    every = [row for _, rows in chapters for row in rows]
    assert [row.number for row in every] == list(range(numbers.FIRST, numbers.LAST + 1))
    assert all(row.title for row in every)


def test_a_promise_without_a_test_is_none_or_of_another_platform() -> None:
    chapters = manual_rows.read_rows((ROOT / manual_rows.ROWS).read_text(encoding="utf-8"))
    excused = {row.number for _, rows in chapters for row in rows if row.reason}
    assert excused == {1, 3, 4, 6, 8, 14, 15, 16, 148, 154, 300, 327, 328, 329}
