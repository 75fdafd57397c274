# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alarm inside a task's own limit: each goes off in its time, and none is lost."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._alarm import Alarm, Rang

pytestmark = pytest.mark.usefixtures("no_collection")


class OuterLimit(BaseException):
    """What the limit around the alarm raises."""


@pytest.fixture(name="outer")
def fixture_outer() -> Iterator[list[float]]:
    """A timer of somebody else that went off at these times, and raises from the second on."""
    times: list[float] = []

    def ring(*_signal: object) -> None:
        times.append(time.monotonic())
        if len(times) > 1:
            raise OuterLimit

    signal.signal(signal.SIGALRM, ring)
    yield times
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def wait() -> None:
    time.sleep(30)


def nothing() -> None:
    pass


def test_what_waits_is_left_and_nothing_stays_set() -> None:
    with pytest.raises(Rang):
        Alarm(0.05, 10).bounded(wait)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_what_ends_in_time_is_not_disturbed() -> None:
    alarm = Alarm(30, 10)
    assert alarm.bounded(lambda: 7) == 7
    assert not alarm.rang


def test_cleaning_up_is_left_too_and_what_it_raises_hides_nothing() -> None:
    alarm = Alarm(0.05, 0.05)
    with pytest.raises(Rang):
        alarm.bounded(wait_to_the_end)
    lost = Alarm(0.05, 10)
    with pytest.raises(OSError, match="cleaning"):
        lost.bounded(fail_at_the_end)
    assert lost.rang


def wait_to_the_end() -> None:
    try:
        time.sleep(30)
    finally:
        time.sleep(30)


def fail_at_the_end() -> None:
    try:
        time.sleep(30)
    finally:
        raise OSError("cleaning")


def test_an_outer_limit_goes_off_inside(outer: list[float]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    alarm = Alarm(30, 10)
    with pytest.raises(OuterLimit):
        alarm.bounded(wait)
    assert len(outer) == 2
    assert not alarm.rang


def test_an_outer_limit_keeps_the_rest_of_its_time(outer: list[float]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 100, 7)
    with pytest.raises(Rang):
        Alarm(0.05, 10).bounded(wait)
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    assert 50 < left < 100
    assert interval == 7
    assert not outer


def test_an_outer_limit_that_passed_meanwhile_goes_off_at_once(outer: list[float]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    deadline = time.monotonic() + 30

    def until_it_went_off() -> None:
        while not outer and time.monotonic() < deadline:
            time.sleep(0.01)

    Alarm(30, 10).bounded(until_it_went_off)
    assert len(outer) == 1


# Seconds until a timer goes off, each at another moment of what follows.
MOMENTS = [0.000001 * (1 + number % 50) for number in range(500)]


def test_an_outer_limit_that_goes_off_at_any_moment_is_neither_lost_nor_a_failure() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_signal: heard.append(1))
    try:
        for moment in MOMENTS:
            signal.setitimer(signal.ITIMER_REAL, moment, 0.001)
            alarm = Alarm(3600, 10)
            alarm.bounded(nothing)
            assert not alarm.rang
            heard.clear()
            until = time.monotonic() + 30
            while not heard and time.monotonic() < until:
                time.sleep(0.0001)
            assert heard
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def leave_an_alarm(outer: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, outer)
    Alarm(3600, 10).bounded(nothing)
    time.sleep(0.002)


def test_whatever_an_outer_limit_breaks_off_it_has_its_signal_back() -> None:
    def end(*_signal: object) -> None:
        raise OuterLimit

    before = signal.signal(signal.SIGALRM, end)
    try:
        for moment in MOMENTS:
            with contextlib.suppress(OuterLimit):
                leave_an_alarm(moment)
            assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
            assert signal.getsignal(signal.SIGALRM) == end
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def spin(until: float) -> None:
    while time.perf_counter() < until:
        pass


def test_a_limit_that_passes_where_it_is_left_leaves_nothing_behind() -> None:
    # Shorter than a millisecond no limit is.
    for moment in MOMENTS[:200]:
        until = time.perf_counter() + 0.00098 + moment
        with contextlib.suppress(Rang):
            Alarm(0.001, 3600).bounded(lambda until=until: spin(until))
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_a_limit_that_passes_while_it_is_set_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    setitimer = signal.setitimer

    def interrupted(which: int, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        before = setitimer(which, seconds, interval)
        if seconds:
            time.sleep(0.05)
        return before

    monkeypatch.setattr(signal, "setitimer", interrupted)
    with pytest.raises(Rang):
        Alarm(0.001, 3600).bounded(nothing)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
