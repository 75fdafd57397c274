# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of traps, of operators' mistakes and of hostile endpoints are whole, and name only tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
OPERATORS = [*map(str, range(1, 16)), "15a", *map(str, range(16, 28))]
TABLES = {
    "traps.md": list(map(str, range(1, 42))),
    "operators.md": OPERATORS,
    "hostile.md": list(map(str, range(1, 10))),
}


def defined() -> set[str]:
    """The names of all tests."""
    files = [*TESTS.glob("unit/**/test_*.py"), *TESTS.glob("integration/**/test_*.py")]
    return {name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}


def named(table: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", (TESTS / table).read_text(encoding="utf-8")))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_each_number_once_and_names_tests_that_exist(table: str) -> None:
    text = (TESTS / table).read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+a?) \|", text, re.MULTILINE) == TABLES[table]
    assert named(table) <= defined()


@pytest.mark.parametrize("table", TABLES)
def test_a_row_names_a_test_or_says_that_none_is_there(table: str) -> None:
    for row in re.findall(r"^\| \d+a? \|.*$", (TESTS / table).read_text(encoding="utf-8"), re.MULTILINE):
        assert "`test_" in row or re.search(r"\| (Open|Cannot arise)", row), row


def test_every_test_of_a_trap_is_in_the_table() -> None:
    assert {name for name in defined() if name.startswith("test_trap_")} <= named("traps.md")
