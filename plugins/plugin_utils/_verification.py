# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an endpoint reaches the service: it is asked, the answer is kept on the controller, and said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ._action import argument_spec, validated
from ._evidence._files import write
from ._evidence._table import say
from ._probe._reachability import Reachability
from ._probe._said import failure, lines
from ._resources._resource import Refused
from ._rollout._settings import VERIFY_DEFAULTS, of_role
from ._sensor._inquiry import SensorContacts
from ._times import stamp, utc_now
from ._windows._endpoint import Endpoint, EndpointError

_NO_LOG = "The sensor's log could not be read: "
_ABOVE = "the table above says what to do"
_OWN = ("assert", "report_directory", "sensor")


def role_options(variables: Mapping[str, Any], template: Callable[[Any], Any]) -> dict[str, Any]:
    """The options of endpoint_verify that the variables of a task ask for by the role of that name."""
    return VERIFY_DEFAULTS | of_role("endpoint_verify", {*argument_spec("reachability"), *_OWN}, variables, template)


class Verification:
    """The verification of one host; options are those of endpoint_verify, validated.

    Raises InvalidOption or Refused where they ask for what there is not.
    """

    def __init__(self, host: str, options: Mapping[str, Any]) -> None:
        self.host = host
        self.options = options
        self._inquiry = Reachability(options)

    def ask(self, endpoint: Endpoint) -> dict[str, Any]:
        """The report of the probe and, in sensor, what the sensor says, or (msg) why that can't be read.

        Raises AnsibleError, EndpointError or Refused where the probe brought none.
        """
        report: dict[str, Any] = {**self._inquiry.ask(endpoint), "sensor": {}}
        if self.options["sensor"]:
            contacts = SensorContacts(validated("sensor_contacts", {}))
            try:
                report["sensor"] = contacts.ask(endpoint)
            except (EndpointError, Refused) as error:
                report["sensor"] = {"msg": str(error)}
        return report

    def keep(self, report: Mapping[str, Any]) -> None:
        """Write the report into the directory that is asked for, if one is. Raises NotWritable."""
        if directory := self.options["report_directory"]:
            content = {"host": self.host, "time": stamp(utc_now()), **report}
            path = Path(directory).absolute() / f"{quote(self.host, safe='')}.json"
            write(path, f"{json.dumps(content, indent=4)}\n")

    def answer(self, report: Mapping[str, Any], in_table: bool, pending: bool) -> dict[str, Any]:
        """What a task returns of a report, and whether that is a failure; in_table, another task prints it."""
        said = self.said(report, pending)
        if not in_table:
            say(said)
        wrong = self.wrong(report, f"--limit {self.host} says what to do" if in_table else _ABOVE)
        result: dict[str, Any] = dict(report)
        if self.options["assert"]:
            # What was printed is not printed once more, as JSON.
            del result["rows"]
            if wrong and not pending:
                return {**result, "failed": True, "msg": wrong}
        return {**result, "wrong": "" if pending else wrong, "msg": said}

    def wrong(self, report: Mapping[str, Any], where: str = _ABOVE) -> str:
        """Why an endpoint does not pass, in a sentence; empty where it does."""
        lost, log = failure(report), report["sensor"].get("msg")
        found = [f"{self.host} {lost}; {where}."] if lost else []
        return " ".join([*found, *([f"{_NO_LOG}{log}"] if log else [])])

    def said(self, report: Mapping[str, Any], pending: bool = False) -> list[str]:
        """The lines that say what was found; pending, settings are still to be written."""
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
        return lines(self.host, report, more)


def reasons(report: Mapping[str, Any]) -> list[str]:
    """What is wrong, a sentence each; without the URLs, which the rows have."""
    lost, log = failure(report), report["sensor"].get("msg")
    together = [finding["text"] for finding in report["findings"] if finding["finding"] == "one_cause"]
    return [*([f"{lost}."] if lost else []), *together, *([f"{_NO_LOG}{log}"] if log else [])]
