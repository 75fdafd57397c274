# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's WinHTTP proxy in its two registry views, and the netsh commands that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from .._credentials import are_bypassed, are_proxies, shown_blob, shown_bypass, shown_proxies
from .._settings._bypass_list import BypassList
from .._settings._errors import UnreadableValue
from .._settings._proxy_list import ProxyList
from .._settings._winhttp import WinHttpSettings
from .._windows._endpoint import Command, quoted
from .._windows._registry import Address, Query, Registry, Write

_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"
NATIVE = Address(_KEY, "WinHttpSettings", 64)
WOW64 = Address(_KEY, "WinHttpSettings", 32)
WINHTTP_QUERIES = tuple(Query(address.key, address.name, address.view) for address in (NATIVE, WOW64))

# 64-bit netsh writes the 64-bit view only; 32-bit programs read the other one (facts: Windows 7 x64).
_NETSH = {64: "netsh", 32: "%SystemRoot%\\SysWOW64\\netsh.exe"}


@dataclass(frozen=True)
class View:
    """One view: no proxy list means direct access; raw is what the registry holds."""

    proxy: ProxyList | None
    bypass: BypassList
    readable: bool = True
    raw: bytes | None = field(default=None, compare=False)

    @classmethod
    def decode(cls, registry: Registry, address: Address) -> View:
        value = registry.value(address)
        if value is None:
            return cls(None, BypassList(()))
        try:
            settings = WinHttpSettings.decode(value.data if value.type == "REG_BINARY" else b"")
        except UnreadableValue:
            return cls(None, BypassList(()), readable=False, raw=value.data)
        if settings.direct:
            return cls(None, BypassList(()), raw=value.data)
        return cls(ProxyList(settings.proxy), BypassList.parse(settings.bypass), raw=value.data)

    def report(self, raw: bool) -> dict[str, Any]:
        return {
            "direct": self.proxy is None if self.readable else None,
            "proxy": shown_proxies(self.proxy.text) if self.proxy else None,
            "bypass": shown_bypass(str(self.bypass)) if self.readable else None,
            "readable": self.readable,
            "raw": shown_blob(self.raw) if raw or not self.readable else None,
        }


@dataclass(frozen=True)
class WinHttp:
    """What 64-bit and what 32-bit programs see. On a 32-bit Windows both are the same value."""

    name: ClassVar[str] = "winhttp"

    native: View
    wow64: View

    @classmethod
    def decode(cls, registry: Registry) -> WinHttp:
        return cls(View.decode(registry, NATIVE), View.decode(registry, WOW64))

    def report(self, raw: bool) -> dict[str, Any]:
        return {"native": self.native.report(raw), "wow64": self.wow64.report(raw)}


def netsh(address: Address, arguments: str) -> Command:
    """A netsh winhttp command for the view of an address."""
    return Command(f"{_NETSH[address.view]} winhttp {arguments}")


def set_view(address: Address, view: View) -> Command:
    """The command that makes a view what it should be; raises ValueError when no command line can say it."""
    if view.proxy is None:
        return netsh(address, "reset proxy")
    if not are_proxies(view.proxy.text) or not are_bypassed(str(view.bypass)):
        raise ValueError("it may hold credentials, and a command line is seen by others")
    bypass = f" bypass-list={quoted(str(view.bypass))}" if view.bypass.entries else ""
    return netsh(address, f"set proxy proxy-server={quoted(view.proxy.text)}{bypass}")


@dataclass(frozen=True)
class ViewWrite(Write):
    """A netsh command, which is free in how it puts the setting into bytes: its meaning has to be held."""

    view: View = field(kw_only=True)

    @property
    def exact(self) -> bool:
        return False

    def held(self, registry: Registry) -> bool:
        return View.decode(registry, self.address) == self.view
