# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of ours takes beyond an empty one: tasks of one run, a second or two apart."""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.controller import TASKS_CPU, Run
from tests.bench.turns import Bench
from tests.bench.work import SHARES


@dataclass(frozen=True)
class Share:
    """CPU seconds of the controller and its workers for one task on one endpoint: ours, and empty ones.

    alone is an empty task before a plugin of ours is loaded in the run, among is one after that.
    """

    ours: float
    alone: float
    among: float


def measure(bench: Bench, hosts: int, repetitions: int) -> dict[str, list[Share]]:
    """By kind of endpoint, one Share per run."""
    found: dict[str, list[Share]] = {state: [] for state in SHARES}
    for repetition in range(1, repetitions + 1):
        bench.run(Run("share", start="drifted", hosts=hosts, forks=1, sign_in="basic"))
        for state, share in of_run(json.loads(TASKS_CPU.read_text(encoding="utf-8")), hosts).items():
            found[state].append(share)
            print(f"{repetition}/{repetitions}  {state}: {share}", flush=True)
    return found


def of_run(starts: Sequence[tuple[str, float]], hosts: int) -> dict[str, Share]:
    """By kind of endpoint; starts are the names of the tasks, with the CPU seconds up to the start of each."""
    taken = {name: (end - begin) / hosts for (name, begin), (_next, end) in itertools.pairwise(starts)}
    return {state: Share(*(taken[task["name"]] for task in tasks)) for state, tasks in SHARES.items()}


def beyond(shares: Sequence[Share]) -> float:
    """CPU seconds beyond an empty task in a run without our plugins: the median."""
    return statistics.median(share.ours - share.alone for share in shares)


def ratio(shares: Sequence[Share]) -> float:
    """CPU of our task against that of an empty one after which ours is loaded: the median."""
    return statistics.median(share.ours / share.among for share in shares)
