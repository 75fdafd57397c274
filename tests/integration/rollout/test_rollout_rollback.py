# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: a whole rollout or some of its hosts, as often as it takes, and never over somebody else's change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import load, save

from tests.integration.play import Outcome, Run
from tests.integration.rollout.rollout_site import WRITE, Change, blamed, change_on
from tests.integration.site import ANTIVIRUS, CONNECTIONS, DATA_COLLECTION, named, sz
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

Done = tuple[Change, dict[str, dict[str, Any]]]

# What stood there before in one endpoint, and is put back as it was: an odd header.
ODD = named("old.corp.test:3128", "<local>;a;b", header=0x28)


@pytest.fixture
def done(network: Stage, tmp_path: Path) -> Iterator[Done]:
    """A change that is carried out, and what the endpoints held before it."""
    with change_on(network, tmp_path, {"clean": 3, "german": 1}) as change:
        change.endpoint("clean-2").set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", ODD)
        server = {"server": change.variables["endpoint_proxy_winhttp_proxy"]["proxy"]}
        change.variables["endpoint_proxy_datacollection_proxy"] = server
        change.endpoint("clean-2").set_value(ANTIVIRUS, "ProxyPacUrl", "REG_SZ", sz("http://old.test/p.pac"))
        change.variables["endpoint_proxy_antivirus_proxy"] = {"proxy": "http://p.test:1", "bypass": ["a.test"]}
        before = change.all_held()
        change.have_plan()
        run = change.play("rollout", mde_batches="100%", mde_first_batch_above_one=True)
        assert run.rc == 0, run.output[-3000:]
        assert all(change.held(name) != before[name] for name in before)
        change.lab.reset_accounts()
        yield change, before


def restorations(run: Run) -> list[Outcome]:
    return [outcome for outcome in run.outcomes if outcome.task == "Restore the endpoint"]


def test_hosts_that_are_not_there_are_named_and_nothing_is_written(done: Done) -> None:
    change, before = done
    none = change.play("rollback", "--limit", "clean-1,clean-9")
    assert "--limit names 'clean-9', which matches no host of the inventory." in none.output
    inventory = yaml.safe_load(change.inventory.read_text(encoding="utf-8"))
    del inventory["windows"]["hosts"]["clean-2"]
    change.inventory.write_text("windows:\n  hosts: {}\n", encoding="utf-8")
    for playbook in ("rollback", "rollout"):
        nobody = change.play(playbook)
        assert (nobody.rc, "The inventory has no host: name the one of the rollout" in nobody.output) == (4, True)
    change.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")
    lost = change.play("rollback")
    assert "has records of writes to endpoints that are not in the inventory: clean-2." in lost.output
    empty = change.play("rollback", "--limit", "")
    assert "which is empty and leaves all hosts" in empty.output
    assert 0 not in (none.rc, lost.rc, empty.rc)
    assert not any(change.lab.account(name).requests for name in before)
    assert change.play("rollback", "--limit", "windows").rc == 0
    assert {name for name in before if change.held(name) == before[name]} == {*before} - {"clean-2"}


def test_a_record_of_another_run_is_restored_and_a_damaged_scope_holds_nothing_up(done: Done) -> None:
    change, before = done
    save(change.evidence, replace(load(change.evidence, "clean-1"), plan_digest=None))
    some = change.play("rollback", "--limit", "clean-1")
    assert (some.rc, blamed(some)) == (0, {})
    assert change.held("clean-1") == before["clean-1"]
    scope = change.evidence / "scope.json"
    scope.write_text("{", encoding="utf-8")
    rest = change.play("rollback")
    assert rest.rc != 0
    assert "4 rolled_back. The evidence could not be completed: " in " ".join(rest.output.split())
    assert change.all_held() == before


def test_trap_39_a_rollback_restores_exactly_and_once(done: Done) -> None:
    change, before = done
    after = change.all_held()
    assert any(value is None for value in before["clean-1"].values())
    predicted = change.play("rollback", "--check")
    assert predicted.rc == 0
    assert change.all_held() == after
    assert "clean-2: would restore HKLM\\" in predicted.output
    some = change.play("rollback", "--limit", "clean-2,german-1")
    assert some.rc == 0
    assert {outcome.host for outcome in restorations(some)} == {"clean-2", "german-1"}
    held = change.all_held()
    assert held == {**after, "clean-2": before["clean-2"], "german-1": before["german-1"]}
    assert change.verdicts() == {"clean-1": "ok", "clean-2": "rolled_back", "clean-3": "ok", "german-1": "rolled_back"}
    rest = change.play("rollback")
    assert change.all_held() == before
    assert set(change.verdicts().values()) == {"rolled_back"}
    changed = [outcome for outcome in (*restorations(some), *restorations(rest)) if outcome.result["changed"]]
    restored = {outcome.host: outcome.result for outcome in changed}
    assert set(restored) == set(before)
    assert {o.host: o.result["restored"] for o in predicted.outcomes if "restored" in o.result} == {
        name: result["restored"] for name, result in restored.items()
    }
    writes = {name: len(change.endpoint(name).writes) for name in before}
    again = change.play("rollback")
    assert again.rc == 0
    assert not any(result["changed"] or result.get("restored") for result in again.results())
    assert {name: len(change.endpoint(name).writes) for name in before} == writes


