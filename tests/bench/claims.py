# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench has to show: each claim as a figure of this run, and the limit that it is held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.bench.scale import Point
from tests.bench.share import Share, beyond, ratio
from tests.bench.table import PerEndpoint, Size, Table

KILO = 1000


@dataclass(frozen=True)
class Claim:
    """One figure, and how it has to stand to its limit."""

    text: str
    value: float
    sense: Literal["at most", "at least"]
    limit: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        return f"{self.text}: {self.value:.4g}{self.unit}, {self.sense} {self.limit:g}{self.unit} - {verdict}"


def of_table(table: Table, size: Size) -> Iterator[Claim]:
    """Claims about the same work by both stacks, over their best connection."""
    ours, peers = _cell(table, "one", "converged", 0, size), _cell(table, "peers", "converged", 0, size)
    yield Claim("WinRM requests of a converged endpoint", ours.requests, "at most", 4)
    yield Claim("kB sent to a converged endpoint", ours.bytes_in / KILO, "at most", 16, " kB")
    yield Claim("kB sent and received, converged endpoint", ours.bytes / KILO, "at most", 20, " kB")
    yield Claim("requests of the peers", peers.requests, "at least", 60)
    yield Claim("MB of the peers", peers.bytes / KILO**2, "at least", 3, " MB")
    yield Claim("times as many requests by the peers", peers.requests / ours.requests, "at least", 12)
    yield Claim(
        "times as many bytes by the peers, both directions", peers.bytes / ours.bytes, "at least", 150
    )
    yield from _ratios(table, size)
    yield from _with_urls(table, size)


def _ratios(table: Table, size: Size) -> Iterator[Claim]:
    for start, state in (("converged", "converged"), ("drifted", "changed")):
        ours, peers = _cell(table, "one", start, 0, size), _cell(table, "peers", start, 0, size)
        text = f"times as much controller CPU by the peers, {state} endpoint"
        yield Claim(text, peers.cpu / ours.cpu, "at least", 5)
    ours, peers = _cell(table, "one", "converged", 100, size), _cell(table, "peers", "converged", 100, size)
    text = "times as long by the peers at 100 ms per request, converged endpoint"
    yield Claim(text, peers.wall / ours.wall, "at least", 10)


def _with_urls(table: Table, size: Size) -> Iterator[Claim]:
    """Claims about both stacks when ours asks for the six URLs too."""
    ours, peers = _cell(table, "seed", "converged", 0, size), _cell(table, "peers", "converged", 0, size)
    yield Claim("times as many requests, both with URLs", peers.requests / ours.requests, "at least", 6)
    yield Claim("times as many bytes, both with URLs", peers.bytes / ours.bytes, "at least", 50)


def _cell(table: Table, name: str, start: str, rtt: float, size: Size) -> PerEndpoint:
    connection = "winrm" if name == "peers" else "winrs"
    return next(
        figures
        for run, figures in table.items()
        if (run.work, run.connection, run.start, run.rtt) == (name, connection, start, rtt)
        and run.hosts == size.hosts
    )


def of_share(shares: Mapping[str, Sequence[Share]]) -> Iterator[Claim]:
    """Claims about the CPU of a task of ours and of an empty one."""
    for state, most, times in (("converged", 5, 1.25), ("changed", 10, 1.35)):
        text = f"CPU per task beyond an empty action plugin, {state} endpoint"
        yield Claim(text, beyond(shares[state]) * KILO, "at most", most, " ms")
        text = f"times the CPU of an empty action plugin that finds its connection loaded, {state} endpoint"
        yield Claim(text, ratio(shares[state]), "at most", times)


def of_scale(points: list[Point]) -> Iterator[Claim]:
    """Claims about fleets: the largest one against one of 100 and one of 1,000, at the same forks."""
    by_place = {(point.hosts, point.forks): point for point in points}
    largest = max(point.hosts for point in points)
    yield Claim("endpoints in the largest audited fleet", largest, "at least", 5000)
    for forks in sorted({point.forks for point in points}):
        big, small, middle = (by_place[hosts, forks] for hosts in (largest, 100, 1000))
        text = f"CPU per endpoint in the largest fleet against 100, {forks} forks"
        yield Claim(text, big.own_cpu_ms / small.own_cpu_ms, "at most", 1.15)
        text = f"peak memory in the largest fleet against 1,000, {forks} forks"
        yield Claim(text, big.memory / middle.memory, "at most", 1.10)


def broken(claims: list[Claim]) -> list[Claim]:
    """Those that do not hold."""
    return [claim for claim in claims if not claim.holds]
