# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit for what waits, inside whatever other limit there is."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")
_SHORTEST = 0.001


class Rang(BaseException):
    """The time is over; no Exception, since connections catch these and try again."""


class Outer:
    """Whoever has SIGALRM and its timer where ring takes them over, and gets them back.

    due is when its timer goes off next by time.monotonic (inf for never). ring says so by pass_on, and does nothing
    any more from where put_back is about to be called: who was due meanwhile is rung right after it.
    """

    def __init__(self, ring: Callable[[int, FrameType | None], None]) -> None:
        # A signal that is on its way still reaches whoever set the timer.
        left, self._interval = signal.setitimer(signal.ITIMER_REAL, 0)
        # Of a timer that has just gone off, or does so in less than a microsecond, nothing is left. With an interval it
        # goes on; without one nobody can tell the second from none.
        left = left or self._interval
        self.due = time.monotonic() + left if left else math.inf
        self._handler: Any = signal.signal(signal.SIGALRM, ring)

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        """Let it answer a signal where it is due."""
        now = time.monotonic()
        if now >= self.due:
            self.due = now + self._interval if self._interval else math.inf
            if callable(self._handler):
                self._handler(number, frame)

    def put_back(self) -> None:
        """Let it have both again, with the rest of its time."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler)
        if self.due < math.inf:
            signal.setitimer(signal.ITIMER_REAL, max(self.due - time.monotonic(), _SHORTEST), self._interval)


class Alarm:
    """Raise Rang after so many seconds in a call, and again after each grace, until it ends.

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

    def bounded(self, call: Callable[[], _T]) -> _T:
        """Return what the call returns; raise Rang out of whatever waits in it."""
        self._outer = Outer(self._ring)
        try:
            now = time.monotonic()
            self._due = now + self._seconds
            self._set(now)
            return call()
        finally:
            self._due = math.inf
            self._outer.put_back()

    def _set(self, now: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, max(min(self._due, self._outer.due) - now, _SHORTEST))

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._due == math.inf:
            return
        now = time.monotonic()
        own = now >= self._due
        if own:
            self._due = now + self._grace
        try:
            self._outer.pass_on(number, frame)
        finally:
            self._set(now)
        if own:
            self.rang = True
            raise Rang
