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
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from windows_lab.lab import Lab

from tests.integration.play import Started

PATIENCE, GRACE = 120, 10


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
    """Kill what a run has left that had to be interrupted twice, and does not end by itself within some seconds.

    A worker that ansible-core had only just forked at the first interrupt reports an error, and to do so waits forever
    for a lock that another one held when it was killed. It has a session of its own, which no interrupt reaches.
    """
    until = time.monotonic() + GRACE
    while at_work(directory) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in at_work(directory):
        with contextlib.suppress(OSError):
            print(f"left behind: {pid}, at {Path(f'/proc/{pid}/wchan').read_text(encoding='utf-8')}")
            os.kill(pid, signal.SIGKILL)


def let_arrive(lab: Lab) -> None:
    """Wait until the lab has read what was sent to it; what comes in a moment later would count as sent later."""
    # A port takes its connections in their order, and asking this way is in no account.
    for name in lab.endpoints:
        with contextlib.closing(HTTPConnection("127.0.0.1", lab.port(name), timeout=PATIENCE)) as connection:
            connection.request("GET", "/wsman")
            assert connection.getresponse().status == HTTPStatus.METHOD_NOT_ALLOWED


def stop_when(run: Started, due: Callable[[], bool]) -> list[int]:
    """Stop a run in the middle, so that it starts no more processes, and return those that it has started."""
    until = time.monotonic() + PATIENCE
    while not due():
        assert not run.ended(0.005), "it ended before it was killed"
        assert time.monotonic() < until
    os.kill(run.pid, signal.SIGSTOP)
    return children(run.pid)


def kill_when(run: Started, due: Callable[[], bool], lab: Lab) -> None:
    """Kill all processes of a run at once."""
    for pid in (*stop_when(run, due), run.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert run.wait().rc == -signal.SIGKILL
    let_arrive(lab)
