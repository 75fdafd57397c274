# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a name can hide in text: as hex digits, as base64, in escapes, or in bytes whose meaning nobody knows."""

from __future__ import annotations

import base64
import binascii
import html
import re
import struct
from collections.abc import Callable, Iterator
from urllib.parse import unquote

Finder = Callable[[str], bool]

_DIGITS = re.compile(r"(?:[0-9a-f][ ,:\\-]{0,3}){6,}", re.IGNORECASE)
_HEX = re.compile(r"(?<![0-9a-z])(?:0x)?(?:[0-9a-f]{2}[ ,:-]?){7,}[0-9a-f]{2}(?![0-9a-z])", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_TOKEN = re.compile(r"(?=[A-Za-z0-9+/_]*[0-9])(?:(?=[A-Za-z0-9+/_]*[a-z])(?=[A-Za-z0-9+/_]*[A-Z])[A-Za-z0-9+/_]{28}"
                    r"|(?=[0-9]*[A-Za-z])[A-Za-z0-9]{28})")  # fmt: skip
_UNICODE = re.compile(r"\\u00([0-9a-f]{2})", re.IGNORECASE)
_SERIAL = re.compile(r"serial|asset\s*tag|\bbearer\b|password|passwd", re.IGNORECASE)
_STRUCTURES = (0x18, 0x28, 0x3C, 0x46)


class Hidden(Exception):
    """Output can't be kept; the message says why."""


def spelled_otherwise(text: str, identifies: Finder | None, holds_name: Finder) -> str:
    """Why a scrubbed text can't be kept: what it hides; empty where nothing was found.

    Bytes in hex are looked into only where there is `identifies`; `holds_name` is for text that decoding gave.
    """
    if _SERIAL.search(text) and identifies is not None:
        return "a serial number or a secret, by its words"
    unfolded = _UNICODE.sub(lambda found: chr(int(found[1], 16)), unquote(html.unescape(text)))
    if unfolded != text and (holds_name(unfolded) or (identifies is not None and identifies(unfolded))):
        return "a name in escapes"
    if any(holds_name(inside) for run in _BASE64.findall(text) for inside in _from_base64(run)):
        return "a name in base64"
    if any(holds_name(inside) for run in _DIGITS.findall(text) for inside in _from_hex(run)):
        return "a name in hex"
    if identifies is None:
        return ""
    reasons = (binary_reason(bytes.fromhex(_bare(run).removeprefix("0x")), identifies) for run in _HEX.findall(text))
    return next(filter(None, reasons), "") or (
        "a token, or what looks like one" if _TOKEN.search(_HEX.sub("", text)) else ""
    )


def binary_reason(data: bytes, identifies: Finder) -> str:
    """Why bytes can't be kept; empty for proxy settings of Windows that name nobody, and for text that does not.

    What WinINET found out by itself, addresses of this machine among it, follows the texts, and must be zero.
    """
    strings = _strings(data)
    if strings is None:
        text = data.decode("utf-16-le" if b"\0" in data else "ascii", "replace").rstrip("\0")
        strings = [text]
        if not text.isprintable() or "\ufffd" in text:
            return "bytes whose meaning is not known"
    return "a name in bytes, or a token" if any(identifies(text) or _TOKEN.search(text) for text in strings) else ""


def _strings(data: bytes) -> list[str] | None:
    """The texts in a value of WinHTTP or WinINET; None where it is none, or holds more than that."""
    if len(data) < 12 or struct.unpack_from("<I", data)[0] not in _STRUCTURES:
        return None
    strings, at = [], 12
    wininet = data[0] in (0x3C, 0x46)
    for _text in range(3 if wininet else 2):
        if at + 4 > len(data):
            break
        (length,) = struct.unpack_from("<I", data, at)
        strings.append(data[at + 4 : at + 4 + length].decode("latin-1"))
        at += 4 + length
    # WinINET has some flags before what it found out.
    flags, rest = (data[at : at + 1], data[at + 1 :]) if wininet else (b"", data[at:])
    return None if any(rest) or flags > b"\x7f" else strings


def _bare(digits: str) -> str:
    return re.sub(r"[ ,:\\-]", "", digits)


def _from_hex(run: str) -> Iterator[str]:
    digits = _bare(run)
    for skipped in range(2):
        rest = digits[skipped:]
        yield from _texts(bytes.fromhex(rest[: len(rest) - len(rest) % 2]))


def _from_base64(run: str) -> Iterator[str]:
    digits = run.rstrip("=").replace("-", "+").replace("_", "/")
    for skipped in range(4):
        rest = digits[skipped:]
        try:
            data = base64.b64decode(rest[: len(rest) - len(rest) % 4] or "", validate=True)
            tail = base64.b64decode(rest + "A" * (-len(rest) % 4), validate=True)
        except binascii.Error:
            continue
        yield from _texts(data)
        yield from _texts(tail)


def _texts(data: bytes) -> Iterator[str]:
    yield data.decode("latin-1")
    yield data.decode("utf-8", "ignore")
    # Characters of two bytes, in either order.
    yield data.replace(b"\0", b"").decode("latin-1")
