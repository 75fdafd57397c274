# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies in the middle of a batch: the same command goes on, and what was begun can be undone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.rollout.rollout_site import Change, change_on
from tests.integration.rollout.streamlined_site import migration_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

HOSTS = 8
PATIENCE = 120


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    """A change on endpoints that are far away, so that a batch takes a while."""
    with change_on(network, tmp_path, {"clean": HOSTS}, rtt_ms=80) as planned:
        planned.plan()
        yield planned


def children(parent: int) -> list[int]:
    """The processes that a process has started and that are still there, and theirs."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                pid = int(stat.parent.name)
                found += [pid, *children(pid)]
    return found


def kill_in_the_middle(change: Change, playbook: str = "rollout") -> None:
    """Start the playbook, and kill its processes all at once when some endpoints are between write and end."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "-i", str(change.inventory), *change.arguments({"mde_batches": [1, "100%"]})]
    process = subprocess.Popen(
        [*command, "--forks", "4", f"mde.connectivity.{playbook}"],
        cwd=change.work,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(change.work / "tmp")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + PATIENCE
    while begun(change) < 2:
        assert process.poll() is None, f"{playbook} ended before it was killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    # Stopped first, the parent starts no more while its children are looked up.
    process.send_signal(signal.SIGSTOP)
    for pid in (*children(process.pid), process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL


def begun(change: Change) -> int:
    """How many records of the second batch say that a write began, and not how it ended."""
    found = 0
    for path in (change.evidence / "hosts").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        found += record["host"] != "clean-1" and record["state"] in ("writing", "written")
    return found


def test_a_killed_rollout_goes_on_where_it_ended(change: Change) -> None:
    before = change.all_held()
    kill_in_the_middle(change)
    snapshots = {name: change.record(name)["snapshot"] for name in change.verdicts()}
    left = change.verdicts()
    assert left["clean-1"] == "ok"
    assert list(left.values()).count(None) >= 2
    assert len(left) < HOSTS
    change.lab.reset_accounts()
    # The records say so, without anybody being asked.
    made = change.play("evidence", mde_hosts=None)
    assert made.rc == 0, made.output
    summary = json.loads((change.evidence / "summary.json").read_text(encoding="utf-8"))
    assert (summary["incomplete"], summary["verdicts"]["open"]) == (True, list(left.values()).count(None))
    assert "This evidence is incomplete" in (change.evidence / "index.html").read_text(encoding="utf-8")
    assert f"{summary['verdicts']['open']} not finished, {HOSTS - len(left)} not started." in made.output
    assert change.untouched(*change.lab.endpoints)
    assert change.play("rollout").rc == 0
    assert change.verdicts() == dict.fromkeys(change.lab.endpoints, "ok")
    assert all(change.proxy(name) for name in change.lab.endpoints)
    # Each of the two views was written once: what had arrived before the end was not written again.
    assert {len(change.endpoint(name).writes) for name in change.lab.endpoints} == {2}
    assert {name: change.record(name)["snapshot"] for name in snapshots} == snapshots
    assert all(snapshots.values())
    assert change.play("rollback").rc == 0
    assert change.all_held() == before


def test_a_half_finished_rollout_is_rolled_back(change: Change) -> None:
    before = change.all_held()
    kill_in_the_middle(change)
    touched = set(change.verdicts())
    assert change.all_held() != before
    change.lab.reset_accounts()
    run = change.play("rollback")
    assert run.rc == 0
    assert {outcome.host for outcome in run.outcomes} == touched
    assert change.all_held() == before
    assert change.untouched(*set(change.lab.endpoints) - touched)
    assert set(change.verdicts().values()) == {"rolled_back"}


def test_a_killed_move_to_streamlined_connectivity_goes_on_and_says_how_it_is_taken_back(
    network: Stage, tmp_path: Path
) -> None:
    with migration_on(network, tmp_path, {"clean": HOSTS}, rtt_ms=80) as fleet:
        assert fleet.play("streamlined_plan").rc == 0
        kill_in_the_middle(fleet, "streamlined")
        left = fleet.verdicts()
        assert left["clean-1"] == "ok"
        assert list(left.values()).count(None) >= 2
        assert len(left) < HOSTS
        done = fleet.play("streamlined")
        assert done.rc == 0, done.output[-3000:]
        assert fleet.verdicts() == dict.fromkeys(fleet.lab.endpoints, "ok")
        assert fleet.moved() == list(fleet.lab.endpoints)
        # Where it is not known whether the package ran, it is run once more.
        assert {fleet.ran(name) for name, verdict in left.items() if verdict} == {1}
        assert {fleet.ran(name) for name in fleet.lab.endpoints} <= {1, 2}
        assert not any(fleet.left(name) for name in fleet.lab.endpoints)
        back = f"mde.connectivity.rollback -e mde_evidence={fleet.evidence} -e streamlined_previous_package=FILE\n"
        assert back in done.output
