# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify that an endpoint reaches the service, say so, and keep the answer on the controller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.errors import AnsibleError
from ansible_collections.mde.connectivity.plugins.plugin_utils._action import (
    EndpointAction,
    argument_spec,
    validated,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable, write
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
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._said import failure, lines
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._verdict import UNKNOWN
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import (
    InvalidOption,
    Refused,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._rollout._settings import of_role
from ansible_collections.mde.connectivity.plugins.plugin_utils._sensor._inquiry import SensorContacts
from ansible_collections.mde.connectivity.plugins.plugin_utils._times import stamp, utc_now
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Endpoint,
    EndpointError,
)

_NO_LOG = "The sensor's log could not be read: "
_ABOVE = "the table above says what to do"
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
        names = {*argument_spec("reachability"), "assert", "report_directory", "sensor"}
        asked = of_role("endpoint_verify", names, task_vars, template)
        asked |= of_role("__endpoint_verify", ("assert", "record", "table"), task_vars, template)
        # In check mode the settings that the role endpoint_proxy would write are not there yet.
        configured = task_vars.get("endpoint_proxy_result") or {}
        pending = self._task.check_mode and configured.get("changed", False)
        return {**asked, "pending": pending, "directory": template(task_vars.get("mde_report"))}

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        host = str(task_vars["inventory_hostname"])
        inquiry = Reachability(options)
        try:
            if options["record"]:
                return self._recorded(host, inquiry, task_vars["ansible_play_hosts_all"])
            report = self._ask(inquiry)
            self._keep(host, report, options["report_directory"])
        except (RecordError, NotWritable) as error:
            raise Refused(str(error)) from None
        in_table = options["table"] and len(task_vars["ansible_play_hosts_all"]) > 1
        return self._answer(host, report, options, in_table)

    def _ask(self, inquiry: Reachability) -> dict[str, Any]:
        """The report of the probe and, in sensor, what the sensor says, or (msg) why that can't be read."""
        endpoint = Endpoint(self._connection)
        report: dict[str, Any] = {**inquiry.ask(endpoint), "sensor": {}}
        if inquiry.options["sensor"]:
            contacts = SensorContacts(validated("sensor_contacts", {}))
            try:
                report["sensor"] = contacts.ask(endpoint)
            except (EndpointError, Refused) as error:
                report["sensor"] = {"msg": str(error)}
        return report

    def _keep(self, host: str, report: Mapping[str, Any], directory: str | None) -> None:
        """Write the report where one is wanted. Raises NotWritable."""
        if directory and not self._task.check_mode:
            content = {"host": host, "time": stamp(utc_now()), **report}
            write(Path(directory).absolute() / f"{quote(host, safe='')}.json", f"{json.dumps(content, indent=4)}\n")

    def _answer(
        self, host: str, report: dict[str, Any], options: Mapping[str, Any], in_table: bool
    ) -> dict[str, Any]:
        said = _said(host, report, options["pending"])
        if not in_table:
            say(said)
        wrong = _wrong(host, report, f"--limit {host} says what to do" if in_table else _ABOVE)
        result: dict[str, Any] = {"changed": False, **report}
        if options["assert"]:
            # What was printed is not printed once more, as JSON.
            del result["rows"]
            if wrong and not options["pending"]:
                return {**result, "failed": True, "msg": wrong}
        return {**result, "wrong": "" if options["pending"] else wrong, "msg": said}

    def _recorded(self, host: str, inquiry: Reachability, hosts: list[str]) -> dict[str, Any]:
        """Ask, and keep a record that says whatever comes of it."""
        directory = place_of(inquiry.options["directory"], "verify")
        scope = claim(directory, "verify", hosts)
        started = stamp(utc_now())
        record = Record(host, scope.run, scope.who, started, kind="verify", state="done")
        try:
            report = self._ask(inquiry)
        except _UNREAD as error:
            cause = cause_of(error) if isinstance(error, AnsibleError) else str(error)
            fields: dict[str, Any] = {"verdict": "unread", "reason": cause}
        else:
            self._keep(host, report, inquiry.options["report_directory"])
            fields = _ending(host, report)
            if len(hosts) == 1:
                say(_said(host, report, pending=False))
        save(directory, replace(record, **fields, finished=stamp(utc_now())))
        return {"changed": False, "answer": fields["verdict"], "msg": f"{fields['verdict']}: {fields['reason']}"}


def _ending(host: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that say how it ended."""
    lost = missed(report["rows"]) if not report["summary"]["reachable"] else []
    known = any(row["verdict"] != UNKNOWN for row in lost)
    verdict = "not_reached" if known else "unread" if _wrong(host, report) else "reached"
    kept = ("effective", "rows", "summary", "findings")
    return {
        "verdict": verdict,
        "reason": " ".join(_reasons(report)),
        "observed": {name: report[name] for name in ("effective", "onboarding")},
        "observed_at": stamp(utc_now()),
        "reachability": {name: report[name] for name in kept},
    }


def _reasons(report: Mapping[str, Any]) -> list[str]:
    """What is wrong, a sentence each; without the URLs, which the rows have."""
    lost, log = failure(report), report["sensor"].get("msg")
    together = [finding["text"] for finding in report["findings"] if finding["finding"] == "one_cause"]
    return [*([f"{lost}."] if lost else []), *together, *([f"{_NO_LOG}{log}"] if log else [])]


def _wrong(host: str, report: Mapping[str, Any], where: str = _ABOVE) -> str:
    """Why an endpoint does not pass, empty where it does."""
    lost, log = failure(report), report["sensor"].get("msg")
    found = [f"{host} {lost}; {where}."] if lost else []
    return " ".join([*found, *([f"{_NO_LOG}{log}"] if log else [])])


def _said(host: str, report: Mapping[str, Any], pending: bool) -> list[str]:
    more = []
    if contacts := report["sensor"].get("contacts"):
        well = sum(contact["state"] == "ok" for contact in contacts)
        newest = report["sensor"]["events"]["newest"] or "none"
        counted = f"In the sensor's own log (newest event {newest}) {well} of {len(contacts)} URIs were reached."
        more.append(" ".join((counted, *report["sensor"]["hints"])))
    if pending and not report["summary"]["reachable"]:
        more.append(
            "This is no failure yet: check mode has not written the proxy settings that the run would write."
        )
    return lines(host, report, more)
