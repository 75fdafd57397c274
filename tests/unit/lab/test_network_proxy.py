# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own proxy in front of the stand-in of the service, where neither root nor squid is at hand."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from windows_lab.network.authority import Authority
from windows_lab.proxy import Access, Proxy

from tests.network.service import Service

RULES = {
    "https://a.lab.test/x": (400, "text/html", "<p>"),
    "http://a.lab.test/x": (200, "text/html", "<p>"),
    "http://b.lab.test/x": (200, "text/plain", "b"),
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def service(authority: Authority) -> Iterator[Service]:
    with Service(authority, RULES) as running:
        yield running


@pytest.fixture
def proxy(service: Service) -> Iterator[Proxy]:
    def allowed(host: str, port: int) -> bool:
        return host == "a.lab.test" and port in (80, 443)

    with Proxy(service.hosts, ports=service.ports, allowed=allowed) as running:
        yield running


def get(proxy: Proxy, url: str) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)) as client:
        client.request("GET", url)
        return client.getresponse()


def test_well_known_ports_lead_to_where_the_service_listens(
    proxy: Proxy, service: Service, authority: Authority
) -> None:
    answer = get(proxy, "http://A.lab.test/x")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    context = authority.client_context()
    client = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=10, context=context)
    client.set_tunnel("a.lab.test", 443)
    with closing(client):
        client.request("GET", "/x")
        assert client.getresponse().status == 400
    assert [(seen.scheme, seen.host, seen.status) for seen in service.log] == [
        ("http", "a.lab.test", 200),
        ("https", "a.lab.test", 400),
    ]


def test_what_is_not_on_the_allow_list_is_refused(proxy: Proxy, service: Service) -> None:
    assert get(proxy, "http://b.lab.test/x").status == 403
    client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    client.set_tunnel("b.lab.test", 443)
    with closing(client), pytest.raises(OSError, match="403"):
        client.connect()
    assert proxy.log == [Access("GET", "http://b.lab.test/x", 403), Access("CONNECT", "b.lab.test:443", 403)]
    assert service.log == []
