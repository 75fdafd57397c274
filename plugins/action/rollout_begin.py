# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a directory of evidence for this run, for the approved plan, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import context
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import RecordError
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._scope import Scope, who_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._begin import (
    NotItsOwn,
    keep,
    missing,
    settled,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._lock import (
    Taken,
    claim,
    look,
    release,
    this_run,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import PlanError, load
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import stamp, utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._version import VERSION


class ActionModule(EndpointAction):
    module = "rollout_begin"
    on_controller = True

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        directory = Path(options["evidence"]).expanduser()
        who, now = who_of(task_vars), stamp(utc_now())
        owner = this_run(f"a rollout of {options['change']}" if options["plan"] else "a rollback", who, now)
        try:
            scope = self._scope(options, task_vars, who, now) if options["plan"] else None
            look(directory, owner)
            if scope:
                settled(directory, scope)
            if not self._task.check_mode:
                claim(directory, owner)
                if scope:
                    # Another run may have come between.
                    self._keep(directory, scope, owner)
        except (NotItsOwn, NotWritable, PlanError, RecordError, Taken) as error:
            raise Refused(str(error)) from None
        return {"changed": False, "hosts": list(scope.hosts) if scope else []}

    def _keep(self, directory: Path, scope: Scope, owner: Any) -> None:
        try:
            keep(directory, scope)
        except (NotItsOwn, NotWritable, RecordError):
            release(directory, owner)
            raise

    def _scope(self, options: Mapping[str, Any], task_vars: Mapping[str, Any], who: str, now: str) -> Scope:
        path = Path(options["plan"]).expanduser()
        plan = load(path)
        plan.check(utc_now(), VERSION)
        if options["plan_digest"] not in (None, plan.digest):
            raise Refused(
                "The plan in mde_plan is not the one that was approved, since its digest is not that of "
                "mde_plan_digest. Nothing was read or changed."
            )
        inventory = task_vars["groups"]["all"]
        lost = missing(plan.hosts, inventory)
        if lost and not options["slice"] and not context.CLIARGS.get("subset"):
            raise Refused(lost)
        hosts = set(plan.hosts) & set(inventory) if options["slice"] else plan.hosts
        return Scope(
            kind="rollout",
            change=options["change"],
            plan_digest=plan.digest,
            hosts=tuple(sorted(hosts)),
            in_run=tuple(sorted(task_vars["ansible_play_hosts_all"])),
            run=f"{options['change']}-{plan.digest[:12]}",
            who=who,
            started=now,
        )
