# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinINet (Internet Explorer) proxy settings of an account or of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._credentials import shown_blob, shown_bypass, shown_number, shown_proxies, shown_url, shown_value
from .._settings._errors import UnreadableValue
from .._settings._wininet import WinInetSettings
from .._windows._registry import Address, Query, Registry, RegistryValue, Unreadable, is_user_sid

_SYSTEM = "S-1-5-18"
SETTINGS = "Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings"
_ROOTS = {
    "system": f"HKU\\{_SYSTEM}",
    "local_service": "HKU\\S-1-5-19",
    "network_service": "HKU\\S-1-5-20",
    "machine": "HKLM",
    "connection": "HKCU",
}
_SID = re.compile(r"S-1-[0-9]+(?:-[0-9]+)+", re.IGNORECASE)

HIVES = Query("HKU")
# In one command, but a person can write text into his hive that imitates the answer for another one's. So this is
# for reports; what decides about a write asks for each hive by itself.
EVERY_USER = (Query(f"HKU\\*\\{SETTINGS}\\Connections"), Query(f"HKU\\*\\{SETTINGS}"))
NAMED_SCOPES = tuple(_ROOTS)


def is_sid(text: str) -> bool:
    return _SID.fullmatch(text) is not None


@dataclass(frozen=True)
class Blob:
    """One binary value: absent (no raw), unreadable (raw, no settings) or decoded."""

    raw: bytes | None
    settings: WinInetSettings | None

    @classmethod
    def decode(cls, value: RegistryValue | None) -> Blob:
        if value is None:
            return cls(None, None)
        try:
            return cls(value.data, WinInetSettings.decode(value.data if value.type == "REG_BINARY" else b""))
        except UnreadableValue:
            return cls(value.data, None)

    @classmethod
    def of(cls, settings: WinInetSettings) -> Blob:
        return cls(settings.encode(), settings)

    @property
    def other_way(self) -> bool:
        """Whether a manual proxy or a setup script is on."""
        return self.settings is not None and (self.settings.manual or self.settings.pac)

    @property
    def meaning(self) -> str:
        """What makes two values the same setting: not the counter, and not what Windows last detected."""
        found = self.settings
        return str((found.flags, found.proxy, found.bypass, found.auto_config_url)) if found else ""

    @property
    def readable(self) -> bool:
        return self.raw is None or self.settings is not None


@dataclass(frozen=True)
class Connections:
    """DefaultConnectionSettings, SavedLegacySettings and the values beside them, of one scope.

    error says why the scope could not be read at all.
    """

    default: Blob = Blob(None, None)
    saved: Blob = Blob(None, None)
    auto_detect: RegistryValue | None = None
    proxy_enable: RegistryValue | None = None
    auto_config_url: RegistryValue | None = None
    error: str | None = None

    @classmethod
    def decode(cls, registry: Registry, scope: str) -> Connections:
        place = Place(scope)
        try:
            return cls(
                Blob.decode(registry.value(place.default)),
                Blob.decode(registry.value(place.saved)),
                registry.value(place.auto_detect),
                registry.value(place.proxy_enable),
                registry.value(place.auto_config_url),
            )
        except Unreadable as error:
            return cls(error=str(error))

    @classmethod
    def default_of(cls, registry: Registry, scope: str) -> Connections:
        """The settings with nothing but DefaultConnectionSettings in them, for which one key is enough."""
        try:
            return cls(Blob.decode(registry.value(Place(scope).default)))
        except Unreadable as error:
            return cls(error=str(error))

    @property
    def beside(self) -> bool:
        """Whether a proxy or a script stands only in the values beside, of which WinINet will make the blob."""
        enabled = self.proxy_enable is not None and self.proxy_enable.number == 1
        return self.default.settings is None and (enabled or self.auto_config_url is not None)

    @property
    def other_way(self) -> bool:
        """Whether a manual proxy or a setup script is on."""
        return self.beside or self.default.other_way or self.saved.other_way

    def report(self, raw: bool) -> dict[str, Any]:
        """The shape of endpoint_info; what is absent or can't be read is None."""
        settings = self.default.settings
        return {
            "auto_detect": settings.auto_detect if settings else None,
            "auto_config_url": shown_url(settings.auto_config_url) if settings and settings.pac else None,
            "proxy_enabled": settings.manual if settings else None,
            "proxy": shown_proxies(settings.proxy) if settings and settings.proxy else None,
            "bypass": shown_bypass(settings.bypass) if settings else None,
            "counter": settings.counter if settings else None,
            "readable": self.default.readable and self.error is None,
            "raw": shown_blob(self.default.raw) if raw or not self.default.readable else None,
            "saved_legacy_settings": _flags_report(self.saved),
            "auto_detect_value": _value_report("AutoDetect", self.auto_detect),
            "proxy_enable_value": _value_report("ProxyEnable", self.proxy_enable),
            "auto_config_url_value": _script_report(self.auto_config_url),
        }


def _flags_report(blob: Blob) -> dict[str, Any] | None:
    if blob.raw is None:
        return None
    settings = blob.settings
    return {
        "auto_detect": settings.auto_detect if settings else None,
        "proxy_enabled": settings.manual if settings else None,
        "script_enabled": settings.pac if settings else None,
        "counter": settings.counter if settings else None,
        "readable": blob.readable,
    }


def _value_report(name: str, value: RegistryValue | None) -> int | str | None:
    if value is None:
        return None
    return shown_value(name, value.type, value.data) if value.number is None else shown_number(value.number)


def _script_report(value: RegistryValue | None) -> str | None:
    return None if value is None else shown_url(value.text)


class Place:
    """The addresses of one scope: system, local_service, network_service, machine, connection or a SID."""

    def __init__(self, scope: str) -> None:
        self.settings = f"{_ROOTS.get(scope, f'HKU{chr(92)}{scope}')}\\{SETTINGS}"
        self.default = Address(f"{self.settings}\\Connections", "DefaultConnectionSettings")
        self.saved = Address(f"{self.settings}\\Connections", "SavedLegacySettings")
        self.auto_detect = Address(self.settings, "AutoDetect")
        self.proxy_enable = Address(self.settings, "ProxyEnable")
        self.auto_config_url = Address(self.settings, "AutoConfigURL")

    def queries(self) -> tuple[Query, ...]:
        return (Query(self.default.key), Query(self.settings))


def queries(scopes: Iterable[str]) -> tuple[Query, ...]:
    """What to read for these scopes."""
    return tuple(query for scope in scopes for query in Place(scope).queries())


def loaded_sids(registry: Registry) -> list[str]:
    """The SIDs of all loaded hives, service accounts included, in order; raises Unreadable without SYSTEM's."""
    found = sorted(name.upper() for name in registry.below("HKU") if is_sid(name))
    if _SYSTEM not in found:
        raise Unreadable(
            "The list of the loaded registry hives (HKU) is not whole: SYSTEM's is not among them."
        )
    return found


def loaded_users(registry: Registry) -> list[str]:
    """The SIDs of the loaded hives that belong to people."""
    return [sid for sid in loaded_sids(registry) if is_user_sid(sid)]
