# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Means, turns, claims, and a run of a playbook that is not what was asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import claims, controller, scale, share, table, turns
from tests.bench.controller import Controller, FarmProcess, Figures, Run, WrongResultError
from tests.bench.scale import Point
from tests.bench.share import Share
from tests.bench.turns import Bench
from tests.bench.work import WORKS

RECAP = "{} : ok=1    changed={}    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0\n"


def figures(wall: float = 10, cpu: float = 20, memory: float = 70, requests: int = 50) -> Figures:
    return Figures(2, 1, wall, cpu, memory, requests, 100_000, 50_000, 1)


def point(hosts: int, memory: float, own_cpu_ms: float) -> Point:
    return Point(hosts, 10, 1000, 50, memory, 5, own_cpu_ms, 5)


def test_the_mean_is_taken_of_each_figure_and_the_peak_of_memory() -> None:
    mean = turns.mean([figures(wall=1, memory=80), figures(wall=9), figures(wall=2)])
    assert (mean.wall, mean.memory) == (4, 80)


def test_the_figures_of_a_run_are_divided_by_its_endpoints() -> None:
    one = table.per_endpoint(Run("one", hosts=10), figures())
    assert (one.wall, one.cpu, one.memory, one.requests, one.bytes) == (1, 2, 70, 5, 15_000)


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


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Run]]:
    """Endpoints of the farm and what was run there; a run has a pause per 200 endpoints and takes 1 s for each."""
    seen: list[tuple[int, Run]] = []

    def run(
        _self: Controller, lab: FarmProcess, wanted: Run, pause: Callable[[], object] = lambda: None
    ) -> Figures:
        for _batch in range(0, wanted.hosts, 200):
            pause()
        seen.append((lab.count, wanted))
        return figures(cpu=wanted.hosts + len(seen))

    monkeypatch.setattr(Controller, "run", run)
    return seen


def test_small_fleets_have_their_turns_while_the_largest_is_audited(done: list[tuple[int, Run]]) -> None:
    bench = Bench(Controller(Path()), FarmProcess(600, ()), FarmProcess(100, ()))
    found = scale.measure(bench, scale.Scale((10, 100), (300,), 600, forks=(50,)))
    inventories = [(600, "nothing", hosts) for hosts in (10, 100, 300, 600)]
    amid = [(100, "audit", 10), (100, "audit", 100), (100, "audit", 10)]
    runs = [(count, run.work, run.hosts) for count, run in done]
    assert runs == [*inventories, (600, "audit", 300), *amid, (600, "audit", 600)]
    own = {point.hosts: point.own_cpu_ms * point.hosts / 1000 for point in scale.points(found)}
    assert own == pytest.approx({10: 10 + (6 + 8) / 2, 100: 107, 300: 305, 600: 609})


def test_our_work_has_its_turns_while_the_peers_do_theirs(done: list[tuple[int, Run]]) -> None:
    bench = Bench(Controller(Path()), FarmProcess(600, ()), FarmProcess(100, ()))
    found = table.measure(bench, table.Size(hosts=400, forks=10, repetitions=2))
    cells = [run for _count, run in done if (run.start, run.rtt) == ("drifted", 20)]
    ours, peers = Run("one", "winrs", "drifted", 20, 400), Run("peers", "winrm", "drifted", 20, 400)
    half = len(cells) // 2
    assert cells[half - 3 : half] == cells[-3:] == [ours, ours, peers]
    assert {count for count, run in done if run == ours} == {100}
    assert {count for count, run in done if run == peers} == {600}
    assert found[ours].cpu == pytest.approx(
        sum(400 + number for number, (_count, run) in enumerate(done, 1) if run == ours) / 4
    )


@pytest.fixture
def stopping() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stops itself twice, as the controller does before each batch."""
    code = """if True:
        import os, signal, time
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGSTOP)
        until = time.process_time() + 0.05
        while time.process_time() < until:
            pass
        raise SystemExit(7)
    """
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        yield process


def test_what_passes_while_a_run_is_stopped_is_not_measured(
    stopping: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def pause() -> None:
        clock[0] += 100

    taken = controller.measured(stopping, pause)
    assert (clock, taken.start_wall, taken.wall, stopping.returncode) == ([200], 0, 0, 7)
    assert taken.start_cpu > 0
    assert taken.cpu >= 0.05
    assert taken.memory > 1


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


def test_a_run_that_did_not_pause_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ansible-playbook"
    program.write_text(f"#!/bin/sh\necho '{RECAP.format('endpoint-0001', 0)}'\n", encoding="utf-8")
    program.chmod(0o700)
    lab = FarmProcess(1, ())
    lab.ports[0] = 1
    monkeypatch.setattr(lab, "ask", lambda *_wanted, **_options: {"cpu": 0})
    with pytest.raises(WrongResultError, match="did not pause"):
        Controller(tmp_path / "python", tmp_path).run(lab, Run("one", hosts=1))


def test_a_run_as_asked_is_right() -> None:
    run = Run("audit", hosts=2, drifted_each=2)
    recap = RECAP.format("endpoint-0001", 1) + RECAP.format("endpoint-0002", 0)
    controller.check_run(run, 0, recap)
