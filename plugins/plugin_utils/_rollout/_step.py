# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to one endpoint in a rollout: planned state, record, write, verification, and back where it fails."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleError

from .._evidence._record import Record, RecordError, load, path_of, save
from .._probe._reachability import Reachability, missed
from .._resources._endpoint_proxy import EndpointProxy
from .._resources._resource import InvalidOption, Refused
from .._resources._restore import Restore
from .._times import stamp, utc_now
from .._transaction import NotHeld, Transaction, Unknown
from .._windows._endpoint import Endpoint, EndpointError
from .._windows._registry import Address
from ._plan import HostPlan, differences, said
from ._switch import REMOVED, SET, arm, disarm, may_be_armed

# Whatever these say, the endpoint could not be asked or its answer can't be relied on.
_UNREACHED = (AnsibleError, EndpointError)
_SHOWN = 3


class Ended(Exception):
    """The step is over; verdict is one of the four words of a record."""

    def __init__(self, verdict: str, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict


@dataclass(frozen=True)
class Job:
    """One endpoint's share of a rollout.

    options are the planned settings as validated options of endpoint_proxy, evidence is the directory of records,
    verify the options of reachability (None: no verification), confirm_within the minutes of the dead-man's switch
    (0: none), replan whether a state that has moved is planned anew.
    """

    host: str
    plan: HostPlan
    options: Mapping[str, Any]
    digest: str
    change: str
    who: str
    evidence: Path
    verify: Mapping[str, Any] | None
    confirm_within: int
    replan: bool

    @property
    def run(self) -> str:
        """What all hosts of this rollout have in common, also when it is started again."""
        return f"{self.change}-{self.digest[:12]}"


def carry_out(connect: Callable[[], Endpoint], job: Job) -> tuple[Record, bool]:
    """Bring one endpoint into its planned state, verify it, and say in its record how that ended.

    The second is whether this run has changed the endpoint, and not one before it. The record is written before the
    write and after each thing that is known, so that whatever happens to the controller, the file says how far it
    got. Raises RecordError and NotWritable before anything is sent.
    """
    earlier = _earlier(job)
    if earlier and earlier.verdict == "ok":
        return earlier, False
    step = _Step(job, earlier)
    try:
        step.run(connect)
        verdict, reason = "ok", step.how
    except Ended as end:
        verdict, reason = end.verdict, str(end)
    record = step.finish(verdict, reason)
    return record, record.changed and step.wrote


def preview(connect: Callable[[], Endpoint], job: Job) -> tuple[str, str]:
    """The verdict and the reason so far as they are known without a write; no record is written."""
    earlier = _earlier(job)
    if earlier and earlier.verdict == "ok":
        return "ok", earlier.reason
    step = _Step(job, earlier)
    try:
        writes = step.read(connect).change.writes
    except Ended as end:
        return end.verdict, str(end)
    return "ok", "would be changed as planned" if writes else "in the planned state already"


def _earlier(job: Job) -> Record | None:
    """What an earlier run of the same plan left of this host; raises RecordError for what would be lost."""
    earlier = load(job.evidence, job.host)
    if earlier is None or earlier.plan_digest == job.digest:
        return earlier
    if earlier.snapshot and earlier.verdict != "rolled_back":
        raise RecordError(
            f"{path_of(job.evidence, job.host)} is what can undo another plan: name another directory in evidence."
        )
    return None


class _Step:
    def __init__(self, job: Job, earlier: Record | None) -> None:
        self._job = job
        self._resource = EndpointProxy(job.options)
        # An earlier run never came to know how its write ended, or could not take it back.
        self._open = bool(earlier and (earlier.state != "done" or earlier.verdict == "unverified" or earlier.changed))
        self.how = ""
        self.wrote = False
        self._applied: Transaction | None = None
        self.record = earlier if earlier and self._open else Record(
            host=job.host,
            run=job.run,
            who=job.who,
            started=stamp(utc_now()),
            change=job.change,
            plan_digest=job.digest,
            planned=job.plan.after,
            # A new record is begun only where nothing was written; the switch may have been left all the same.
            history=earlier.history if earlier and may_be_armed(earlier) else (),
        )

    def run(self, connect: Callable[[], Endpoint]) -> None:
        transaction = self.read(connect)
        if transaction.change.writes:
            self._write(transaction)
            self.how = "changed as planned"
        else:
            self.how = "in the planned state already"
            # The write of the earlier run did arrive.
            arrived = transaction.read(Address(e["key"], e["name"], e["view"]) for e in self.record.snapshot)
            self.record = replace(self.record, changed=bool(arrived), written=tuple(arrived))
            self._arm()
        self._verify()
        self._confirm()

    def read(self, connect: Callable[[], Endpoint]) -> Transaction:
        """Read the endpoint, and end where it is not as it was when the plan was made."""
        resource = self._resource
        try:
            self._endpoint = connect()
            transaction = Transaction(self._endpoint, resource)
        except _UNREACHED as error:
            raise Ended("unverified" if self._open else "failed", f"unreachable: {error}") from None
        except (Refused, InvalidOption) as error:
            raise Ended("failed", str(error)) from None
        found = plain(resource.report(transaction.before))
        self.record = self.record.saw(found, stamp(utc_now()))
        planned = plain(resource.report(transaction.change.after))
        if not self._job.replan:
            self._compare(found, planned)
        if transaction.change.writes:
            self._take(transaction, found, planned)
        elif not self.record.snapshot:
            self.record = replace(self.record, before=found)
        return transaction

    def _compare(self, found: Any, planned: Any) -> None:
        """End where what was found or what would be written is not what the plan says."""
        stray = differences(self._job.plan.before, found)
        # What an own write left half done is no change by somebody else.
        if stray and differences(self._job.plan.after, found) and not self._open:
            raise Ended("failed", f"the endpoint is not as it was when the plan was made: {said(stray)}")
        if differences(self._job.plan.after, planned):
            raise Ended("failed", "what would be written now is not what was planned: make a new plan")

    def _take(self, transaction: Transaction, found: Any, planned: Any) -> None:
        """Take what will be written into the record; what was there before the first write stays."""
        kept = self.record.snapshot
        self.record = replace(
            self.record,
            before=self.record.before if kept else found,
            planned=planned,
            commands=tuple(str(write.command) for write in transaction.change.writes),
            snapshot=_merged(transaction.snapshot(), kept),
            # Should the answer be lost, this is what tells an own write from somebody else's.
            written=_merged(self.record.written, transaction.wanted()),
        )

    def _write(self, transaction: Transaction) -> None:
        record = replace(self.record, warnings=tuple(transaction.warnings))
        self._save(record.noted(stamp(utc_now()), "write", f"{len(record.commands)} commands"), "writing")
        self._arm()
        self.wrote = True
        self._applied = transaction
        try:
            written = transaction.apply()
            self._saw(transaction)
        except Unknown as error:
            self._saw(transaction)
            raise Ended("unverified", str(error)) from None
        except NotHeld as error:
            self._saw(transaction)
            self.record = replace(self.record, changed=not error.rolled_back)
            if not error.rolled_back:
                raise Ended("failed", str(error)) from None
            self._rolled_back(str(error))
        record = replace(self.record, changed=True, written=_merged(self.record.written, written))
        self._save(record, "written")

    def _saw(self, transaction: Transaction) -> None:
        """Take into the record what was read last of the endpoint, or that nobody knows."""
        state = transaction.observed
        report = plain(self._resource.report(state)) if state is not None else None
        self.record = self.record.saw(report, stamp(utc_now()))

    def _look(self) -> None:
        """Read the endpoint once more, after something was restored."""
        try:
            transaction = Transaction(self._endpoint, self._resource)
        except (*_UNREACHED, Refused, InvalidOption):
            self.record = self.record.saw(None, stamp(utc_now()))
        else:
            self._saw(transaction)

    def _verify(self) -> None:
        if self._job.verify is None:
            return
        try:
            report = plain(Reachability(self._job.verify).ask(self._endpoint))
        except _UNREACHED as error:
            raise Ended("unverified" if self.record.changed else "failed", f"unreachable: {error}") from None
        except (Refused, InvalidOption) as error:
            self._go_back(f"the verification could not run: {error}")
        else:
            kept = {name: report[name] for name in ("effective", "rows", "summary", "findings")}
            self.record = replace(self.record, reachability=kept)
            if not report["summary"]["reachable"]:
                self._go_back(_not_reached(report))

    def _go_back(self, why: str) -> None:
        """Restore the state from before the write, and end."""
        if not self.record.snapshot:
            raise Ended("failed", f"{why}; nothing had been changed")
        self._save(self.record.noted(stamp(utc_now()), "rollback", why), "written")
        try:
            if not self._put_back_withheld():
                undo(self._endpoint, self.record, force=True)
        except (*_UNREACHED, Refused, InvalidOption, Unknown, NotHeld) as error:
            self._look()
            raise Ended("failed", f"{why}; the state from before could NOT be restored: {error}") from None
        self._look()
        self._rolled_back(why)

    def _rolled_back(self, why: str) -> NoReturn:
        self.record = replace(self.record, changed=False)
        # What the endpoint holds is known all the same; that the switch is left is said at the end.
        with contextlib.suppress(*_UNREACHED, Refused):
            self._disarm()
        raise Ended("rolled_back", why)

    def _put_back_withheld(self) -> bool:
        """Restore from memory where no record may hold the bytes, which works in the run that wrote only."""
        withheld = any("withheld" in entry for entry in self.record.snapshot)
        return withheld and not self._open and self._applied is not None and self._applied.put_back()

    def _arm(self) -> None:
        """Set the switch with all its minutes ahead, or take away the one that an earlier run set."""
        minutes = self._job.confirm_within
        try:
            if minutes and self.record.snapshot:
                self._set(minutes)
            else:
                self._disarm()
        except Refused as error:
            raise Ended("failed", f"nothing was written: {error}") from None
        except _UNREACHED as error:
            verdict = "unverified" if self._open else "failed"
            raise Ended(verdict, f"nothing was written: unreachable: {error}") from None

    def _set(self, minutes: int) -> None:
        # Before it is there: should the controller die, the next run knows of it.
        self._save(self.record.noted(stamp(utc_now()), SET, f"{minutes} minutes"), self.record.state)
        try:
            arm(self._endpoint, self.record.snapshot, minutes)
        except Refused:
            self.record = self.record.noted(stamp(utc_now()), REMOVED, "could not be set")
            raise

    def _disarm(self) -> None:
        # A run with another directory of evidence may have set one that this record knows nothing of.
        if self._job.confirm_within or may_be_armed(self.record):
            disarm(self._endpoint)
        if may_be_armed(self.record):
            self.record = self.record.noted(stamp(utc_now()), REMOVED, "")

    def _confirm(self) -> None:
        """Take the switch away, and end where it was faster."""
        if not may_be_armed(self.record):
            return
        try:
            self._disarm()
            restored = not to_restore(self._endpoint, self.record, force=True)
        except (*_UNREACHED, Refused, InvalidOption) as error:
            self.record = self.record.saw(None, stamp(utc_now()))
            raise Ended("unverified", f"the endpoint may have restored the old state by itself: {error}") from None
        if restored:
            self.record = replace(self.record, changed=False)
            self._look()
            why = "confirm_within is too short: the endpoint restored the old state before the verification had ended"
            raise Ended("rolled_back", why)

    def _save(self, record: Record, state: str) -> None:
        self.record = save(self._job.evidence, replace(record, state=state))

    def finish(self, verdict: str, reason: str) -> Record:
        if may_be_armed(self.record):
            reason = f"{reason.rstrip('.')}; what confirm_within left on the endpoint restores the old state by itself"
        record = replace(self.record, verdict=verdict, reason=reason, finished=stamp(utc_now()))
        self._save(record.noted(record.finished or "", verdict, reason), "done")
        return self.record


def to_restore(endpoint: Endpoint, record: Record, force: bool) -> list[str]:
    """The values that undo would write; raises what it raises before it writes."""
    return _addresses(_restoring(endpoint, record, force))


def undo(endpoint: Endpoint, record: Record, force: bool) -> list[str]:
    """Restore the snapshot of a record, and say which values had to be written.

    Raises Refused where somebody changed the endpoint since, unless force is set, and what a transaction raises.
    """
    transaction = _restoring(endpoint, record, force)
    if transaction.change.writes:
        transaction.apply()
    return _addresses(transaction)


def _restoring(endpoint: Endpoint, record: Record, force: bool) -> Transaction:
    options = {"snapshot": record.snapshot, "written": record.written, "force": force}
    return Transaction(endpoint, Restore(options))


def _addresses(transaction: Transaction) -> list[str]:
    return [str(write.address) for write in transaction.change.writes]


def _merged(entries: Sequence[Mapping[str, Any]], over: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The entries of two snapshots by address; where both have one, that of the second counts."""
    both = {(entry["key"], entry["name"], entry["view"]): entry for entry in (*entries, *over)}
    return tuple(both.values())


def plain(report: Any) -> Any:
    """A report as it is after it was in a file."""
    return json.loads(json.dumps(report))


def _not_reached(report: Mapping[str, Any]) -> str:
    reasons = sorted({f"{row['host']} {row['reason']}" for row in missed(report["rows"])})
    more = f" and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return f"the service is not reached: {', '.join(reasons[:_SHOWN])}{more}"
