# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a playbook to a WinHTTP client: what the modules set decides which way a request really takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from windows_lab.lab import Lab
from windows_lab.proxy import Access, Origin, Proxy

from tests.integration.site import CONNECTIONS, USER_CONNECTIONS, Site, reset, task, wininet

pytestmark = pytest.mark.wine

# The proxy is on 127.0.0.1, and Wine mistakes a target of the proxy's own name for the proxy.
FAR, NEAR = "127.0.0.2", "127.0.0.3"


@pytest.fixture
def wine_site(wine_lab: Lab, tmp_path: Path) -> Site:
    site = Site(wine_lab, tmp_path)
    reset(site.endpoint)
    return site


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin((FAR, NEAR)) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        yield server


def get(site: Site, origin: Origin, host: str) -> str:
    tool = getattr(site.endpoint, "tool")  # noqa: B009 - only a Wine endpoint can run tools
    return str(tool("httpget", f"http://{host}:{origin.port}/ping")).strip()


def test_a_request_takes_the_way_that_winhttp_proxy_set(wine_site: Site, origin: Origin, proxy: Proxy) -> None:
    assert wine_site.module("winhttp_proxy", {"proxy": proxy.server, "bypass": [NEAR]})["changed"]
    assert get(wine_site, origin, FAR) == "status 200"
    through = Access("GET", f"http://{FAR}:{origin.port}/ping", 200)
    assert proxy.log == [through]
    assert get(wine_site, origin, NEAR) == "status 200"
    assert proxy.log == [through]
    assert wine_site.module("winhttp_proxy", {"state": "absent"})["changed"]
    assert get(wine_site, origin, FAR) == "status 200"
    assert proxy.log == [through]
    assert len(origin.log) == 3


@pytest.mark.parametrize("bypass", ["", f"<local>;{NEAR}", "*.a.test;*.b.test"])
def test_an_import_gives_what_the_api_of_wine_gives(wine_site: Site, proxy: Proxy, bypass: str) -> None:
    blob = wininet(3, proxy.server, bypass)
    wine_site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", blob)
    tool = getattr(wine_site.endpoint, "tool")  # noqa: B009 - only a Wine endpoint can run tools
    tool("ieproxy", "apply")
    by_api = wine_site.endpoint.value(CONNECTIONS, "WinHttpSettings")
    assert by_api is not None
    reset(wine_site.endpoint)
    wine_site.endpoint.set_value(USER_CONNECTIONS, "DefaultConnectionSettings", "REG_BINARY", blob)
    result = wine_site.module("winhttp_import_ie", {"source": "connection"})
    assert result["changed"]
    assert wine_site.endpoint.value(CONNECTIONS, "WinHttpSettings") == by_api


def test_an_import_of_another_hive_gives_the_same(wine_site: Site, proxy: Proxy) -> None:
    blob = wininet(3, proxy.server, f"<local>;{NEAR}")
    for key in (USER_CONNECTIONS, USER_CONNECTIONS.replace("HKCU", r"HKU\S-1-5-18")):
        wine_site.endpoint.set_value(key, "DefaultConnectionSettings", "REG_BINARY", blob)
    wine_site.module("winhttp_import_ie", {"source": "connection"})
    by_netsh = wine_site.endpoint.value(CONNECTIONS, "WinHttpSettings")
    wine_site.module("winhttp_proxy", {"state": "absent"})
    assert wine_site.module("winhttp_import_ie", {"source": "system"})["changed"]
    assert wine_site.endpoint.value(CONNECTIONS, "WinHttpSettings") == by_netsh


def test_check_mode_sends_no_request_another_way(wine_site: Site, origin: Origin, proxy: Proxy) -> None:
    result = wine_site.run(task("winhttp_proxy", {"proxy": proxy.server}), arguments=["--check"]).one()
    assert result["changed"]
    assert get(wine_site, origin, FAR) == "status 200"
    assert proxy.log == []


def test_the_advanced_proxy_that_wine_has_not_is_refused_in_one_sentence(wine_site: Site) -> None:
    before = wine_site.managed()
    refused = wine_site.run(task("winhttp_advproxy", {"proxy": "proxy.test:8080"}))
    assert refused.rc == 2
    assert refused.one()["msg"].startswith("This Windows has no advanced proxy of WinHTTP: its netsh does not know")
    assert wine_site.managed() == before
