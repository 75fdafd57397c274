# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each variable of a playbook has a form, and what has another one is refused before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab

from tests.integration.operator.mistakes import PROXY, play, refused, words

pytestmark = pytest.mark.simulated

SETTINGS = {"mde_hosts": "windows", "endpoint_proxy_winhttp_proxy": PROXY}
VERIFIED = {"endpoint_verify_regions": ["eu"], "endpoint_verify_generation": "streamlined"}
BATCHES = "mde_batches is {}, and has to be one size or a list of them, each a number from 1 or a percentage from 1% to"
CHANGE = "mde_change is {}, and has to be the number of the change, as in -e mde_change=CHG0001:"
# Variables of the rollout that can't be, and what is said of each.
WRONG: list[dict[str, tuple[Any, str]]] = [
    {
        "mde_batches": ("abc", BATCHES.format("'abc'")),
        "mde_change": ("", CHANGE.format("''")),
        "mde_confirm_within": ("soon", "mde_confirm_within is 'soon', and has to be a number of minutes from 0"),
        "mde_deadline": (0, "mde_deadline is 0, and has to be a number of minutes from 1 to 1440."),
        "mde_evidence": ("", "mde_evidence is '', and has to be a directory, such as CHG0001."),
    },
    {
        "mde_batches": ([1, [2]], BATCHES.format("[1, [2]]")),
        "mde_change": ("../../x", CHANGE.format("'../../x'")),
        "mde_force": ("perhaps", "mde_force is 'perhaps', and has to be true or false."),
        "mde_max_failures": (-1, "mde_max_failures is -1, and has to be a number of endpoints, 0 or more."),
        "mde_plan_digest": ("abc", "mde_plan_digest is 'abc', and has to be the digest that was approved, 64 digits"),
    },
    {"mde_batches": ("[1,2]", BATCHES.format("'[1,2]'")), "mde_change": ("a/b", CHANGE.format("'a/b'"))},
    {"mde_batches": (0, BATCHES.format("0")), "mde_change": (".", CHANGE.format("'.'"))},
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(profiles={"clean": 3}) as raised:
        yield raised


@pytest.fixture(scope="module")
def planned(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan for all endpoints of the lab that nobody carries out."""
    work = tmp_path_factory.mktemp("planned")
    run = play(lab, work, "plan", {**SETTINGS, "mde_plan": str(work / "plan.json")})
    assert run.rc == 0, run.output
    return work / "plan.json"


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong["mde_batches"][0]))
def test_wrong_variables_of_a_rollout_are_each_named(
    lab: Lab, tmp_path: Path, planned: Path, wrong: dict[str, tuple[Any, str]]
) -> None:
    given = {name: value for name, (value, _said) in wrong.items()}
    run = play(lab, tmp_path, "rollout", {**SETTINGS, **VERIFIED, "mde_plan": str(planned), **given})
    refused(lab, run, *(said for _value, said in wrong.values()), "Nothing was read or changed.")
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and path.name != "tmp"]
    assert not (tmp_path.parent.parent / "x").exists()


@pytest.mark.parametrize("batches", [2, [2, 1], "100%", ["67%"]])
def test_a_first_batch_above_one_endpoint_has_to_be_said(
    lab: Lab, tmp_path: Path, planned: Path, batches: object
) -> None:
    given = {**SETTINGS, **VERIFIED, "mde_plan": str(planned), "mde_change": "CHG0001", "mde_batches": batches}
    run = play(lab, tmp_path, "rollout", given)
    refused(lab, run, "of 3 endpoints, where one should show first that all is well.", "mde_first_batch_above_one=true")
    run = play(lab, tmp_path, "rollout", {**given, "mde_first_batch_above_one": True}, "--check")
    assert "mde_batches" not in words(run)
    assert all(lab.account(name).requests for name in lab.endpoints)


@pytest.mark.parametrize("playbook", ["audit", "plan", "rollback", "rollout", "site", "verify"])
def test_a_misspelt_variable_is_named_with_what_was_meant(
    lab: Lab, tmp_path: Path, planned: Path, playbook: str
) -> None:
    (tmp_path / "evidence" / "hosts").mkdir(parents=True)
    given = {**SETTINGS, **VERIFIED, "mde_change": "CHG0001", "mde_plan": str(planned), "mde_max_failure": 3}
    run = play(lab, tmp_path, playbook, given)
    if playbook == "rollback":
        refused(lab, run, "Name the evidence, as in -e mde_evidence=CHG0001")
    else:
        refused(lab, run, "mde_max_failure is no variable of mde.connectivity. Did you mean mde_max_failures?")


def test_every_host_is_checked_and_named(lab: Lab, tmp_path: Path) -> None:
    of_hosts = {
        "clean-2": {"endpoint_proxy_wpad": {"state": "of"}},
        "clean-3": {"endpoint_proxy_winhttp_proxy": {"proxy": "{{ nowhere }}"}},
    }
    for _time in range(2):
        run = play(lab, tmp_path, "audit", {"mde_hosts": "clean-1,clean-2"}, of_hosts=of_hosts)
        refused(lab, run, "clean-1: Set one or more of endpoint_proxy_method, ", "clean-2: endpoint_proxy_wpad: ", "of")
    run = play(lab, tmp_path, "audit", {"mde_hosts": "windows"}, of_hosts=of_hosts)
    refused(lab, run, "clean-3", "nowhere")


@pytest.mark.parametrize("name", ["mde_batches", "mde_confirm_within", "mde_max_failures"])
def test_a_care_that_playbooks_do_not_take_is_refused(
    lab: Lab, tmp_path: Path, planned: Path, name: str
) -> None:
    run = play(lab, tmp_path, "site", {**SETTINGS, **VERIFIED, name: 1})
    refused(lab, run, f"{name} has no effect in this playbook, which would change its hosts without it: leave ")
    # In an inventory it is there for rollouts, which take it per host; batches they do not.
    run = play(lab, tmp_path, "site", {**SETTINGS, **VERIFIED}, "--check", of_hosts={"clean-2": {name: 1}})
    assert ("has no effect" in words(run)) == (name == "mde_batches")
    assert any(lab.account(host).requests for host in lab.endpoints) == (name != "mde_batches")
    if name == "mde_confirm_within":
        moving = {"mde_plan": str(planned), "mde_change": "CHG0001", "streamlined_package": "package.cmd"}
        run = play(lab, tmp_path, "streamlined", {**moving, name: 1})
        refused(lab, run, "mde_confirm_within has no effect in this playbook")


@pytest.mark.parametrize("value", [None, "y", "t", "perhaps"])
def test_a_truth_that_ansible_reads_in_two_ways_is_refused(lab: Lab, tmp_path: Path, value: object) -> None:
    run = play(lab, tmp_path, "verify", {"mde_hosts": "windows", **VERIFIED, "endpoint_verify_assert": value})
    refused(lab, run, f"endpoint_verify_assert is {value!r}, and has to be true or false.")
    run = play(lab, tmp_path, "audit", {**SETTINGS, "mde_fail_on_drift": value})
    refused(lab, run, f"mde_fail_on_drift is {value!r}, and has to be true or false.")


def test_what_holds_for_a_whole_run_has_to_be_the_same_for_all_hosts(lab: Lab, tmp_path: Path) -> None:
    given = {"mde_hosts": "windows", **VERIFIED}
    run = play(lab, tmp_path, "verify", given, of_hosts={"clean-2": {"endpoint_verify_assert": False}})
    refused(lab, run, "endpoint_verify_assert holds for a whole run, and differs: None for clean-1, False for clean-2.")
    run = play(lab, tmp_path, "audit", SETTINGS, of_hosts={"clean-3": {"mde_report": "elsewhere"}})
    refused(lab, run, "mde_report holds for a whole run, and differs: None for clean-1, 'elsewhere' for clean-3.")


def test_a_host_beyond_the_batch_that_checks_is_checked(lab: Lab, tmp_path: Path) -> None:
    nowhere = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    of_hosts = {f"pc-{number}": {**nowhere} for number in range(300)}
    of_hosts["pc-299"]["endpoint_proxy_wpad"] = {"state": "of"}
    run = play(lab, tmp_path, "audit", {**SETTINGS, "mde_hosts": "all"}, of_hosts=of_hosts)
    refused(lab, run, "pc-299: endpoint_proxy_wpad: ")
    assert len(run.outcomes) == 1


def test_batches_that_would_be_ignored_are_refused(lab: Lab, tmp_path: Path) -> None:
    of_hosts = {"clean-2": {"mde_batches": [1, 1]}}
    run = play(lab, tmp_path, "audit", SETTINGS, of_hosts=of_hosts)
    refused(lab, run, "mde_batches of clean-2 comes from the inventory, where it has no effect")
    # Said for the run, it is what counts.
    run = play(lab, tmp_path, "audit", {**SETTINGS, "mde_batches": 2}, "--limit", "clean-1", of_hosts=of_hosts)
    assert run.rc == 0, run.output
