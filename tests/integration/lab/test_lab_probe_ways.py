# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the probe takes the proxy that Windows would take, and judges certificates as Windows does."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from windows_lab.network.authority import Authority
from windows_lab.network.http1 import response
from windows_lab.network.view import Network
from windows_lab.proxy import Access, Proxy

from tests.integration.reachability.probe_site import (
    NAME,
    Asker,
    Script,
    Scripted,
    Web,
    failure,
    hang_up,
    patience,
    reset,
    say,
    silence,
)

pytestmark = pytest.mark.simulated
HIDDEN = "hidden.lab.test"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("trusted"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "Inspection")


@pytest.fixture
def asker(authority: Authority) -> Asker:
    return Asker(Network({NAME: "127.0.0.1", "wrong.lab.test": "127.0.0.1"}, authority.pem))


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy({NAME: "127.0.0.1", HIDDEN: "127.0.0.1"}) as server:
        yield server


def test_a_certificate_that_is_trusted(asker: Asker, authority: Authority) -> None:
    with Web(context=authority.server_context([NAME])) as web:
        row = asker.row(f"https://{NAME}:{web.port}/x")
    assert (row["outcome"], row["status"], row["error"]) == ("answered", 200, 0)
    assert [head.target for head in web.log] == ["/x"]


@pytest.mark.parametrize(
    ("trusted", "name", "expired", "unknown_authority"),
    [
        (False, NAME, False, True),
        (False, "*.lab.test", False, True),
        (False, "other.lab.test", False, False),
        (False, "*.test", False, False),
        (False, NAME, True, False),
        (True, "other.lab.test", False, False),
        (True, NAME, True, False),
    ],
)
def test_a_certificate_that_is_not(
    asker: Asker,
    authority: Authority,
    stranger: Authority,
    trusted: bool,
    name: str,
    expired: bool,
    unknown_authority: bool,
) -> None:
    context = (authority if trusted else stranger).server_context([name], expired=expired)
    with Web(context=context) as web:
        row = asker.row(f"https://{NAME}:{web.port}/")
    assert failure(row) == 12175
    assert row["unknown_authority"] is unknown_authority
    # Only where nothing else was wrong did the second look get as far as a request.
    assert len(web.log) == unknown_authority


def test_an_endpoint_that_trusts_nobody(authority: Authority) -> None:
    with Web(context=authority.server_context([NAME, "127.0.0.1"])) as web:
        asker = Asker(Network({NAME: "127.0.0.1"}))
        by_name, by_address = asker.rows(f"https://{NAME}:{web.port}/", f"https://127.0.0.1:{web.port}/")
    assert (failure(by_name), by_name["unknown_authority"]) == (12175, True)
    assert (failure(by_address), by_address["unknown_authority"]) == (12175, True)


@pytest.mark.parametrize(
    ("script", "number"),
    [(say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), 12157), (reset, 12030), (hang_up, 12030), (silence, 12002)],
)
def test_a_server_that_does_not_speak_tls(asker: Asker, script: Script, number: int) -> None:
    with Scripted(script) as server:
        row = asker.row(f"https://{NAME}:{server.port}/", timeout=patience(number))
    assert failure(row) == number
    assert row["unknown_authority"] is False


def test_the_second_look_ends_with_the_deadline(asker: Asker, stranger: Authority) -> None:
    context = stranger.server_context([NAME])

    def strict_first(server: Scripted, connection: socket.socket) -> None:
        server.secure(connection, context)
        server.wait_for_end()

    with Scripted(strict_first) as server:
        row = asker.row(f"https://{NAME}:{server.port}/", deadline=1500)
    assert failure(row) == 12175
    assert row["unknown_authority"] is False
    assert row["milliseconds"] < 5000


def test_http_through_the_machines_proxy(asker: Asker, web: Web, proxy: Proxy) -> None:
    asker.set_winhttp(proxy.server)
    url = f"http://{HIDDEN}:{web.port}/path?query=1"
    row = asker.row(url)
    assert (row["outcome"], row["status"], row["proxy"]) == ("answered", 200, "")
    assert proxy.log == [Access("GET", url, 200)]
    assert [head.target for head in web.log] == ["/path?query=1"]


@pytest.mark.parametrize("header", [0x18, 0x28])
def test_https_through_the_machines_proxy(
    asker: Asker, authority: Authority, proxy: Proxy, header: int
) -> None:
    asker.set_winhttp(f"http=127.0.0.1:1;https={proxy.server}", header=header)
    with Web(context=authority.server_context([HIDDEN])) as web:
        row = asker.row(f"https://{HIDDEN}:{web.port}/")
    assert (row["status"], row["proxy"]) == (200, "")
    assert proxy.log == [Access("CONNECT", f"{HIDDEN}:{web.port}", 200)]
    assert [head.headers["user-agent"] for head in web.log] == ["mde.connectivity"]


def test_an_inspecting_proxy(asker: Asker, stranger: Authority) -> None:
    # A tunnel that is opened, and another authority's certificate for the right name at its end.
    with Web(context=stranger.server_context([HIDDEN])) as inspection, Proxy({HIDDEN: "127.0.0.1"}) as proxy:
        row = asker.row(f"https://{HIDDEN}:{inspection.port}/", proxy.server)
        opened = list(proxy.log)
    assert (failure(row), row["unknown_authority"]) == (12175, True)
    # Both looks take the same way.
    assert opened == [Access("CONNECT", f"{HIDDEN}:{inspection.port}", 200)] * 2


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxys_refusal_is_the_answer(asker: Asker, scheme: str, status: int) -> None:
    headers = {
        "Via": "1.1 lab (squid)",
        "X-Squid-Error": "ERR_ACCESS_DENIED 0",
        "Proxy-Authenticate": "Basic realm=lab",
    }
    with Web(response(status, "<html>", "text/html", headers)) as proxy:
        row = asker.row(f"{scheme}://{HIDDEN}/", f"127.0.0.1:{proxy.port}")
    assert (row["outcome"], row["status"], row["proxy"]) == ("answered", status, f"127.0.0.1:{proxy.port}")
    shown = {**{name.lower(): text for name, text in headers.items()}, "content-type": "text/html"}
    assert row["headers"] == {**shown, "server": "", "location": ""}
    assert len(proxy.log) == 1
    assert not {"authorization", "proxy-authorization"} & proxy.log[0].headers.keys()


