# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are to be compared, at the same time: a shared machine is twice as fast in one minute as in another."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from tests.bench.controller import FOLDER, Controller, FarmProcess, Figures, Run


@dataclass(frozen=True)
class Bench:
    """A controller with two farms, the second one for the short runs in the pauses of a long one."""

    controller: Controller
    lab: FarmProcess
    short_lab: FarmProcess

    def run(self, wanted: Run) -> Figures:
        """One run by itself."""
        return self.controller.run(self.lab, wanted)

    def interleaved(self, long: Run, short: Sequence[Run]) -> dict[Run, list[Figures]]:
        """A long run and all the short ones that had their turns in its pauses."""
        beside = replace(self.controller, home=FOLDER / "short")
        seen: dict[Run, list[Figures]] = {run: [] for run in short}
        turns = itertools.cycle(short)

        def pause() -> None:
            if short:
                run = next(turns)
                seen[run].append(beside.run(self.short_lab, run))

        return {long: [self.controller.run(self.lab, long, pause)], **seen}


def mean(figures: Sequence[Figures]) -> Figures:
    """The mean of each figure by itself; of the peak of memory the highest."""
    found: dict[str, Any] = {
        field.name: statistics.fmean(getattr(one, field.name) for one in figures) for field in fields(Figures)
    }
    return replace(Figures(**found), memory=max(one.memory for one in figures))
