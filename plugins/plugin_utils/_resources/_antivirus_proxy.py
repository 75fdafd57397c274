# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy of Microsoft Defender Antivirus: three policy values managed as one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .._credentials import shown_bypass, shown_server, shown_url, shown_value
from .._settings._bypass_list import BypassList
from .._settings._errors import InvalidSetting
from .._settings._proxy_url import parse_pac_url, parse_proxy_url, same_proxy_url
from .._windows._registry import Address, Query, Registry, RegistryValue, delete_value, set_value
from ._resource import Change, InvalidOption, Resource
from ._state import State

_KEY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender"
PROXY = Address(_KEY, "ProxyServer")
PAC = Address(_KEY, "ProxyPacUrl")
BYPASS = Address(_KEY, "ProxyBypass")
# One for the key and not one for each value: that is shorter, and there are few others.
ANTIVIRUS_QUERIES = (Query(_KEY),)


@dataclass(frozen=True)
class Antivirus:
    """The three values as they stand, type included; None where one is absent."""

    name: ClassVar[str] = "antivirus"

    proxy: RegistryValue | None
    pac: RegistryValue | None
    bypass: RegistryValue | None

    @classmethod
    def decode(cls, registry: Registry) -> Antivirus:
        return cls(registry.value(PROXY), registry.value(PAC), registry.value(BYPASS))

    def report(self, raw: bool) -> dict[str, Any]:
        bypass = self.bypass
        return {
            "proxy_server": _text(PROXY, self.proxy),
            "proxy_pac_url": _text(PAC, self.pac),
            "proxy_bypass": shown_bypass(bypass.text) if bypass and _usable(bypass) else _text(BYPASS, bypass),
            "effective": self.effective(),
        }

    def effective(self) -> dict[str, Any]:
        """Which setting the antivirus is expected to use.

        The order is that of the policy's own description: ProxyServer, ProxyPacUrl, none, the settings of Internet
        Explorer, detection.
        """
        if self.proxy and _usable(self.proxy):
            why = "ProxyServer is the first in the antivirus' order."
            if self.pac:
                why += " ProxyPacUrl is set too, and comes after it."
            return _verdict("static", shown_server(self.proxy.text), PROXY.name, why)
        if self.pac and _usable(self.pac):
            why = "There is no ProxyServer, and ProxyPacUrl is next."
            return _verdict("pac", shown_url(self.pac.text), PAC.name, why)
        unusable = [address.name for address, value in ((PROXY, self.proxy), (PAC, self.pac)) if value]
        why = f"{' and '.join(unusable)} can't be used, since it is no filled REG_SZ. " if unusable else ""
        why += (
            "Without a proxy of its own the antivirus goes on to no proxy, the settings of Internet Explorer and "
            "detection; whose settings these are is not documented."
        )
        return _verdict("inherited", None, "nothing", why)


def _verdict(method: str, proxy: str | None, set_by: str, why: str) -> dict[str, Any]:
    by = f"the policy value {set_by}" if proxy else set_by
    return {"method": method, "proxy": proxy, "set_by": by, "why": why}


def _usable(value: RegistryValue) -> bool:
    return value.type == "REG_SZ" and bool(value.text)


def _text(address: Address, value: RegistryValue | None) -> str | None:
    if value is None:
        return None
    if value.type != "REG_SZ":
        return shown_value(address.name, value.type, value.data)
    return shown_server(value.text) if address is PROXY else shown_url(value.text)


class AntivirusProxy(Resource):
    """Options state, proxy, pac_url and bypass of antivirus_proxy."""

    name = "antivirus_proxy"
    kinds = (Antivirus,)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        given = [name for name in ("proxy", "pac_url", "bypass") if options[name] is not None]
        if options["state"] == "absent" and any(options[name] for name in given):
            raise InvalidOption(
                "state", f"it is absent, which removes all of it; leave {given[0]} out, or set state: present"
            )
        if options["state"] == "present" and not {"proxy", "pac_url"} & set(given):
            raise InvalidOption(
                "proxy",
                "it is missing, and it or pac_url is required when state is present, as in "
                "http://proxy.example.com:8080; only state: absent removes a proxy",
            )
        self._proxy = self._pac = self._bypass = None
        option = "proxy"
        try:
            if options["state"] == "present" and options["proxy"] is not None:
                self._proxy = parse_proxy_url(options["proxy"])
            option = "pac_url"
            if options["state"] == "present" and options["pac_url"] is not None:
                self._pac = parse_pac_url(options["pac_url"])
            option = "bypass"
            if options["bypass"] is not None:
                self._bypass = BypassList.from_user(options["bypass"])
        except InvalidSetting as error:
            raise InvalidOption(option, str(error)) from error

    def queries(self) -> tuple[Query, ...]:
        return ANTIVIRUS_QUERIES

    def decode(self, registry: Registry, state: State) -> State:
        return state.with_parts(Antivirus.decode(registry))

    def plan(self, state: State) -> Change:
        before = state.part(Antivirus)
        after = self._desired(before)
        pairs = (
            (PROXY, before.proxy, after.proxy),
            (PAC, before.pac, after.pac),
            (BYPASS, before.bypass, after.bypass),
        )
        writes = tuple(
            set_value(address, new) if new else delete_value(address)
            for address, old, new in pairs
            if new != old
        )
        return Change(state.with_parts(after), writes)

    def _desired(self, before: Antivirus) -> Antivirus:
        if self.options["state"] == "absent":
            return Antivirus(None, None, None)
        proxy = None if self._proxy is None else RegistryValue("REG_SZ", self._proxy)
        if proxy and before.proxy and _usable(before.proxy) and same_proxy_url(before.proxy.text, proxy.text):
            proxy = before.proxy
        pac = None if self._pac is None else RegistryValue("REG_SZ", self._pac)
        return Antivirus(proxy, pac, self._bypassed(before.bypass))

    def _bypassed(self, before: RegistryValue | None) -> RegistryValue | None:
        if self._bypass is None:
            return before
        if not self._bypass.entries:
            return None
        if before and _usable(before) and BypassList.parse(before.text) == self._bypass:
            return before
        return RegistryValue("REG_SZ", str(self._bypass))
