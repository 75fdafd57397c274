# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wine endpoint itself: its agent, its clones, and what it refuses to play."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.wine import WineEndpoint, WineFarm
from windows_lab.wine.endpoint import Unsupported

from tests.integration.modules.contract import text
from tests.integration.wine.wine_endpoint import wine_endpoint

pytestmark = pytest.mark.wine

LAB = r"HKLM\SOFTWARE\Lab"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[WineEndpoint]:
    with wine_endpoint() as started:
        yield started


@pytest.mark.parametrize("code", [0, 1, 259, 1460, 0x7FFFFFFF, -1, -1073741510])
def test_exit_codes_have_32_bits(endpoint: WineEndpoint, code: int) -> None:
    assert endpoint.run(f"exit {code}").rc == code % 2**32


def test_it_runs_at_fixed_addresses_where_that_is_permitted(endpoint: WineEndpoint) -> None:
    own = "/proc/self/personality"
    fixed = subprocess.run(["setarch", "-R", "cat", own], capture_output=True, text=True, check=False).stdout
    of_the_agent = Path(own.replace("self", str(endpoint._agent._process.pid))).read_text(encoding="ascii")
    assert of_the_agent == (fixed or Path(own).read_text(encoding="ascii"))


def test_streams_are_apart(endpoint: WineEndpoint) -> None:
    done = endpoint.run("echo out&echo err>&2")
    assert (done.stdout.split(), done.stderr.split()) == ([b"out"], [b"err"])


def test_standard_input_arrives(endpoint: WineEndpoint) -> None:
    assert b"fed\r\n" in endpoint.run("cmd /q", b"echo fed\r\n").stdout


def test_large_output(endpoint: WineEndpoint) -> None:
    endpoint.set_value(LAB, "large", "REG_BINARY", bytes(100_000))
    done = endpoint.run(f"reg query {LAB} /v large")
    assert done.rc == 0
    assert b"0" * 200_000 in done.stdout


def test_commands_of_several_threads(endpoint: WineEndpoint) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: endpoint.run(f"echo {number}").stdout.strip(), range(12)))
    assert answers == [str(number).encode() for number in range(12)]


def test_what_a_command_leaves_running_does_not_hold_it_up(endpoint: WineEndpoint) -> None:
    began = time.monotonic()
    assert endpoint.run("start /b ping -n 30 127.0.0.1").rc == 0
    assert time.monotonic() - began < 15


def test_a_command_that_hangs_is_ended(endpoint: WineEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "time_limit", 1.0)
    done = endpoint.run("echo begun&ping -n 30 127.0.0.1 >nul")
    assert (done.rc, done.stdout.strip()) == (1460, b"begun")
    assert b"ended this command after 1 seconds" in done.stderr
    monkeypatch.undo()
    assert endpoint.run("exit 3").rc == 3


@pytest.mark.parametrize(
    "command", ["wevtutil qe System", "certutil -verify x", "shutdown /r", "powershell 1"]
)
def test_empty_shells_are_refused(endpoint: WineEndpoint, command: str) -> None:
    done = endpoint.run(command)
    assert done.rc == 50
    assert b"use a simulated endpoint" in done.stderr


@pytest.mark.parametrize("name", ["german", "denied", "noreg", "blob28"])
def test_profiles_beyond_wine_are_refused(name: str) -> None:
    with pytest.raises(Unsupported, match=name):
        WineFarm({"w1": PROFILES[name]})


def test_endpoints_do_not_share_a_registry(endpoint: WineEndpoint) -> None:
    with WineFarm({"w1": PROFILES["clean"], "w2": PROFILES["policy"]}) as farm:
        one, two = farm.endpoints.values()
        prefixes = [one.prefix, two.prefix]
        one.run(f"reg add {LAB} /v name /d one /f")
        assert one.value(LAB, "name") == text("one")
        assert two.value(LAB, "name") is None
        assert endpoint.value(LAB, "name") is None
    assert not any(Path(prefix).exists() for prefix in prefixes)


def test_a_policy_writes_its_value_again() -> None:
    key = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
    with wine_endpoint("policy") as endpoint:
        owned = endpoint.profile.policy[0]
        endpoint.run(f"reg add {key} /v TelemetryProxyServer /d mine.test:1 /f")
        assert endpoint.value(key, "TelemetryProxyServer") == text("mine.test:1")
        endpoint.run("echo")
        assert endpoint.value(owned.key, owned.name) == (owned.type, owned.data)
