# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was predicted for each host is kept in files until the plan is written, and not in memory."""

from __future__ import annotations

import datetime
import tracemalloc
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import Plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._prediction import (
    KeptPlans,
    Prediction,
    gather,
    keep,
)

from tests.unit.evidence.plans import MADE, host_plan, plan_for

DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))


def kept(path: Path, hosts: int) -> Plan:
    """The plan of as many hosts, each of them kept in its file."""
    names = list(plan_for(hosts, {}).hosts)
    for number, name in enumerate(names, 1):
        keep(path, name, Prediction(host_plan(number)))
    return Plan(MADE, MADE + DAY, "1.0.0", KeptPlans(path, names), {})


def test_a_plan_of_what_was_kept_is_that_of_what_was_predicted(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    kept(path, 30).save(path)
    assert path.read_text(encoding="utf-8") == "".join(plan_for(30, {}).pieces())


def test_of_hosts_nothing_was_kept_of_there_is_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    keep(path, "pc-1", Prediction(host_plan(1)))
    found = dict(gather(path, ["pc-1", "pc-2"]))
    assert found["pc-1"].planned == host_plan(1)
    assert (found["pc-2"].planned, found["pc-2"].unread) == (None, "an earlier task of this run failed on it")
    plans = KeptPlans(path, ["pc-1"])
    assert (dict(plans), len(plans)) == ({"pc-1": host_plan(1)}, 1)
    with pytest.raises(KeyError):
        plans["pc-2"]


def test_writing_a_plan_and_its_page_does_not_hold_what_is_planned(tmp_path: Path) -> None:
    path, page = tmp_path / "plan.json", tmp_path / "plan.html"
    peaks = []
    for hosts in (50, 250):
        plan = kept(path, hosts)
        tracemalloc.start()
        plan.save(path)
        render_plan(plan, page)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert path.stat().st_size > hosts * 1000
    assert peaks[1] - peaks[0] < 200 * 1500
