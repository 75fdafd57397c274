# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/benchmarks.md: what was measured, on what, and what it shows."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import work
from tests.bench.claims import Claim
from tests.bench.controller import Run, Taken
from tests.bench.scale import DRIFTED_EACH, RTT, Point
from tests.bench.share import Share
from tests.bench.table import CELLS, RTTS, STARTS, Size, Table, audits, empty

PLOT = "images/benchmark-scale.svg"
_FLEET = (
    "endpoints",
    "forks",
    "endpoints per minute",
    "CPU per endpoint",
    "own CPU",
    "peak memory",
    "own memory",
    "endpoint CPU",
)


@dataclass(frozen=True)
class Results:
    """Everything that the page is made of."""

    versions: Mapping[str, str]
    size: Size
    table: Table
    start: Taken
    shares: Mapping[str, Sequence[Share]]
    share_size: Size
    small: tuple[int, ...]
    points: list[Point]
    claims: list[Claim]


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row("---", *("---:" for _name in names[1:]))


def machine() -> str:
    """What the figures were taken on."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GB, Linux {platform.release().partition('-')[0]}"


def page(results: Results) -> str:
    """The whole page."""
    parts = (_intro(results), _table(results), _share(results), _scale(results), _claims(results.claims))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _intro(results: Results) -> Iterator[str]:
    versions = results.versions
    yield "# Benchmarks"
    yield ""
    yield (
        f"Written by `make bench`. Machine: {machine()}. Controller of both stacks: Python {versions['Python']}, "
        f"ansible-core {versions['ansible-core']}, pywinrm {versions['pywinrm']}; the peers are ansible.windows "
        f"{versions['ansible.windows']} from the PyPI package `ansible` {versions['ansible']}."
    )
    yield ""
    yield (
        "The endpoints are simulated, in one process on the same machine; no Windows ran. The peers' modules are "
        "PowerShell, which a simulated endpoint does not have: it takes their wrapper off the wire and answers at "
        "once with a canned result, so that **no work of Windows is charged to the peers**. The commands of this "
        "collection do run, on the simulated registry. After each run the state of every endpoint is compared with "
        "what was asked for, and a difference ends the benchmark."
    )
    yield ""
    yield (
        "A shared machine like this is twice as fast in one minute as in another. So what is held against each other "
        "is run at the same time: the controller of the long run stops where none of its workers runs, before each "
        "task or before each batch, and a short run has its turn, as a whole and on endpoints of its own. What passes "
        "meanwhile is in no figure of the long run, and the figures of the short one are means of all its turns. The "
        "long runs are those of `ansible.windows`, with our first row in their pauses, and the largest fleets, with "
        f"those of {' and '.join(map(str, results.small))} in theirs."
    )


def _table(results: Results) -> Iterator[str]:
    size = results.size
    yield "## The same work, per endpoint"
    yield ""
    yield (
        "The work: the WinHTTP proxy with its bypass list, automatic detection, the sensor's static proxy with what "
        "belongs to it, and the state of all of them reported. The peers do it with facts, `win_inet_proxy`, "
        "`win_http_proxy`, `win_regedit` twice and `netsh winhttp show proxy`, and ask for six URLs with `win_uri`, "
        "in a loop because that is cheaper for them than six tasks; a row of its own leaves the URLs out. Our rows "
        "leave them out too, but for the rows with six URLs: there `reachability` asks for them in one more task, on "
        "the way that the sensor takes, through a proxy and with TLS. These requests really happen, between the "
        "simulated endpoints and a server beside them, in the process whose CPU is `endpoint CPU`, and each has to "
        "arrive; the six URLs of the peers are answered without one. So the row with six URLs is the one to hold "
        "against `ansible.windows`, and one task against `ansible.windows without the URLs`."
    )
    yield ""
    yield (
        "Bytes are those of HTTP, heads and bodies: `kB up` is what the controller sends, `kB down` what it receives. "
        f"A task that runs one empty command line over winrs moves {results.table[empty(size)].bytes / 1000:.1f} kB in "
        "both directions, which is pywinrm's envelopes. So a whole seed in 16 kB is only had for what is sent; in both "
        "directions together it is more, and the limit below says how much."
    )
    yield ""
    yield (
        f"Means of {size.repetitions} runs of {size.hosts} endpoints with {size.forks} forks, both stacks in turn; of "
        "our first row, of all its turns. Wall is that of the run divided by its endpoints, for three delays per "
        "request. Wall and CPU are counted from the first task on: the start of ansible-playbook, "
        f"{results.start.start_wall:.2f} s and {results.start.start_cpu:.2f} s of CPU, is left out. `endpoint CPU` is "
        "what the process of the endpoints took, on the same two cores."
    )
    for start in STARTS:
        yield ""
        yield f"### {'Converged' if start == 'converged' else 'Changed'} endpoint"
        yield ""
        yield from _cells(results, start)


def _cells(results: Results, start: work.Start) -> Iterator[str]:
    walls = (f"wall, {rtt:g} ms" for rtt in RTTS)
    yield from _head(
        "", "tasks", "requests", "kB up", "kB down", "controller CPU", *walls, "peak memory", "endpoint CPU"
    )
    for name, connection in CELLS:
        cells = [
            results.table[Run(name, connection, start, rtt, results.size.hosts, results.size.forks)] for rtt in RTTS
        ]
        first = cells[0]
        yield _row(
            f"{work.WORKS[name].title}, {connection}",
            len(work.WORKS[name].tasks),
            f"{first.requests:.0f}",
            f"{first.bytes_in / 1000:,.1f}",
            f"{first.bytes_out / 1000:,.1f}",
            f"{first.cpu * 1000:,.0f} ms",
            *(f"{cell.wall * 1000:,.0f} ms" for cell in cells),
            f"{max(cell.memory for cell in cells):.0f} MB",
            f"{first.farm_cpu * 1000:.0f} ms",
        )


def _share(results: Results) -> Iterator[str]:
    size = results.share_size
    yield "## Our own share of a task"
    yield ""
    yield (
        "CPU of the controller and its workers per task, beside an action plugin that only runs as many empty command "
        f"lines over winrs: tasks of one play, a few seconds apart, {size.hosts} endpoints with one fork; medians of "
        f"{size.repetitions} runs. Ansible loads the connection in each worker, unless a plugin of ours was loaded "
        "before, which does so once before Ansible forks. So the empty plugin is measured twice, before and after the "
        "first task of ours: the difference to the first is what an endpoint costs more than with a plugin that does "
        "nothing, the difference to the second what our code, our options and our result cost."
    )
    yield ""
    yield from _head("", "our task", "empty, before", "difference", "empty, after", "difference")
    for state, shares in results.shares.items():
        columns = (
            [share.ours for share in shares],
            [share.alone for share in shares],
            [share.ours - share.alone for share in shares],
            [share.among for share in shares],
            [share.ours - share.among for share in shares],
        )
        yield _row(state, *(f"{statistics.median(column) * 1000:.1f} ms" for column in columns))


def _scale(results: Results) -> Iterator[str]:
    yield "## Fleets"
    yield ""
    yield (
        "A drift audit: `ansible-playbook mde.connectivity.audit` with the whole desired state. That is one task per "
        "endpoint, which reads, writes nothing and reports `changed` where a setting has drifted. Here a request takes "
        f"{RTT:g} ms, every {DRIFTED_EACH}th endpoint is drifted, and the run has to report exactly those. CPU is that "
        "of the controller and all its workers, memory that of its largest process, start and inventory included; "
        "`own CPU` is counted from the first batch on, `own memory` is without what the inventory takes by itself."
    )
    yield ""
    yield (
        "The playbook works in batches of 200 and registers nothing: the linear strategy of ansible-core holds all "
        "results of a task until the last host of the batch is done. It is imported once per 1,000 endpoints "
        "(`mde_hosts: windows[0:999]` and so on), since each task in flight has lists of its own of all hosts of its "
        "play: in a single play of 5,000 the memory grows with the forks."
    )
    yield ""
    yield _roles(results)
    yield ""
    yield f"![Endpoints per minute, CPU per endpoint and peak memory over the size of the fleet]({PLOT})"
    yield ""
    yield from _head(*_FLEET)
    for point in sorted(results.points, key=lambda point: (point.forks, point.hosts)):
        yield _row(
            f"{point.hosts:,}",
            point.forks,
            f"{point.per_minute:,.0f}",
            f"{point.cpu_ms:.1f} ms",
            f"{point.own_cpu_ms:.1f} ms",
            f"{point.memory:.0f} MB",
            f"{point.own_memory:.0f} MB",
            f"{point.farm_cpu_ms:.1f} ms",
        )


def _roles(results: Results) -> str:
    """What the audit takes as the playbook with the roles."""
    alone, site = (results.table[run] for run in audits(results.size))
    return (
        "The same audit through the roles, `ansible-playbook mde.connectivity.site --check --skip-tags verify` "
        f"({results.size.hosts} converged endpoints, no delay): {site.requests:.0f} requests, "
        f"{site.bytes / 1000:.1f} kB and {site.cpu * 1000:.0f} ms of controller CPU per endpoint, where the audit "
        f"takes {alone.requests:.0f}, {alone.bytes / 1000:.1f} kB and {alone.cpu * 1000:.0f} ms. The roles add tasks "
        "on the controller, which check their variables, and nothing on the wire."
    )


def _claims(claims: Iterable[Claim]) -> Iterator[str]:
    yield "## What is asserted"
    yield ""
    yield "`make bench` ends with an error when one of these does not hold."
    yield ""
    yield from _head("claim", "this run", "limit", "holds")
    for claim in claims:
        value, limit = f"{claim.value:.4g}{claim.unit}", f"{claim.sense} {claim.limit:g}{claim.unit}"
        yield _row(claim.text, value, limit, "yes" if claim.holds else "**no**")
