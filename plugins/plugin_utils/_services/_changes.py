# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one rendering of an allow-list has and an earlier one has not, in words for a change ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENTS = ("#", "//", "!")
_PAC_HOST = re.compile(r'dnsDomainIs\(host, "([^"]*)"\)|host == "([^"]*)"')
_NUMBER = re.compile(r"change number ([0-9]+)")


def changes(before: str, after: str) -> tuple[str, ...]:
    """Return a sentence for each entry that is added or gone, in the order of the renderings; none for the same.

    Entries are lines; comments are none, except for the change number of Azure's service tags. Their order does not
    matter.
    """
    old, new = _entries(before), _entries(after)
    return (
        *_numbers(before, after),
        *(f"Added: {entry}" for entry in new if entry not in old),
        *(f"Gone: {entry}" for entry in old if entry not in new),
    )


def _entries(text: str) -> dict[str, None]:
    # A PAC file has all hosts in one condition.
    if hosts := _PAC_HOST.findall(text):
        return dict.fromkeys(below or name for below, name in hosts)
    lines = (" ".join(line.split()).removesuffix(" ||").removesuffix(",") for line in text.splitlines())
    return dict.fromkeys(line for line in lines if line and not line.startswith(_COMMENTS))


def _numbers(before: str, after: str) -> Iterator[str]:
    old, new = (found[1] if (found := _NUMBER.search(text)) else None for text in (before, after))
    if old and new and old != new:
        yield f"The change number of the service tags was {old} and is {new}."
