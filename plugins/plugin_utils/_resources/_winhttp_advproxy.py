# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP's advanced proxy, as netsh winhttp set advproxy sets it; where Windows keeps it is not documented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from .._credentials import harmless, shown_bypass, shown_proxies, shown_url
from .._settings._bypass_list import BypassList
from .._settings._errors import InvalidSetting
from .._settings._proxy_list import ProxyList
from .._settings._proxy_url import parse_pac_url
from .._windows._endpoint import Command, Completed
from .._windows._registry import Address, Query, Registry, RegistryValue, Unreadable, Write
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State

# It stands beside the values of the registry under a name of its own, as one text of JSON.
ADVANCED = Address("netsh winhttp", "advproxy")
_KEYS = ("Proxy", "ProxyBypass", "AutoconfigUrl", "AutoDetect")
# What switches a text off that is still stored.
_SWITCHES = {"Proxy": "proxyisenabled", "ProxyBypass": "proxyisenabled", "AutoconfigUrl": "autoconfigisenabled"}
_EFFECT = (
    "Programs that use WinHTTP's advanced settings take this. Whether the sensor does, and whether it comes before the "
    "proxy of netsh winhttp set proxy, is not documented: mde.connectivity.reachability shows what is reached."
)


class AdvancedQuery(Query):
    """netsh winhttp show advproxy, whose answer holds JSON between words of any language."""

    def command(self) -> Command:
        return Command("netsh winhttp show advproxy")

    def answer(self, completed: Completed) -> dict[str, RegistryValue]:
        start, end = completed.stdout.find("{"), completed.stdout.rfind("}")
        if completed.rc or start < 0 or end < start:
            # An older netsh does not know the command.
            return {}
        try:
            content = json.loads(completed.stdout[start : end + 1])
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            return {ADVANCED.name: RegistryValue("REG_NONE", "")}
        return {ADVANCED.name: RegistryValue("REG_SZ", _text(content))}


ADVANCED_QUERY = AdvancedQuery(ADVANCED.key, ADVANCED.name)


def _text(content: Mapping[str, Any]) -> str:
    """The four settings as one text; a key may be missing or be written in another case, and a blank is nothing."""
    found = {name.casefold(): value for name, value in content.items()}
    settings: dict[str, str | bool] = {"AutoDetect": found.get("autodetect") is True}
    for name, switch in _SWITCHES.items():
        value = found.get(name.casefold())
        settings[name] = value.strip() if isinstance(value, str) and found.get(switch) is not False else ""
    return json.dumps({name: settings[name] for name in _KEYS}, separators=(",", ":"))


@dataclass(frozen=True)
class AdvancedProxy:
    """The four settings; supported is False where this Windows does not know them."""

    name: ClassVar[str] = "advproxy"

    proxy: ProxyList | None = None
    bypass: BypassList = BypassList(())
    pac_url: str = ""
    auto_detect: bool = False
    supported: bool = True

    @classmethod
    def decode(cls, registry: Registry) -> AdvancedProxy:
        value = registry.value(ADVANCED)
        if value is None:
            return cls(supported=False)
        if value.type != "REG_SZ":
            raise Unreadable("netsh winhttp show advproxy answers with no settings that can be read.")
        found = json.loads(value.text)
        proxy = ProxyList(found["Proxy"]) if found["Proxy"] else None
        return cls(proxy, BypassList.parse(found["ProxyBypass"]), found["AutoconfigUrl"], found["AutoDetect"])

    @property
    def is_set(self) -> bool:
        return bool(self.proxy or self.pac_url or self.auto_detect)

    @property
    def text(self) -> str:
        """The settings as netsh takes them."""
        proxy = self.proxy.text if self.proxy else ""
        content = dict(zip(_KEYS, (proxy, str(self.bypass), self.pac_url, self.auto_detect), strict=True))
        return json.dumps(content, separators=(",", ":"))

    def report(self, raw: bool) -> dict[str, Any]:
        return {
            "supported": self.supported,
            "proxy": shown_proxies(self.proxy.text) if self.proxy else None,
            "bypass": shown_bypass(str(self.bypass)),
            "pac_url": shown_url(self.pac_url) if self.pac_url else None,
            "auto_detect": self.auto_detect,
            "effect": _EFFECT if self.is_set else "",
        }


