# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that ends in all four words: what the guides say of its output and of each file is so."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout import _lock

from tests.integration.play import Run, run_playbook
from tests.integration.rollout.rollout_site import FIRST, WRITE, Change, change_on
from tests.integration.rollout.test_rollout_alone import run_of
from tests.integration.site import CONNECTIONS, named
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

ENDED = {
    "clean-1": "ok",
    "clean-2": "rolled_back",
    "clean-3": "unverified",
    "clean-4": "failed",
    "clean-5": "failed",
    "clean-6": "ok",
}
Ended = tuple[Change, Run, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def ended(network: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """The change, its rollout in two batches, and what each endpoint held before it."""
    with change_on(network, tmp_path_factory.mktemp("change"), {"clean": len(ENDED)}) as change:
        change.variables["endpoint_proxy_datacollection_proxy"] = {"server": change.network_proxy()}
        change.have_plan()
        change.distrust("clean-2")
        change.lab.drop_connection("clean-3", WRITE, after=True)
        change.endpoint("clean-4").set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", named("theirs.test:80"))
        before = change.all_held()
        change.lab.drop_connection("clean-5", FIRST)
        run = change.play("rollout", mde_max_failures=len(ENDED), mde_batches=[1, "100%"])
        yield change, run, before


def table(change: Change) -> dict[str, dict[str, str]]:
    with (change.evidence / "summary.csv").open(encoding="utf-8", newline="") as file:
        return {row["host"]: row for row in csv.DictReader(file)}


def page(change: Change) -> dict[str, Any]:
    """What the program of the page reads."""
    text = (change.evidence / "index.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script[^>]* id="data"[^>]*>(.*?)</script>', text, re.DOTALL)
    return dict(json.loads(data))


def shown(change: Change) -> dict[str, tuple[str, str]]:
    """The word of each host on the page, and which proxy wins there now."""
    data = page(change)
    return {host[0]: (data["statuses"][host[2]], data["words"][host[12]]) for host in data["hosts"]}


def printed(run: Run) -> dict[str, str]:
    """The word of each endpoint in the last lines of a run."""
    return dict(re.findall(r"^(clean-\d) +(\w+) ", run.output, re.MULTILINE))


def test_each_word_is_in_the_output_the_table_and_the_page(ended: Ended) -> None:
    change, run, _before = ended
    assert run.rc == 0, "as many may end other than ok"
    assert change.verdicts() == ENDED
    assert printed(run) == ENDED
    assert {name: row["verdict"] for name, row in table(change).items()} == ENDED
    assert {name: word for name, (word, _wins) in shown(change).items()} == ENDED
    sentence = "2 of 6 are in the planned state and verified, 1 rolled back, 1 unverified, 2 failed."
    assert sentence in run.output.splitlines()
    assert page(change)["sentence"] == sentence


def test_each_reason_says_why(ended: Ended) -> None:
    change, run, _before = ended
    reasons = {name: row["reason"] for name, row in table(change).items()}
    assert reasons["clean-2"].startswith("the service is not reached: ")
    assert reasons["clean-3"].startswith("The state of the endpoint is unknown: the write was sent, but ")
    assert "not as it was when the plan was made: " in reasons["clean-4"]
    assert 'winhttp.native.proxy was null and is "theirs.test:80"' in reasons["clean-4"]
    assert reasons["clean-5"].startswith("unreachable: ")
    for cause in ("1 x the endpoint is not as it was", "(clean-4)", "(clean-5)"):
        assert cause in run.output


def test_what_was_not_read_is_unknown_and_the_rest_is_what_the_endpoint_holds(ended: Ended) -> None:
    change, _run, before = ended
    rows = table(change)
    assert {name: row["method_now"] for name, row in rows.items()} == {
        "clean-1": "static",
        "clean-2": "wpad",
        # The write did arrive, and nobody saw it.
        "clean-3": "unknown",
        "clean-4": "winhttp",
        "clean-5": "unknown",
        "clean-6": "static",
    }
    assert change.held("clean-3") != before["clean-3"]
    assert rows["clean-4"]["proxy_now"] == "theirs.test:80"
    assert {row["method_planned"] for row in rows.values()} == {"static"}
    assert {name: row["method_before"] for name, row in rows.items()} == {
        **dict.fromkeys(rows, "wpad"),
        # The write was never begun there.
        "clean-4": "unknown",
        "clean-5": "unknown",
    }
    wins = {name: shown(change)[name][1] for name in ("clean-1", "clean-3")}
    assert wins == {"clean-1": f"static {change.network_proxy()}", "clean-3": "unknown"}


def test_a_restart_is_counted_where_the_change_is_on_the_endpoint(ended: Ended) -> None:
    change, _run, _before = ended
    due = {name for name, row in table(change).items() if row["restart"]}
    assert due == {"clean-1", "clean-6"}
    data = page(change)
    assert {host[0] for host in data["hosts"] if data["words"][host[20]]} == due
    assert "when the machine has been restarted" in table(change)["clean-1"]["restart"]


def test_the_same_is_said_again_from_the_records_with_the_worst_first(ended: Ended) -> None:
    change, run, _before = ended
    empty = change.work / "empty.yml"
    empty.write_text("{}", encoding="utf-8")
    for name in ("summary.json", "summary.csv", "index.html"):
        (change.evidence / name).unlink()
    again = run_playbook("mde.connectivity.evidence", empty, change.work, ["-e", f"mde_evidence={change.evidence}"])
    assert again.rc == 0, again.output
    assert printed(again) == printed(run) == ENDED
    assert list(printed(again)) == ["clean-4", "clean-5", "clean-3", "clean-2", "clean-1", "clean-6"]
    assert {name: row["verdict"] for name, row in table(change).items()} == ENDED
    assert {name: word for name, (word, _wins) in shown(change).items()} == ENDED


def test_after_a_rollback_each_file_says_what_is_there_now(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 2}) as change:
        change.have_plan()
        assert change.play("rollout").rc == 0
        assert {name: row["proxy_now"] for name, row in table(change).items()} == {
            name: change.proxy(name) for name in change.lab.endpoints
        }
        change.lab.reset_accounts()
        change.lab.drop_connection("clean-2", FIRST)
        run = change.play("rollback")
        assert run.rc != 0, "one was not restored"
        assert [change.proxy(name) for name in ("clean-1", "clean-2")] == ["", change.network_proxy()]
        assert change.record("clean-1")["observed"]["winhttp"]["native"]["proxy"] is None
        assert {name: row["method_now"] for name, row in table(change).items()} == {
            "clean-1": "wpad",
            "clean-2": "winhttp",
        }
        assert {name: wins for name, (_word, wins) in shown(change).items()} == {
            "clean-1": "WPAD",
            "clean-2": f"WinHTTP {change.network_proxy()}",
        }
        assert run.output.count("index.html") == 1


def test_the_lock_of_another_machine_is_removed_by_hand(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 1}) as change:
        change.have_plan()
        _lock.claim(change.evidence, replace(run_of(1), machine="elsewhere"))
        run = change.play("rollout")
        assert run.rc != 0
        assert "begun by alice" in run.output
        assert f"remove {change.evidence / 'lock.json'}" in " ".join(run.output.split())
        assert change.untouched("clean-1")
        (change.evidence / "lock.json").unlink()
        assert change.play("rollout").rc == 0
        scope = json.loads((change.evidence / "scope.json").read_text(encoding="utf-8"))
        digest = json.loads(change.plan_file.read_text(encoding="utf-8"))["digest"]
        assert (scope["change"], scope["plan_digest"]) == ("CHG0001", digest)


def test_without_a_directory_the_evidence_has_the_name_of_the_change(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 1}) as change:
        change.have_plan()
        assert change.play("rollout", mde_evidence=None).rc == 0
        assert not change.evidence.exists()
        files = {path.relative_to(tmp_path / "CHG0001").as_posix() for path in (tmp_path / "CHG0001").rglob("*.*")}
        assert files >= {"hosts/clean-1.json", "index.html", "scope.json", "summary.csv", "summary.json"}


def test_what_an_earlier_run_left_counts(network: Stage, tmp_path: Path) -> None:
    with change_on(network, tmp_path, {"clean": 3}) as change:
        change.have_plan()
        for name in ("clean-1", "clean-3"):
            change.distrust(name)
        assert change.play("rollout", "--limit", "clean-3").rc != 0
        run = change.play("rollout", mde_batches=[1, 1, 1], mde_max_failures=1)
        assert run.rc != 0
        said = "1 endpoint did not end ok (1 more by an earlier run), of which 1 may, and the rollout stops here."
        assert said in " ".join(run.output.split())
        assert change.verdicts() == {"clean-1": "rolled_back", "clean-3": "rolled_back"}
        assert change.untouched("clean-2")
