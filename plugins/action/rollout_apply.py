# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out what is planned for one endpoint."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import (
    EndpointAction,
    argument_spec,
    validated,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import publish_if_due
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    path_of,
    save,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import (
    SCOPE,
    plan_of,
    who_of,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import Reachability
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import EndpointProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._gate import batch_of, shadow
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._job import Job
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._lock import (
    Taken,
    address_of,
    this_run,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._migrating import MigrationStep
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import (
    PlanError,
    differences,
    load_share,
    plain,
    said,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import (
    VERIFY_DEFAULTS,
    of_role,
    settings_of,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._step import carry_out, preview
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._watch import Watch, WatchedEndpoint
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._migration import Migration
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._options import migration_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._version import VERSION


class ActionModule(EndpointAction):
    module = "rollout_apply"
    includes = ("endpoint_proxy", "onboarding_package", "reachability")
    _moving: Migration | None = None

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        try:
            job = self._job(options, task_vars)
        except PlanError as error:
            raise Refused(str(error)) from None
        make = functools.partial(MigrationStep, self._moving) if self._moving else None
        try:
            if job.owner is None:
                record, changed = preview(lambda: WatchedEndpoint(self._connection, job.watch), job, make)
                save(shadow(job.evidence), record)
                after = record.planned
            else:
                record, changed = carry_out(lambda: WatchedEndpoint(self._connection, job.watch), job, make)
                after = record.observed
        except RecordError as error:
            # The gate reads the same file, and says the same.
            return {"changed": False, "verdict": "failed", "reason": str(error), "plan_digest": job.digest}
        except (NotWritable, Taken) as error:
            raise Refused(str(error)) from None
        if job.owner:
            publish_if_due(job.evidence)
        return self._report(record, job, changed, after)

    def _job(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Job:
        host = str(task_vars["inventory_hostname"])
        if not 0 <= options["confirm_within"] <= 1439:
            raise InvalidOption("confirm_within", "it is a number of minutes from 0 (no switch) to 1439.")
        if not 1 <= options["deadline"] <= 1440:
            raise InvalidOption("deadline", "it is a number of minutes from 1 to 1440.")
        share = load_share(Path(options["plan"]).expanduser(), host)
        share.check(utc_now(), VERSION)
        evidence = Path(options["evidence"]).expanduser()
        self._check_approved(options["plan"], evidence, share.digest, host)
        planned = share.planned
        if options["migration"]:
            self._moving = migration_of(options["migration"], options["verify"], self._with_files)
        moving = self._moving
        asked = plain(moving.settings() if moving else settings_of(task_vars, self._templar.template))
        if stray := differences(planned.settings, asked):
            raise PlanError(f"The settings of {host} are no longer those of the plan: {said(stray)}.")
        return Job(
            host=host,
            address=address_of(task_vars, self._templar.template),
            plan=planned,
            options={} if moving else validated("endpoint_proxy", EndpointProxy.complete(planned.settings)),
            digest=share.digest,
            change=options["change"],
            who=who_of(task_vars),
            batch=_batch(host, task_vars["ansible_play_hosts_all"], options["batches"]),
            evidence=evidence,
            owner=None if self._task.check_mode else this_run("", "", ""),
            watch=Watch(options["deadline"]),
            verify=None if moving else self._verify(options, task_vars),
            confirm_within=options["confirm_within"],
            replan=options["replan"],
        )

    def _check_approved(self, plan: str, evidence: Path, digest: str, host: str) -> None:
        try:
            approved = plan_of(evidence)
        except RecordError as error:
            raise Refused(str(error)) from None
        # A run that writes has one since it began, and check mode writes none.
        if approved is None and not self._task.check_mode:
            why = f"since its {SCOPE} is gone, or about no plan"
            raise PlanError(f"{evidence} does not say which plan is carried out, {why}.")
        if approved not in (None, digest):
            raise PlanError(f"The plan {plan} was replaced since this rollout began. {host} was left alone.")

    def _verify(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any] | None:
        arguments = options["verify"]
        if options["verify_role"]:
            if arguments is not None:
                raise InvalidOption("verify_role", "it takes everything from variables of the role; leave verify out.")
            names = argument_spec("reachability")
            asked = of_role("endpoint_verify", names, task_vars, self._templar.template)
            arguments = {**VERIFY_DEFAULTS, **asked}
        if arguments is None:
            return None
        verify = validated("reachability", self._with_files(Reachability.complete(arguments)))
        Reachability(verify)
        return verify

    def _report(self, record: Record, job: Job, changed: bool, after: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {
            "changed": changed,
            "verdict": record.verdict,
            "reason": record.reason,
            "change": record.change,
            "plan_digest": record.plan_digest,
            "record": str(path_of(job.evidence, job.host)),
            "reboot_reason": record.restart if changed or record.changed else "",
        }
        if self._task.diff and changed:
            result["diff"] = {"before": dict(record.before if job.owner else record.observed), "after": dict(after)}
        return result


def _batch(host: str, hosts: Sequence[str], sizes: Sequence[Any]) -> int:
    return batch_of(list(hosts).index(host), len(hosts), sizes) if sizes else 0
