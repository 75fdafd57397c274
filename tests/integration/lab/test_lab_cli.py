# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs of many endpoints, and the command line that raises them."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from windows_lab.lab import PORTS, Lab, LabError, named_profiles
from windows_lab.profiles import Profile

from tests.integration.lab.lab_client import (
    BASIC_REQUESTS,
    ROOT,
    Echo,
    post,
    protocol,
    run,
)

pytestmark = pytest.mark.simulated


def test_many_endpoints_share_a_port_and_are_closed() -> None:
    with Lab(Echo, PORTS + 1) as lab:
        assert len(set(lab.ports.values())) == 1
        assert run(protocol(lab, "clean-65"), "ver")[0][0] == b"clean-65: ver|"
        assert lab.account("clean-65").requests == BASIC_REQUESTS
        endpoints = list(lab.endpoints.values())
    assert all(isinstance(endpoint, Echo) and endpoint.closed for endpoint in endpoints)


def test_the_round_trip_time_is_added_to_each_request() -> None:
    with Lab(Echo, rtt_ms=40) as lab:
        assert post(lab, b"x").elapsed.total_seconds() >= 0.04


def test_profiles_make_the_names() -> None:
    assert list(named_profiles(None, None)) == ["clean-1"]
    assert list(named_profiles(None, {"german": 2})) == ["german-1", "german-2"]
    assert list(named_profiles(3, {"german": 1})) == ["german-1", "clean-1", "clean-2"]
    assert list(named_profiles(None, {Profile("own"): 1})) == ["own-1"]
    with pytest.raises(LabError, match="no profile none"):
        named_profiles(None, {"none": 1})
    with pytest.raises(LabError, match="2 endpoints"):
        named_profiles(1, {"german": 2})


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "windows_lab", "up", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


def test_the_command_line_hands_over_the_inventory_and_the_exit_code(tmp_path: Path) -> None:
    program = "import os; print(os.environ['LAB_INVENTORY'], os.environ['NO_PROXY']); raise SystemExit(7)"
    file = tmp_path / "lab.yml"
    done = command_line(
        *("--profile", "german:2", "blob28", "--inventory", str(file), "--connection", "psrp"),
        *("--transport", "ntlm", "--", sys.executable, "-c", program),
    )
    assert done.returncode == 7
    assert done.stdout.split()[0] == str(file)
    assert "127.0.0.1" in done.stdout.split()[1]
    inventory = yaml.safe_load(file.read_text())["windows"]
    assert list(inventory["hosts"]) == ["german-1", "german-2", "blob28-1"]
    assert inventory["hosts"]["german-1"]["lab_profile"] == "german"
    assert inventory["vars"]["ansible_connection"] == "ansible.builtin.psrp"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "none"), "no profile 'none'"),
        (("--profile", "clean:x"), "'x' is no number"),
        (("--endpoints", "0"), "0 were asked for"),
        (("--transport", "certificate"), "needs the scheme https"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    done = command_line(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lab_without_a_command_stays_until_it_is_interrupted(number: signal.Signals) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-m", "windows_lab", "up", "--endpoints", "9"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert lab.stdout is not None
        said = [lab.stdout.readline() for _line in range(5)]
        inventory = Path(said[1].removeprefix("Inventory: ").strip())
        assert said[0].startswith("9 endpoints up: clean-1, ")
        assert list(yaml.safe_load(inventory.read_text())["windows"]["hosts"])[-1] == "clean-9"
        assert f"-i {inventory} mde.connectivity.demo -e @playbooks/vars/demo.yml --skip-tags verify" in said[3]
        lab.send_signal(number)
        _output, errors = lab.communicate(timeout=20)
        assert (lab.returncode, errors) == (0, "")
    finally:
        lab.kill()
        lab.communicate()
    assert not inventory.exists()


def test_a_command_that_is_not_there_ends_the_lab() -> None:
    done = command_line("--", "/no/such/program")
    assert done.returncode == 127
    assert "/no/such/program" in done.stderr
