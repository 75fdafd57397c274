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
from tests.bench.controller import Figures, Run, Taken
from tests.bench.scale import DRIFTED_EACH, Point
from tests.bench.share import Share
from tests.bench.table import Size, Table, cell

_SIGN_IN = {"basic": ", Basic over HTTP", "ntlm": "", "kerberos": ", Kerberos"}
PLOT = "images/benchmark-scale.svg"
_FLEET = (
    "endpoints",
    "endpoints per minute",
    "CPU per endpoint",
    "peak memory",
    "own memory",
    "of it for evidence",
    "endpoint CPU",
)


@dataclass(frozen=True)
class Results:
    """Everything that the page is made of; load is that of the machine before."""

    versions: Mapping[str, str]
    floors: Size
    few: Size
    table: Table
    start: Taken
    shares: Mapping[str, Sequence[Share]]
    share_size: Size
    rollout: tuple[Run, Figures]
    raw: Figures
    points: list[Point]
    forks: int
    claims: list[Claim]
    load: float
    no_tickets: str = ""


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
    parts = (
        _intro(results),
        _table(results),
        _rollout(results),
        _share(results),
        _scale(results),
        _claims(results.claims),
    )
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
    if results.load > 1:
        yield ""
        yield (
            f"**Other work ran on this machine** (load {results.load:.0f} on {os.cpu_count()} cores when the bench "
            "began): wall and endpoints per minute are of such a machine, and CPU is more than on one that does "
            "nothing else. Requests, bytes and memory do not depend on it."
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
        "Endpoints are signed in to with NTLM over HTTPS, bound to the certificate that the controller validates, "
        "unless a row says otherwise. A connection is three requests before its first answer that way, and a task is "
        "a connection. The floors and the playbooks beside them are run in turns, each row once per turn; its figures "
        "are those of the turn that took the least CPU, since what else happens on a machine only adds to it. Every "
        "other row is run once, and a minute in which the machine is slow can fall on it alone."
    )


def _work() -> Iterator[str]:
    yield "## The same work, per endpoint"
    yield ""
    yield (
        "The work: the WinHTTP proxy with its bypass list, automatic detection, the sensor's static proxy with what "
        "belongs to it, and URLs asked for from the endpoint. In rows with `service list` these are the "
        f"{len(work.LIST)} that the role asks by way of a proxy for a tenant in the EU of which nothing but the region "
        "is said; in the other rows of verify, site and rollout six, and in the rest none. The peers do it with facts, "
        "`win_inet_proxy`, `win_http_proxy`, `win_regedit` twice, `netsh winhttp show proxy` and `win_uri`, in a loop "
        "because that is cheaper for them than a task for each. So the row of `mde.connectivity.site` with the list is "
        "the one to hold against `ansible.windows` with it, and one task against `ansible.windows` without URLs."
    )
    yield ""
    yield (
        "**What is asserted of the peers is about the list and `win_uri`**, which takes a module for each URL. Of six "
        "URLs, which earlier versions of this page compared and which missed the same limits, it takes less, and a "
        "script for `win_powershell`, which has to be written first, asks the list in one module: both are rows, and "
        "nothing is asserted of them."
    )
    yield ""
    yield (
        "Our requests to the URLs really happen, nearly all with TLS, between the simulated endpoints and one server "
        "that is the proxy and what lies behind it, in the process whose CPU is `endpoint CPU`, and each has to arrive "
        "(one more of the list takes no proxy, and is not reached there; it is optional). Those of the peers are "
        "answered without one. Rows with Kerberos are of the controller of the check `kerberos`, whose tickets come "
        "from a KDC on the same machine, one for each task."
    )
    yield ""


def _table(results: Results) -> Iterator[str]:
    floors, few = results.floors, results.few
    yield from _work()
    yield (
        "The floors: one `ansible.builtin.raw` per endpoint with `echo bench`, over winrs as our rows are, and the "
        "command lines of the audit by pypsrp in one process, endpoint after endpoint, without Ansible. `of raw` is "
        "the CPU of a row against that of raw with the same sign-in and delay. While all forks are busy, the main "
        "process of ansible-core looks for a free one every 0.1 ms, so a part of that CPU is a matter of how long "
        "endpoints take and not of what is done. Endpoints bring cores of their own, so of this machine's cores one "
        "half is theirs in this table, and the other the controller's. Bytes are those of HTTP, heads and bodies: `kB "
        "up` is what the controller sends, `kB down` what it receives."
    )
    yield ""
    yield (
        f"Of the floors and the playbooks beside them {floors.hosts} endpoints were asked in each of "
        f"{floors.repetitions} turns, of the peers {cell(few, 'peers').hosts}, and of what is held against them and "
        f"with Kerberos {few.hosts}, with {floors.forks} forks. Wall is that of the run divided by its endpoints. "
        "Wall and CPU are counted from the first play or task on: the start of ansible-playbook, "
        f"{results.start.start_cpu:.2f} s of CPU, is left out. `endpoint CPU` is what the process of the endpoints "
        "took."
    )
    yield ""
    yield from _cells(results.table)
    if results.no_tickets:
        yield ""
        yield f"Kerberos was not measured: {results.no_tickets}"


