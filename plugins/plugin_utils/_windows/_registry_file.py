# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry values as the file that reg.exe imports, for what no command line can hold."""

from __future__ import annotations

from collections.abc import Mapping

from .._credentials import harmless
from ._endpoint import Command
from ._registry import Address, RegistryValue, Write, restore
from ._staging import staged

_FILE = '"%TEMP%\\mde.connectivity.reg"'
_ROOTS = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKU": "HKEY_USERS"}
# What a run that was cut can leave: this file and the folder of a probe in the temporary folder of the connecting user,
# and task and folder of a probe that ran as SYSTEM (.. is %SystemRoot% where commands run). The switch that undoes a
# change has another name, and stays.
TIDY = Command(
    f'(del /f/q {_FILE}&rd /s/q "%TEMP%\\mde.connectivity"&if exist ..\\mde.connectivity '
    "(schtasks /delete /f /tn mde.connectivity&rd /s/q ..\\mde.connectivity))>nul 2>&1",
    compound=True,
)
# The number that the format gives each type (Microsoft's "Registry value types").
_NUMBERS = {
    "REG_NONE": 0,
    "REG_SZ": 1,
    "REG_EXPAND_SZ": 2,
    "REG_BINARY": 3,
    "REG_DWORD": 4,
    "REG_MULTI_SZ": 7,
    "REG_QWORD": 11,
}
_BYTES_PER_LINE = 20
_SOFTWARE = "HKEY_LOCAL_MACHINE\\SOFTWARE\\"


def render(values: Mapping[Address, RegistryValue | None]) -> str:
    """A file for the 64-bit view of reg.exe that sets these values, bytes and types, or deletes them (None).

    It is ASCII. That reg.exe takes hex digits of a string in such a file for its UTF-16, as the head of the file says,
    is an inference; Wine's takes them for 8-bit characters. Plain text is written as text, where both agree.
    """
    lines = ["Windows Registry Editor Version 5.00"]
    for address, value in values.items():
        lines += ["", f"[{_key(address)}]", *_assignment(address.name, value)]
    return "".join(f"{line}\r\n" for line in lines)


def import_value(address: Address, value: RegistryValue | None) -> Write:
    """Write one value through such a file, which is deleted again."""
    file = staged(_FILE, render({address: value}))
    line = f"({file.text} & reg import {_FILE} /reg:64 2>&1 & del {_FILE})"
    known = value is None or harmless(address.name, value.type, value.data)
    hidden = "" if known else "reg import ***"
    return Write(address, Command(line, compound=True, shown=hidden, stdin=file.stdin), value)


def put_back(address: Address, value: RegistryValue | None) -> Write:
    """Write one value exactly, by a command of its own where a command line can hold it, else through a file."""
    try:
        return restore(address, value)
    except ValueError:
        return import_value(address, value)


def _key(address: Address) -> str:
    root, dummy, below = address.key.partition("\\")
    key = f"{_ROOTS[root]}\\{below}"
    if address.view == 32 and key.casefold().startswith(_SOFTWARE.casefold()):
        return f"{_SOFTWARE}Wow6432Node\\{key[len(_SOFTWARE) :]}"
    return key


def _assignment(name: str, value: RegistryValue | None) -> list[str]:
    if value is None:
        return [f'"{name}"=-']
    if value.type == "REG_SZ" and value.text.isascii() and value.text.isprintable():
        escaped = value.text.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{name}"="{escaped}"']
    pairs = [f"{byte:02x}" for byte in value.data]
    rows = [",".join(pairs[at : at + _BYTES_PER_LINE]) for at in range(0, len(pairs), _BYTES_PER_LINE)] or [""]
    head = f'"{name}"=hex({_NUMBERS[value.type]:x}):'
    return [
        f"{head if not number else '  '}{row}{'' if number == len(rows) - 1 else f',{chr(92)}'}"
        for number, row in enumerate(rows)
    ]
