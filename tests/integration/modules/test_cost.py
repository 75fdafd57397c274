# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task costs on the wire, as the front counts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.site import Site, task

WHOLE = {
    "method": "static",
    "winhttp_proxy": {"proxy": "proxy.corp.test:8080", "bypass": ["<local>", "*.corp.test"]},
    "wpad": {"state": "enabled"},
    "datacollection_proxy": {"server": "proxy.corp.test:8080", "prefer_static_proxy": True},
}
ANTIVIRUS = {"proxy": "http://proxy.corp.test:8080", "bypass": ["*.corp.test"]}
EVERY_BLOCK = {**WHOLE, "antivirus_proxy": ANTIVIRUS}


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("endpoint_proxy", WHOLE),
        ("endpoint_proxy", EVERY_BLOCK),
        ("antivirus_proxy", ANTIVIRUS),
        ("winhttp_proxy", WHOLE["winhttp_proxy"]),
        ("wpad", WHOLE["wpad"]),
    ],
)
def test_a_changed_endpoint_takes_7_requests_and_a_converged_one_4(
    simulated: Callable[..., Site], name: str, options: dict[str, object]
) -> None:
    site = simulated(endpoints=1)
    site.endpoint.set_value(
        r"HKU\S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings",
        "AutoDetect",
        "REG_DWORD",
        bytes(4),
    )
    assert site.module(name, options)["changed"]
    account = site.lab.account(site.name)
    assert account.requests == 7
    site.lab.reset_accounts()
    assert not site.module(name, options)["changed"]
    account = site.lab.account(site.name)
    assert account.requests == 4
    assert account.bytes_in < 12_000


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("name", "options", "connection", "runs"),
    [
        ("endpoint_proxy", WHOLE, "winrm", {True: 11, False: 5}),
        ("wpad", {"state": "disabled", "scope": ["all_users"]}, "winrs", {True: 10, False: 7}),
        ("winhttp_import_ie", {"source": "lab"}, "winrs", {True: 10, False: 7}),
    ],
)
def test_it_takes_more_over_winrm_and_where_the_hives_of_users_are_looked_for(
    simulated: Callable[..., Site], name: str, options: dict[str, object], connection: str, runs: dict[bool, int]
) -> None:
    site = simulated(endpoints=1)
    for changed, requests in runs.items():
        assert site.module(name, options, connection=connection)["changed"] is changed
        assert site.lab.account(site.name).requests == requests
        site.lab.reset_accounts()


@pytest.mark.simulated
def test_an_info_takes_4_requests(simulated: Callable[..., Site]) -> None:
    site = simulated()
    site.run(task("endpoint_info", {}))
    account = site.lab.account(site.name)
    assert account.requests == 4
    assert account.bytes_in < 13_000


# Bytes of the converged endpoint, sent and received, before every command ran from System32 and tidied up: what that
# costs stays below 3 percent.
BEFORE = {"winrs": (4, 18_695), "winrm": (5, 26_014)}


@pytest.mark.simulated
@pytest.mark.parametrize("connection", BEFORE)
def test_what_protects_the_controller_costs_a_converged_endpoint_nothing(
    simulated: Callable[..., Site], connection: str
) -> None:
    site = simulated(endpoints=1)
    site.module("endpoint_proxy", WHOLE, connection=connection)
    site.lab.reset_accounts()
    assert not site.module("endpoint_proxy", WHOLE, connection=connection)["changed"]
    account = site.lab.account(site.name)
    requests, total = BEFORE[connection]
    assert account.requests == requests
    assert account.bytes_in + account.bytes_out <= total * 1.03


# How many functions a worker calls for the task, for each that it calls for one of ansible.builtin.raw, before that.
STEPS_BEFORE = 1.175


@pytest.mark.simulated
def test_what_protects_the_controller_takes_hardly_more_steps_of_it(simulated: Callable[..., Site]) -> None:
    site = simulated(endpoints=1)
    site.module("endpoint_proxy", WHOLE)
    steps = site.work / "steps"
    steps.mkdir()
    tasks = [{"ansible.builtin.raw": "echo here"}, task("endpoint_proxy", WHOLE)]
    playbook = site.work / "both.json"
    playbook.write_text(json.dumps([{"hosts": "windows", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(site.inventory()), str(playbook)],
        env={
            **os.environ,
            "ANSIBLE_LOCAL_TEMP": str(site.work / "tmp"),
            "LAB_STEPS": str(steps),
            "PYTHONPATH": str(Path(__file__).with_name("steps")),
        },
        check=True,
        capture_output=True,
    )
    raw, ours, _ansible = sorted(int.from_bytes(file.read_bytes(), sys.byteorder) for file in steps.iterdir())
    assert ours / raw <= STEPS_BEFORE * 1.03
