# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a playbook: a pattern has to match, and a syntax check needs none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab.lab import Lab

from tests.integration.operator.mistakes import PROXY, play, refused
from tests.integration.play import run_playbook

pytestmark = pytest.mark.simulated

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
WANTED = {
    "endpoint_proxy_winhttp_proxy": PROXY,
    "endpoint_verify_regions": ["eu"],
    "mde_plan": "plan.json",
}
BY_PATTERN = ("audit", "demo", "plan", "site", "verify")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(profiles={"clean": 2}) as raised:
        yield raised


@pytest.mark.parametrize("playbook", BY_PATTERN)
def test_a_pattern_that_matches_nothing_is_an_error_that_names_it(lab: Lab, tmp_path: Path, playbook: str) -> None:
    run = play(lab, tmp_path, playbook, {**WANTED, "mde_hosts": "windws"})
    refused(lab, run, "mde_hosts names 'windws', which matches no host of the inventory. Did you mean windows?")


@pytest.mark.parametrize(
    ("hosts", "limit", "sentence"),
    [
        ("clean-1,clean-tpyo", None, "mde_hosts names 'clean-tpyo', which matches no host"),
        ("windows:!clean-3", None, "mde_hosts names 'clean-3', which matches no host of the inventory. Did you mean"),
        (["clean-1", "other"], None, "mde_hosts names 'other', which matches no host"),
        ("windows:!clean*", None, "mde_hosts is 'windows:!clean*', which leaves no host"),
        ("", None, "Name the hosts, as in -e mde_hosts=windows: mde_hosts is not set, or empty."),
        (7, None, "mde_hosts is 7, and has to be a pattern of hosts"),
        ("clean-1", "clean-2", "--limit clean-2 leaves none of the hosts that 'clean-1' names"),
        ("windows", "", "--limit is '', which is empty and leaves all hosts: name some, or leave it out."),
        ("windows", " , ", "--limit is ' , ', which is empty"),
        ("windows", "all:!@/dev/null", "--limit names '@/dev/null', which matches no host"),
        ("windows:!@/dev/null", None, "mde_hosts names '@/dev/null', which matches no host"),
        ("windows", "clean-1,clean-tpyo", "--limit names 'clean-tpyo', which matches no host of the inventory."),
        ("windows", "windows:!clean-3", "--limit names 'clean-3', which matches no host of the inventory. Did"),
    ],
)
def test_each_part_of_a_pattern_has_to_match(
    lab: Lab, tmp_path: Path, hosts: Any, limit: str | None, sentence: str
) -> None:
    arguments = [] if limit is None else ["--limit", limit]
    refused(lab, play(lab, tmp_path, "plan", {**WANTED, "mde_hosts": hosts}, *arguments), sentence)


def test_a_limit_may_be_a_file_of_those_that_failed(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "failed.retry").write_text("clean-2\n", encoding="utf-8")
    run = play(lab, tmp_path, "plan", {**WANTED, "mde_hosts": "windows"}, "--limit", "@failed.retry")
    assert run.rc == 0, run.output
    assert (lab.account("clean-1").requests, lab.account("clean-2").requests > 0) == (0, True)
    (tmp_path / "failed.retry").write_text("clean-2\nclean-tpyo\n", encoding="utf-8")
    run = play(lab, tmp_path, "plan", {**WANTED, "mde_hosts": "windows"}, "--limit", "@failed.retry")
    refused(lab, run, "--limit names 'clean-tpyo', which matches no host of the inventory.")
    (tmp_path / "failed.retry").write_text("\n", encoding="utf-8")
    run = play(lab, tmp_path, "plan", {**WANTED, "mde_hosts": "windows"}, "--limit", "@failed.retry")
    refused(lab, run, "--limit is '@failed.retry', which is empty and leaves all hosts")


@pytest.mark.parametrize("playbook", BY_PATTERN)
def test_a_misspelt_setting_is_named_before_any_endpoint_is_asked(lab: Lab, tmp_path: Path, playbook: str) -> None:
    run = play(lab, tmp_path, playbook, {**WANTED, "mde_hosts": "windows", "endpoint_proxy_wpda": {}})
    refused(lab, run, "endpoint_proxy_wpda is no variable of mde.connectivity. Did you mean endpoint_proxy_wpad?")


def test_an_empty_group_may_be_excluded_and_a_limit_narrows(lab: Lab, tmp_path: Path) -> None:
    groups = {"all": {"children": {"windows": {}, "maintenance": {}}}}
    (tmp_path / "groups.json").write_text(json.dumps(groups), encoding="utf-8")
    arguments = ["-i", str(tmp_path / "groups.json"), "--limit", "clean-2"]
    run = play(lab, tmp_path, "plan", {**WANTED, "mde_hosts": "windows:!maintenance"}, *arguments)
    assert run.rc == 0, run.output
    assert lab.account("clean-1").requests == 0
    assert lab.account("clean-2").requests > 0
    assert list(json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["hosts"]) == ["clean-2"]


def test_a_syntax_check_of_every_playbook_needs_no_variable_also_where_it_is_imported(tmp_path: Path) -> None:
    names = sorted(path.stem for path in PLAYBOOKS.glob("*.yml"))
    assert {*BY_PATTERN, "allowlist", "rollback", "rollout"} <= set(names)
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps([{"import_playbook": f"mde.connectivity.{name}"} for name in names]), encoding="utf-8")
    (tmp_path / "inventory.json").write_text(json.dumps({"windows": {"hosts": {"pc-1": {}}}}), encoding="utf-8")
    direct = [f"mde.connectivity.{name}" for name in names]
    for playbooks in ([str(mine)], direct):
        run = run_playbook(playbooks[-1], tmp_path / "inventory.json", tmp_path, ["--syntax-check", *playbooks[:-1]])
        assert run.rc == 0, run.output
        assert "ERROR" not in run.output


def test_a_missing_package_is_said_with_the_command_that_installs_it(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "winrm.py").write_text("raise ImportError('it is not here')", encoding="utf-8")
    without = {"PYTHONPATH": str(tmp_path)}
    inventory = lab.inventory(tmp_path / "inventory.yml")
    sentence = "needs the Python package pywinrm on the controller (it is not here). Install it for the Python that"
    variables = ["-e", json.dumps({**WANTED, "mde_hosts": "windows"})]
    whole = run_playbook("mde.connectivity.plan", inventory, tmp_path, variables, without)
    assert whole.rc == 2
    assert len(whole.outcomes) == 1, "it is said once for all hosts"
    module = {"hosts": "windows", "gather_facts": False, "tasks": [{"mde.connectivity.endpoint_info": {}}]}
    (tmp_path / "own.json").write_text(json.dumps([module]), encoding="utf-8")
    own = run_playbook(tmp_path / "own.json", inventory, tmp_path, [], without)
    for run in (whole, own):
        assert all(sentence in result["msg"] and "pip install pywinrm" in result["msg"] for result in run.results())
        assert run.outcomes


def test_every_playbook_hands_the_hosts_of_a_fleet_to_ansible_as_one_text() -> None:
    # Of a list Ansible keeps every name for each batch: 40 kB per batch of a fleet of 5,000.
    asked = [
        (path.name, hosts)
        for path in sorted(PLAYBOOKS.glob("*.yml"))
        for play in yaml.safe_load(path.read_text(encoding="utf-8"))
        if "query(" in (hosts := play.get("hosts", "")) and "'localhost'" not in hosts
    ]
    assert len(asked) >= 20
    assert [name for name, hosts in asked if not hosts.endswith("| join(',') or [] }}")] == []
