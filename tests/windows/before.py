# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be changed on the machine, as it was: kept at first, put back at the end, and compared."""

from __future__ import annotations

from tests.integration.modules.contract import LAB, MACHINE, POLICIES, WIDE
from tests.integration.site import (
    ANTIVIRUS,
    ANTIVIRUS_VALUES,
    CONNECTIONS,
    DATA_COLLECTION,
    SENSOR_POLICY,
    SETTINGS,
    WINHTTP,
)
from tests.windows.remote import RemoteEndpoint

SYSTEM_LAB = r"HKU\S-1-5-18\Software\Lab"
# Keys that only these tests have.
OURS = ((LAB, 64), (WIDE, 64), (WIDE, 32), (POLICIES, 64), (SYSTEM_LAB, 64))
_HIVES = ("HKLM", "HKCU", r"HKU\S-1-5-18", r"HKU\S-1-5-19", r"HKU\S-1-5-20")
_KEYS = (DATA_COLLECTION, SENSOR_POLICY, ANTIVIRUS, WINHTTP, *(rf"{hive}\{SETTINGS}" for hive in _HIVES))
_PLACES = (
    *((MACHINE, "WinHttpSettings", view) for view in (64, 32)),
    *((DATA_COLLECTION, name, 64) for name in ("TelemetryProxyServer", "DisableEnterpriseAuthProxy")),
    *((ANTIVIRUS, name, 64) for name in ANTIVIRUS_VALUES),
    (SENSOR_POLICY, "PreferStaticProxyForHttpRequest", 64),
    (WINHTTP, "DisableWpad", 64),
    *(
        (rf"{hive}\{SETTINGS}\Connections", name, 64)
        for hive in _HIVES
        for name in ("DefaultConnectionSettings", "SavedLegacySettings")
    ),
    *(
        (rf"{hive}\{SETTINGS}", name, 64)
        for hive in _HIVES
        for name in ("AutoDetect", "ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL")
    ),
)


class NotRestored(Exception):
    """Something is otherwise than it was before the run; the message says what."""


class Before:
    """What the machine held when this was made."""

    def __init__(self, remote: RemoteEndpoint) -> None:
        self._remote = remote
        self.values = {place: remote.value(*place) for place in _PLACES}
        self._exports = self._export()

    def _export(self) -> dict[str, bytes]:
        """What reg.exe prints of each key, values alone and in both views: bytes, which are compared as such."""
        keys = [*_KEYS, CONNECTIONS, *(rf"{hive}\{SETTINGS}\Connections" for hive in _HIVES[1:])]
        return {
            f"{key} /reg:{view}": self._remote.run(f'reg query "{key}" /reg:{view} 2>nul').stdout
            for key in keys
            for view in (64, 32)
        }

    def restore(self) -> None:
        """Put back what differs; raises NotRestored when the machine then still is otherwise."""
        self._remote.delete_keys(*OURS)
        for place, value in self.values.items():
            if self._remote.value(*place) == value:
                continue
            if value is None:
                self._remote.delete_value(*place)
            else:
                self._remote.set_value(*place[:2], *value, place[2])
        after = self._export()
        other = [key for key, export in self._exports.items() if not _same(export, after[key])]
        other += [f"{key} is still there" for key, view in OURS if self._remote.key_exists(key, view)]
        if other:
            raise NotRestored(f"not as it was before: {'; '.join(other)}")


def _same(before: bytes, after: bytes) -> bool:
    """Whether two lists of values are the same; a key that has become empty says no more than one that is missing."""
    return sorted(_rows(before)) == sorted(_rows(after))


def _rows(export: bytes) -> list[bytes]:
    return [line for line in export.split(b"\r\n") if b"    REG_" in line]
