# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy values of the sensor's static proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .._credentials import shown_number, shown_server, shown_value
from .._windows._registry import Address, Query, Registry, RegistryValue

_DATA_COLLECTION = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\DataCollection"
_SENSOR_POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Advanced Threat Protection"
SERVER = Address(_DATA_COLLECTION, "TelemetryProxyServer")
DISABLE_AUTH = Address(_DATA_COLLECTION, "DisableEnterpriseAuthProxy")
PREFER_STATIC = Address(_SENSOR_POLICY, "PreferStaticProxyForHttpRequest")

DATACOLLECTION_QUERIES = tuple(Query(a.key, a.name) for a in (SERVER, DISABLE_AUTH, PREFER_STATIC))


@dataclass(frozen=True)
class DataCollection:
    """The three values as they stand, type included; None where one is absent."""

    name: ClassVar[str] = "datacollection"

    server: RegistryValue | None
    disable_auth: RegistryValue | None
    prefer_static: RegistryValue | None

    @classmethod
    def decode(cls, registry: Registry) -> DataCollection:
        return cls(registry.value(SERVER), registry.value(DISABLE_AUTH), registry.value(PREFER_STATIC))

    @property
    def proxy(self) -> str | None:
        """The static proxy that the sensor can read: only a REG_SZ counts."""
        return self.server.text if self.server and self.server.type == "REG_SZ" and self.server.text else None

    @property
    def prefers_static(self) -> bool:
        """Whether the sensor is told to prefer its static proxy: a REG_DWORD of 1."""
        value = self.prefer_static
        return value is not None and value.type == "REG_DWORD" and value.number == 1

    def report(self, raw: bool) -> dict[str, Any]:
        return {
            "telemetry_proxy_server": _report(SERVER, self.server, "REG_SZ"),
            "disable_enterprise_auth_proxy": _report(DISABLE_AUTH, self.disable_auth, "REG_DWORD"),
            "prefer_static_proxy": _report(PREFER_STATIC, self.prefer_static, "REG_DWORD"),
        }


def _report(address: Address, value: RegistryValue | None, type_: str) -> str | int | bool | None:
    if value is None:
        return None
    if value.type != type_:
        return shown_value(address.name, value.type, value.data)
    if value.number is None:
        return shown_server(value.text)
    return bool(value.number) if value.number in (0, 1) else shown_number(value.number)
