# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook audit: which endpoints have drifted, at one task per endpoint, and nothing written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.play import Run, run_playbook
from tests.integration.site import DATA_COLLECTION, sz
from tests.lab.lab import Lab

pytestmark = pytest.mark.simulated

SERVER = "proxy.example.com:8080"
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
    inventory = lab.inventory(tmp_path / "inventory.yml")
    arguments = ["--extra-vars", json.dumps({"mde_hosts": hosts, **variables} if hosts else variables)]
    return run_playbook("mde.connectivity.audit", inventory, tmp_path, [*arguments, "--diff"])


def test_exactly_the_drifted_endpoint_is_reported_and_nothing_is_written(lab: Lab, tmp_path: Path) -> None:
    lab.reset_accounts()
    for endpoint in lab.endpoints.values():
        endpoint.writes.clear()
    done = audit(lab, tmp_path, **WANTED)
    assert done.rc == 0, done.output
    asked = [outcome for outcome in done.outcomes if outcome.task == COMPARES]
    assert sorted(outcome.host for outcome in asked) == NAMES, "one task per endpoint"
    (drifted,) = (outcome for outcome in asked if outcome.result["changed"])
    assert drifted.host == "clean-3"
    assert drifted.result["diff"]["before"]["datacollection"]["telemetry_proxy_server"] == "old:8080"
    assert {lab.account(name).requests for name in NAMES} == {4}
    assert not any(endpoint.writes for endpoint in lab.endpoints.values())


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
    assert done.rc == 4
    statuses = {outcome.host: outcome.status for outcome in done.outcomes if outcome.task == COMPARES}
    assert statuses == {name: "unreachable" if name == "clean-2" else "ok" for name in NAMES}


def test_a_batch_in_which_nobody_answers_ends_the_run(lab: Lab, tmp_path: Path) -> None:
    lab.reset_accounts()
    for name in NAMES:
        lab.drop_connection(name, 1)
    done = audit(lab, tmp_path, **WANTED, mde_batches=2)
    assert done.rc != 0
    assert sorted(lab.account(name).requests for name in NAMES) == [0, 0, 1, 1]
