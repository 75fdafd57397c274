# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python imports this when it starts: each process keeps in a file how many functions were called in it."""

from __future__ import annotations

import mmap
import os
import sys
import threading
from pathlib import Path

_SIZE = 8


class _Steps:
    """The number of calls of this process; it stands in the file at any time, since a worker may be killed."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        path = Path(os.environ["LAB_STEPS"]) / str(os.getpid())
        path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._number = memoryview(mmap.mmap(file.fileno(), _SIZE)).cast("Q")

    def count(self, _frame: object, event: str, _argument: object) -> None:
        self._number[0] += event in ("call", "c_call")


_steps = _Steps()
os.register_at_fork(after_in_child=_steps.begin)
sys.setprofile(_steps.count)
threading.setprofile(_steps.count)
