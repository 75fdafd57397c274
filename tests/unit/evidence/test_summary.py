# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary counts what the records say, also over several directories and after a run that was killed."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence import _completion
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._journal import Journal
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import publish
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import load, path_of, save
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._report import Report
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import (
    Head,
    line_of,
    merge,
    summary_of,
    table,
    write_summary,
)

from tests.unit.evidence.fleet import fleet, record

NOW = "2026-01-31T12:00:00Z"
HEAD = Head("run", "alice", NOW, finished=NOW, incomplete=False, expected=100)


def journal(directory: Path) -> Journal:
    return Journal(directory, Head("run", "alice", NOW), lambda: NOW)


def content(directory: Path) -> dict:
    return json.loads((directory / "summary.json").read_text())


def test_counts() -> None:
    summary = summary_of(HEAD, [line_of(entry) for entry in fleet(100)])
    assert summary["verdicts"] == {"ok": 98, "rolled_back": 1, "unverified": 0, "failed": 1, "open": 0}
    assert [(b["batch"], b["hosts"]) for b in summary["batches"]] == [(1, 1), (2, 10), (3, 89)]
    assert summary["changed"] == 99
    assert summary["not_started"] == 0
    assert not summary["incomplete"]


def test_hosts_that_the_run_never_came_to_are_counted() -> None:
    assert summary_of(HEAD, [line_of(record(0, 100))])["not_started"] == 99


def test_the_sentence_says_in_which_batch_a_rollout_stopped() -> None:
    lines = [line_of(entry) for entry in fleet(100)][:11]
    assert summary_of(replace(HEAD, stopped="batch 2 of 3"), lines)["sentence"].startswith("Stopped in batch 2 of 3: ")


def test_a_restart_is_due_where_the_host_holds_the_change() -> None:
    entry = replace(record(0, 10), changed=True, restart="It is read at the start.")
    assert line_of(entry).restart == "It is read at the start."
    assert not line_of(replace(entry, changed=False)).restart


def test_a_host_without_a_verdict_makes_it_incomplete() -> None:
    line = replace(line_of(record(0, 10)), verdict=None)
    summary = summary_of(HEAD, [line])
    assert summary["incomplete"]
    assert summary["verdicts"]["open"] == 1


def test_until_the_end_it_says_that_it_is_incomplete(tmp_path: Path) -> None:
    running = journal(tmp_path)
    assert content(tmp_path)["incomplete"]
    assert (tmp_path / "index.html").exists()
    running.change("one", 1, lambda known, now: _completion.ended(known, "ok", "", now))
    running.publish()
    assert content(tmp_path)["incomplete"]
    assert not running.finish()["incomplete"]
    assert not content(tmp_path)["incomplete"]


def test_a_second_run_goes_on_where_the_first_was_killed(tmp_path: Path) -> None:
    first = journal(tmp_path)
    first.change("done", 1, lambda known, now: _completion.ended(known, "ok", "", now))
    first.change("begun", 2, lambda known, now: replace(known, state="writing", before={"a": 1}, changed=True))
    second = journal(tmp_path)
    assert content(tmp_path)["verdicts"] == {"ok": 1, "rolled_back": 0, "unverified": 0, "failed": 0, "open": 1}
    lost = second.change("begun", 1, lambda known, now: _completion.unreachable(known, "gone", now))
    assert lost is not None
    assert (lost.verdict, lost.batch, lost.before) == ("unverified", 2, {"a": 1})
    assert second.finish()["hosts"] == 2


def test_a_damaged_record_is_said_and_left_alone(tmp_path: Path) -> None:
    save(tmp_path, record(0, 10))
    path = path_of(tmp_path, record(0, 10).host)
    path.write_text("{")
    running = journal(tmp_path)
    assert running.change(record(0, 10).host, 1, lambda known, now: known) is None
    summary = running.finish()
    assert summary["incomplete"]
    assert len(summary["damaged"]) == 1
    assert path.read_text() == "{"


def test_slices_make_one_summary(tmp_path: Path) -> None:
    slices = [tmp_path / name for name in ("one", "two", "three")]
    for number, directory in enumerate(slices):
        running = Journal(directory, Head(f"run{number}", "alice", NOW, expected=10), lambda: NOW)
        for entry in list(fleet(30))[number * 10 : number * 10 + 10]:
            running.change(entry.host, entry.batch, lambda known, now, entry=entry: entry)
        running.finish()
    merged = merge(slices)
    assert merged["lines"] == summary_of(HEAD, [line_of(entry) for entry in fleet(30)])["lines"]
    assert (merged["run"], merged["expected"], merged["incomplete"]) == (record(0, 30).run, 30, False)
    (slices[1] / "summary.json").unlink()
    assert merge(slices)["incomplete"]


def test_of_two_records_of_a_host_the_later_one_counts(tmp_path: Path) -> None:
    for name, started, verdict in (("a", "2026-01-31T13:00:00Z", "ok"), ("b", "2026-01-31T12:00:00Z", "failed")):
        save(tmp_path / name, replace(record(0, 10), started=started, verdict=verdict))
    assert merge([tmp_path / "a", tmp_path / "b"])["verdicts"]["ok"] == 1
    assert merge([tmp_path / "b", tmp_path / "a"])["verdicts"]["failed"] == 0


def test_the_table_has_a_row_per_host_and_no_formula() -> None:
    lines = [line_of(entry) for entry in fleet(20)]
    lines[3] = replace(lines[3], reason='=HYPERLINK("http://x")', who="+1")
    rows = list(csv.DictReader(io.StringIO("".join(table(summary_of(HEAD, lines)["lines"])))))
    assert len(rows) == 20
    assert {row["host"] for row in rows} == {line.host for line in lines}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@")]
    assert rows[0]["method_now"] == "static"
    assert rows[0]["changed"] == "yes"


def test_memory_does_not_hold_the_records(tmp_path: Path) -> None:
    running = journal(tmp_path)
    entries = list(fleet(30))
    tracemalloc.start()
    for entry in entries:
        running.change(entry.host, entry.batch, lambda known, now, entry=entry: entry)
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = path_of(tmp_path, entries[0].host).stat().st_size
    assert held < 30 * size / 4
    assert load(tmp_path, entries[-1].host) == entries[-1]


def test_writing_a_summary_takes_no_memory_for_each_host(tmp_path: Path) -> None:
    (one,) = fleet(1)
    peaks = []
    for hosts in (200, 1000):
        summary = summary_of(HEAD, [line_of(replace(one, host=f"pc-{number}")) for number in range(hosts)])
        tracemalloc.start()
        write_summary(tmp_path, summary)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        lines = [asdict(line) for line in summary["lines"]]
        assert content(tmp_path) == {**summary, "lines": lines}
    assert peaks[1] - peaks[0] < 800 * 50


def test_evidence_is_made_with_little_memory_for_each_host(tmp_path: Path) -> None:
    for entry in fleet(200):
        save(tmp_path / ("few" if entry.batch < 3 else "many"), entry)
    peaks = []
    for name in ("few", "many"):
        report = Report()
        tracemalloc.start()
        published = publish(tmp_path / name, report.add)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(report.lines(published, "index.html")) < 60
    assert peaks[1] - peaks[0] < 150 * 1200
