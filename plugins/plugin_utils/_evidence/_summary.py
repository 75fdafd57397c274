# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run in few lines: counts, batches, and a line per host; also over the directories of several slices."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ._files import write
from ._record import FORMAT, HOSTS, KINDS, Record, RecordError, is_count, read

SUMMARY = "summary.json"
TABLE = "summary.csv"
PAGE = "index.html"
OPEN = "open"
_LONGEST_REASON = 300
_COUNTS = ("expected", "not_in_run")
_SAID = {
    "ok": "are in the planned state and verified",
    "rolled_back": "rolled back",
    "unverified": "unverified",
    "failed": "failed",
    "as_desired": "are as desired",
    "drifted": "drifted",
    "defeated": "defeated",
    "unread": "could not be read",
    "reached": "reach the service",
    "not_reached": "do not reach it",
    OPEN: "not finished",
    "not_started": "not started",
    "not_in_run": "not in this run",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What the summary says of one host; the only thing of a host that is kept in memory."""

    host: str
    batch: int
    verdict: str | None
    reason: str
    changed: bool
    restart: str
    state: str
    started: str
    finished: str | None
    method_before: str
    proxy_before: str
    method_planned: str
    proxy_planned: str
    method_now: str
    proxy_now: str
    rows: int
    rows_ok: int
    rows_failed: int
    rows_unknown: int
    change: str
    plan_digest: str | None
    run: str
    who: str


@dataclass(frozen=True)
class Head:
    """What is said once of a run; expected is the number of hosts that it was to reach, 0 when not known.

    not_in_run is how many of them have no record since the run was limited to others.
    kind is one of those of a record, and says how a host can end; stopped is that of a scope.
    """

    run: str
    who: str
    started: str
    change: str = ""
    plan_digest: str | None = None
    finished: str | None = None
    incomplete: bool = True
    expected: int = 0
    not_in_run: int = 0
    kind: str = "rollout"
    stopped: str = ""


def line_of(record: Record) -> Line:
    """Return the line of a record, in which what is the same for many hosts is kept once."""
    summary = (record.reachability or {}).get("summary") or {}
    method_before, proxy_before = _effective(record.before)
    method_planned, proxy_planned = _effective(record.planned)
    method_now, proxy_now = _effective(record.observed)
    reason = record.reason
    return Line(
        host=record.host,
        batch=record.batch,
        verdict=record.verdict,
        reason=reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 3]}...",
        changed=record.changed,
        restart=sys.intern(record.restart) if record.changed else "",
        state=sys.intern(record.state),
        started=record.started,
        finished=record.finished,
        method_before=method_before,
        proxy_before=proxy_before,
        method_planned=method_planned,
        proxy_planned=proxy_planned,
        method_now=method_now,
        proxy_now=proxy_now,
        rows=_count(summary, "rows"),
        rows_ok=_count(summary, "ok"),
        rows_failed=_count(summary, "failed"),
        rows_unknown=_count(summary, "unknown"),
        change=sys.intern(record.change),
        plan_digest=record.plan_digest and sys.intern(record.plan_digest),
        run=sys.intern(record.run),
        who=sys.intern(record.who),
    )


def _count(summary: Mapping[str, Any], name: str) -> int:
    value = summary.get(name)
    return value if isinstance(value, int) else 0


def _effective(state: Mapping[str, Any]) -> tuple[str, str]:
    effective = state.get("effective")
    if not isinstance(effective, Mapping):
        return "unknown", "unknown"
    return sys.intern(str(effective.get("method") or "")), sys.intern(str(effective.get("proxy") or ""))


def summary_of(head: Head, lines: Iterable[Line], damaged: Sequence[str] = ()) -> dict[str, Any]:
    """Return the summary of a run; a host without a verdict makes it incomplete, and so does a damaged file.

    In lines are the Lines themselves, by batch and host: as JSON would have them is left to whoever writes them.
    """
    ordered = sorted(lines, key=lambda line: (line.batch, line.host))
    unfinished = any(line.verdict is None for line in ordered)
    return {
        "format": FORMAT,
        **asdict(head),
        "incomplete": head.incomplete or unfinished or bool(damaged),
        "hosts": len(ordered),
        "not_started": max(0, head.expected - len(ordered) - head.not_in_run),
        "changed": sum(line.changed for line in ordered),
        "verdicts": _verdicts(head.kind, ordered),
        "sentence": _sentence(head, _verdicts(head.kind, ordered), max(len(ordered), head.expected)),
        "batches": [
            _batch(head.kind, number, list(members)) for number, members in itertools.groupby(ordered, _batch_of)
        ],
        "damaged": list(damaged),
        "lines": ordered,
    }


def _verdicts(kind: str, lines: Iterable[Line]) -> dict[str, int]:
    counts = dict.fromkeys((*KINDS[kind], OPEN), 0)
    for line in lines:
        verdict = line.verdict or OPEN
        counts[verdict] = counts.get(verdict, 0) + 1
    return counts


def _sentence(head: Head, verdicts: Mapping[str, int], hosts: int) -> str:
    """How all of it ended, in one sentence; hosts is how many there were to be."""
    good = KINDS[head.kind][0]
    where = f"Stopped in {head.stopped}: " if head.stopped else ""
    counts = {name: count for name, count in verdicts.items() if count and name != good}
    counts["not_started"] = hosts - sum(verdicts.values()) - head.not_in_run
    counts["not_in_run"] = head.not_in_run
    rest = [f"{count} {_SAID[name]}" for name, count in counts.items() if count]
    return where + ", ".join((f"{verdicts.get(good, 0)} of {hosts} {_SAID[good]}", *rest)) + "."


def _batch_of(line: Line) -> int:
    return line.batch


def _batch(kind: str, number: int, members: Sequence[Line]) -> dict[str, Any]:
    finished = [line.finished for line in members if line.finished]
    return {
        "batch": number,
        "hosts": len(members),
        "started": min(line.started for line in members),
        "finished": max(finished) if len(finished) == len(members) else None,
        "verdicts": _verdicts(kind, members),
    }


def write_summary(directory: Path, summary: Mapping[str, Any]) -> None:
    """Write the summary as JSON and as a table. Raises NotWritable."""
    write(directory / SUMMARY, _json(summary))
    write(directory / TABLE, table(summary["lines"]))


def _json(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield a summary as JSON, with a line for each host, of which none is held."""
    head = json.dumps({name: value for name, value in summary.items() if name != "lines"}, indent=1)
    yield f'{head[:-2]},\n "lines": ['
    for number, line in enumerate(summary["lines"]):
        yield f"{',' if number else ''}\n  {json.dumps(asdict(line))}"
    yield "\n ]\n}\n"


def table(lines: Iterable[Line]) -> Iterator[str]:
    """Yield the lines as CSV; no cell is one that a spreadsheet would take for a formula."""
    names = list(Line.__dataclass_fields__)
    for row in itertools.chain([names], (map(_cell, asdict(line).values()) for line in lines)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(row)
        yield text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def records(directories: Iterable[Path], damaged: list[str]) -> Iterator[Record]:
    """Yield the records of directories one by one, and add a sentence to damaged for what can't be read or is none.

    A host that several directories know is told by the record that was begun last.
    """
    files: dict[str, list[Path]] = {}
    for folder in (directory / HOSTS for directory in directories):
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            continue
        except OSError as error:
            damaged.append(f"{folder} can't be read: {error.strerror}.")
            continue
        for name in names:
            files.setdefault(name, []).append(folder)
    for name in sorted(name for name in files if name.endswith(".json")):
        found = []
        for folder in files[name]:
            try:
                found.append(read(folder / name))
            except RecordError as error:
                damaged.append(str(error))
        if found:
            yield max(found, key=lambda record: record.started)


def read_head(directory: Path) -> Head | None:
    """Return what a directory's summary says of its run, or None where there is no summary of ours."""
    try:
        content = json.loads((directory / SUMMARY).read_text(encoding="utf-8"))
        values = {name: content[name] for name in Head.__dataclass_fields__}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = all(isinstance(values[name], str) for name in ("run", "who", "started", "change", "stopped"))
    optional = all(isinstance(values[name], str | None) for name in ("plan_digest", "finished"))
    counted = isinstance(values["incomplete"], bool) and all(is_count(values[name]) for name in _COUNTS)
    counted = counted and values["kind"] in tuple(KINDS)
    return Head(**values) if texts and optional and counted else None


def joined(heads: Sequence[Head | None]) -> Head:
    """Return one head for several slices; it is complete when each of them is."""
    known = [head for head in heads if head]
    if not known:
        return Head("", "", "")
    whole = len(known) == len(heads) and not any(head.incomplete for head in known)
    ends = [head.finished for head in known if head.finished]
    return replace(
        known[0],
        run=_together(head.run for head in known),
        who=_together(head.who for head in known),
        change=_together(head.change for head in known),
        started=min(head.started for head in known),
        finished=max(ends) if whole and ends else None,
        incomplete=not whole,
        expected=sum(head.expected for head in known),
        not_in_run=sum(head.not_in_run for head in known),
        stopped=_together(head.stopped for head in known),
    )


def _together(texts: Iterable[str]) -> str:
    return ", ".join(sorted({text for text in texts if text}))


def merge(directories: Sequence[Path]) -> dict[str, Any]:
    """Return the summary of several directories of evidence, such as those of the slices of a job."""
    damaged: list[str] = []
    lines = [line_of(record) for record in records(directories, damaged)]
    return summary_of(joined([read_head(directory) for directory in directories]), lines, damaged)
