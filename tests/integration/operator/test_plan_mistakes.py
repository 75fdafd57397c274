# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake stops the plan; only an endpoint that could not be read is left out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab

from tests.integration.operator.mistakes import PROXY, play, refused, words
from tests.integration.play import Run

pytestmark = pytest.mark.simulated

WANTED = {"endpoint_proxy_winhttp_proxy": PROXY}
STRANGER = "S-1-5-21-1-2-3-1001"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(profiles={"clean": 3, "noreg": 1}) as raised:
        yield raised


def plan(lab: Lab, work: Path, variables: dict[str, Any], **more: Any) -> Run:
    return play(lab, work, "plan", {"mde_hosts": "windows", "mde_plan": str(work / "plan.json"), **variables}, **more)


def test_a_misspelt_setting_stops_the_plan_whoever_has_it(lab: Lab, tmp_path: Path) -> None:
    run = plan(lab, tmp_path, WANTED, of_hosts={"clean-2": {"endpoint_proxy_wpda": {"state": "disabled"}}})
    refused(
        lab,
        run,
        "clean-2: endpoint_proxy_wpda is no variable of mde.connectivity. Did you mean endpoint_proxy_wpad?",
        "Nothing was read or changed.",
    )
    assert not (tmp_path / "plan.json").exists()


def test_a_wrong_word_inside_a_setting_stops_the_plan(lab: Lab, tmp_path: Path) -> None:
    run = plan(lab, tmp_path, {"endpoint_proxy_winhttp_proxy": {"proxi": "proxy.lab.test:8080"}})
    refused(lab, run, "endpoint_proxy_winhttp_proxy: ", "Did you mean winhttp_proxy.proxy?")
    assert not (tmp_path / "plan.json").exists()


def test_a_plan_that_would_be_its_own_page_and_one_that_is_never_valid_are_refused(lab: Lab, tmp_path: Path) -> None:
    wrong = {"mde_plan": str(tmp_path / "plan.html"), "mde_plan_valid_hours": 0}
    run = plan(lab, tmp_path, {**WANTED, **wrong})
    refused(
        lab,
        run,
        "plan.html', and has to be a file whose name ends in .json, as in -e mde_plan=plan.json.",
        "mde_plan_valid_hours is 0, and has to be a number of hours from 1 to 8760.",
    )
    assert not (tmp_path / "plan.html").exists()


def test_a_plan_without_any_setting_says_what_to_set(lab: Lab, tmp_path: Path) -> None:
    refused(lab, plan(lab, tmp_path, {}), "Set one or more of endpoint_proxy_method, endpoint_proxy_winhttp_proxy, ")
    assert not (tmp_path / "plan.json").exists()


def test_who_could_not_be_read_is_left_out_in_a_line_for_each_reason(lab: Lab, tmp_path: Path) -> None:
    gone = {"ansible_port": 9}
    run = plan(lab, tmp_path, WANTED, of_hosts={"clean-2": gone, "clean-3": gone})
    assert run.rc == 0, run.output
    said = words(run)
    assert "1 of 1 endpoints would be changed." in said
    assert "left out: 2 (clean-2, clean-3): nothing listens at its address." in said
    assert "left out: 1 (noreg-1): " in said
    assert "object at 0x" not in said
    assert "HTTPConnectionPool" not in said
    left_out = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["left_out"]
    assert sorted(left_out) == ["clean-2", "clean-3", "noreg-1"]


def test_a_plan_of_nobody_is_none(lab: Lab, tmp_path: Path) -> None:
    run = plan(lab, tmp_path, {**WANTED, "ansible_port": 9})
    refused(lab, run, "No plan was written, since no endpoint could be read: 4 (clean-1, clean-2, clean-3 and 1 more)")
    assert not (tmp_path / "plan.json").exists()


def test_a_setting_that_an_endpoint_does_not_allow_stops_the_plan(lab: Lab, tmp_path: Path) -> None:
    settings = {"endpoint_proxy_wpad": {"state": "disabled", "scope": [STRANGER]}}
    run = plan(lab, tmp_path, {**settings, "mde_hosts": "clean-1,clean-2"})
    assert run.rc != 0
    assert "written, since not every endpoint allows what is asked for: 2 (clean-1, clean-2): " in words(run)
    assert STRANGER in words(run)
    assert not (tmp_path / "plan.json").exists()


def test_a_keyword_that_would_be_ignored_on_one_endpoint_stops_the_plan(lab: Lab, tmp_path: Path) -> None:
    run = plan(lab, tmp_path, WANTED, of_hosts={"clean-3": {"ansible_become": True}})
    assert run.rc != 0
    assert "become has no effect" in words(run)
    assert not (tmp_path / "plan.json").exists()


def test_variables_of_an_import_are_settings_of_plan_and_rollout(lab: Lab, tmp_path: Path) -> None:
    settings = {"mde_hosts": "clean-1", "endpoint_proxy_winhttp_proxy": {"proxy": "{{ site }}.lab.test:8080"}}
    verified = {"endpoint_verify_regions": ["eu"], "mde_change": "CHG0001"}
    plays = [
        {"import_playbook": f"mde.connectivity.{name}", "vars": {**settings, **verified, "mde_plan": "plan.json"}}
        for name in ("plan", "rollout")
    ]
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps(plays), encoding="utf-8")
    run = play(lab, tmp_path, mine, {}, of_hosts={"clean-1": {"site": "north"}})
    planned = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["hosts"]["clean-1"]
    assert planned["settings"]["winhttp_proxy"]["proxy"] == "north.lab.test:8080"
    assert any("north.lab.test:8080" in command for command in lab.account("clean-1").commands), run.output
