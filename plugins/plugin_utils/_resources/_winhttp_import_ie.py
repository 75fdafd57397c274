# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP's proxy taken over from the WinINet (Internet Explorer) settings of a named source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .._credentials import are_bypassed, are_proxies, shown_name
from .._settings._bypass_list import BypassList
from .._settings._errors import shown
from .._settings._proxy_list import ProxyList
from .._settings._wininet import WinInetSettings
from .._windows._registry import Query, Registry, Unreadable, is_user_sid
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State
from ._winhttp_proxy import change_winhttp
from ._winhttp_views import NATIVE, WINHTTP_QUERIES, View, WinHttp, netsh
from ._wininet import HIVES, Connections, is_sid, loaded_sids, queries
from ._wpad_switches import WPAD_QUERIES, WpadSwitches

_PROFILES = Query(
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList", "ProfileImagePath", recurse=True
)
_SOURCES = ("connection", "system", "machine")
_SYSTEM = "the account SYSTEM is written system"
# What people write for a source, in small letters.
_SPELLINGS = {
    **{name: f"write {name}" for name in _SOURCES},
    **dict.fromkeys(("system", "localsystem", "local system", "nt authority\\system"), _SYSTEM),
    "ie": "netsh's source=ie is the user who connects, which is written connection",
    "hklm": "the settings that all users share are written machine",
    "hkcu": "the user who connects is written connection",
}


_WAYS_OUT = (
    "mde.connectivity.winhttp_advproxy sets a script or detection for WinHTTP, and mde.connectivity.antivirus_proxy a "
    "script for the antivirus."
)


