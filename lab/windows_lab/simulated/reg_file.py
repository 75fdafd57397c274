# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that reg.exe imports and exports, as far as the simulated endpoint models them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from windows_lab.simulated.registry import ROOTS, Value

_HEADER = "Windows Registry Editor Version 5.00"
_TYPES = MappingProxyType({
    0: "REG_NONE",
    1: "REG_SZ",
    2: "REG_EXPAND_SZ",
    3: "REG_BINARY",
    4: "REG_DWORD",
    5: "REG_DWORD_BIG_ENDIAN",
    7: "REG_MULTI_SZ",
    11: "REG_QWORD",
})
_NUMBERS = {name: number for number, name in _TYPES.items()}
# A line of bytes goes on in the next one from here on.
_WIDTH = 77
_TEXT = r'"((?:[^"\\]|\\["\\])*)"'
_ASSIGNMENT = re.compile(rf"(?:@|{_TEXT})=(.*)")
_HEX = re.compile(r"hex(?:\(([0-9a-f]+)\))?:(.*)")
_BYTES = re.compile(r"[0-9A-Fa-f]{1,2}(?:,[0-9A-Fa-f]{1,2})*")


class BadFile(Exception):
    """Something in the file that Windows does not know, or that the simulation does not."""


@dataclass(frozen=True)
class Assignment:
    """One value of a file; its type is empty where the file deletes it."""

    name: str
    type: str = ""
    data: bytes = b""


@dataclass(frozen=True)
class Section:
    """One key of a file, as it is written there, and its values."""

    key: str
    assignments: tuple[Assignment, ...]


def read(content: bytes) -> list[Section]:
    """Understand a whole file; raises BadFile."""
    lines = list(_lines(content))
    if lines[:1] != [_HEADER]:
        raise BadFile(f"a file that does not begin with {_HEADER} is not modelled")
    sections: list[Section] = []
    for line in lines[1:]:
        if line.startswith("["):
            sections.append(Section(_key(line), ()))
        elif not sections:
            raise BadFile(f"{line!r} belongs to no key")
        else:
            last = sections.pop()
            sections.append(Section(last.key, (*last.assignments, _assignment(line))))
    return sections


def _lines(content: bytes) -> Iterator[str]:
    """The lines that say something, each with those that continue it."""
    if content.startswith(codecs.BOM_UTF16_LE):
        text = content.decode("utf-16")
    elif content.isascii():
        text = content.decode("ascii")
    else:
        raise BadFile("a file that is neither ASCII nor UTF-16 is not modelled")
    begun = ""
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith(";"):
            continue
        whole = begun + line.strip()
        begun = whole[:-1] if whole.endswith("\\") else ""
        if whole and not begun:
            yield whole
    if begun:
        raise BadFile(f"{begun!r} is not continued")


def _key(line: str) -> str:
    key = line[1:-1]
    if not line.endswith("]") or key.partition("\\")[0].upper() not in ROOTS or "" in key.split("\\"):
        raise BadFile(f"{line!r} is no key, or one that is not modelled")
    return key


def _assignment(line: str) -> Assignment:
    found = _ASSIGNMENT.fullmatch(line)
    if found is None:
        raise BadFile(f"{line!r} is no value, or one that is not modelled")
    name, data = _unescaped(found[1] or ""), found[2]
    if data == "-":
        return Assignment(name)
    if text := re.fullmatch(_TEXT, data):
        return Assignment(name, "REG_SZ", f"{_unescaped(text[1])}\0".encode("utf-16-le"))
    if number := re.fullmatch(r"dword:([0-9A-Fa-f]{1,8})", data):
        return Assignment(name, "REG_DWORD", int(number[1], 16).to_bytes(4, "little"))
    digits = _HEX.fullmatch(data)
    type_ = _TYPES.get(int(digits[1] or "3", 16)) if digits else None
    if digits is None or type_ is None or not (digits[2] == "" or _BYTES.fullmatch(digits[2])):
        raise BadFile(f"{data!r} is no data, or of a type that is not modelled")
    return Assignment(name, type_, bytes(int(byte, 16) for byte in digits[2].split(",") if byte))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def write(sections: Iterable[tuple[str, Iterable[Value]]]) -> bytes:
    """The file that reg.exe exports of these keys and their values."""
    lines = [_HEADER, ""]
    for key, values in sections:
        lines += [f"[{key}]", *map(_exported, values), ""]
    return codecs.BOM_UTF16_LE + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le", "surrogatepass")


def _exported(value: Value) -> str:
    name = f'"{_escaped(value.name)}"=' if value.name else "@="
    if value.type == "REG_SZ":
        text = value.data[: len(value.data) & ~1].decode("utf-16-le", "surrogatepass").partition("\0")[0]
        return f'{name}"{_escaped(text)}"'
    if value.type == "REG_DWORD" and len(value.data) == 4:
        return f"{name}dword:{int.from_bytes(value.data, 'little'):08x}"
    kind = "hex:" if value.type == "REG_BINARY" else f"hex({_NUMBERS[value.type]:x}):"
    done, line = "", name + kind
    for number, byte in enumerate(value.data, 1):
        line += f"{byte:02x}"
        if number < len(value.data):
            line += ","
            if len(line) >= _WIDTH:
                done, line = f"{done}{line}\\\r\n", "  "
    return done + line


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")
