# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's proxy forwards to loopback, refuses everything else, and keeps count."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from windows_lab.network.loopback import OutsideLoopback, loopback
from windows_lab.proxy import Access, Origin, Proxy


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(("127.0.0.1", "127.0.0.2")) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy({"Tenant.lab.test": "127.0.0.1"}) as server:
        yield server


def get(proxy: Proxy, url: str, tunnel: tuple[str, int] | None = None) -> int:
    client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    try:
        if tunnel:
            client.set_tunnel(*tunnel)
        client.request("GET", url)
        response = client.getresponse()
        response.read()
        return response.status
    finally:
        client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "tenant.lab.test"])
def test_get_is_forwarded(proxy: Proxy, origin: Origin, host: str) -> None:
    url = f"http://{host}:{origin.port}/path?query=1"
    assert get(proxy, url) == 200
    assert proxy.log == [Access("GET", url, 200)]
    assert origin.log == [Access("GET", "/path?query=1", 200)]


def test_connect_is_a_tunnel(proxy: Proxy, origin: Origin) -> None:
    assert get(proxy, "/inside", ("tenant.lab.test", origin.port)) == 200
    assert proxy.log == [Access("CONNECT", f"tenant.lab.test:{origin.port}", 200)]
    assert origin.log == [Access("GET", "/inside", 200)]


@pytest.mark.parametrize("host", ["198.51.100.7", "elsewhere.test", "[2001:db8::1]"])
def test_the_rest_of_the_world_is_refused(proxy: Proxy, host: str) -> None:
    assert get(proxy, f"http://{host}/") == 403
    with pytest.raises(OSError, match="403"):
        get(proxy, "/", (host.strip("[]"), 443))
    assert [access.status for access in proxy.log] == [403, 403]


def test_a_dead_target_is_a_bad_gateway(proxy: Proxy) -> None:
    with Origin() as gone:
        pass
    assert get(proxy, f"http://127.0.0.1:{gone.port}/") == 502


def test_only_absolute_urls(proxy: Proxy) -> None:
    assert get(proxy, "/relative") == 400


def test_servers_listen_on_loopback_only() -> None:
    with pytest.raises(OutsideLoopback):
        Origin(("0.0.0.0",))
    with pytest.raises(OutsideLoopback):
        loopback("example.test")
