# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads of settings: names and values in words, and nothing of bytes and counters."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._words import (
    UNKNOWN,
    differences,
    settings,
    wins,
)
from hypothesis import given
from hypothesis import strategies as st

IPV6 = "[2001:db8::1]:8080"


def report(proxy: str | None, *, wow64: str | None = "", wpad: bool | None = True, counter: int = 10) -> dict[str, Any]:
    def view(text: str | None) -> dict[str, Any]:
        return {"direct": text is None, "proxy": text, "bypass": [], "readable": True, "raw": "1800"}

    def account() -> dict[str, Any]:
        return {"auto_detect": wpad, "proxy": None, "counter": counter, "readable": True, "raw": None}

    return {
        "winhttp": {"native": view(proxy), "wow64": view(proxy if wow64 == "" else wow64)},
        "wininet": {"system": account(), "local_service": account()},
        "effective": {"method": "winhttp" if proxy else "wpad", "proxy": proxy, "set_by": "x", "why": "y"},
        "conflicts": [],
    }


def said(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [str(difference) for difference in differences(before, after)]


@pytest.mark.parametrize(
    ("effective", "expected"),
    [
        ({"method": "wpad", "proxy": None}, "WPAD"),
        ({"method": "winhttp", "proxy": "proxy.example.com:8080"}, "WinHTTP proxy.example.com:8080"),
        ({"method": "winhttp", "proxy": IPV6}, f"WinHTTP {IPV6}"),
        ({"method": "static", "proxy": "p.example.com:80"}, "static p.example.com:80"),
        ({"method": "direct", "proxy": None}, "no proxy"),
        ({"method": "unknown", "proxy": None}, UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_the_proxy_that_wins_is_said_in_words(effective: Any, expected: str) -> None:
    assert wins({"effective": effective}) == expected


def test_views_and_accounts_that_change_alike_are_told_together() -> None:
    assert said(report(None), report(IPV6, wpad=False)) == [
        f"proxy that wins: WPAD -> WinHTTP {IPV6}",
        f"WinHTTP proxy of 64-bit programs, 32-bit programs: none -> {IPV6}",
        "WPAD of SYSTEM, LOCAL SERVICE: on -> off",
    ]


def test_one_view_alone_is_named() -> None:
    assert said(report("a:1"), report("a:1", wow64="b:2")) == ["WinHTTP proxy of 32-bit programs: a:1 -> b:2"]


def test_of_a_bypass_list_it_is_said_what_comes_and_what_goes() -> None:
    before, after = report("a:1"), report("a:1")
    before["winhttp"]["native"]["bypass"] = ["<local>", "old.test"]
    after["winhttp"]["native"]["bypass"] = ["<local>", "*.corp.test"]
    assert said(before, after) == ["WinHTTP bypass list of 64-bit programs: + *.corp.test, - old.test"]
    assert said(report("a:1"), after) == ["WinHTTP bypass list of 64-bit programs: + <local>, + *.corp.test"]


def test_counters_and_bytes_are_no_difference() -> None:
    after = report("a:1", counter=11)
    after["winhttp"]["native"]["raw"] = "2800"
    assert differences(report("a:1"), after) == []


def test_a_state_that_nobody_knows_differs_in_nothing() -> None:
    assert settings({}) == {}
    assert differences({}, report("a:1")) == differences(report("a:1"), {}) == []
    assert wins({}) == UNKNOWN


def test_what_is_unreadable_says_so() -> None:
    before = report("a:1")
    before["wininet"]["system"]["readable"] = before["winhttp"]["native"]["readable"] = False
    assert "WPAD of SYSTEM: unreadable -> on" in said(before, report("a:1"))
    assert "WinHTTP proxy of 64-bit programs: unreadable -> a:1" in said(before, report("a:1"))


def test_what_changes_of_the_antivirus_is_said_without_what_follows_from_it() -> None:
    old = {"proxy_server": None, "proxy_bypass": ["a.test"], "effective": {"method": "inherited"}}
    new = {"proxy_server": "http://p.test:1", "proxy_bypass": ["b.test"], "effective": {"method": "static"}}
    assert said({"antivirus": old}, {"antivirus": new}) == [
        "antivirus proxy: not set -> http://p.test:1",
        "antivirus bypass list: + b.test, - a.test",
    ]


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=3)
INNER = ["native", "wow64", "system", "local_service", "direct", "proxy", "bypass", "readable", "auto_detect", "method"]
NAMES = ["winhttp", "wininet", "wpad", "datacollection", "antivirus", "effective", "conflicts", "other"]
TREE = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=5),
    st.recursive(
        LEAF,
        lambda inner: st.dictionaries(st.sampled_from(INNER) | st.text(max_size=5), inner, max_size=4),
        max_leaves=6,
    ),
    max_size=4,
)


@given(before=TREE, after=TREE)
def test_any_report_has_words(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert all(isinstance(text, str) for pair in settings(before).items() for text in pair)
    assert all(difference.old != difference.new for difference in differences(before, after))
    assert differences(before, before) == []
