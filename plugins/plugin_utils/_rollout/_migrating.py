# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to one endpoint when a fleet moves to streamlined connectivity: the stages of any rollout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible.errors import AnsibleError

from .._evidence._record import Record
from .._evidence._secrets import clean
from .._probe._reachability import not_reached
from .._resources._resource import InvalidOption, Refused
from .._streamlined._migration import NO_WAY_BACK, REBOOT_REASON, Migration
from .._streamlined._proof import STANDARD, STREAMLINED, Look
from .._times import stamp, utc_now
from .._transaction import Unknown
from .._windows._endpoint import Endpoint, EndpointError
from ._job import WRITTEN, Job
from ._plan import differences, plain, said
from ._states import Seen
from ._step import REPLAN, Step
from ._undo import BACK, REPORTED, Back, Undoing, last_event

_LOST = (AnsibleError, EndpointError, Unknown)


class MigrationStep(Step):
    """The step of an endpoint that moves. written of its record is the last event of the sensor's log before the write,
    and whether the package has run to its end."""

    def __init__(self, migration: Migration, job: Job, earlier: Record | None) -> None:
        super().__init__(job, earlier)
        self._migration = migration

    def _read(self) -> Seen:
        self._state = found = self._migration.read(self._endpoint)
        report = plain(found.report())
        self.record = self.record.saw(report, stamp(utc_now()))
        if not (self._open or found.arrived):
            found.check()
        if moved := self._moved(report, plain(found.expected())):
            self.why = moved
            return Seen.MOVED
        if self._still and found.arrived:
            self.why = self._still
            return Seen.STILL
        if found.arrived or (self._open and self.record.written[-1].get("ran")):
            self.why = "changed as planned" if self._ours else "in the planned state already"
            return Seen.PLANNED
        self.why = "changed as planned"
        return Seen.DIFFERS

    def _moved(self, found: Any, planned: Any) -> str:
        if self._job.replan or self._open:
            return ""
        if self._was_ok:
            since = differences({"onboarding": self.record.planned["onboarding"]}, clean(found))
            return f"moved since it was ok: {said(since)}. {REPLAN}" if since else ""
        wanted = {"onboarding": self._job.plan.after["onboarding"]}
        if differences(wanted, found) and (stray := differences(self._job.plan.before, found)):
            return f"the endpoint is not as it was when the plan was made: {said(stray)}. {REPLAN}"
        return "what would be done now is not what was planned: make a new plan" if wanted != planned else ""

    def take(self) -> None:
        """Take what will be done into the record."""
        self.record = replace(
            self.record,
            before=self.record.before or plain(self._state.report()),
            planned=self._job.plan.after,
            commands=tuple(self._migration.commands()),
            written=({"newest_event": self._state.newest_event, "ran": False},),
            warnings=tuple(self._migration.warnings()),
        )

    def _write(self) -> Seen:
        report = plain(self._migration.reach(self._endpoint, self._state))
        kept = {name: report[name] for name in ("effective", "rows", "summary", "findings")}
        self.record = replace(self.record, reachability=kept)
        if why := not_reached(report):
            self.why = f"{why}; nothing was written"
            return Seen.REFUSED
        self.take()
        name = self._migration.package.name
        self._save(self.record.saw(None, "").noted(stamp(utc_now()), WRITTEN, f"run {name}"), "writing")
        self._job.watch.check()
        self._own()
        self.wrote = True
        try:
            failure = self._migration.write(self._endpoint, self._migration.package)
        except Unknown as error:
            return self._lost(str(error))
        except Refused:
            self.wrote = False
            # What an earlier run may have run is still to be undone.
            self.record = self.record if self._open else replace(self.record, commands=())
            raise
        self.record = replace(self.record, changed=True)
        if failure:
            self._look()
            self.why = f"{failure}; what it has changed is not known"
            return Seen.PACKAGE_FAILED
        self._save(replace(self.record, written=({**self.record.written[0], "ran": True},)), "written")
        return Seen.HELD

    def _verify(self) -> Seen:
        if not self._ours:
            return Seen.REACHED
        since = last_event(self.record)
        seen = self._migration.prove(self._endpoint, since, STREAMLINED, self._job.watch.check)
        now = stamp(utc_now())
        self.record = replace(self.record, changed=True).saw(_report(seen), now)
        if seen.proven:
            restart = "" if seen.started else self.record.restart
            self.record = replace(self.record, restart=restart).noted(now, REPORTED, str(seen))
            return Seen.REACHED
        if not (seen.started or self._migration.restart):
            self.why = (
                f"the package has run, and nothing is proven yet: {REBOOT_REASON} Restart it, and run the same command "
                "again"
            )
            return Seen.PENDING
        self.why = f"the sensor did not report within {self._migration.within} seconds: {seen}"
        return Seen.NOT_REACHED

    def _restore(self) -> Seen:
        if self._migration.previous is None:
            self.why = f"{self.why}. {NO_WAY_BACK}"
            return Seen.NOT_RESTORED
        self._save(self.record.saw(None, "").noted(stamp(utc_now()), BACK, self.why), "writing")
        try:
            self._own()
            since = self._migration.read(self._endpoint).newest_event
            failure = self._migration.write(self._endpoint, self._migration.previous)
            seen = self._migration.prove(self._endpoint, since, STANDARD, self._job.watch.check)
        except (*_LOST, Refused, InvalidOption) as error:
            self.why = f"{self.why}; the way back failed: {error}"
            self._look()
            return self._lost(self.why) if self._job.watch.over() else Seen.NOT_RESTORED
        self.record = self.record.saw(_report(seen), stamp(utc_now()))
        if failure or not seen.proven:
            self.why = f"{self.why}; the way back failed: {failure or seen}"
            return Seen.NOT_RESTORED
        self.why = f"{self.why}; the previous package has brought it back"
        self.record = replace(self.record, changed=False, restart="").noted(stamp(utc_now()), REPORTED, str(seen))
        return Seen.RESTORED

    def _look(self) -> None:
        try:
            report = self._migration.read(self._endpoint).report()
        except (*_LOST, Refused):
            self.record = self.record.saw(None, "")
        else:
            self.record = self.record.saw(plain(report), stamp(utc_now()))


