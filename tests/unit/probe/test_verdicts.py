# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer means, reason by reason, and what a user may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._answer import OUTCOMES, Row
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import missed
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._request import Target
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._targets import targets_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._verdict import REASONS, Verdict, judge
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)

TARGET = Target("https://a.example/ping", (200, 404), False, True, "a test")
PROXY = "proxy.example.com:8080"
OPTIONS = {
    "service_urls": True,
    "urls": [],
    "unprobed": "omit",
    "ports": [],
    "cloud": "commercial",
    "regions": ["eu"],
    "generation": "standard",
    "windows_build": None,
    "include_optional": True,
    "files": [],
}


def row(outcome: str = "answered", status: int = 0, error: int = 0, authority: bool = False, **headers: str) -> Row:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Row(0, 0, outcome, "", status, error and 0x80070000 + error, authority, 1, named)


@pytest.mark.parametrize(
    ("answer", "via", "reason", "who"),
    [
        (row(status=200), PROXY, "ok", "origin"),
        (row(status=404), "direct", "ok", "origin"),
        (row(status=404, content_type="text/html"), "direct", "ok", "origin"),
        (row(status=200, content_type="text/html; charset=utf-8"), PROXY, "blocked_page", None),
        (row(status=302, location="https://login.example/?u=https://a.example/"), PROXY, "blocked_page", None),
        (row(status=302, location="https://a.example/other"), PROXY, "unexpected_status", None),
        (row(status=302, location="https://[broken/"), PROXY, "blocked_page", None),
        (row(status=500), PROXY, "unexpected_status", None),
        (row(status=403), "direct", "unexpected_status", None),
        (row(status=403), PROXY, "proxy_denied", None),
        (row(status=403, x_squid_error="ERR_ACCESS_DENIED 0"), PROXY, "proxy_denied", "proxy"),
        (row(status=200, x_squid_error="ERR_ACCESS_DENIED 0"), PROXY, "proxy_failed", "proxy"),
        (row(status=407), PROXY, "proxy_auth_required", "proxy"),
        (row(status=503, x_squid_error="ERR_DNS_FAIL 0"), PROXY, "name_not_resolved", "proxy"),
        (row(status=503, x_squid_error="ERR_CONNECT_FAIL 111"), PROXY, "refused", "proxy"),
        (row(status=502, server="squid/5.7"), PROXY, "proxy_failed", "proxy"),
        (row(status=502, server="squid/5.7"), "direct", "unexpected_status", None),
        (row(status=404, x_squid_error="ERR_ACCESS_DENIED 0"), "direct", "unexpected_status", None),
        (row(status=404, x_squid_error="ERR_ACCESS_DENIED 0"), None, "unexpected_status", None),
        (row("failed", error=12007), "direct", "name_not_resolved", None),
        (row("failed", error=12029), PROXY, "refused", None),
        (row("failed", error=12002), PROXY, "timeout", None),
        (row("failed", error=10060), PROXY, "timeout", None),
        (row("failed", error=12030), PROXY, "reset", None),
        (row("failed", error=12152), PROXY, "bad_answer", None),
        (row("failed", error=12153), PROXY, "bad_header", None),
        (row("failed", error=12187), PROXY, "proxy_certificate_required", None),
        (row("failed", error=12188), PROXY, "proxy_tls_failed", None),
        (row("failed", error=12188, authority=True), PROXY, "proxy_tls_failed", None),
        (row("failed", error=12189), PROXY, "winhttp_reserved", None),
        (row("failed", error=12190), PROXY, "protocol_mismatch", None),
        (row("failed", error=12191), PROXY, "winhttp_callback", None),
        (row("failed", error=12192), PROXY, "winhttp_disabled", None),
        (row("failed", error=12193), PROXY, "winhttp_unsupported", None),
        (row("failed", error=12175), PROXY, "tls_failed", None),
        (row("failed", error=12157), PROXY, "tls_failed", None),
        (row("failed", error=12175, authority=True), PROXY, "tls_intercepted", None),
        (row("failed", error=12180), PROXY, "path_unknown", None),
        (row("failed", error=12019), PROXY, "winhttp_error", None),
        (row("timeout"), PROXY, "timeout", None),
        (row("not_tried"), PROXY, "not_tried", None),
        (row("no_proxy"), None, "no_such_proxy", None),
        (row("not_supported"), None, "path_unknown", None),
    ],
)
def test_every_answer_has_one_reason(answer: Row, via: str | None, reason: str, who: str | None) -> None:
    verdict = judge(answer, TARGET, via)
    assert (verdict.reason, verdict.answered_by) == (reason, who)
    assert (verdict.advice(TARGET, via, as_system=False) == "") == (reason == "ok")
    assert "{" not in verdict.advice(TARGET, via, as_system=False)


