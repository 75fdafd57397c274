# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that does not come to its end: what the last lines say, and what the evidence says meanwhile."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.rollout.killing import PATIENCE, end_what_is_left, let_arrive
from tests.integration.rollout.rollout_site import CHANGE, Change, change_on
from tests.network.stage import Stage

pytestmark = pytest.mark.simulated

HOSTS = 6


@pytest.fixture
def change(network: Stage, tmp_path: Path) -> Iterator[Change]:
    with change_on(network, tmp_path, {"clean": HOSTS}, rtt_ms=80) as planned:
        planned.have_plan()
        yield planned


def summary(change: Change) -> dict[str, Any]:
    return dict(json.loads((change.evidence / "summary.json").read_text(encoding="utf-8")))


def interrupted(
    change: Change, playbook: str, when: Any, *, forks: int = 2, **variables: Any
) -> tuple[int, str]:
    """Begin a playbook as a terminal does, press Ctrl-C there, and return the exit code and what was said."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    arguments = change.arguments(variables, "--forks", str(forks))
    output = change.work / "said.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [program, "-i", str(change.inventory), *arguments, f"mde.connectivity.{playbook}"],
            cwd=change.work,
            env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(change.work / "tmp")},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + PATIENCE
    while not when():
        assert process.poll() is None, "it ended before it was interrupted"
        assert time.monotonic() < until
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=PATIENCE / 4)
    except subprocess.TimeoutExpired:
        # A worker that ends while it hands over a result leaves ansible-core waiting for a lock: whoever sits there
        # presses once more.
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=PATIENCE)
        end_what_is_left(change.work)
    let_arrive(change.lab)
    return process.returncode, output.read_text(encoding="utf-8")


def test_at_an_interrupt_the_evidence_is_whole_and_the_last_lines_say_how_to_go_on(change: Change) -> None:
    code, said = interrupted(change, "rollout", lambda: len(change.verdicts()) > 3, mde_batches=[1, "100%"])
    assert code != 0
    there = change.verdicts()
    counts = summary(change)
    assert {line["host"]: line["verdict"] for line in counts["lines"]} == there
    with (change.evidence / "summary.csv").open(encoding="utf-8", newline="") as file:
        assert {row["host"]: row["verdict"] or None for row in csv.DictReader(file)} == there
    assert (counts["incomplete"], counts["not_started"]) == (True, HOSTS - len(there))
    assert said.splitlines()[-4:] == [
        "The rollout did not come to its end.",
        counts["sentence"],
        f"The whole of it: {change.evidence / 'index.html'}",
        "To go on, run the same command again: what ended ok is looked at, and the rest gets another turn. To take all "
        f"of it back: ansible-playbook mde.connectivity.rollback -e mde_evidence={change.evidence}",
    ]
    # The same command goes on, and so does the rollback when it is interrupted itself.
    again = change.play("rollout")
    assert again.rc == 0, again.output[-2000:]
    assert "did not come to its end" not in again.output
    assert summary(change)["verdicts"]["ok"] == HOSTS
    code, said = interrupted(change, "rollback", lambda: "rolled_back" in change.verdicts().values())
    assert code != 0
    assert said.splitlines()[-4] == "The rollback did not come to its end."
    assert summary(change)["sentence"] == said.splitlines()[-3]
    assert change.play("rollback").rc == 0
    assert set(change.verdicts().values()) == {"rolled_back"}


def test_while_a_batch_goes_on_the_page_is_made_again(change: Change) -> None:
    seen = set()

    def later() -> bool:
        page = change.evidence / "index.html"
        if page.exists():
            seen.add(page.stat().st_mtime_ns)
            # An hour ago to whoever asks whether it is due.
            os.utime(page, (0, 0))
        return len(seen) > 4

    # One endpoint after the other: of two that end at once, the second finds a page that is not due.
    interrupted(change, "rollout", later, forks=1, mde_batches=["100%"], mde_first_batch_above_one=True)


def test_what_was_not_in_a_run_is_counted_apart(change: Change) -> None:
    run = change.play("rollout", "--limit", "clean-1,clean-2")
    assert run.rc == 0, run.output[-2000:]
    sentence = f"2 of {HOSTS} are in the planned state and verified, {HOSTS - 2} not in this run."
    assert sentence in run.output
    assert "not in this run: clean-3, clean-4, clean-5 and 1 more" in run.output
    counts = summary(change)
    assert (counts["sentence"], counts["not_in_run"], counts["not_started"]) == (sentence, HOSTS - 2, 0)
    assert (counts["incomplete"], counts["finished"]) == (True, None)
    # A later run for one of them leaves what the first one did, and the rest not in this run.
    change.distrust("clean-3")
    failed = change.play("rollout", "--limit", "clean-3,clean-4", mde_batches=[1])
    assert failed.rc != 0
    counts = summary(change)
    assert (counts["verdicts"]["ok"], counts["not_in_run"], counts["not_started"]) == (2, 2, 1)
    assert counts["change"] == CHANGE
