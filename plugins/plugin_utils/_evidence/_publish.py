# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes summary, table and page of a directory of evidence from its records, at any time."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ._files import NotWritable, write
from ._page import Kind, pieces
from ._record import Record, RecordError
from ._scope import Scope, load_scope
from ._summary import PAGE, Head, Line, line_of, read_head, records, summary_of, write_summary

# While endpoints are worked on, all of it is made again at intervals of which it takes a few percent.
_SECONDS = 10.0
_SECONDS_PER_KB_OF_PAGE = 0.1


@dataclass(frozen=True)
class Published:
    """What the records of a directory say, and the names of hosts that it is about and that have none.

    not_started are those that the last run was for, not_in_run the others.
    """

    summary: dict[str, Any]
    not_started: tuple[str, ...]
    not_in_run: tuple[str, ...]


def publish(directory: Path, each: Callable[[Record], object] = lambda record: None) -> Published:
    """Write summary.json, summary.csv and index.html from what lies in hosts; each record is handed to each.

    It needs neither the run that wrote the records nor its end. Raises RecordError where scope.json is damaged, and
    NotWritable.
    """
    scope = load_scope(directory)
    known = None if scope else read_head(directory)
    damaged: list[str] = []
    lines: list[Line] = []

    def told() -> Iterator[Record]:
        for record in records([directory], damaged):
            lines.append(line_of(record))
            each(record)
            yield record

    @functools.cache
    def ended() -> Published:
        return _published(scope, known, lines, damaged)

    kind = (scope or known or Head("", "", "")).kind
    write(directory / PAGE, pieces(lambda: ended().summary, told(), cast(Kind, kind)))
    write_summary(directory, ended().summary)
    return ended()


def _published(scope: Scope | None, known: Head | None, lines: Sequence[Line], damaged: Sequence[str]) -> Published:
    """What all lines say together; known is the head of a summary that lies in a directory without a scope."""
    if not scope:
        head = known or Head("", "", min((line.started for line in lines), default=""))
        return Published(summary_of(head, lines, damaged), (), ())
    there = {line.host for line in lines}
    missing = [host for host in scope.hosts if host not in there]
    in_run = set(scope.in_run)
    not_in_run = tuple(host for host in missing if host not in in_run)
    finished = max((line.finished or "" for line in lines), default="")
    whole = not missing and all(line.verdict for line in lines)
    head = Head(
        scope.run,
        scope.who,
        scope.started,
        scope.change,
        scope.plan_digest,
        finished=finished or None if whole else None,
        incomplete=not whole,
        expected=len(scope.hosts),
        not_in_run=len(not_in_run),
        kind=scope.kind,
        stopped=scope.stopped,
    )
    not_started = tuple(host for host in missing if host in in_run)
    return Published(summary_of(head, lines, damaged), not_started, not_in_run)


def publish_if_due(directory: Path) -> None:
    """As publish(), while endpoints are worked on: where the page is old, and no other process is at it.

    What goes wrong is not said here: it is said where the run ends, which publishes in any case.
    """
    with contextlib.suppress(OSError, RecordError, NotWritable):
        if is_due(directory) and load_scope(directory):
            with _alone(directory):
                publish(directory)


def is_due(directory: Path) -> bool:
    """Whether there is no page, or one that is older than it should be while endpoints are worked on."""
    try:
        page = (directory / PAGE).stat()
    except OSError:
        return True
    return not 0 <= time.time() - page.st_mtime < _SECONDS + _SECONDS_PER_KB_OF_PAGE * page.st_size / 1000


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Raises BlockingIOError where another process is inside."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
