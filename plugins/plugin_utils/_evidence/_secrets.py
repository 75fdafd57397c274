# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes credentials out of everything that goes into a file of evidence.

What an endpoint holds has been through _credentials by then. This is for the rest, also of tasks that are not ours:
a message of a connection, the name of a key. It can only look for what is known to be a secret.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from .._credentials import harmless

HIDDEN = "***"
WITHHELD = "it may hold credentials"

_NAME = r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|signature|(?<![a-z*])sig|cookie)"
_SECRET_KEY = re.compile(rf"{_NAME}|authorization|credential", re.IGNORECASE)
# The repeats are bounded: without that, a long word of such names is searched from each of them to its end.
_ASSIGNED = re.compile(rf"({_NAME}\w{{0,40}}[\"']?\s{{0,40}}[:=]\s{{0,40}})\S.*", re.IGNORECASE)
_HEADER = re.compile(r"(authorization[\"']?\s{0,40}[:=]\s{0,40})\S.*", re.IGNORECASE)
_SHA256 = re.compile("[0-9a-f]{64}")
_HEX = re.compile(r"[0-9A-Fa-f]{12,}")
# Percent-encoded or full-width, a user name and password still stand before the host.
_SIGN = re.compile(r"@|%40|\uff20|\ufe6b", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]|:[0-9])|\[[0-9A-Fa-f:.]{2,45}\]")
# No control character, the at sign and the start of a host, in ASCII or UTF-16: a length of 64 is no at sign.
# Before it in UTF-16 any letter of another script, whose second byte is no zero.
_SIGNED = re.compile(
    rb"[\x20-\xff]\x00?@\x00?[A-Za-z0-9\[]|[\x20-\xff]\x00?%\x00?4\x00?0|.[\x01-\x1f]@\x00[A-Za-z0-9\[]", re.DOTALL
)


# Of the texts of a record nearly all are in the next one as well.
@functools.lru_cache(maxsize=2048)
def text(value: str) -> str:
    """Return a text without credentials: all before its last at sign, and what follows the name of a secret.

    Digits that are the bytes of a value with credentials are hidden as well. Doing it twice changes nothing.
    """
    shown = _masked(value)
    shown = _HEADER.sub(rf"\1{HIDDEN}", _ASSIGNED.sub(rf"\1{HIDDEN}", shown))
    shown = _HEX.sub(_digits, shown)
    # What was hidden may have been part of what looked like a host.
    return value if shown == value else text(shown)


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
        # The bytes of a hash may look like a text with an at sign.
        known = key == "sha256" and isinstance(item, str) and _SHA256.fullmatch(item)
        cleaned[text(key)] = HIDDEN if hide else item if known else clean(item)
    # The bytes of a snapshot are kept whole or not at all: half a value would be restored as a whole one.
    if isinstance(value.get("data"), str) and not _known(value):
        del cleaned["data"]
        cleaned["withheld"] = WITHHELD
    return cleaned


def _known(entry: Mapping[Any, Any]) -> bool:
    """Whether the bytes in an entry of a snapshot are understood, and can hold no secret."""
    try:
        data = bytes.fromhex(entry["data"])
    except ValueError:
        return False
    return harmless(str(entry.get("name")), str(entry.get("type")), data)


def _masked(value: str) -> str:
    before, *rest = _SIGN.split(value)
    if not rest:
        return before
    # Where no host follows, the sign may be part of a password that was cut.
    return f"{HIDDEN}@{rest[-1]}" if _HOST.match(rest[-1]) else HIDDEN


def _digits(found: re.Match[str]) -> str:
    digits = found.group()
    whole = len(digits) // 2 * 2
    starts = (0,) if whole == len(digits) else (0, 1)
    return HIDDEN if any(_hold(bytes.fromhex(digits[start : start + whole])) for start in starts) else digits


def _hold(data: bytes) -> bool:
    """Whether bytes are a text with an at sign, or have one before what may be a host."""
    if _SIGNED.search(data):
        return True
    texts = (data[: len(data) // 2 * 2].decode(encoding, "replace") for encoding in ("utf-16-le", "utf-16-be"))
    return any(_SIGN.search(text) and text.rstrip("\0").isprintable() for text in texts)
