# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a batch has come, as plain lines that are as good in a log as at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

# A line is due after a twentieth of the batch, yet not more often than every ten seconds, or after a minute.
STEPS = 20
SOONEST = 10.0
LATEST = 60.0


def batches(hosts: int, serial: Sequence[int | str]) -> int:
    """Return into how many batches Ansible cuts a play, from its keyword serial: numbers and percentages."""
    sizes = [_size(entry, hosts) for entry in serial] or [0]
    count = rest = 0
    while (done := rest) < hosts:
        size = sizes[min(count, len(sizes) - 1)]
        rest = hosts if size <= 0 else done + size
        count += 1
    return max(count, 1)


def _size(entry: int | str, hosts: int) -> int:
    text = str(entry).strip()
    try:
        return max(1, int(float(text[:-1]) / 100 * hosts)) if text.endswith("%") else int(text)
    except ValueError:
        return 0


@dataclass
class _Step:
    """One task in one batch: who has reported, and when the last line was due."""

    began: float
    told: float
    reported: set[str] = field(default_factory=set)
    told_count: int = 0


class Progress:
    """Counts the hosts of one batch that a task is through with; times are seconds of a steady clock."""

    def __init__(self, number: int, total: int, hosts: int) -> None:
        self._name = f"batch {number} of {total}"
        self._hosts = hosts
        self._steps: dict[str, _Step] = {}
        self._failed: set[str] = set()
        self._dropped: set[str] = set()

    def failed(self, host: str, dropped: bool) -> None:
        """Count a host as failed; dropped says that it takes part in no further task of the batch."""
        self._failed.add(host)
        if dropped:
            self._dropped.add(host)

    def report(self, task: str, host: str, now: float) -> str | None:
        """Count one result of a task, and return the line that is due with it, if one is."""
        step = self._steps.setdefault(task, _Step(now, now))
        step.reported.add(host)
        if not self._due(step, now):
            return None
        step.told, step.told_count = now, len(step.reported)
        return self.line(task, now)

    def goes_on(self, task: str) -> bool:
        """Whether hosts of the batch have still to report a task."""
        return self._remaining(self._steps[task]) > 0

    def _remaining(self, step: _Step) -> int:
        return max(0, self._hosts - len(step.reported | self._dropped))

    def _due(self, step: _Step, now: float) -> bool:
        if not self._remaining(step):
            return step.told_count < len(step.reported)
        grown = (len(step.reported) - step.told_count) * STEPS >= self._hosts
        return (grown and now - step.told >= SOONEST) or now - step.told >= LATEST

    def short(self, task: str) -> str:
        """The counts first, for a line that may be cut; also where no result was counted yet."""
        done = len(self._steps[task].reported) if task in self._steps else 0
        return f"{done} of {self._hosts} done, {len(self._failed)} failed, {self._name}: {task}"

    def line(self, task: str, now: float) -> str:
        """How far a task has come of which a result was counted."""
        step = self._steps[task]
        done = len(step.reported)
        minutes = (now - step.began) / 60
        rate = f", {done / minutes:.0f} per minute" if minutes > 1 / 60 else ""
        return (
            f"{self._name}, {task}: {done} of {self._hosts} hosts done, {len(self._failed)} failed, "
            f"{self._remaining(step)} remaining{rate}"
        )
