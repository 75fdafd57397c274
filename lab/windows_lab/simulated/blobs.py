# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two binary proxy formats, packed and unpacked field by field: the lab's own reading of them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

DIRECT = 0x1
MANUAL = 0x2
SCRIPT = 0x4
DETECT = 0x8

_IE_VERSION = 0x46
_TAIL = struct.pack("<I", 1) + bytes(28)


@dataclass(frozen=True)
class WinHttp:
    """What a WinHttpSettings value says; no proxy means direct."""

    proxy: str = ""
    bypass: str = ""


@dataclass(frozen=True)
class WinInet:
    """What a DefaultConnectionSettings value says."""

    flags: int = DIRECT | DETECT
    proxy: str = ""
    bypass: str = ""
    script: str = ""
    counter: int = 10


def _counted(text: str, encoding: str) -> bytes:
    data = text.encode(encoding)
    return struct.pack("<I", len(data)) + data


def _take(data: bytes, offset: int) -> tuple[str, int]:
    if offset + 4 > len(data):
        return "", offset
    (length,) = struct.unpack_from("<I", data, offset)
    end = min(offset + 4 + length, len(data))
    return data[offset + 4 : end].decode("utf-8", "replace"), end


def pack_winhttp(settings: WinHttp, header: int) -> bytes:
    """The bytes that netsh leaves in WinHttpSettings; raises UnicodeEncodeError for what is not ASCII."""
    flags = DIRECT | MANUAL if settings.proxy else DIRECT
    head = struct.pack("<III", header, 0, flags)
    return head + _counted(settings.proxy, "ascii") + _counted(settings.bypass, "ascii")


def unpack_winhttp(data: bytes) -> WinHttp:
    """As winhttp.dll reads it: whatever it cannot make sense of is direct."""
    if len(data) < 20:
        return WinHttp()
    header, _zero, flags = struct.unpack_from("<III", data)
    if header not in (0x18, 0x28) or not flags & MANUAL:
        return WinHttp()
    proxy, offset = _take(data, 12)
    bypass, _end = _take(data, offset)
    return WinHttp(proxy, bypass) if proxy else WinHttp()


def pack_wininet(settings: WinInet) -> bytes:
    """The bytes of DefaultConnectionSettings as Internet Explorer 7 and later write them."""
    head = struct.pack("<III", _IE_VERSION, settings.counter, settings.flags)
    texts = (settings.proxy, settings.bypass, settings.script)
    return head + b"".join(_counted(text, "utf-8") for text in texts) + _TAIL


def unpack_wininet(data: bytes) -> WinInet:
    """As wininet.dll reads it: a value that is missing or too short means automatic detection."""
    if len(data) < 24 or struct.unpack_from("<I", data)[0] not in (0x3C, _IE_VERSION):
        return WinInet(counter=0)
    _version, counter, flags = struct.unpack_from("<III", data)
    proxy, offset = _take(data, 12)
    bypass, offset = _take(data, offset)
    script, _end = _take(data, offset)
    return WinInet(flags, proxy, bypass, script, counter)
