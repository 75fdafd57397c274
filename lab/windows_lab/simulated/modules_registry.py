# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fakes of win_regedit and win_reg_stat: a key and its values, as .NET shows them to a 64-bit PowerShell."""

from __future__ import annotations

import re
from typing import Any

from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Machine
from windows_lab.simulated.registry import Path, Value

_TYPES = {
    "none": "REG_NONE",
    "binary": "REG_BINARY",
    "dword": "REG_DWORD",
    "expandstring": "REG_EXPAND_SZ",
    "multistring": "REG_MULTI_SZ",
    "string": "REG_SZ",
    "qword": "REG_QWORD",
}
_NUMBERS = {"REG_DWORD": 4, "REG_QWORD": 8}
_STRINGS = ("REG_SZ", "REG_EXPAND_SZ")
_PATH = re.compile(r"HK(CC|CR|CU|LM|U):\\", re.IGNORECASE)


def _option(options: dict[str, Any], *names: str) -> Any:
    return next((options[name] for name in names if name in options), None)


def _key(options: dict[str, Any], machine: Machine) -> Path:
    given = str(_option(options, "path", "key") or "")
    if not _PATH.match(given):
        raise NotModelled(f"the path {given}")
    key = machine.registry.locate(given.replace(":", "", 1))
    machine.check_read(key)
    return key


def _decoded(type_name: str, data: bytes) -> Any:
    if type_name in _NUMBERS:
        return int.from_bytes(data, "little")
    if type_name not in (*_STRINGS, "REG_MULTI_SZ"):
        return [f"0x{byte:02x}" for byte in data]
    text = data[: len(data) & ~1].decode("utf-16-le", "replace")
    return text.split("\0", 1)[0] if type_name in _STRINGS else [part for part in text.split("\0") if part]


def _encoded(type_name: str, data: Any) -> bytes:
    if type_name in _NUMBERS:
        number = int(data, 0) if isinstance(data, str) else int(data or 0)
        if not 0 <= number < 1 << 8 * _NUMBERS[type_name]:
            raise NotModelled(f"the number {number} as {type_name}")
        return number.to_bytes(_NUMBERS[type_name], "little")
    if type_name in _STRINGS:
        return f"{'' if data is None else data}\0".encode("utf-16-le")
    if type_name == "REG_MULTI_SZ":
        lines = data if isinstance(data, list) else [] if data is None else [data]
        return "".join(f"{line}\0" for line in [*lines, ""]).encode("utf-16-le")
    if isinstance(data, str):
        return bytes.fromhex(re.sub("[^0-9a-fA-F]", "", data.lower().removeprefix("hex:")))
    return bytes(data if isinstance(data, list) else [] if data is None else [data])


def stat(options: dict[str, Any], machine: Machine) -> dict[str, Any]:
    """win_reg_stat."""
    key, name = _key(options, machine), _option(options, "name", "entry", "value")
    node = machine.registry.node(key)
    if node is None:
        return {"exists": False}
    if name is not None:
        value = node.values.get(str(name).lower())
        return {"exists": value is not None, **(_shown(value) if value else {})}
    properties = {value.name: _shown(value) for value in node.values.values()}
    return {"exists": True, "properties": properties, "sub_keys": [sub.name for sub in machine.registry.subkeys(key)]}


def _shown(value: Value) -> dict[str, Any]:
    data = _decoded(value.type, value.data)
    if value.type == "REG_EXPAND_SZ" and "%" in data:
        raise NotModelled(f"an expanded value such as {data}")
    # .NET gives bytes as numbers, and only the raw form in hexadecimal.
    plain = list(value.data) if value.type in ("REG_BINARY", "REG_NONE") else data
    return {"type": value.type, "value": plain, "raw_value": data}


def regedit(options: dict[str, Any], machine: Machine, *, check_mode: bool) -> dict[str, Any]:
    """win_regedit: a value or a key there or not there."""
    name = str(_option(options, "name", "entry", "value") or "")
    key, same = _key(options, machine), {"data_changed": False, "data_type_changed": False}
    state = options.get("state", "present")
    if state not in ("present", "absent"):
        raise ValueError(state)
    if state == "absent":
        return same | {"changed": _remove(options, machine, key, name, check_mode)}
    type_name = _TYPES[str(_option(options, "type", "datatype") or "string") if name else "string"]
    wanted = Value(name, type_name, _encoded(type_name, options.get("data")))
    missing = machine.registry.node(key) is None
    if missing and not check_mode:
        machine.make_key(key)
    if not name and options.get("data") is None:
        return same | {"changed": missing}
    old = machine.registry.value(key, name)
    other_type = old is not None and old.type != wanted.type
    other_data = old is not None and _decoded(old.type, old.data) != _decoded(wanted.type, wanted.data)
    changed = old is None or other_type or other_data
    if changed and not check_mode:
        machine.write(key, wanted)
    return {"changed": changed, "data_changed": other_data, "data_type_changed": other_type}


def _remove(options: dict[str, Any], machine: Machine, key: Path, name: str, check_mode: bool) -> bool:
    whole = not name and str(options.get("delete_key", True)).lower() in ("true", "yes", "1")
    there = machine.registry.node(key) if whole else machine.registry.value(key, name)
    if there is not None and not check_mode:
        if whole:
            machine.delete_key(key)
        else:
            machine.delete(key, name)
    return there is not None
