# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit for what waits, inside whatever other limit there is."""

from __future__ import annotations

import math
import signal
import time
from types import FrameType, TracebackType
from typing import Any

_SHORTEST = 0.001


class Rang(BaseException):
    """The time is over; no Exception, since connections catch these and try again."""


class Alarm:
    """Raise Rang after so many seconds in what runs inside, and again after each grace, until it is left.

    It uses the timer that the keyword timeout of a task uses too: one that was set outside goes off in its time and as
    it would have, and is set again for the rest of its time afterwards. A Rang that gets lost on its way, as in what a
    connection does when it cleans up, stays known in rang.
    """

    def __init__(self, seconds: float, grace: float) -> None:
        self.rang = False
        self._seconds = seconds
        self._grace = grace
        self._due = self._outer_due = math.inf
        self._outer_interval = 0.0
        self._outer: Any = signal.SIG_DFL

    def __enter__(self) -> Alarm:
        self._outer = signal.signal(signal.SIGALRM, self._ring)
        left, self._outer_interval = signal.setitimer(signal.ITIMER_REAL, 0)
        now = time.monotonic()
        self._outer_due = now + left if left else math.inf
        self._due = now + self._seconds
        self._set(now)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._outer)
        if self._outer_due < math.inf:
            left = max(self._outer_due - time.monotonic(), _SHORTEST)
            signal.setitimer(signal.ITIMER_REAL, left, self._outer_interval)

    def _set(self, now: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, max(min(self._due, self._outer_due) - now, _SHORTEST))

    def _ring(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        own, outer = now >= self._due, now >= self._outer_due
        if own:
            self._due = now + self._grace
        if outer:
            self._outer_due = now + self._outer_interval if self._outer_interval else math.inf
        self._set(now)
        if outer and callable(self._outer):
            self._outer(number, frame)
        if own:
            self.rang = True
            raise Rang
