# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller with its farm, and the means of runs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from tests.bench.controller import Controller, FarmProcess, Figures, Run


@dataclass(frozen=True)
class Bench:
    """A controller and its farm."""

    controller: Controller
    lab: FarmProcess

    def run(self, wanted: Run) -> Figures:
        """One run by itself."""
        return self.controller.run(self.lab, wanted)


def mean(figures: Sequence[Figures]) -> Figures:
    """The mean of each figure by itself; of the peak of memory the highest."""
    found: dict[str, Any] = {
        field.name: statistics.fmean(getattr(one, field.name) for one in figures) for field in fields(Figures)
    }
    return replace(Figures(**found), memory=max(one.memory for one in figures))
