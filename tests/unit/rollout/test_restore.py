# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is put back is what a snapshot says, byte for byte, and nothing that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._restore import (
    Restore,
    read_snapshot,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._state import State
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import (
    Registry,
    RegistryValue,
)

from tests.integration.site import DIRECT, named

INTERNET = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
SERVER = {"key": POLICY, "name": "TelemetryProxyServer", "view": 64}
NATIVE = {"key": rf"HKLM\{INTERNET}\Connections", "name": "WinHttpSettings", "view": 64}


def text(value: str) -> dict[str, Any]:
    return {"absent": False, "type": "REG_SZ", "data": f"{value}\0".encode("utf-16-le").hex()}


def binary(data: str) -> dict[str, Any]:
    return {"absent": False, "type": "REG_BINARY", "data": data}


def entry(place: dict[str, Any], value: str | None) -> dict[str, Any]:
    return {**place, **(text(value) if value is not None else {"absent": True})}


def planned(snapshot: list[dict[str, Any]], held: list[dict[str, Any]], **options: Any) -> list[str]:
    """The commands for an endpoint that holds these values."""
    restore = Restore({"snapshot": snapshot, "written": [], "force": False, **options})
    registry = Registry(restore.queries()).with_values(read_snapshot(held))
    change = restore.plan(restore.decode(registry, State()))
    return [str(write.command) for write in change.writes]


def test_only_what_differs_is_written() -> None:
    snapshot = [entry(SERVER, "old:1"), {**NATIVE, **binary(DIRECT.hex())}]
    assert planned(snapshot, snapshot) == []
    assert planned([entry(SERVER, None)], []) == []
    (command,) = planned(snapshot, [entry(SERVER, "old:1"), {**NATIVE, **binary(named("p:1").hex())}])
    assert command == f'reg add "{NATIVE["key"]}" /v WinHttpSettings /t REG_BINARY /d {DIRECT.hex().upper()} /f /reg:64'


def test_a_value_that_was_not_there_is_taken_away() -> None:
    (command,) = planned([entry(SERVER, None)], [entry(SERVER, "new:1")])
    assert command == f"reg delete {POLICY} /v TelemetryProxyServer /f /reg:64"


def test_another_type_with_the_same_text_is_put_right() -> None:
    expand = {**entry(SERVER, "old:1"), "type": "REG_EXPAND_SZ"}
    (command,) = planned([expand], [entry(SERVER, "old:1")])
    assert "/t REG_EXPAND_SZ" in command


@pytest.mark.parametrize("theirs", ["their:1", None])
def test_what_somebody_else_wrote_is_refused_unless_forced(theirs: str | None) -> None:
    written = {"written": [entry(SERVER, "new:1")]}
    snapshot = [entry(SERVER, "old:1")]
    assert planned(snapshot, [entry(SERVER, "new:1")], **written)
    assert planned(snapshot, [entry(SERVER, "old:1")], **written) == []
    with pytest.raises(Refused, match="TelemetryProxyServer was changed by somebody else since"):
        planned(snapshot, [entry(SERVER, theirs)], **written)
    assert planned(snapshot, [entry(SERVER, theirs)], force=True, **written)


def test_where_nothing_is_known_to_be_written_the_snapshot_counts() -> None:
    assert planned([entry(SERVER, "old:1")], [entry(SERVER, "any:1")])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "key, name, view or absent is missing"),
        ({**SERVER}, "key, name, view or absent is missing"),
        ({**entry(SERVER, None), "view": "x"}, "key, name, view or absent is missing"),
        ({**entry(SERVER, None), "view": 32}, "no value that this collection manages"),
        ({**entry(SERVER, None), "name": "Other"}, "no value that this collection manages"),
        ({**entry(SERVER, None), "key": r"HKLM\SYSTEM\CurrentControlSet"}, "no value that this collection"),
        ({**entry(SERVER, None), "key": f"{POLICY}\\..\\x"}, "no value that this collection manages"),
        (
            {"key": rf'HKCU\{INTERNET}\Connections" /f & x', "name": "AutoDetect", "view": 64, "absent": True},
            "no value that this collection manages",
        ),
        ({**SERVER, "absent": False, "withheld": "it may hold credentials"}, "does not hold the bytes"),
        ({**SERVER, "absent": False}, "has no type and data"),
        ({**SERVER, **binary("0")}, "has no type and data"),
        ({**SERVER, **binary("zz")}, "has no type and data"),
        ({**SERVER, **binary("00"), "type": "REG_LINK"}, "has no type and data"),
        ({**SERVER, "absent": False, "type": "REG_SZ", "data": "4100"}, "these bytes are no usual REG_SZ"),
        ({**SERVER, "absent": False, "type": "REG_DWORD", "data": "00"}, "these bytes are no usual REG_DWORD"),
    ],
)
def test_what_is_refused_is_named(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOption, match="^restore: .*" + sentence):
        read_snapshot([wrong])


@pytest.mark.parametrize(
    "place",
    [
        {"key": r"HKU\S-1-5-18\Software\Microsoft\Windows\CurrentVersion\Internet Settings", "name": "AutoDetect"},
        {"key": rf"HKCU\{INTERNET}\Connections", "name": "DefaultConnectionSettings"},
        {"key": rf"HKLM\{INTERNET}\Connections", "name": "SavedLegacySettings"},
        {"key": rf"HKU\S-1-5-21-1-2-3-1001\{INTERNET}", "name": "AutoConfigURL"},
        {"key": rf"HKLM\{INTERNET}\WinHttp", "name": "DisableWpad"},
    ],
)
def test_every_place_that_the_collection_writes_to_can_be_restored(place: dict[str, Any]) -> None:
    ((address, value),) = read_snapshot([{**place, "view": 64, **binary("0102")}]).items()
    assert (address.key, address.name) == (place["key"], place["name"])
    assert value == RegistryValue("REG_BINARY", "0102")
