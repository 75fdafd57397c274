# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Means, turns, claims, and a run of a playbook that is not what was asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import claims, controller, scale, share, table, turns
from tests.bench.controller import Controller, FarmProcess, Figures, Run, Taken, WrongResultError
from tests.bench.scale import Point
from tests.bench.share import Share
from tests.bench.turns import Bench
from tests.bench.work import WORKS

RECAP = "{} : ok=1    changed={}    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0\n"


def figures(wall: float = 10, cpu: float = 20, memory: float = 70, requests: int = 50) -> Figures:
    return Figures(2, 1, wall, cpu, memory, requests, 100_000, 50_000, 1, memory)


def point(hosts: int, memory: float, own_cpu_ms: float, work: str = "audit") -> Point:
    return Point(work, hosts, 1000, memory, 5, own_cpu_ms, 5, memory)


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
    ("work", "memory", "cpu", "lost"),
    [
        ("audit", 82, 46, 0),
        ("audit", 83, 46, 1),
        ("audit", 82, 47, 1),
        ("audit", 200, 100, 2),
        ("rollout", 83, 46, 2),
    ],
)
def test_a_fleet_that_costs_more_per_endpoint_breaks_a_claim(
    work: str, memory: float, cpu: float, lost: int
) -> None:
    points = [point(1000, 75, 40, work), point(5000, memory, cpu, work)]
    assert len(claims.broken(list(claims.of_scale(points)))) == lost


@pytest.mark.parametrize(("memory", "lost"), [(88, 1), (90, 2)])
def test_memory_beyond_what_the_floor_grows_by_breaks_a_claim_of_its_own(memory: float, lost: int) -> None:
    floor = [point(1000, 70, 30, "floor"), point(5000, 80, 60, "floor")]
    points = [*floor, point(1000, 75, 40), point(5000, memory, 40)]
    made = list(claims.of_scale(points))
    assert len(claims.broken(made)) == lost
    assert not any("floor" in claim.text for claim in made)


@pytest.mark.parametrize(
    ("site", "audit", "verify", "lost"), [(22, 13, 13, 0), (23, 13, 13, 4), (22, 14, 14, 4)]
)
def test_a_playbook_that_costs_more_than_its_limit_breaks_a_claim(
    site: float, audit: float, verify: float, lost: int
) -> None:
    size = table.Size(hosts=10, forks=10, repetitions=1)
    taken = {"raw": 10, "site": site, "audit": audit, "verify": verify, "pypsrp": 1}
    found = {run: table.per_endpoint(run, figures(cpu=taken[run.work])) for run in table.floors(size)}
    assert len(claims.broken(list(claims.of_floor(found, size)))) == lost


@pytest.mark.parametrize(("cpu", "wall", "lost"), [(80, 60, 0), (81, 60, 1), (80, 62, 1)])
def test_a_rollout_that_costs_more_than_its_limit_breaks_a_claim(cpu: float, wall: float, lost: int) -> None:
    made = claims.of_rollout(figures(wall, cpu), figures(cpu=20), 1000, 2)
    assert len(claims.broken(list(made))) == lost


def test_each_way_to_do_the_work_is_beside_its_peers() -> None:
    size = table.Size(hosts=10, forks=10, repetitions=1)
    found = {run: table.per_endpoint(run, figures()) for run in table.of_peers(size)}
    made = [*claims.of_peers(found, size), *claims.of_one(found, size)]
    # Of the same figures, since half as many of their endpoints are asked.
    assert {claim.value for claim in made if claim.text.startswith("times")} == {2}
    assert len(claims.broken(made)) == 9


def test_what_several_processes_took_is_added_and_the_largest_counts() -> None:
    taken = controller.together([Taken(1, 2, 3, 4, 70), Taken(1, 1, 1, 1, 80)])
    assert taken == Taken(2, 3, 4, 5, 80)


def test_of_the_repetitions_of_a_run_the_one_with_the_least_cpu_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Run] = []

    def run(_self: Controller, _lab: FarmProcess, wanted: Run) -> Figures:
        seen.append(wanted)
        return figures(cpu=5 - len(seen), wall=len(seen))

    monkeypatch.setattr(Controller, "run", run)
    bench = Bench(Controller(Path()), FarmProcess(1, ()))
    one, other = Run("raw"), Run("audit")
    found = table.measure(bench, [one, other], 2)
    assert seen == [one, other] * 2
    assert [(found[run].cpu, found[run].wall) for run in (one, other)] == [(2, 3), (1, 4)]


def test_what_an_inventory_takes_is_no_memory_of_a_work() -> None:
    found = {Run("nothing", hosts=10): figures(memory=60), Run("audit", hosts=10): figures(memory=70)}
    (only,) = scale.points(found)
    assert (only.work, only.memory, only.own_memory) == ("audit", 70, 10)


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
    lab.ports[0] = {"https": 1}
    monkeypatch.setattr(lab, "ask", lambda *_wanted, **_options: {"cpu": 0})
    with pytest.raises(WrongResultError, match="did not pause"):
        Controller(tmp_path / "python", tmp_path).run(lab, Run("one", hosts=1))


def test_a_run_as_asked_is_right() -> None:
    run = Run("audit", hosts=2, drifted_each=2)
    recap = RECAP.format("endpoint-0001", 1) + RECAP.format("endpoint-0002", 0)
    controller.check_run(run, 0, recap)
