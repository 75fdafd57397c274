# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table at the end of a run, and how it gets to whoever reads it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from ansible import constants
from ansible.utils.display import Display

from .._windows._text import safe

# Forty endpoints, their causes and what stands around them are sixty lines at most.
MOST_HOSTS = 42
MOST_CAUSES = 8
_WIDEST = 60
_WIDEST_REASON = 100
# Their standard output is read by programs.
_FOR_PROGRAMS = ("json", "jsonl")


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table with its titles as first row; the last column is the widest."""
    cut = [[*(_cut(cell, _WIDEST) for cell in row[:-1]), _cut(row[-1], _WIDEST_REASON)] for row in rows]
    widths = [max(columns(row[column]) for row in cut) for column in range(len(rows[0]) - 1)]
    for row in cut:
        cells = [cell + " " * (width - columns(cell)) for cell, width in zip(row[:-1], widths, strict=True)]
        yield "  ".join((*cells, row[-1])).rstrip()


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: letters of East Asia take two, combining marks none."""
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def say(lines: Iterable[str]) -> None:
    """Print lines whatever callback is set; on the standard error where the standard output is for programs."""
    stderr = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2] in _FOR_PROGRAMS
    for line in lines:
        Display().display(safe(line), stderr=stderr)


def _cut(text: str, widest: int) -> str:
    line = " ".join(text.split())
    if columns(line) <= widest:
        return line
    while columns(line) > widest - 3:
        line = line[:-1]
    return f"{line}..."
