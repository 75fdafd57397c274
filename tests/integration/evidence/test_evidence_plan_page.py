# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a plan in a headless Chromium: whoever approves it sees every way in which hosts change."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import HostPlan, Plan

from tests import needs
from tests.integration.evidence.browser import Browser
from tests.unit.evidence.plans import MADE, OLD, PROXY, RESTART, WARNING, host_plan, plan_for

ROWS = 'document.querySelectorAll("#matrix tbody tr[aria-level]")'
LEFT_OUT = {
    "pc-0901.example.com": "The connection timed out.",
    "pc-0902.example.com": "The connection timed out.",
    "pc-0903.example.com": "Access is denied.",
}

pytestmark = [
    pytest.mark.simulated,
    needs.chromium,
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def show(browser: Browser, plan: Plan, folder: Path) -> Browser:
    path = folder / "plan.html"
    render_plan(plan, path)
    browser.look(1440, 1000, "light")
    browser.open(path)
    return browser


@pytest.fixture
def browser(chromium: Browser, tmp_path: Path) -> Iterator[Browser]:
    """The page of a plan for 200 hosts and 3 more; whatever is done with it, nothing is asked for or goes wrong."""
    chromium.requests.clear()
    chromium.complaints.clear()
    yield show(chromium, plan_for(200, LEFT_OUT), tmp_path)
    assert chromium.complaints == []
    assert set(chromium.requests) == {(tmp_path / "plan.html").as_uri()}


def texts(browser: Browser, selector: str) -> list[str]:
    found: list[str] = browser.ask(f"[...document.querySelectorAll('{selector}')].map(node => node.innerText)")
    return [" ".join(text.split()) for text in found]


def rows(browser: Browser) -> list[str]:
    return texts(browser, "#matrix tbody tr[aria-level]")


def two_hosts(one: HostPlan, other: HostPlan) -> Plan:
    return Plan(MADE, MADE + datetime.timedelta(hours=1), "1.0.0", {"pc-1": one, "pc-2": other}, {})


def test_the_whole_digest_is_there_to_be_taken(browser: Browser) -> None:
    digest = plan_for(200, LEFT_OUT).digest
    assert texts(browser, "#digest") == [digest]
    place = browser.ask('(() => { const r = document.getElementById("digest").getBoundingClientRect(); '
                        "return [r.left + 100, r.top + r.height / 2]; })()")  # fmt: skip
    for kind in ("mousePressed", "mouseReleased"):
        browser.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    assert browser.ask("String(getSelection()).trim()") == digest


def test_the_first_line_says_what_is_planned(browser: Browser) -> None:
    assert texts(browser, "h1") == ["172 of 203 would change, 28 need no change, 3 could not be read and are left out."]


def test_hosts_are_one_row_only_where_all_of_their_change_is_the_same(browser: Browser) -> None:
    shown = rows(browser)
    assert [row.split(" ")[1:6] for row in shown[:3]] == [
        ["151", "hosts", "Would", "change", "1"],
        ["16", "hosts", "Would", "change", "2"],
        ["5", "hosts", "Would", "change", "3"],
    ]
    assert f"WinHTTP proxy of 64-bit programs, 32-bit programs: none → {PROXY}" in shown[0]
    assert f"WinHTTP proxy of 64-bit programs, 32-bit programs: {OLD} → {PROXY}" in shown[1]
    assert "1 warning" in shown[1]
    assert "restart" in shown[2]
    assert "static proxy: old.example.com:80 → not set" in shown[2]
    assert "28 hosts No change" in shown[-1]


@pytest.mark.parametrize(
    "different",
    [
        {"before": {**host_plan(1).before, "conflicts": ["two proxies"]}},
        {"after": {**host_plan(1).after, "effective": {"method": "static", "proxy": "other.example.com:80"}}},
        {"after": {**host_plan(1).after, "effective": {**host_plan(1).after["effective"], "why": "Other."}}},
        {"commands": ("another command",)},
        {"warnings": ("a warning",)},
        {"reboot_reason": RESTART},
        {"changed": False},
    ],
)
def test_no_difference_is_hidden_in_a_row(chromium: Browser, tmp_path: Path, different: dict) -> None:
    plain = host_plan(1)
    assert len(rows(show(chromium, two_hosts(plain, plain), tmp_path))) == 1
    assert len(rows(show(chromium, two_hosts(plain, replace(plain, **different)), tmp_path))) == 2


def test_an_ipv6_proxy_is_drawn_and_what_wins_is_said_first(chromium: Browser, tmp_path: Path) -> None:
    proxy, plain = "[2001:db8::1]:8080", host_plan(1)
    view = {**plain.after["winhttp"]["native"], "proxy": proxy}
    before = {**plain.before, "effective": {"method": "wpad", "proxy": None, "set_by": "x", "why": "y"}}
    after = {
        **plain.after,
        "winhttp": {"native": view, "wow64": view},
        "effective": {**plain.after["effective"], "proxy": proxy},
    }
    (shown,) = rows(show(chromium, two_hosts(*[replace(plain, before=before, after=after)] * 2), tmp_path))
    assert f"proxy that wins: WPAD → WinHTTP {proxy}; WinHTTP proxy of 64-bit programs, 32-bit" in shown
    assert f"none → {proxy}" in shown


def test_changes_are_counted_largest_first(browser: Browser) -> None:
    table = texts(browser, "#changes tr.batch")
    assert [row.split(" ")[:2] for row in table] == [["1", "151"], ["2", "16"], ["3", "5"]]
    assert "not needed none" in table[0]
    assert WARNING in table[1]
    assert RESTART in table[2]
    assert texts(browser, "#changes-note") == ["28 hosts need no change."]


def test_a_change_leads_to_its_hosts(browser: Browser) -> None:
    browser.ask("document.querySelectorAll('#changes button')[2].click()")
    assert texts(browser, "#shown") == ["5 hosts in 1 row"]
    browser.ask(f"{ROWS}[0].click()")
    names = [row.split(" ")[0] for row in rows(browser)[1:]]
    assert names == ["pc-0037", "pc-0074", "pc-0111", "pc-0148", "pc-0185"]


def test_who_is_left_out_is_told_with_the_reason(browser: Browser) -> None:
    assert texts(browser, "#left tr.batch") == [
        "2 The connection timed out. pc-0901, pc-0902",
        "1 Access is denied. pc-0903",
    ]
    tiles = texts(browser, ".tile")
    assert tiles == ["172 Would change", "28 No change", "3 Left out", "16 With warnings", "5 Restart due"]
    assert "Failed" not in browser.ask("document.body.innerText")


def test_what_only_a_rollout_has_is_not_there(browser: Browser) -> None:
    assert browser.ask('document.querySelectorAll(".of-rollout, #batches, #urls, #legend, .heads").length') == 0
    text = browser.ask("document.body.innerText")
    for word in ("Batch", "Service URL", "not asked", "Verdict"):
        assert word not in text


def test_the_filter_finds_a_value_and_a_command(browser: Browser) -> None:
    for text, hosts in (("old.example.com:3128", "16 hosts in 1 row"), ("reg delete", "5 hosts in 1 row")):
        browser.press("/")
        browser.send("Input.insertText", text=text)
        assert texts(browser, "#shown") == [hosts]
        browser.press("Escape")


def test_text_is_only_text(chromium: Browser, tmp_path: Path) -> None:
    evil = "<img src=x onerror=document.title='evil'>"
    plan = two_hosts(host_plan(1), replace(host_plan(1), warnings=(evil,), reboot_reason=evil))
    show(chromium, replace(plan, left_out={evil: evil}), tmp_path)
    assert evil in chromium.ask("document.getElementById('changes').innerText")
    assert evil in chromium.ask("document.getElementById('left').innerText")
    assert chromium.ask("document.images.length") == 0


@pytest.mark.parametrize("width", [420, 800, 1040, 1440])
def test_no_window_scrolls_sideways(browser: Browser, width: int) -> None:
    browser.look(width, 900, "dark")
    assert browser.ask("document.documentElement.scrollWidth") <= width


def test_a_plan_in_which_every_host_differs_stays_readable(chromium: Browser, tmp_path: Path) -> None:
    hosts = {f"pc-{n}": replace(host_plan(1), warnings=(f"{n}",)) for n in range(300)}
    plan = Plan(MADE, MADE + datetime.timedelta(hours=1), "1.0.0", hosts, {})
    show(chromium, plan, tmp_path)
    assert len(rows(chromium)) == 300
    assert len(texts(chromium, "#changes tr.batch")) == 20
    assert "and 280 other changes, each on 1 host at most" in texts(chromium, "#changes")[0]
