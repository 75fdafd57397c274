# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the endpoints of the playbook site ended, by what the roles registered of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._operator._cause import cause_of
from .._operator._meant import few
from ._secrets import text
from ._table import MOST_CAUSES, MOST_HOSTS, table
from ._words import UNKNOWN, places, wins

# The worst comes first in the table; the last are those that ended well.
ORDER = ("unreachable", "failed", "not reached", "not looked at", "planned", "changed", "as desired", "reached")
WELL = ("planned", "changed", "as desired", "reached")
_TITLES = ("endpoint", "was", "is", "wins", "reached", "ended", "why")
_LONGEST_CAUSE = 300


@dataclass(frozen=True)
class Ending:
    """How one endpoint ended: one of ORDER, and why; was and is are what is set there, wins what the sensor takes."""

    host: str
    ended: str
    was: str = UNKNOWN
    now: str = UNKNOWN
    wins: str = UNKNOWN
    reached: str = "not asked"
    why: str = ""


def ending(host: str, configured: Any, verified: Any, check: bool) -> Ending:
    """The ending by the results of endpoint_proxy and endpoint_verify; either is None where that had no turn.

    The second may be in the first, as verification.
    """
    configured, alone = (
        result if isinstance(result, Mapping) and not result.get("skipped") else {} for result in (configured, verified)
    )
    if not configured and not alone:
        return Ending(host, "not looked at", why="it had no turn in this run")
    later = configured.get("verification") or alone
    before, after = configured.get("before") or {}, configured.get("after") or {}
    summary = later.get("summary") or {}
    ended, why = _ended(configured, later, check)
    return Ending(
        host,
        ended,
        places(before),
        places(after),
        wins(after),
        f"{summary['ok']} of {summary['rows']}" if summary else "not asked",
        text(why).removeprefix(f"{host} ").removeprefix(f"{host}: "),
    )


def _ended(configured: Mapping[str, Any], later: Mapping[str, Any], check: bool) -> tuple[str, str]:
    for result in (configured, later):
        if result.get("unreachable"):
            return "unreachable", cause_of(Exception(str(result.get("msg") or "")))
        if result.get("failed"):
            word = "not reached" if later.get("summary") and not later["summary"].get("reachable") else "failed"
            return word, str(result.get("msg") or "no reason was given")
    if not configured:
        missed = (later.get("summary") or {}).get("reachable") is False
        return ("not reached", str(later.get("wrong") or "")) if missed else ("reached", "")
    if configured.get("changed"):
        return ("planned", "") if check else ("changed", "")
    return "as desired", ""


@dataclass
class Endings:
    """Collects endings, and keeps the worst of them and the counts."""

    check: bool
    _rows: list[tuple[int, str, Ending]] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _causes: dict[str, list[str]] = field(default_factory=dict)

    def add(self, found: Ending) -> None:
        """Take in how an endpoint ended."""
        self._counts[found.ended] += 1
        self._rows.append((ORDER.index(found.ended), found.host, found))
        if found.why:
            cause = found.why.replace(found.host, "the endpoint")
            self._causes.setdefault(f"{found.ended}: {cause[:_LONGEST_CAUSE]}", []).append(found.host)
        if len(self._rows) > 2 * MOST_HOSTS:
            self._rows = sorted(self._rows, key=_order)[:MOST_HOSTS]

    @property
    def counts(self) -> dict[str, int]:
        """How many endpoints ended how, the worst first."""
        return {name: self._counts[name] for name in ORDER if self._counts[name]}

    def lines(self, left_out: int) -> list[str]:
        """The table, the causes, and the counts as the last line; left_out are hosts that --limit left out."""
        shown = [found for _rank, _host, found in sorted(self._rows, key=_order)[:MOST_HOSTS]]
        titles = [*_TITLES[:2], "would be" if self.check else "is", *_TITLES[3:]]
        rows = [[f.host, f.was, f.now, f.wins, f.reached, self._word(f.ended), f.why] for f in shown]
        lines = list(table([titles, *rows]))
        if more := sum(self._counts.values()) - len(shown):
            lines.append(f"and {more} more")
        return [*lines, "", *self._said_causes(), self._sentence(left_out)]

    def _word(self, ended: str) -> str:
        return "planned, not done" if ended == "planned" else ended

    def _said_causes(self) -> Iterator[str]:
        ordered = sorted(self._causes.items(), key=lambda found: (-len(found[1]), found[0]))
        # What one endpoint has to itself stands beside it.
        together = [(cause, hosts) for cause, hosts in ordered if len(hosts) > 1]
        for cause, hosts in together[:MOST_CAUSES]:
            yield f"{len(hosts)} x {cause} ({few(sorted(hosts))})"

    def _sentence(self, left_out: int) -> str:
        everyone = sum(self._counts.values())
        well = sum(self._counts[name] for name in WELL)
        parts = [f"{well} of {everyone} ended well"]
        parts += [f"{count} {self._word(name)}" for name, count in reversed(self.counts.items())]
        return ", ".join(parts) + (f"; {left_out} left out by --limit." if left_out else ".")


def _order(row: tuple[int, str, Ending]) -> tuple[int, str]:
    return row[:2]
