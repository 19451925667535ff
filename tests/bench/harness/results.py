"""The figures of a run: medians, ratios within a turn, and the JSON file they are kept in."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .catalogue import CASES, PEERS, ratio


@dataclass
class Row:
    """One case: what each peer gave in each turn, or why it gave nothing."""

    case: str
    turns: dict[str, list[float]] = field(default_factory=dict)
    """Peer -> one figure for each turn, the median of its windows."""
    errors: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def medians(self) -> dict[str, float]:
        """The median over the turns of each peer without an error."""
        return {peer: statistics.median(turns) for peer, turns in self.turns.items() if peer not in self.errors}

    def ratios(self, reference: str) -> dict[str, float]:
        """Compare the reference with each other peer: the median over the turns of the ratio within a turn.

        The two figures of a turn were measured one after the other, so slow changes of the machine cancel out.
        """
        return {peer: statistics.median(each) for peer, each in self.paired(reference).items()}

    def paired(self, reference: str) -> dict[str, list[float]]:
        """Compare within each turn."""
        medians = self.medians
        if reference not in medians:
            return {}
        return {
            peer: [ratio(CASES[self.case], a, b) for a, b in zip(self.turns[reference], self.turns[peer], strict=True)]
            for peer in medians
            if peer != reference
        }


@dataclass
class Run:
    """A whole run."""

    settings: dict[str, Any]
    machine: dict[str, Any]
    identities: dict[str, dict[str, str]]
    notes: list[str] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)

    def row(self, case: str) -> Row:
        """Give the row of a case, an empty one if it was not run."""
        return self.rows.get(case, Row(case))

    @property
    def peers(self) -> list[str]:
        """The peers that took part, in the order of the columns."""
        return [peer for peer in PEERS if peer in self.settings["peers"]]

    @property
    def failed(self) -> list[str]:
        """One line for each error."""
        return [f"{row.case}, {peer}: {text}" for row in self.rows.values() for peer, text in row.errors.items()]

    def save(self, path: Path) -> None:
        """Write all figures, and the medians and ratios computed from them, as JSON."""
        cases = {}
        for row in self.rows.values():
            case = CASES[row.case]
            cases[row.case] = {
                "title": case.title,
                "unit": case.unit,
                "median": row.medians,
                "ratio": row.ratios(self.peers[0]),
                "ratio_turns": row.paired(self.peers[0]),
                "turns": row.turns,
                "facts": row.facts,
                "errors": row.errors,
            }
        content = {
            "settings": self.settings,
            "machine": self.machine,
            "identities": self.identities,
            "notes": self.notes,
            "ratio_of": self.peers[0],
            "cases": cases,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Run:
        """Read what save() wrote; rows that the catalogue no longer has are left out."""
        content = json.loads(path.read_text())
        run = cls(content["settings"], content["machine"], content["identities"], content["notes"])
        for name, kept in content["cases"].items():
            if name in CASES:
                run.rows[name] = Row(name, kept["turns"], kept["errors"], kept["facts"])
        return run


def figure(result: Mapping[str, Any], clock: str) -> float:
    """Reduce the JSON line of a worker to the median of its windows: amounts a second, or values as they are."""
    if "values" in result:
        windows = [float(value) for value in result["values"]]
    else:
        windows = [float(amount / (cpu if clock == "cpu" else wall)) for amount, wall, cpu in result["samples"]]
    return statistics.median(windows)
