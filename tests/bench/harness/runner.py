"""Running the peers in turns: A B C D A B C D ..., each turn a process of its own."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalogue import Case
from .peers import Peer
from .results import Row, Run, figure


@dataclass(frozen=True)
class Settings:
    """How much is measured."""

    turns: int
    windows: int
    seconds: float
    quick: bool
    clock: str


class Failed(Exception):
    """A worker gave no figure; the text is the last line it wrote."""


def turn(peer: Peer, case: Case, settings: Settings, material: Path) -> Mapping[str, Any]:
    """Let one peer measure one case."""
    command = [*peer.command, case.name, "--material", str(material)]
    command += ["--seconds", str(settings.seconds), "--windows", str(settings.windows)]
    if settings.quick:
        command.append("--quick")
    try:
        done = subprocess.run(command, env=peer.environment, capture_output=True, text=True, timeout=case.timeout)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"no result within {case.timeout:.0f} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        reason = lines[-1] if lines else "no message"
        raise Failed(reason if done.returncode > 0 else f"killed by signal {-done.returncode}: {reason}")
    result: dict[str, Any] = json.loads(done.stdout)
    if result["case"] != case.name or not (result.get("samples") or result.get("values")):
        raise Failed(f"not a result of this case: {done.stdout.strip()}")
    return result


def measure(case: Case, peers: list[Peer], settings: Settings, material: Path) -> Row:
    """Measure one row; a peer that failed once takes no further turns."""
    row = Row(case.name)
    clock = "wall" if case.threads else settings.clock
    for peer in peers:
        if peer.name in case.peers and peer.unavailable is not None:
            row.errors[peer.name] = peer.unavailable
    for _ in range(settings.turns):
        for peer in peers:
            if peer.name not in case.peers or peer.name in row.errors:
                continue
            try:
                result = turn(peer, case, settings, material)
            except Failed as error:
                row.errors[peer.name] = str(error)
            else:
                row.turns.setdefault(peer.name, []).append(figure(result, clock))
                row.facts[peer.name] = result["facts"]
    return row


def machine() -> dict[str, Any]:
    """Describe where and when this runs."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = named[0] if named else processor
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "load_before": os.getloadavg()[0],
    }


def same_library(peers: list[Peer]) -> list[str]:
    """Note where peers are measured with another OpenSSL than the first."""
    known = [peer for peer in peers if peer.identity]
    notes = []
    for peer in known[1:]:
        if peer.identity["openssl"] != known[0].identity["openssl"]:
            notes.append(f"{peer.name} uses another library: {peer.identity['openssl']}")
    built = {peer.name: peer.identity["built"] for peer in known if peer.name in ("ours", "c")}
    if len(set(built.values())) > 1:
        notes.append("plain C is linked with another build of OpenSSL than ours: " + "; ".join(built.values()))
    return notes


def progress(text: str) -> None:
    """Overwrite the line that tells what is being measured; a log file gets none."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def run(cases: list[Case], peers: list[Peer], settings: Settings, material: Path) -> Run:
    """Measure all rows, telling on stderr which one it is at."""
    made = Run(
        settings={"peers": [peer.name for peer in peers], **vars(settings)},
        machine=machine(),
        identities={peer.name: peer.identity for peer in peers},
        notes=same_library(peers),
    )
    if made.machine["load_before"] > made.machine["cores"] * 0.25:
        made.notes.append(f"the machine was busy: load {made.machine['load_before']:.1f} before the run")
    for number, case in enumerate(cases, 1):
        progress(f"[{number}/{len(cases)}] {case.name}")
        made.rows[case.name] = measure(case, peers, settings, material)
    progress("")
    made.machine["load_after"] = os.getloadavg()[0]
    return made
