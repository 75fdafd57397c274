# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""User names and passwords that somebody stored in a proxy or a URL, and that no result may show."""

from __future__ import annotations

import re

_ITEM = re.compile(r"((?:[A-Za-z]+=)?(?:[A-Za-z]+://)?)[^;\s]*@")
# A printable character, the at sign and the start of a host, in ASCII or UTF-16: a length of 64 is no at sign.
_BYTES = re.compile(rb"[\x21-\x7e]\x00?@\x00?[A-Za-z0-9\[]")


def masked(text: str) -> str:
    """Text that may hold proxies or a URL, with what stands before the at sign of each hidden."""
    return _ITEM.sub(r"\1***@", text)


def in_bytes(data: bytes) -> bool:
    """Whether the bytes of a registry value look as if they held credentials."""
    return _BYTES.search(data) is not None
