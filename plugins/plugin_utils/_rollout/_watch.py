# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a step may go on: until its time is over, and while the run that began it is there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TypeVar

from .._windows._alarm import Outer
from .._windows._endpoint import Command, Completed, Connection, Endpoint, EndpointError

_T = TypeVar("_T")
# How often it is looked, in seconds, while a call to the endpoint goes on.
_EACH = 1.0


class Over(EndpointError):
    """The step may not go on."""


class TimeOver(Over):
    """The step has used up its time."""


class Abandoned(Over):
    """The process of ansible-playbook that began the step is gone."""


class Watch:
    """The time of one step, and the process that began it: made where the step begins."""

    def __init__(self, minutes: float) -> None:
        self._minutes = minutes
        self._until = time.monotonic() + minutes * 60
        self._parent = os.getppid()

    def over(self) -> Over | None:
        """Why the step may not go on; None while it may."""
        if os.getppid() != self._parent:
            return Abandoned("the run of ansible-playbook that had begun this is gone")
        if time.monotonic() >= self._until:
            return TimeOver(f"it took longer than mde_deadline allows, which is {self._minutes:g} minutes")
        return None

    def check(self) -> None:
        """Raise what over returns."""
        if reason := self.over():
            raise reason

    def bounded(self, call: Callable[[], _T]) -> _T:
        """Return what the call returns; raise TimeOver or Abandoned out of whatever waits in it."""
        self.check()
        inside = True

        def ring(number: int, frame: FrameType | None) -> None:
            if inside:
                self.check()
                outer.pass_on(number, frame)

        # A task that has a timeout of its own has set the timer already.
        outer = Outer(ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, _EACH, _EACH)
            return call()
        finally:
            inside = False
            outer.put_back()


class WatchedEndpoint(Endpoint):
    """An endpoint that is asked only while a step may go on."""

    def __init__(self, connection: Connection, watch: Watch) -> None:
        super().__init__(connection)
        self._watch = watch

    def run(self, commands: Sequence[Command]) -> list[Completed]:
        run = super().run
        try:
            return self._watch.bounded(lambda: run(commands))
        except Over as error:
            self._abandon(error)
            raise
