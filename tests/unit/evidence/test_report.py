# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last lines of a run are few, however many endpoints there are, and begin with the worst."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import Published
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._report import Report
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import (
    Head,
    line_of,
    summary_of,
)

from tests.unit.evidence.fleet import record

WORDS = (None, "failed", "unverified", "rolled_back", "ok")
NOW = "2026-01-31T12:00:00Z"


def test_no_more_than_42_endpoints_are_told_and_the_worst_first() -> None:
    records = [replace(record(number, 50), verdict=WORDS[-1 - number % 5], reason="") for number in range(50)]
    report = Report()
    for each in records:
        report.add(each)
    lines = report.lines(Published(summary_of(Head("run", "alice", NOW), map(line_of, records)), (), ()), "index.html")
    words = [line.split()[1:3] for line in lines[1:43]]
    told = [*[["not", "finished"]] * 10, *([word] for word in WORDS[1:] for _each in range(10))][:42]
    assert [word[: len(wanted)] for word, wanted in zip(words, told, strict=True)] == told
    assert lines[43] == "and 8 more, see the page"
    assert lines[-2:] == [
        "10 of 50 are in the planned state and verified, 10 rolled back, 10 unverified, 10 failed, 10 not finished.",
        "The whole of it: index.html",
    ]
