# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook audit: which endpoints have drifted, at one task per endpoint, and nothing written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab.lab import Lab

from tests.integration.operator.mistakes import play
from tests.integration.play import Run, run_playbook, run_tasks
from tests.integration.site import DATA_COLLECTION, sz, task

pytestmark = pytest.mark.simulated

SERVER = "proxy.example.com:8080"
WPAD_SERVICE = r"HKLM\SYSTEM\CurrentControlSet\Services\WinHttpAutoProxySvc"
WANTED: dict[str, Any] = {"endpoint_proxy_datacollection_proxy": {"server": SERVER}}
COMPARES = "Compare the endpoint with the desired state"
NAMES = [f"clean-{number}" for number in range(1, 5)]


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Four endpoints, of which the third has drifted."""
    with Lab(profiles={"clean": len(NAMES)}) as raised:
        for endpoint in raised.endpoints.values():
            endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz(SERVER))
            endpoint.set_value(DATA_COLLECTION, "DisableEnterpriseAuthProxy", "REG_DWORD", bytes([1, 0, 0, 0]))
        raised.endpoints["clean-3"].set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz("old:8080"))
        yield raised


def audit(lab: Lab, tmp_path: Path, hosts: str = "windows", **variables: Any) -> Run:
    tmp_path.mkdir(exist_ok=True)
    inventory = lab.inventory(tmp_path / "inventory.yml")
    arguments = ["--extra-vars", json.dumps({"mde_hosts": hosts, **variables} if hosts else variables)]
    return run_playbook("mde.connectivity.audit", inventory, tmp_path, [*arguments, "--diff"])


def answers(tmp_path: Path) -> dict[str, str]:
    """The answer in each record of the only audit."""
    (directory,) = tmp_path.glob("audit-*")
    records = (json.loads(path.read_text(encoding="utf-8")) for path in (directory / "hosts").glob("*.json"))
    return {record["host"]: record["verdict"] for record in records}


def test_exactly_the_drifted_endpoint_is_reported_and_nothing_is_written(lab: Lab, tmp_path: Path) -> None:
    lab.reset_accounts()
    for endpoint in lab.endpoints.values():
        endpoint.writes.clear()
    done = audit(lab, tmp_path, **WANTED)
    assert done.rc == 0, done.output
    asked = [outcome for outcome in done.outcomes if outcome.task == COMPARES]
    assert sorted(outcome.host for outcome in asked) == NAMES, "one task per endpoint"
    (drifted,) = (outcome for outcome in asked if outcome.result["changed"])
    assert (drifted.host, drifted.result["answer"]) == ("clean-3", "drifted")
    assert answers(tmp_path) == {name: "drifted" if name == "clean-3" else "as_desired" for name in NAMES}
    (report,) = tmp_path.glob("audit-*")
    assert re.fullmatch(r"audit-\d{8}T\d{6}Z", report.name)
    assert {path.name for path in report.iterdir()} >= {"summary.json", "summary.csv", "index.html"}
    said = dict(re.findall(r"^(clean-\d) +(\w+) ", done.output, re.MULTILINE))
    assert said == answers(tmp_path), "a line per endpoint"
    (cause,) = re.findall(r"^1 x (.*) \(clean-3\)$", done.output, re.MULTILINE)
    assert f"static proxy: old:8080 -> {SERVER}" in cause
    assert {lab.account(name).requests for name in NAMES} == {4}
    assert not any(endpoint.writes for endpoint in lab.endpoints.values())


def test_an_audit_says_how_each_endpoint_is_onboarded(tmp_path: Path) -> None:
    with Lab(profiles={"clean": 2, "unified": 1, "offboarded": 1}) as mixed:
        done = audit(mixed, tmp_path, **WANTED)
        requests = {mixed.account(name).requests for name in mixed.endpoints}
    ways = {
        "clean-1": "standard, commercial, eu, built_in",
        "clean-2": "standard, commercial, eu, built_in",
        "unified-1": "streamlined, commercial, uk, unified",
        "offboarded-1": "not_onboarded, built_in",
    }
    assert {o.host: o.result["onboarded"] for o in done.outcomes if o.task == COMPARES} == ways
    (line,) = re.findall(r"^Onboarded: (.*)\.$", done.output, re.MULTILINE)
    alone = [f"1 x {ways[name]}" for name in ("offboarded-1", "unified-1")]
    assert sorted(line.split("; ")) == [*alone, f"2 x {ways['clean-1']}"]
    (report,) = tmp_path.glob("audit-*")
    assert ways["unified-1"] in (report / "index.html").read_text(encoding="utf-8")
    assert requests == {4}, "it is read in the same call"


def test_what_differs_is_said_in_words(lab: Lab, tmp_path: Path) -> None:
    done = audit(lab, tmp_path, **WANTED)
    (drifted,) = (outcome.result for outcome in done.outcomes if outcome.result.get("answer") == "drifted")
    assert drifted["msg"] == (
        f"drifted: proxy that wins: static old:8080 -> static {SERVER}; static proxy: old:8080 -> {SERVER}"
    )
    assert drifted["diff"] == {
        "before": "proxy that wins: static old:8080\nstatic proxy: old:8080\n",
        "after": f"proxy that wins: static {SERVER}\nstatic proxy: {SERVER}\n",
    }


def test_an_endpoint_on_which_something_else_wins_is_defeated(lab: Lab, tmp_path: Path) -> None:
    """Detection is on everywhere; a static proxy wins on all but two, and on one of these WPAD is switched off."""
    for name in ("clean-1", "clean-2"):
        lab.endpoints[name].delete_value(DATA_COLLECTION, "TelemetryProxyServer")
    lab.endpoints["clean-2"].set_value(WPAD_SERVICE, "Start", "REG_DWORD", bytes([4, 0, 0, 0]))
    wanted = {"state": "enabled", "scope": ["system"]}
    assert run_tasks([task("wpad", wanted)], lab.inventory(tmp_path / "inventory.yml"), tmp_path).rc == 0
    done = audit(lab, tmp_path, endpoint_proxy_wpad=wanted)
    assert done.rc == 0, done.output
    found = {o.host: o.result for o in done.outcomes if o.task == COMPARES}
    assert {name: result["answer"] for name, result in found.items()} == {
        "clean-1": "as_desired",
        "clean-2": "defeated",
        "clean-3": "defeated",
        "clean-4": "defeated",
    }
    assert "wpad is wanted, and direct wins" in found["clean-2"]["msg"]
    assert "WinHttpAutoProxySvc is disabled" in found["clean-2"]["msg"]
    assert f"wpad is wanted, and static {SERVER} wins, set by the policy value" in found["clean-4"]["msg"]
    assert audit(lab, tmp_path / "again", endpoint_proxy_wpad=wanted, mde_fail_on_drift=True).rc == 2


def test_it_leaves_json_a_table_and_a_page_and_says_the_counts(lab: Lab, tmp_path: Path) -> None:
    report = tmp_path / "report"
    done = audit(lab, tmp_path, **WANTED, mde_report=str(report))
    assert done.rc == 0, done.output
    assert "3 of 4 are as desired, 1 drifted." in done.output
    assert f"The whole of it: {report / 'index.html'}" in done.output
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    assert (summary["kind"], summary["hosts"], summary["incomplete"]) == ("audit", 4, False)
    assert summary["verdicts"] == {"as_desired": 3, "drifted": 1, "defeated": 0, "unread": 0, "open": 0}
    assert (report / "summary.csv").read_text(encoding="utf-8").count("\n") == 5
    assert "3 of 4 are as desired" in (report / "index.html").read_text(encoding="utf-8")
    again = audit(lab, tmp_path, **WANTED, mde_report=str(report))
    assert again.rc == 2
    assert "holds another audit" in again.output + str(again.results())
    # The table of the audit before is not printed as that of this one.
    assert "are as desired" not in again.output
    assert f"what is in {report} is of another run" in str(again.results()[-1])


def test_what_can_not_be_read_is_unread_and_left_out_of_a_plan(tmp_path: Path) -> None:
    wanted = {"endpoint_proxy_wpad": {"state": "disabled", "scope": ["local_service"]}}
    with Lab(profiles={"clean": 1, "denied": 1}) as lab:
        done = audit(lab, tmp_path, **wanted)
        assert (done.rc, answers(tmp_path)["denied-1"]) == (2, "unread")
        planned = play(lab, tmp_path, "plan", {**wanted, "mde_hosts": "windows", "mde_plan": "plan.json"})
    assert planned.rc == 0, planned.output
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert list(plan["hosts"]) == ["clean-1"]
    assert "local_service can't be read" in plan["left_out"]["denied-1"]


def test_drift_fails_the_run_when_asked(lab: Lab, tmp_path: Path) -> None:
    done = audit(lab, tmp_path, **WANTED, mde_fail_on_drift=True)
    assert done.rc == 2
    assert done.outcomes[-1].result["msg"].startswith("1 drifted: see the lines above, and audit-")
    # What was printed above is not printed once more in the line of the failure.
    (fatal,) = (line for line in done.output.splitlines() if line.startswith("fatal:"))
    assert "as desired" not in fatal
    assert done.output.count("3 of 4 are as desired, 1 drifted.") == 1


def test_a_misspelt_variable_is_named_before_any_endpoint_is_asked(lab: Lab, tmp_path: Path) -> None:
    lab.reset_accounts()
    done = audit(lab, tmp_path, **WANTED, endpoint_proxy_wpda={"state": "enabled"})
    assert done.rc == 2
    assert done.outcomes[0].result["msg"].startswith(
        "endpoint_proxy_wpda is no variable of mde.connectivity. Did you mean endpoint_proxy_wpad?"
    )
    assert {lab.account(name).requests for name in NAMES} == {0}


def test_hosts_have_no_default(lab: Lab, tmp_path: Path) -> None:
    done = audit(lab, tmp_path, hosts="", **WANTED)
    assert done.rc != 0
    assert "-e mde_hosts=windows" in done.output


def test_an_endpoint_that_does_not_answer_fails_the_run_and_hides_no_other(lab: Lab, tmp_path: Path) -> None:
    lab.reset_accounts()
    lab.drop_connection("clean-2", 1)
    done = audit(lab, tmp_path, **WANTED)
    assert done.rc == 2
    assert answers(tmp_path) == dict(
        zip(NAMES, ("as_desired", "unread", "drifted", "as_desired"), strict=True)
    )
    assert "2 of 4 are as desired, 1 drifted, 1 could not be read." in done.output


def test_a_batch_in_which_nobody_answers_ends_the_run(lab: Lab, tmp_path: Path) -> None:
    lab.reset_accounts()
    for name in NAMES:
        lab.drop_connection(name, 1)
    done = audit(lab, tmp_path, **WANTED, mde_batches=2, mde_first_batch_above_one=True)
    assert done.rc == 2
    assert sorted(lab.account(name).requests for name in NAMES) == [0, 0, 1, 1]
    assert "None of the 2 endpoints of this batch could be read." in done.outcomes[-1].result["msg"]
    assert "0 of 4 are as desired, 2 could not be read, 2 not started." in done.output


def test_an_audit_that_is_imported_twice_is_summed_up_once_for_each_import(lab: Lab, tmp_path: Path) -> None:
    playbook = tmp_path / "imports.json"
    halves = ("windows[0:1]", "windows[2:3]")
    imports = [
        {
            "import_playbook": "mde.connectivity.audit",
            "vars": {"mde_hosts": half, "mde_batches": 1, "mde_first_batch_above_one": True, **WANTED},
        }
        for half in halves
    ]
    playbook.write_text(json.dumps(imports), encoding="utf-8")
    done = run_playbook(playbook, lab.inventory(tmp_path / "inventory.yml"), tmp_path)
    assert done.rc == 0, done.output
    said = re.findall(r"^\d of \d are as desired.*", done.output, re.MULTILINE)
    assert said == ["2 of 2 are as desired.", "3 of 4 are as desired, 1 drifted."]
    assert sorted(answers(tmp_path)) == NAMES


def test_hosts_of_a_later_import_that_never_started_are_counted(lab: Lab, tmp_path: Path) -> None:
    playbook = tmp_path / "imports.json"
    first = {"import_playbook": "mde.connectivity.audit", "vars": {"mde_hosts": "clean-1", **WANTED}}
    batches = {"mde_batches": 1, "mde_first_batch_above_one": True}
    second = {**first, "vars": {"mde_hosts": "clean-2:clean-3:clean-4", **batches, **WANTED}}
    playbook.write_text(json.dumps([first, second]), encoding="utf-8")
    for name in NAMES[1:]:
        lab.drop_connection(name, 1)
    done = run_playbook(playbook, lab.inventory(tmp_path / "inventory.yml"), tmp_path)
    assert done.rc == 2
    assert "1 of 4 are as desired, 1 could not be read, 2 not started." in done.output


def test_an_endpoint_whose_task_never_began_is_counted_and_hides_no_other(lab: Lab, tmp_path: Path) -> None:
    inventory = lab.inventory(tmp_path / "inventory.yml")
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    content["misspelt"] = {"hosts": {"clean-2": {"ansible_connection": "mde.connectivity.winsr"}}}
    inventory.write_text(yaml.safe_dump(content), encoding="utf-8")
    arguments = ["--extra-vars", json.dumps({"mde_hosts": "windows", **WANTED})]
    done = run_playbook("mde.connectivity.audit", inventory, tmp_path, arguments)
    assert done.rc == 2
    assert "2 of 4 are as desired, 1 drifted, 1 not started." in done.output


def test_where_no_task_left_a_record_the_report_says_so(lab: Lab, tmp_path: Path) -> None:
    report = task("evidence_report", {"batch": ["clean-1"]})
    (said,) = run_tasks([report], lab.inventory(tmp_path / "inventory.yml"), tmp_path, hosts="clean-1").outcomes
    assert said.result["msg"].startswith("No endpoint left a record, so there is nothing to sum up")