@pytest.mark.parametrize(
    ("script", "number"), [(say(b"220 mail\r\n"), 12152), (reset, 12030), (silence, 12002)]
)
def test_a_proxy_with_a_fault(asker: Asker, script: Script, number: int) -> None:
    with Scripted(script) as server:
        way = f"127.0.0.1:{server.port}"
        rows = asker.rows(f"http://{HIDDEN}/", f"https://{HIDDEN}/", ways=(way,), timeout=patience(number))
    assert [failure(row) for row in rows] == [number, number]


def test_a_proxy_that_is_not_there(asker: Asker, web: Web) -> None:
    with Web() as gone:
        pass
    ways = (f"127.0.0.1:{gone.port}", "direct")
    refused, direct = asker.rows(f"http://{NAME}:{web.port}/", ways=ways)
    assert (failure(refused), direct["status"]) == (12029, 200)


def test_every_way_takes_its_own_proxy(web: Web) -> None:
    with Web() as machine, Web() as static, Web() as detected, Web() as named:
        servers = (machine, static, detected, named)
        addresses = [f"127.0.0.1:{server.port}" for server in servers]
        asker = Asker(Network({NAME: "127.0.0.1"}, wpad=addresses[2]))
        asker.set_winhttp(addresses[0])
        asker.set_static(addresses[1])
        ways = ("default", "static", "sensor", "detect", addresses[3], "direct")
        url = f"http://{NAME}:{web.port}/"
        found = asker.ask(url, ways=ways)
    assert found["static"] == addresses[1]
    assert [row["outcome"] for row in found["rows"]] == ["answered"] * 6
    assert [row["proxy"] for row in found["rows"]] == ["", addresses[1], addresses[1], *addresses[2:], ""]
    assert [[head.target for head in server.log] for server in servers] == [[url], [url, url], [url], [url]]
    assert [head.target for head in web.log] == ["/"]


@pytest.mark.parametrize("engine", ["powershell", "wsh"])
def test_ways_that_are_not_there(asker: Asker, web: Web, engine: str) -> None:
    found = asker.ask(
        f"http://{NAME}:{web.port}/", ways=("static", "detect", "sensor", "default"), engine=engine
    )
    # Detection without a proxy gives the direct way.
    detected = "answered" if engine == "powershell" else "not_supported"
    assert found["static"] == ""
    assert [row["outcome"] for row in found["rows"]] == ["no_proxy", detected, "answered", "answered"]
    assert [row["proxy"] for row in found["rows"]] == [""] * 4
    assert len(web.log) == (3 if engine == "powershell" else 2)


def test_the_script_host_does_not_detect(web: Web) -> None:
    asker = Asker(Network({NAME: "127.0.0.1"}, wpad=f"127.0.0.1:{web.port}"))
    row = asker.row(f"http://{HIDDEN}/", "detect", engine="wsh")
    assert (row["outcome"], row["proxy"], web.log) == ("not_supported", "", [])


def test_the_sensor_without_a_static_proxy_takes_the_machines(asker: Asker, web: Web, proxy: Proxy) -> None:
    asker.set_winhttp(proxy.server)
    url = f"http://{HIDDEN}:{web.port}/"
    row = asker.row(url, "sensor")
    assert (row["status"], row["proxy"]) == (200, "")
    assert proxy.log == [Access("GET", url, 200)]


def test_the_bypass_list_is_for_the_machines_proxy_only(asker: Asker, web: Web, proxy: Proxy) -> None:
    asker.set_winhttp(proxy.server, "<local>;*.lab.test")
    asker.set_static(proxy.server)
    url = f"http://{NAME}:{web.port}/"
    rows = asker.rows(url, ways=("default", "static", proxy.server))
    assert [row["status"] for row in rows] == [200, 200, 200]
    assert proxy.log == [Access("GET", url, 200)] * 2


def test_loopback_goes_through_no_proxy(asker: Asker, web: Web, proxy: Proxy) -> None:
    asker.set_winhttp(proxy.server, "<-loopback>")
    rows = asker.rows(f"http://localhost:{web.port}/", f"http://127.0.0.1:{web.port}/")
    assert [row["status"] for row in rows] == [200, 200]
    assert len(web.log) == 2
    assert proxy.log == []


def test_detection_that_finds_nothing_does_not_take_the_machines_proxy(
    asker: Asker, web: Web, proxy: Proxy
) -> None:
    asker.set_winhttp(proxy.server)
    row = asker.row(f"http://{NAME}:{web.port}/", "detect")
    assert (row["status"], row["proxy"], proxy.log) == (200, "", [])


def test_a_static_proxy_that_names_no_server(asker: Asker, web: Web) -> None:
    asker.set_static("proxy.lab.test:http")
    row = asker.row(f"http://{NAME}:{web.port}/", "static")
    assert failure(row) == 87
    assert (row["proxy"], web.log) == ("proxy.lab.test:http", [])
