# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify that an endpoint reaches the service, say so, and keep the answer on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import (
    EndpointAction,
    validated,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._place import claim, place_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    Record,
    RecordError,
    save,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._table import say
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._cause import cause_of
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import (
    Reachability,
    missed,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._verdict import UNKNOWN
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import of_role
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import stamp, utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._verification import (
    Verification,
    reasons,
    role_options,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Endpoint,
    EndpointError,
)

_UNREAD = (AnsibleError, EndpointError, Refused)


class ActionModule(EndpointAction):
    module = "endpoint_verify"
    includes = ("reachability", "sensor_contacts")

    def _options(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        by_role = self._of_role()
        arguments = self._variables(task_vars) if by_role else dict(self._task.args)
        options = validated(self.module, self._with_files(Reachability.complete(arguments)))
        if options["directory"] and not options["record"] and not by_role:
            raise InvalidOption("directory", "it is for records, and none is kept; set record: true, or leave it out.")
        return options

    def _variables(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        template = self._templar.template
        asked = role_options(task_vars, template)
        asked |= of_role("__endpoint_verify", ("assert", "record", "table"), task_vars, template)
        # In check mode the settings that the role endpoint_proxy would write are not there yet.
        configured = task_vars.get("endpoint_proxy_result") or {}
        pending = self._task.check_mode and configured.get("changed", False)
        return {**asked, "pending": pending, "directory": template(task_vars.get("mde_report"))}

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        verification = Verification(str(task_vars["inventory_hostname"]), options)
        hosts = task_vars["ansible_play_hosts_all"]
        try:
            if options["record"]:
                return self._recorded(verification, hosts)
            report = verification.ask(Endpoint(self._connection))
            self._keep(verification, report)
        except (RecordError, NotWritable) as error:
            raise Refused(str(error)) from None
        in_table = options["table"] and len(hosts) > 1
        return {"changed": False, **verification.answer(report, in_table, options["pending"])}

    def _keep(self, verification: Verification, report: Mapping[str, Any]) -> None:
        if not self._task.check_mode:
            verification.keep(report)

    def _recorded(self, verification: Verification, hosts: list[str]) -> dict[str, Any]:
        """Ask, and keep a record that says whatever comes of it."""
        directory = place_of(verification.options["directory"], "verify")
        claimed = claim(directory, "verify", hosts)
        started = stamp(utc_now())
        record = Record(verification.host, *claimed, started, kind="verify", state="done")
        try:
            report = verification.ask(Endpoint(self._connection))
        except _UNREAD as error:
            cause = cause_of(error) if isinstance(error, AnsibleError) else str(error)
            fields: dict[str, Any] = {"verdict": "unread", "reason": cause}
        else:
            self._keep(verification, report)
            fields = _ending(verification, report)
            if len(hosts) == 1:
                say(verification.said(report))
        save(directory, replace(record, **fields, finished=stamp(utc_now())))
        return {"changed": False, "answer": fields["verdict"], "msg": f"{fields['verdict']}: {fields['reason']}"}


def _ending(verification: Verification, report: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that say how it ended."""
    lost = missed(report["rows"]) if not report["summary"]["reachable"] else []
    known = any(row["verdict"] != UNKNOWN for row in lost)
    verdict = "not_reached" if known else "unread" if verification.wrong(report) else "reached"
    kept = ("effective", "rows", "summary", "findings")
    return {
        "verdict": verdict,
        "reason": " ".join(reasons(report)),
        "observed": {name: report[name] for name in ("effective", "onboarding")},
        "observed_at": stamp(utc_now()),
        "reachability": {name: report[name] for name in kept},
    }
