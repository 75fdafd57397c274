# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit, verification and rollout of fleets of several sizes: endpoints per minute, CPU and memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.controller import FOLDER, Figures, Run
from tests.bench.turns import Bench
from tests.bench.work import WORKS
from tests.twice import ROOT

# Of a fleet that is audited every tenth endpoint is drifted, and the audit has to find exactly those.
DRIFTED_EACH = 10
# What ansible-core takes for a fleet by itself: no code of the collection runs.
FLOOR = "floor"
_DRIFTED = {FLOOR: 0, "audit": DRIFTED_EACH, "fleet-verify": 0, "fleet-rollout": 1}


@dataclass(frozen=True)
class Scale:
    """Sizes of fleets in endpoints, and the forks of all of them; signed is the fleet that is signed in to."""

    sizes: tuple[int, ...]
    signed: int
    forks: int


def measure(bench: Bench, wanted: Scale) -> dict[Run, Figures]:
    """Figures of all points of the curves, and of plays without tasks: what an inventory alone takes."""
    inventories = [Run("nothing", "line", hosts=hosts, forks=wanted.forks) for hosts in wanted.sizes]
    return {run: bench.run(run) for run in (*inventories, *fleets(wanted))}


def fleets(wanted: Scale) -> Iterator[Run]:
    """Every work on a fleet of every size, without signing in."""
    for work, each in _DRIFTED.items():
        for hosts in wanted.sizes:
            yield Run(work, "line", hosts=hosts, forks=wanted.forks, drifted_each=each)


def signed(wanted: Scale) -> tuple[Run, Run]:
    """A whole rollout of a fleet, with each endpoint signed in to, and as many raw tasks."""
    return (
        Run("rollout", "winrs", "drifted", hosts=wanted.signed, forks=wanted.forks),
        Run("raw", hosts=wanted.signed, forks=wanted.forks),
    )


@dataclass(frozen=True)
class Point:
    """One point of the curves: what is said in the docs about a work and a fleet."""

    work: str
    hosts: int
    per_minute: float
    memory: float
    farm_cpu_ms: float
    # Without the start of ansible-playbook, which a small fleet would feel more than a large one.
    own_cpu_ms: float
    # Without what the inventory of that fleet takes by itself.
    own_memory: float
    # Of the process that made the evidence, where the work is a rollout.
    last_memory: float


def points(found: Mapping[Run, Figures]) -> list[Point]:
    """The points of all fleets among the figures."""
    inventories = {run.hosts: figures.memory for run, figures in found.items() if run.work == "nothing"}
    return [
        _point(run, figures, inventories[run.hosts]) for run, figures in found.items() if WORKS[run.work].tasks
    ]


def _point(run: Run, figures: Figures, inventory: float) -> Point:
    return Point(
        work=run.work.removeprefix("fleet-"),
        hosts=run.hosts,
        per_minute=60 * run.hosts / (figures.start_wall + figures.wall),
        memory=figures.memory,
        farm_cpu_ms=1000 * figures.farm_cpu / run.hosts,
        own_cpu_ms=1000 * figures.cpu / run.hosts,
        own_memory=figures.memory - inventory,
        last_memory=figures.last_memory,
    )


def plot(found: list[Point], python: Path, target: Path) -> None:
    """Draw the points with the plotter's interpreter."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = FOLDER / "points.json"
    data.write_text(json.dumps([vars(point) for point in found]), encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(python), "-m", "tests.bench.plot", str(data), str(target)], cwd=ROOT, check=True)
