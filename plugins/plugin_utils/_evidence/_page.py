# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a rollout: one file with everything in it, which loads nothing and asks nobody."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from ._causes import causes
from ._record import KINDS, Record
from ._summary import OPEN
from ._words import differences, settings, wins

_FOLDER = Path(__file__).with_name("page")
_PLANNED = ("would_change", "no_change", "left_out")
# In this order they are one program.
_SCRIPTS = ("model", "changes", "plan", "overview", "matrix", "host", "keys", "start")
_ROW = ("via", "verdict", "reason", "answered_by", "status", "error_name", "required", "advice")
_TOP = (
    *("run", "who", "started", "finished", "change", "plan_digest", "incomplete", "not_started", "not_in_run"),
    *("damaged", "note", "sentence"),
)
# From which state to which a change is told.
_CHANGE = {
    "plan": ("before", "planned"),
    "rollout": ("before", "observed"),
    "audit": ("observed", "planned"),
    "verify": ("observed", "observed"),
}

Kind = Literal["rollout", "plan", "audit", "verify"]


def page(summary: Mapping[str, Any], records: Iterable[Record], kind: Kind = "rollout") -> str:
    """Return the page as HTML, which pieces() yields."""
    return "".join(pieces(lambda: summary, records, kind))


def pieces(
    summary: Callable[[], Mapping[str, Any]], records: Iterable[Record], kind: Kind = "rollout"
) -> Iterator[str]:
    """Yield the page as HTML.

    The records are taken one by one, and the summary is asked for after the last of them; what many hosts have in
    common is kept once. A plan has no verdicts: its hosts would change, would not, or are left out, and the reason of
    a host that would change is that of its restart.
    """
    style, script = _read("page.css"), _script()
    parts = {
        "@STYLE_HASH@": _digest(style),
        "@SCRIPT_HASH@": _digest(script),
        "@STYLE@": style,
        "@SCRIPT@": script,
    }
    text = _read("page.html")
    for place, part in parts.items():
        text = text.replace(place, part, 1)
    before, _place, after = text.partition("@DATA@")
    data = _Data(kind)
    yield f'{before}{{"hosts":['
    for number, record in enumerate(records):
        yield f"{',' if number else ''}{_embedded(data.host(record))}"
    told = summary()
    tables = _embedded({**{name: told.get(name) for name in _TOP}, **data.tables()})
    yield f"],{tables[1:]}{after}"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _script() -> str:
    # In a block, none of its names takes the place of one that the browser has.
    return "\n".join(['"use strict";', "{", *(_read(f"{name}.js") for name in _SCRIPTS), "}"])


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(data: Any) -> str:
    """JSON that no HTML parser takes for anything but text."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Table:
    """Values that occur many times, each kept once and named by its number."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, value: Hashable) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[Hashable]:
        return list(self._numbers)


class _Data:
    """What the program of the page reads; model.js says how."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._words = _Table()
        self._columns = _Table()
        self._cells = _Table()
        self._lists = _Table()
        self._changes: dict[tuple[int, int], int] = {}

    def host(self, record: Record) -> list[Any]:
        reachability = record.reachability or {}
        return [
            record.host,
            record.batch,
            self._statuses().index(self._status(record)),
            record.reason,
            int(record.changed),
            record.state,
            record.started,
            record.finished,
            *(self._state(state) for state in (record.before, record.planned, record.observed)),
            self._change(record),
            self._words.number(wins(record.observed)),
            self._list(record.commands),
            self._list(_snapshot(record)),
            self._list(record.warnings),
            self._list(_finding(finding) for finding in reachability.get("findings", [])),
            self._list(causes(record)),
            [self._words.number(text) for entry in record.history for text in _event(entry)],
            [number for row in reachability.get("rows", []) for number in self._row(row)],
            self._words.number(record.restart if record.changed else ""),
        ]

    def tables(self) -> dict[str, Any]:
        return {
            "kind": self._kind,
            "statuses": list(self._statuses()),
            "words": self._words.values(),
            "columns": self._columns.values(),
            "cells": self._cells.values(),
            "lists": self._lists.values(),
        }

    def _statuses(self) -> tuple[str, ...]:
        return _PLANNED if self._kind == "plan" else (*KINDS[self._kind], OPEN)

    def _status(self, record: Record) -> str:
        if self._kind != "plan":
            return record.verdict or OPEN
        if record.verdict:
            return "left_out"
        return "would_change" if record.changed else "no_change"

    def _state(self, report: Mapping[str, Any]) -> int:
        return self._list(part for setting in settings(report).items() for part in setting)

    def _change(self, record: Record) -> int:
        """What changed, would change or differs, by the kind of the page: setting, old and new of each difference."""
        states = {"before": record.before, "planned": record.planned, "observed": record.observed}
        old, new = (states[name] for name in _CHANGE[self._kind])
        key = self._state(old), self._state(new)
        if key not in self._changes:
            parts = ((each.setting, each.old, each.new) for each in differences(old, new))
            self._changes[key] = self._list(part for each in parts for part in each)
        return self._changes[key]

    def _list(self, texts: Iterable[str]) -> int:
        return self._lists.number(tuple(self._words.number(text) for text in texts))

    def _row(self, row: Mapping[str, Any]) -> tuple[int, int]:
        """The number of the cell, and the milliseconds, which are the only thing that differs on each host."""
        column = self._columns.number((str(row.get("url", "")), str(row.get("path", ""))))
        cell = (column, *(self._words.number(_text(row.get(name))) for name in _ROW))
        milliseconds = row.get("milliseconds")
        return self._cells.number(cell), milliseconds if isinstance(milliseconds, int) else 0


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _snapshot(record: Record) -> Iterator[str]:
    for entry in record.snapshot:
        held = entry.get("data") or entry.get("withheld") or ""
        what = "absent" if entry.get("absent") else f"{entry.get('type', '')} {held}"
        yield f"{entry.get('key', '')}\\{entry.get('name', '')} ({entry.get('view', '')}-bit view): {what}"


def _event(entry: Mapping[str, str]) -> tuple[str, str, str]:
    return entry["time"], entry["event"], entry["text"]


def _finding(finding: Mapping[str, Any]) -> str:
    return str(finding.get("text") or f"{finding.get('finding', '')}: {finding.get('url', '')}")
