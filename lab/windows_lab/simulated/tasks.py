# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks of a simulated endpoint, and what they go by: its clock, and its run from one start to the next."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass


class Ended(SystemExit):
    """The endpoint was restarted under a program, which ends without a word."""


@dataclass
class Clock:
    """Minutes since the endpoint was made; only a test lets them pass."""

    minutes: int = 0


@dataclass
class Boot:
    """The time between two starts of the endpoint; what was started in it ends with it."""

    ended: bool = False
    number: int = 0
    # Whether a restart was asked for, which has not begun.
    ends: bool = False

    def check(self) -> None:
        """Raise Ended in a program that is from before a restart."""
        if self.ended:
            raise Ended


@dataclass
class Task:
    """A scheduled task: what it runs and by what it starts, and its last run."""

    line: str
    system: bool = True
    disallow_start_on_batteries: bool = True
    # When its trigger fires next, by the endpoint's clock; None for a task that waits for no time.
    due: int | None = None
    # Minutes from a start of Windows to its boot trigger; None without one.
    boot_delay: int | None = None
    # Whether it was to start, and waits for the mains.
    queued: bool = False
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether its last run goes on."""
        return self.thread is not None and self.thread.is_alive()

    def begin(self, on_battery: bool, action: Callable[[], object]) -> None:
        """Run its action in a thread, unless it runs already or the battery forbids."""
        if self.running:
            return
        self.queued = on_battery and self.disallow_start_on_batteries
        if not self.queued:
            # A program of its own, which the end of the line that started it does not end.
            self.thread = threading.Thread(target=_run, args=(action,), name="lab-task", daemon=True)
            self.thread.start()

    def boot(self, now: int) -> None:
        """What a restart makes of it: it does not run, and only its boot trigger counts."""
        self.thread = None
        self.queued = False
        self.due = None if self.boot_delay is None else now + self.boot_delay


def _run(action: Callable[[], object]) -> None:
    with contextlib.suppress(Ended):
        action()
