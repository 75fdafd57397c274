# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the guide of a rollout, in their order; an endpoint of the lab stands for the one that is named."""

from __future__ import annotations

import datetime
import json
import re
import stat
from pathlib import Path

import pytest
from windows_lab.lab import Lab

from tests.guides import blocks, read
from tests.integration.desk import Desk
from tests.outside import outside

pytestmark = pytest.mark.simulated

GUIDE = read("guide_rollout")
# What each command is, and the endpoints that have their old settings after it.
ALL = ("clean-1", "clean-2", "clean-3")
STEPS = (
    ("plan", ALL),
    ("rollout --check", ALL),
    ("rollout", ()),
    ("rollout", ()),
    ("plan", ()),
    ("rollback", ("clean-1",)),
    ("rollback", ALL),
    ("rollout", ()),
)


def kind(command: str) -> str:
    (playbook,) = re.findall(r"ansible-playbook -i inventory.yml mde\.connectivity\.(\w+)", command)
    return f"{playbook} --check" if "--check" in command else str(playbook)


def planned(folder: Path, said: str) -> None:
    """What the guide says of the plan and its page, and of the last lines of the first command."""
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    page = (folder / "plan.html").read_text(encoding="utf-8")
    assert plan["digest"] in said
    assert plan["digest"] in page
    made, until = (datetime.datetime.fromisoformat(plan[name]) for name in ("created", "valid_until"))
    assert until - made == datetime.timedelta(hours=24)
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in ("plan.json", "plan.html")} == {0o600}
    assert [text for text in (*ALL, "netsh winhttp set proxy", "WPAD") if text not in page] == []


def test_the_commands_of_the_guide_do_what_it_says(tmp_path: Path) -> None:
    commands = blocks(GUIDE, "sh")
    assert [kind(command) for command in commands] == [name for name, _old in STEPS]
    with Lab(profiles={"clean": 3}) as lab, outside(lab) as proxy:
        desk = Desk(lab, proxy.server, tmp_path, GUIDE)
        before = desk.held()
        said = []
        for command, (_name, old) in zip(commands, STEPS, strict=True):
            plan = tmp_path / "CHG0001" / "plan.json"
            digest = json.loads(plan.read_text(encoding="utf-8"))["digest"] if plan.exists() else ""
            said.append(desk.type(command, ANSIBLE_CALLBACKS_ENABLED="mde.connectivity.evidence", DIGEST=digest))
            now = desk.held()
            assert tuple(name for name in ALL if now[name] == before[name]) == old, said[-1]
        assert "3 of 3 endpoints would be changed." in said[0]
        planned(tmp_path / "CHG0001", said[0])
        assert "0 of 3 endpoints would be changed." in said[4]
        summary = json.loads((tmp_path / "CHG0001" / "evidence" / "summary.json").read_text(encoding="utf-8"))
        assert (summary["incomplete"], summary["verdicts"]["ok"]) == (False, 3)
        for endpoint in lab.endpoints.values():
            assert endpoint.run("schtasks /query /tn mde.connectivity.undo").rc
