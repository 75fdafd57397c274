# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a snapshot, put back byte for byte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .._credentials import harmless, withheld
from .._windows._registry import Address, Query, Registry, RegistryValue
from .._windows._registry_file import put_back
from ._antivirus_proxy import BYPASS, PAC, PROXY
from ._datacollection_values import DISABLE_AUTH, PREFER_STATIC, SERVER
from ._endpoint_info import MachineInfo, verdict
from ._resource import Change, InvalidOption, Refused, Resource
from ._state import State
from ._winhttp_views import NATIVE, WOW64
from ._wininet import SETTINGS
from ._wpad_switches import DISABLE_WPAD

_FIXED = (NATIVE, WOW64, SERVER, DISABLE_AUTH, PREFER_STATIC, DISABLE_WPAD, PROXY, PAC, BYPASS)
_HIVE = r"(?:HKLM|HKCU|HKU\\S-1-[0-9-]+)"
_WININET = re.compile(
    rf"{_HIVE}\\{re.escape(SETTINGS)}(?:\\Connections\\(?:DefaultConnectionSettings|SavedLegacySettings)"
    r"|\\(?:AutoDetect|ProxyEnable|AutoConfigURL))",
    re.IGNORECASE,
)
_TYPE = re.compile(r"REG_(?:SZ|EXPAND_SZ|MULTI_SZ|DWORD|QWORD|BINARY|NONE)")
_OPTION = "restore"


class ChangedSince(Refused):
    """A value holds neither what was there before a change, nor what the change left."""


@dataclass(frozen=True)
class Stored:
    """The registry that was read, for what is restored is bytes and not settings."""

    name: ClassVar[str] = "values"

    registry: Registry
    addresses: tuple[Address, ...]

    def report(self, raw: bool) -> dict[str, Any]:
        return {str(address): _shown(address, self.registry.value(address)) for address in self.addresses}


class Restore(Resource):
    """Options snapshot, written and force.

    snapshot is what a result or a record of evidence holds under that name; written, where it is known, what the
    change left, and then an endpoint that holds anything else is refused without force.
    """

    name = "restore"
    kinds = (Stored,)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._wanted = read_snapshot(options["snapshot"])
        self._written = read_snapshot(options["written"] or [])
        self._info = MachineInfo({})

    def queries(self) -> tuple[Query, ...]:
        own = (Query(address.key, address.name, address.view) for address in self._wanted)
        return (*self._info.queries(), *own)

    def decode(self, registry: Registry, state: State) -> State:
        return self._info.decode(registry, state).with_parts(Stored(registry, tuple(self._wanted)))

    def plan(self, state: State) -> Change:
        registry = state.part(Stored).registry
        differing = {
            address: value
            for address, value in self._wanted.items()
            if not same(registry.value(address), value)
        }
        self._refuse_strangers(registry, differing)
        after = self.decode(registry.with_values(differing), State())
        return Change(after, tuple(put_back(*entry) for entry in differing.items()))

    def _refuse_strangers(self, registry: Registry, differing: Mapping[Address, RegistryValue | None]) -> None:
        if self.options["force"]:
            return
        for address in differing:
            if address in self._written and not same(registry.value(address), self._written[address]):
                raise ChangedSince(
                    f"{address} was changed by somebody else since: it holds neither what was there before nor what "
                    "was written."
                )

    def report(self, state: State) -> dict[str, Any]:
        return {**super().report(state), **verdict(state)}


def read_snapshot(entries: Sequence[Mapping[str, Any]]) -> dict[Address, RegistryValue | None]:
    """The values of a snapshot by address; raises InvalidOption for what is none, or is not ours to restore."""
    return dict(_entry(entry) for entry in entries)


def _entry(entry: Mapping[str, Any]) -> tuple[Address, RegistryValue | None]:
    try:
        address = Address(str(entry["key"]), str(entry["name"]), int(entry["view"]))
        absent, type_, data = bool(entry["absent"]), str(entry.get("type", "")), entry.get("data")
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InvalidOption(_OPTION, "an entry is none of a snapshot: key, name, view or absent is missing") from None
    if address not in _FIXED and not (address.view == 64 and _WININET.fullmatch(f"{address.key}\\{address.name}")):
        raise InvalidOption(_OPTION, f"{address} is no value that this collection manages")
    if absent:
        return address, None
    if "withheld" in entry:
        raise InvalidOption(_OPTION, f"the snapshot does not hold the bytes of {address}: {entry['withheld']}")
    if not _TYPE.fullmatch(type_) or not isinstance(data, str) or not re.fullmatch("(?:[0-9a-fA-F]{2})*", data):
        raise InvalidOption(_OPTION, f"{address} has no type and data in hex digits")
    try:
        return address, RegistryValue.of(type_, bytes.fromhex(data))
    except ValueError as error:
        raise InvalidOption(_OPTION, f"{address}: {error}") from None


def same(left: RegistryValue | None, right: RegistryValue | None) -> bool:
    """Whether two values are the same, where None is a value that is absent."""
    return right is None if left is None else left.same(right)


def _shown(address: Address, value: RegistryValue | None) -> str | None:
    if value is None:
        return None
    known = harmless(address.name, value.type, value.data)
    return f"{value.type}:{value.data.hex() if known else withheld(len(value.data), 'bytes')}"
