# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan is what is carried out: who may make it, what it says, and when it is refused."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import Plan, load, load_share

from tests.integration.rollout.rollout_site import FIRST, Change, blamed, change_on
from tests.integration.site import CONNECTIONS, DATA_COLLECTION, named, sz
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

OTHER = {"proxy": "other.corp.test:8080"}
SECRET = "s3cr3t"


@pytest.fixture(scope="module")
def planned(network: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Change]:
    """A change that no test carries out."""
    with change_on(network, tmp_path_factory.mktemp("planned"), {"clean": 2}) as change:
        change.plan()
        yield change


def test_a_plan_needs_no_right_to_write_and_changes_nothing(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 2, "denied": 1}) as change:
        markup = "<script>alert(1)</script>"
        change.endpoint("denied-1").set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz(markup))
        change.variables["endpoint_proxy_datacollection_proxy"] = {"server": "p.corp.test:80"}
        before = change.all_held()
        change.lab.drop_connection("clean-2", FIRST)
        result = change.plan(endpoint_proxy_winhttp_proxy={"proxy": "p.corp.test:80", "bypass": ["<local>"]})
        assert change.all_held() == before
        assert not any(change.endpoint(name).writes for name in before)
        assert result["hosts"] == result["to_change"] == ["clean-1", "denied-1"]
        assert list(result["left_out"]) == ["clean-2"]
        assert "connection" in result["left_out"]["clean-2"].lower()
        page = Path(result["page"]).read_text(encoding="utf-8")
        plan = json.loads(change.plan_file.read_text(encoding="utf-8"))
        assert plan["digest"] == result["digest"]
        for text in ("clean-1", "denied-1", "clean-2", "netsh winhttp set proxy", "p.corp.test:80", result["digest"]):
            assert text in page
        # What is no server is withheld, so that it is no markup either.
        assert "alert(1)" not in page
        assert "<local>" not in page
        assert markup not in page
        run = change.play("rollout", endpoint_proxy_winhttp_proxy={"proxy": "p.corp.test:80", "bypass": ["<local>"]})
        assert "clean-2" not in {outcome.host for outcome in run.outcomes}


def test_a_warning_of_many_is_said_once_with_who_has_it(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 3}) as change:
        same = named(OTHER["proxy"], "*.corp.test")
        change.endpoint("clean-2").set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", same, 32)
        only = {**OTHER, "bypass": ["*.corp.test"], "include_32bit": False}
        run = change.play("plan", endpoint_proxy_winhttp_proxy=only)
        plan = json.loads(change.plan_file.read_text(encoding="utf-8"))
    (warning,) = {text for entry in plan["hosts"].values() for text in entry["warnings"]}
    assert [name for name, entry in plan["hosts"].items() if entry["warnings"]] == ["clean-1", "clean-3"]
    lines = next(o.result["lines"] for o in run.outcomes if o.task == "Write the plan and the page")
    assert [line for line in lines if warning in line] == [f"Warned of: 2 (clean-1, clean-3): {warning}"]
    assert not any(outcome.result.get("warnings") for outcome in run.outcomes)
    assert "WARNING" not in run.output


def test_check_mode_says_what_would_happen_and_leaves_nothing(planned: Change) -> None:
    before = planned.all_held()
    run = planned.play("rollout", "--check")
    assert run.rc == 0
    said = {o.host: o.result["reason"] for o in run.outcomes if "verdict" in o.result}
    assert said == dict.fromkeys(before, "would be changed as planned")
    assert planned.all_held() == before
    assert not (planned.evidence / "hosts").exists()


def old(plan: Plan) -> Plan:
    day = datetime.timedelta(days=2)
    return dataclasses.replace(plan, created=plan.created - day, valid_until=plan.valid_until - day)


def of_another_version(plan: Plan) -> Plan:
    return dataclasses.replace(plan, collection="0.9.9")


def of_other_hosts(plan: Plan) -> Plan:
    return dataclasses.replace(plan, hosts={"elsewhere": plan.hosts["clean-1"]})


def with_one_byte_more(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("*.corp.test")
    file.write_text(text.replace("*.corp.test", "*.corp.tesT", 1), encoding="utf-8")


def refused(change: Change, run: Any, sentence: str) -> None:
    """Nothing was sent to anybody, and this was said."""
    assert run.rc != 0
    assert sentence in " ".join(run.output.split())
    assert "Traceback" not in run.output
    assert change.untouched(*change.lab.endpoints)
    records = [change.record(name) for name in change.verdicts()]
    assert not any(record["snapshot"] or record["changed"] for record in records)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        pytest.param(old, "The plan is too old: it was made at ", id="expired"),
        pytest.param(of_another_version, "The plan was made by version 0.9.9 of the collection", id="version"),
        pytest.param(of_other_hosts, "was made for other hosts: none of them is in the inventory", id="hosts"),
    ],
)
def test_trap_40_a_plan_that_does_not_fit_is_refused(
    planned: Change, edit: Callable[[Plan], Plan], sentence: str
) -> None:
    planned.lab.reset_accounts()
    file = planned.work / "other.json"
    plan = load(planned.plan_file)
    hosts = {host: load_share(planned.plan_file, host).planned for host in plan.hosts}
    edit(Plan(plan.created, plan.valid_until, plan.collection, hosts, {})).save(file)
    refused(planned, planned.play("rollout", mde_plan=str(file)), sentence)


