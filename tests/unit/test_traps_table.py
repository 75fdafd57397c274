# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of traps names every trap, and only tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TRAPS = 41


def test_the_table_of_traps_is_whole() -> None:
    table = (TESTS / "traps.md").read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == [
        *range(1, TRAPS + 1)
    ]
    files = [*TESTS.glob("unit/**/test_*.py"), *TESTS.glob("integration/**/test_*.py")]
    defined = {
        name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", table))
    assert named <= defined
    assert {name for name in defined if name.startswith("test_trap_")} <= named
