# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: one endpoint is restored from its record, and the record says what is there then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from .._evidence._files import NotWritable
from .._evidence._record import Record, save
from .._resources._endpoint_info import EndpointInfo, verdict
from .._resources._resource import InvalidOption, Refused
from .._resources._restore import ChangedSince, Restore, read_snapshot, same
from .._times import stamp, utc_now
from .._transaction import NotHeld, Transaction, Unknown
from .._windows._endpoint import Endpoint, EndpointError
from .._windows._registry import Address
from ._lock import Busy, Owner, busy, held
from ._switch import REMOVED, disarm, may_be_armed
from ._watch import Over, Watch

_UNREACHED = (AnsibleError, EndpointError)
# What the history of a record says of the way back: begun is noted before the first write, failed when it failed.
BACK, BACK_FAILED = "rollback", "rollback_failed"
# What it says where the sensor has proven that the endpoint moved, or moved back.
REPORTED = "sensor"
_FORCE = "Look who did; -e mde_force=true restores it all the same."


@dataclass(frozen=True)
class Undoing:
    """A rollback of one endpoint: address tells the endpoint,
    force overwrites what somebody changed since, owner is None in check mode."""

    record: Record
    evidence: Path
    address: str
    force: bool
    watch: Watch
    owner: Owner | None


def is_open(record: Record) -> bool:
    """Whether a write of an earlier run may be there, of which nobody knows how it ended, or that is not taken back."""
    return bool(record.snapshot or holds_package(record)) and (
        record.state != "done" or record.verdict == "unverified" or record.changed
    )


def holds_package(record: Record) -> bool:
    """Whether the record is of an endpoint on which an onboarding package was run, or may have been."""
    return "package" in record.planned and bool(record.commands)


def last_event(record: Record) -> int:
    """The number of the last event of the sensor's log before the package was run."""
    return int(record.written[-1]["newest_event"])


def restoring(endpoint: Endpoint, record: Record, force: bool, tidy: bool = False) -> Transaction:
    """Read what stands where the record has a value from before, and plan to put that back; nothing is written.

    Raises ChangedSince where somebody changed one of them since, unless force is set.
    """
    options = {"snapshot": record.snapshot, "written": record.written, "force": force}
    return Transaction(endpoint, Restore(options), tidy)


def stranger(record: Record, found: Sequence[Mapping[str, Any]]) -> Address | None:
    """A value that holds neither what was there before a write nor what was written; found are values as they are now.

    Where bytes are withheld, which may hold credentials, there is nothing to compare.
    """
    try:
        before, written, now = map(read_snapshot, (record.snapshot, record.written, found))
    except InvalidOption:
        return None
    for address, value in now.items():
        if address in written and not (same(value, written[address]) or same(value, before.get(address))):
            return address
    return None


def addresses(transaction: Transaction) -> list[str]:
    """The values that a transaction writes."""
    return [str(write.address) for write in transaction.change.writes]


def roll_back(
    connect: Callable[[], Endpoint], job: Undoing, make: Callable[[Undoing], Back] | None = None
) -> tuple[Record, list[str]]:
    """Restore one endpoint, and return its record and the values that were written.

    make makes the way back where it is none of settings. What is found on the endpoint is in the record and no
    exception. Raises Taken and NotWritable, the latter with whether the endpoint was restored.
    """
    step = (make or Back)(job)
    try:
        with busy(job.address):
            ended, reason = step.run(connect)
    except Busy as error:
        ended, reason = "failed", f"not restored: {error}"
    except ChangedSince as error:
        ended, reason = "failed", f"not restored: {error} {_FORCE}"
    except InvalidOption as error:
        # Without the bytes there is nothing to compare: what was restored from memory stays what it was.
        back = job.record.verdict == "rolled_back"
        ended, reason = ("rolled_back", job.record.reason) if back else ("failed", f"not restored: {error}")
    except (Refused, NotHeld) as error:
        ended, reason = "failed", f"not restored: {error}"
    except (Unknown, Over) as error:
        ended, reason = "unverified", f"perhaps not restored: {error}"
    except _UNREACHED as error:
        ended, reason = "failed", f"not restored: unreachable: {error}"
        if over := job.watch.over():
            ended, reason = "unverified", f"perhaps not restored: {over}"
    return step.finish(ended, reason), step.restored


class Back:
    """The way back of an endpoint whose settings changed."""

    def __init__(self, job: Undoing) -> None:
        self._job = job
        self._endpoint: Endpoint | None = None
        self.record = job.record
        self.restored: list[str] = []

    def run(self, connect: Callable[[], Endpoint]) -> tuple[str, str]:
        job = self._job
        self._endpoint = endpoint = connect()
        transaction = restoring(endpoint, self.record, job.force, tidy=job.owner is not None)
        there = addresses(transaction)
        if job.owner is None:
            self.restored = there
            return "rolled_back", f"would restore {', '.join(there)}" if there else "would restore nothing"
        if there:
            # Should the controller die now, nobody knows what the endpoint holds.
            begun = replace(self.record.saw(None, ""), state="writing", verdict=None, reason="", finished=None)
            self._save(begun.noted(stamp(utc_now()), BACK, f"{len(there)} values"))
            job.watch.check()
            self.restored = there
            transaction.apply()
        if may_be_armed(self.record):
            disarm(endpoint)
            self.record = self.record.noted(stamp(utc_now()), REMOVED, "")
        self.record = replace(self.record, changed=False)
        return "rolled_back", "restored by a rollback" if there else "a rollback found it as it was before"

    def finish(self, ended: str, reason: str) -> Record:
        seen, now = self._seen(), stamp(utc_now())
        event = BACK if ended == "rolled_back" else BACK_FAILED
        record = self.record.saw(seen, now).noted(now, event, reason)
        # A write of which nobody knows how it ended is still to be undone.
        changed = record.changed or (ended == "failed" and is_open(self._job.record))
        record = replace(record, state="done", verdict=ended, reason=reason, changed=changed, finished=now)
        if self._job.owner is None:
            return record
        try:
            self._save(record)
        except NotWritable as error:
            said = f"The endpoint ended {ended}: {reason}. Its record could not be written and does not say so"
            raise NotWritable(f"{said}: {error} Make room, and run the rollback again.") from None
        return self.record

    def _save(self, record: Record) -> None:
        if self._job.owner is None:
            return
        with held(self._job.evidence, self._job.owner):
            self.record = save(self._job.evidence, record)

    def _seen(self) -> Mapping[str, Any] | None:
        """What the endpoint holds now, in the parts that its record speaks of; None where nobody knows."""
        if self._endpoint is None:
            return None
        try:
            state = Transaction(self._endpoint, EndpointInfo({})).before
        except (*_UNREACHED, Refused):
            return None
        told = self.record.before or self.record.planned
        found = {**state.report(), **verdict(state)}
        if "wininet" in told:
            found["wininet"] = {scope: found["wininet"].get(scope) for scope in told["wininet"]}
        return {name: found[name] for name in told if name in found}
