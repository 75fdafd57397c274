# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore one endpoint from its record of evidence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import publish_if_due
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    RecordError,
    load,
    save,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._gate import shadow
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._lock import (
    Taken,
    address_of,
    this_run,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._migrating import MigrationBack
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._undo import (
    Undoing,
    holds_package,
    roll_back,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._watch import Watch, WatchedEndpoint
from ansible_collections.mde.connectivity.plugins.plugin_utils._streamlined._options import migration_of


class ActionModule(EndpointAction):
    module = "rollout_undo"
    includes = ("onboarding_package", "reachability")

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        if not 1 <= options["deadline"] <= 1440:
            raise InvalidOption("deadline", "it is a number of minutes from 1 to 1440.")
        evidence = Path(options["evidence"]).expanduser()
        host = str(task_vars["inventory_hostname"])
        try:
            record = load(evidence, host)
        except RecordError as error:
            # The gate reads the same file, and says the same.
            return {"changed": False, "verdict": "failed", "restored": [], "reason": f"not restored: {error}"}
        if record is None:
            raise Refused(f"There is no record of {host} in {evidence}.")
        if not (record.snapshot or holds_package(record)):
            return {"changed": False, "verdict": record.verdict, "restored": [], "reason": "nothing was written"}
        job = Undoing(
            record=record,
            evidence=evidence,
            address=address_of(task_vars, self._templar.template),
            force=options["force"],
            watch=Watch(options["deadline"]),
            owner=None if self._task.check_mode else this_run("", "", ""),
        )
        make = self._way_back(options["migration"] or {}) if holds_package(record) else None
        try:
            record, restored = roll_back(lambda: WatchedEndpoint(self._connection, job.watch), job, make)
            if job.owner is None:
                save(shadow(evidence), record)
        except (NotWritable, Taken) as error:
            raise Refused(str(error)) from None
        if job.owner:
            publish_if_due(evidence)
        return {
            "changed": bool(restored) and record.verdict == "rolled_back",
            "verdict": record.verdict,
            "restored": restored,
            "reason": record.reason,
        }

    def _way_back(self, given: Mapping[str, Any]) -> Callable[[Undoing], MigrationBack]:
        if not given.get("package"):
            raise Refused(
                "There is no way back by this tool without the package for standard connectivity: name the file in "
                "streamlined_previous_package. Nothing was read or changed."
            )
        return functools.partial(MigrationBack, migration_of(given, None, self._with_files))
