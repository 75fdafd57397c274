# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs with the callback: what lies in the directory is what happened on the endpoints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import load

from tests.integration.play import run_playbook
from tests.integration.site import DATA_COLLECTION, Site, sz

pytestmark = pytest.mark.simulated

SERVER = "proxy.example.com:8080"
TASK = {"mde.connectivity.endpoint_proxy": {"method": "static", "datacollection_proxy": {"server": SERVER}}}
ENABLED = {"ANSIBLE_CALLBACKS_ENABLED": "mde.connectivity.evidence"}


def play(site: Site, *tasks: dict[str, Any], **keywords: Any) -> Path:
    path = site.work / "playbook.json"
    path.write_text(json.dumps([{"hosts": "windows", "gather_facts": False, **keywords, "tasks": list(tasks)}]))
    return path


def summary(site: Site) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((site.work / "evidence" / "summary.json").read_text())
    return content


def test_no_record_is_lost_or_mixed(simulated: Callable[..., Site]) -> None:
    site = simulated(endpoints=30)
    tasks = {"mde.connectivity.endpoint_proxy": {
        "method": "static", "datacollection_proxy": {"server": "{{ inventory_hostname }}.example.com:8080"},
    }}  # fmt: skip
    playbook = play(site, tasks, vars={"mde_evidence": "{{ playbook_dir }}/evidence"}, serial=[1, "30%"])
    run = run_playbook(playbook, site.inventory(), site.work, ["--forks", "20"], ENABLED)
    assert run.rc == 0, run.output
    for name, endpoint in site.lab.endpoints.items():
        record = load(site.work / "evidence", name)
        assert record is not None
        assert endpoint.value(DATA_COLLECTION, "TelemetryProxyServer") == ("REG_SZ", sz(f"{name}.example.com:8080"))
        assert record.observed["datacollection"]["telemetry_proxy_server"] == f"{name}.example.com:8080"
        assert record.before["datacollection"]["telemetry_proxy_server"] is None
        assert record.changed
    found = summary(site)
    assert (found["hosts"], found["incomplete"]) == (30, False)
    assert [batch["hosts"] for batch in found["batches"]] == [1, 9, 9, 9, 2]
    assert "batch 5 of 5, endpoint_proxy: 2 of 2 hosts done, 0 failed, 0 remaining" in run.output


def test_an_endpoint_that_is_down_failed(simulated: Callable[..., Site]) -> None:
    site = simulated(endpoints=2)
    inventory = site.inventory()
    names = list(site.lab.endpoints)
    # Port 9 of loopback: nobody listens there.
    host_vars = site.work / "host_vars"
    host_vars.mkdir()
    content = inventory.read_text()
    port = content.split(f"{names[1]}:")[1].split("ansible_port: ")[1].splitlines()[0]
    inventory.write_text(content.replace(f"ansible_port: {port}", "ansible_port: 9"))
    playbook = play(site, TASK)
    environment = {**ENABLED, "MDE_EVIDENCE": str(site.work / "evidence")}
    run_playbook(playbook, inventory, site.work, [], environment)
    lines = {line["host"]: line for line in summary(site)["lines"]}
    assert lines[names[1]]["verdict"] == "failed"
    assert "unreachable, and nothing was written" in lines[names[1]]["reason"]
    assert lines[names[0]]["verdict"] == "unverified"


def test_credentials_on_an_endpoint_are_in_no_file(simulated: Callable[..., Site]) -> None:
    site = simulated()
    secret = "svc:hunter2Zebra@old.example.com:8080"
    site.endpoint.set_value(DATA_COLLECTION, "TelemetryProxyServer", "REG_SZ", sz(secret))
    environment = {**ENABLED, "MDE_EVIDENCE": str(site.work / "evidence")}
    run = run_playbook(play(site, TASK), site.inventory(), site.work, [], environment)
    assert run.outcomes
    files = [path for path in (site.work / "evidence").rglob("*") if path.is_file()]
    assert len(files) == 4
    for path in files:
        text = path.read_text().lower()
        assert "hunter2" not in text
        assert b"hunter2".hex() not in text
        assert "hunter2".encode("utf-16-le").hex() not in text


@pytest.mark.parametrize("place", ["ansible.cfg", "environment", "nowhere", "not named"])
def test_the_directory_comes_from_a_setting_and_the_callback_has_to_be_named(
    simulated: Callable[..., Site], place: str
) -> None:
    site = simulated()
    directory, config = site.work / "evidence", site.work / "ansible.cfg"
    settings = f"[mde_connectivity]\nevidence = {directory}\n" if place == "ansible.cfg" else ""
    config.write_text(f"[defaults]\n{settings}", encoding="utf-8")
    environment = {"ANSIBLE_CONFIG": str(config), **({} if place == "not named" else ENABLED)}
    if place in ("environment", "not named"):
        environment["MDE_EVIDENCE"] = str(directory)
    run = run_playbook(play(site, TASK), site.inventory(), site.work, [], environment)
    assert run.rc == 0, run.output
    written = place in ("ansible.cfg", "environment")
    assert directory.exists() == written
    said = f"mde.connectivity.evidence: the evidence is in {directory / 'index.html'}"
    assert (said in run.output) == written


def test_a_check_run_leaves_no_evidence(simulated: Callable[..., Site]) -> None:
    site = simulated()
    environment = {**ENABLED, "MDE_EVIDENCE": str(site.work / "evidence")}
    run = run_playbook(play(site, TASK), site.inventory(), site.work, ["--check"], environment)
    assert run.rc == 0, run.output
    assert not (site.work / "evidence").exists()


def test_a_killed_run_leaves_whole_files_and_says_that_it_is_incomplete(simulated: Callable[..., Site]) -> None:
    site = simulated(endpoints=3)
    wait = {"ansible.builtin.wait_for": {"timeout": 120}, "delegate_to": "localhost"}
    playbook = play(site, TASK, {**wait, "vars": {"ansible_connection": "local"}})
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(site.inventory()), str(playbook)],
        env={**os.environ, **ENABLED, "MDE_EVIDENCE": str(site.work / "evidence"),
             "ANSIBLE_LOCAL_TEMP": str(site.work / "tmp")},
        cwd=site.work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    hosts = site.work / "evidence" / "hosts"
    while len(list(hosts.glob("*.json"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The session of this very process, which has forked workers.
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    for name in site.lab.endpoints:
        record = load(site.work / "evidence", name)
        assert record is not None
        assert (record.state, record.verdict) == ("written", None)
        assert record.snapshot
    assert summary(site)["incomplete"]
    assert (site.work / "evidence" / "index.html").read_text().endswith("</html>\n")
