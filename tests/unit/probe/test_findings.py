# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many rows say together."""

from __future__ import annotations

from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._findings import findings

PROXY = "proxy.example.com:8080"


def row(number: int, reason: str, path: str = "effective", via: str | None = "direct") -> dict[str, Any]:
    host = f"host{number}.example"
    verdict = {"ok": "ok", "path_unknown": "unknown", "no_such_proxy": "skipped"}.get(reason, "failed")
    return {
        "url": f"https://{host}/", "host": host, "path": path, "via": via, "reason": reason, "verdict": verdict,
        "advice": f"Look at {host}.",
    }


def test_twenty_four_names_that_do_not_resolve_are_one_finding() -> None:
    (found,) = findings([row(number, "name_not_resolved") for number in range(24)])
    assert (found["finding"], found["count"], found["url"]) == ("one_cause", 24, None)
    assert found["text"] == (
        "None of 24 URLs is reached directly, for one cause (name_not_resolved): nothing resolves: DNS does not know "
        "outside names here, or a proxy is missing."
    )


def test_one_row_that_is_reached_or_fails_otherwise_is_no_common_cause() -> None:
    many = [row(number, "refused", via=PROXY) for number in range(5)]
    assert not list(findings([*many, row(9, "ok", via=PROXY)]))
    assert not list(findings([*many, row(9, "timeout", via=PROXY)]))
    assert not list(findings(many[:1])), "one row says so itself"
    assert not list(findings([row(number, "no_such_proxy") for number in range(5)])), "skipped is no failure"


def test_hosts_that_bypass_the_proxy_do_not_hide_what_is_wrong_with_it() -> None:
    (found,) = findings([*(row(number, "refused", via=PROXY) for number in range(5)), row(9, "ok")])
    assert found["text"].startswith(f"None of 5 URLs is reached by way of {PROXY}, for one cause (refused): ")


def test_a_common_cause_says_how_many_are_reached_directly_and_comparison_is_no_cause() -> None:
    rows = [row(number, "refused", via=PROXY) for number in range(3)]
    (found,) = findings([*rows, *(row(number, "ok", "direct") for number in range(2)), row(2, "refused", "direct")])
    assert found["text"].endswith("Directly, 2 of them are reached: the sensor falls back to that without a word.")
    assert not list(findings([row(1, "ok"), row(2, "ok"), row(1, "timeout", "direct"), row(2, "timeout", "direct")]))


def test_what_cannot_use_a_proxy_is_said_once_and_only_where_there_is_one() -> None:
    wake = "https://host9.example/"
    rows = [row(1, "ok", via=PROXY), row(9, "timeout"), row(1, "ok", "static", PROXY), row(9, "timeout", "static")]
    (found,) = findings(rows, {wake})
    assert (found["finding"], found["url"], found["path"], found["via"]) == (
        *("asked_directly", wake, "effective", "direct"),
    )
    assert found["text"] == (
        "host9.example can't be used through a proxy, so it was asked directly, and was not reached (timeout): let it "
        "past the proxy."
    )
    assert not list(findings([row(1, "ok"), row(9, "ok")], {wake})), "nothing goes through a proxy"
    (reached,) = findings([row(1, "ok", via=PROXY), row(9, "ok")], {wake})
    assert "asked directly, and was reached: " in reached["text"]


def test_rows_of_several_causes_are_told_one_by_one_where_direct_works() -> None:
    rows = [row(1, "refused", via=PROXY), row(2, "timeout", via=PROXY), *(row(n, "ok", "direct") for n in (1, 2))]
    assert [(each["finding"], each["url"], each["count"]) for each in findings(rows)] == [
        ("only_direct", "https://host1.example/", 1),
        ("only_direct", "https://host2.example/", 1),
    ]
