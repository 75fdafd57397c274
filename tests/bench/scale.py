# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drift audit of fleets of several sizes with several forks: endpoints per minute, CPU and memory."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.controller import FOLDER, Figures, Run
from tests.twice import ROOT

# What a request to an endpoint in another office takes; without any delay forks would make no difference.
RTT = 20.0
# Of a fleet every tenth endpoint is drifted, and the audit has to find exactly those.
DRIFTED_EACH = 10
_MOST = 5


@dataclass(frozen=True)
class Scale:
    """Sizes of fleets and numbers of forks, and how often a run is repeated: small ones more often."""

    fleets: tuple[int, ...]
    forks: tuple[int, ...]
    # Endpoints of all repetitions of one point together, about.
    budget: int


def runs(scale: Scale) -> Iterator[Run]:
    """Every point of the curves, as often as its size asks for.

    A large fleet comes amid the small ones that it is compared with, so a machine that slows down is fair to both.
    """
    for forks in scale.forks:
        for part, hosts in itertools.product(range(_MOST), scale.fleets):
            times = repeats(hosts, scale.budget)
            if round((part + 1) * times / _MOST) > round(part * times / _MOST):
                yield Run("audit", rtt=RTT, hosts=hosts, forks=forks, drifted_each=DRIFTED_EACH)


def repeats(hosts: int, budget: int) -> int:
    """How often a fleet of that size is audited: at least once, at most five times."""
    return min(max(budget // hosts, 1), _MOST)


def starts(scale: Scale) -> list[Run]:
    """A play without tasks per size of fleet: what the inventory alone takes."""
    return [Run("nothing", hosts=hosts, forks=scale.forks[0]) for hosts in scale.fleets]


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


def points(medians: Mapping[Run, Figures]) -> list[Point]:
    """The points of all audits among the medians."""
    empty = {run.hosts: figures for run, figures in medians.items() if run.work == "nothing"}
    start = empty[min(empty)].cpu
    return [
        _point(run, figures, start, empty[run.hosts].memory)
        for run, figures in medians.items()
        if run.work == "audit"
    ]


def _point(run: Run, figures: Figures, start: float, inventory: float) -> Point:
    return Point(
        hosts=run.hosts,
        forks=run.forks,
        per_minute=60 * run.hosts / figures.wall,
        cpu_ms=1000 * figures.cpu / run.hosts,
        memory=figures.memory,
        farm_cpu_ms=1000 * figures.farm_cpu / run.hosts,
        own_cpu_ms=1000 * (figures.cpu - start) / run.hosts,
        own_memory=figures.memory - inventory,
    )


def plot(found: list[Point], python: Path, target: Path) -> None:
    """Draw the points with the plotter's interpreter."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = FOLDER / "points.json"
    data.write_text(json.dumps([vars(point) for point in found]), encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(python), "-m", "tests.bench.plot", str(data), str(target)], cwd=ROOT, check=True)
