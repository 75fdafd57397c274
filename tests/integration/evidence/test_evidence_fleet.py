# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole change on 1,000 endpoints that differ, with 50 forks: no record is lost or mixed up with another."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import load
from windows_lab import inventory
from windows_lab.lab import Lab
from windows_lab.network.view import Network
from windows_lab.proxy import Origin, Proxy
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests import needs
from tests.integration.evidence.browser import Browser
from tests.integration.site import CONNECTIONS, DIRECT, Site, named

PROFILES = {"clean": 800, "german": 80, "hardened": 45, "blob28": 30, "constrained": 25, "battery": 20}
HOSTS = sum(PROFILES.values())
DIFFERENT = "all:!clean-*"
FORKS = 50
BATCHES = [1, "10%", "100%"]
SIZES = [1, HOSTS // 10, HOSTS - HOSTS // 10 - 1]
URL = "http://service.corp.test/"
ANY_PROXY = re.compile(r"[\w-]+\.proxy\.corp\.test")
SECONDS = 2

pytestmark = pytest.mark.simulated


@dataclass(frozen=True)
class Fleet:
    """What is left after the rollout: the endpoints, the proxy that they share, and the files.

    before, planned and after are what all of them held: at first, after the plan, and after the rollout.
    """

    lab: Lab
    proxy: Proxy
    work: Path
    before: dict[str, dict[str, Any]]
    planned: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]

    @property
    def evidence(self) -> Path:
        return self.work / "evidence"

    def server(self, name: str) -> str:
        """The proxy that only this endpoint is to use, and whose name only this endpoint resolves."""
        return f"{host_of(name)}:{self.proxy.port}"


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def held(lab: Lab, work: Path) -> dict[str, dict[str, Any]]:
    """Every value that the collection manages on each endpoint, read behind the back of everything."""
    site = Site(lab, work)
    found = {}
    for name, site.endpoint in lab.endpoints.items():
        found[name] = site.managed()
    return found


def host_of(name: str) -> str:
    return f"{name}.proxy.corp.test"


