# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher's lines and the role, over each connection that has a PowerShell on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from windows_lab.inventory import Connection
from windows_lab.lab import Lab

from tests.integration.play import run_playbook
from tests.integration.site import CONNECTIONS as WINHTTP
from tests.integration.site import named, reset

pytestmark = [pytest.mark.wine, pytest.mark.parametrize("connection", ["winrm", "psrp", "ssh_powershell"])]

WORD = "it's $x `b` ^&|<> (c)"
# An action that runs commands as the product does, and stages a text.
ACTION = """
from ansible.plugins.action import ActionBase
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command, Endpoint
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._staging import staged


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        args = self._task.args
        commands = [
            Command("reg query HKLM\\\\SOFTWARE\\\\None"),
            staged("C:\\\\lab\\\\staged", args["text"]),
            Command("type C:\\\\lab\\\\staged"),
            Command(f'C:\\\\lab\\\\args.exe {args["quoted"]}'),
            Command("cmd /c exit 3"),
        ]
        done = Endpoint(self._connection).run(commands)
        return {**super().run(tmp, task_vars), "answers": [[one.rc, one.stdout] for one in done]}
"""


def play(lab: Lab, work: Path, connection: Connection, tasks: list[dict[str, object]]) -> Path:
    playbook = work / "playbook.yml"
    playbook.write_text(json.dumps([{"hosts": "windows", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    lab.inventory(work / "lab.yml", connection=connection)
    return playbook


def test_quotes_exit_codes_and_standard_input(lab: Lab, tmp_path: Path, connection: Connection) -> None:
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins" / "ask.py").write_text(ACTION, encoding="utf-8")
    text = "".join(f'line{number}: [] <&|>^%TEMP% "quoted"\r\n\r\n' for number in range(100))
    playbook = play(lab, tmp_path, connection, [{"ask": {"text": text, "quoted": f'"{WORD}"'}}])
    run = run_playbook(playbook, tmp_path / "lab.yml", tmp_path)
    answers = run.one()["answers"]
    assert [rc for rc, _text in answers] == [1, 0, 0, 0, 3], run.output
    assert answers[2][1] == text.replace("\r\n", "\n")
    assert answers[3][1] == f"arg {WORD.encode('utf-16-be').hex()}\n"


def test_the_role_converges_and_changes_nothing_a_second_time(
    lab: Lab, tmp_path: Path, connection: Connection
) -> None:
    (endpoint,) = lab.endpoints.values()
    reset(endpoint)
    variables = {"endpoint_proxy_winhttp_proxy": {"proxy": "proxy.lab.test:3128", "bypass": ["<local>"]}}
    role = {"include_role": {"name": "mde.connectivity.endpoint_proxy"}, "vars": variables}
    playbook = play(lab, tmp_path, connection, [role])
    for changed in (True, False):
        run = run_playbook(playbook, tmp_path / "lab.yml", tmp_path)
        assert run.rc == 0, run.output
        assert any(outcome.result.get("changed") for outcome in run.outcomes) == changed
        value = endpoint.value(WINHTTP, "WinHttpSettings")
        assert value is not None
        assert value[1][12:] == named("proxy.lab.test:3128", "<local>")[12:]
