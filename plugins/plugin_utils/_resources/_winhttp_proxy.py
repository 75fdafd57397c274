# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's WinHTTP proxy, as netsh winhttp sets it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from .._settings._bypass_list import BypassList
from .._settings._errors import InvalidSetting
from .._settings._proxy_list import ProxyList
from .._windows._endpoint import Command
from .._windows._registry import Query, Registry, Unreadable
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State
from ._winhttp_advproxy import ADVANCED_QUERY, AdvancedProxy
from ._winhttp_views import NATIVE, WINHTTP_QUERIES, WOW64, View, ViewWrite, WinHttp, set_view


@dataclasses.dataclass(frozen=True)
class Remaining:
    """What stays when the proxy is removed: the advanced one, which netsh winhttp reset proxy leaves alone."""

    name: ClassVar[str] = "advproxy"

    warnings: tuple[str, ...]

    @classmethod
    def decode(cls, registry: Registry) -> Remaining:
        try:
            if not AdvancedProxy.decode(registry).is_set:
                return cls(())
            stays = "An advanced proxy of WinHTTP (netsh winhttp set advproxy) stays behind"
        except Unreadable:
            stays = "An advanced proxy of WinHTTP (netsh winhttp set advproxy) may stay behind, and can't be read"
        return cls((f"{stays}: mde.connectivity.winhttp_advproxy with state: absent removes it.",))

    def report(self, raw: bool) -> dict[str, Any]:
        return {}


class WinHttpProxy(Resource):
    """Options state, proxy, bypass and include_32bit of winhttp_proxy."""

    name = "winhttp_proxy"
    kinds = (WinHttp,)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        if options["state"] == "present" and options["proxy"] is None:
            raise InvalidOption(
                "proxy",
                "it is missing, and required when state is present, as in proxy.example.com:8080; only "
                "state: absent removes a proxy",
            )
        if options["state"] == "absent" and options["proxy"]:
            raise InvalidOption(
                "state", "it is absent, which removes the proxy; leave proxy out, or set state: present"
            )
        self._proxy = self._bypass = None
        option = "proxy"
        try:
            if options["state"] == "present":
                self._proxy = ProxyList.from_user(options["proxy"])
            option = "bypass"
            if options["bypass"] is not None:
                self._bypass = BypassList.from_user(options["bypass"])
        except InvalidSetting as error:
            raise InvalidOption(option, str(error)) from error

    def queries(self) -> tuple[Query, ...]:
        return WINHTTP_QUERIES if self._proxy else (*WINHTTP_QUERIES, ADVANCED_QUERY)

    def decode(self, registry: Registry, state: State) -> State:
        state = state.with_parts(WinHttp.decode(registry))
        return state if self._proxy else state.with_parts(Remaining.decode(registry))

    def plan(self, state: State) -> Change:
        before = state.part(WinHttp)
        desired = WinHttp(self._desired(before.native), self._desired(before.wow64))
        change = change_winhttp(state, desired, self.options["include_32bit"])
        if self._proxy is None:
            remaining = state.parts.get(Remaining)
            stays = remaining.warnings if isinstance(remaining, Remaining) else ()
            return dataclasses.replace(change, warnings=(*stays, *change.warnings))
        if not change.writes or not self._proxy.without_port:
            return change
        server = self._proxy.without_port[0]
        warning = (
            f"proxy: {server} has no port, so which one is used depends on the protocol of each request. "
            f"Write {server}:8080, or the port that the proxy has."
        )
        return dataclasses.replace(change, warnings=(warning, *change.warnings))

    def _desired(self, view: View) -> View:
        if self._proxy is None:
            return View(None, BypassList(()))
        return View(self._proxy, view.bypass if self._bypass is None else self._bypass)


def change_winhttp(
    state: State, desired: WinHttp, include_32bit: bool, native: Command | None = None
) -> Change:
    """Plan both views; native replaces the netsh line that would write the 64-bit one."""
    before = after = state.part(WinHttp)
    writes = []
    for address, name in ((NATIVE, "native"), (WOW64, "wow64")):
        view: View = getattr(desired, name)
        if view == getattr(before, name) or (address is WOW64 and not include_32bit):
            continue
        after = dataclasses.replace(after, **{name: view})
        try:
            command = native if native and address is NATIVE else set_view(address, view)
        except ValueError as error:
            raise Refused(f"bypass: the list on the endpoint can't be kept ({error}); give one") from None
        meaning = f"{view.proxy} {view.bypass}".casefold()
        writes.append(ViewWrite(address, command, None, meaning, view=view))
    return Change(state.with_parts(after), tuple(writes), tuple(_warnings(before, after)))


def _warnings(before: WinHttp, after: WinHttp) -> list[str]:
    warnings = []
    if after.native != after.wow64:
        warnings.append(
            "The 32-bit view of the WinHTTP proxy differs from the 64-bit one: 32-bit programs use another proxy."
        )
    if after.native != before.native and after.native.bypass.unsupported:
        warnings.append(
            "WinHTTP is not documented to honour these bypass entries: "
            f"{', '.join(after.native.bypass.unsupported)}. A wildcard has to be the first character."
        )
    if after.native.proxy and after.native != before.native and not after.native.bypass.entries:
        warnings.append(
            "The WinHTTP proxy has no bypass list, so WinHTTP programs of this machine (Windows' own WinRM client is "
            "one) use it for internal hosts too."
        )
    return warnings
