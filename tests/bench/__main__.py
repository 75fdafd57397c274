# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: this collection and its peers on the same work, fleets of up to 5,000, and what has to hold."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import claims, environments, report, scale, share, table, turns
from tests.bench.claims import Claim
from tests.bench.controller import FOLDER, Controller, FarmProcess, Run, WrongResultError
from tests.bench.scale import Scale
from tests.bench.share import Share
from tests.bench.table import Size
from tests.bench.turns import Bench
from tests.twice import ROOT

DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    table: Size
    share: Size
    scale: Scale
    # Where the page and its plot go.
    target: Path


FULL = Extent(
    Size(hosts=20, forks=10, repetitions=3),
    share=Size(hosts=20, forks=1, repetitions=30),
    scale=Scale((10, 100), (1000,), 5000, forks=(10, 50, 100)),
    target=DOCS,
)
# For work on the bench itself: its figures are noise, and the page goes where nobody takes it for the real one.
SHORT = Extent(
    Size(hosts=4, forks=4, repetitions=1),
    share=Size(hosts=10, forks=1, repetitions=1),
    scale=Scale((10, 20), (40,), 600, forks=(10,)),
    target=FOLDER,
)


def main() -> int:
    """Measure, write the page, and return 1 when a result was wrong or a claim does not hold."""
    short = bool(os.environ.get("BENCH_SHORT"))
    extent = SHORT if short else FULL
    started = time.monotonic()
    try:
        results = measure(extent, short)
    except (WrongResultError, environments.EnvironmentMissingError) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    extent.target.mkdir(parents=True, exist_ok=True)
    scale.plot(results.points, environments.plotter(), extent.target / report.PLOT)
    page = extent.target / "benchmarks.md"
    page.write_text(report.page(results), encoding="utf-8")
    print(f"\n{page.relative_to(ROOT)} after {(time.monotonic() - started) / 60:.1f} minutes")
    print("\n".join(map(str, results.claims)))
    return 1 if claims.broken(results.claims) else 0


def measure(extent: Extent, short: bool) -> report.Results:
    """Run everything against two farms."""
    python = environments.controller()
    largest = max(extent.scale.largest, extent.table.hosts, extent.share.hosts)
    small = max(*extent.scale.small, extent.table.hosts)
    with FarmProcess(largest, table.RTTS) as lab, FarmProcess(small, table.RTTS) as short_lab:
        bench = Bench(Controller(python), lab, short_lab)
        # The first run of all reads files that nobody has read yet.
        bench.run(Run("nothing"))
        cells = table.measure(bench, extent.table)
        shares = share.measure(bench, extent.share.hosts, extent.share.repetitions)
        points = scale.points(scale.measure(bench, extent.scale))
    found = {run: table.per_endpoint(run, figures) for run, figures in cells.items()}
    return report.Results(
        versions=environments.versions(python),
        size=extent.table,
        table=found,
        start=turns.mean(list(cells.values())),
        shares=shares,
        share_size=extent.share,
        small=extent.scale.small,
        points=points,
        claims=claimed(found, extent, shares, [] if short else points),
    )


def claimed(
    found: table.Table, extent: Extent, shares: Mapping[str, list[Share]], points: list[scale.Point]
) -> list[Claim]:
    """All claims that this run can be held to."""
    made = [*claims.of_table(found, extent.table), *claims.of_share(shares)]
    return [*made, *claims.of_scale(points)] if points else made


if __name__ == "__main__":
    sys.exit(main())
