# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said when one thing between an endpoint and the service is wrong, and all the rest is right."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import select, unprobed
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from windows_lab.lab import Lab
from windows_lab.network.authority import Authority
from windows_lab.network.faults import InspectingProxy, Silent
from windows_lab.network.listener import own_address
from windows_lab.network.squid import Squid
from windows_lab.profiles import Profile

from tests.integration.reachability.reach_site import (
    WAKE_UP,
    ask,
    by_host,
    column,
    need_stage,
    place,
    reasons,
    through_a_proxy,
)
from tests.integration.site import Site
from tests.network.stage import Stage, allowlist

pytestmark = pytest.mark.simulated

CHOICE = {"generation": "streamlined", "cloud": "commercial", "regions": ["eu"]}
SERVICES = select(Choice("streamlined", regions=("eu",)))
# One that is asked at both of its ports.
CLOSED = "www.microsoft.com"
SLOW = "login.microsoftonline.com"
SECONDS = 6


@dataclass(frozen=True)
class Town:
    """Endpoints that differ in one thing each: what they were told, and what their proxies logged."""

    results: Mapping[str, dict[str, Any]]
    whole: Mapping[str, dict[str, Any]]
    proxies: Mapping[str, Squid]
    service: str


class Builder:
    """The endpoints of a town, each with a network and a proxy, and the servers behind them."""

    def __init__(self, running: contextlib.ExitStack, work: Path) -> None:
        self._running = running
        self.stage = running.enter_context(Stage(SERVICES))
        self.silent = running.enter_context(Silent(own_address(), 443))
        self.other = Authority(work / "inspection", "Inspection of the lab")
        self.squids: dict[str, Squid] = {}
        self.proxies: dict[str, str] = {}

    def squid(self, name: str, rules: str, **options: Any) -> None:
        """A squid of its own for an endpoint."""
        hosts = {**self.stage.hosts, **options.pop("hosts", {})}
        squid = self._running.enter_context(Squid(rules, hosts, **options))
        self.squids[name], self.proxies[name] = squid, squid.proxy

    def build(self) -> None:
        """Start what stands before the service."""
        everything = allowlist(SERVICES)
        self.squid("right", everything)
        self.squid("closed", allowlist(each for each in SERVICES if each.host != CLOSED))
        self.squid("asking", everything, authenticate=True)
        self.squid("slow", everything, hosts={SLOW: self.silent.address})
        with Squid(everything, self.stage.hosts) as stopped:
            self.proxies["stopped"] = stopped.proxy
        inspecting = self._running.enter_context(InspectingProxy(self.other))
        self.proxies["inspected"] = inspecting.proxy

    def lab(self) -> Lab:
        """The endpoints, each behind its proxy."""
        profiles: dict[str | Profile, int] = {Profile(name): 1 for name in self.proxies}
        lab = self._running.enter_context(Lab(profiles=profiles))
        for name, proxy in self.proxies.items():
            # The first resolves nothing by itself: its proxy alone knows the names.
            network = self.stage.network(resolves=name != "right")
            place(lab.endpoints[f"{name}-1"], network, winhttp=proxy)
        return lab


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One task for all endpoints."""
    need_stage()
    work = tmp_path_factory.mktemp("town")
    with contextlib.ExitStack() as running:
        builder = Builder(running, work)
        builder.build()
        one = ask({**CHOICE, "unprobed": "omit", "paths": ["effective", "direct"], "timeout": SECONDS})
        run = Site(builder.lab(), work).run(one)
        whole = {name.removesuffix("-1"): result for name, result in by_host(run).items()}
        results = {name: through_a_proxy(result) for name, result in whole.items()}
        yield Town(results, whole, builder.squids, builder.stage.service.address)


def hosts_by_reason(result: Mapping[str, Any], path: str = "effective") -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in column(result, path).values():
        found.setdefault(row["reason"], set()).add(row["host"])
    return found


def test_trap_32_a_name_that_only_the_proxy_resolves_is_reached(town: Town) -> None:
    result = town.results["right"]
    assert reasons(result, "effective") == {"ok"}
    assert reasons(result, "direct") == {"name_not_resolved"}
    # The direct path is there for comparison.
    assert result["summary"]["reachable"] is True
    assert result["findings"] == []
    assert {row.server for row in town.proxies["right"].log()} == {town.service}


def test_one_host_that_is_not_allowed_fails_and_no_other(town: Town) -> None:
    result = town.results["closed"]
    found = hosts_by_reason(result)
    assert found["proxy_denied"] == {CLOSED}
    assert found.keys() == {"ok", "proxy_denied"}
    assert CLOSED not in found["ok"]
    for row in column(result, "effective").values():
        denied = row["host"] == CLOSED
        assert (row["answered_by"], row["verdict"]) == (("proxy", "failed") if denied else ("origin", "ok"))
        assert (row["status"] == 403) is denied
    proxy = town.proxies["closed"].proxy
    advice = {row["advice"] for row in column(result, "effective").values()}
    ports = {row["port"] for row in result["rows"] if row["host"] == CLOSED}
    assert advice == {"", *(f"Allow {CLOSED}:{port} in the proxy {proxy}." for port in ports)}
    denials = [row for row in town.proxies["closed"].log() if row.result == "TCP_DENIED"]
    assert {(urlsplit(row.target).hostname or row.target.partition(":")[0]) for row in denials} == {CLOSED}
    assert result["summary"]["reachable"] is False


def test_trap_34_direct_works_and_the_proxy_does_not_is_a_finding_of_its_own(town: Town) -> None:
    result = town.results["closed"]
    failed = [row for row in column(result, "effective").values() if row["verdict"] == "failed"]
    assert reasons(result, "direct") == {"ok"}
    assert [(each["url"], each["path"], each["finding"]) for each in result["findings"]] == [
        (row["url"], "effective", "only_direct") for row in failed
    ]
    proxy = town.proxies["closed"].proxy
    assert {each["text"] for each in result["findings"]} == {
        f"{CLOSED} is reached directly, but not by way of {proxy}: "
        "the sensor falls back to the direct path without a word."
    }
    # Not one flag for the endpoint: the paths have verdicts of their own, and the working one does not excuse.
    assert result["summary"]["reachable"] is False


def test_rows_with_one_cause_are_one_finding_with_their_count(town: Town) -> None:
    stopped = town.results["stopped"]
    (finding,) = stopped["findings"]
    count = len(column(stopped, "effective"))
    assert (finding["finding"], finding["reason"], finding["count"]) == ("one_cause", "refused", count)
    assert finding["text"].startswith(f"None of {count} URLs is reached by way of 127.0.0.1:")
    assert finding["text"].endswith(
        f"Directly, {count} of them are reached: the sensor falls back to that without a word."
    )


def test_a_squid_that_is_stopped_refuses_every_row(town: Town) -> None:
    result = town.results["stopped"]
    assert reasons(result, "effective") == {"refused"}
    assert reasons(result, "direct") == {"ok"}
    rows = column(result, "effective").values()
    assert {(row["error"], row["error_name"]) for row in rows} == {(12029, "ERROR_WINHTTP_CANNOT_CONNECT")}
    assert all("Nothing takes connections at the proxy 127.0.0.1:" in row["advice"] for row in rows)


def test_trap_32_a_proxy_that_asks_who_comes_gets_no_answer(town: Town) -> None:
    result = town.results["asking"]
    assert reasons(result, "effective") == {"proxy_auth_required"}
    rows = column(result, "effective").values()
    assert {(row["status"], row["answered_by"]) for row in rows} == {(407, "proxy")}
    log = town.proxies["asking"].log(len(rows))
    # Nobody tried a second time with a name and a password.
    assert len(log) == len(rows)
    assert {(row.authorization, row.proxy_authorization) for row in log} == {(None, None)}


def test_trap_32_a_certificate_of_an_inspecting_proxy(town: Town) -> None:
    result = town.results["inspected"]
    found = {row["url"]: row["reason"] for row in column(result, "effective").values()}
    assert set(found.values()) == {"tls_intercepted", "ok"}
    # Over plain HTTP nobody can tell.
    assert all((urlsplit(url).scheme == "https") == (reason != "ok") for url, reason in found.items())
    assert {row["error"] for row in result["rows"]} == {None, 12175}


def test_trap_35_one_dead_url_hides_no_other(town: Town) -> None:
    result = town.results["slow"]
    found = hosts_by_reason(result)
    assert found["timeout"] == {SLOW}
    assert found.keys() == {"ok", "timeout"}
    urls = [row["url"] for row in town.results["stopped"]["rows"]]
    assert [row["url"] for row in result["rows"]] == urls
    (late,) = (row for row in column(result, "effective").values() if row["host"] == SLOW)
    assert late["milliseconds"] >= SECONDS * 1000
    assert reasons(result, "direct") == {"ok"}


def test_no_squid_was_sent_credentials(town: Town) -> None:
    for name, squid in town.proxies.items():
        rows = squid.log(len(column(town.results[name], "effective")))
        assert {(row.authorization, row.proxy_authorization) for row in rows} == {(None, None)}


def test_the_wake_up_is_asked_past_every_proxy_and_a_finding_says_so(town: Town) -> None:
    for name, result in town.whole.items():
        rows = [row for row in result["rows"] if row["host"] == WAKE_UP]
        reason = "name_not_resolved" if name == "right" else "ok"
        assert [(row["path"], row["via"], row["reason"]) for row in rows] == [
            (path, "direct", reason) for path in ("effective", "direct")
        ]
        (finding,) = (each for each in result["findings"] if each["finding"] == "asked_directly")
        assert (finding["url"], finding["reason"]) == (f"https://{WAKE_UP}/", reason)
    for squid in town.proxies.values():
        assert not [row for row in squid.log() if WAKE_UP in row.target]


def test_every_endpoint_was_asked_for_the_same(town: Town) -> None:
    wanted = set(unprobed(SERVICES))
    for result in town.results.values():
        assert set(result["unprobed"]) == wanted
        assert [(row["url"], row["path"]) for row in result["rows"]] == [
            (row["url"], row["path"]) for row in town.results["right"]["rows"]
        ]
