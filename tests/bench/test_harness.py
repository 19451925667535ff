"""The harness itself: the tables agree with each other, ratios point the right way, README is replaced as promised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness import goals, report
from harness.catalogue import CASES, PEERS, ratio
from harness.results import Row, Run, figure
from workers import stdlib_asyncio, stdlib_memory, stdlib_sockets

BENCH = Path(__file__).parent


def cases_of(peer: str) -> set[str]:
    """Name the cases that the catalogue expects of a peer."""
    return {case.name for case in CASES.values() if peer in case.peers}


def run_of(turns: dict[str, dict[str, list[float]]], peers: tuple[str, ...] = PEERS) -> Run:
    """Make a run of case -> peer -> turns."""
    settings = {"peers": list(peers), "turns": 3, "quick": False, "clock": "wall"}
    run = Run(settings, {"processor": "cpu", "cores": 2, "date": "2000-01-01"}, {peer: {} for peer in peers})
    run.rows = {case: Row(case, each) for case, each in turns.items()}
    return run


def test_plain_c_has_the_cases_of_the_catalogue() -> None:
    table = (BENCH / "plain" / "main.c").read_text().split("} cases[] = {")[1].split("};")[0]
    assert set(re.findall(r'\{"([a-z0-9-]+)"', table)) == cases_of("c")


def test_the_standard_library_has_the_cases_of_the_catalogue() -> None:
    names = {*stdlib_memory.CASES, *stdlib_sockets.CASES, *stdlib_asyncio.CASES, "import"}
    assert names == cases_of("ssl")


def test_the_package_has_the_cases_of_the_catalogue() -> None:
    import work

    assert {*work.package_cases(), "import"} == cases_of("ours")


def test_goals_name_cases_and_peers_that_can_be_compared() -> None:
    for goal in (goal for stage in goals.STAGES.values() for goal in stage):
        assert "ours" in CASES[goal.case].peers
        assert not goal.peer or goal.peer in CASES[goal.against or goal.case].peers


@pytest.mark.parametrize(("case", "better"), [("echo-64", 2.0), ("import", 0.5), ("memory-idle", 2.0)])
def test_ratio_direction(case: str, better: float) -> None:
    assert ratio(CASES[case], 20.0, 10.0) == better


def test_ratio_is_taken_within_a_turn() -> None:
    row = Row("echo-64", {"ours": [10.0, 20.0, 400.0], "c": [20.0, 40.0, 80.0]})
    assert row.ratios("ours") == {"c": 0.5}
    assert row.medians == {"ours": 20.0, "c": 40.0}


def test_a_peer_with_an_error_has_no_figure() -> None:
    row = Row("echo-64", {"ours": [10.0], "c": [20.0, 40.0]}, {"ours": "broken"})
    assert row.medians == {"c": 30.0}
    assert row.ratios("ours") == {}
    run = run_of({})
    run.rows["echo-64"] = row
    assert run.failed == ["echo-64, ours: broken"]
    assert "ERROR[1]" in report.text_table(run)
    assert "[1] ours: broken" in report.text_table(run)


def test_figure_uses_the_clock_asked_for() -> None:
    result = {"samples": [[100, 2.0, 1.0], [100, 4.0, 1.0], [100, 5.0, 1.0]]}
    assert figure(result, "wall") == 25.0
    assert figure(result, "cpu") == 100.0


def test_goals_for_speed_size_and_scaling() -> None:
    run = run_of(
        {
            "echo-64": {"ours": [40.0], "pyopenssl": [10.0], "c": [50.0]},
            "memory-idle": {"ours": [60.0], "pyopenssl": [100.0]},
            "threads-handshake": {"ours": [1.5]},
        }
    )
    lines, reached = goals.judge(run, "ssl")
    assert not reached
    assert [line.split()[0] for line in lines] == ["ok", "ok", "SHORT", "ok"]


def test_a_missing_figure_reaches_no_goal() -> None:
    run = run_of({"echo-64": {"pyopenssl": [10.0]}})
    lines, reached = goals.judge(run, "first")
    assert not reached
    assert lines[0].startswith("SHORT")


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = run_of({"echo-64": {"ours": [1.0, 2.0, 3.0], "c": [2.0, 4.0, 6.0]}})
    run.save(tmp_path / "run.json")
    assert report.text_table(Run.load(tmp_path / "run.json")) == report.text_table(run)


def test_update_readme_replaces_only_the_block(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.START}\nold\n{report.END}\nafter\n")
    run = run_of({"echo-64": {"ours": [30.0], "pyopenssl": [10.0], "ssl": [20.0], "c": [60.0]}})
    report.update_readme(run, readme)
    once = readme.read_text()
    assert once.startswith(f"before\n{report.START}\n|")
    assert once.endswith(f"{report.END}\nafter\n")
    assert "| 64-byte round trip | 1/s | 30.0 | 10.0 | 20.0 | 60.0 | 3.00 | 1.50 | 0.50 |" in once
    assert "old" not in once
    report.update_readme(run, readme)
    assert readme.read_text() == once


@pytest.mark.parametrize("text", ["", report.START, f"{report.END}{report.START}", report.START * 2 + report.END])
def test_update_readme_wants_its_marks(tmp_path: Path, text: str) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text)
    with pytest.raises(ValueError, match="must have"):
        report.update_readme(run_of({}), readme)
    assert readme.read_text() == text
