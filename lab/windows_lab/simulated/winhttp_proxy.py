# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy WinHTTP takes for a URL: the machine's settings, the proxy list and the bypass list."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from windows_lab.simulated.blobs import WinHttp, unpack_winhttp
from windows_lab.simulated.registry import Registry
from windows_lab.simulated.winhttp_errors import INVALID_PARAMETER, WinHttpError

PORTS = {"http": 80, "https": 443}
_CONNECTIONS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
_DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
_SEPARATORS = re.compile(r"[;\s]+")
_SERVER = re.compile(r"(?:[a-z]+://)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?/?", re.IGNORECASE)
LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


@dataclass(frozen=True)
class Server:
    """Where a connection is made to."""

    host: str
    port: int


def preconfig(registry: Registry) -> WinHttp:
    """What `netsh winhttp` left for 64-bit programs; nothing, or what winhttp.dll cannot read, is direct."""
    value = registry.value(registry.locate(_CONNECTIONS), "WinHttpSettings")
    return unpack_winhttp(value.data) if value is not None and value.type == "REG_BINARY" else WinHttp()


def telemetry_proxy(registry: Registry) -> str:
    """TelemetryProxyServer as the probe reads it: a REG_SZ up to its end, or nothing."""
    value = registry.value(registry.locate(_DATA_COLLECTION), "TelemetryProxyServer")
    if value is None or value.type != "REG_SZ":
        return ""
    return value.data.decode("utf-16-le", "replace").partition("\0")[0]


def proxy_for(settings: WinHttp, scheme: str, host: str) -> Server | None:
    """The proxy for a URL, None for the direct way; raises WinHttpError for an item that names no server."""
    if _is_loopback(host) or _bypassed(settings.bypass, host):
        return None
    items = [item for item in _SEPARATORS.split(settings.proxy) if item]
    # Only the first proxy for a scheme is tried, and a bare one serves the schemes that have none of their own.
    own = (
        server
        for name, equals, server in (item.partition("=") for item in items)
        if name.lower() == scheme and equals
    )
    bare = (item for item in items if "=" not in item)
    server = next(own, None) or next(bare, None)
    return None if server is None else _server(server, PORTS[scheme])


def _server(text: str, default_port: int) -> Server:
    match = _SERVER.fullmatch(text)
    port = int(match[2] or default_port) if match else 0
    if match is None or not 0 < port < 65536:
        # [INF] Wine's tests want 87 of WinHttpOpen for a proxy that is none; nothing says what SetProxy does.
        raise WinHttpError(INVALID_PARAMETER)
    return Server(match[1], port)


def _is_loopback(host: str) -> bool:
    # [OBS] Whatever the lists say: Server 2016 never sends localhost and 127.0.0.1 through a proxy.
    if host.lower() in {"localhost", "[::1]"}:
        return True
    try:
        return ipaddress.IPv4Address(host) in LOOPBACK
    except ValueError:
        return False


def _bypassed(bypass: str, host: str) -> bool:
    return any(_covers(item.lower(), host.lower()) for item in _SEPARATORS.split(bypass) if item)


def _covers(item: str, host: str) -> bool:
    if item == "<local>":
        return "." not in host
    # A wildcard counts at the left end only, and `*.a.b` is not `a.b`.
    return host.endswith(item[1:]) if item.startswith("*") else host == item
