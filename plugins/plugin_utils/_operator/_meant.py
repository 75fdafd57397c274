# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which known word a person may have meant, and long lists in few words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_CLOSE = 0.75
_SHOWN = 3


def meant(word: str, known: Iterable[str], prefix: str = "") -> str:
    """The end of a sentence about an unknown word: " Did you mean ...?", or nothing where no known word is close.

    prefix is what all of them begin with, and is compared with nothing.
    """
    close = difflib.get_close_matches(word, sorted(set(known)), _SHOWN, _CLOSE)
    return f" Did you mean {' or '.join(f'{prefix}{name}' for name in close)}?" if close else ""


def few(names: Sequence[str]) -> str:
    """Names in a sentence: all of a few, and of many the first and how many more there are."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
