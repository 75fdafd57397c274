# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Summary, table and page are made from the records alone, and say how it ended."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.play import Run, run_playbook
from tests.integration.rollout.rollout_site import Change, change_on, raise_stage
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated


@pytest.fixture(scope="module")
def network() -> Iterator[Stage]:
    with raise_stage() as raised:
        yield raised


@pytest.fixture(scope="module")
def change(network: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Change]:
    """A rollout on four endpoints, without a callback; the third does not reach the service."""
    with change_on(network, tmp_path_factory.mktemp("change"), {"clean": 4}) as planned:
        planned.plan()
        planned.distrust("clean-3")
        arguments = planned.arguments({"mde_max_failures": 4})
        run_playbook("mde.connectivity.rollout", planned.inventory, planned.work, arguments)
        assert set(planned.verdicts().values()) == {"ok", "rolled_back"}
        for name in ("summary.json", "summary.csv", "index.html"):
            (planned.evidence / name).unlink(missing_ok=True)
        yield planned


def report(work: Path, *arguments: str) -> Run:
    empty = work / "empty.yml"
    empty.write_text("{}", encoding="utf-8")
    return run_playbook("mde.connectivity.evidence", empty, work, arguments, {"ANSIBLE_STDOUT_CALLBACK": "default"})


def test_the_evidence_of_a_rollout_is_made_without_a_callback_and_without_an_inventory(change: Change) -> None:
    before = change.all_held()
    run = report(change.work, "-e", f"mde_evidence={change.evidence}")
    assert run.rc == 0, run.output
    assert change.all_held() == before
    summary: dict[str, Any] = json.loads((change.evidence / "summary.json").read_text(encoding="utf-8"))
    assert summary["verdicts"] == {"ok": 3, "rolled_back": 1, "unverified": 0, "failed": 0, "open": 0}
    assert "3 of 4 are in the planned state and verified, 1 rolled back." in run.output
    assert f"The whole of it: {change.evidence / 'index.html'}" in run.output
    assert (change.evidence / "index.html").read_text(encoding="utf-8").startswith("<!")


def test_the_table_says_what_each_endpoint_holds_now_and_what_was_planned(change: Change) -> None:
    assert report(change.work, "-e", f"mde_evidence={change.evidence}").rc == 0
    with (change.evidence / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["host"]: row for row in csv.DictReader(file)}
    proxy = change.variables["endpoint_proxy_winhttp_proxy"]["proxy"]
    assert {row["proxy_planned"] for row in rows.values()} == {proxy}
    assert {name: row["proxy_now"] for name, row in rows.items()} == {name: change.proxy(name) for name in rows}
    assert (rows["clean-3"]["method_now"], rows["clean-1"]["method_now"]) == ("wpad", "winhttp")


def test_a_fleet_is_told_by_cause_in_few_lines(change: Change) -> None:
    lines = report(change.work, "-e", f"mde_evidence={change.evidence}").output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("endpoint"))
    assert [line.split()[:2] for line in lines[start + 1 : start + 5]] == [
        ["clean-3", "rolled_back"],
        ["clean-1", "ok"],
        ["clean-2", "ok"],
        ["clean-4", "ok"],
    ]
    assert any(line.startswith("1 x ") and line.endswith("(clean-3)") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "mde_evidence"),
        (("-e", "mde_evidence=none"), "none is no directory of evidence: it has no hosts in it."),
        (("-e", "mde_evidence=none", "-e", "mde_evidnce=x"), "mde_evidnce"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    run = report(tmp_path, *arguments)
    assert run.rc != 0
    assert said in run.output
