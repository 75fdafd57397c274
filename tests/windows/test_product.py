# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules, verification, rollout and dead-man's switch on one machine, read back past their own answers."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._switch import arm, disarm
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint

from tests.integration.play import run_playbook
from tests.integration.site import (
    ANTIVIRUS,
    CONNECTIONS,
    DATA_COLLECTION,
    SYSTEM_CONNECTIONS,
    sz,
    task,
    wininet,
)
from tests.windows.plugin import Run

pytestmark = pytest.mark.windows

# WinRM's own service answers here on every Windows that can be reached by WinRM.
URL = os.environ.get("MDE_WINDOWS_URL", "http://localhost:47001/wsman")
# Seconds to wait for what the machine does by itself a minute later.
PATIENCE = int(os.environ.get("MDE_WINDOWS_PATIENCE", "150"))
PROXY, BYPASS = "proxy.example.com:8080", ["<local>", "*.example.com"]
OLD = ("REG_SZ", sz("old.example.com:1"))
UNDO = "mde.connectivity.undo"
SERVER = (DATA_COLLECTION, "TelemetryProxyServer")
Options = dict[str, Any]

SYSTEM = (SYSTEM_CONNECTIONS, "DefaultConnectionSettings")
# Options, the value that is written, what it holds before, and what stands in it afterwards from which byte on.
WRITTEN: dict[str, tuple[Options, tuple[str, str], tuple[str, bytes] | None, int, bytes]] = {
    "winhttp_proxy": (
        {"proxy": PROXY, "bypass": BYPASS}, (CONNECTIONS, "WinHttpSettings"), None, 16, PROXY.encode(),
    ),
    "datacollection_proxy": ({"server": "sensor.example.com:3128"}, SERVER, None, 0, sz("sensor.example.com:3128")),
    "antivirus_proxy": (
        {"proxy": "http://antivirus.example.com:8080"}, (ANTIVIRUS, "ProxyServer"), None, 0,
        sz("http://antivirus.example.com:8080"),
    ),
    "wpad": ({"state": "disabled"}, SYSTEM, ("REG_BINARY", wininet(9)), 8, b"\1\0\0\0"),
}  # fmt: skip


def play(machine: Run, work: Path, name: str, options: Options) -> dict[str, Any]:
    """Run one module over the connection that was asked for."""
    run = machine.site(work).run(task(name, options), connection=machine.named.front)
    assert run.rc == 0, run.output
    return run.one()


def has_scheduler(machine: Run) -> bool:
    """Wine's task scheduler runs nothing as SYSTEM."""
    return machine.what.evidence != "wine"


@pytest.mark.parametrize("name", WRITTEN)
def test_a_module_writes_and_a_second_run_changes_nothing(machine: Run, tmp_path: Path, name: str) -> None:
    options, place, given, at, data = WRITTEN[name]
    machine.give(place, given)
    for changed in (True, False):
        assert play(machine, tmp_path, name, options)["changed"] == changed
        found = machine.endpoint.value(*place)
        assert found is not None
        assert found[1][at : at + len(data)] == data


def test_the_report_says_what_was_written(machine: Run, tmp_path: Path) -> None:
    play(machine, tmp_path, "datacollection_proxy", {"server": "sensor.example.com:3128"})
    report = play(machine, tmp_path, "endpoint_info", {})
    assert report["datacollection"]["telemetry_proxy_server"] == "sensor.example.com:3128"
    assert report["effective"]["method"] == "static"


def test_the_sensor_s_log_is_read(machine: Run, tmp_path: Path) -> None:
    run = machine.site(tmp_path).run(task("sensor_contacts", {}), connection=machine.named.front)
    result = run.one()
    # A machine without the sensor says so.
    assert run.rc == 0 or "log" in result["msg"], run.output


def verification(machine: Run) -> Options:
    as_who = {"run_as": "system"} if has_scheduler(machine) else {"run_as": "connection", "engine": "wsh"}
    return {"service_urls": False, "urls": [{"url": URL, "statuses": [200, 400, 401, 404, 405]}], **as_who}


def test_an_address_is_reached_and_another_is_not(machine: Run, tmp_path: Path) -> None:
    options = verification(machine)
    options["urls"] = [*options["urls"], "http://localhost:1/"]
    answer = play(machine, tmp_path, "reachability", options | {"paths": ["direct"]})
    assert [row["reason"] for row in answer["rows"]] == ["ok", "refused"]


def test_a_rollout_is_verified_and_taken_back_to_the_byte(machine: Run, tmp_path: Path) -> None:
    site = machine.site(tmp_path)
    machine.give(SERVER, None)
    before = {place: machine.remote.value(*place) for place in (SERVER, (CONNECTIONS, "WinHttpSettings"))}
    checks = {f"endpoint_verify_{name}": value for name, value in verification(machine).items()}
    variables = {
        "mde_hosts": "windows",
        "mde_plan": str(tmp_path / "plan.json"),
        "mde_change": "CHG0001",
        "mde_evidence": str(tmp_path / "evidence"),
        "mde_confirm_within": 5 if has_scheduler(machine) else 0,
        "endpoint_proxy_winhttp_proxy": {"proxy": PROXY, "bypass": BYPASS},
        **checks,
    }
    file = tmp_path / "variables.json"
    file.write_text(json.dumps(variables), encoding="utf-8")
    inventory = site.inventory(machine.named.front)
    for playbook in ("plan", "rollout"):
        run = run_playbook(f"mde.connectivity.{playbook}", inventory, tmp_path, ["-e", f"@{file}"])
        assert run.rc == 0, run.output[-3000:]
    assert [site.winhttp(view)[1] for view in (64, 32)] == [PROXY] * 2
    run = run_playbook("mde.connectivity.rollback", inventory, tmp_path, ["-e", f"@{file}"])
    assert run.rc == 0, run.output[-3000:]
    assert {place: machine.remote.value(*place) for place in before} == before


def test_the_switch_restores_what_nobody_confirms(machine: Run) -> None:
    held = {"type": OLD[0], "data": OLD[1].hex()}
    snapshot = [{"key": SERVER[0], "name": SERVER[1], "view": 64, "absent": False, **held}]
    machine.give(SERVER, OLD)
    endpoint = Endpoint(machine.wire)
    if not has_scheduler(machine):
        with pytest.raises(Refused):
            arm(endpoint, snapshot, 1)
        return
    arm(endpoint, snapshot, 1)
    try:
        machine.give(SERVER, ("REG_SZ", sz("new.example.com:1")))
        machine.endpoint.run(f"schtasks /query /tn {UNDO} /v /fo list")
        if not restored(machine, PATIENCE):
            machine.endpoint.run(f"schtasks /run /tn {UNDO}")
            assert restored(machine, 30)
    finally:
        disarm(endpoint)


def restored(machine: Run, seconds: int) -> bool:
    """Whether the old value is back, and the task gone, within some seconds."""
    until = time.monotonic() + seconds
    while True:
        value = machine.endpoint.value(*SERVER)
        gone = machine.remote.run(f"schtasks /query /tn {UNDO}").rc != 0
        if value == OLD and gone:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(1)
