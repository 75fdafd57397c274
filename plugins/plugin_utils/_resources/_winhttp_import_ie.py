# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP's proxy taken over from the WinINet (Internet Explorer) settings of a named source."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .._registry import Query, Registry
from .._settings._bypass_list import BypassList
from .._settings._proxy_list import ProxyList
from .._settings._wininet import WinInetSettings
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State
from ._winhttp_proxy import change_winhttp
from ._winhttp_views import NATIVE, WINHTTP_QUERIES, WOW64, View, WinHttp, netsh
from ._wininet import HIVES, Blob, Connections, is_sid, loaded_sids, queries

_PROFILES = Query(
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList", "ProfileImagePath", recurse=True
)
_SOURCES = ("connection", "system", "machine")


class WinHttpImportIe(Resource):
    """Options source, on_loss, allow_direct and include_32bit of winhttp_import_ie."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        source: str = options["source"]
        if not source.strip() or not source.isprintable():
            raise InvalidOption(
                "source", "it is empty or holds control characters; name a source, a SID or an account"
            )
        self._named = source in _SOURCES
        self._scope: str = source.upper() if is_sid(source) else source
        self._account = not self._named and not is_sid(source)

    def queries(self) -> tuple[Query, ...]:
        if self._named:
            return (*WINHTTP_QUERIES, *queries([self._scope]))
        if self._account:
            return (*WINHTTP_QUERIES, _PROFILES, *queries([], every_hive=True))
        return (*WINHTTP_QUERIES, HIVES, *queries([self._scope]))

    def decode(self, registry: Registry, state: State) -> State:
        scope = self._scope if self._named else self._loaded(registry)
        state = state.with_parts(WinHttp.decode(registry))
        return state.with_wininet({scope: Connections.decode(registry, scope)})

    def _loaded(self, registry: Registry) -> str:
        sids = loaded_sids(registry)
        if self._account:
            self._scope = _sid_of(registry, self.options["source"])
        if self._scope not in sids:
            raise Refused(
                f"source: the registry hive of {self.options['source']} is not loaded (its user is not signed in). "
                f"Loaded are {', '.join(sids)}."
            )
        return self._scope

    def plan(self, state: State) -> Change:
        settings = self._settings(state.wininet[self._scope])
        view = self._view(settings)
        commands = None
        if self._scope == "connection":
            commands = {address: netsh(address, "import proxy source=ie") for address in (NATIVE, WOW64)}
        try:
            change = change_winhttp(state, WinHttp(view, view), self.options["include_32bit"], commands)
        except ValueError as error:
            raise Refused(f"source: the settings of {self._who} can't be given to netsh: {error}") from error
        losses = self._losses(settings)
        return dataclasses.replace(change, warnings=(*losses, *change.warnings))

    @property
    def _who(self) -> str:
        names: dict[str, str] = {
            "connection": "the connecting user",
            "system": "SYSTEM",
            "machine": "the machine",
        }
        source: str = self.options["source"]
        return names.get(source, source)

    def _settings(self, connections: Connections) -> WinInetSettings | None:
        blob: Blob = connections.default
        if connections.error or not blob.readable:
            reason = (
                connections.error
                or f"DefaultConnectionSettings holds {len(blob.raw or b'')} undecodable bytes"
            )
            raise Refused(f"source: the IE settings of {self._who} can't be read: {reason}")
        return blob.settings

    def _view(self, settings: WinInetSettings | None) -> View:
        if settings and settings.manual and settings.proxy:
            if not (settings.proxy + settings.bypass).isascii():
                raise Refused(
                    f"source: the IE proxy of {self._who} is not ASCII, and WinHTTP takes nothing else"
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
        if settings and settings.auto_detect:
            lost.append("automatic detection (WPAD)")
        if not lost:
            return []
        sentence = (
            f"The IE settings of {self._who} use {' and '.join(lost)}, which WinHTTP does not take over"
        )
        if self.options["on_loss"] == "fail":
            raise Refused(f"on_loss: {sentence}. Set on_loss: warn to import the manual proxy alone.")
        return [f"{sentence}."]


def _sid_of(registry: Registry, account: str) -> str:
    """The SID whose profile folder is named like the account (or like account.DOMAIN)."""
    profiles = {
        sid.upper(): values["profileimagepath"].text.rpartition("\\")[2]
        for sid, values in registry.below(_PROFILES.key).items()
        if "profileimagepath" in values
    }
    domain, dummy, user = account.casefold().rpartition("\\")
    wanted = {f"{user}.{domain}"} if domain else {user}
    matches = [sid for sid, folder in profiles.items() if folder.casefold() in wanted]
    if domain and not matches:
        matches = [sid for sid, folder in profiles.items() if folder.casefold() == user]
    if len(matches) == 1:
        return matches[0]
    known = ", ".join(f"{folder} ({sid})" for sid, folder in sorted(profiles.items()))
    raise Refused(f"source: {account} is not an account with a profile on this endpoint. There are: {known}.")
