# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's switches that would defeat automatic proxy detection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .._windows._registry import Address, Query, Registry
from ._windows import start_type

_INTERNET_SETTINGS = "Microsoft\\Windows\\CurrentVersion\\Internet Settings"
DISABLE_WPAD = Address(f"HKLM\\SOFTWARE\\{_INTERNET_SETTINGS}\\WinHttp", "DisableWpad")
_DISABLE_WPAD_POLICY = Address(f"HKLM\\SOFTWARE\\Policies\\{_INTERNET_SETTINGS}\\WinHttp", "DisableWpad")
_PER_USER = Address(f"HKLM\\SOFTWARE\\Policies\\{_INTERNET_SETTINGS}", "ProxySettingsPerUser")
_SERVICE = Address("HKLM\\SYSTEM\\CurrentControlSet\\Services\\WinHttpAutoProxySvc", "Start")

WPAD_QUERIES = tuple(
    Query(address.key, address.name) for address in (DISABLE_WPAD, _DISABLE_WPAD_POLICY, _PER_USER, _SERVICE)
)


@dataclass(frozen=True)
class WpadSwitches:
    """WinHTTP's switch and its twin below Policies, the service, and whether proxy settings are per user."""

    name: ClassVar[str] = "wpad"

    disable_wpad: bool
    disable_wpad_policy: bool
    service_start: str | None
    per_user: bool

    @classmethod
    def decode(cls, registry: Registry) -> WpadSwitches:
        return cls(
            _number(registry, DISABLE_WPAD) not in (None, 0),
            _number(registry, _DISABLE_WPAD_POLICY) not in (None, 0),
            start_type(registry, _SERVICE),
            _number(registry, _PER_USER) != 0,
        )

    def report(self, raw: bool) -> dict[str, Any]:
        return {
            "disable_wpad": self.disable_wpad,
            "disable_wpad_policy": self.disable_wpad_policy,
            "service_start": self.service_start,
            "per_user": self.per_user,
        }

    def defects(self, scopes: tuple[str, ...]) -> list[str]:
        """What still defeats detection for these scopes and is not ours to change, a sentence each."""
        found = []
        if self.disable_wpad_policy:
            found.append("DisableWpad is set below Policies, so WinHTTP does not use automatic detection")
        if self.service_start == "disabled":
            found.append(
                "the service WinHttpAutoProxySvc is disabled, and without it services can't auto-detect"
            )
        if not self.per_user and "machine" not in scopes:
            found.append(
                "ProxySettingsPerUser is 0, so the machine's settings count and not those of an account: "
                "add machine to scope"
            )
        return found


def _number(registry: Registry, address: Address) -> int | None:
    value = registry.value(address)
    return value.number if value else None
