# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rollout over a Wine endpoint and two simulated ones: to the service through a real squid, and all the way back.

On the Wine endpoint a real registry is written, and a real WinHTTP takes the way that was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab.lab import Lab
from windows_lab.wine import WineEndpoint

from tests.integration.rollout.rollout_site import URL, Change, blamed, raise_stage
from tests.integration.site import CONNECTIONS, Site, named, reset
from tests.integration.wine.test_wine_reachability import one_request_each
from tests.network.stage import Stage

# WinHTTP of Wine takes any idle connection to the proxy for a tunnel.
pytestmark = [pytest.mark.wine, pytest.mark.usefixtures(one_request_each.__name__)]

WINE = "clean-1"
PLAIN = "http://www.microsoft.com/pkiops/crl"
# An odd header; what is no known form may hold a secret, and is in no record.
ODD = named("old.corp.test:3128", "<local>;a;b", header=0x28)
CONNECTION = {"endpoint_verify_run_as": "connection", "endpoint_verify_engine": "wsh"}


@pytest.fixture
def network() -> Iterator[Stage]:
    with raise_stage() as raised:
        yield raised


@pytest.fixture
def wine(wine_lab: Lab, network: Stage, tmp_path: Path) -> Iterator[Site]:
    """The Wine endpoint, which trusts the service, with odd bytes in one view and nothing in the other."""
    wine_lab.reset_accounts()
    site = Site(wine_lab, tmp_path)
    assert isinstance(site.endpoint, WineEndpoint)
    site.endpoint.trust(network.authority.der)
    reset(site.endpoint)
    site.endpoint.set_value(CONNECTIONS, "WinHttpSettings", "REG_BINARY", ODD)
    site.endpoint.delete_value(CONNECTIONS, "WinHttpSettings", 32)
    yield site
    reset(site.endpoint)


@pytest.fixture
def change(wine: Site, network: Stage, tmp_path: Path) -> Iterator[Change]:
    """A change on the Wine endpoint, which is the canary, and on two simulated ones, out of one inventory."""
    with Lab(profiles={"german": 1, "hardened": 1}) as lab:
        made = Change(lab, network, tmp_path)
        made.inventory = merged(wine, lab, tmp_path)
        made.variables["endpoint_verify_urls"] = [URL, PLAIN]
        made.plan()
        yield made


def merged(wine: Site, lab: Lab, work: Path) -> Path:
    """One inventory of both labs; on Wine there are no scheduled tasks to run as SYSTEM in."""
    first, second = wine.lab.inventory(work / "wine.yml"), lab.inventory(work / "simulated.yml")
    content: dict[str, Any] = yaml.safe_load(first.read_text(encoding="utf-8"))
    content["windows"]["hosts"][WINE] |= CONNECTION
    more = yaml.safe_load(second.read_text(encoding="utf-8"))
    content["windows"]["hosts"] |= more["windows"]["hosts"]
    assert len(content["windows"]["hosts"]) == 3
    path = work / "both.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_a_rollout_over_wine_and_simulated_endpoints_and_back(change: Change, wine: Site, network: Stage) -> None:
    before, wine_before = change.all_held(), wine.managed()
    run = change.play("rollout")
    assert run.rc == 0, run.output[-3000:]
    assert change.verdicts() == {WINE: "ok", "german-1": "ok", "hardened-1": "ok"}
    record = change.record(WINE)
    assert [(row["url"], row["reason"], row["via"]) for row in record["reachability"]["rows"]] == [
        (url, "ok", network.proxy) for url in (URL, PLAIN)
    ]
    # Both views hold the proxy, and the service was asked through squid by all three.
    assert [wine.winhttp(view)[1:] for view in (64, 32)] == [(network.proxy, "*.corp.test")] * 2
    assert all(change.proxy(name) == network.proxy for name in change.lab.endpoints)
    opened = [row.target for row in network.squid.log(at_least=6)]
    assert opened.count(PLAIN) == 3
    assert len(opened) == 6
    assert all(change.held(name) != before[name] for name in before)
    again = change.play("rollout")
    assert again.rc == 0
    assert not any(result.get("changed") for result in again.results())
    back = change.play("rollback")
    assert back.rc == 0, back.output[-3000:]
    assert wine.managed() == wine_before
    assert wine.endpoint.value(CONNECTIONS, "WinHttpSettings") == ("REG_BINARY", ODD)
    assert wine.endpoint.value(CONNECTIONS, "WinHttpSettings", 32) is None
    assert change.all_held() == before
    assert set(change.verdicts().values()) == {"rolled_back"}


def test_a_verification_that_fails_on_wine_is_rolled_back(change: Change, wine: Site, network: Stage) -> None:
    before, wine_before = change.all_held(), wine.managed()
    network.squid.__exit__(None, None, None)
    run = change.play("rollout")
    assert run.rc != 0
    assert list(blamed(run)) == [WINE]
    assert "rolled_back: the service is not reached" in blamed(run)[WINE]
    # It was written, asked for the new way, and put back.
    rows = change.record(WINE)["reachability"]["rows"]
    assert {(row["via"], row["reason"]) for row in rows} == {(network.proxy, "refused")}
    assert wine.managed() == wine_before
    assert change.verdicts() == {WINE: "rolled_back"}
    assert change.untouched("german-1", "hardened-1")
    assert change.all_held() == before
