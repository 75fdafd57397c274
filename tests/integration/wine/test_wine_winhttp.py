# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP inside Wine does what its settings say: through the proxy, past it, or without it.

Targets are loopback addresses, not names: no test may ask a resolver, and Wine's WinHTTP resolves what it reaches
without a proxy.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from windows_lab.proxy import Access, Origin, Proxy
from windows_lab.wine import WineEndpoint

from tests.integration.modules.contract import CONNECTIONS, MACHINE, MINE, Raw, wininet
from tests.integration.wine.wine_endpoint import wine_endpoint

pytestmark = pytest.mark.wine

# The proxy is on 127.0.0.1, and Wine mistakes a target of the proxy's own name for the proxy.
FAR, NEAR, NEARER = "127.0.0.2", "127.0.0.3", "127.0.1.3"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[WineEndpoint]:
    with wine_endpoint() as started:
        yield started


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(("127.0.0.1", FAR, NEAR, NEARER)) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as server:
        yield server


def get(endpoint: WineEndpoint, origin: Origin, host: str) -> str:
    return endpoint.tool("httpget", f"http://{host}:{origin.port}/ping").strip()


def settings(endpoint: WineEndpoint) -> Raw | None:
    return endpoint.value(MACHINE, "WinHttpSettings")


def test_requests_go_through_the_proxy(endpoint: WineEndpoint, origin: Origin, proxy: Proxy) -> None:
    assert endpoint.run(f"netsh winhttp set proxy {proxy.server}").rc == 0
    assert get(endpoint, origin, FAR) == "status 200"
    assert proxy.log == [Access("GET", f"http://{FAR}:{origin.port}/ping", 200)]
    assert origin.log == [Access("GET", "/ping", 200)]


@pytest.mark.parametrize(
    ("bypass", "past", "through"),
    [(NEAR, NEAR, FAR), ("*.1.3", NEARER, NEAR), ("<local>", "localhost", FAR)],
)
def test_bypassed_hosts_do_not(
    endpoint: WineEndpoint, origin: Origin, proxy: Proxy, bypass: str, past: str, through: str
) -> None:
    assert endpoint.run(f'netsh winhttp set proxy {proxy.server} "{bypass};other.test"').rc == 0
    assert get(endpoint, origin, past) == "status 200"
    assert proxy.log == []
    assert len(origin.log) == 1
    assert get(endpoint, origin, through) == "status 200"
    assert len(proxy.log) == 1


def test_nothing_does_after_reset(endpoint: WineEndpoint, origin: Origin, proxy: Proxy) -> None:
    assert endpoint.run(f"netsh winhttp set proxy {proxy.server}").rc == 0
    assert endpoint.run("netsh winhttp reset proxy").rc == 0
    assert get(endpoint, origin, FAR) == "status 200"
    assert proxy.log == []
    assert len(origin.log) == 1


def test_32_bit_settings_are_others(endpoint: WineEndpoint, origin: Origin, proxy: Proxy) -> None:
    endpoint.run("netsh winhttp reset proxy")
    assert endpoint.run(rf"%SystemRoot%\SysWOW64\netsh.exe winhttp set proxy {proxy.server}").rc == 0
    assert get(endpoint, origin, FAR) == "status 200"
    assert proxy.log == []


def test_a_dead_proxy_is_an_error(endpoint: WineEndpoint, origin: Origin, proxy: Proxy) -> None:
    with Proxy() as gone:
        pass
    assert endpoint.run(f"netsh winhttp set proxy {gone.server}").rc == 0
    assert get(endpoint, origin, FAR) == "error 12029"
    assert origin.log == []


def test_a_proxy_keeps_to_loopback(endpoint: WineEndpoint, proxy: Proxy) -> None:
    assert endpoint.run(f"netsh winhttp set proxy {proxy.server}").rc == 0
    assert endpoint.tool("httpget", "http://outside.test/").strip() == "status 403"
    assert proxy.log == [Access("GET", "http://outside.test:80/", 403)]


def test_import_equals_the_api(endpoint: WineEndpoint, origin: Origin, proxy: Proxy) -> None:
    mine = wininet(3, proxy.server, f"<local>;{NEAR}")
    endpoint.set_value(MINE, "DefaultConnectionSettings", *mine)
    assert endpoint.tool("ieproxy", "apply").splitlines() == [
        "auto-detect 0",
        "pac ",
        f"proxy {proxy.server}",
        f"bypass <local>;{NEAR}",
    ]
    by_api = settings(endpoint)
    endpoint.run("netsh winhttp reset proxy")
    assert endpoint.run("netsh winhttp import proxy source=ie").rc == 0
    assert settings(endpoint) == by_api
    assert get(endpoint, origin, FAR) == "status 200"
    assert len(proxy.log) == 1


def test_hives_are_apart(endpoint: WineEndpoint) -> None:
    endpoint.set_value(MINE, "DefaultConnectionSettings", *wininet(3, "mine.test:1"))
    endpoint.set_value(
        rf"HKU\S-1-5-18\{CONNECTIONS}", "DefaultConnectionSettings", *wininet(3, "system.test:1")
    )
    assert "proxy mine.test:1" in endpoint.tool("ieproxy")
