# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a plan file of what endpoint_proxy predicted for hosts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import HostPlan, Plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import settings_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._step import plain
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._times import utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._version import VERSION


class ActionModule(EndpointAction):
    module = "rollout_plan"

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        created = utc_now()
        hosts: dict[str, HostPlan] = {}
        left_out: dict[str, str] = {}
        for host in options["hosts"]:
            variables = task_vars["hostvars"][host]
            result = variables.get(options["result"]) or {"msg": "there is no result"}
            if "before" in result and not result.get("failed"):
                hosts[host] = _host_plan(settings_of(variables), result)
            else:
                left_out[host] = str(result.get("msg", "there is no result"))
        if not hosts:
            raise Refused("There is nothing to plan: no host could be read.")
        validity = datetime.timedelta(hours=options["valid_hours"])
        plan = Plan(created, created + validity, VERSION, hosts, left_out)
        path = Path(options["path"]).expanduser()
        page = path.with_suffix(".html")
        if not self._task.check_mode:
            try:
                plan.save(path)
                render_plan(plan, page)
            except NotWritable as error:
                raise Refused(str(error)) from None
        return {
            "changed": not self._task.check_mode,
            "path": str(path),
            "page": str(page),
            "digest": plan.digest,
            "hosts": sorted(hosts),
            "to_change": sorted(host for host, planned in hosts.items() if planned.changed),
            "left_out": left_out,
        }


def _host_plan(settings: Mapping[str, Any], result: Mapping[str, Any]) -> HostPlan:
    return HostPlan(
        settings=plain(settings),
        before=plain(result["before"]),
        after=plain(result["after"]),
        commands=tuple(map(str, result["commands"])),
        warnings=tuple(map(str, result.get("warnings", ()))),
        changed=bool(result["changed"]),
        reboot_reason=str(result["reboot_reason"]),
    )
