# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on a directory and on an endpoint, and none that goes on without its controller."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout import _lock

from tests.integration.play import Started
from tests.integration.rollout.killing import PATIENCE, stop_when
from tests.integration.rollout.rollout_site import Change, blamed, change_on
from tests.integration.rollout.test_rollout_killed import begun
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated


def address(change: Change, name: str) -> str:
    """What tells an endpoint from all others, by the variables of the inventory."""
    group = yaml.safe_load(change.inventory.read_text(encoding="utf-8"))["windows"]
    variables = {**group.get("vars", {}), **group["hosts"][name], "inventory_hostname": name}
    return _lock.address_of(variables, lambda value: value)


def run_of(pid: int) -> _lock.Owner:
    owner = _lock.this_run("a rollout of CHG0001", "alice", "2026-01-31T12:00:00Z")
    return replace(owner, pid=pid, born=_lock._born(pid))


def test_a_second_run_into_a_directory_or_on_an_endpoint_is_refused(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 2}) as change:
        change.have_plan()
        before = change.all_held()
        mine = run_of(os.getpid())
        _lock.claim(change.evidence, mine)
        for check in (("--check",), ()):
            run = change.play("rollout", *check)
            assert run.rc != 0
            assert "is in use by a rollout of CHG0001, begun by alice" in " ".join(run.output.split())
        assert change.untouched(*change.lab.endpoints)
        _lock.release(change.evidence, mine)
        with _lock.busy(address(change, "clean-2")):
            run = change.play("rollout")
        assert run.rc != 0
        assert blamed(run) == {
            "clean-2": "failed: another rollout or rollback of this controller is at work on this endpoint"
        }
        assert change.held("clean-2") == before["clean-2"]
        assert change.untouched("clean-2")
        # A lock that a run left which is no more holds nobody up.
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        _lock.claim(change.evidence, run_of(process.pid))
        process.communicate(b"\n")
        assert change.play("rollout").rc == 0
        assert change.verdicts() == {"clean-1": "ok", "clean-2": "ok"}
        assert (change.evidence / _lock.LOCK).read_bytes() == b""
        _lock.claim(change.evidence, mine)
        change.lab.reset_accounts()
        assert change.play("rollback").rc != 0
        assert change.untouched(*change.lab.endpoints)


@pytest.mark.parametrize("said", ["was replaced since this rollout began", "since its scope.json is gone"])
def test_a_plan_that_is_replaced_under_way_is_not_carried_out(network: Stage, tmp_path: Path, said: str) -> None:
    with change_on(network, tmp_path, {"clean": 3}) as change:
        change.plan(mde_plan_valid_hours=2)
        other = change.plan_file.read_bytes()
        change.plan()
        run = Started("mde.connectivity.rollout", change.inventory, change.work, change.arguments({}))
        stop_when(run, (change.evidence / "hosts" / "clean-1.json").exists)
        change.plan_file.write_bytes(other)
        if "scope" in said:
            (change.evidence / "scope.json").unlink()
        os.kill(run.pid, signal.SIGCONT)
        ended = run.wait()
        assert ended.rc != 0
        assert said in " ".join(ended.output.split())
        assert change.verdicts() == {"clean-1": "ok"}
        assert change.untouched("clean-2", "clean-3")


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def test_workers_of_a_killed_controller_end_before_their_next_write(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 6}, rtt_ms=80) as change:
        change.have_plan()
        arguments = change.arguments({"mde_batches": [1, "100%"]}, "--forks", "3")
        run = Started("mde.connectivity.rollout", change.inventory, change.work, arguments)
        workers = stop_when(run, lambda: begun(change) >= 2)
        os.kill(run.pid, signal.SIGKILL)
        assert run.wait().rc == -signal.SIGKILL
        assert workers
        until = time.monotonic() + PATIENCE
        while any(alive(pid) for pid in workers):
            assert time.monotonic() < until
            time.sleep(0.05)
        records: dict[str, dict[str, Any]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8"))
            for path in (change.evidence / "hosts").glob("*.json")
        }
        # What had no record by then was never written; what has one says that nobody saw the end of it.
        never = set(change.lab.endpoints) - set(records)
        assert not any(change.endpoint(name).writes for name in never)
        left = [record for record in records.values() if record["verdict"] != "ok"]
        assert left
        assert {record["verdict"] for record in left} == {"unverified"}
        assert all("the run of ansible-playbook that had begun this is gone" in record["reason"] for record in left)
        assert all(record["observed"] == {} for record in left)
        change.lab.reset_accounts()
        assert change.play("rollout").rc == 0
        assert change.verdicts() == dict.fromkeys(change.lab.endpoints, "ok")
        assert {len(change.endpoint(name).writes) for name in change.lab.endpoints} == {2}
