# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the first steps, of a fleet and of its audit do on the lab what the guides say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from windows_lab.lab import Lab

from tests.guides import blocks, read
from tests.integration.desk import Desk
from tests.outside import outside

pytestmark = pytest.mark.simulated


def commands(guide: str) -> list[str]:
    """Each command with ansible-playbook; the inventory of the lab has the password that --ask-pass would ask for."""
    lines = "".join(blocks(read(guide), "sh")).replace(" --ask-pass", "").splitlines()
    return [line for line in lines if "ansible-playbook" in line]


def changed(said: str) -> set[int]:
    return set(map(int, re.findall(r"\bchanged=(\d+)", said)))


def test_the_first_steps_change_one_endpoint_and_only_once(tmp_path: Path) -> None:
    look, carry_out = commands("guide_start")
    with Lab(profiles={"clean": 1}) as lab, outside(lab) as proxy:
        desk = Desk(lab, proxy.server, tmp_path, read("guide_start"))
        before = desk.held()
        assert changed(desk.type(look)) == {1}
        assert desk.held() == before
        assert changed(desk.type(carry_out)) == {1}
        now = desk.held()
        assert now != before
        assert changed(desk.type(carry_out)) == {0}
        assert desk.held() == now


def test_a_fleet_is_configured_audited_and_verified_by_the_commands_of_the_guides(tmp_path: Path) -> None:
    look, configure, without, condensed = commands("guide_configure")
    first, daily = commands("guide_audit")
    (verify,) = commands("guide_verify")
    with Lab(profiles={"clean": 2}) as lab, outside(lab) as proxy:
        desk = Desk(lab, proxy.server, tmp_path, read("guide_configure"))
        before = desk.held()
        assert changed(desk.type(look)) == {1}
        desk.type(first)
        assert desk.held() == before
        assert verdicts(tmp_path / "audit-today")["drifted"] == 2
        assert changed(desk.type(configure)) == {1}
        now = desk.held()
        assert changed(desk.type(without)) == {0}
        assert "2 of 2 ended well, 2 as desired." in desk.type(condensed)
        desk.type(daily)
        (daily_report,) = set(tmp_path.glob("audit-*")) - {tmp_path / "audit-today"}
        assert verdicts(daily_report)["as_desired"] == 2
        desk.type(verify)
        assert (tmp_path / "verify-today" / "index.html").exists()
        assert desk.held() == now


def verdicts(report: Path) -> dict[str, int]:
    return dict(json.loads((report / "summary.json").read_text(encoding="utf-8"))["verdicts"])
