# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to one endpoint in a rollout: the stages of the table in _states, and what each does and sees."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible.errors import AnsibleError

from .._evidence._files import NotWritable
from .._evidence._record import Record, save
from .._evidence._secrets import clean
from .._probe._reachability import Reachability, not_reached
from .._resources._endpoint_proxy import EndpointProxy
from .._resources._resource import InvalidOption, Refused
from .._times import stamp, utc_now
from .._transaction import NotHeld, Transaction, Unknown
from .._windows._endpoint import Endpoint, EndpointError
from .._windows._registry import Address
from ._job import OK, WRITTEN, Job, earlier_of, ended_ok, merged
from ._lock import Busy, Taken, busy, held
from ._plan import differences, plain, said
from ._states import FOLLOWS, Seen, Stage
from ._switch import REMOVED, SET, arm, disarm, may_be_armed
from ._undo import BACK, addresses, is_open, restoring, stranger
from ._watch import Abandoned

# Whatever these say, the endpoint could not be asked or its answer can't be relied on.
_UNREACHED = (AnsibleError, EndpointError)
_REFUSED = (Refused, InvalidOption)
REPLAN = "-e mde_replan=true brings it into the planned state all the same: decide that with the approver."
_ARMED = "what confirm_within left on the endpoint restores the old state by itself"


Make = Callable[[Job, Record | None], "Step"]


def carry_out(connect: Callable[[], Endpoint], job: Job, make: Make | None = None) -> tuple[Record, bool]:
    """Bring one endpoint into its planned state, verify it, and say in its record how that ended.

    make makes the step where it is none of settings. The second is whether this run has changed the endpoint, and not
    one before it. The record is written before the write and after each thing that is known, so that whatever happens
    to the controller, the file says how far it got. Raises RecordError before anything is sent, Taken where the
    directory is no longer this run's, and NotWritable with whether the endpoint was written.
    """
    step = (make or Step)(job, earlier_of(job))
    try:
        with busy(job.address):
            verdict = step.run(connect)
    except Busy as error:
        verdict = step.blocked(str(error))
    record = step.finish(verdict)
    return record, record.changed and step.wrote


def preview(connect: Callable[[], Endpoint], job: Job, make: Make | None = None) -> tuple[Record, bool]:
    """The record so far as it is known without a write, and whether there would be one; nothing is saved."""
    step = (make or Step)(job, earlier_of(job))
    seen = step.see(Stage.READ, connect)
    follows = FOLLOWS[Stage.READ, seen]
    if isinstance(follows, str):
        return replace(step.record, verdict=follows, reason=step.why), False
    writes = seen is Seen.DIFFERS
    if writes:
        step.take()
    reason = "would be changed as planned" if writes else "in the planned state already, and would be verified"
    return replace(step.record, verdict=OK, reason=reason), writes


