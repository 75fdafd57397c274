# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What results add to a record, and which word ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._completion import (
    closed,
    ended,
    failed,
    unreachable,
    with_reachability,
    with_settings,
    with_verdict,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import Record

from tests.unit.evidence.fleet import DIGEST, row, summary

NOW = "2026-01-31T12:00:00Z"
LATER = "2026-01-31T12:05:00Z"
NEW = Record(host="one", run="run", who="alice", started=NOW, state="written")
WRITING = replace(NEW, state="writing", changed=True, before={"proxy": "old"}, commands=("write",))
ENTRY = {"key": "K", "name": "N", "view": 64, "absent": True}
WROTE = {
    "changed": True, "before": {"proxy": "old"}, "after": {"proxy": "new"}, "commands": ["write"],
    "snapshot": [ENTRY], "warnings": ["one: careful"],
}  # fmt: skip
BACK = {
    "changed": True, "before": {"proxy": "new"}, "after": {"proxy": "old"}, "commands": ["restore"],
    "snapshot": [{**ENTRY, "absent": False, "type": "REG_SZ", "data": "00"}],
}  # fmt: skip


def test_settings_are_taken_over() -> None:
    record = with_settings(NEW, WROTE, NOW)
    assert (record.before, record.observed, record.commands) == ({"proxy": "old"}, {"proxy": "new"}, ("write",))
    assert (record.changed, record.state, record.verdict) == (True, "written", None)
    assert record.snapshot == (ENTRY,)
    assert record.warnings == ("careful",)


def test_what_the_action_wrote_before_the_write_is_completed_and_not_doubled() -> None:
    record = with_settings(WRITING, WROTE, NOW)
    assert (record.commands, record.state, record.observed) == (("write",), "written", {"proxy": "new"})


def test_a_restore_keeps_what_restores_the_first_state() -> None:
    record = with_settings(with_settings(NEW, WROTE, NOW), BACK, LATER)
    assert record.before == record.observed == {"proxy": "old"}
    assert record.commands == ("write", "restore")
    assert record.snapshot == (ENTRY,)


def test_a_retry_takes_the_verdict_back() -> None:
    record = ended(with_settings(NEW, WROTE, NOW), "unverified", "Lost.", NOW)
    again = with_settings(record, {**WROTE, "changed": False, "commands": [], "before": {"proxy": "new"}}, LATER)
    assert (again.verdict, again.finished, again.before) == (None, None, {"proxy": "old"})
    assert any(entry["text"] == "Lost." for entry in again.history)


def test_an_unknown_write_is_unverified() -> None:
    result = {**WROTE, "unknown": True, "after": None, "msg": "The state of the endpoint is unknown."}
    record = failed(with_settings(NEW, result, NOW), result, "Write", NOW)
    assert (record.verdict, record.state, record.observed) == ("unverified", "done", {})


def test_a_write_that_the_module_took_back_is_rolled_back() -> None:
    result = {**WROTE, "changed": False, "rolled_back": True, "msg": "It does not hold."}
    assert failed(with_settings(NEW, result, NOW), result, "Write", NOW).verdict == "rolled_back"


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (NEW, "failed"),
        (WRITING, "unverified"),
        (with_settings(NEW, WROTE, NOW), "unverified"),
        (with_settings(NEW, {**WROTE, "changed": False}, NOW), "failed"),
        (ended(with_settings(NEW, WROTE, NOW), "unverified", "Lost.", NOW), "unverified"),
        (ended(with_settings(NEW, WROTE, NOW), "rolled_back", "Taken back.", NOW), "failed"),
    ],
)
def test_unreachable_is_a_reason_and_no_ending(record: Record, verdict: str) -> None:
    lost = unreachable(record, "timed out", LATER)
    assert lost.verdict == verdict
    assert "unreachable" in lost.reason
    assert "timed out" in lost.reason
    assert lost.finished == LATER


def test_a_verdict_names_change_plan_and_batch() -> None:
    result = {"verdict": "ok", "reason": "Good.", "batch": 2, "change": "CHG0001", "plan_digest": DIGEST}
    record = with_verdict(with_settings(NEW, WROTE, NOW), result, LATER)
    assert (record.verdict, record.batch, record.change, record.plan_digest) == ("ok", 2, "CHG0001", DIGEST)
    assert with_verdict(record, result, "2026-01-31T13:00:00Z") == record


def test_a_word_that_is_no_verdict_is_unverified() -> None:
    record = with_verdict(NEW, {"verdict": "fine"}, NOW)
    assert record.verdict == "unverified"
    assert "fine" in record.reason


@pytest.mark.parametrize(("verdict", "reason", "word"), [("ok", "ok", "ok"), ("failed", "timeout", "failed")])
def test_without_a_verdict_the_probe_decides(verdict: str, reason: str, word: str) -> None:
    found = [row("https://a.example.com/", "effective", verdict, reason, 5)]
    probed = with_reachability(NEW, {"rows": found, "summary": summary(found), "effective": {}}, NOW)
    record = closed(probed, LATER)
    assert record.verdict == word
    assert verdict == "ok" or "1 timeout" in record.reason


def test_what_was_reached_before_a_write_does_not_count_after_it() -> None:
    found = [row("https://a.example.com/", "effective", "ok", "ok", 5)]
    probed = {"rows": found, "summary": summary(found), "effective": {}}
    reached = with_settings(NEW, {**WROTE, "verification": probed}, NOW)
    assert closed(reached, LATER).verdict == "ok"
    assert closed(with_settings(reached, WROTE, LATER), LATER).verdict == "unverified"
    same = {**WROTE, "changed": False, "commands": [], "snapshot": []}
    assert closed(with_settings(reached, same, LATER), LATER).verdict == "ok"


def test_without_a_probe_nothing_is_ok() -> None:
    assert closed(with_settings(NEW, WROTE, NOW), LATER).verdict == "unverified"


def test_a_probe_without_rows_leaves_the_record() -> None:
    record = with_reachability(NEW, {"failed": True, "msg": "No script host."}, NOW)
    assert record.reachability is None
    assert record.history[-1]["text"] == "No script host."
