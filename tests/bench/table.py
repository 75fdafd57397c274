# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work by this collection and by its peers: runs in turn, means, figures per endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from tests.bench import turns, work
from tests.bench.controller import Connection, Figures, Run
from tests.bench.turns import Bench

RTTS = (0.0, 20.0, 100.0)
# Work and connection; the peers' modules are PowerShell, which winrs does not run. Ours that the claims are about is
# the first, and has its turns in the pauses of the last.
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
    """Means of one kind of run per endpoint, without the start of ansible-playbook; seconds and MB."""

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


def steps(size: Size) -> Iterator[tuple[Run, Sequence[Run]]]:
    """Every cell of the table once: runs, and what is run in their pauses."""
    yield empty(size), ()
    for run in audits(size):
        yield run, ()
    for rtt in RTTS:
        for start in STARTS:
            ours, *others, peers = (
                Run(name, connection, start, rtt, size.hosts, size.forks) for name, connection in CELLS
            )
            yield from ((run, ()) for run in others)
            yield peers, (ours,)


def audits(size: Size) -> tuple[Run, Run]:
    """A drift audit, as one task and as the playbook with the roles."""
    alone = Run("audit", hosts=size.hosts, forks=size.forks)
    return alone, replace(alone, work="site-audit")


def empty(size: Size) -> Run:
    """One command line that does nothing: what the connection alone moves."""
    return Run("empty", hosts=size.hosts, forks=size.forks)


def measure(bench: Bench, size: Size) -> dict[Run, Figures]:
    """Means of all cells, one repetition after the other, so that a noisy minute falls on all of them."""
    seen: dict[Run, list[Figures]] = {}
    for _repetition in range(size.repetitions):
        for long, short in steps(size):
            for run, figures in bench.interleaved(long, short).items():
                seen.setdefault(run, []).extend(figures)
    return {run: turns.mean(figures) for run, figures in seen.items()}


def per_endpoint(run: Run, figures: Figures) -> PerEndpoint:
    """The figures of a run divided by its endpoints, but for the memory, which is that of the controller."""
    shared = {
        field.name: getattr(figures, field.name) / run.hosts
        for field in fields(PerEndpoint)
        if field.name != "memory"
    }
    return PerEndpoint(**shared, memory=figures.memory)
