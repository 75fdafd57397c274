# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line that never ends: the call ends by its deadline, the shell is closed, and a task says what it does not know."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from windows_lab.inventory import Connection
from windows_lab.lab import Lab

from tests.integration.hostile.hostile import Hanging
from tests.integration.play import Run, run_playbook
from tests.integration.site import Site, task

pytestmark = pytest.mark.simulated

SECONDS = 4


def run(site: Site, content: list[dict[str, object]], connection: Connection) -> Run:
    playbook = site.work / "playbook.json"
    playbook.write_text(json.dumps([{"hosts": "windows", "gather_facts": False, "tasks": content}]))
    actions = {"ANSIBLE_ACTION_PLUGINS": str(Path(__file__).parent / "action")}
    return run_playbook(playbook, site.inventory(connection), site.work, environment=actions)


@pytest.mark.parametrize("connection", ["winrs", "winrm", "psrp", "ssh_cmd", "ssh_powershell"])
def test_a_command_that_never_ends_is_left_by_its_deadline(tmp_path: Path, connection: Connection) -> None:
    with Lab(backend=Hanging, endpoints=1) as lab:
        site = Site(lab, tmp_path)
        endpoint = site.endpoint
        assert isinstance(endpoint, Hanging)
        over_ssh = connection.startswith("ssh")
        lines = ["netsh winhttp show proxy", "echo here again"][: 1 if over_ssh else 2]
        options = {"seconds": SECONDS, "lines": lines}
        result = run(site, [{"ask_briefly": options}], connection).one()
        assert endpoint.began.is_set()
        assert "DeadlineExceeded: The endpoint did not answer within 4 seconds." in result["ends"][0]
        assert result["took"] < 60
        if over_ssh:
            # The server goes on, as Windows' does, but no client is left here.
            running = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
            ports = [str(port) for port in site.lab._ssh_ports.values()]
            assert not [line for line in running.splitlines() if line.startswith("ssh ") and ports[0] in line]
        else:
            # The endpoint was told to end the line, and the next one runs in another shell.
            assert endpoint.ended.wait(30)
            assert result["ends"][1].strip() == "here again"


def test_the_keyword_timeout_ends_a_task_before_the_deadline(tmp_path: Path) -> None:
    with Lab(backend=Hanging, endpoints=1) as lab:
        site = Site(lab, tmp_path)
        tasks = [task("winhttp_proxy", {"proxy": "p.corp.test:8080"}, timeout=SECONDS)]
        (outcome,) = run(site, tasks, "winrs").outcomes
        assert outcome.status == "failed"
        assert outcome.result["timedout"]["period"] == SECONDS
