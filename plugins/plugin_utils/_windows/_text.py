# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where an endpoint's text becomes safe to show, to store and to compare with words."""

from __future__ import annotations

import re
import unicodedata

# What stands for a character that is not shown: it is none of ASCII, so no text that holds it counts as exact.
_INSTEAD = "\ufffd"
_ODD = re.compile(r"[^\t\n -~]")
# Letters and marks without a shape of their own (Unicode's Default_Ignorable_Code_Point beside its format controls).
_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


def safe(text: str) -> str:
    """The text with another sign for each character that acts on a terminal or can't be seen.

    These are control characters (ESC, CR, backspace, the C1 set), all that changes the direction of writing or has no
    width, and what Unicode does not define. Line feeds and tabs stay, and so does the length.
    """
    return _ODD.sub(lambda found: found[0] if _is_visible(found[0]) else _INSTEAD, text)


def printable(text: str, limit: int) -> str:
    """The text in one line and safe, cut to so many characters; three periods say that it was cut."""
    line = " ".join(safe(text).split())
    return line if len(line) <= limit else f"{line[:limit]}..."


def _is_visible(character: str) -> bool:
    if _SHAPELESS.match(character):
        return False
    return character.isprintable() or unicodedata.category(character) == "Zs"
