# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User names and passwords that somebody stored in a proxy or a URL, and that no result may show."""

from __future__ import annotations

import re

# No control character, the at sign and the start of a host, in ASCII or UTF-16: a length of 64 is no at sign.
# Before it in UTF-16 any letter of another script, whose second byte is no zero.
_BYTES = re.compile(rb"[\x20-\xff]\x00?@\x00?[A-Za-z0-9\[]|.[\x01-\x1f]@\x00[A-Za-z0-9\[]", re.DOTALL)
_WORD = re.compile(r"\S*@\S*")


def masked(text: str) -> str:
    """Text that may hold proxies or a URL, with all that stands before its last at sign hidden.

    A password may hold any separator, so nothing before that sign is known not to be part of one.
    """
    before, sign, rest = text.rpartition("@")
    return f"***@{rest}" if sign else text


def without_words(message: str) -> str:
    """A message in which every word with an at sign is hidden."""
    return _WORD.sub("***", message)


def in_bytes(data: bytes) -> bool:
    """Whether the bytes of a registry value look as if they held credentials."""
    return _BYTES.search(data) is not None