class WinHttpImportIe(Resource):
    """Options source, on_loss, allow_direct and include_32bit of winhttp_import_ie."""

    name = "winhttp_import_ie"
    kinds = (WinHttp,)
    needs_option = False
    # Whether another resource clears the manual proxy of the source once it has been imported.
    moves: bool = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        source: str = options["source"]
        if not source or not source.isprintable() or "@" in source:
            raise InvalidOption(
                "source", f"it is none of {', '.join(_SOURCES)}, no SID and no account (name or DOMAIN\\name)"
            )
        if source not in _SOURCES and source.lower() in _SPELLINGS:
            raise InvalidOption(
                "source", f"{shown(source)} is no account with a profile; {_SPELLINGS[source.lower()]}"
            )
        self._account = source not in _SOURCES and not is_sid(source)
        self._scope = source.upper() if is_sid(source) else source

    def queries(self) -> tuple[Query, ...]:
        if self._account:
            return (*WINHTTP_QUERIES, HIVES, _PROFILES)
        if self._scope == "connection":
            return (*WINHTTP_QUERIES, *WPAD_QUERIES, *queries(["connection", "machine"]))
        return (*WINHTTP_QUERIES, HIVES, *queries([self._scope]))

    def follow_up(self, registry: Registry) -> tuple[Query, ...]:
        return queries([_sid_of(registry, self._scope)]) if self._account else ()

    def decode(self, registry: Registry, state: State) -> State:
        scope = _sid_of(registry, self._scope) if self._account else self._scope
        if is_sid(scope) and scope not in loaded_sids(registry):
            raise Refused(
                f"source: the registry hive of {self._scope} is not loaded (its user is not signed in). "
                f"Loaded are {', '.join(loaded_sids(registry))}."
            )
        if scope == "connection" and not WpadSwitches.decode(registry).per_user:
            # With ProxySettingsPerUser 0 WinINet gives every user, and so netsh, the settings of the machine.
            scope = "machine"
        state = state.with_parts(WinHttp.decode(registry))
        return state.with_wininet({scope: Connections.decode(registry, scope)}, of=self.name)

    def plan(self, state: State) -> Change:
        (scope,) = state.scopes[self.name]
        settings = self._settings(state.wininet[scope])
        native = state.part(WinHttp).native
        if (
            self.moves
            and scope in state.scopes.get("wpad", ())
            and not (settings and settings.manual)
            and native.proxy
        ):
            kept = f"The IE settings of {self._who} have no manual proxy (any more); WinHTTP keeps the one that it has."
            change = change_winhttp(state, WinHttp(native, native), self.options["include_32bit"])
            return dataclasses.replace(change, warnings=(kept, *change.warnings))
        view = self._view(settings)
        losses = self._losses(settings)
        # 32-bit netsh would look into its own view of HKLM for the settings of the machine, so it is told what to set.
        command = netsh(NATIVE, "import proxy source=ie") if self._scope == "connection" else None
        change = change_winhttp(state, WinHttp(view, view), self.options["include_32bit"], command)
        return dataclasses.replace(change, warnings=(*losses, *change.warnings))

    @property
    def _who(self) -> str:
        names = {"connection": "the connecting user", "system": "SYSTEM", "machine": "the machine"}
        return names.get(self._scope, self._scope)

    def _settings(self, connections: Connections) -> WinInetSettings | None:
        blob = connections.default
        if connections.error:
            raise Unreadable(f"source: the IE settings of {self._who} can't be read: {connections.error}")
        if not blob.readable:
            raise Refused(
                f"source: the IE settings of {self._who} can't be read: DefaultConnectionSettings holds "
                f"{len(blob.raw or b'')} bytes that make no sense"
            )
        if blob.settings is None and connections.other_way:
            raise Refused(
                f"source: {self._who} has a proxy in ProxyEnable or AutoConfigURL but no DefaultConnectionSettings. "
                "Windows makes that value when the account next uses these settings; what an import gives until then "
                "can't be told."
            )
        return blob.settings

    def _view(self, settings: WinInetSettings | None) -> View:
        if settings and settings.manual and settings.proxy:
            if not are_proxies(settings.proxy) or not are_bypassed(settings.bypass):
                raise Refused(
                    f"source: the IE proxy of {self._who} is more than a list of servers and hosts: it may hold "
                    "credentials, and WinHTTP is not given such"
                )
            return View(ProxyList(settings.proxy), BypassList.parse(settings.bypass))
        if not self.options["allow_direct"]:
            raise Refused(
                f"source: {self._who} has no manual proxy in the IE settings, so importing them would leave WinHTTP "
                "without a proxy. Set allow_direct: true if that is meant."
            )
        return View(None, BypassList(()))

    def _losses(self, settings: WinInetSettings | None) -> list[str]:
        lost = []
        if settings and settings.pac:
            lost.append("a setup script (PAC)")
        if settings is None or settings.auto_detect:
            lost.append("automatic detection (WPAD)")
        if not lost:
            return []
        sentence = (
            f"The IE settings of {self._who} use {' and '.join(lost)}, which WinHTTP does not take over"
        )
        if self.options["on_loss"] == "fail":
            raise Refused(f"on_loss: {sentence}. Set on_loss: warn to import the manual proxy alone. {_WAYS_OUT}")
        return [f"{sentence}. {_WAYS_OUT}"]


def _sid_of(registry: Registry, account: str) -> str:
    """The SID whose profile folder is named like the account (or like account.DOMAIN)."""
    profiles = {
        sid.upper(): values["profileimagepath"].text.rpartition("\\")[2]
        for sid, values in registry.below(_PROFILES.key).items()
        if is_user_sid(sid) and "profileimagepath" in values
    }
    domain, dummy, user = account.casefold().rpartition("\\")
    wanted = f"{user}.{domain}" if domain else user
    matches = [sid for sid, folder in profiles.items() if folder.casefold() == wanted]
    if len(matches) == 1:
        return matches[0]
    known = ", ".join(f"{shown_name(folder)} ({sid})" for sid, folder in sorted(profiles.items()))
    raise Refused(
        f"source: {account} can't be told from the profile folders of this endpoint (a folder names its domain only "
        f"where two accounts share a name); give the folder's name or the SID. There are: {known}."
    )
