# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a plan, for whoever approves it: the page of a rollout, before there are verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .._times import stamp
from ._files import write
from ._page import pieces
from ._record import Record
from ._secrets import clean, text
from ._summary import Head

if TYPE_CHECKING:
    from .._rollout._plan import Plan


def render_plan(plan: Plan, path: Path) -> None:
    """Write the page of a plan. Raises NotWritable."""
    head = Head("", "", stamp(plan.created), plan_digest=plan.digest, incomplete=False)
    valid = f"valid until {plan.valid_until.strftime('%Y-%m-%d %H:%M')} UTC, for version {plan.collection}"
    told = {"not_started": 0, "damaged": [], "note": valid, "sentence": _sentence(plan)}
    write(path, pieces(lambda: {**vars(head), **told}, _records(plan), "plan"))


def _sentence(plan: Plan) -> str:
    changed = sum(planned.changed for planned in plan.hosts.values())
    same, lost = len(plan.hosts) - changed, len(plan.left_out)
    parts = [f"{changed} of {len(plan.hosts) + lost} would change"]
    parts += [f"{same} {'needs' if same == 1 else 'need'} no change"] if same else []
    if lost:
        why = "can't be moved or could not be read, and" if _moves(plan) else "could not be read and"
        parts.append(f"{lost} {why} {'is' if lost == 1 else 'are'} left out")
    return ", ".join(parts) + "."


def _moves(plan: Plan) -> bool:
    """Whether it is the plan of a move to streamlined connectivity."""
    return any("package" in planned.settings for planned in plan.hosts.values())


def _records(plan: Plan) -> Iterator[Record]:
    begun = stamp(plan.created)
    for host, planned in plan.hosts.items():
        yield Record(
            host=host,
            run="",
            who="",
            started=begun,
            changed=planned.changed,
            before=clean(planned.before),
            planned=clean(planned.after),
            commands=tuple(map(text, planned.commands)),
            warnings=tuple(map(text, planned.warnings)),
            reason=text(planned.reboot_reason),
            restart=text(planned.reboot_reason),
        )
    for host, reason in plan.left_out.items():
        yield Record(host=host, run="", who="", started=begun, verdict="failed", reason=text(reason))
