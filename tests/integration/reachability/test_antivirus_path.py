# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path antivirus: what MpCmdRun.exe finds as LocalSystem through the antivirus' own proxy, in one more row."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab
from windows_lab.network.authority import Authority
from windows_lab.network.faults import RefusingProxy
from windows_lab.network.listener import Listener
from windows_lab.network.view import Network
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint

from tests.integration.play import run_tasks
from tests.integration.reachability.reach_site import ask, ask_only, place
from tests.integration.site import ANTIVIRUS, Site, reset, sz
from tests.network.service import Service

pytestmark = pytest.mark.simulated

PROGRAM = r"C:\Program Files\Windows Defender\MpCmdRun.exe"
MAPS = "https://wdcp.microsoft.com/"
OWN = "https://good.lab.test/"
ALONE: dict[str, Any] = {"paths": ["antivirus"], "deadline": 60}


def leftovers(endpoint: SimulatedEndpoint) -> list[str]:
    """The task and the directory of the test, where one of them is still there."""
    task_is_there = endpoint.run("schtasks /query /tn mde.connectivity").rc == 0
    left = ["directory"] if endpoint.files.exists(r"C:\Windows\mde.connectivity") else []
    return [*left, *(["task"] if task_is_there else [])]


class Hall:
    """The service beside the endpoints, and proxies as they are asked for."""

    def __init__(self, running: contextlib.ExitStack, work: Path) -> None:
        self._running = running
        authority = Authority(work / "trusted")
        rules = {MAPS: (404, "text/plain", ""), OWN: (200, "text/plain", "")}
        service = running.enter_context(Service(authority, rules))
        lab = running.enter_context(Lab(profiles={Profile("asker"): 1, Profile("reader", elevated=False): 1}))
        self.site = Site(lab, work)
        hosts = {"wdcp.microsoft.com": service.address, "good.lab.test": service.address}
        self.network = Network(hosts, authority.pem, ports=service.ports)
        for endpoint in lab.endpoints.values():
            reset(endpoint)
            place(endpoint, self.network)

    def proxy(self, server: Listener) -> str:
        return f"127.0.0.1:{self._running.enter_context(server).port}"

    def row(self, words: str = "", proxy: str = "", host: str = "asker-1", **options: Any) -> dict[str, Any]:
        """The row that an endpoint gives which has this program, with these words in its file."""
        endpoint = place(self.site.lab.endpoints[host], self.network)
        endpoint.files.write(PROGRAM, f"LAB PROGRAM mpcmdrun {words}\n".encode())
        if proxy:
            endpoint.set_value(ANTIVIRUS, "ProxyServer", "REG_SZ", sz(f"http://{proxy}"))
        else:
            endpoint.delete_value(ANTIVIRUS, "ProxyServer")
        result = self.site.run(ask({**ALONE, **options}), hosts=host).one()
        assert result["engine"] is None, result
        assert leftovers(endpoint) == []
        (row,) = result["rows"]
        assert result["summary"]["reachable"] is (row["verdict"] == "ok")
        assert isinstance(row, dict)
        return row


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with contextlib.ExitStack() as running:
        yield Hall(running, tmp_path)


@pytest.mark.parametrize("words", ["", "german"])
def test_cloud_protection_is_reached_in_any_language(hall: Hall, words: str) -> None:
    row = hall.row(words)
    expected = {"path": "antivirus", "verdict": "ok", "reason": "ok", "error": None, "via": None, "advice": ""}
    assert row | expected == row
    assert row["url"] == "MpCmdRun.exe -ValidateMapsConnection"


@pytest.mark.parametrize("words", ["", "german"])
def test_a_failure_is_told_by_its_number_in_any_language(hall: Hall, words: str) -> None:
    row = hall.row(f"https://nowhere.lab.test/ {words}")
    assert (row["verdict"], row["reason"], row["error"]) == ("failed", "name_not_resolved", 12007)
    assert row["error_name"] == "ERROR_WINHTTP_NAME_NOT_RESOLVED"


def test_it_goes_through_the_antivirus_own_proxy_and_no_other(hall: Hall) -> None:
    refusing, dead = hall.proxy(RefusingProxy(403)), "127.0.0.1:1"
    assert hall.row(proxy=dead)["reason"] == "refused"
    row = hall.row(proxy=refusing)
    assert (row["reason"], row["via"], row["error"]) == ("maps_failed", refusing, 6)
    assert "Look up the number" in row["advice"]
    assert hall.row(MAPS)["reason"] == "ok"


def test_a_reader_is_told_that_it_takes_an_administrator(hall: Hall) -> None:
    endpoint = place(hall.site.lab.endpoints["reader-1"], hall.network)
    endpoint.files.write(PROGRAM, b"LAB PROGRAM mpcmdrun\n")
    (outcome,) = hall.site.run(ask(ALONE), hosts="reader-1", ignore_errors=True).outcomes
    assert outcome.status == "failed"
    assert "which needs an administrator" in outcome.result["msg"]


def test_without_the_program_the_answer_is_unknown(hall: Hall) -> None:
    result = hall.site.run(ask(ALONE), hosts="asker-1").one()
    (row,) = result["rows"]
    assert (row["verdict"], row["reason"]) == ("unknown", "no_antivirus")
    assert "is not installed" in row["advice"]
    assert result["summary"]["reachable"] is False


@pytest.mark.parametrize(("address", "rc", "reason"), [(MAPS, 0, "ok"), ("https://nowhere.lab.test/", 2, "name_not")])
def test_the_role_counts_it(hall: Hall, tmp_path: Path, address: str, rc: int, reason: str) -> None:
    endpoint = place(hall.site.lab.endpoints["asker-1"], hall.network)
    endpoint.files.write(PROGRAM, f"LAB PROGRAM mpcmdrun {address}\n".encode())
    variables = {"endpoint_verify_paths": ["antivirus"], "endpoint_verify_service_urls": False}
    arguments = ["--limit", "asker-1", "--extra-vars", json.dumps(variables)]
    role = {"name": "Verify", "ansible.builtin.import_role": {"name": "mde.connectivity.endpoint_verify"}}
    done = run_tasks([role], hall.site.lab.inventory(tmp_path / "inventory.yml"), tmp_path, arguments)
    assert done.rc == rc, done.output
    assert f"asker-1 {'does not reach 1 of 1' if rc else 'reaches all 1'} required URLs" in done.output
    assert not rc or reason in done.output


def test_it_stands_beside_the_other_paths(hall: Hall) -> None:
    endpoint = place(hall.site.lab.endpoints["asker-1"], hall.network)
    endpoint.files.write(PROGRAM, b"LAB PROGRAM mpcmdrun\n")
    result = hall.site.run(
        ask_only([OWN], paths=["winhttp", "antivirus"], run_as="system"), hosts="asker-1"
    ).one()
    assert [(row["path"], row["verdict"]) for row in result["rows"]] == [("winhttp", "ok"), ("antivirus", "ok")]
    assert (result["engine"], result["summary"]["reachable"]) == ("powershell", True)
    assert leftovers(endpoint) == []
