# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A URL belongs to the region that the service data give it, and only known other regions are ignored."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._tool._rows import Row, region_of, summary


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://winatp-gw-cus.microsoft.com/test", "us"),
        ("https://winatp-gw-usgv.microsoft.com/commands/test", "us"),
        ("https://WINATP-GW-WEU.microsoft.com:443/test", "eu"),
        ("winatp-gw-uks.microsoft.com", "uk"),
        ("https://winatp-gw-aue.microsoft.com/test", "au"),
        ("https://eu.vortex-win.data.microsoft.com/ping", "eu"),
        ("https://us5-v20.events.data.microsoft.com/ping", "us"),
        ("https://automatedirstrprdneu.blob.core.windows.net", "eu"),
        ("https://edr-cus3.us.endpoint.security.microsoft.com/edr/commands/test", "us"),
        ("https://packages.uk.endpoint.security.microsoft.com/", "uk"),
        # The streamlined host of the cyber data had no region, so it was never ignored by choice.
        ("https://eu-v20.events.endpoint.security.microsoft.com/OneCollector/1.0", "eu"),
        ("https://us4-v20.events.endpoint.security.microsoft.us/ping", "us"),
        ("https://mdav.ina.endpoint.security.microsoft.com/mdav/test", "in"),
        ("https://edr-usgt.usg.endpoint.security.microsoft.us/edr/commands/test", "us"),
        ("https://x.other.endpoint.security.microsoft.us/", "us"),
        ("https://x.other.endpoint.security.microsoft.com/", None),
        # Named in a regional list and in a world-wide one, in two regional ones, in none; no URL at all.
        ("https://events.data.microsoft.com/ping", None),
        ("https://other.blob.core.windows.net/", None),
        ("https://winatp-gw-cane.microsoft.com/commands/test", None),
        ("https://[::1", None),
        ("", None),
    ],
)
def test_region_of_a_url(url: str, region: str | None):
    assert region_of(url) == region


def test_only_known_other_regions_are_ignored():
    urls = (
        "https://winatp-gw-weu.microsoft.com/",
        "https://winatp-gw-cus.microsoft.com/",
        "https://unknown.test/",
    )
    rows = [Row(url, "ok") for url in urls]
    assert [row.report(["eu"])["ignored"] for row in rows] == [False, True, False]
    assert [row.report([])["ignored"] for row in rows] == [False, False, False]


@pytest.mark.parametrize(
    ("verdicts", "reachable"),
    [
        (["ok", "ok"], True),
        (["ok", "failed"], False),
        (["ok", "unknown"], False),
        (["ok", "failed ignored"], True),
        (["ok ignored"], False),
        ([], False),
    ],
)
def test_reachable_is_what_counts(verdicts: list[str], reachable: bool):
    rows = [{"verdict": each.split()[0], "ignored": each.endswith("ignored")} for each in verdicts]
    found = summary(rows)
    assert found["reachable"] is reachable
    assert found["rows"] == len(rows)
    assert found["ok"] + found["failed"] + found["unknown"] + found["ignored"] == len(rows)
