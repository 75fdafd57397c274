# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a second run, check mode and a record say is what the endpoints hold, and a bad record is its own host's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from windows_lab.lab import Lab
from windows_lab.simulated.seed import OTHER_SID

from tests.integration.play import run_playbook
from tests.integration.rollout.rollout_site import FIRST, VERIFY, Change, blamed, change_on
from tests.integration.rollout.witness import Watched
from tests.integration.site import CONNECTIONS, named
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

ALL = 100


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    with change_on(network, tmp_path, {"clean": 3}) as planned:
        planned.have_plan()
        yield planned


def records(change: Change) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (change.evidence / "hosts").iterdir()}


def test_where_a_user_has_signed_off_since_the_endpoint_stays_unverified(change: Change) -> None:
    wpad = {"state": "enabled", "scope": ["all_users"], "manual_settings": "clear"}
    change.variables["endpoint_proxy_wpad"] = wpad
    change.plan()
    change.lab.drop_connection("clean-1", VERIFY)
    assert change.play("rollout").rc != 0
    change.lab.drop_connection("clean-1", None)
    assert change.verdicts() == {"clean-1": "unverified"}
    written = change.record("clean-1")["written"]
    endpoint = change.endpoint("clean-1")
    assert any(entry["key"].startswith(rf"HKU\{OTHER_SID}") for entry in written)
    assert endpoint.run(rf'reg delete "HKU\{OTHER_SID}" /f').rc == 0
    run = change.play("rollout")
    assert "was not read: the hive of its user is not loaded now." in blamed(run)["clean-1"]
    assert (change.verdicts(), change.record("clean-1")["written"]) == ({"clean-1": "unverified"}, written)


def test_what_moved_since_it_was_ok_is_seen_and_left_alone(change: Change) -> None:
    assert change.play("rollout").rc == 0
    change.endpoint("clean-2").delete_value(CONNECTIONS, "WinHttpSettings", 64)
    moved, written = change.all_held(), records(change)
    change.lab.drop_connection("clean-3", FIRST)
    expected = {"clean-2": "failed: moved since it was ok: winhttp.native.", "clean-3": "unverified: unreachable: "}
    for check in (("--check", "--diff"), ()):
        change.lab.reset_accounts()
        run = change.play("rollout", *check, mde_batches=ALL, mde_first_batch_above_one=True)
        assert run.rc != 0
        assert blamed(run).keys() == expected.keys()
        assert all(blamed(run)[name].startswith(text) for name, text in expected.items())
        assert "-e mde_replan=true" in blamed(run)["clean-2"]
        assert change.all_held() == moved
        if check:
            assert "clean-1: " in run.output
            assert records(change) == written
    assert change.verdicts() == {"clean-1": "ok", "clean-2": "failed", "clean-3": "unverified"}
    record = change.record("clean-2")
    assert record["observed"]["winhttp"]["native"]["direct"]
    assert record["planned"]["winhttp"]["native"]["proxy"] == change.network_proxy()
    assert change.record("clean-3")["observed"] == {}
    # It was put back on purpose, so the same command says so again, until that is decided.
    change.lab.drop_connection("clean-3", None)
    again = change.play("rollout", mde_batches=ALL, mde_first_batch_above_one=True)
    assert blamed(again).keys() == {"clean-2"}
    assert change.play("rollout", mde_replan=True).rc == 0
    assert change.verdicts() == dict.fromkeys(change.lab.endpoints, "ok")


def test_what_moves_while_another_value_is_written_is_not_ok(network: Stage, tmp_path: Path) -> None:
    with Lab(backend=Watched, endpoints=1) as lab:
        change = Change(lab, network, tmp_path)
        change.plan()
        assert change.play("rollout").rc == 0
        endpoint = change.endpoint("clean-1")
        assert isinstance(endpoint, Watched)
        endpoint.change({1: None})
        # Between the read and the write, which leaves alone what was as planned.
        endpoint.intrude(2, lambda: endpoint.change({0: ("REG_BINARY", named("theirs.corp.test:80"))}))
        run = change.play("rollout", mde_replan=True)
        assert run.rc != 0
        assert blamed(run)["clean-1"].startswith("failed: moved while it was written: winhttp.native.")
        record = change.record("clean-1")
        assert (record["verdict"], record["changed"]) == ("failed", True)
        assert record["observed"]["winhttp"]["native"]["proxy"] == change.proxy("clean-1") == "theirs.corp.test:80"
        assert change.play("rollout").rc != 0
        assert change.play("rollout", mde_replan=True).rc == 0
        assert change.proxy("clean-1") == network.proxy


