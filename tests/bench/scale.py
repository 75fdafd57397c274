# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drift audit of fleets of several sizes with several forks: endpoints per minute, CPU and memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import turns
from tests.bench.controller import FOLDER, Figures, Run
from tests.bench.turns import Bench
from tests.twice import ROOT

# What a request to an endpoint in another office takes; without any delay forks would make no difference.
RTT = 20.0
# Of a fleet every tenth endpoint is drifted, and the audit has to find exactly those.
DRIFTED_EACH = 10


@dataclass(frozen=True)
class Scale:
    """Sizes of fleets in endpoints, and numbers of forks; the small ones have their turns amid the largest one."""

    small: tuple[int, ...]
    middle: tuple[int, ...]
    largest: int
    forks: tuple[int, ...]


def measure(bench: Bench, wanted: Scale) -> dict[Run, Figures]:
    """Figures of all points of the curves, and of plays without tasks: what an inventory alone takes."""
    sizes = (*wanted.small, *wanted.middle, wanted.largest)
    found = {run: bench.run(run) for run in (Run("nothing", hosts=hosts) for hosts in sizes)}
    for forks in wanted.forks:
        found |= {run: bench.run(run) for run in (_audit(hosts, forks) for hosts in wanted.middle)}
        small = [_audit(hosts, forks) for hosts in wanted.small]
        for run, figures in bench.interleaved(_audit(wanted.largest, forks), small).items():
            found[run] = turns.mean(figures)
    return found


def _audit(hosts: int, forks: int) -> Run:
    return Run("audit", rtt=RTT, hosts=hosts, forks=forks, drifted_each=DRIFTED_EACH)


@dataclass(frozen=True)
class Point:
    """One point of the curves: what is said in the docs about a fleet and a number of forks."""

    hosts: int
    forks: int
    per_minute: float
    cpu_ms: float
    memory: float
    farm_cpu_ms: float
    # Without the start of ansible-playbook, which a small fleet would feel more than a large one.
    own_cpu_ms: float
    # Without what the inventory of that fleet takes by itself.
    own_memory: float


def points(found: Mapping[Run, Figures]) -> list[Point]:
    """The points of all audits among the figures."""
    inventories = {run.hosts: figures.memory for run, figures in found.items() if run.work == "nothing"}
    return [
        _point(run, figures, inventories[run.hosts]) for run, figures in found.items() if run.work == "audit"
    ]


def _point(run: Run, figures: Figures, inventory: float) -> Point:
    return Point(
        hosts=run.hosts,
        forks=run.forks,
        per_minute=60 * run.hosts / (figures.start_wall + figures.wall),
        cpu_ms=1000 * (figures.start_cpu + figures.cpu) / run.hosts,
        memory=figures.memory,
        farm_cpu_ms=1000 * figures.farm_cpu / run.hosts,
        own_cpu_ms=1000 * figures.cpu / run.hosts,
        own_memory=figures.memory - inventory,
    )


def plot(found: list[Point], python: Path, target: Path) -> None:
    """Draw the points with the plotter's interpreter."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = FOLDER / "points.json"
    data.write_text(json.dumps([vars(point) for point in found]), encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(python), "-m", "tests.bench.plot", str(data), str(target)], cwd=ROOT, check=True)