def test_trap_39_a_rollback_survives_a_second_failure(done: Done) -> None:
    change, before = done
    change.lab.drop_connection("clean-1", 1)
    change.lab.drop_connection("clean-2", WRITE)
    change.lab.drop_connection("clean-3", WRITE, after=True)
    run = change.play("rollback")
    assert run.rc != 0
    assert set(blamed(run)) == {"clean-1", "clean-2", "clean-3"}
    assert change.held("german-1") == before["german-1"]
    assert {name: change.record(name)["verdict"] for name in blamed(run)} == {
        "clean-1": "failed",
        "clean-2": "unverified",
        "clean-3": "unverified",
    }
    # What was read last is in the record, whatever became of the answer to the write.
    seen = {name: change.record(name) for name in blamed(run)}
    assert [seen[name]["observed"] == seen[name]["before"] for name in sorted(seen)] == [False, False, True]
    assert [change.held(name) == before[name] for name in sorted(seen)] == [False, False, True]
    for name in ("clean-1", "clean-2", "clean-3"):
        change.lab.drop_connection(name, None)
    assert change.play("rollback").rc == 0
    assert change.all_held() == before
    assert set(change.verdicts().values()) == {"rolled_back"}


def test_a_rollback_that_reaches_nobody_leaves_what_is_to_be_undone(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 1}) as change:
        before = change.all_held()
        change.have_plan()
        change.lab.drop_connection("clean-1", WRITE, after=True, dead=True)
        assert change.play("rollout").rc != 0
        record = change.record("clean-1")
        assert (record["verdict"], change.held("clean-1") == before["clean-1"]) == ("unverified", False)
        assert change.play("rollback").rc != 0
        failed = change.record("clean-1")
        assert (failed["verdict"], failed["changed"], failed["observed"]) == ("failed", True, {})
        change.lab.drop_connection("clean-1", None)
        # Begun anew, the record would take for the state from before what the rollout itself has written.
        assert change.play("rollout").rc == 0
        assert change.record("clean-1")["snapshot"] == record["snapshot"]
        assert change.play("rollback").rc == 0
        assert change.all_held() == before


def evidence_is_needed(change: Change) -> None:
    """Without records nothing is sent, and with one that somebody edited, nothing to its endpoint."""
    missing = change.play("rollback", mde_evidence=str(change.work / "elsewhere"))
    assert missing.rc != 0
    assert "is no directory of evidence" in missing.output
    path = change.evidence / "hosts" / "clean-1.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1800", "2800", 1), encoding="utf-8")
    damaged = change.play("rollback", "--limit", "clean-1,german-1")
    assert damaged.rc != 0
    assert list(blamed(damaged)) == ["clean-1"]
    assert "clean-1.json was edited or damaged" in blamed(damaged)["clean-1"]
    assert "Put back a copy of the file" in blamed(damaged)["clean-1"]
    assert change.untouched("clean-1", "clean-2", "clean-3")
    assert change.record("german-1")["verdict"] == "rolled_back"
    path.write_text(text, encoding="utf-8")


def test_trap_39_what_somebody_changed_since_is_refused_unless_forced(
    done: Done,
) -> None:
    change, before = done
    evidence_is_needed(change)
    theirs = sz("theirs.corp.test:80")
    change.endpoint("clean-3").set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", theirs)
    theirs_held = change.held("clean-3")
    run = change.play("rollback")
    assert run.rc != 0
    assert list(blamed(run)) == ["clean-3"]
    assert "TelemetryProxyServer was changed by somebody else since" in blamed(run)["clean-3"]
    assert "-e mde_force=true" in blamed(run)["clean-3"]
    assert change.all_held() == {**before, "clean-3": theirs_held}
    assert change.play("rollback", mde_force=True).rc == 0
    assert change.all_held() == before
