# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry value that holds the machine's WinHTTP proxy."""

from __future__ import annotations

from dataclasses import dataclass

from ._blob import BlobReader, counted, dword

# KB4494447 shows 0x18 as the default of Windows, published dumps of 64-bit Windows show 0x28.
HEADERS = (0x18, 0x28)
FLAG_DIRECT = 0x1
FLAG_NAMED_PROXY = 0x2
_ENCODING = "ascii"


@dataclass(frozen=True)
class WinHttpSettings:
    """``WinHttpSettings`` of ``HKLM\\...\\Internet Settings\\Connections``, REG_BINARY, little-endian.

    In this order: ``header`` (DWORD, 0x18 or 0x28), ``reserved`` (DWORD, 0 in every dump; other numbers are
    kept), ``flags`` (DWORD: 1 direct, 3 named proxy, 2 a named proxy written by Wine), ``proxy`` and
    ``bypass`` (a DWORD with the length in bytes, then ASCII without terminator), and ``tail``: bytes that
    Windows does not write but third-party tools leave behind. The layout comes from published dumps and
    Wine's ``dlls/winhttp/session.c``.
    """

    header: int
    reserved: int
    flags: int
    proxy: str
    bypass: str
    tail: bytes = b""

    @classmethod
    def decode(cls, data: bytes) -> WinHttpSettings:
        """Decode at least 20 bytes; ``encode`` gives the same bytes back.

        Raises UnreadableValue for another header, for a length beyond the end, for bytes that are not ASCII,
        and for a NUL in a string, which a reader of C strings would take for its end.
        """
        blob = BlobReader(data, "WinHttpSettings")
        header = blob.dword("header")
        if header not in HEADERS:
            raise blob.unreadable(f"the header is 0x{header:X}, neither 0x18 nor 0x28,", 0)
        reserved = blob.dword("second number")
        flags = blob.dword("flags")
        proxy = blob.text("proxy list", _ENCODING)
        bypass = blob.text("bypass list", _ENCODING)
        tail = blob.rest()
        for text, start in ((proxy, 16), (bypass, 20 + len(proxy))):
            if "\0" in text:
                raise blob.unreadable("a string holds a NUL", start + text.index("\0"))
        return cls(header, reserved, flags, proxy, bypass, tail)

    def encode(self) -> bytes:
        """Return the bytes for the registry. Raises InvalidSetting where a string is not ASCII."""
        numbers = dword(self.header) + dword(self.reserved) + dword(self.flags)
        return numbers + counted(self.proxy, _ENCODING) + counted(self.bypass, _ENCODING) + self.tail

    @property
    def direct(self) -> bool:
        """Whether no named proxy is in force: its flag is off, or the proxy list is empty."""
        return not self.flags & FLAG_NAMED_PROXY or not self.proxy
