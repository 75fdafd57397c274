# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, claims, and a run of a playbook that is not what was asked."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import claims, controller, scale, share, table
from tests.bench.controller import Controller, FarmProcess, Figures, Run, WrongResultError
from tests.bench.scale import Point
from tests.bench.share import Share
from tests.bench.work import WORKS

RECAP = "{} : ok=1    changed={}    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0\n"


def figures(wall: float = 10, cpu: float = 20, memory: float = 70, requests: int = 50) -> Figures:
    return Figures(wall, cpu, memory, requests, 100_000, 50_000, 1, 50)


def point(hosts: int, memory: float, own_cpu_ms: float) -> Point:
    return Point(hosts, 10, 1000, 50, memory, 5, own_cpu_ms, 5)


def test_the_median_is_taken_of_each_figure_and_the_peak_of_memory() -> None:
    middle = table.middle([figures(wall=1, memory=80), figures(wall=9), figures(wall=2)], statistics.median)
    assert (middle.wall, middle.memory) == (2, 80)


def test_the_start_is_taken_off_and_the_rest_divided() -> None:
    run = Run("one", hosts=10)
    one = table.per_endpoint(run, figures(), figures(wall=1, cpu=2))
    assert (one.wall, one.cpu, one.requests, one.bytes) == (0.9, 1.8, 5, 15_000)


@pytest.mark.parametrize(
    ("sense", "value", "holds"), [("at most", 5, True), ("at most", 5.1, False), ("at least", 4.9, False)]
)
def test_a_claim_holds_up_to_its_limit(sense: str, value: float, holds: bool) -> None:
    claim = claims.Claim("figure", value, sense, 5)  # type: ignore[arg-type]
    assert claim.holds is holds
    assert claims.broken([claim]) == ([] if holds else [claim])


@pytest.mark.parametrize(
    ("memory", "cpu", "lost"), [(82, 46, 0), (83, 46, 1), (82, 47, 1), (200, 100, 2)]
)
def test_a_fleet_that_costs_more_per_endpoint_breaks_a_claim(memory: float, cpu: float, lost: int) -> None:
    points = [point(100, 70, 40), point(1000, 75, 41), point(5000, memory, cpu)]
    assert len(claims.broken(list(claims.of_scale(points)))) == lost


def test_small_fleets_have_their_turns_while_the_largest_is_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def run(
        _self: Controller, lab: FarmProcess, wanted: Run, pause: Callable[[], object] | None = None
    ) -> Figures:
        for _batch in range(0, wanted.hosts, 200):
            if pause:
                pause()
        done.append((lab.count, wanted.work, wanted.hosts))
        return figures(cpu=wanted.hosts + len(done))

    monkeypatch.setattr(Controller, "run", run)
    labs = FarmProcess(800, ()), FarmProcess(100, ())
    found = scale.measure(Controller(Path()), *labs, scale.Scale((10, 100), (300,), 800, forks=(50,)))
    starts = [(800, "nothing", hosts) for hosts in (10, 100, 300, 800)]
    amid = [(100, "nothing", 10), (100, "audit", 10), (100, "audit", 100), (100, "nothing", 10)]
    assert done == [*starts, (800, "audit", 300), *amid, (800, "audit", 800)]
    start = 10 + (6 + 9) / 2
    assert {
        point.hosts: point.own_cpu_ms * point.hosts / 1000 for point in scale.points(found)
    } == pytest.approx({10: 17 - start, 100: 108 - start, 300: 305 - start, 800: 810 - start})


@pytest.fixture
def stopping() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stops itself twice, as the controller does before each batch."""
    code = "import os, signal\nfor _ in range(2): os.kill(os.getpid(), signal.SIGSTOP)\nraise SystemExit(7)"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        yield process


def test_what_passes_while_a_run_is_stopped_is_not_measured(
    stopping: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def pause() -> None:
        clock[0] += 100

    wall, cpu, memory = controller.measured(stopping, pause)
    assert (clock, wall, stopping.returncode) == ([200], 0, 7)
    assert cpu > 0
    assert memory > 1


def test_a_run_ends_where_its_pause_fails(stopping: subprocess.Popen[bytes]) -> None:
    def pause() -> None:
        raise WrongResultError("the small fleet")

    with pytest.raises(WrongResultError):
        controller.measured(stopping, pause)
    assert stopping.wait() == -signal.SIGKILL


def test_what_a_task_takes_ends_where_the_next_one_starts() -> None:
    names = [task["name"] for task in WORKS["share"].tasks]
    found = share.of_run([(name, float(2**number)) for number, name in enumerate(names)], 2)
    assert found == {"changed": Share(8, 1, 16), "converged": Share(32, 2, 64)}


@pytest.mark.parametrize(("ours", "lost"), [(0.084, 0), (0.086, 1), (0.11, 2)])
def test_a_task_that_costs_more_than_an_empty_one_breaks_a_claim(ours: float, lost: int) -> None:
    shares = {"changed": [Share(0.08, 0.08, 0.08)], "converged": [Share(ours, 0.08, 0.08)] * 3}
    assert len(claims.broken(list(claims.of_share(shares)))) == lost


@pytest.mark.parametrize(
    ("code", "changed"), [(2, (1, 0)), (0, (0, 0)), (0, (1, 1)), (0, (1,)), (0, (1, 0, 0))]
)
def test_a_run_whose_recap_is_not_as_asked_is_wrong(code: int, changed: tuple[int, ...]) -> None:
    run = Run("audit", hosts=2, drifted_each=2)
    recap = "".join(RECAP.format(f"endpoint-{number:04}", n) for number, n in enumerate(changed, 1))
    with pytest.raises(WrongResultError):
        controller.check_run(run, code, recap)


def test_a_run_as_asked_is_right() -> None:
    run = Run("audit", hosts=2, drifted_each=2)
    recap = RECAP.format("endpoint-0001", 1) + RECAP.format("endpoint-0002", 0)
    controller.check_run(run, 0, recap)
