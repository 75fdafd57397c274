# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way somebody's settings mean to open, and what is said where another one wins."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._defeated import defeat, wanted_way

NOTHING: dict[str, Any] = dict.fromkeys(
    ("method", "winhttp_proxy", "winhttp_import_ie", "wpad", "datacollection_proxy")
)
WINHTTP = {"proxy": "p.test:1", "state": "present"}
WPAD = {"state": "enabled"}
STATIC = {"server": "s.test:1", "state": "present"}


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, None),
        ({"method": "static", "wpad": WPAD}, "static"),
        ({"method": "winhttp_import", "winhttp_import_ie": {"allow_direct": False}}, "winhttp"),
        ({"winhttp_proxy": WINHTTP, "wpad": WPAD}, "winhttp"),
        ({"winhttp_proxy": {"state": "absent"}, "wpad": WPAD}, "wpad"),
        ({"winhttp_proxy": {"state": "absent"}, "wpad": {"state": "disabled"}}, None),
        ({"winhttp_proxy": WINHTTP, "datacollection_proxy": STATIC}, "static"),
        ({"datacollection_proxy": {"server": None, "state": "absent"}}, None),
        ({"winhttp_import_ie": {"allow_direct": False}}, "winhttp"),
        ({"winhttp_import_ie": {"allow_direct": True}}, None),
        ({"winhttp_import_ie": {"allow_direct": True}, "wpad": WPAD}, None),
    ],
)
def test_the_way_follows_from_the_method_or_from_the_blocks(given: dict[str, Any], way: str | None) -> None:
    assert wanted_way({**NOTHING, **given}) == way


def test_what_wins_instead_is_said_with_who_set_it_and_why() -> None:
    effective = {"method": "static", "proxy": "s.test:1", "set_by": "the policy value", "why": "It comes first."}
    wanted = {**NOTHING, "wpad": WPAD}
    assert defeat(wanted, {"effective": effective}) == (
        "wpad is wanted, and static s.test:1 wins, set by the policy value: It comes first."
    )
    assert defeat(wanted, {"effective": {**effective, "method": "wpad"}}) == ""
    assert defeat(NOTHING, {"effective": effective}) == ""
