# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The advanced proxy of WinHTTP, read and written through netsh in any language, and what is said of it elsewhere."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_advproxy import (
    ADVANCED_QUERY,
    AdvancedProxy,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._winhttp_proxy import Remaining
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import Registry, Unreadable

from tests.integration.reachability.reach_site import simulated_endpoint
from tests.integration.site import Site, task

pytestmark = pytest.mark.simulated

Simulated = Callable[..., Site]
NAME = "winhttp_advproxy"
SECRET = "S3cr3t-Pass"
NOTHING = {"Proxy": "", "ProxyBypass": "", "AutoconfigUrl": "", "AutoDetect": False}
WHOLE = {
    "proxy": {"http": "a.test:1", "https": "b.test:2"},
    "bypass": ["<local>", "*.corp.test"],
    "pac_url": "http://pac.test/proxy.pac",
    "auto_detect": True,
}
STORED = {
    "Proxy": "http=a.test:1;https=b.test:2",
    "ProxyBypass": "<local>;*.corp.test",
    "AutoconfigUrl": "http://pac.test/proxy.pac",
    "AutoDetect": True,
}


def stored(site: Site) -> dict[str, Any]:
    """What the endpoint holds."""
    return simulated_endpoint(site.endpoint).advproxy


def shown(text: str, rc: int = 0) -> AdvancedProxy:
    """What is read of an answer of netsh."""
    registry = Registry([ADVANCED_QUERY])
    registry.add(ADVANCED_QUERY, Completed(rc, text), frozenset())
    return AdvancedProxy.decode(registry)


@pytest.mark.parametrize(
    ("profile", "connection"),
    [
        ("clean", "winrs"),
        ("german", "winrm"),
        ("clean", "psrp"),
        ("hardened", "ssh_cmd"),
        ("german", "ssh_powershell"),
        ("blob28", "winrm"),
    ],
)
def test_all_of_it_is_written_read_back_and_removed(simulated: Simulated, profile: str, connection: str) -> None:
    site = simulated(profile)
    tasks = [task(NAME, options) for options in (WHOLE, WHOLE, {"state": "absent"}, {"state": "absent"})]
    made, again = site.run(*tasks[:2], connection=connection).results()
    assert (made["changed"], again["changed"]) == (True, False)
    assert made["after"] == again["before"]
    assert stored(site) == STORED
    gone, still = site.run(*tasks[2:], connection=connection).results()
    assert (gone["changed"], still["changed"]) == (True, False)
    assert stored(site) == NOTHING


def test_check_mode_predicts_exactly_and_writes_nothing(simulated: Simulated) -> None:
    site = simulated()
    check = site.module(NAME, WHOLE, arguments=["--check", "--diff"])
    assert (stored(site), site.endpoint.writes) == (NOTHING, [])
    run = site.module(NAME, WHOLE, arguments=["--diff"])
    for key in ("changed", "before", "after", "commands", "snapshot", "warnings", "diff"):
        assert check[key] == run[key], key
    assert "is not documented" in run["after"]["advproxy"]["effect"]
    assert json.loads(bytes.fromhex(run["snapshot"][0]["data"]).decode("utf-16-le")[:-1]) == NOTHING


def test_what_is_left_out_is_off_but_the_bypass_list_stays(simulated: Simulated) -> None:
    site = simulated()
    stored(site).update(STORED)
    assert site.module(NAME, {"proxy": "p.test:1"})["changed"]
    assert stored(site) == {**NOTHING, "Proxy": "p.test:1", "ProxyBypass": "<local>;*.corp.test"}
    assert site.module(NAME, {"auto_detect": True})["changed"]
    assert stored(site) == {**NOTHING, "AutoDetect": True}


def test_4_requests_where_nothing_is_to_do_and_7_otherwise(simulated: Simulated) -> None:
    site = simulated()
    for requests in (7, 4):
        site.lab.reset_accounts()
        site.module(NAME, WHOLE)
        assert site.lab.account(site.name).requests == requests


def test_an_older_windows_gets_one_clear_sentence(simulated: Simulated) -> None:
    site = simulated("older")
    refused, absent = site.run(
        task(NAME, WHOLE), task(NAME, {"state": "absent"}), ignore_errors=True
    ).results()
    assert refused["msg"].startswith("This Windows has no advanced proxy of WinHTTP: its netsh does not know")
    assert absent["changed"] is False
    assert absent["after"]["advproxy"]["supported"] is False


