# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes summary, table and page of a directory of evidence from its records, at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ._files import write
from ._page import Kind, page
from ._record import Record
from ._scope import load_scope
from ._summary import PAGE, Head, Line, line_of, read_head, records, summary_of, write_summary


@dataclass(frozen=True)
class Published:
    """What the records of a directory say, and the names of hosts that it is about and that have none."""

    summary: dict[str, Any]
    missing: tuple[str, ...]


def publish(directory: Path, each: Callable[[Record], object] = lambda record: None) -> Published:
    """Write summary.json, summary.csv and index.html from what lies in hosts; each record is handed to each.

    It needs neither the run that wrote the records nor its end. Raises RecordError where scope.json is damaged, and
    NotWritable.
    """
    scope = load_scope(directory)
    damaged: list[str] = []
    lines: list[Line] = []
    for record in records([directory], damaged):
        lines.append(line_of(record))
        each(record)
    known = {line.host for line in lines}
    missing = tuple(host for host in scope.hosts if host not in known) if scope else ()
    finished = max((line.finished or "" for line in lines), default="")
    whole = not missing and all(line.verdict for line in lines)
    if scope:
        head = Head(
            scope.run,
            scope.who,
            scope.started,
            scope.change,
            scope.plan_digest,
            finished=finished or None if whole else None,
            incomplete=not whole,
            expected=len(scope.hosts),
            kind=scope.kind,
        )
    else:
        head = read_head(directory) or Head("", "", min((line.started for line in lines), default=""))
    summary = summary_of(head, lines, damaged)
    write_summary(directory, summary)
    write(directory / PAGE, page(summary, records([directory], []), cast(Kind, head.kind)))
    return Published(summary, missing)