def test_check_mode_says_what_would_happen_to_each_and_by_what(change: Change) -> None:
    change.lab.drop_connection("clean-2", FIRST)
    run = change.play("rollout", "--check", "--diff", mde_max_failures=1)
    assert run.rc == 0
    assert "clean-1: would be changed as planned" in run.output
    assert "clean-2: failed: unreachable: " in run.output
    changed = {outcome.host for outcome in run.outcomes if outcome.result.get("changed")}
    assert changed == {"clean-1", "clean-3"}
    diffs = [outcome.result["diff"] for outcome in run.outcomes if "diff" in outcome.result]
    assert {diff["after"]["winhttp"]["native"]["proxy"] for diff in diffs} == {change.network_proxy()}
    assert {diff["before"]["winhttp"]["native"]["proxy"] for diff in diffs} == {None}
    assert not change.evidence.exists()


def test_a_refused_write_is_failed_and_says_what_is_there(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"denied": 1}) as change:
        change.have_plan()
        before = change.all_held()
        run = change.play("rollout")
        assert run.rc != 0
        record = change.record("denied-1")
        assert record["verdict"] == "failed"
        assert record["reason"].startswith("not permitted: ")
        assert not record["changed"]
        assert record["observed"] == record["before"] != record["planned"]
        assert change.all_held() == before


def test_evidence_is_whole_without_any_callback(change: Change) -> None:
    arguments = change.arguments({})
    run = run_playbook("mde.connectivity.rollout", change.inventory, change.work, arguments)
    assert run.rc == 0, run.output[-3000:]
    summary = json.loads((change.evidence / "summary.json").read_text(encoding="utf-8"))
    assert (summary["incomplete"], summary["verdicts"]["ok"]) == (False, 3)
    assert {line["host"]: line["batch"] for line in summary["lines"]} == {"clean-1": 1, "clean-2": 2, "clean-3": 3}
    assert (change.evidence / "index.html").exists()
    assert (change.evidence / "summary.csv").exists()
    assert str(change.evidence / "index.html") in run.output
    assert "ansible-playbook mde.connectivity.rollback -e mde_evidence=" in run.output


def test_a_host_that_the_inventory_has_lost_is_refused(change: Change) -> None:
    content = yaml.safe_load(change.inventory.read_text(encoding="utf-8"))
    del content["windows"]["hosts"]["clean-3"]
    change.inventory.write_text(yaml.safe_dump(content), encoding="utf-8")
    refused = change.play("rollout")
    assert refused.rc != 0
    said = " ".join(refused.output.split())
    assert "1 of 3 hosts of the plan are not in the inventory: clean-3." in said
    assert change.untouched(*change.lab.endpoints)
    assert change.play("rollout", "--limit", "clean-1").rc == 0
    assert change.verdicts() == {"clean-1": "ok"}
    assert change.play("rollout", mde_slice=True).rc == 0
    assert change.verdicts() == {"clean-1": "ok", "clean-2": "ok"}


def test_a_bad_file_among_the_records_is_its_own_hosts_alone(change: Change) -> None:
    hosts = change.evidence / "hosts"
    hosts.mkdir(parents=True)
    (hosts / "clean-1.json").symlink_to(change.work / "nowhere.json")
    # Without a scope these are records of something else, so it comes first.
    (hosts / "clean-1.json").rename(change.work / "link")
    assert change.play("rollout", "--limit", "clean-2,clean-3").rc == 0
    (change.work / "link").rename(hosts / "clean-1.json")
    before = change.all_held()
    run = change.play("rollout")
    assert run.rc != 0
    assert "it is a link, or no file at all" in blamed(run)["clean-1"]
    assert change.all_held() == before
    assert not (change.work / "nowhere.json").exists()
    (hosts / "notes.json").write_bytes(b"\xff")
    os.mkfifo(hosts / "clean-3.json.part")
    (hosts / "clean-3.json").unlink()
    (hosts / "clean-3.json.part").rename(hosts / "clean-3.json")
    run = change.play("rollback")
    assert run.rc != 0
    assert blamed(run).keys() == {"clean-1", "clean-3"}
    assert all("Put back a copy of the file" in text for text in blamed(run).values())
    assert "notes.json is no record" in run.output
    assert change.record("clean-2")["verdict"] == "rolled_back"
    assert not change.proxy("clean-2")
