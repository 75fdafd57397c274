# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the guides of the docs site: their commands, their tables and their prose."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "docsite" / "rst"
GUIDES = sorted(FOLDER.glob("*.rst"))
DIRECTIVE = re.compile(r"^\.\..*\n(?:\n*(?: .*(?:\n|\Z))+)*", re.MULTILINE)
TITLE = re.compile(r"^(.+)\n([=~-])\2+$", re.MULTILINE)


def read(name: str) -> str:
    """Return the text of a guide."""
    return (FOLDER / f"{name}.rst").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks of code in a language, as they are typed."""
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:(?: {{4}}.*)?\n)+)", text, re.MULTILINE)
    return [re.sub("^ {4}", "", block, flags=re.MULTILINE).strip() + "\n" for block in found]


def tables(text: str) -> list[list[tuple[str, ...]]]:
    """Return the tables as rows, their heads included, with the markup of their cells."""
    found = []
    for part in text.split(".. list-table::")[1:]:
        body = re.findall(r"^   \* - .*(?:\n     -.*)*", part, re.MULTILINE)
        found.append([tuple(re.sub("^ *(?:[*] )?- ?", "", cell) for cell in row.split("\n")) for row in body])
    return found


def rows(text: str) -> list[tuple[str, ...]]:
    """Return the rows of all tables without their heads."""
    return [row for table in tables(text) for row in table[1:]]


def prose(text: str) -> str:
    """Return a guide without directives (code, tables, pictures, labels) and titles."""
    return TITLE.sub("", DIRECTIVE.sub("", text))
