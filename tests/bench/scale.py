# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drift audit of fleets of several sizes with several forks: endpoints per minute, CPU and memory."""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench import table
from tests.bench.controller import FOLDER, Controller, FarmProcess, Figures, Run
from tests.twice import ROOT

# What a request to an endpoint in another office takes; without any delay forks would make no difference.
RTT = 20.0
# Of a fleet every tenth endpoint is drifted, and the audit has to find exactly those.
DRIFTED_EACH = 10


@dataclass(frozen=True)
class Scale:
    """Sizes of fleets in endpoints, from small to large, and numbers of forks.

    The small ones are audited in the pauses of the largest one, again and again, so that a machine which is faster in
    one minute than in another is so for both.
    """

    small: tuple[int, ...]
    middle: tuple[int, ...]
    largest: int
    forks: tuple[int, ...]


def measure(
    controller: Controller, lab: FarmProcess, small_lab: FarmProcess, wanted: Scale
) -> dict[Run, Figures]:
    """Figures of all points of the curves, and of the starts that belong to them.

    small_lab is the farm of the small fleets, beside that of the largest one.
    """
    sizes = (*wanted.small, *wanted.middle, wanted.largest)
    found = table.measure(controller, lab, [_start(hosts, wanted.forks[0]) for hosts in sizes], 1)
    for forks in wanted.forks:
        found |= table.measure(controller, lab, [_audit(hosts, forks) for hosts in wanted.middle], 1)
        amid = [_start(wanted.small[0], forks), *(_audit(hosts, forks) for hosts in wanted.small)]
        found |= _interleaved(controller, lab, _audit(wanted.largest, forks), small_lab, amid)
    return found


def _start(hosts: int, forks: int) -> Run:
    """A play without tasks: what ansible-playbook and the inventory alone take."""
    return Run("nothing", hosts=hosts, forks=forks)


def _audit(hosts: int, forks: int) -> Run:
    return Run("audit", rtt=RTT, hosts=hosts, forks=forks, drifted_each=DRIFTED_EACH)


def _interleaved(
    controller: Controller, lab: FarmProcess, large: Run, small_lab: FarmProcess, amid: list[Run]
) -> dict[Run, Figures]:
    """A large run, and the means of small ones that have their turns in its pauses."""
    beside = replace(controller, home=FOLDER / "amid")
    turns = itertools.cycle(amid)
    seen: dict[Run, list[Figures]] = {run: [] for run in amid}

    def pause() -> None:
        run = next(turns)
        seen[run].append(beside.run(small_lab, run))

    figures = controller.run(lab, large, pause)
    # The large run is as fast as the machine is on average, so it takes the means of the others to compare it with.
    return {large: figures, **{run: table.middle(each, statistics.fmean) for run, each in seen.items()}}


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
    starts = {run: figures for run, figures in found.items() if run.work == "nothing"}
    smallest = min(run.hosts for run in starts)
    cpu = {run.forks: figures.cpu for run, figures in starts.items() if run.hosts == smallest}
    inventory = {run.hosts: figures.memory for run, figures in starts.items()}
    return [
        _point(run, figures, cpu[run.forks], inventory[run.hosts])
        for run, figures in found.items()
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
