# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role endpoint_proxy and the playbooks around it, with every variable alone and with none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab

from tests.integration.play import Run, run_playbook

pytestmark = pytest.mark.simulated

DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
VARIABLES: list[dict[str, Any]] = [
    {"endpoint_proxy_method": "wpad", "endpoint_proxy_datacollection_proxy": {"state": "absent"}},
    {"endpoint_proxy_winhttp_proxy": {"proxy": "proxy.example.com:8080"}},
    {"endpoint_proxy_winhttp_import_ie": {"on_loss": "warn"}},
    {"endpoint_proxy_wpad": {"state": "disabled"}},
    {"endpoint_proxy_datacollection_proxy": {"server": "proxy.example.com:8080"}},
    {"endpoint_proxy_antivirus_proxy": {"proxy": "http://proxy.example.com:8080"}},
]
NOTHING: list[dict[str, Any]] = [
    {},
    {"endpoint_proxy_wpad": None, "endpoint_proxy_datacollection_proxy": None},
]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as raised:
        yield raised


def run(lab: Lab, tmp_path: Path, variables: dict[str, Any], playbook: str = "site", *more: str) -> Run:
    """Run a playbook without its verification, which has tests of its own."""
    inventory = lab.inventory(tmp_path / "inventory.yml")
    arguments = ["--extra-vars", json.dumps({"mde_hosts": "windows", **variables}), *more]
    arguments += ["--skip-tags", "verify"]
    return run_playbook(f"mde.connectivity.{playbook}", inventory, tmp_path, arguments)


@pytest.mark.parametrize("variables", VARIABLES, ids="+".join)
def test_the_demo_shows_every_block_alone(lab: Lab, tmp_path: Path, variables: dict[str, Any]) -> None:
    done = run(lab, tmp_path, variables, "demo")
    assert done.rc == 0, done.output
    for row in ("WinHTTP proxy", "static proxy", "what wins", "because"):
        assert row in done.output


@pytest.mark.parametrize("variables", NOTHING, ids=["undefined", "null"])
def test_nothing_set_is_one_sentence_and_no_contact(
    lab: Lab, tmp_path: Path, variables: dict[str, Any]
) -> None:
    done = run(lab, tmp_path, variables)
    failed = done.outcomes[-1]
    assert (done.rc, failed.status) == (2, "failed")
    assert failed.result["msg"].startswith(
        "Set one or more of endpoint_proxy_method, endpoint_proxy_winhttp_proxy"
    )
    assert lab.account("clean-1").requests == 0


def test_a_misspelt_variable_is_named_and_nothing_is_changed(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, {**VARIABLES[1], "endpoint_proxy_datacolection_proxy": {"state": "absent"}})
    assert done.rc == 2
    assert done.outcomes[-1].result["msg"].startswith("endpoint_proxy_datacolection_proxy is no variable")
    assert lab.account("clean-1").requests == 0


def test_a_playbook_that_writes_has_no_default_for_its_hosts(lab: Lab, tmp_path: Path) -> None:
    inventory = lab.inventory(tmp_path / "inventory.yml")
    arguments = ["--extra-vars", json.dumps({"mde_host": "clean-1", **VARIABLES[1]})]
    done = run_playbook("mde.connectivity.site", inventory, tmp_path, arguments)
    assert done.rc != 0
    assert "-e mde_hosts=windows" in done.output
    assert lab.account("clean-1").requests == 0


def test_the_import_needs_no_option_of_its_own(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, {"endpoint_proxy_winhttp_import_ie": {}})
    assert done.rc == 0, done.output
    assert done.outcomes[-2].result["after"]["winhttp"]["native"]["proxy"] == "user-proxy.lab.test:8080"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("method", "winhttpd", "'winhttpd' is none of wpad, winhttp"),
        ("winhttp_proxy", "proxy.example.com:8080", "must be a dictionary"),
        ("wpad", ["enabled"], "must be a dictionary"),
        ("wpad", {"stat": "enabled"}, "wpad.stat"),
        ("datacollection_proxy", {"state": "http://u:hunter2@proxy"}, "state"),
    ],
)
def test_a_wrong_type_or_choice_stops_before_the_endpoint(
    lab: Lab, tmp_path: Path, variable: str, value: Any, said: str
) -> None:
    done = run(lab, tmp_path, {f"endpoint_proxy_{variable}": value})
    assert done.rc == 2
    message = done.outcomes[-1].result["msg"]
    assert variable in message
    assert said in message
    assert "hunter2" not in done.output
    assert lab.account("clean-1").requests == 0


def test_the_hosts_come_from_a_variable(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, {**VARIABLES[1], "mde_hosts": "none_of_these"})
    assert done.rc != 0
    assert "mde_hosts names 'none_of_these', which matches no host of the inventory." in done.output
    assert done.outcomes == []
    assert lab.account("clean-1").requests == 0


def test_check_mode_writes_nothing(lab: Lab, tmp_path: Path) -> None:
    done = run(lab, tmp_path, VARIABLES[4], "site", "--check", "--diff")
    assert done.rc == 0, done.output
    assert done.outcomes[-2].result["changed"]
    assert lab.endpoints["clean-1"].value(DATA_COLLECTION, "TelemetryProxyServer") is None
    assert lab.endpoints["clean-1"].writes == []


def test_a_setting_may_be_a_template(lab: Lab, tmp_path: Path) -> None:
    block = {"server": "proxy.example.com:8080", "endpoint_proxy_datacollection_proxy": {"server": "{{ server }}"}}
    done = run(lab, tmp_path, {**block, "endpoint_proxy_wpad": "{{ none }}"})
    assert done.rc == 0, done.output
    value = lab.endpoints["clean-1"].value(DATA_COLLECTION, "TelemetryProxyServer")
    assert value is not None
    assert value[1] == "proxy.example.com:8080\0".encode("utf-16-le")
