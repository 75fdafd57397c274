# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work by this collection and by its peers: runs in turn, medians, figures per endpoint."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tests.bench import work
from tests.bench.controller import Connection, Controller, FarmProcess, Figures, Run

RTTS = (0.0, 20.0, 100.0)
# Work and connection; the peers' modules are PowerShell, which winrs does not run.
CELLS: tuple[tuple[str, Connection], ...] = (
    ("one", "winrs"),
    ("two", "winrs"),
    ("seed", "winrs"),
    ("one", "winrm"),
    ("two", "winrm"),
    ("seed", "winrm"),
    ("peers-settings", "winrm"),
    ("peers", "winrm"),
)
STARTS: tuple[work.Start, ...] = ("converged", "drifted")


@dataclass(frozen=True)
class Size:
    """How much is measured: endpoints of one run, how many at a time, and how often each run is repeated."""

    hosts: int
    forks: int
    repetitions: int


@dataclass(frozen=True)
class PerEndpoint:
    """Medians of one kind of run per endpoint, with the start of ansible-playbook taken off; seconds and MB."""

    wall: float
    cpu: float
    memory: float
    requests: float
    bytes_in: float
    bytes_out: float
    farm_cpu: float

    @property
    def bytes(self) -> float:
        """Bytes in both directions."""
        return self.bytes_in + self.bytes_out


Table = Mapping[Run, PerEndpoint]


def runs(size: Size) -> Iterator[Run]:
    """Every cell of the table once, after a run without tasks, which is the start alone."""
    yield nothing(size)
    yield from audits(size)
    yield empty(size)
    for rtt in RTTS:
        for start in STARTS:
            for name, connection in CELLS:
                yield Run(name, connection, start, rtt, size.hosts, size.forks)


def audits(size: Size) -> tuple[Run, Run]:
    """A drift audit, as one task and as the playbook with the roles."""
    alone = Run("audit", hosts=size.hosts, forks=size.forks)
    return alone, replace(alone, work="site-audit")


def empty(size: Size) -> Run:
    """One command line that does nothing: what the connection alone moves."""
    return Run("empty", hosts=size.hosts, forks=size.forks)


def nothing(size: Size) -> Run:
    """The run that only starts and ends."""
    return Run("nothing", hosts=size.hosts, forks=size.forks)


def measure(
    controller: Controller, lab: FarmProcess, wanted: Iterable[Run], repetitions: int
) -> dict[Run, Figures]:
    """Medians of all runs, one repetition after the other, so that a noisy minute falls on all of them."""
    once = list(wanted)
    seen: dict[Run, list[Figures]] = {run: [] for run in once}
    for repetition in range(1, repetitions + 1):
        print(f"{repetition}/{repetitions}", flush=True)
        for run in once:
            seen[run].append(controller.run(lab, run))
    return {run: middle(figures, statistics.median) for run, figures in seen.items()}


def middle(figures: list[Figures], kind: Callable[[Iterable[float]], float]) -> Figures:
    """The mean or median of each figure by itself; of the peak of memory the highest."""
    found: dict[str, Any] = {
        field.name: kind(getattr(one, field.name) for one in figures) for field in fields(Figures)
    }
    return replace(Figures(**found), memory=max(one.memory for one in figures))


def per_endpoint(run: Run, figures: Figures, start: Figures) -> PerEndpoint:
    """The figures of a run divided by its endpoints, the start taken off wall and CPU."""
    hosts = run.hosts
    return PerEndpoint(
        wall=(figures.wall - start.wall) / hosts,
        cpu=(figures.cpu - start.cpu) / hosts,
        memory=figures.memory,
        requests=figures.requests / hosts,
        bytes_in=figures.bytes_in / hosts,
        bytes_out=figures.bytes_out / hosts,
        farm_cpu=figures.farm_cpu / hosts,
    )


def table(medians: Mapping[Run, Figures], start: Run) -> dict[Run, PerEndpoint]:
    """Every cell per endpoint."""
    return {
        run: per_endpoint(run, figures, medians[start]) for run, figures in medians.items() if run != start
    }