@dataclass(frozen=True)
class _AdvancedWrite(Write):
    """A command of netsh, which is free in how it stores the settings: their meaning has to be held."""

    wanted: AdvancedProxy = AdvancedProxy()

    @property
    def exact(self) -> bool:
        return False

    def held(self, registry: Registry) -> bool:
        return AdvancedProxy.decode(registry) == self.wanted

    def undo(self, value: RegistryValue | None) -> Write | None:
        return None if value is None else _write(value.text, AdvancedProxy())


def _write(text: str, wanted: AdvancedProxy) -> Write:
    # The C runtime takes a quote after a backslash as it is, and cmd.exe sees names and texts between quotes.
    settings = text.replace('"', '\\"')
    line = f"netsh winhttp set advproxy setting-scope=machine settings={settings}"
    return _AdvancedWrite(
        address=ADVANCED, command=Command(line), value=RegistryValue("REG_SZ", text), wanted=wanted
    )


class WinHttpAdvProxy(Resource):
    """Options state, proxy, bypass, pac_url and auto_detect of winhttp_advproxy."""

    name = "winhttp_advproxy"
    kinds = (AdvancedProxy,)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        given = [name for name in ("proxy", "bypass", "pac_url", "auto_detect") if options[name] is not None]
        if options["state"] == "absent" and any(options[name] for name in given):
            raise InvalidOption(
                "state", f"it is absent, which removes all of it; leave {given[0]} out, or set state: present"
            )
        if options["state"] == "present" and not {"proxy", "pac_url"} & set(given) and not options["auto_detect"]:
            raise InvalidOption(
                "proxy",
                "it is missing, and it, pac_url or auto_detect: true is required when state is present, as in "
                "proxy.example.com:8080; only state: absent removes a proxy",
            )
        self._wanted = AdvancedProxy()
        if options["state"] == "present":
            self._wanted = _read(options)

    def queries(self) -> tuple[Query, ...]:
        return (ADVANCED_QUERY,)

    def decode(self, registry: Registry, state: State) -> State:
        return state.with_parts(AdvancedProxy.decode(registry))

    def plan(self, state: State) -> Change:
        before = state.part(AdvancedProxy)
        if not before.supported:
            if self.options["state"] == "absent":
                return Change(state)
            raise Refused(
                "This Windows has no advanced proxy of WinHTTP: its netsh does not know set advproxy, which Windows 11 "
                "and Windows Server 2022 brought. Use mde.connectivity.winhttp_proxy."
            )
        wanted = self._wanted
        if self._keeps_bypass:
            wanted = replace(wanted, bypass=before.bypass)
        if wanted == before or not (wanted.is_set or before.is_set):
            return Change(state)
        for part in (before, wanted):
            if not harmless(ADVANCED.name, "REG_SZ", f"{part.text}\0".encode("utf-16-le")):
                raise Refused(
                    "The advanced proxy on the endpoint is more than servers, hosts and a URL. It may hold "
                    "credentials, so no command line could put it back. Clear it on the endpoint."
                )
        return Change(state.with_parts(wanted), (_write(wanted.text, wanted),))

    @property
    def _keeps_bypass(self) -> bool:
        return self.options["bypass"] is None and self._wanted.proxy is not None


def _read(options: Mapping[str, Any]) -> AdvancedProxy:
    option = "proxy"
    try:
        proxy = None if options["proxy"] is None else ProxyList.from_user(options["proxy"])
        if proxy and "socks" in proxy.text.casefold():
            raise InvalidSetting("The advanced proxy of WinHTTP knows no SOCKS.")
        option = "bypass"
        bypass = BypassList.from_user(options["bypass"] or [])
        option = "pac_url"
        pac_url = "" if options["pac_url"] is None else parse_pac_url(options["pac_url"])
    except InvalidSetting as error:
        raise InvalidOption(option, str(error)) from error
    return AdvancedProxy(proxy, bypass, pac_url, bool(options["auto_detect"]))
