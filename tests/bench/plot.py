# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.bench.plot POINTS.json TARGET.svg`, in the environment that has matplotlib."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

# Only the plotter's environment has it.
from matplotlib import pyplot as plt  # type: ignore[import-not-found]
from matplotlib import rcParams

PANELS = (
    ("per_minute", "endpoints per minute"),
    ("own_cpu_ms", "controller CPU per endpoint (ms)"),
    ("memory", "peak memory of the controller (MB)"),
)


def draw(points: list[dict[str, Any]], target: Path) -> None:
    """One panel per figure, one line per work, over the size of the fleet."""
    # Without these two the same figures would give another file each time.
    rcParams["svg.hashsalt"] = "mde.connectivity"
    figure, axes = plt.subplots(1, len(PANELS), figsize=(13, 3.8), layout="constrained")
    for axis, (field, title) in zip(axes, PANELS, strict=True):
        for work in sorted({point["work"] for point in points}):
            line = sorted((point["hosts"], point[field]) for point in points if point["work"] == work)
            axis.plot(*zip(*line, strict=True), marker="o", label=work)
        axis.set(xscale="log", xlabel="endpoints", title=title)
        axis.set_ylim(bottom=0)
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend()
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
