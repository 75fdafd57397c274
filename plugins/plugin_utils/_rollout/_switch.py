# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man's switch: a task on the endpoint that restores the old values unless it is taken away in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._credentials import shown_words
from .._evidence._record import Record
from .._resources._resource import InvalidOption, Refused
from .._resources._restore import read_snapshot
from .._windows._endpoint import Command, Endpoint
from .._windows._registry_file import render
from .._windows._scheduled_task import SYSTEM32, ScheduledTask

# What the history of a record says of the switch: set is noted before it is, removed after it was.
SET, REMOVED = "switch_set", "switch_removed"

# What SYSTEM can write to at any time, also after a restart.
_OF_THE_MACHINE = ("HKLM\\", "HKU\\S-1-5-18\\", "HKU\\S-1-5-19\\", "HKU\\S-1-5-20\\")
_NAME = "mde.connectivity.undo"
_LINE = (
    f"{SYSTEM32}\\reg.exe import undo.reg /reg:64 & {SYSTEM32}\\schtasks.exe /delete /tn {_NAME} /f"
    f" & cd .. & rd /s /q {_NAME}"
)


def may_be_armed(record: Record) -> bool:
    """Whether the switch may be on the endpoint, by what its record says."""
    events = [entry["event"] for entry in record.history if entry["event"] in (SET, REMOVED)]
    return events[-1:] == [SET]


def arm(endpoint: Endpoint, snapshot: Sequence[Mapping[str, Any]], minutes: int) -> None:
    """Set the switch: after so many minutes the endpoint restores a snapshot by itself.

    A restart of Windows begins the minutes anew. Raises Refused where the switch could not be set, or could not do
    its work; there is none then.
    """
    try:
        values = read_snapshot(snapshot)
    except InvalidOption as error:
        raise Refused(f"confirm_within can't undo the change: {error}") from None
    for address in values:
        if not address.key.startswith(_OF_THE_MACHINE):
            raise Refused(
                f"confirm_within can't undo {address}: the task that would do it runs as SYSTEM, and the settings of a "
                "user are loaded only while the user is logged on."
            )
    task = ScheduledTask(_NAME, _LINE, minutes)
    steps = (
        Command(f'md "{task.folder}"'),
        Command(f'find /v "" >"{task.folder}\\undo.reg"', compound=True, stdin=render(values)),
        *task.create(),
        task.query(),
    )
    completed = endpoint.run([*task.remove(), *steps])[len(task.remove()) :]
    for step in completed:
        if step.rc:
            endpoint.run(task.remove())
            said = shown_words(" ".join(step.stdout.split()))[:200]
            raise Refused(
                "confirm_within: the task that would restore the old state could not be set, which needs an "
                f"administrator (ansible_user): {said}"
            )


def disarm(endpoint: Endpoint) -> None:
    """Take the switch away; raises Refused where it is still there."""
    task = ScheduledTask(_NAME, _LINE)
    left = endpoint.run([*task.remove(), task.query()])[-1]
    if not left.rc:
        raise Refused(f"The task {_NAME} could not be removed from the endpoint, and will restore the old state.")