def _cells(table: Table) -> Iterator[str]:
    yield from _head(
        "",
        "endpoint",
        "delay",
        "requests",
        "kB up",
        "kB down",
        "controller CPU",
        "of raw",
        "wall",
        "peak memory",
        "endpoint CPU",
    )
    raw = {(run.sign_in, run.rtt): found.cpu for run, found in table.items() if run.work == "raw"}
    for run, found in table.items():
        yield _row(
            f"{work.WORKS[run.work].title}, {run.connection}{_SIGN_IN[run.sign_in]}",
            "changed" if run.start == "drifted" else "converged",
            f"{run.rtt:g} ms",
            f"{found.requests:.0f}",
            f"{found.bytes_in / 1000:,.1f}",
            f"{found.bytes_out / 1000:,.1f}",
            f"{found.cpu * 1000:,.0f} ms",
            f"{found.cpu / raw[floor]:.2f}" if (floor := (run.sign_in, run.rtt)) in raw else "",
            f"{found.wall * 1000:,.0f} ms",
            f"{found.memory:.0f} MB",
            f"{found.farm_cpu * 1000:.0f} ms",
        )


def _rollout(results: Results) -> Iterator[str]:
    run, found = results.rollout
    yield "## A whole rollout"
    yield ""
    yield (
        f"Plan, apply with verification, gates and evidence of {run.hosts:,} endpoints of which every one is changed, "
        f"signed in to, with {run.forks} forks and all cores for both sides: "
        f"{found.requests / run.hosts:.0f} requests, {found.cpu / run.hosts * 1000:.0f} ms of controller CPU and "
        f"{found.wall / run.hosts * 1000:.0f} ms of wall per endpoint, and {found.memory:.0f} MB at most. As many raw "
        f"tasks take {results.raw.cpu / run.hosts * 1000:.0f} ms of CPU each."
    )


def _share(results: Results) -> Iterator[str]:
    size = results.share_size
    yield "## Our own share of a task"
    yield ""
    yield (
        "CPU of the controller and its workers per task, beside an action plugin that only runs as many empty command "
        f"lines over winrs, with Basic over HTTP: tasks of one play, a few seconds apart, {size.hosts} endpoints with "
        f"one fork; medians of {size.repetitions} runs. Ansible loads the connection in each worker, unless a plugin "
        "of ours was loaded before, which does so once before Ansible forks. So the empty plugin is measured twice, "
        "before and after the first task of ours: the difference to the first is what an endpoint costs more than with "
        "a plugin that does nothing, the difference to the second what our code, our options and our result cost."
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
        "An audit, a verification and a whole rollout, by the playbooks, of fleets of two sizes. What is looked at "
        "here is whether a controller needs more for an endpoint where there are more of them, which does not depend "
        "on how it is signed in to: these endpoints are reached by a connection of the bench, which hands a command "
        "line to them as one line of JSON, and asked for one URL. "
        f"Forks are {results.forks}. In the audit every {DRIFTED_EACH}th endpoint is drifted, and the run has to "
        "report exactly those; in the rollout all are. CPU is that of the controller and "
        "all its workers from the first play on, memory that of its largest process, start and inventory included; "
        "`own memory` is without what the inventory takes by itself, and of a rollout `for evidence` is that of the "
        "process that makes evidence and page at the end."
    )
    yield ""
    yield (
        "The playbooks work in batches of 200 and register little: the linear strategy of ansible-core holds all "
        "results of a task until the last host of the batch is done. Audit and verification are imported once per "
        "1,000 endpoints (`mde_hosts: windows[0:999]` and so on), since each task in flight has lists of its own of "
        "all hosts of its play; the rollout is one play. The floor is an action plugin that does nothing but run "
        "`echo bench` over the same connection, in plays of 1,000 and batches of 200: what it grows by is "
        "ansible-core's own."
    )
    yield ""
    yield f"![Endpoints per minute, CPU per endpoint and peak memory over the size of the fleet]({PLOT})"
    yield ""
    yield from _head("", *_FLEET)
    for point in results.points:
        yield _row(
            work.WORKS[point.work].title,
            f"{point.hosts:,}",
            f"{point.per_minute:,.0f}",
            f"{point.own_cpu_ms:.1f} ms",
            f"{point.memory:.0f} MB",
            f"{point.own_memory:.0f} MB",
            f"{point.last_memory:.0f} MB" if point.work == "rollout" else "",
            f"{point.farm_cpu_ms:.1f} ms",
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