class MigrationBack(Back):
    """The rollback of an endpoint that has moved: the package of the migration is the one for standard connectivity."""

    def __init__(self, migration: Migration, job: Undoing) -> None:
        super().__init__(job)
        self._migration = migration

    def run(self, connect: Callable[[], Endpoint]) -> tuple[str, str]:
        self._endpoint = endpoint = connect()
        migration, package = self._migration, self._migration.package
        found = migration.read(endpoint)
        if not self.record.changed and found.onboarding.connectivity == STANDARD:
            return "rolled_back", "a rollback found it as it was before"
        if self._job.owner is None:
            self.restored = migration.commands()
            return "rolled_back", f"would {' and '.join(self.restored)}"
        if not self._goes_on():
            begun = replace(self.record.saw(None, ""), state="writing", verdict=None, reason="", finished=None)
            written = ({"newest_event": found.newest_event, "back": True, "ran": False},)
            self._save(replace(begun, written=written).noted(stamp(utc_now()), BACK, f"run {package.name}"))
            self._job.watch.check()
            self.restored = migration.commands()
            if failure := migration.write(endpoint, package):
                return "failed", f"not restored: {failure}; what it has changed is not known"
            self._save(replace(self.record, written=({**written[0], "ran": True},)))
        seen = migration.prove(endpoint, last_event(self.record), STANDARD, self._job.watch.check)
        if seen.proven:
            self.record = replace(self.record, changed=False, restart="").noted(stamp(utc_now()), REPORTED, str(seen))
            return "rolled_back", "restored by a rollback"
        if not (seen.started or migration.restart):
            return "unverified", f"perhaps not restored: {REBOOT_REASON} Restart it, and run the rollback again"
        return "failed", f"not restored: the sensor did not report within {migration.within} seconds: {seen}"

    def _goes_on(self) -> bool:
        """Whether an earlier rollback has run the package, so that only the proof is missing."""
        last = self.record.written[-1]
        return bool(last.get("back") and last.get("ran"))


def _report(seen: Look) -> dict[str, Any]:
    return {"onboarding": seen.onboarding.report(raw=False)}
