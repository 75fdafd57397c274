# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that somebody planted where a remote shell begins: nothing of the collection starts one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._switch import arm, disarm
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command, Endpoint
from windows_lab.inventory import Connection
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.wine import WineEndpoint

from tests.integration.reachability.reach_site import ask_only
from tests.integration.reachability.test_connectivity_tool import equip, options
from tests.integration.site import Site, task
from tests.integration.wine.wine_endpoint import wine_endpoint

NAMES = (
    "certutil", "cmd", "cscript", "find", "netsh", "ping", "powershell", "reg", "sc", "schtasks", "shutdown",
    "taskkill", "wevtutil",
)  # fmt: skip
SUFFIXES = (".com", ".exe", ".bat", ".cmd")
HOME = "C:\\Users\\lab"
SNAPSHOT = [
    {
        "key": r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection",
        "name": "TelemetryProxyServer",
        "view": 64,
        "absent": True,
    }
]


class Wire:
    """A connection with nothing in between."""

    transport = "mde.connectivity.winrs"

    def __init__(self, endpoint: SimulatedEndpoint | WineEndpoint) -> None:
        self._endpoint = endpoint

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        done = self._endpoint.run(cmd, in_data or b"")
        return done.rc, done.stdout, done.stderr

    def close(self) -> None:
        """Nothing is open."""

    def reset(self) -> None:
        """There is no other connection."""


def plant(endpoint: SimulatedEndpoint) -> None:
    for name in NAMES:
        for suffix in SUFFIXES:
            endpoint.files.write(f"{HOME}\\{name}{suffix}", b"LAB PROGRAM planted")


def started(site: Site) -> list[str]:
    return [write for write in site.endpoint.writes if write.startswith("planted")]


@pytest.mark.simulated
@pytest.mark.parametrize("connection", ["winrs", "winrm"])
def test_no_module_starts_a_planted_program(simulated: Callable[..., Site], connection: Connection) -> None:
    site = simulated()
    assert isinstance(site.endpoint, SimulatedEndpoint)
    plant(site.endpoint)
    asked = [
        ask_only(["http://127.0.0.1:9/"], deadline=20, paths=["winhttp"], engine=engine, run_as=run_as)
        for engine, run_as in (("powershell", "system"), ("wsh", "connection"))
    ]
    for tool in ("sense_snapshot", "client_analyzer"):
        equip(site, tool)
    tasks = [
        task("endpoint_proxy", {"winhttp_proxy": {"proxy": "p.test:1"}, "wpad": {"state": "disabled"}}),
        task("endpoint_info", {}),
        task("sensor_contacts", {}),
        *asked,
        *(task("connectivity_tool", options(tool)) for tool in ("sense_snapshot", "client_analyzer")),
    ]
    run = site.run(*tasks, connection=connection)
    assert [outcome.status for outcome in run.outcomes] == ["ok"] * len(tasks), run.output
    assert started(site) == []
    # The lab looks there first, as Windows does.
    assert b"planted" in site.endpoint.run("netsh winhttp show proxy").stdout


@pytest.mark.simulated
def test_the_switch_that_undoes_a_change_starts_no_planted_program(simulated: Callable[..., Site]) -> None:
    site = simulated()
    assert isinstance(site.endpoint, SimulatedEndpoint)
    plant(site.endpoint)
    endpoint = Endpoint(Wire(site.endpoint))
    arm(endpoint, SNAPSHOT, 5)
    site.endpoint.pass_minutes(6)
    arm(endpoint, SNAPSHOT, 5)
    disarm(endpoint)
    assert started(site) == []


@pytest.fixture(scope="module", name="wine")
def fixture_wine() -> Iterator[WineEndpoint]:
    with wine_endpoint() as endpoint:
        yield endpoint


@pytest.mark.wine
@pytest.mark.parametrize("suffix", [".bat", ".cmd"])
def test_a_real_cmd_starts_no_planted_program(wine: WineEndpoint, suffix: str) -> None:
    # The directory in which a line begins.
    here = Path(wine.prefix, "drive_c")
    assert wine.run("echo %cd%").stdout.strip() == b"C:\\"
    planted = [here / f"{name}{suffix}" for name in NAMES if name != "cmd"]
    for path in planted:
        path.write_text("@echo planted\r\n")
    try:
        lines = [
            "reg query HKU",
            "netsh winhttp show proxy",
            "sc query eventlog",
            "ping -n 1 127.0.0.1",
            "cscript //nologo none.js",
        ]
        commands = [Command(line) for line in lines]
        loop = "(for /f %S in ('reg query HKU') do @reg query \"%S\\Software\" /ve 2>&1)"
        commands.append(Command(loop, compound=True))
        commands.append(Command('find /v "" >"%TEMP%\\planted.txt"', compound=True, stdin="words\r\n"))
        commands.append(Command('type "%TEMP%\\planted.txt"'))
        answers = Endpoint(Wire(wine)).run(commands)
        assert not [answer.stdout for answer in answers if "planted" in answer.stdout]
        assert "HKEY_USERS" in answers[0].stdout
        assert answers[-1].stdout == "words\n"
        assert wine.run("reg query HKU").stdout.strip() == b"planted"
    finally:
        for path in planted:
            path.unlink()
