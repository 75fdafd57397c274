# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench has to show: each claim as a figure of this run, and the limit that it is held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from tests.bench.controller import Figures
from tests.bench.scale import FLOOR, Point
from tests.bench.share import Share, beyond, ratio
from tests.bench.table import FAR, RTTS, STARTS, Size, Table, cell

KILO = 1000
# How much of the CPU of one raw task per endpoint a playbook may take.
_OF_RAW = (("site", 2.2), ("verify", 1.3), ("audit", 1.3))
_ROLLOUT = 4
# How much more memory per endpoint a fleet may take than ansible-core does by itself, in kB.
_BEYOND_FLOOR = 1


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


def of_floor(table: Table, size: Size) -> Iterator[Claim]:
    """Claims about the playbooks and one raw task per endpoint, both signed in with NTLM over HTTPS."""
    for rtt, (name, limit), start in product(RTTS, _OF_RAW, STARTS):
        run = cell(size, name, start, rtt=rtt)
        if run in table:
            what = f"by the playbook {name}, {_state(start)} endpoint, {rtt:g} ms per request"
            times = table[run].cpu / table[cell(size, "raw", rtt=rtt)].cpu
            yield Claim(f"times the CPU of a raw task {what}", times, "at most", limit)


def of_peers(table: Table, size: Size) -> Iterator[Claim]:
    """Claims about the same work by both stacks, with verification on both sides: the service list by win_uri."""
    for start in STARTS:
        ours, peers = table[cell(size, "site-list", start)], table[cell(size, "peers", start)]
        state = f"with the service list, {_state(start)}"
        yield Claim(f"times as much controller CPU by the peers, {state}", peers.cpu / ours.cpu, "at least", 10)
        yield Claim(f"times as many bytes by the peers, {state}", peers.bytes / ours.bytes, "at least", 100)
        yield Claim(f"times as many requests by the peers, {state}", peers.requests / ours.requests, "at least", 10)
    ours, peers = table[cell(size, "one")], table[cell(size, "peers-settings")]
    text = "times as much controller CPU by the peers, settings alone"
    yield Claim(text, peers.cpu / ours.cpu, "at least", 5)
    ours, peers = (table[cell(size, name, rtt=FAR)] for name in ("site-list", "peers"))
    text = f"times as long by the peers at {FAR:g} ms per request, with the service list, converged"
    yield Claim(text, peers.wall / ours.wall, "at least", 10)


def of_one(table: Table, size: Size) -> Iterator[Claim]:
    """Claims about one task over the best connection, with the sign-in that adds no request."""
    ours = table[cell(size, "one", sign_in="basic")]
    yield Claim("WinRM requests of a converged endpoint, Basic", ours.requests, "at most", 4)
    yield Claim("kB sent to a converged endpoint, Basic", ours.bytes_in / KILO, "at most", 16, " kB")
    yield Claim("kB sent and received, converged endpoint, Basic", ours.bytes / KILO, "at most", 20, " kB")


def _state(start: str) -> str:
    return "changed" if start == "drifted" else "converged"


def of_share(shares: dict[str, list[Share]]) -> Iterator[Claim]:
    """Claims about the CPU of a task of ours and of an empty one."""
    for state, most, times in (("converged", 5, 1.25), ("changed", 10, 1.35)):
        text = f"CPU per task beyond an empty action plugin, {state} endpoint"
        yield Claim(text, beyond(shares[state]) * KILO, "at most", most, " ms")
        text = f"times the CPU of an empty action plugin that finds its connection loaded, {state} endpoint"
        yield Claim(text, ratio(shares[state]), "at most", times)


def of_rollout(rollout: Figures, raw: Figures, hosts: int, cores: int) -> Iterator[Claim]:
    """Claims about a whole rollout that is signed in, and as many raw tasks."""
    text = f"times the CPU of {hosts:,} raw tasks by a whole rollout of {hosts:,} endpoints"
    yield Claim(text, rollout.cpu / raw.cpu, "at most", _ROLLOUT)
    text = f"times CPU / cores by the wall of that rollout, {cores} cores, CPU of the endpoints included"
    yield Claim(text, rollout.wall * cores / (rollout.cpu + rollout.farm_cpu), "at most", 1.5)


def of_scale(points: Sequence[Point]) -> Iterator[Claim]:
    """Claims about fleets: the largest one against the smallest."""
    largest, smallest = (edge(point.hosts for point in points) for edge in (max, min))
    by_place = {(point.work, point.hosts): point for point in points}
    works = dict.fromkeys(point.work for point in points)
    for work in (work for work in works if work != FLOOR):
        big, small = by_place[work, largest], by_place[work, smallest]
        yield Claim(f"endpoints in the largest fleet, {work}", big.hosts, "at least", 5000)
        against = f"in the largest fleet against {smallest:,}"
        yield Claim(f"CPU per endpoint {against}, {work}", big.own_cpu_ms / small.own_cpu_ms, "at most", 1.15)
        yield Claim(f"peak memory {against}, {work}", big.memory / small.memory, "at most", 1.10)
        if FLOOR in works:
            grown = big.memory - small.memory - by_place[FLOOR, largest].memory + by_place[FLOOR, smallest].memory
            text = f"peak memory per endpoint {against}, {work}, beyond what an empty action plugin grows by"
            yield Claim(text, grown * KILO / (largest - smallest), "at most", _BEYOND_FLOOR, " kB")
        if work == "rollout":
            text = f"memory for evidence and page {against}"
            yield Claim(text, big.last_memory / small.last_memory, "at most", 1.10)


def broken(claims: list[Claim]) -> list[Claim]:
    """Those that do not hold."""
    return [claim for claim in claims if not claim.holds]
