# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a call takes CPU that grows with the length of its input, and not with its square."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

# 16 times the input is 16 times the time where it is linear, and 256 times where it grows with the square.
FACTOR, MOST = 16, 64
# What takes fewer seconds cannot be told from noise.
SHORTEST = 0.002


def assert_linear(call: Callable[[str], object], once: str, more: str, turns: int = 12) -> None:
    """Fail where `more`, which is `FACTOR` times `once`, takes over `MOST` times as long in each turn.

    Of all turns the least counts: a busy machine makes a turn longer, and never shorter.
    """
    short = long = math.inf
    for _turn in range(turns):
        short, long = min(short, seconds(call, once)), min(long, seconds(call, more))
        if long < MOST * max(short, SHORTEST):
            return
    raise AssertionError(f"{once[-20:]!r}: {len(once)} take {short:.4f} s, {len(more)} take {long:.4f} s")


def seconds(call: Callable[[str], object], text: str) -> float:
    """The CPU seconds of one call."""
    began = time.process_time()
    call(text)
    return time.process_time() - began
