# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: whatever goes wrong on an endpoint, the next batch does not begin, and the right host is blamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.rollout.rollout_site import (
    FIRST,
    VERIFY,
    WRITE,
    Change,
    blamed,
    change_on,
)
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    """A change that is planned on four endpoints; the first of them is the canary."""
    with change_on(network, tmp_path, {"clean": 4}) as planned:
        planned.have_plan()
        yield planned


def said(change: Change) -> str:
    """How all of it ended, as the summary on the disk says it."""
    return str(json.loads((change.evidence / "summary.json").read_text(encoding="utf-8"))["sentence"])


def test_trap_37_an_unreachable_canary_stops_the_next_batch(change: Change) -> None:
    before = change.all_held()
    change.lab.drop_connection("clean-1", FIRST)
    run = change.play("rollout")
    assert run.rc != 0
    assert list(blamed(run)) == ["clean-1"]
    assert "failed: unreachable" in blamed(run)["clean-1"]
    assert change.untouched("clean-2", "clean-3", "clean-4")
    assert change.verdicts() == {"clean-1": "failed"}
    assert change.all_held() == before
    change.lab.drop_connection("clean-1", None)
    assert change.play("rollout").rc == 0
    assert set(change.verdicts().values()) == {"ok"}
    assert len(change.verdicts()) == 4


def test_trap_38_a_lost_connection_leaves_unverified_and_is_resumed(change: Change) -> None:
    before = change.all_held()
    lost = {"clean-1": (WRITE, False), "clean-2": (WRITE, True), "clean-3": (VERIFY, False)}
    for name, (request, after) in lost.items():
        change.lab.drop_connection(name, request, after=after)
    run = change.play("rollout", mde_batches=[3, 1], mde_first_batch_above_one=True)
    assert run.rc != 0
    assert set(blamed(run)) == set(lost)
    assert all(blamed(run)[name].startswith("unverified: ") for name in lost)
    assert change.untouched("clean-4")
    records = {name: change.record(name) for name in lost}
    assert {(r["state"], r["verdict"]) for r in records.values()} == {("done", "unverified")}
    arrived = {name: change.held(name) != before[name] for name in lost}
    assert arrived == {"clean-1": False, "clean-2": True, "clean-3": True}
    for name in lost:
        change.lab.drop_connection(name, None)
    assert change.play("rollout", mde_batches=[3, 1], mde_first_batch_above_one=True).rc == 0
    assert change.verdicts() == dict.fromkeys(change.lab.endpoints, "ok")
    for name, record in records.items():
        resumed = change.record(name)
        assert resumed["changed"]
        # What a rollback goes by is the state before the first write, whatever the second run found.
        assert resumed["snapshot"] == record["snapshot"] != []
        assert resumed["before"]["winhttp"]["native"]["direct"]
        assert len(change.endpoint(name).writes) == 2
    assert change.play("rollback").rc == 0
    assert change.all_held() == before


@pytest.mark.parametrize(
    ("batches", "bad", "touched", "sentence"),
    [
        pytest.param(None, 1, 1, "Stopped in batch 1 of 3: 0 of 4 are", id="the canary"),
        pytest.param([1, 2, 1], 2, 3, "Stopped in batch 2 of 3: 2 of 4 are", id="a list of batches"),
        pytest.param([1, 2, 1], 4, 4, "3 of 4 are", id="the last batch"),
    ],
)
def test_trap_37_a_canary_that_fails_verification_is_restored_and_stops_the_next_batch(
    change: Change, batches: object, bad: int, touched: int, sentence: str
) -> None:
    name, before = f"clean-{bad}", change.all_held()
    change.distrust(name)
    run = change.play("rollout", mde_batches=batches)
    assert run.rc != 0
    assert list(blamed(run)) == [name]
    assert blamed(run)[name].startswith("rolled_back: the service is not reached")
    assert change.held(name) == before[name]
    done = {f"clean-{number}" for number in range(1, touched + 1)}
    assert change.verdicts() == {**dict.fromkeys(sorted(done), "ok"), name: "rolled_back"}
    assert all(change.proxy(other) for other in done - {name})
    rest = set(change.lab.endpoints) - done
    assert change.untouched(*rest)
    assert {other: change.held(other) for other in rest} == {other: before[other] for other in rest}
    rest_said = f", {len(rest)} not started" if rest else ""
    sentence = f"{sentence} in the planned state and verified, 1 rolled back{rest_said}."
    assert sentence in run.output.splitlines()
    # The callback has written this after the gate.
    assert said(change) == sentence
    assert run.output.count("index.html") == 1
    change.connect(name)
    assert change.play("rollout", mde_batches=batches).rc == 0
    assert said(change) == "4 of 4 are in the planned state and verified."


def test_trap_37_one_host_alone_is_restored_and_fails_the_run(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"german": 1}) as change:
        change.have_plan()
        before = change.held("german-1")
        change.distrust("german-1")
        run = change.play("rollout")
        assert run.rc != 0
        assert list(blamed(run)) == ["german-1"]
        assert (change.held("german-1"), change.verdicts()) == (before, {"german-1": "rolled_back"})
        assert not change.record("german-1")["changed"]
        assert len(change.endpoint("german-1").writes) == 4
        # In the next try the proxy is what it should be.
        change.connect("german-1")
        assert change.play("rollout").rc == 0
        assert change.verdicts() == {"german-1": "ok"}


def test_as_many_failures_as_are_allowed_and_no_more(change: Change) -> None:
    change.distrust("clean-1")
    change.lab.drop_connection("clean-3", FIRST)
    run = change.play("rollout", mde_batches=[1, 1, 1, 1], mde_max_failures=1)
    assert run.rc != 0
    assert "clean-1: rolled_back: " in run.output
    assert "The rollout goes on, 1 of 1 allowed." in run.output
    # The first was within what is allowed, and the second one stops the rollout.
    assert list(blamed(run)) == ["clean-1", "clean-3"]
    assert "2 endpoints did not end ok, of which 1 may, and the rollout stops here." in run.output
    assert change.untouched("clean-4")
    assert change.verdicts() == {"clean-1": "rolled_back", "clean-2": "ok", "clean-3": "failed"}
    run = change.play("rollout", mde_batches=[1, 1, 1, 1], mde_max_failures=2)
    assert run.rc == 0
    assert not blamed(run)
    assert change.verdicts()["clean-4"] == "ok"


def test_where_the_old_state_can_not_be_restored_the_snapshot_stays(change: Change) -> None:
    before = change.held("clean-1")
    change.distrust("clean-1")
    # Read, write, verification: this is the request that asks for the state before the restoration.
    change.lab.drop_connection("clean-1", VERIFY + 4)
    run = change.play("rollout")
    assert run.rc != 0
    assert "could NOT be restored" in blamed(run)["clean-1"]
    assert change.verdicts() == {"clean-1": "failed"}
    assert change.held("clean-1") != before
    change.lab.drop_connection("clean-1", None)
    change.lab.reset_accounts()
    run = change.play("rollout")
    assert blamed(run)["clean-1"].startswith("rolled_back: ")
    assert change.held("clean-1") == before
    assert change.untouched("clean-2", "clean-3", "clean-4")