def test_what_does_not_hold_or_is_denied_is_said(simulated: Simulated) -> None:
    for profile, words in (("stubnetsh", "does not hold what was written"), ("denied", "(5) Access is denied")):
        result = simulated(profile).run(task(NAME, WHOLE, ignore_errors=True)).one()
        assert (result["rolled_back"], result["unknown"], result["changed"]) == (True, False, False)
        assert words in result["msg"]


def test_credentials_on_the_endpoint_are_neither_shown_nor_written(simulated: Simulated) -> None:
    site = simulated()
    stored(site).update({"Proxy": f"user:{SECRET}@p.test:1"})
    run = site.run(task(NAME, WHOLE), task("winhttp_proxy", {"state": "absent"}), ignore_errors=True)
    assert [outcome.status for outcome in run.outcomes] == ["failed", "ok"]
    assert "It may hold credentials" in run.results()[0]["msg"]
    assert SECRET not in run.output + str(run.results())


BAD: list[tuple[dict[str, Any], str]] = [
    ({"proxy": "https://p.test:1"}, "proxy: "),
    ({"proxy": {"socks": "p.test:1"}}, "proxy: The advanced proxy of WinHTTP knows no SOCKS"),
    ({"proxy": ""}, "proxy: "),
    ({"pac_url": "p.test/x.pac"}, "pac_url: The URL of the setup script must begin with http://"),
    ({"proxy": "p.test:1", "bypass": 'a"b'}, "bypass: "),
    ({"auto_detect": False}, "proxy: it is missing"),
    ({"bypass": ["a.test"]}, "proxy: it is missing"),
    ({"state": "absent", "auto_detect": True}, "state: it is absent"),
    ({}, "No option was given, so nothing was changed."),
]


def test_a_bad_option_is_refused_by_name_before_anything_is_sent(simulated: Simulated) -> None:
    site = simulated()
    run = site.run(*(task(NAME, options) for options, _said in BAD), ignore_errors=True)
    for outcome, (options, said) in zip(run.outcomes, BAD, strict=True):
        assert outcome.status == "failed", options
        assert said in outcome.result["msg"], options
    assert site.lab.account(site.name).requests == 0


@pytest.mark.parametrize("content", [STORED, {**NOTHING, "AutoDetect": True}])
def test_winhttp_proxy_absent_warns_of_what_stays(simulated: Simulated, content: dict[str, Any]) -> None:
    site = simulated()
    stored(site).update(content)
    absent = task("winhttp_proxy", {"state": "absent"})
    whole = task("endpoint_proxy", {"winhttp_proxy": {"state": "absent"}})
    alone, block, gone, clean = site.run(absent, whole, task(NAME, {"state": "absent"}), absent).results()
    for result in (alone, block):
        (warning,) = (text for text in result["warnings"] if "advanced proxy" in text)
        assert "mde.connectivity.winhttp_advproxy with state: absent removes it" in warning
    assert gone["changed"]
    assert clean["warnings"] == []


@pytest.mark.parametrize("profile", ["older", "stubnetsh"])
def test_winhttp_proxy_absent_says_nothing_where_nothing_stays(simulated: Simulated, profile: str) -> None:
    assert simulated(profile).module("winhttp_proxy", {"state": "absent"})["warnings"] == []


SHOWN = [
    ('\nCurrent WinHTTP advanced proxy settings:\n\n{ }\n', AdvancedProxy()),
    ('x\n{"AutoConfigUrl": " ", "ProxyIsEnabled": false, "Proxy": "p.test:1"}\n', AdvancedProxy()),
    ('x {"AUTOCONFIGURL": "http://p.test/x", "AutoDetect": 1}', AdvancedProxy(pac_url="http://p.test/x")),
    ("Der folgende Befehl wurde nicht gefunden.", AdvancedProxy(supported=False)),
    ("", AdvancedProxy(supported=False)),
]


@pytest.mark.parametrize(("text", "expected"), SHOWN)
def test_the_json_is_read_between_words_of_any_language(text: str, expected: AdvancedProxy) -> None:
    assert shown(text) == expected
    assert shown(text, 1) == AdvancedProxy(supported=False)


@pytest.mark.parametrize("text", ["{", "}{", "{x}", "{[]}", '{"a": ' * 2000 + "}"])
def test_an_answer_that_is_none_is_never_taken_for_settings(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert not shown(text).supported


def test_an_answer_with_broken_json_is_an_error_and_for_winhttp_proxy_a_warning() -> None:
    with pytest.raises(Unreadable, match="no settings that can be read"):
        shown("{x}")
    registry = Registry([ADVANCED_QUERY])
    registry.add(ADVANCED_QUERY, Completed(0, "{x}"), frozenset())
    assert "can't be read" in Remaining.decode(registry).warnings[0]
