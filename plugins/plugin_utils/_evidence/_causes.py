# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why endpoints did not end well, in sentences that are the same for all that have one cause."""

from __future__ import annotations

from collections.abc import Iterator

from ._record import KINDS, Record
from ._words import differences

_MISSED = ("failed", "unknown")


def why(record: Record) -> str:
    """Why an endpoint ended as it did: what differs where it drifted, and its reason elsewhere."""
    if record.verdict == "drifted":
        return "; ".join(map(str, differences(record.observed, record.planned))) or record.reason
    return record.reason


def causes(record: Record) -> tuple[str, ...]:
    """The causes for which an endpoint did not end well; none where it did.

    What every endpoint has to itself, its name, is left out. A request that was only compared is no cause.
    """
    if record.verdict == KINDS[record.kind][0]:
        return ()
    missed = tuple(dict.fromkeys(_missed(record)))
    if missed:
        return missed
    if record.verdict is None:
        return ("Its step did not end.",)
    return (why(record).replace(record.host, "the endpoint") or "No reason was given.",)


def _missed(record: Record) -> Iterator[str]:
    for row in (record.reachability or {}).get("rows") or []:
        if row.get("verdict") in _MISSED and row.get("required", True):
            via = row.get("via")
            way = "directly" if via == "direct" else f"by way of {via}" if via else f"on the path {row.get('path')}"
            yield f"Service URLs not reached {way}: {row.get('reason')}"
