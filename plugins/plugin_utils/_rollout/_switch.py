# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man's switch: a task on the endpoint that restores the old values unless it is taken away in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._credentials import shown_words
from .._evidence._record import Record
from .._resources._resource import InvalidOption, Refused
from .._resources._restore import read_snapshot
from .._windows._endpoint import Command, Completed, Endpoint
from .._windows._registry import Address, Query, RegistryValue
from .._windows._registry_file import render
from .._windows._scheduled_task import SYSTEM32, ScheduledTask
from .._windows._staging import absent_from, staged

# What the history of a record says of the switch: set is noted before it is, removed after it was.
SET, REMOVED = "switch_set", "switch_removed"

# What SYSTEM can write to at any time, also after a restart.
_OF_THE_MACHINE = ("HKLM\\", "HKU\\S-1-5-18\\", "HKU\\S-1-5-19\\", "HKU\\S-1-5-20\\")
_NAME = "mde.connectivity.undo"
# Old values are imported to here before anything else is written, which shows that the endpoint can.
_TRIAL = f"HKLM\\SOFTWARE\\{_NAME}"
_FORGET = Command(f"reg delete {_TRIAL} /f /reg:64")
# What reg.exe reads of the values in a list, whose lines begin with a word, for the file whose name follows. The first
# line is for fc.exe, which need not take an empty file.
_READ = (
    f'echo {_NAME} REG_>all&(for /f "tokens=1*" %i in (values) do @{SYSTEM32}\\reg.exe query %j >>all 2>nul)'
    f'&{SYSTEM32}\\find.exe " REG_" <all >'
)
# Task and directory go when the old values are read back; where they are not, the next start of Windows tries again.
# The exit code of fc.exe becomes a name: Wine's cmd.exe goes on behind && whatever it is.
_LINE = (
    f"{SYSTEM32}\\reg.exe import undo.reg /reg:64&{_READ}now&{SYSTEM32}\\fc.exe /b before now"
    f"&call ren now %^errorlevel%&if exist 0 ({SYSTEM32}\\schtasks.exe /delete /tn {_NAME} /f&cd ..&rd /s /q {_NAME})"
)
_UNPROVEN = "confirm_within could not undo the change on this endpoint"
_Values = Mapping[Address, RegistryValue | None]


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
    try:
        _try(endpoint, task, values)
        _set(endpoint, task, values)
    except Refused:
        endpoint.run(_removal(task))
        raise


def disarm(endpoint: Endpoint) -> None:
    """Take the switch away; raises Refused where it is still there."""
    task = ScheduledTask(_NAME, _LINE)
    left = endpoint.run([*_removal(task), task.query()])[-1]
    if not left.rc:
        raise Refused(f"The task {_NAME} could not be removed from the endpoint, and will restore the old state.")


def _removal(task: ScheduledTask) -> tuple[Command, ...]:
    return (_FORGET, *task.remove())


def _try(endpoint: Endpoint, task: ScheduledTask, values: _Values) -> None:
    """Make the directory, import the old values to a key of our own, and note how they are read from there.

    Raises Refused where they are not what they should be. Text that reg.exe does not show to the byte is not compared.
    """
    trial = {
        Address(f"{_TRIAL}\\{number}", address.name): value
        for number, (address, value) in enumerate(values.items())
    }
    before = _removal(task)
    steps = (
        Command(f'md "{task.folder}"'),
        *_files(task.folder, trial),
        Command(f'reg import "{task.folder}\\undo.reg" /reg:64'),
        _in(task.folder, f"{_READ}before&type before"),
    )
    read = _checked(endpoint.run([*before, *steps, _FORGET])[len(before) : -1])[-1]
    wanted = [f"{address.name} {value.type} {value.text}" for address, value in _comparable(trial) if value]
    if _folded(read.stdout.splitlines()) != _folded([f"{_NAME} REG_", *wanted]):
        raise Refused(f"{_UNPROVEN}: its reg.exe does not import the old values as they were")


def _set(endpoint: Endpoint, task: ScheduledTask, values: _Values) -> None:
    """Write the file that is imported, and make the task; raises Refused where they are not what they should be."""
    shown = _in(task.folder, "(for %i in (undo.reg) do @echo %~zi)&type undo.reg")
    steps = (*_files(task.folder, values), shown, *task.create(), task.query())
    answers = dict(zip(steps, _checked(endpoint.run(steps)), strict=True))
    size, dummy, text = answers[shown].stdout.partition("\n")
    wanted = render(values)
    if size.strip() != str(len(wanted)) or text != wanted.replace("\r\n", "\n"):
        raise Refused(f"{_UNPROVEN}: the file with the old values did not arrive as it was sent")


def _files(folder: str, values: _Values) -> tuple[Command, ...]:
    """The commands that write two files: undo.reg, which sets the values, and the list of what to read then."""
    file = render(values)
    word = absent_from(file)
    queries = [Query(address.key, address.name, address.view) for address, _value in _comparable(values)]
    # The first one brings nothing: find.exe fails where it finds no line.
    listed = "".join(
        f"{word} {query.command().text.removeprefix('reg query ')}\r\n" for query in (Query(_TRIAL), *queries)
    )
    return (
        staged(f'"{folder}\\input"', listed + file),
        Command(f'find "{word} " <"{folder}\\input" >"{folder}\\values"', compound=True),
        Command(f'find /v "{word} " <"{folder}\\input" >"{folder}\\undo.reg"', compound=True),
    )


def _comparable(values: _Values) -> list[tuple[Address, RegistryValue | None]]:
    return [(address, value) for address, value in values.items() if value is None or value.exact]


def _in(folder: str, line: str) -> Command:
    return Command(f'(cd /d "{folder}"&&({line})&cd /d {SYSTEM32})', compound=True)


def _checked(completed: list[Completed]) -> list[Completed]:
    """The answers to our steps; raises Refused where one of them failed."""
    for step in completed:
        if step.rc:
            said = shown_words(" ".join(step.stdout.split()))[:200]
            raise Refused(
                "confirm_within: the task that would restore the old state could not be set, which needs an "
                f"administrator (ansible_user): {said}"
            )
    return completed


def _folded(lines: Iterable[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]