class Step:
    """The step of an endpoint whose settings change; each stage is done by the method of its name."""

    def __init__(self, job: Job, earlier: Record | None) -> None:
        self._job = job
        self._was_ok = earlier is not None and ended_ok(earlier)
        self._open = earlier is not None and not self._was_ok and is_open(earlier)
        self._still = earlier.reason if earlier and self._was_ok and earlier.verdict == OK else ""
        self.why = ""
        self.wrote = False
        self._unsaved: NotWritable | None = None
        self._applied: Transaction | None = None
        if earlier and (self._open or self._was_ok):
            self.record = replace(earlier, verdict=None, reason="", finished=None, who=job.who, batch=job.batch)
        else:
            self.record = Record(
                host=job.host,
                run=job.run,
                who=job.who,
                started=stamp(utc_now()),
                batch=job.batch,
                change=job.change,
                plan_digest=job.digest,
                planned=job.plan.after,
                restart=job.plan.reboot_reason,
                # A new record is begun only where nothing was written; the switch may have been left all the same.
                history=earlier.history if earlier and may_be_armed(earlier) else (),
            )

    @functools.cached_property
    def _resource(self) -> EndpointProxy:
        return EndpointProxy(self._job.options)

    @property
    def _ours(self) -> bool:
        """Whether a write of this rollout may be on the endpoint."""
        return self._open or self.wrote or self.record.changed

    def run(self, connect: Callable[[], Endpoint]) -> str:
        """Go from stage to stage as the table says, and return the word that ends it."""
        follows: Stage | str = Stage.READ
        while isinstance(follows, Stage):
            follows = FOLLOWS[follows, self.see(follows, connect)]
        return follows

    def blocked(self, why: str) -> str:
        """The word that ends a step that could not begin."""
        return str(FOLLOWS[Stage.READ, self._lost(why)])

    def see(self, stage: Stage, connect: Callable[[], Endpoint]) -> Seen:
        """Do what a stage is for, and say what was seen; why is said in self.why."""
        try:
            if stage is Stage.READ:
                self._endpoint = connect()
            seen: Seen = getattr(self, f"_{stage.name.lower()}")()
            return seen
        except _UNREACHED as error:
            return self._lost(f"unreachable: {error}")
        except _REFUSED as error:
            self.why = str(error)
            return Seen.REFUSED

    def _lost(self, why: str) -> Seen:
        """The endpoint did not answer, or may not be asked any more."""
        self.record = self.record.saw(None, "")
        over = self._job.watch.over()
        self.why = why
        if over:
            self.why = f"{over}; {'' if self._ours else 'nothing was written, and '}it is not known what is there now"
            return Seen.ABANDONED if isinstance(over, Abandoned) else Seen.TIME_OVER
        return Seen.LOST if self._ours else Seen.UNREACHED

    def _read(self) -> Seen:
        self._transaction = transaction = Transaction(self._endpoint, self._resource)
        self._found = found = plain(self._resource.report(transaction.before))
        self._planned = planned = plain(self._resource.report(transaction.change.after))
        self.record = self.record.saw(found, stamp(utc_now()))
        if moved := self._moved(found, planned):
            self.why = moved
            return Seen.MOVED
        if self._still and not transaction.change.writes:
            self.why = self._still
            return Seen.STILL
        if transaction.change.writes:
            self.why = "changed as planned"
            return Seen.DIFFERS
        self._keep_arrived()
        self.why = "in the planned state already"
        return Seen.PLANNED

    def _moved(self, found: Any, planned: Any) -> str:
        """In what the endpoint is not as this plan, or an earlier run of it, left it; nothing where it may go on."""
        if self._job.replan:
            return ""
        if self._was_ok:
            since = differences(self.record.planned, clean(found))
            return f"moved since it was ok: {said(since)}. {REPLAN}" if since else ""
        if self._open:
            # What an own write left half done is no change by somebody else.
            if (theirs := stranger(self.record, self._transaction.read(self._touched()))) is not None:
                return f"moved since it was written: {theirs} was changed by somebody else. {REPLAN}"
        elif differences(self._job.plan.after, found) and (stray := differences(self._job.plan.before, found)):
            return f"the endpoint is not as it was when the plan was made: {said(stray)}. {REPLAN}"
        if differences(self._job.plan.after, planned):
            return "what would be written now is not what was planned: make a new plan"
        return ""

    def _touched(self) -> list[Address]:
        """The values that were written, or may be."""
        return [Address(entry["key"], entry["name"], entry["view"]) for entry in self.record.snapshot]

    def _keep_arrived(self) -> None:
        """Take into the record that the write of an earlier run did arrive."""
        if not self.record.snapshot:
            self.record = replace(self.record, before=self._found)
        arrived = self._transaction.read(self._touched())
        self.record = replace(self.record, changed=bool(arrived), written=tuple(arrived))

    def take(self) -> None:
        """Take what will be written into the record; what was there before the first write stays."""
        transaction, kept = self._transaction, self.record.snapshot
        self.record = replace(
            self.record,
            before=self.record.before if kept else self._found,
            planned=self._planned,
            commands=tuple(str(write.command) for write in transaction.change.writes),
            snapshot=merged(transaction.snapshot(), kept),
            # Should the answer be lost, this is what tells an own write from somebody else's.
            written=merged(self.record.written, transaction.wanted()),
            warnings=tuple(transaction.warnings),
        )

    def _write(self) -> Seen:
        self.take()
        # Should the controller die from here on, nobody knows what the endpoint holds.
        record = self.record.saw(None, "").noted(stamp(utc_now()), WRITTEN, f"{len(self.record.commands)} commands")
        self._save(record, "writing")
        if unarmed := self._unarmed():
            return unarmed
        self._job.watch.check()
        self._own()
        self.wrote = True
        self._applied = transaction = self._transaction
        try:
            written = transaction.apply()
        except Unknown as error:
            return self._lost(str(error))
        except NotHeld as error:
            self._saw(transaction)
            return self._not_held(error)
        self._saw(transaction)
        self._save(replace(self.record, changed=True, written=merged(self.record.written, written)), "written")
        # What this write did not touch may have become another's meanwhile.
        moved = differences(clean(self._planned), clean(self.record.observed))
        self.why = f"moved while it was written: {said(moved)}. {REPLAN}" if moved else self.why
        return Seen.MOVED if moved else Seen.HELD

    def _not_held(self, error: NotHeld) -> Seen:
        # The values from before this write may be those that an earlier run left half written.
        self.record = replace(self.record, changed=self._open or not error.rolled_back)
        self.why = f"not permitted: {error}" if error.untouched else str(error)
        if not self.record.changed:
            self._calm()
        if error.untouched:
            return Seen.NOT_PERMITTED
        return Seen.NOT_PUT_BACK if self.record.changed else Seen.PUT_BACK

    def _saw(self, transaction: Transaction) -> None:
        """Take into the record what was read last of the endpoint, or that nobody knows."""
        state = transaction.observed
        report = plain(self._resource.report(state)) if state is not None else None
        self.record = self.record.saw(report, stamp(utc_now()))

    def _look(self) -> None:
        """Read the endpoint once more, after something was restored."""
        try:
            self._saw(Transaction(self._endpoint, self._resource))
        except (*_UNREACHED, *_REFUSED):
            self.record = self.record.saw(None, "")

    def _verify(self) -> Seen:
        # Where there was a write, it is set already.
        if not self.wrote and (unarmed := self._unarmed()):
            return unarmed
        if self._job.verify is None:
            return Seen.REACHED
        try:
            report = plain(Reachability(self._job.verify).ask(self._endpoint))
        except _REFUSED as error:
            self.why = f"the verification could not run: {error}"
            return Seen.NOT_REACHED
        kept = {name: report[name] for name in ("effective", "rows", "summary", "findings")}
        self.record = replace(self.record, reachability=kept)
        if why := not_reached(report):
            self.why = why
            return Seen.NOT_REACHED
        return Seen.REACHED

    def _restore(self) -> Seen:
        """Restore the state from before the write."""
        if not self.record.snapshot:
            self.why = f"{self.why}; nothing had been changed"
            return Seen.UNTOUCHED
        self._save(self.record.saw(None, "").noted(stamp(utc_now()), BACK, self.why), "writing")
        try:
            self._own()
            if not self._put_back_withheld():
                back = restoring(self._endpoint, self.record, force=True)
                self._job.watch.check()
                if back.change.writes:
                    back.apply()
        except (*_UNREACHED, *_REFUSED, Unknown, NotHeld) as error:
            self.why = f"{self.why}; the state from before could NOT be restored: {error}"
            self._look()
            return self._lost(self.why) if self._job.watch.over() else Seen.NOT_RESTORED
        self._look()
        self.record = replace(self.record, changed=False)
        self._calm()
        return Seen.RESTORED

    def _put_back_withheld(self) -> bool:
        """Restore from memory where no record may hold the bytes, which works in the run that wrote only."""
        withheld = any("withheld" in entry for entry in self.record.snapshot)
        return withheld and not self._open and self._applied is not None and self._applied.put_back()

    def _unarmed(self) -> Seen | None:
        """Set the switch with all its minutes ahead, or take away the one that an earlier run set.

        Returns what was seen where that did not work.
        """
        minutes = self._job.confirm_within
        try:
            if minutes and self.record.snapshot:
                self._set(minutes)
            else:
                self._disarm()
        except Refused as error:
            raise Refused(f"nothing was written: {error}") from None
        except _UNREACHED as error:
            return self._lost(f"nothing was written: unreachable: {error}")
        return None

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

    def _calm(self) -> None:
        """Take the switch away where the old state is back; that it is left is said at the end."""
        with contextlib.suppress(*_UNREACHED, Refused):
            self._disarm()

    def _confirm(self) -> Seen:
        """Take the switch away, and see whether it was faster."""
        if not may_be_armed(self.record):
            return Seen.CONFIRMED
        try:
            self._disarm()
            undone = not addresses(restoring(self._endpoint, self.record, force=True))
        except (*_UNREACHED, *_REFUSED) as error:
            return self._lost(f"the endpoint may have restored the old state by itself: {error}")
        if not undone:
            return Seen.CONFIRMED
        self.record = replace(self.record, changed=False)
        self._look()
        self.why = "confirm_within is too short: the endpoint restored the old state before the verification had ended"
        return Seen.UNDONE

    def _own(self) -> None:
        """Raise Taken where the directory is another run's by now, so that two never write to an endpoint."""
        if self._job.owner is not None:
            with held(self._job.evidence, self._job.owner):
                pass

    def _save(self, record: Record, state: str) -> None:
        """Write the record. Once the endpoint may be written, a file system that refuses does not end the step."""
        self.record = replace(record, state=state)
        # What the switch may have undone by itself is not known.
        shown = self.record.saw(None, "") if may_be_armed(self.record) else self.record
        self._unsaved = None
        if self._job.owner is None:
            raise Taken(f"{self._job.evidence} is nobody's, so nothing is written there.")
        try:
            with held(self._job.evidence, self._job.owner):
                saved = save(self._job.evidence, shown)
        except NotWritable as error:
            if not self._ours:
                raise NotWritable(f"Nothing was written to the endpoint. {error}") from None
            self._unsaved = error
        else:
            self.record = replace(saved, observed=self.record.observed, observed_at=self.record.observed_at)

    def finish(self, verdict: str) -> Record:
        """Give the record its verdict, and return it; raises NotWritable where the file does not say so."""
        reason = self.why
        if may_be_armed(self.record):
            reason = f"{reason.rstrip('.')}; {_ARMED}"
            self.record = self.record.saw(None, "")
        # What an earlier run wrote, and this one did not take back, is still to be undone.
        changed = self.record.changed or (self._open and verdict == "failed")
        record = replace(self.record, verdict=verdict, reason=reason, changed=changed, finished=stamp(utc_now()))
        self._save(record.noted(record.finished or "", verdict, reason), "done")
        if self._unsaved:
            raise NotWritable(
                f"The endpoint {'was written' if self.wrote else 'was not written in this run'}, and ended {verdict}: "
                f"{reason}. Its record could not be written and does not say so: {self._unsaved} Make room, and run "
                "the same command again: it reads the endpoint, and completes the record."
            )
        return self.record
