# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook verify over a fleet: one task per endpoint, one table by cause, a page, and an exit code."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab.lab import Lab

from tests.integration.play import Run, run_playbook
from tests.integration.site import CONNECTIONS, named
from tests.outside import outside

pytestmark = pytest.mark.simulated

EDR = "edr-neu.eu.endpoint.security.microsoft.com"
TENANT: dict[str, Any] = {"endpoint_verify_regions": ["eu"], "endpoint_verify_generation": "streamlined"}
ASKS = "Ask the URLs from the endpoint, and say what is reached and what is not"
NAMES = [f"clean-{number}" for number in range(1, 5)]


def verify(lab: Lab, work: Path, *more: str, **variables: Any) -> Run:
    given = {"mde_hosts": "windows", "mde_report": str(work / "report"), **TENANT, **variables}
    inventory = lab.inventory(work / "inventory.yml")
    return run_playbook("mde.connectivity.verify", inventory, work, ["-e", json.dumps(given), *more])


def answers(done: Run) -> dict[str, str]:
    return {each.host: each.result["answer"] for each in done.outcomes if each.task.endswith(ASKS)}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The first two reach the service through their proxy; the others have none, and resolve nothing."""
    with Lab(profiles={"clean": len(NAMES)}) as raised:
        yield raised


def test_a_fleet_ends_with_one_table_by_cause_a_page_and_exit_code_two(lab: Lab, tmp_path: Path) -> None:
    with outside(lab) as proxy:
        for name in NAMES[:2]:
            lab.endpoints[name].set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(proxy.server))
        lab.drop_connection("clean-2", 1)
        done = verify(lab, tmp_path)
        assert {row.target.partition(":")[0] for row in proxy.log} >= {EDR}
    assert done.rc == 2
    wanted = {"clean-1": "reached", "clean-2": "unread", "clean-3": "not_reached", "clean-4": "not_reached"}
    assert answers(done) == wanted, "one task per endpoint"
    assert "1 of 4 reach the service, 2 do not reach it, 1 could not be read." in done.output
    assert done.output.count("https://") == 0, "no line per URL"
    said = dict(re.findall(r"^(clean-\d) +(\w+) ", done.output, re.MULTILINE))
    assert said == wanted, "a line per endpoint"
    (cause,) = (line for line in done.output.splitlines() if line.startswith("2 x "))
    assert cause.endswith("(clean-3, clean-4)")
    report = tmp_path / "report"
    assert f"The whole of it: {report / 'index.html'}" in done.output
    summary = json.loads((report / "summary.json").read_text())
    assert (summary["kind"], summary["verdicts"]["not_reached"]) == ("verify", 2)
    with (report / "summary.csv").open(newline="") as table:
        rows = {row["host"]: row for row in csv.DictReader(table)}
    assert {name: row["verdict"] for name, row in rows.items()} == wanted
    assert (rows["clean-1"]["rows_ok"], rows["clean-1"]["proxy_now"]) == ("25", proxy.server)
    records = {path.stem: json.loads(path.read_text()) for path in (report / "hosts").iterdir()}
    assert len(records["clean-3"]["reachability"]["rows"]) == 26
    assert "nothing resolves: DNS does not know outside names here" in records["clean-3"]["reason"]
    assert "table above" not in records["clean-3"]["reason"]
    assert (records["clean-2"]["observed"], records["clean-2"]["reason"]) == ({}, "the connection was lost")
    assert EDR in (report / "index.html").read_text()


def test_where_all_reach_the_service_the_exit_code_is_0(lab: Lab, tmp_path: Path) -> None:
    with outside(lab) as proxy:
        lab.endpoints["clean-1"].set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named(proxy.server))
        lab.drop_connection("clean-2", None)
        done = verify(lab, tmp_path, "--limit", "clean-1")
    assert done.rc == 0, done.output
    assert "1 of 1 reach the service." in done.output


def test_without_the_assertion_what_is_not_reached_is_no_failure(lab: Lab, tmp_path: Path) -> None:
    with outside(lab):
        done = verify(lab, tmp_path, "--limit", "clean-3,clean-4", endpoint_verify_assert=False)
    assert done.rc == 0, done.output
    assert "0 of 2 reach the service, 2 do not reach it." in done.output


def test_one_endpoint_alone_is_told_in_full(lab: Lab, tmp_path: Path) -> None:
    with outside(lab):
        done = verify(lab, tmp_path, "--limit", "clean-3")
    assert done.rc == 2
    assert "clean-3 does not reach 17 of 17 required URLs." in done.output
    assert "None of 26 URLs is reached directly, for one cause (name_not_resolved): nothing resolves" in done.output


def test_a_batch_in_which_nobody_answers_ends_the_run(tmp_path: Path) -> None:
    with Lab(profiles={"clean": 3}) as silent:
        for name in silent.endpoints:
            silent.drop_connection(name, 1)
        done = verify(silent, tmp_path, mde_batches=1)
        requests = sorted(silent.account(name).requests for name in silent.endpoints)
    assert (done.rc, requests) == (2, [0, 0, 1])
    assert "None of the 1 endpoints of this batch could be read." in done.outcomes[-1].result["msg"]


def test_an_endpoint_whose_task_never_began_is_counted_and_hides_no_other(lab: Lab, tmp_path: Path) -> None:
    inventory = lab.inventory(tmp_path / "inventory.yml")
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    content["misspelt"] = {"hosts": {"clean-4": {"ansible_connection": "mde.connectivity.winsr"}}}
    inventory.write_text(yaml.safe_dump(content), encoding="utf-8")
    given = {"mde_hosts": "clean-3:clean-4", **TENANT}
    done = run_playbook("mde.connectivity.verify", inventory, tmp_path, ["-e", json.dumps(given)])
    assert done.rc == 2
    assert "0 of 2 reach the service, 1 do not reach it, 1 not started." in done.output
