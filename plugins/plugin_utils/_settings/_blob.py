# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two building blocks of Windows' binary proxy settings: a DWORD and a counted string."""

from __future__ import annotations

from ._errors import InvalidSetting, UnreadableValue

_DWORD_SIZE = 4


class BlobReader:
    """Reads a binary value from its beginning; ``kind`` names the value in messages.

    Every method that reads raises UnreadableValue where the bytes do not suffice.
    """

    def __init__(self, data: bytes, kind: str) -> None:
        self._data = data
        self._kind = kind
        self._offset = 0

    def dword(self, field: str) -> int:
        """Read a little-endian unsigned number of 4 bytes."""
        return int.from_bytes(self._take(_DWORD_SIZE, field), "little")

    def text(self, field: str, encoding: str) -> str:
        """Read a DWORD that counts bytes, then that many bytes as text."""
        length = self.dword(f"length of the {field}")
        start = self._offset
        raw = self._take(length, field)
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            raise self.unreadable(f"the {field} is not {encoding.upper()}", start + error.start) from error

    def rest(self) -> bytes:
        """Return all bytes that have not been read, and end there."""
        return self._take(len(self._data) - self._offset, "rest")

    def unreadable(self, reason: str, offset: int) -> UnreadableValue:
        """Return the error that says what is wrong with which value, and where."""
        return UnreadableValue(f"{self._kind} cannot be read: {reason} at offset {offset}.")

    def _take(self, count: int, field: str) -> bytes:
        left = len(self._data) - self._offset
        if count > left:
            raise self.unreadable(f"the {field} needs {count} bytes, and {left} are left", self._offset)
        taken = self._data[self._offset : self._offset + count]
        self._offset += count
        return taken


def dword(value: int) -> bytes:
    """Return ``value``, 0 to 2**32 - 1, as 4 bytes, little-endian."""
    return value.to_bytes(_DWORD_SIZE, "little")


def counted(text: str, encoding: str) -> bytes:
    """Return ``text`` behind a DWORD with its length in bytes. Raises InvalidSetting."""
    try:
        raw = text.encode(encoding)
    except UnicodeEncodeError:
        raise InvalidSetting(f"A proxy setting holds a character that is not {encoding.upper()}.") from None
    return dword(len(raw)) + raw
