# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out what is planned for one endpoint."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction, validated
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    path_of,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import Reachability
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._endpoint_proxy import EndpointProxy
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import (
    PlanError,
    differences,
    load_share,
    said,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import settings_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._step import (
    Job,
    carry_out,
    plain,
    preview,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._version import VERSION
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint


class ActionModule(EndpointAction):
    module = "rollout_apply"

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        try:
            job = self._job(options, task_vars)
            if self._task.check_mode:
                verdict, reason = preview(self._connect, job)
                return {"changed": False, "verdict": verdict, "reason": reason}
            record, changed = carry_out(self._connect, job)
        except (PlanError, RecordError, NotWritable) as error:
            raise Refused(str(error)) from None
        return self._report(record, job, changed)

    def _connect(self) -> Endpoint:
        return Endpoint(self._connection)

    def _job(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Job:
        host = str(task_vars["inventory_hostname"])
        if not 0 <= options["confirm_within"] <= 1439:
            raise InvalidOption("confirm_within", "it is a number of minutes from 0 (no switch) to 1439.")
        share = load_share(Path(options["plan"]).expanduser(), host)
        share.check(utc_now(), VERSION)
        planned = share.planned
        asked = plain(settings_of(task_vars, self._templar.template))
        if stray := differences(planned.settings, asked):
            raise PlanError(f"The settings of {host} are no longer those of the plan: {said(stray)}.")
        return Job(
            host=host,
            plan=planned,
            options=validated("endpoint_proxy", EndpointProxy.complete(planned.settings)),
            digest=share.digest,
            change=options["change"],
            who=getpass.getuser(),
            evidence=Path(options["evidence"]).expanduser(),
            verify=self._verify(options["verify"]),
            confirm_within=options["confirm_within"],
            replan=options["replan"],
        )

    def _verify(self, arguments: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if arguments is None:
            return None
        verify = validated("reachability", self._with_files(Reachability.complete(arguments)))
        Reachability(verify)
        return verify

    def _report(self, record: Record, job: Job, changed: bool) -> dict[str, Any]:
        result: dict[str, Any] = {
            "changed": changed,
            "verdict": record.verdict,
            "reason": record.reason,
            "change": record.change,
            "plan_digest": record.plan_digest,
            "record": str(path_of(job.evidence, job.host)),
            "reboot_reason": job.plan.reboot_reason if record.changed else "",
        }
        if self._task.diff and changed:
            result["diff"] = {"before": dict(record.before), "after": dict(record.observed)}
        return result
