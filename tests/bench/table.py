# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work by this collection and by its peers, and the floors below it: runs in turn, figures per endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from tests.bench import work
from tests.bench.controller import Connection, Figures, Run, SignIn
from tests.bench.turns import Bench

# Milliseconds that a request takes.
FAR = 100.0
RTTS = (0.0, FAR)
STARTS: tuple[work.Start, ...] = ("converged", "drifted")


@dataclass(frozen=True)
class Size:
    """How much is measured: endpoints of one run, how many at a time, and how often each run is repeated."""

    hosts: int
    forks: int
    repetitions: int


@dataclass(frozen=True)
class PerEndpoint:
    """Figures of one kind of run per endpoint, without the start of ansible-playbook; seconds and MB."""

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


def cell(
    size: Size,
    name: str,
    start: work.Start = "converged",
    connection: Connection = "winrs",
    rtt: float = 0,
    sign_in: SignIn = "ntlm",
) -> Run:
    """A run of the table.

    The peers' modules are PowerShell, which winrs does not run. With half of the endpoints their runs still take
    several times as long as those beside them.
    """
    if work.WORKS[name].peer:
        return Run(name, "winrm", start, rtt, size.hosts // 2, size.forks, sign_in)
    return Run(name, connection, start, rtt, size.hosts, size.forks, sign_in)


def floors(size: Size) -> Iterator[Run]:
    """The floors, and the playbooks beside them, near and far."""
    for rtt in RTTS:
        yield cell(size, "raw", rtt=rtt)
        yield cell(size, "audit", rtt=rtt)
        if not rtt:
            # It runs the command lines of the audit before it.
            yield cell(size, "pypsrp")
        yield cell(size, "verify", rtt=rtt)
        for start in STARTS:
            yield cell(size, "site", start, rtt=rtt)


def of_peers(size: Size) -> Iterator[Run]:
    """The peers and what is beside them, once more on a slow line, and the settings alone."""
    for start in STARTS:
        for name in ("site-list", "peers"):
            yield cell(size, name, start)
    for name in ("site-list", "peers"):
        yield cell(size, name, rtt=FAR)
    for name in ("peers-script", "peers-six", "one", "peers-settings"):
        yield cell(size, name)
    yield cell(size, "one", connection="winrm")
    yield cell(size, "one", sign_in="basic")


def by_tickets(size: Size) -> Iterator[Run]:
    """The floor and the playbooks, signed in with Kerberos."""
    for name in ("raw", "audit", "verify", "site"):
        yield cell(size, name, sign_in="kerberos")
    yield cell(size, "rollout", "drifted", sign_in="kerberos")


def measure(bench: Bench, runs: list[Run], repetitions: int) -> dict[Run, Figures]:
    """The runs, one repetition after the other; of each the repetition with the least CPU, as `timeit` has it.

    Whatever else happens on a machine adds to that of a repetition, and takes nothing away.
    """
    seen: dict[Run, list[Figures]] = {}
    for _repetition in range(repetitions):
        for run in runs:
            seen.setdefault(run, []).append(bench.run(run))
    return {run: min(figures, key=lambda one: one.cpu) for run, figures in seen.items()}


def per_endpoint(run: Run, figures: Figures) -> PerEndpoint:
    """The figures of a run divided by its endpoints, but for the memory, which is that of the controller."""
    shared = {
        field.name: getattr(figures, field.name) / run.hosts
        for field in fields(PerEndpoint)
        if field.name != "memory"
    }
    return PerEndpoint(**shared, memory=figures.memory)
