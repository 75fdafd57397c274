# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many strings each cmd.exe has held over the suite's life: blocks of a thousand, those of the seeds 1, 2, ..."""

from __future__ import annotations

import fcntl
from pathlib import Path

import yaml

BLOCK = 1000
LEDGER = Path(__file__).with_name("cmd_ledger.yml")
_HEAD = """\
---
# Blocks of 1,000 strings that each cmd.exe held; block N is what tests.fuzz.cmd draws with seed N.
# `make fuzz N=100000` goes on from here.
"""


def blocks() -> dict[str, int]:
    """How many blocks each cmd.exe has held."""
    return yaml.safe_load(LEDGER.read_text(encoding="ascii")) or {}


def add(name: str) -> None:
    """Count one more block of a cmd.exe; several processes may do so at once."""
    with LEDGER.open("r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = blocks()
        held[name] = held.get(name, 0) + 1
        file.write(_HEAD + yaml.safe_dump(held))
        file.truncate()
