# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes credentials out of everything that goes into a file of evidence."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from .._credentials import in_bytes, masked

HIDDEN = "***"
WITHHELD = "it may hold credentials"

_NAME = r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|signature|(?<![a-z])sig|cookie)"
_SECRET_KEY = re.compile(rf"{_NAME}|authorization|credential", re.IGNORECASE)
_ASSIGNED = re.compile(rf"({_NAME}\w*[\"']?\s*[:=]\s*)\S.*", re.IGNORECASE)
_HEADER = re.compile(r"(authorization[\"']?\s*[:=]\s*)\S.*", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-Fa-f]{12,}")
_ENCODED_SIGN = re.compile(r"%40", re.IGNORECASE)
# Percent-encoded, a user name and password still stand before the host: scheme://user%3Apassword%40host.
_ENCODED = re.compile(r"\S*(?:%3A|:)\S*%40", re.IGNORECASE)


# Of the texts of a record nearly all are in the next one as well.
@functools.lru_cache(maxsize=2048)
def text(value: str) -> str:
    """Return a text without credentials: all before its last at sign, and what follows the name of a secret.

    Digits that are the bytes of a value with credentials are hidden as well. Doing it twice changes nothing.
    """
    shown = _ENCODED.sub(f"{HIDDEN}@", value) if _ENCODED_SIGN.search(value) else value
    shown = masked(shown) if "@" in shown else shown
    shown = _HEADER.sub(rf"\1{HIDDEN}", _ASSIGNED.sub(rf"\1{HIDDEN}", shown))
    return _HEX.sub(_digits, shown)


def clean(value: Any) -> Any:
    """Return a value as plain JSON data without credentials.

    Numbers, truth values and None stay; anything that is no JSON becomes its text.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item) for item in value]
    return text(str(value))


@functools.lru_cache(maxsize=2048)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    cleaned = {}
    for name, item in value.items():
        key = str(name)
        hide = _is_secret(key) and item not in (None, "", [], {})
        cleaned[text(key)] = HIDDEN if hide else clean(item)
    data = cleaned.get("data")
    # The bytes of a snapshot are kept whole or not at all: half a value would be restored as a whole one.
    if isinstance(data, str) and HIDDEN in data:
        del cleaned["data"]
        cleaned["withheld"] = WITHHELD
    return cleaned


def _digits(found: re.Match[str]) -> str:
    digits = found.group()
    whole = len(digits) // 2 * 2
    starts = (0,) if whole == len(digits) else (0, 1)
    return HIDDEN if any(_hold(bytes.fromhex(digits[start : start + whole])) for start in starts) else digits


def _hold(data: bytes) -> bool:
    """Whether bytes may hold credentials, also in UTF-16 with letters of other scripts before the at sign."""
    if in_bytes(data):
        return True
    try:
        shown = data.decode("utf-16-le").rstrip("\0")
    except UnicodeDecodeError:
        return False
    return "@" in shown and shown.isprintable()
