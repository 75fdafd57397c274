# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated endpoints that mean harm: lines that never end, answers that are not what was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable

from windows_lab.backend import Completed
from windows_lab.profiles import Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint

# Longer than any test waits, and no longer than a lab that is left can bear.
_FOREVER = 120


class Hanging(SimulatedEndpoint):
    """An endpoint on which no line that has a certain word in it ever ends, unless its shell is closed."""

    word = "netsh"

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        self.began = threading.Event()
        self.ended = threading.Event()

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        if self.word in line:
            self.began.set()
            self.ended.wait(_FOREVER)
            return Completed(1)
        return super().run(line, stdin)

    def interrupt(self) -> None:
        self.ended.set()

    def close(self) -> None:
        self.ended.set()


class Answering(SimulatedEndpoint):
    """An endpoint that answers something else than a clean one would, as soon as it is told what."""

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        self.answer: Callable[[str, Completed], Completed] = lambda _line, done: done

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        return self.answer(line, super().run(line, stdin))
