# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schtasks.exe of a simulated endpoint: make, run, query and delete scheduled tasks."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

from windows_lab.simulated import tasks_xml
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import Process, Streams
from windows_lab.simulated.tasks import Task

_FILE_NOT_FOUND = 2
_ACCESS_DENIED = 5
_LONGEST_LINE = 261
_MIDNIGHT = "00:00"
_SYSTEM = ("system", "nt authority\\system", "")
_SCHEDULES = (
    "minute",
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "once",
    "onstart",
    "onlogon",
    "onidle",
    "onevent",
)
_FLAGS = ("/f",)
# Options that schtasks.exe has for one verb or another.
_REAL = frozenset((
    "/s", "/u", "/p", "/ru", "/rp", "/sc", "/mo", "/d", "/m", "/i", "/tn", "/tr", "/st", "/sd", "/ed",
    "/ri", "/rl", "/du", "/et", "/k", "/it", "/np", "/z", "/xml", "/f", "/v1", "/ec", "/delay",
    "/hresult", "/fo", "/nh", "/v", "/enable", "/disable",
))

_Options = Mapping[str, str]


class _Failed(Exception):
    """What schtasks.exe says after ERROR:, with the exit code 1."""


def main(process: Process) -> int:
    """Run schtasks.exe; gives its exit code."""
    verb = process.argv[1].lower() if len(process.argv) > 1 else "/query"
    if verb not in _VERBS:
        raise NotModelled(f"schtasks {verb}")
    action, known = _VERBS[verb]
    try:
        action(process, _options(process.argv[2:], known))
    except _Failed as failure:
        process.complain(f"{process.machine.texts.error}{failure}")
        return 1
    return 0


def _options(words: list[str], known: tuple[str, ...]) -> _Options:
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name = word.lower()
        if name in _REAL and name not in known:
            raise NotModelled(f"schtasks {name} there")
        if name not in known or name in options:
            raise _Failed(f"Invalid argument/option - '{word}'.")
        value = "" if name in _FLAGS else next(rest, None)
        if value is None:
            raise _Failed(f"Invalid syntax. Value expected for '{name}'.")
        options[name] = value
    return options


def _needed(options: _Options, name: str) -> str:
    if name not in options:
        raise _Failed(f"Invalid syntax. Mandatory option '{name[1:]}' is missing.")
    return options[name]


def _error(process: Process, number: int) -> _Failed:
    return _Failed(process.machine.texts.windows_errors[number])


def _task(process: Process, options: _Options) -> Task:
    task = process.machine.tasks.get(_needed(options, "/tn").lower())
    if task is None:
        raise _error(process, _FILE_NOT_FOUND)
    if not process.machine.profile.elevated:
        raise _error(process, _ACCESS_DENIED)
    return task


def _create(process: Process, options: _Options) -> None:
    name = _needed(options, "/tn")
    if options.get("/ru", "").lower() not in _SYSTEM:
        raise NotModelled("a task of that account")
    task = _from_xml(process, options) if "/xml" in options else _from_options(process, options)
    if name.lower() in process.machine.tasks and not _confirmed(
        process, options, f'WARNING: The task name "{name}" already exists. Do you want to replace it (Y/N)? '
    ):
        return
    process.machine.tasks[name.lower()] = task
    process.print(f'SUCCESS: The scheduled task "{name}" has successfully been created.')


def _from_options(process: Process, options: _Options) -> Task:
    line = _needed(options, "/tr")
    schedule = _needed(options, "/sc").lower()
    if schedule not in _SCHEDULES:
        raise _Failed("Invalid Schedule Type specified.")
    if schedule != "once":
        raise NotModelled(f"the schedule {schedule}")
    start = _needed(options, "/st")
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", start):
        raise _Failed("Invalid Starttime value.")
    if start != _MIDNIGHT:
        raise NotModelled("a start time that is to come")
    if len(line) > _LONGEST_LINE:
        raise _Failed(f"Value for '/tr' option cannot be more than {_LONGEST_LINE} character(s).")
    if not process.machine.profile.elevated:
        raise _error(process, _ACCESS_DENIED)
    process.complain("WARNING: The task may not run because /ST is earlier than current time.")
    return Task(line, system="/ru" in options)


def _from_xml(process: Process, options: _Options) -> Task:
    if set(options) - {"/tn", "/xml", "/ru", "/f"}:
        raise NotModelled("/xml with other options")
    data = process.machine.files.read(process.path(options["/xml"]))
    if data is None:
        raise _error(process, _FILE_NOT_FOUND)
    try:
        definition = tasks_xml.read(data)
    except tasks_xml.Malformed:
        raise _Failed("The task XML is malformed.") from None
    if not process.machine.profile.elevated:
        raise _error(process, _ACCESS_DENIED)
    delay = definition.registration_delay
    return Task(
        definition.line,
        disallow_start_on_batteries=definition.disallow_start_on_batteries,
        due=None if delay is None else process.machine.clock.minutes + delay,
        boot_delay=definition.boot_delay,
    )


def _run(process: Process, options: _Options) -> None:
    task = _task(process, options)
    action = functools.partial(process.start, task.line, Streams(), task.system)
    task.begin(process.machine.profile.on_battery, action)
    process.print(f'SUCCESS: Attempted to run the scheduled task "{options["/tn"]}".')


def _end(process: Process, options: _Options) -> None:
    if _task(process, options).running:
        raise NotModelled("to end a task that runs")
    process.print(f'SUCCESS: The scheduled task "{options["/tn"]}" has been terminated successfully.')


def _delete(process: Process, options: _Options) -> None:
    _task(process, options)
    name = options["/tn"]
    question = f'WARNING: Are you sure you want to remove the task "{name}" (Y/N)? '
    if _confirmed(process, options, question):
        del process.machine.tasks[name.lower()]
        process.print(f'SUCCESS: The scheduled task "{name}" was successfully deleted.')


def _query(process: Process, options: _Options) -> None:
    if "/tn" in options:
        _task(process, options)
        shown = [options["/tn"].lower()]
    else:
        shown = sorted(process.machine.tasks)
    process.print("", "Folder: \\", f"{'TaskName':<40} {'Next Run Time':<22} {'Status':<15}")
    process.print(" ".join("=" * width for width in (40, 22, 15)))
    for name in shown:
        task = process.machine.tasks[name]
        status = "Running" if task.running else "Queued" if task.queued else "Ready"
        process.print(f"{name:<40} {'N/A':<22} {status:<15}")


def _confirmed(process: Process, options: _Options, question: str) -> bool:
    if "/f" in options:
        return True
    process.streams.out.append(question)
    return process.streams.read().strip().lower().startswith(process.machine.texts.yes)


_VERBS: Mapping[str, tuple[Callable[[Process, _Options], None], tuple[str, ...]]] = {
    "/create": (_create, ("/tn", "/tr", "/sc", "/st", "/xml", "/ru", "/f")),
    "/run": (_run, ("/tn",)),
    "/delete": (_delete, ("/tn", "/f")),
    "/end": (_end, ("/tn",)),
    "/query": (_query, ("/tn",)),
}
