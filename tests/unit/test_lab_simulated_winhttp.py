# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated WinHTTP finds its proxy as Windows does, resolves nothing but the lab's names, and knows a name."""

from __future__ import annotations

import pytest
from windows_lab.network.loopback import OutsideLoopback
from windows_lab.profiles import PROFILES
from windows_lab.simulated.blobs import WinHttp, pack_winhttp
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.registry import Node, Registry, Value
from windows_lab.simulated.seed import USER_SID, sz
from windows_lab.simulated.winhttp_errors import WinHttpError
from windows_lab.simulated.winhttp_proxy import Server, preconfig, proxy_for, telemetry_proxy
from windows_lab.simulated.winhttp_wire import resolve

CONNECTIONS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
PROXY = "proxy.lab.test:3128"


def registry(key: str, name: str, kind: str, data: bytes, view: int = 64) -> Registry:
    made = Registry(Node.empty(""), USER_SID)
    made.set(made.locate(key, view), Value(name, kind, data))
    return made


@pytest.mark.parametrize(
    ("proxies", "scheme", "expected"),
    [
        ("", "https", None),
        (PROXY, "https", Server("proxy.lab.test", 3128)),
        (PROXY, "http", Server("proxy.lab.test", 3128)),
        (f"http://{PROXY}/", "https", Server("proxy.lab.test", 3128)),
        ("http=a:1;https=b:2", "http", Server("a", 1)),
        ("http=a:1;https=b:2", "https", Server("b", 2)),
        ("HTTPS=b:2 http=a:1", "https", Server("b", 2)),
        ("http=a:1 other:3", "https", Server("other", 3)),
        ("other:3;https=b:2", "https", Server("b", 2)),
        ("other:3;https=b:2", "http", Server("other", 3)),
        ("http=a:1", "https", None),
        ("socks=s:1", "https", None),
        ("a:1;b:2", "https", Server("a", 1)),
        ("a", "http", Server("a", 80)),
        ("a", "https", Server("a", 443)),
        ("[::1]:8080", "https", Server("[::1]", 8080)),
    ],
)
def test_the_proxy_list(proxies: str, scheme: str, expected: Server | None) -> None:
    assert proxy_for(WinHttp(proxies), scheme, "crl.microsoft.com") == expected


@pytest.mark.parametrize("proxies", ["a:0", "a:65536", "a:b", "a:1:2", ":1", "@", "a@b:1"])
def test_an_item_that_is_no_server(proxies: str) -> None:
    with pytest.raises(WinHttpError) as caught:
        proxy_for(WinHttp(proxies), "https", "crl.microsoft.com")
    assert caught.value.hresult == 0x80070057


@pytest.mark.parametrize(
    ("bypass", "host", "direct"),
    [
        ("", "crl.microsoft.com", False),
        ("", "short", False),
        ("<local>", "short", True),
        ("<LOCAL>", "short", True),
        ("<local>", "crl.microsoft.com", False),
        ("*.microsoft.com", "crl.microsoft.com", True),
        ("*.microsoft.com", "a.b.Microsoft.com", True),
        ("*.MICROSOFT.com", "crl.microsoft.com", True),
        ("*.microsoft.com", "microsoft.com", False),
        ("*.microsoft.com", "notmicrosoft.com", False),
        ("CRL.microsoft.com", "crl.microsoft.com", True),
        ("crl.microsoft.com", "a.crl.microsoft.com", False),
        ("crl.*", "crl.microsoft.com", False),
        ("a.test; b.test\tc.test", "c.test", True),
        ("<-loopback>", "localhost", True),
        ("<-loopback>", "127.0.0.1", True),
        ("", "LOCALHOST", True),
        ("", "127.1.2.3", True),
        ("", "[::1]", True),
        ("", "126.0.0.1", False),
    ],
)
def test_the_bypass_list(bypass: str, host: str, direct: bool) -> None:
    assert (proxy_for(WinHttp(PROXY, bypass), "https", host) is None) is direct


@pytest.mark.parametrize("header", [0x18, 0x28])
def test_preconfig_reads_both_headers(header: int) -> None:
    settings = WinHttp(PROXY, "<local>;*.lab.test")
    data = pack_winhttp(settings, header)
    assert preconfig(registry(CONNECTIONS, "WinHttpSettings", "REG_BINARY", data)) == settings


def test_preconfig_is_direct_where_nothing_says_otherwise() -> None:
    data = pack_winhttp(WinHttp(PROXY), 0x18)
    unnamed = data[:8] + b"\x01" + data[9:]
    assert preconfig(registry(CONNECTIONS, "WinHttpSettings", "REG_BINARY", unnamed)) == WinHttp()
    assert preconfig(registry(CONNECTIONS, "WinHttpSettings", "REG_SZ", data)) == WinHttp()
    assert preconfig(registry(CONNECTIONS, "WinHttpSettings", "REG_BINARY", data[:10])) == WinHttp()
    assert preconfig(registry(CONNECTIONS, "Other", "REG_BINARY", data)) == WinHttp()
    assert preconfig(registry(CONNECTIONS, "WinHttpSettings", "REG_BINARY", data, view=32)) == WinHttp()


@pytest.mark.parametrize("profile", ["clean", "blob28"])
def test_preconfig_is_what_netsh_wrote(profile: str) -> None:
    endpoint = SimulatedEndpoint("w1", PROFILES[profile])
    endpoint.run(f'netsh winhttp set proxy {PROXY} "<local>"')
    found = endpoint.value(CONNECTIONS, "WinHttpSettings")
    assert found is not None
    assert preconfig(registry(CONNECTIONS, "WinHttpSettings", *found)) == WinHttp(PROXY, "<local>")


def test_the_static_proxy() -> None:
    name = "TelemetryProxyServer"
    assert telemetry_proxy(registry(DATA_COLLECTION, name, "REG_SZ", sz(PROXY))) == PROXY
    assert telemetry_proxy(registry(DATA_COLLECTION, name, "REG_SZ", sz(PROXY)[:-2])) == PROXY
    assert telemetry_proxy(registry(DATA_COLLECTION, name, "REG_SZ", sz(""))) == ""
    assert telemetry_proxy(registry(DATA_COLLECTION, name, "REG_EXPAND_SZ", sz(PROXY))) == ""
    assert telemetry_proxy(registry(DATA_COLLECTION, "Other", "REG_SZ", sz(PROXY))) == ""


def test_names_of_the_lab() -> None:
    hosts = {"crl.microsoft.com": "127.0.0.9"}
    assert resolve(hosts, "CRL.Microsoft.com") == "127.0.0.9"
    assert resolve(hosts, "localhost") == "127.0.0.1"
    assert resolve(hosts, "127.3.2.1") == "127.3.2.1"


@pytest.mark.parametrize("host", ["www.microsoft.com", "198.51.100.7", "[::1]", "0.0.0.0", "127.1"])
def test_nothing_else_resolves(host: str) -> None:
    with pytest.raises(WinHttpError) as caught:
        resolve({"crl.microsoft.com": "127.0.0.9"}, host)
    assert caught.value.number == 12007


@pytest.mark.parametrize("address", ["198.51.100.7", "::1", "0.0.0.0", "www.microsoft.com"])
def test_a_name_that_leads_out_of_the_lab(address: str) -> None:
    with pytest.raises(OutsideLoopback, match=r"crl\.microsoft\.com"):
        resolve({"crl.microsoft.com": address}, "crl.microsoft.com")
