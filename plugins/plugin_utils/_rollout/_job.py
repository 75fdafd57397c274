# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One endpoint's share of a rollout, and what an earlier run of it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._evidence._record import Record, RecordError, load, path_of
from ._lock import Owner
from ._plan import HostPlan
from ._undo import BACK, holds_package
from ._watch import Watch

# What the history of a record says where a write begins, and where an endpoint ended well.
WRITTEN, OK = "write", "ok"


@dataclass(frozen=True)
class Job:
    """One endpoint's share of a rollout.

    options are the planned settings as validated options of endpoint_proxy, evidence is the directory of records and
    owner the run that has it (None in check mode, which writes nothing), address what tells the endpoint from all
    others, batch the number of its batch, verify the options of reachability (None: no verification), confirm_within
    the minutes of the dead-man's switch (0: none), replan whether a state that has moved is planned anew.
    """

    host: str
    address: str
    plan: HostPlan
    options: Mapping[str, Any]
    digest: str
    change: str
    who: str
    batch: int
    evidence: Path
    owner: Owner | None
    watch: Watch
    verify: Mapping[str, Any] | None
    confirm_within: int
    replan: bool

    @property
    def run(self) -> str:
        """What all hosts of this rollout have in common, also when it is started again."""
        return f"{self.change}-{self.digest[:12]}"


def earlier_of(job: Job) -> Record | None:
    """What an earlier run of the same plan left of this host; raises RecordError for what would be lost."""
    earlier = load(job.evidence, job.host)
    if earlier is None or earlier.plan_digest == job.digest:
        return earlier
    if (earlier.snapshot or holds_package(earlier)) and earlier.verdict != "rolled_back":
        raise RecordError(
            f"{path_of(job.evidence, job.host)} is what can undo another plan: name another directory in mde_evidence."
        )
    return None


def ended_ok(earlier: Record) -> bool:
    """Whether the endpoint was in the planned state when it was last worked on, so that what differs moved since."""
    events = [entry["event"] for entry in earlier.history if entry["event"] in (WRITTEN, OK, BACK)]
    return events[-1:] == [OK]


def merged(entries: Sequence[Mapping[str, Any]], over: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The entries of two snapshots by address; where both have one, that of the second counts."""
    both = {(entry["key"], entry["name"], entry["view"]): entry for entry in (*entries, *over)}
    return tuple(both.values())
