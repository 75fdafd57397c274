# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit for what waits, inside whatever other limit there is."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_SHORTEST = 0.001


class Rang(BaseException):
    """The time is over; no Exception, since connections catch these and try again."""


class Outer:
    """Whoever has SIGALRM and its timer where ring takes them over, and gets them back.

    handler is what answered SIGALRM, due when its timer goes off next by time.monotonic (inf for never), and interval
    how many seconds later it does so again (0 for never).
    """

    def __init__(self, ring: Callable[[int, FrameType | None], None]) -> None:
        # A signal that is on its way still reaches whoever set the timer.
        left, self.interval = signal.setitimer(signal.ITIMER_REAL, 0)
        # Of a timer that goes off in less than a microsecond nothing is left. With an interval it goes on; without one
        # nobody can tell it from none.
        left = left or self.interval
        self.due = time.monotonic() + left if left else math.inf
        self.handler: Any = signal.signal(signal.SIGALRM, ring)

    def put_back(self) -> None:
        """Let it have both again, with the rest of its time."""
        try:
            # A signal that is on its way is answered before that.
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:
            signal.signal(signal.SIGALRM, self.handler)
            if self.due < math.inf:
                left = max(self.due - time.monotonic(), _SHORTEST)
                signal.setitimer(signal.ITIMER_REAL, left, self.interval)


class Alarm:
    """Raise Rang after so many seconds in what runs inside, and again after each grace, until it is left.

    It uses the timer that the keyword timeout of a task uses too: one that was set outside goes off in its time and as
    it would have, and is set again for the rest of its time afterwards. A Rang that gets lost on its way, as in what a
    connection does when it cleans up, stays known in rang.
    """

    _outer: Outer

    def __init__(self, seconds: float, grace: float) -> None:
        self.rang = False
        self._seconds = seconds
        self._grace = grace
        self._due = math.inf

    def __enter__(self) -> Alarm:
        self._outer = Outer(self._ring)
        now = time.monotonic()
        self._due = now + self._seconds
        self._set(now)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._due = math.inf
        self._outer.put_back()

    def _set(self, now: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, max(min(self._due, self._outer.due) - now, _SHORTEST))

    def _ring(self, number: int, frame: FrameType | None) -> None:
        now, outer = time.monotonic(), self._outer
        own, others = now >= self._due, now >= outer.due
        if own:
            self._due = now + self._grace
        if others:
            outer.due = now + outer.interval if outer.interval else math.inf
        # Where it is being left, nothing is due any more, and whoever leaves it sets the timer of others.
        if self._due < math.inf:
            self._set(now)
        if others and callable(outer.handler):
            outer.handler(number, frame)
        if own:
            self.rang = True
            raise Rang
