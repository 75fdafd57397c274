# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verification says of an endpoint to a person: what is reached, what is not, why, and what to do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._resources._onboarding import onboarded_as
from ._findings import DIRECT
from ._reachability import deciding, missed
from ._verdict import FAILED, OK, SKIPPED, UNKNOWN

Row = Mapping[str, Any]
_TITLES = ("host", "URL", "path", "via", "answer", "what to do")


def failure(report: Mapping[str, Any]) -> str:
    """Why the service is not reached, such as "does not reach 1 of 15 required URLs (refused)"; empty where it is."""
    if report["summary"]["reachable"]:
        return ""
    lost = missed(report["rows"])
    reasons = ", ".join(sorted({row["reason"] for row in lost}))
    return f"does not reach {_count(lost)} of {_count(deciding(report['rows']))} required URLs ({reasons})"


def lines(host: str, report: Mapping[str, Any], more: Sequence[str]) -> list[str]:
    """What to print: one line where all is reached, else a table; more is what follows either."""
    onboarded = f"Onboarded: {onboarded_as(report['onboarding'])}."
    if report["summary"]["reachable"]:
        return [" ".join((_reached(host, report), onboarded, *more))]
    effective = report["effective"]
    way = f"{effective['method']} {effective['proxy']}" if effective["proxy"] else effective["method"]
    found = [
        f"{host} {failure(report).rpartition(' (')[0]}.",
        f"The sensor is expected to take this path: {way}. {effective['why']}",
        onboarded,
        "",
        *_table(host, report),
    ]
    texts = dict.fromkeys(finding["text"] for finding in report["findings"])
    if report["unprobed"]:
        texts[f"Not asked, as no host below them is known to answer: {', '.join(report['unprobed'])}."] = None
    after = [*texts, *more]
    return [*found, *([""] if after and found[-1] else []), *after]


def _reached(host: str, report: Mapping[str, Any]) -> str:
    rows = _counted(report["rows"])
    ways = dict.fromkeys(row["via"] or "an unknown path" for row in rows if row["verdict"] == OK)
    text = f"{host} reaches all {_count(deciding(rows))} required URLs (via {', '.join(ways)})."
    lost = dict.fromkeys(row["host"] for row in rows if row["verdict"] in (FAILED, UNKNOWN) and not row["required"])
    if lost:
        text += f" Not reached, and optional: {', '.join(lost)}."
    if report["unprobed"]:
        text += f" Not asked, as no host below them is known to answer: {len(report['unprobed'])} wildcards."
    return text


def _table(host: str, report: Mapping[str, Any]) -> Iterator[str]:
    """A row for each URL that is not reached, but for those that a finding tells together."""
    rows = _counted(report["rows"])
    together = {
        (finding["path"], finding["via"]) for finding in report["findings"] if finding["finding"] == "one_cause"
    }
    shown = [row for row in _shown(rows) if (row["path"], row["via"]) not in together]
    if not shown:
        return
    widths = [
        max(len(title), *(len(_cells(host, row)[column]) for row in shown)) for column, title in enumerate(_TITLES[:5])
    ]
    yield _line(_TITLES, widths)
    for reason, group in itertools.groupby(sorted(shown, key=lambda row: row["reason"]), lambda row: row["reason"]):
        members = list(group)
        same = len(members) > 1 and len({row["advice"] for row in members}) == 1
        yield f"{reason}: {len(members)} of {len(rows)}" + (f". {members[0]['advice']}" if same else "")
        for row in members:
            optional = "" if row["required"] else "(optional) "
            yield _line((*_cells(host, row), optional + ("as above" if same else row["advice"])), widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return f"  {'  '.join((*padded, cells[-1]))}"


def _cells(host: str, row: Row) -> tuple[str, ...]:
    answer = f"status {row['status']}" if row["status"] else f"error {row['error']}" if row["error"] else "-"
    return host, row["url"], row["path"], row["via"] or "?", answer


def _shown(rows: Sequence[Row]) -> list[Row]:
    lost = [row for row in rows if row["verdict"] in (FAILED, UNKNOWN)]
    # Without any other reason, what is missing is a proxy on the path that was asked for.
    if any(row["required"] for row in lost):
        return lost
    return [row for row in rows if row["verdict"] == SKIPPED] or lost


def _counted(rows: Sequence[Row]) -> Sequence[Row]:
    return [row for row in rows if row["path"] != DIRECT] or rows


def _count(rows: Iterable[Row]) -> int:
    return len({row["url"] for row in rows})
