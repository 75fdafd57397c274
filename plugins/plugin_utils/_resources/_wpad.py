# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic proxy detection (WPAD) for accounts and for the machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .._endpoint import Command
from .._registry import Address, Query, Registry, RegistryValue, delete_value, set_value
from .._settings._wininet import WinInetSettings
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State
from ._wininet import NAMED_SCOPES, Blob, Connections, Place, is_sid, loaded_sids, loaded_users, queries
from ._wpad_switches import DISABLE_WPAD, WPAD_QUERIES, WpadSwitches

_DIRECT, _MANUAL, _SCRIPT, _DETECT = 0x1, 0x2, 0x4, 0x8


class Wpad(Resource):
    """Options state, scope and manual_settings of wpad."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._asked = tuple(
            dict.fromkeys(name.upper() if is_sid(name) else name for name in options["scope"])
        )
        wrong = [
            name for name in self._asked if name not in (*NAMED_SCOPES, "all_users") and not is_sid(name)
        ]
        if wrong or not self._asked:
            what = f"{wrong[0][:80]!r} is no scope" if wrong else "the list is empty"
            raise InvalidOption("scope", f"{what}; use {', '.join(NAMED_SCOPES)}, all_users or a SID")
        self._enabled = options["state"] == "enabled"
        self._users = any(name == "all_users" or is_sid(name) for name in self._asked)

    def queries(self) -> tuple[Query, ...]:
        return (*WPAD_QUERIES, *queries(self._asked, every_hive=self._users))

    def decode(self, registry: Registry, state: State) -> State:
        scopes = {scope: Connections.decode(registry, scope) for scope in self._scopes(registry)}
        return state.with_parts(WpadSwitches.decode(registry)).with_wininet(scopes)

    def _scopes(self, registry: Registry) -> list[str]:
        scopes: list[str] = []
        for name in self._asked:
            if is_sid(name) and name not in loaded_sids(registry):
                loaded = ", ".join(loaded_sids(registry))
                raise Refused(f"scope: the registry hive of {name} is not loaded. Loaded are {loaded}.")
            scopes += loaded_users(registry) if name == "all_users" else [name]
        self._decoded = tuple(dict.fromkeys(scopes))
        return list(self._decoded)

    def plan(self, state: State) -> Change:
        edit, switches = _Edit(), state.part(WpadSwitches)
        wininet = {scope: self._plan_scope(edit, scope, state.wininet[scope]) for scope in self._decoded}
        if self._enabled and switches.disable_wpad:
            edit.set(DISABLE_WPAD, "REG_DWORD", "0")
            switches = dataclasses.replace(switches, disable_wpad=False)
        warnings = [
            f"Automatic detection is on but has no effect: {defect}."
            for defect in (switches.defects(self._decoded) if self._enabled else [])
        ]
        after = state.with_parts(switches).with_wininet(wininet)
        return Change(after, tuple(edit.commands), tuple(edit.touched), tuple(warnings))

    def _plan_scope(self, edit: _Edit, scope: str, before: Connections) -> Connections:
        if before.error:
            raise Refused(
                f"scope: the settings of {scope} can't be read, so nothing was changed: {before.error}"
            )
        place, after = Place(scope), before
        settings = before.default.settings
        other_way = settings is not None and (settings.manual or settings.pac)
        if self._enabled and other_way and self.options["manual_settings"] == "fail":
            raise Refused(
                f"manual_settings: {scope} has a manual proxy or a setup script on, which automatic detection would "
                "compete with. Move it to WinHTTP first (mde.connectivity.winhttp_import_ie or "
                "mde.connectivity.winhttp_proxy) and set manual_settings: clear, or keep it with manual_settings: keep."
            )
        after = dataclasses.replace(after, default=self._blob(before.default, before.default))
        after = dataclasses.replace(after, saved=self._blob(before.saved, after.default))
        for address, old, new in (
            (place.default, before.default, after.default),
            (place.saved, before.saved, after.saved),
        ):
            if new != old:
                edit.set(address, "REG_BINARY", (new.raw or b"").hex())
        number = RegistryValue("REG_DWORD", "0x1" if self._enabled else "0x0")
        if before.auto_detect != number:
            edit.set(place.auto_detect, number.type, number.text)
            after = dataclasses.replace(after, auto_detect=number)
        return self._clear(edit, place, after)

    def _clear(self, edit: _Edit, place: Place, before: Connections) -> Connections:
        if not (self._enabled and self.options["manual_settings"] == "clear"):
            return before
        after = before
        if before.proxy_enable is not None and before.proxy_enable.number != 0:
            edit.set(place.proxy_enable, "REG_DWORD", "0x0")
            after = dataclasses.replace(after, proxy_enable=RegistryValue("REG_DWORD", "0x0"))
        if before.auto_config_url is not None:
            edit.delete(place.auto_config_url)
            after = dataclasses.replace(after, auto_config_url=None)
        return after

    def _blob(self, blob: Blob, model: Blob) -> Blob:
        """The blob as it should be; one that is absent or unreadable begins as the model, or empty."""
        settings = blob.settings or model.settings
        if settings is None:
            return Blob.of(WinInetSettings.empty(_DIRECT | (_DETECT if self._enabled else 0)))
        clear = 0 if self._enabled else _DETECT
        if self._enabled and self.options["manual_settings"] == "clear":
            clear = _MANUAL | _SCRIPT
        wanted = (settings.flags | (_DETECT if self._enabled else 0)) & ~clear
        if wanted != settings.flags:
            return Blob.of(settings.with_flags(_DETECT if self._enabled else 0, clear))
        return blob if blob.settings else Blob.of(settings)


class _Edit:
    """Commands and the addresses that they touch, in step."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.touched: list[Address] = []

    def set(self, address: Address, type_: str, data: str) -> None:
        self.commands.append(set_value(address, type_, data))
        self.touched.append(address)

    def delete(self, address: Address) -> None:
        self.commands.append(delete_value(address))
        self.touched.append(address)
