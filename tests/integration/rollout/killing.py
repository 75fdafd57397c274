# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that dies: its processes, and when it is to be."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.integration.play import Started

PATIENCE = 120


def children(parent: int) -> list[int]:
    """The processes that a process has started and that are still there, and theirs."""
    started: defaultdict[int, list[int]] = defaultdict(list)
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
            started[int(stat.rpartition(")")[2].split()[1])].append(int(name))
    found = list(started[parent])
    for pid in found:
        found += started[pid]
    return found


def at_work(directory: Path) -> list[int]:
    """The processes of a run that are left, which have the directory as their own."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{name}/cwd") == str(directory):
                found.append(int(name))
    return found


def end_what_is_left(directory: Path) -> None:
    """Kill what a run has left that had to be interrupted twice.

    A worker that ansible-core has just forked says an error where the first interrupt meets it, and waits forever for
    a lock with which another one was killed. It has a session of its own, which the second interrupt doesn't reach.
    """
    for pid in at_work(directory):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def stop_when(run: Started, due: Callable[[], bool]) -> list[int]:
    """Stop a run in the middle, so that it starts no more processes, and return those that it has started."""
    until = time.monotonic() + PATIENCE
    while not due():
        assert not run.ended(0.005), "it ended before it was killed"
        assert time.monotonic() < until
    os.kill(run.pid, signal.SIGSTOP)
    return children(run.pid)


def kill_when(run: Started, due: Callable[[], bool]) -> None:
    """Kill all processes of a run at once."""
    for pid in (*stop_when(run, due), run.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert run.wait().rc == -signal.SIGKILL