def test_trap_40_a_plan_that_was_edited_by_one_byte_is_refused(planned: Change) -> None:
    planned.lab.reset_accounts()
    file = planned.work / "edited.json"
    file.write_bytes(planned.plan_file.read_bytes())
    with_one_byte_more(file)
    refused(planned, planned.play("rollout", mde_plan=str(file)), "was edited since it was made")


def test_trap_40_other_settings_than_the_planned_ones_are_refused(planned: Change) -> None:
    planned.lab.reset_accounts()
    run = planned.play("rollout", endpoint_proxy_winhttp_proxy=OTHER)
    refused(planned, run, "The settings of clean-1 are no longer those of the plan: winhttp_proxy.")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"mde_change": None}, "mde_change is not set, and has to be the number of the change, as in "),
        ({"mde_plan": None}, "Name the approved plan, as in -e mde_plan=plan.json"),
        ({"mde_plan": "missing.json"}, "missing.json can't be read: No such file"),
        ({"mde_plan": "inventory.yml"}, "inventory.yml is no plan, or was edited"),
        ({"mde_confirm_within": 1440}, "mde_confirm_within is 1440, and has to be a number of minutes from 0"),
        ({"mde_confirm_within": "soon"}, "confirm_within"),
        ({"mde_max_failures": -1}, "mde_max_failures is -1, and has to be a number of endpoints, 0 or more"),
        ({"endpoint_verify_urls": ["https://*.test/"]}, "urls"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_bad_input_is_refused_before_anything_is_sent(
    planned: Change, variables: dict[str, Any], sentence: str
) -> None:
    planned.lab.reset_accounts()
    refused(planned, planned.play("rollout", **variables), sentence)


def test_an_endpoint_that_changed_after_the_plan_is_refused_unless_replanned(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 2}) as change:
        change.plan()
        change.endpoint("clean-1").set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("theirs.test:80"))
        moved = change.all_held()
        run = change.play("rollout")
        assert run.rc != 0
        assert list(blamed(run)) == ["clean-1"]
        said = blamed(run)["clean-1"]
        assert "failed: the endpoint is not as it was when the plan was made" in said
        assert 'winhttp.native.proxy was null and is "theirs.test:80"' in said
        assert change.all_held() == moved
        assert change.untouched("clean-2")
        assert change.play("rollout", mde_replan=True).rc == 0
        assert change.verdicts() == {"clean-1": "ok", "clean-2": "ok"}
        assert change.play("rollback").rc == 0
        assert change.all_held() == moved


def test_a_directory_belongs_to_one_plan_and_one_change(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 1}) as change:
        before = change.all_held()
        change.plan()
        assert change.play("rollout").rc == 0
        writes = len(change.endpoint("clean-1").writes)
        # The same command again looks, finds nothing to do, and says so.
        again = change.play("rollout")
        assert again.rc == 0
        assert not any(result.get("changed") for result in again.results())
        assert len(change.endpoint("clean-1").writes) == writes
        records = change.record("clean-1")
        change.lab.reset_accounts()
        other = change.play("rollout", mde_change="CHG0002")
        refused_as(change, other, "belongs to the change CHG0001, and this is CHG0002", records)
        scope = change.evidence / "scope.json"
        text = scope.read_text(encoding="utf-8")
        for damaged in ("", text.replace("CHG0001", "CHG0003")):
            scope.write_text(damaged, encoding="utf-8")
            refused_as(change, change.play("rollout"), "evidence", records)
        scope.unlink()
        refused_as(change, change.play("rollout"), "has records of something else", records)
        scope.write_text(text, encoding="utf-8")
        change.plan(endpoint_proxy_winhttp_proxy=OTHER)
        run = change.play("rollout", endpoint_proxy_winhttp_proxy=OTHER)
        refused_as(change, run, "one directory is for one plan and one change", records)
        assert change.play("rollback").rc == 0
        assert change.all_held() == before


def refused_as(change: Change, run: Any, sentence: str, record: dict[str, Any]) -> None:
    """Nothing was sent, no record was touched, and this was said."""
    assert run.rc != 0
    assert sentence in " ".join(run.output.split())
    assert change.untouched(*change.lab.endpoints)
    assert change.record("clean-1") == record


def test_no_credentials_in_anything_and_still_the_way_back(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 2}) as change:
        proxy = f"user:{SECRET}@old.test:80"
        for name in change.lab.endpoints:
            endpoint = change.endpoint(name)
            endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz(proxy))
            endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(proxy))
        server = change.variables["endpoint_proxy_winhttp_proxy"]["proxy"]
        change.variables["endpoint_proxy_datacollection_proxy"] = {"server": server}
        before = change.all_held()
        change.distrust("clean-2")
        runs = [change.play("plan"), change.play("rollout", "--diff"), change.play("rollback")]
        assert [run.rc == 0 for run in runs] == [True, False, False]
        assert change.verdicts() == {"clean-1": "failed", "clean-2": "rolled_back"}
        # What failed its verification is as before, from memory; a record may not hold the bytes, and says so.
        assert change.held("clean-2") == before["clean-2"]
        assert "the snapshot does not hold the bytes of" in blamed(runs[2])["clean-1"]
        forms = [SECRET, SECRET.encode().hex(), SECRET.encode("utf-16-le").hex()]
        texts = [run.output + json.dumps(run.results()) for run in runs]
        files = [change.plan_file, change.plan_file.with_suffix(".html"), *change.evidence.rglob("*.*")]
        texts += [file.read_text(encoding="utf-8") for file in files if file.is_file()]
        assert len(texts) > 7
        assert not [form for text in texts for form in forms if form.lower() in text.lower()]
