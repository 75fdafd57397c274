# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies in the middle of a batch: the same command goes on, and what was begun can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.play import Started
from tests.integration.rollout.killing import kill_when
from tests.integration.rollout.rollout_site import Change, change_on
from tests.integration.rollout.streamlined_site import migration_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

HOSTS = 8


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    """A change on endpoints that are far away, so that a batch takes a while."""
    with change_on(network, tmp_path, {"clean": HOSTS}, rtt_ms=80) as planned:
        planned.have_plan()
        yield planned


def kill_in_the_middle(change: Change, playbook: str = "rollout") -> None:
    """Start the playbook, and kill it when some endpoints are between write and end."""
    arguments = change.arguments({"mde_batches": [1, "100%"]}, "--forks", "4")
    run = Started(f"mde.connectivity.{playbook}", change.inventory, change.work, arguments)
    kill_when(run, lambda: begun(change) >= 2, change.lab)


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
