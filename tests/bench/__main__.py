# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: this collection, its peers and the floors below it, fleets of up to 5,000, and what has to hold."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from windows_lab import kdc

from tests.bench import claims, environments, report, scale, share, table, turns
from tests.bench.controller import FOLDER, Controller, FarmProcess, Figures, Realm, Run, WrongResultError
from tests.bench.scale import Scale
from tests.bench.table import Size
from tests.bench.turns import Bench
from tests.twice import ROOT

DOCS = ROOT / "docs"
_NAME = "localhost"


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    floors: Size
    # What is held against the peers, and with Kerberos; of the peers themselves half of it.
    few: Size
    share: Size
    scale: Scale
    # Where the page and its plot go.
    target: Path


FULL = Extent(
    floors=Size(hosts=50, forks=10, repetitions=2),
    few=Size(hosts=20, forks=10, repetitions=1),
    share=Size(hosts=20, forks=1, repetitions=3),
    scale=Scale((1000, 5000), signed=1000, forks=10),
    target=DOCS,
)
# For work on the bench itself: its figures are noise, and the page goes where nobody takes it for the real one.
SHORT = Extent(
    floors=Size(hosts=4, forks=4, repetitions=1),
    few=Size(hosts=4, forks=4, repetitions=1),
    share=Size(hosts=4, forks=1, repetitions=1),
    scale=Scale((5, 10), signed=5, forks=5),
    target=FOLDER,
)


def main() -> int:
    """Measure, write the page, and return 1 when a result was wrong or a claim does not hold."""
    short = bool(os.environ.get("BENCH_SHORT"))
    extent = SHORT if short else FULL
    started = time.monotonic()
    try:
        results = measure(extent)
    except (WrongResultError, environments.EnvironmentMissingError, kdc.KdcFailed) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    extent.target.mkdir(parents=True, exist_ok=True)
    scale.plot(results.points, environments.plotter(), extent.target / report.PLOT)
    page = extent.target / "benchmarks.md"
    page.write_text(report.page(results), encoding="utf-8")
    print(f"\n{page.relative_to(ROOT)} after {(time.monotonic() - started) / 60:.1f} minutes")
    print("\n".join(map(str, results.claims)))
    return 1 if not short and claims.broken(results.claims) else 0


def measure(extent: Extent) -> report.Results:
    """Run everything against one farm, and what is signed in to with Kerberos against another."""
    load = os.getloadavg()[0]
    python = environments.controller()
    most = max(size.hosts for size in (extent.floors, extent.few, extent.share))
    with FarmProcess(most, table.RTTS, apart=True) as lab:
        bench = Bench(Controller(python), lab)
        # The first run of all reads files that nobody has read yet.
        bench.run(Run("nothing"))
        found = dict(_table(bench, extent))
        shares = share.measure(bench, extent.share.hosts, extent.share.repetitions)
    with FarmProcess(max(extent.scale.sizes), table.RTTS) as lab:
        bench = Bench(Controller(python), lab)
        rollout, raw = scale.signed(extent.scale)
        signed = {run: bench.run(run) for run in (raw, rollout)}
        points = scale.points(scale.measure(bench, extent.scale))
    tickets, lacking = _by_tickets(extent.few)
    found |= tickets
    cells = {run: table.per_endpoint(run, figures) for run, figures in found.items()}
    return report.Results(
        versions=environments.versions(python),
        floors=extent.floors,
        few=extent.few,
        table=cells,
        start=turns.mean(list(found.values())),
        shares=shares,
        share_size=extent.share,
        rollout=(rollout, signed[rollout]),
        raw=signed[raw],
        points=points,
        forks=extent.scale.forks,
        claims=[
            *claims.of_floor(cells, extent.floors),
            *claims.of_rollout(signed[rollout], signed[raw], rollout.hosts, os.cpu_count() or 1),
            *claims.of_peers(cells, extent.few),
            *claims.of_one(cells, extent.few),
            *claims.of_share(shares),
            *claims.of_scale(points),
        ],
        load=load,
        no_tickets=lacking,
    )


def _table(bench: Bench, extent: Extent) -> Iterator[tuple[Run, Figures]]:
    yield from table.measure(bench, list(table.floors(extent.floors)), extent.floors.repetitions).items()
    yield from table.measure(bench, list(table.of_peers(extent.few)), extent.few.repetitions).items()


def _by_tickets(size: Size) -> tuple[dict[Run, Figures], str]:
    """The runs that are signed in to with Kerberos, or why there are none."""
    python, lacking = environments.tickets()
    if python is None:
        print(f"Kerberos is not measured: {lacking}", flush=True)
        return {}, lacking
    with kdc.kdc([_NAME]) as center:
        realm = Realm(center.user, center.environment)
        with FarmProcess(size.hosts, (0.0,), realm, str(python), apart=True) as lab:
            return table.measure(Bench(Controller(python), lab), list(table.by_tickets(size)), 1), ""


if __name__ == "__main__":
    sys.exit(main())
