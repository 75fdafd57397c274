# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a plan says everything to the person who approves it, and no value becomes markup."""

from __future__ import annotations

import dataclasses
import datetime
import html.parser
from pathlib import Path

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import HostPlan, Plan

MADE = datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.UTC)
EVIL = '"><img src=x onerror=alert(1)><!--</pre></script>'
HOST = HostPlan({}, {"a": 1, EVIL: EVIL}, {"a": 2, EVIL: f"{EVIL}2"}, (f"set {EVIL}",), (EVIL,), True, EVIL)


class Elements(html.parser.HTMLParser):
    """What a browser makes of the page: the names of its elements, its attributes, its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.scripts += tag == "script"
        self.attributes |= {name for name, _value in attrs}


def page(plan: Plan, work: Path) -> str:
    render_plan(plan, work / "plan.html")
    return (work / "plan.html").read_text(encoding="utf-8")


def test_no_value_becomes_markup(tmp_path: Path) -> None:
    same = dataclasses.replace(HOST, changed=False)
    plan = Plan(MADE, MADE, EVIL, {EVIL: HOST, "pc-2": HOST, "pc-3": same}, {EVIL: EVIL})
    harmless = dataclasses.replace(HOST, before={"a": 1}, after={"a": 2}, commands=(), warnings=(), reboot_reason="")
    evil = Elements(page(plan, tmp_path))
    plain = Elements(page(Plan(MADE, MADE, "1.0.0", {"pc-1": harmless}, {}), tmp_path))
    assert evil.names == plain.names
    assert evil.attributes == plain.attributes
    assert "img" not in evil.names
    assert not [name for name in evil.attributes if name.startswith("on")]
    assert evil.scripts == plain.scripts


def test_the_page_says_what_is_approved(tmp_path: Path) -> None:
    other = dataclasses.replace(HOST, commands=("other command",))
    hosts = {"pc-1": HOST, "pc-2": other, "pc-3": dataclasses.replace(HOST, changed=False)}
    plan = Plan(MADE, MADE + datetime.timedelta(hours=24), "1.0.0", hosts, {"pc-5": "unreachable"})
    text = page(plan, tmp_path)
    for wanted in (*hosts, "pc-5", "unreachable", "other command", plan.digest, "2026-02-01 12:00", "1.0.0"):
        assert wanted in text
