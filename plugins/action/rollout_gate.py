# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop a rollout before its next batch when too many endpoints did not end well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    load,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)


class ActionModule(EndpointAction):
    module = "rollout_gate"

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        allowed = options["max_failures"]
        if allowed < 0:
            raise InvalidOption("max_failures", "it is a number of endpoints, 0 or more.")
        if self._task.check_mode:
            return {"changed": False, "ending": ""}
        evidence = Path(options["evidence"]).expanduser()
        host = str(task_vars["inventory_hostname"])
        own = _ending(evidence, host, options["plan_digest"])
        if own is None:
            return {"changed": False, "ending": ""}
        # Whoever ended well has nothing to count, so the files are read by the few that did not.
        others = (name for name in task_vars["ansible_play_hosts_all"] if name != host)
        count = 1
        for name in others:
            if count > allowed:
                break
            count += _ending(evidence, name, options["plan_digest"], begun=True) is not None
        if count > allowed:
            raise Refused(f"{host}: {own}. At most {allowed} endpoints may end so, and the rollout stops here.")
        warning = f"{own}. The rollout goes on, {count} of {allowed} allowed."
        return {"changed": False, "ending": own, "warnings": [warning]}


def _ending(evidence: Path, host: str, digest: str, begun: bool = False) -> str | None:
    """How an endpoint ended, None where it ended well, or (begun) where its turn has not come yet."""
    try:
        record: Record | None = load(evidence, host)
    except RecordError as error:
        return str(error)
    if record is None or record.plan_digest != digest:
        return None if begun else "there is no record of it"
    if record.verdict == "ok":
        return None
    return f"{record.verdict or 'unverified'}: {record.reason or 'its step did not end'}"
