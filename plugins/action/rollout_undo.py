# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore one endpoint from its record of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    load,
    save,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._step import to_restore, undo
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._switch import (
    REMOVED,
    disarm,
    may_be_armed,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import stamp, utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._transaction import NotHeld, Unknown
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint


class ActionModule(EndpointAction):
    module = "rollout_undo"

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        evidence = Path(options["evidence"]).expanduser()
        host = str(task_vars["inventory_hostname"])
        try:
            record = load(evidence, host)
            if record is None:
                raise Refused(f"There is no record of {host} in {evidence}.")
            if not record.snapshot:
                return {"changed": False, "restored": [], "reason": "nothing was written"}
            return self._restore(record, evidence, options["force"])
        except (RecordError, NotWritable) as error:
            raise Refused(str(error)) from None

    def _restore(self, record: Record, evidence: Path, force: bool) -> dict[str, Any]:
        endpoint = Endpoint(self._connection)
        if self._task.check_mode:
            restored = to_restore(endpoint, record, force)
        else:
            try:
                restored = undo(endpoint, record, force)
            except (Unknown, NotHeld) as error:
                failed = record.noted(stamp(utc_now()), "rollback_failed", str(error))
                save(evidence, replace(failed, verdict="failed", reason=f"not restored: {error}"))
                raise Refused(str(error)) from None
            if may_be_armed(record):
                disarm(endpoint)
                record = record.noted(stamp(utc_now()), REMOVED, "")
            done = record.noted(stamp(utc_now()), "rollback", f"{len(restored)} values restored")
            reason = "restored by a rollback"
            save(evidence, replace(done, state="done", verdict="rolled_back", changed=False, reason=reason))
        return {"changed": bool(restored), "restored": restored, "reason": ""}
