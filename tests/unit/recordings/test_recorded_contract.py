# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that answers otherwise than the contract says is noticed when its recording arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from windows_lab.recording import Exchange, Machine, NotRecorded, Recording

from tests.integration.modules import contract, test_contract
from tests.recordings import stored

PART = "contract/test_contract[query-key]"
CASE = next(case for case in contract.CASES if case.name == "query-key")
Change = Callable[[Exchange], Exchange]


def kept(change: Change) -> Recording:
    """The recording of the simulation, in which the answer to one case is another."""
    recording = stored.recording("simulated")
    entries = [change(entry) if isinstance(entry, Exchange) else entry for entry in recording.parts[PART]]
    return Recording(recording.machine, {PART: entries})


def answers(recording: Recording) -> list[tuple[int, object, str | None]]:
    """What counts of the answers to the case."""
    endpoint = test_contract.answering(recording, PART)
    said = test_contract.batch(endpoint, [step.command for step in CASE.steps])
    return test_contract.read(CASE, said, english=True)


def test_what_the_contract_says_is_what_was_recorded() -> None:
    assert answers(kept(lambda exchange: exchange)) == test_contract.expected(CASE, english=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"{token} 0", b"{token} 1"), (b"REG_DWORD", b"REG_QWORD"), (b"0x2", b"2"), (b"    one", b"  one")],
)
def test_another_answer_is_a_difference(before: bytes, after: bytes) -> None:
    changed = kept(lambda exchange: replace(exchange, stdout=exchange.stdout.replace(before, after)))
    assert answers(changed) != test_contract.expected(CASE, english=True)


def test_a_part_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotRecorded):
        answers(Recording(Machine("windows")))


@pytest.mark.parametrize(("rc", "stdout"), [(1, b""), (0, b"another sentence")])
def test_what_is_answered_live_is_held_to_the_recording(rc: int, stdout: bytes) -> None:
    changed = kept(lambda exchange: replace(exchange, rc=rc, stdout=exchange.stdout + stdout))
    same = kept(lambda exchange: exchange)
    assert test_contract.exchanges(same, PART) == test_contract.exchanges(stored.recording("simulated"), PART)
    assert test_contract.exchanges(changed, PART) != test_contract.exchanges(stored.recording("simulated"), PART)


@pytest.mark.parametrize("name", stored.names())
def test_a_recording_has_every_part_of_the_run(name: str) -> None:
    wanted = stored.recording("simulated").parts
    found = stored.recording(name).parts
    for file in ("product/", "questions/"):
        assert {part for part in found if part.startswith(file)} == {part for part in wanted if part.startswith(file)}
