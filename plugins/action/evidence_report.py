# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the evidence of a directory from its records, and says how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._action import EndpointAction
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._files import NotWritable
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._place import (
    is_of_another_run,
    place_of,
    unrecorded,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._publish import publish
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._record import (
    HOSTS,
    RecordError,
    load,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._report import Report
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._summary import PAGE
from ansible_collections.mde.connectivity.plugins.plugin_utils._evidence._table import say
from ansible_collections.mde.connectivity.plugins.plugin_utils._operator._hosts import left_out
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused

_LINES = ("lines", "batches")


class ActionModule(EndpointAction):
    module = "evidence_report"
    on_controller = True

    def _act(self, options: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        directory = place_of(options["directory"], options["kind"])
        if not (directory / HOSTS).is_dir():
            if options["batch"] is not None:
                raise Refused("No endpoint left a record, so there is nothing to sum up: the failure above says why.")
            raise Refused(f"{directory} is no directory of evidence: it has no {HOSTS} in it.")
        everyone = task_vars.get("ansible_play_hosts_all") or ()
        report = Report()
        try:
            if options["batch"] is not None and is_of_another_run(directory):
                raise Refused(
                    f"No endpoint of this run left a record: what is in {directory} is of another run. The failure "
                    "above says why."
                )
            batch = options["batch"] or ()
            lost = _lost(directory, batch)
            # Whose task ended before it wrote a record is no longer among the hosts of the play.
            waiting = set(task_vars.get("ansible_play_hosts") or ()).difference(batch)
            if batch and not lost and unrecorded(directory, waiting):
                return {"changed": False}
            published = publish(directory, report.add)
        except (RecordError, NotWritable) as error:
            raise Refused(str(error)) from None
        page = str(directory / PAGE)
        left = left_out(options["pattern"], everyone, task_vars["groups"], self._loader)
        lines = report.lines(published, page, left)
        say(lines)
        counts = published.summary["verdicts"]
        # Ansible prints all of a failure: what was printed above is not in it.
        result = {"changed": False, "page": page}
        if lost:
            return {**result, "failed": True, "msg": f"None of the {len(lost)} endpoints of this batch could be read."}
        if bad := [name for name in options["fail_on"] if counts.get(name)]:
            said = ", ".join(f"{counts[name]} {name}" for name in bad)
            return {**result, "failed": True, "msg": f"{said}: see the lines above, and {page}."}
        summary = {name: value for name, value in published.summary.items() if name not in _LINES}
        return {**result, "lines": lines, "summary": summary}


def _lost(directory: Path, batch: Sequence[str]) -> Sequence[str]:
    """The hosts of a batch, where none of them could be read. Raises RecordError."""
    for host in batch:
        record = load(directory, host)
        if record is not None and record.verdict != "unread":
            return ()
    return batch
