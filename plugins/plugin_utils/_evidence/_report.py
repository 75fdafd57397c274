# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last lines of a run, for a person: one per endpoint, then what went wrong by its cause."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._operator._meant import few
from .._resources._onboarding import onboarded_as
from ._causes import causes, why
from ._publish import Published
from ._record import KINDS, Record
from ._table import MOST_CAUSES, MOST_HOSTS, table
from ._words import places, wins

_MOST_WAYS = 6
_TITLES: Mapping[str, tuple[str, ...]] = {
    "rollout": ("endpoint", "ended", "was", "is", "reached", "why"),
    "audit": ("endpoint", "answer", "is", "wanted", "wins", "why"),
    "verify": ("endpoint", "answer", "wins", "reached", "why"),
}


@dataclass
class Report:
    """Collects records one by one and keeps the lines of those that ended worst.

    A cause is a sentence with the names of the endpoints that it holds for.
    """

    _rows: list[tuple[Any, dict[str, str]]] = field(default_factory=list)
    _hosts: int = 0
    _causes: dict[str, list[str]] = field(default_factory=dict)
    _onboarded: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        """Take in what a record says."""
        words = KINDS[record.kind]
        rank = -1 if record.verdict is None else words.index(record.verdict)
        row = {
            "endpoint": record.host,
            "ended": record.verdict or "not finished",
            "answer": record.verdict or "not finished",
            "was": wins(record.before),
            "is": places(record.observed) if record.kind == "audit" else wins(record.observed),
            "wanted": places(record.planned),
            "wins": wins(record.observed),
            "reached": _reached(record.reachability),
            "why": why(record),
        }
        # What ended worst comes first, and what has no ending before that.
        place = (rank == 0, rank > 0, -rank, record.host)
        bisect.insort(self._rows, (place, row), key=lambda entry: entry[0])
        del self._rows[MOST_HOSTS:]
        self._hosts += 1
        if onboarded := onboarded_as(record.observed.get("onboarding")):
            self._onboarded[onboarded] += 1
        for cause in causes(record):
            self._causes.setdefault(cause, []).append(record.host)

    def lines(self, published: Published, page: str, left_out: int = 0) -> list[str]:
        """The lines, for what publish() returned; left_out are hosts that --limit left out."""
        summary = published.summary
        titles = _TITLES[summary["kind"]]
        lines = list(table([list(titles), *([row[title] for title in titles] for _place, row in self._rows)]))
        if more := self._hosts - len(self._rows):
            lines.append(f"and {more} more, see the page")
        lines += ["", *self._said_causes()]
        if self._onboarded:
            # However many ways there are, it is one line.
            ways = [f"{count} x {way}" for way, count in self._onboarded.most_common(_MOST_WAYS)]
            rest = len(self._onboarded) - len(ways)
            lines.append(f"Onboarded: {'; '.join(ways)}{f'; and {rest} more ways, see the page' if rest else ''}.")
        for what, hosts in (("not started", published.not_started), ("not in this run", published.not_in_run)):
            if hosts:
                lines.append(f"{what}: {few(sorted(hosts))}")
        limited = f" {left_out} left out by --limit." if left_out else ""
        return [*lines, *summary["damaged"], f"{summary['sentence']}{limited}", f"The whole of it: {page}"]

    def _said_causes(self) -> Iterator[str]:
        ordered = sorted(self._causes.items(), key=lambda found: (-len(found[1]), found[0]))
        for cause, hosts in ordered[:MOST_CAUSES]:
            yield f"{len(hosts)} x {cause} ({few(sorted(hosts))})"
        if len(ordered) > MOST_CAUSES:
            yield f"and {len(ordered) - MOST_CAUSES} more causes, see the page"


def _reached(reachability: Mapping[str, Any] | None) -> str:
    summary = (reachability or {}).get("summary") or {}
    return f"{summary['ok']} of {summary['rows']}" if "ok" in summary and "rows" in summary else "not asked"
