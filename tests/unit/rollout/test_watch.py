# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step waits for an endpoint no longer than its time, and nothing is sent after that."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout import _watch
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._watch import (
    Abandoned,
    TimeOver,
    Watch,
    WatchedEndpoint,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Command

pytestmark = pytest.mark.usefixtures("no_collection")


class Silent:
    """A connection to an endpoint that takes a command and never says a word."""

    transport = "mde.connectivity.winrs"

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.closed = False

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        self.lines.append(cmd)
        time.sleep(600)
        raise AssertionError

    def close(self) -> None:
        self.closed = True


def test_a_command_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "_EACH", 0.01)
    watch, connection = Watch(0.001), Silent()
    endpoint = WatchedEndpoint(connection, watch)
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeOver, match="longer than mde_deadline allows, which is 0.001 minutes"):
        endpoint.run([Command("ver")])
    assert (len(connection.lines), connection.closed) == (1, True)
    assert (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)) == (before, (0.0, 0.0))
    with pytest.raises(TimeOver):
        endpoint.run([Command("ver")])
    assert len(connection.lines) == 1


def test_nothing_is_sent_when_the_run_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, connection = Watch(1), Silent()
    monkeypatch.setattr("os.getppid", lambda: 1_000_000)
    with pytest.raises(Abandoned, match="the run of ansible-playbook that had begun this is gone"):
        WatchedEndpoint(connection, watch).run([Command("ver")])
    assert connection.lines == []


class TaskTimeout(BaseException):
    """What the timeout of a task raises."""


def end(*_signal: object) -> None:
    raise TaskTimeout


def wait_with_a_timeout(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    WatchedEndpoint(Silent(), Watch(10)).run([Command("ver")])


def test_the_timeout_of_a_task_goes_off_while_an_endpoint_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "_EACH", 0.01)
    before = signal.signal(signal.SIGALRM, end)
    try:
        with pytest.raises(TaskTimeout):
            wait_with_a_timeout(0.1)
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def spin(until: float) -> None:
    while time.monotonic() < until:
        pass


def test_a_step_whose_time_is_over_where_a_call_ends_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    # One tick falls where the call ends, and each is answered before the next one.
    monkeypatch.setattr(_watch, "_EACH", 0.0001)
    before = signal.getsignal(signal.SIGALRM)
    for number in range(1000):
        until = time.monotonic() + 0.0003 + 0.000001 * (number % 60 - 30)
        watch = Watch(0.0003 / 60)
        with contextlib.suppress(TimeOver):
            watch.bounded(lambda until=until: spin(until))
        assert (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)) == (before, (0, 0))
