# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be changed on the machine, as it was: kept at first, put back at the end, and compared."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.modules.contract import LAB, MACHINE, POLICIES, WIDE
from tests.integration.site import (
    ANTIVIRUS,
    ANTIVIRUS_VALUES,
    DATA_COLLECTION,
    SENSOR_POLICY,
    SETTINGS,
    WINHTTP,
)
from tests.windows.remote import RemoteEndpoint

SYSTEM_LAB = r"HKU\S-1-5-18\Software\Lab"
# Keys that only these tests have.
OURS = ((LAB, 64), (WIDE, 64), (WIDE, 32), (POLICIES, 64), (SYSTEM_LAB, 64))
# Where the machine keeps what it exported at first, until the end.
KEPT = r"%TEMP%\mde.connectivity.before"
_HIVES = ("HKLM", "HKCU", r"HKU\S-1-5-18", r"HKU\S-1-5-19", r"HKU\S-1-5-20")
# Keys with all below them. Of Internet Settings the values alone: what lies below changes by itself.
_WHOLE = (DATA_COLLECTION, SENSOR_POLICY, ANTIVIRUS, WINHTTP, *(rf"{hive}\{SETTINGS}\Connections" for hive in _HIVES))
_KEYS = tuple(
    (key, view)
    for key in (*_WHOLE, *(rf"{hive}\{SETTINGS}" for hive in _HIVES))
    # Elsewhere there is one view.
    for view in ((64, 32) if key.startswith("HKLM") and "Policies" not in key else (64,))
)
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


Place = tuple[str, int]


class NotRestored(Exception):
    """Something is otherwise than it was before the run; the message says what."""


class Before:
    """What the machine held when this was made.

    Whether it does again is said by reg.exe on the machine, past the modules and past what puts values back: it exports
    the keys to files, whose bytes are compared there, and lists them. The list decides, since a file has an order;
    where bytes differ and the list does not, the key is in `moved`. Where it exports nothing, there is the list alone.
    """

    def __init__(self, remote: RemoteEndpoint) -> None:
        self._remote = remote
        self.values = remote.values(_PLACES)
        self.lists = self._list()
        whole = [place for place in _KEYS if place[0] in _WHOLE and self.lists[place] is not None]
        self.moved: set[Place] = set()
        self.exported = self._succeed(whole, lambda place: _export(place, "reg"))

    def _list(self) -> dict[Place, bytes | None]:
        """What reg.exe prints of each key; None where there is none."""
        asked = zip(_KEYS, self._remote.batch([f"reg query {_named(place)}" for place in _KEYS]), strict=True)
        return {place: done.stdout if done.rc == 0 else None for place, done in asked}

    def _succeed(self, places: list[Place], command: Callable[[Place], str]) -> set[Place]:
        """For which of the places its command ends with exit code 0."""
        ended = self._remote.batch([command(place) for place in places])
        return {place for place, done in zip(places, ended, strict=True) if done.rc == 0}

    def _same_bytes(self) -> set[Place]:
        """The keys whose export is the same file as before."""
        return self._succeed(
            sorted(self.exported),
            lambda place: f"{_export(place, 'now')}&fc /b {_file(place, 'reg')} {_file(place, 'now')} >nul",
        )

    def restore(self) -> None:
        """Put back what differs; raises NotRestored when the machine then still is otherwise."""
        self._remote.delete_keys(*OURS)
        held = self._remote.values(list(self.values))
        self._remote.put({place: value for place, value in self.values.items() if held[place] != value})
        absent = [place for place, listed in self.lists.items() if listed is None]
        now = zip(absent, self._remote.batch([f"reg query {_named(place)}" for place in absent]), strict=True)
        self._remote.delete_keys(*(place for place, done in now if done.rc == 0 and not _holds(place, done.stdout)))
        try:
            self._compare()
        finally:
            files = [_file(place, suffix) for place in self.exported for suffix in ("reg", "now")]
            self._remote.batch([f"del {file} 2>nul" for file in files])

    def _compare(self) -> None:
        now = self._list()
        other = [place for place in _KEYS if not _same(self.lists[place], now[place])]
        # A value that was deleted and put back is the last one of its key in a file, and no other value for that.
        self.moved = self.exported - self._same_bytes() - set(other)
        left = self._succeed(list(OURS), lambda place: f"reg query {_named(place)} >nul")
        said = [f"{key} /reg:{view}" for key, view in other]
        said += [f"{key} is still there" for key, _view in sorted(left)]
        if said:
            raise NotRestored(f"not as it was before: {'; '.join(said)}")


def _export(place: Place, suffix: str) -> str:
    key, view = place
    return f'reg export "{key}" {_file(place, suffix)} /y /reg:{view} >nul'


def _file(place: Place, suffix: str) -> str:
    return f"{KEPT}.{_KEYS.index(place)}.{suffix}"


def _named(place: Place) -> str:
    key, view = place
    return f'"{key}" {"/s " if key in _WHOLE else ""}/reg:{view}'


def _holds(place: Place, listed: bytes) -> bool:
    """Whether a key that is listed has values or other keys in it."""
    own = place[0].partition("\\")[2].lower().encode()
    return any(line.strip() and not line.rstrip().lower().endswith(own) for line in listed.split(b"\n"))


def _same(before: bytes | None, after: bytes | None) -> bool:
    """Whether two lists show the same keys with the same values, in whichever order."""
    if before is None or after is None:
        return before is after
    return _sections(before) == _sections(after)


def _sections(listed: bytes) -> list[list[bytes]]:
    return sorted(sorted(section.split(b"\n")) for section in listed.split(b"\n\n"))
