"""The table of a run: as text, and as Markdown between the marks of a README."""

from __future__ import annotations

import re
from pathlib import Path

from .catalogue import GROUPS, SIZE, Case
from .peers import PYOPENSSL
from .results import Row, Run

TITLES = {"ours": "ours", "pyopenssl": f"pyOpenSSL {PYOPENSSL}", "ssl": "ssl", "c": "plain C"}
SHORT = TITLES | {"pyopenssl": "pyOpenSSL", "c": "C"}
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def number(value: float) -> str:
    """Write a figure with three digits that count, and none after the point from 100 on."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(ratio: float) -> str:
    """Write a ratio."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


class Footnotes:
    """Notes collected while cells are written."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def mark(self, text: str) -> str:
        """Give the mark of a note; the same text has the same mark."""
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"


def figure_cell(row: Row, peer: str, case: Case, notes: Footnotes) -> str:
    """Write what one peer reached."""
    if peer in row.errors:
        return "ERROR" + notes.mark(f"{TITLES[peer]}: {row.errors[peer]}")
    if peer not in row.medians:
        return "-"
    text = number(row.medians[peer])
    resumed = row.facts.get(peer, {}).get("resumed", 1)
    if resumed < 1:
        text += " " + notes.mark(f"{resumed:.0%} of these handshakes were resumed, the others were full ones")
    return text


def cells(run: Run, notes: Footnotes) -> tuple[list[str], dict[str, list[list[str]]]]:
    """Make the heading and, for each group, the rows of cells."""
    reference, *others = run.peers
    heading = [
        "",
        "unit",
        *(TITLES[peer] for peer in run.peers),
        *(f"{SHORT[reference]} : {SHORT[peer]}" for peer in others),
    ]
    groups: dict[str, list[list[str]]] = {}
    for group, cases in GROUPS.items():
        for case in cases:
            if case.name not in run.rows:
                continue
            row = run.rows[case.name]
            ratios = row.ratios(reference)
            unit = case.unit + (" " + notes.mark("less is better, in the ratio too") if case.unit in SIZE else "")
            figures = [figure_cell(row, peer, case, notes) for peer in run.peers]
            compared = [times(ratios[peer]) if peer in ratios else "-" for peer in others]
            groups.setdefault(group, []).append([case.title, unit, *figures, *compared])
    return heading, groups


def about(run: Run) -> list[str]:
    """Say what was run, on what."""
    settings, where = run.settings, run.machine
    versions = "; ".join(f"{TITLES[p]}: {run.identities[p].get('openssl', 'not available')}" for p in run.peers)
    return [
        f"{where['processor']}, {where['cores']} cores, {where['date'][:10]}. {versions}.",
        f"Medians of {settings['turns']} alternating turns; ratios are medians of the ratios within a turn, "
        "above 1 means faster.",
        *(["A quick run: these figures only show that the benchmark works."] if settings["quick"] else []),
        *(["Clock: CPU time where one thread works."] if settings["clock"] == "cpu" else []),
        *run.notes,
    ]


def text_table(run: Run) -> str:
    """Write the table for a terminal."""
    notes = Footnotes()
    heading, groups = cells(run, notes)
    rows = [heading, *(row for group in groups.values() for row in group)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]

    def line(row: list[str]) -> str:
        first, *rest = (
            text.ljust(w) if i < 2 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join([first, *rest]).rstrip()

    lines = [line(heading)]
    for group, members in groups.items():
        lines += ["", group, *(line(row) for row in members)]
    lines += ["", *(f"[{i}] {text}" for i, text in enumerate(notes.texts, 1)), *about(run)]
    return "\n".join(lines)


def markdown(run: Run) -> str:
    """Write the table for a README."""
    notes = Footnotes()
    heading, groups = cells(run, notes)
    lines = ["| " + " | ".join(heading) + " |", "|---|---|" + "---:|" * (len(heading) - 2)]
    for group, members in groups.items():
        lines.append(f"| **{group}** |" + " |" * (len(heading) - 1))
        lines += ["| " + " | ".join(row) + " |" for row in members]
    lines += ["", *(f"[{i}] {text}  " for i, text in enumerate(notes.texts, 1)), "", *about(run)]
    return "\n".join(lines)


def update_readme(run: Run, path: Path) -> None:
    """Replace what stands between the marks; ValueError when they are not there exactly once, in order."""
    text = path.read_text()
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        raise ValueError(f"{path} must have {START} and after it {END}, once each")
    block = f"{START}\n{markdown(run)}\n{END}"
    path.write_text(re.sub(f"{START}.*{END}", lambda _: block, text, flags=re.DOTALL))
