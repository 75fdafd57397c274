# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic proxy detection (WPAD) for accounts and for the machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .._settings._errors import shown
from .._settings._wininet import WinInetSettings
from .._windows._registry import Query, Registry, RegistryValue, Unreadable, Write, delete_value, set_value
from .._windows._registry_file import put_back
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State
from ._wininet import (
    HIVES,
    NAMED_SCOPES,
    Blob,
    Connections,
    Place,
    is_sid,
    loaded_sids,
    loaded_users,
    queries,
)
from ._wpad_switches import DISABLE_WPAD, WPAD_QUERIES, WpadSwitches

_ON, _OFF = RegistryValue("REG_DWORD", "0x1"), RegistryValue("REG_DWORD", "0x0")
_DIRECT, _MANUAL, _SCRIPT, _DETECT = 0x1, 0x2, 0x4, 0x8


class Wpad(Resource):
    """Options state, scope and manual_settings of wpad."""

    name = "wpad"
    kinds = (WpadSwitches,)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._asked = tuple(
            dict.fromkeys(name.upper() if is_sid(name) else name for name in map(str.strip, options["scope"]))
        )
        wrong = [
            name for name in self._asked if name not in (*NAMED_SCOPES, "all_users") and not is_sid(name)
        ]
        if wrong or not self._asked:
            what = f"{shown(wrong[0])} is no scope" if wrong else "the list is empty"
            raise InvalidOption("scope", f"{what}; use {', '.join(NAMED_SCOPES)}, all_users or a SID")
        self._enabled = options["state"] == "enabled"
        self._clears = self._enabled and options["manual_settings"] == "clear"

    def queries(self) -> tuple[Query, ...]:
        hives = (HIVES,) if any(name == "all_users" or is_sid(name) for name in self._asked) else ()
        return (*WPAD_QUERIES, *hives, *queries(name for name in self._asked if name != "all_users"))

    def follow_up(self, registry: Registry) -> tuple[Query, ...]:
        return queries(loaded_users(registry)) if "all_users" in self._asked else ()

    def decode(self, registry: Registry, state: State) -> State:
        scopes = {scope: Connections.decode(registry, scope) for scope in self._scopes(registry)}
        return state.with_parts(WpadSwitches.decode(registry)).with_wininet(scopes, of=self.name)

    def _scopes(self, registry: Registry) -> list[str]:
        scopes: list[str] = []
        for name in self._asked:
            if is_sid(name) and name not in loaded_sids(registry):
                loaded = ", ".join(loaded_sids(registry))
                raise Refused(f"scope: the registry hive of {name} is not loaded. Loaded are {loaded}.")
            scopes += self._people(registry) if name == "all_users" else [name]
        return list(dict.fromkeys(scopes))

    def _people(self, registry: Registry) -> list[str]:
        """Those that were signed in when the hives were listed, and still are."""
        return [sid for sid in loaded_users(registry) if registry.asked(Place(sid).default)]

    def plan(self, state: State) -> Change:
        writes: list[Write] = []
        scopes, switches = state.scopes[self.name], state.part(WpadSwitches)
        wininet = {scope: self._plan_scope(writes, scope, state.wininet[scope]) for scope in scopes}
        if self._enabled and switches.disable_wpad:
            writes.append(set_value(DISABLE_WPAD, _OFF))
            switches = dataclasses.replace(switches, disable_wpad=False)
        warnings = tuple(
            f"Automatic detection is on but has no effect: {defect}."
            for defect in (switches.defects(scopes) if self._enabled else [])
        )
        replaced = tuple(
            f"A WinINet value of {scope} could not be decoded and is replaced; the snapshot has its bytes where they "
            "can hold no credentials."
            for scope in scopes
            if not (state.wininet[scope].default.readable and state.wininet[scope].saved.readable)
        )
        after = state.with_parts(switches).with_wininet(wininet)
        beside = tuple(self._beside(scope, state.wininet[scope], wininet[scope]) for scope in scopes)
        return Change(after, tuple(writes), (*replaced, *filter(None, beside), *warnings))

    def _beside(self, scope: str, before: Connections, after: Connections) -> str:
        """Why a scope is changed whose detection is as asked for already; empty where nothing needs to be said."""
        pairs = (
            ("AutoDetect", before.auto_detect, after.auto_detect),
            ("SavedLegacySettings", before.saved, after.saved),
        )
        changed = [name for name, old, new in pairs if old != new]
        if not changed or before.default != after.default:
            return ""
        does = "already has" if self._enabled else "has no"
        verb = "does not say so" if len(changed) == 1 else "do not say so"
        return (
            f"{scope} {does} automatic detection in DefaultConnectionSettings, but {' and '.join(changed)} beside it "
            f"{verb}. Which of them Windows follows is not documented, so all are written."
        )

    def _plan_scope(self, writes: list[Write], scope: str, before: Connections) -> Connections:
        if before.error:
            raise Unreadable(
                f"scope: the settings of {scope} can't be read, so nothing was changed: {before.error}"
            )
        if self._enabled and before.other_way and self.options["manual_settings"] == "fail":
            raise Refused(
                f"manual_settings: {scope} has a manual proxy or a setup script on, which automatic detection would "
                "compete with. Move it to WinHTTP first (mde.connectivity.winhttp_import_ie or "
                "mde.connectivity.winhttp_proxy; a script with mde.connectivity.winhttp_advproxy, for the antivirus "
                "with mde.connectivity.antivirus_proxy) and set manual_settings: clear, or keep it with "
                "manual_settings: keep."
            )
        if before.beside and not before.saved.settings and not self._clears:
            raise Refused(
                f"scope: {scope} has a proxy in ProxyEnable or AutoConfigURL, but no DefaultConnectionSettings to keep "
                "it in. Windows makes that value when the account next uses these settings."
            )
        place = Place(scope)
        after = dataclasses.replace(before, default=self._blob(before.default, before.saved))
        after = dataclasses.replace(after, saved=self._blob(before.saved, after.default))
        for address, old, new in (
            (place.default, before.default, after.default),
            (place.saved, before.saved, after.saved),
        ):
            if new != old:
                write = put_back(address, RegistryValue("REG_BINARY", (new.raw or b"").hex()))
                writes.append(dataclasses.replace(write, meaning=new.meaning))
        number = _ON if self._enabled else _OFF
        if before.auto_detect != number:
            writes.append(set_value(place.auto_detect, number))
            after = dataclasses.replace(after, auto_detect=number)
        return self._clear(writes, place, after)

    def _clear(self, writes: list[Write], place: Place, before: Connections) -> Connections:
        if not self._clears:
            return before
        after = before
        if before.proxy_enable is not None and before.proxy_enable.number != 0:
            writes.append(set_value(place.proxy_enable, _OFF))
            after = dataclasses.replace(after, proxy_enable=_OFF)
        if before.auto_config_url is not None:
            writes.append(delete_value(place.auto_config_url))
            after = dataclasses.replace(after, auto_config_url=None)
        return after

    def _blob(self, blob: Blob, model: Blob) -> Blob:
        """The blob as it should be; one that is absent or unreadable begins as the model, or empty."""
        settings = blob.settings or model.settings
        if settings is None:
            return Blob.of(WinInetSettings.empty(_DIRECT).with_flags(_DETECT if self._enabled else 0, 0))
        clear = 0 if self._enabled else _DETECT
        if self._clears:
            clear = _MANUAL | _SCRIPT
        wanted = (settings.flags | (_DETECT if self._enabled else 0)) & ~clear
        if wanted != settings.flags:
            return Blob.of(settings.with_flags(_DETECT if self._enabled else 0, clear))
        return blob if blob.settings else Blob.of(settings)
