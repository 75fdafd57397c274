# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of evidence while a run goes on: a record is written when its news come, and not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import _completion
from ._files import make_directory, write
from ._page import page
from ._publish import publish
from ._record import Record, RecordError, load, save
from ._scope import SCOPE
from ._summary import PAGE, Head, Line, line_of, read_head, records, summary_of, write_summary

# How many times as many records as last time make it time to write again.
_SUMMARY_EACH = 1.1
_PAGE_EACH = 2

Change = Callable[[Record, str], Record]


class Journal:
    """Writes the evidence of one run; in memory it keeps a line per host. clock gives the time in UTC as ISO 8601.

    Every method raises NotWritable where the file system refuses.
    """

    def __init__(self, directory: Path, head: Head, clock: Callable[[], str]) -> None:
        self._directory = directory
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._mine: dict[str, int] = {}
        self._told = self._drawn = 0
        self.head = head
        self.damaged: list[str] = []
        make_directory(directory)
        if earlier := read_head(directory):
            # The same rollout goes on: it began when it was begun first.
            self.head = replace(
                head,
                started=earlier.started,
                change=head.change or earlier.change,
                plan_digest=earlier.plan_digest,
                expected=max(head.expected, earlier.expected),
            )
        for record in records([directory], self.damaged):
            self._lines[record.host] = line_of(record)
        self.publish()

    def change(self, host: str, batch: int, change: Change) -> Record | None:
        """Load a host's record, or begin one, add to it, and write it. None where its file is not usable."""
        now = self._clock()
        try:
            record = load(self._directory, host) or self._new(host, now)
            changed = change(record if record.batch else replace(record, batch=batch), now)
            written = save(self._directory, changed)
        except RecordError as error:
            if str(error) not in self.damaged:
                self.damaged.append(str(error))
            return None
        self._lines[host] = line_of(written)
        self._mine[host] = batch
        self._adopt(written)
        return written

    def _new(self, host: str, now: str) -> Record:
        head = self.head
        return Record(host=host, run=head.run, who=head.who, started=now, change=head.change, state="written")

    def _adopt(self, record: Record) -> None:
        """Take over what only the rollout knows: its change and its plan."""
        if record.plan_digest:
            self.head = replace(
                self.head, run=record.run, change=record.change or self.head.change, plan_digest=record.plan_digest
            )

    def knows(self, host: str) -> bool:
        """Whether there is a record of this host, from this run or an earlier one."""
        return host in self._lines

    def expect(self, hosts: int) -> None:
        """Note to how many hosts the run goes."""
        self.head = replace(self.head, expected=max(hosts, self.head.expected))

    def publish(self) -> None:
        """Write summary and page where the records have grown since by a part of them: in sum that is linear.

        Where a scope says what the directory is about, the rollout writes them itself.
        """
        if (self._directory / SCOPE).exists():
            return
        hosts = len(self._lines)
        if not self._told or hosts >= _SUMMARY_EACH * self._told:
            self._write_summary()
        if not self._drawn or hosts >= _PAGE_EACH * self._drawn:
            self._draw()

    def finish(self) -> dict[str, Any]:
        """Give a verdict to the hosts of this run that have none, and write everything; return the summary."""
        for host in [host for host in self._mine if self._lines[host].verdict is None]:
            self.change(host, self._mine[host], _completion.closed)
        if (self._directory / SCOPE).exists():
            try:
                return publish(self._directory).summary
            except RecordError as error:
                self.damaged.append(str(error))
        self.head = replace(self.head, finished=self._clock(), incomplete=False)
        summary = self._write_summary()
        self._draw()
        return summary

    def _write_summary(self) -> dict[str, Any]:
        summary = summary_of(self.head, self._lines.values(), self.damaged)
        write_summary(self._directory, summary)
        self._told = max(1, len(self._lines))
        return summary

    def _draw(self) -> None:
        summary = summary_of(self.head, self._lines.values(), self.damaged)
        write(self._directory / PAGE, page(summary, records([self._directory], [])))
        self._drawn = max(1, len(self._lines))