def run(playbook: str, work: Path, *more: str) -> str:
    """Run a playbook of the collection on all endpoints, and return its output; it has to end well."""
    log = work / f"{playbook}.log"
    environment = {
        **os.environ,
        "ANSIBLE_CALLBACKS_ENABLED": "mde.connectivity.evidence",
        "ANSIBLE_LOCAL_TEMP": str(work / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    program = Path(sys.executable).with_name("ansible-playbook")
    files = ["-i", str(work / "inventory.yml"), "-e", f"@{work / 'variables.json'}"]
    arguments = [*files, *more, "--forks", str(FORKS)]
    with log.open("w") as output:
        finished = subprocess.run(
            [str(program), *arguments, f"mde.connectivity.{playbook}"],
            env=environment, cwd=work, stdout=output, stderr=subprocess.STDOUT, timeout=1800, check=False,
        )  # fmt: skip
    said = log.read_text(encoding="utf-8")
    assert finished.returncode == 0, said[-3000:]
    return said


def write_files(lab: Lab, port: int, work: Path) -> None:
    """An inventory in which every endpoint has a proxy of its own, and the variables of the change."""
    content = inventory.document(lab, "winrs", "basic")
    for name, variables in content["windows"]["hosts"].items():
        endpoint = lab.endpoints[name]
        assert isinstance(endpoint, SimulatedEndpoint)
        endpoint.network = Network({host_of(name): "127.0.0.1"})
        setting = {"proxy": f"{host_of(name)}:{port}", "bypass": [f"{name}.corp.test"]}
        variables["endpoint_proxy_winhttp_proxy"] = setting
    variables = {
        "mde_hosts": "windows",
        "mde_plan": str(work / "plan.json"),
        "mde_change": "CHG0001",
        "mde_evidence": str(work / "evidence"),
        "mde_batches": BATCHES,
        "endpoint_verify_service_urls": False,
        "endpoint_verify_urls": [{"url": URL, "statuses": [200]}],
    }
    (work / "variables.json").write_text(json.dumps(variables), encoding="utf-8")
    (work / "inventory.yml").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet after its rollout."""
    work = tmp_path_factory.mktemp("fleet")
    with (
        Origin() as origin,
        Proxy({"service.corp.test": "127.0.0.1"}, ports={80: origin.port}) as proxy,
        Lab(profiles=PROFILES) as lab,
    ):
        write_files(lab, proxy.port, work)
        before = held(lab, work)
        run("plan", work)
        assert not any(endpoint.writes for endpoint in lab.endpoints.values())
        planned = held(lab, work)
        lab.reset_accounts()
        run("rollout", work)
        yield Fleet(lab, proxy, work, before, planned, held(lab, work))


@pytest.fixture
def summary(fleet: Fleet) -> dict[str, Any]:
    return read(fleet.evidence / "summary.json")


@pytest.fixture
def plan(fleet: Fleet) -> dict[str, Any]:
    """The plan that was carried out."""
    return read(fleet.work / "plan.json")


def test_a_plan_changes_nothing_and_is_about_every_endpoint(fleet: Fleet, plan: dict[str, Any]) -> None:
    assert fleet.planned == fleet.before
    assert [name for name, entry in plan["hosts"].items() if entry["changed"]] == sorted(fleet.lab.endpoints)


def test_trap_41_a_change_on_1000_endpoints_end_to_end(fleet: Fleet, plan: dict[str, Any]) -> None:
    for name, endpoint in fleet.lab.endpoints.items():
        record = load(fleet.evidence, name)
        assert record is not None
        assert (record.host, record.change, record.plan_digest) == (name, "CHG0001", plan["digest"])
        for there, entries in ((fleet.before, record.snapshot), (fleet.after, record.written)):
            for entry in entries:
                value = there[name][f"{entry['key']}\\{entry['name']} {entry['view']}"]
                assert (entry["type"], entry["data"]) == (value[0], value[1].hex())
        assert len(endpoint.writes) == len(record.commands) == 2
        assert sum("netsh winhttp set proxy" in line for line in fleet.lab.account(name).commands) == 1
    said = (fleet.work / "rollout.log").read_text(encoding="utf-8")
    assert said.count("PLAY [Carry out the plan, batch by batch]") == len(SIZES)


def test_a_plan_after_it_finds_nothing_to_do_on_endpoints_of_every_kind(fleet: Fleet) -> None:
    second = fleet.work / "second.json"
    said = run("plan", fleet.work, "-e", json.dumps({"mde_hosts": DIFFERENT, "mde_plan": str(second)}))
    different = {name: entry["changed"] for name, entry in read(second)["hosts"].items()}
    assert different == {name: False for name in fleet.lab.endpoints if not name.startswith("clean-")}
    assert len(different) == HOSTS - PROFILES["clean"]
    assert read(second)["left_out"] == {}
    assert f"0 of {len(different)} endpoints would be changed." in said
    assert held(fleet.lab, fleet.work) == fleet.after


def test_each_record_says_what_its_endpoint_holds(fleet: Fleet) -> None:
    for name, endpoint in fleet.lab.endpoints.items():
        server, bypass = fleet.server(name), f"{name}.corp.test"
        record = load(fleet.evidence, name)
        assert record is not None
        assert (record.host, record.verdict, record.state, record.changed) == (name, "ok", "done", True)
        for view, label in ((64, "native"), (32, "wow64")):
            value = endpoint.value(CONNECTIONS, "WinHttpSettings", view)
            assert value == ("REG_BINARY", named(server, bypass, endpoint.profile.blob_header))
            said = record.observed["winhttp"][label]
            assert (said["proxy"], said["bypass"]) == (server, [bypass])
            assert record.before["winhttp"][label]["direct"]
        assert record.reachability is not None
        assert [(row["url"], row["via"]) for row in record.reachability["rows"]] == [(URL, server)]


def test_each_record_has_the_bytes_of_its_endpoint(fleet: Fleet) -> None:
    for name, endpoint in fleet.lab.endpoints.items():
        record = load(fleet.evidence, name)
        assert record is not None
        assert len(record.written) == len(record.snapshot) == 2
        for entry in record.written:
            value = endpoint.value(entry["key"], entry["name"], entry["view"])
            assert value == (entry["type"], bytes.fromhex(entry["data"]))
        assert {bytes.fromhex(entry["data"]) for entry in record.snapshot} == {DIRECT}
        # The lab's own account of what was written to this registry.
        noted = [line.rpartition(" ")[2] for line in endpoint.writes]
        assert sorted(noted) == sorted(entry["data"] for entry in record.written)


def test_each_command_was_sent_to_its_endpoint_once_and_to_no_other(fleet: Fleet) -> None:
    for name in fleet.lab.endpoints:
        record = load(fleet.evidence, name)
        assert record is not None
        sent = fleet.lab.account(name).commands
        assert len(record.commands) == 2
        for command in record.commands:
            assert [command in line for line in sent].count(True) == 1
        assert set(ANY_PROXY.findall("\n".join(sent))) == {host_of(name)}


def test_no_file_has_anything_of_another_host(fleet: Fleet) -> None:
    files = {path.stem: path.read_text(encoding="utf-8") for path in (fleet.evidence / "hosts").iterdir()}
    assert set(files) == set(fleet.lab.endpoints)
    for name, text in files.items():
        assert set(ANY_PROXY.findall(text)) == {host_of(name)}


def test_every_endpoint_asked_through_the_proxy_once(fleet: Fleet) -> None:
    assert [(access.target, access.status) for access in fleet.proxy.log] == [(URL, 200)] * HOSTS


def test_the_summary_counts_every_host_once(fleet: Fleet, summary: dict[str, Any]) -> None:
    assert (summary["hosts"], summary["changed"], summary["not_started"]) == (HOSTS, HOSTS, 0)
    assert not summary["incomplete"]
    assert summary["damaged"] == []
    assert {word: count for word, count in summary["verdicts"].items() if count} == {"ok": HOSTS}
    assert [batch["hosts"] for batch in summary["batches"]] == SIZES
    assert {line["host"]: line["proxy_now"] for line in summary["lines"]} == {
        name: fleet.server(name) for name in fleet.lab.endpoints
    }


def test_the_table_has_a_row_for_every_host(fleet: Fleet) -> None:
    with (fleet.evidence / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == HOSTS
    assert {row["host"]: (row["verdict"], row["proxy_now"]) for row in rows} == {
        name: ("ok", fleet.server(name)) for name in fleet.lab.endpoints
    }


@needs.chromium
def test_the_page_opens_in_time_and_has_every_host(fleet: Fleet) -> None:
    page = fleet.evidence / "index.html"
    with Browser() as browser:
        # The first page that a browser shows waits for parts of the browser that still start.
        browser.open(page)
        began = time.monotonic()
        browser.open(page)
        assert time.monotonic() - began < SECONDS
        found = browser.ask('[...document.querySelectorAll("#matrix tbody .name b")].map(node => node.innerText)')
        assert sorted(found) == sorted(fleet.lab.endpoints)
        assert browser.ask("document.querySelector('.tile').innerText").split() == ["1,000", "OK"]
        assert browser.complaints == []
        assert set(browser.requests) == {page.as_uri()}