@pytest.mark.parametrize("reason", REASONS)
def test_no_advice_is_to_do_what_was_done(reason: str) -> None:
    asked, done = (Verdict(reason).advice(TARGET, PROXY, as_system) for as_system in (False, True))
    assert "run_as: system" not in done
    assert ("run_as: system" in asked) is (reason == "path_unknown")


def test_no_outcome_but_a_documented_status_is_ok() -> None:
    for outcome in OUTCOMES:
        for status in (0, 200, 204, 301, 404, 500):
            expected = outcome == "answered" and status in TARGET.statuses
            assert (judge(row(outcome, status), TARGET, PROXY).verdict == "ok") is expected
    assert {verdict for verdict, _advice in REASONS.values()} == {"ok", "failed", "unknown", "skipped"}


def found(path: str, verdict: str, required: bool = True) -> dict[str, Any]:
    return {"path": path, "verdict": verdict, "required": required}


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([found("effective", "ok"), found("direct", "failed")], []),
        ([found("direct", "failed")], [0]),
        ([found("effective", "failed"), found("effective", "failed", required=False)], [0]),
        ([found("effective", "ok", required=False), found("effective", "unknown", required=False)], [1]),
        ([found("effective", "skipped"), found("winhttp", "failed")], [1]),
        ([found("static", "skipped"), found("direct", "ok")], [0]),
    ],
)
def test_what_decides_whether_the_service_is_reached(rows: list[dict[str, Any]], wrong: list[int]) -> None:
    assert missed(rows) == [rows[number] for number in wrong]


def own(url: str, **fields: Any) -> dict[str, Any]:
    return {"url": url, "statuses": [], "html": False, "required": True, **fields}


def test_a_user_s_own_url_comes_after_those_of_the_service_and_overrides_one_of_them() -> None:
    service = targets_of(OPTIONS).asked
    mine = own(service[0].url, statuses=[418])
    asked = targets_of({**OPTIONS, "urls": [mine, own("http://mine.example:8080/x?y=1")]}).asked
    assert [target.url for target in asked] == [*(target.url for target in service), "http://mine.example:8080/x?y=1"]
    assert asked[0].statuses == (418,)
    assert (asked[-1].host, asked[-1].port) == ("mine.example", 8080)


def test_ports_choose_among_the_urls() -> None:
    ports = {target.port for target in targets_of({**OPTIONS, "ports": [80]}).asked}
    assert ports == {80}


def test_wildcards_without_a_host_to_ask_are_an_error_or_are_listed() -> None:
    assert "*.update.microsoft.com" in targets_of(OPTIONS).unprobed
    with pytest.raises(Refused, match=r"\*\.update\.microsoft\.com.*unprobed: omit"):
        targets_of({**OPTIONS, "unprobed": "fail"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"urls": [own("https://*.blob.core.windows.net/")]}, "urls: .*wildcard"),
        ({"urls": [own("ftp://a.example/")]}, "urls: .*http"),
        ({"urls": [own("a.example")]}, "urls: .*http"),
        ({"urls": [own("https://a.example:70000/")]}, "urls: .*port"),
        ({"urls": [own("https://a.example:0/")]}, "urls: .*port"),
        ({"urls": [own("https:///path")]}, "urls: "),
        ({"urls": [own("https://a b.example/")]}, "urls: .*blanks"),
        ({"urls": [own("https://ä.example/")]}, "urls: .*ASCII"),
        ({"urls": [own("https://user:secret@a.example/")]}, "urls: .*user name or password"),
        ({"urls": [own("user:secret@a.example")]}, r"urls: \*\*\* must begin"),
        ({"urls": [own("https:/user:secret@a.example/")]}, "urls: "),
        ({"urls": [own("https://a.example/", statuses=[99])]}, "urls: 99"),
        ({"ports": [0]}, "ports: 0"),
        ({"ports": [70000]}, "ports: 70000"),
    ],
)
def test_what_can_not_be_asked_is_refused_by_name(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence) as caught:
        targets_of({**OPTIONS, **changes})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"regions": ["mars"]}, "region 'mars'"),
        ({"service_urls": False}, "no URL to ask"),
        ({"ports": [8443]}, "no URL to ask"),
    ],
)
def test_nothing_to_ask_is_said(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        targets_of({**OPTIONS, **changes})
