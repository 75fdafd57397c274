# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a plan file of what was predicted for the hosts of a play."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._meant import few
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._variables import RUN
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._plan import HostPlan, Plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._prediction import (
    KeptPlans,
    Prediction,
    gather,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._version import VERSION

_OPTIONS = {"path": "mde_plan", "valid_hours": "mde_plan_valid_hours"}
_SHOWN = 10


class ActionModule(EndpointAction):
    module = "rollout_plan"
    on_controller = True

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        for option, variable in _OPTIONS.items():
            if not RUN[variable].test(options[option]):
                raise InvalidOption(option, f"it has to be {RUN[variable].words}.")
        path = Path(options["path"]).expanduser()
        hosts, to_change, without = _gathered(path, task_vars["ansible_play_hosts_all"])
        plan = _plan(options["valid_hours"], KeptPlans(path, hosts), without)
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
            "to_change": sorted(to_change),
            "left_out": dict(plan.left_out),
            "lines": [
                f"{len(to_change)} of {len(plan.hosts)} endpoints would be changed.",
                *_left_out("Could not be read", {host: found.unread for host, found in without.items()}),
                *_left_out("Can't be moved", {host: found.unfit for host, found in without.items()}),
                f"To approve: {page}, digest {plan.digest}",
            ],
        }


def _gathered(path: Path, everyone: Sequence[str]) -> tuple[list[str], list[str], dict[str, Prediction]]:
    """The hosts that there is a plan for, those of them that would be changed, and what became of all others."""
    hosts, to_change, without = [], [], {}
    for host, found in gather(path, everyone):
        if found.planned is None:
            without[host] = found
            continue
        hosts.append(host)
        if found.planned.changed:
            to_change.append(host)
    return hosts, to_change, without


def _plan(valid_hours: int, hosts: Mapping[str, HostPlan], without: Mapping[str, Prediction]) -> Plan:
    """The plan; raises Refused where an endpoint's state does not allow it, or where none could be read."""
    refused = {host: found.refused for host, found in without.items() if found.refused}
    if refused:
        said = " ".join(_by_reason(refused))
        raise Refused(f"No plan was written, since not every endpoint allows what is asked for: {said}")
    left_out = {host: found.unread or found.unfit for host, found in without.items()}
    if not hosts:
        none = "No plan was written, since no endpoint could be read:"
        if any(found.unfit for found in without.values()):
            none = "No plan was written, since no endpoint can be moved:"
        raise Refused(f"{none} {' '.join(_by_reason(left_out))}")
    created = utc_now()
    return Plan(created, created + datetime.timedelta(hours=valid_hours), VERSION, hosts, left_out)


def _left_out(what: str, reasons: Mapping[str, str]) -> list[str]:
    said = {host: reason for host, reason in reasons.items() if reason}
    return [f"{what}, and left out: {line}" for line in _by_reason(said)]


def _by_reason(reasons: Mapping[str, str]) -> Sequence[str]:
    """A line for each reason, with how many hosts have it and which; the reason of most hosts first."""
    hosts: dict[str, list[str]] = {}
    for host, reason in sorted(reasons.items()):
        hosts.setdefault(reason.rstrip("."), []).append(host)
    ordered = sorted(hosts.items(), key=lambda entry: -len(entry[1]))
    lines = [f"{len(names)} ({few(names)}): {reason}." for reason, names in ordered[:_SHOWN]]
    return [*lines, f"{len(ordered) - _SHOWN} more reasons."] if len(ordered) > _SHOWN else lines
