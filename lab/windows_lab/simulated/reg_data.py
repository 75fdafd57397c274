# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How reg.exe reads the data that a command line gives it, and how it prints the data of a value."""

from __future__ import annotations

import re

TYPES = (
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_MULTI_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_LITTLE_ENDIAN",
    "REG_DWORD_BIG_ENDIAN",
    "REG_QWORD",
    "REG_NONE",
)
_NUMBERS = {
    "REG_DWORD": (4, "little"),
    "REG_DWORD_LITTLE_ENDIAN": (4, "little"),
    "REG_DWORD_BIG_ENDIAN": (4, "big"),
    "REG_QWORD": (8, "little"),
}


class BadNumber(Exception):
    """Not a number, or too large for its type."""


class BadBinary(Exception):
    """Not hexadecimal."""


class BadStrings(Exception):
    """A list of strings with an empty one in it."""


def to_bytes(type_name: str, text: str | None, separator: str = "\\0") -> bytes:
    """The stored bytes for `/t type_name /d text`; None stands for a missing /d."""
    if type_name in _NUMBERS:
        size, order = _NUMBERS[type_name]
        return _number(text or "", size).to_bytes(size, "little" if order == "little" else "big")
    if type_name == "REG_BINARY":
        return _binary(text or "")
    if type_name == "REG_MULTI_SZ":
        return _strings(text or "", separator)
    return f"{text or ''}\0".encode("utf-16-le")


def _number(text: str, size: int) -> int:
    if not re.fullmatch(r"0[xX][0-9A-Fa-f]+|[0-9]+", text):
        raise BadNumber(text)
    number = int(text, 16 if text[:2].lower() == "0x" else 10)
    if number >= 1 << (8 * size):
        raise BadNumber(text)
    return number


def _binary(text: str) -> bytes:
    if not re.fullmatch(r"[0-9A-Fa-f]*", text):
        raise BadBinary(text)
    return bytes.fromhex(text if len(text) % 2 == 0 else f"0{text}")


def _strings(text: str, separator: str) -> bytes:
    if not text:
        return "\0".encode("utf-16-le")
    strings = text.removesuffix(separator).split(separator)
    if "" in strings:
        raise BadStrings(text)
    return ("".join(f"{string}\0" for string in strings) + "\0").encode("utf-16-le")


def to_text(type_name: str, data: bytes) -> str:
    """The data as `reg query` prints it."""
    if type_name in _NUMBERS and data:
        return hex(int.from_bytes(data, "big" if type_name.endswith("BIG_ENDIAN") else "little"))
    if type_name in ("REG_SZ", "REG_EXPAND_SZ"):
        return _characters(data).split("\0", 1)[0]
    if type_name == "REG_MULTI_SZ":
        return "\\0".join(_characters(data).rstrip("\0").split("\0"))
    return data.hex().upper()


def _characters(data: bytes) -> str:
    return data[: len(data) & ~1].decode("utf-16-le", "replace")
