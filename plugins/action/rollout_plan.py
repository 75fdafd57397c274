# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a plan file of what was predicted for the hosts of a play."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._plan_page import render_plan
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._table import say
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
        found = _gathered(path, task_vars["ansible_play_hosts_all"])
        plan = _plan(options["valid_hours"], KeptPlans(path, found.hosts), found.without)
        page = path.with_suffix(".html")
        if not self._task.check_mode:
            try:
                plan.save(path)
                render_plan(plan, page)
            except NotWritable as error:
                raise Refused(str(error)) from None
        lines = _lines(found, plan, page)
        say(lines)
        return {
            "changed": not self._task.check_mode,
            "path": str(path),
            "page": str(page),
            "digest": plan.digest,
            "hosts": sorted(found.hosts),
            "to_change": sorted(found.to_change),
            "left_out": dict(plan.left_out),
            "lines": lines,
        }


@dataclass(frozen=True)
class _Gathered:
    """The hosts that there is a plan for, those that would change, what became of all others, and who has a warning."""

    hosts: list[str] = field(default_factory=list)
    to_change: list[str] = field(default_factory=list)
    without: dict[str, Prediction] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=dict)


def _gathered(path: Path, everyone: Sequence[str]) -> _Gathered:
    found = _Gathered()
    for host, prediction in gather(path, everyone):
        if prediction.planned is None:
            found.without[host] = prediction
            continue
        found.hosts.append(host)
        if prediction.planned.changed:
            found.to_change.append(host)
        for warning in prediction.planned.warnings:
            found.warned.setdefault(warning.rstrip("."), []).append(host)
    return found


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


def _lines(found: _Gathered, plan: Plan, page: Path) -> list[str]:
    return [
        f"{len(found.to_change)} of {len(plan.hosts)} endpoints would be changed.",
        *_left_out("Could not be read", {host: one.unread for host, one in found.without.items()}),
        *_left_out("Can't be moved", {host: one.unfit for host, one in found.without.items()}),
        *(f"Warned of: {line}" for line in _listed(found.warned, "warnings, which the page has")),
        f"To approve: {page}, digest {plan.digest}",
    ]


def _left_out(what: str, reasons: Mapping[str, str]) -> list[str]:
    said = {host: reason for host, reason in reasons.items() if reason}
    return [f"{what}, and left out: {line}" for line in _by_reason(said)]


def _by_reason(reasons: Mapping[str, str]) -> Sequence[str]:
    hosts: dict[str, list[str]] = {}
    for host, reason in sorted(reasons.items()):
        hosts.setdefault(reason.rstrip("."), []).append(host)
    return _listed(hosts, "reasons")


def _listed(hosts: Mapping[str, Sequence[str]], what: str) -> Sequence[str]:
    """A line for each sentence, with how many hosts it is about and which; the one about most hosts first."""
    ordered = sorted(hosts.items(), key=lambda entry: -len(entry[1]))
    lines = [f"{len(names)} ({few(sorted(names))}): {said}." for said, names in ordered[:_SHOWN]]
    return [*lines, f"{len(ordered) - _SHOWN} more {what}."] if len(ordered) > _SHOWN else lines
