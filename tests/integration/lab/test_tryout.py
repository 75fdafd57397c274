# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make lab` prints, typed; and what `make demo` says before it begins."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab.lab import Lab, named_profiles

from tests.demo import ABOUT, PROFILES, check
from tests.integration.site import Site
from tests.tryout import tryout
from tests.twice import ROOT, RunFailedError

pytestmark = pytest.mark.simulated


def held(lab: Lab, work: Path) -> dict[str, Any]:
    site = Site(lab, work)
    found = {}
    for name, site.endpoint in lab.endpoints.items():
        found[name] = site.managed()
    return found


def typed(command: str, folder: Path) -> str:
    """Type a command in a shell, whose run has to end well."""
    run = subprocess.run(
        ["sh", "-eu", "-c", command],
        cwd=folder,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, f"{command}\n{run.stdout}"
    return run.stdout


def test_the_commands_that_make_lab_prints_end_well_in_their_order(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with tryout({"clean": 1, "hardened": 1, "denied": 1}, folder) as tried:
        before = held(tried.lab, tmp_path)
        plan, preview, rollout, rollback, *others = tried.commands.values()
        assert [re.findall(r"mde\.connectivity\.(\w+)", c) for c in others] == [["site"], ["verify"], ["audit"]]
        typed(plan, folder)
        typed(preview, folder)
        assert held(tried.lab, tmp_path) == before
        typed(rollout, folder)
        after = held(tried.lab, tmp_path)
        changed = [name for name in after if after[name] != before[name]]
        assert changed == ["clean-1", "hardened-1"]
        records = [folder / "CHG0001" / "evidence" / "hosts" / f"{name}.json" for name in changed]
        assert [json.loads(r.read_text(encoding="utf-8"))["verdict"] for r in records] == ["ok", "ok"]
        typed(rollback, folder)
        assert held(tried.lab, tmp_path) == before
        for command in others:
            typed(command, folder)
        assert held(tried.lab, tmp_path) == after


def test_make_lab_says_which_endpoints_are_meant_to_fail_and_ends_at_an_interrupt(tmp_path: Path) -> None:
    lab = subprocess.Popen(
        [sys.executable, "-m", "tests.tryout", "clean:2", "policy", "--folder", str(tmp_path / "lab")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        said = []
        assert lab.stdout is not None
        while not said or "Ctrl-C ends the lab" not in said[-1]:
            said.append(lab.stdout.readline())
            assert said[-1], lab.communicate()
        text = "".join(said)
        assert "in the group windows: clean-1, clean-2." in text
        assert "policy-1: a policy gives the sensor a static proxy" in text
        assert "mde_hosts=lab" in text
        assert f"  cd {tmp_path / 'lab'}\n" in text
        groups = yaml.safe_load((tmp_path / "lab" / "inventory.yml").read_text(encoding="utf-8"))["lab"]["children"]
        assert list(groups["odd"]["hosts"]) == ["policy-1"]
        lab.send_signal(signal.SIGINT)
        _output, errors = lab.communicate(timeout=20)
        assert (lab.returncode, errors) == (0, "")
    finally:
        lab.kill()
        lab.communicate()


def test_the_default_of_make_lab_has_endpoints_of_both_groups() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (endpoints,) = re.findall(r"^ENDPOINTS \?= (.*)$", makefile, re.MULTILINE)
    assert {"denied", "policy", "clean:2"} <= set(endpoints.split())
    assert re.search(r"-m tests\.tryout \$\(ENDPOINTS\)$", makefile, re.MULTILINE)


def test_make_demo_ends_with_a_table_and_changes_nothing_the_second_time() -> None:
    names = sorted(named_profiles(None, PROFILES))
    assert len(names) == 5
    command = [sys.executable, "-m", "tests.demo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(ABOUT)
    assert "Five simulated Windows endpoints" in ABOUT
    assert len(done.stdout.splitlines()) <= 60
    first, second = done.stdout.split("Once more:")
    wins = r"WinHTTP 127\.0\.0\.1:\d+"
    row = re.compile(rf"^(\S+)  +(.+?)  +{wins}  {wins}  25 of 26  (changed|as desired)$", re.MULTILINE)
    before = dict.fromkeys(names, "WPAD") | {"clean-2": "WinHTTP old-proxy.example.com:3128, WPAD"}
    assert row.findall(first) == [(name, before[name], "changed") for name in names]
    again = row.findall(second)
    assert [(name, ended) for name, _was, ended in again] == [(name, "as desired") for name in names]
    assert all(re.fullmatch(wins, was) for _name, was, _ended in again)
    assert "The second run changed nothing." in second


@pytest.mark.parametrize(
    ("first", "second"), [("2 hosts", "2 hosts"), ("2 hosts, 2 changed", "2 hosts, 1 changed"), ("", "")]
)
def test_the_demo_fails_where_a_run_did_not_change_what_it_was_to_change(first: str, second: str) -> None:
    with pytest.raises(RunFailedError, match="run was to end with"):
        check(first, second, 2)
