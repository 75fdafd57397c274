# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The antivirus' own test of its connection: MpCmdRun.exe -ValidateMapsConnection, as LocalSystem."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._credentials import shown_words
from .._resources._resource import Refused
from .._windows._endpoint import Command, Completed
from .._windows._scheduled_task import ScheduledTask
from .._windows._text import printable
from .._windows._winhttp_errors import name_of, number_of
from ._verdict import FAILED, REASONS, UNKNOWN, reason_of

PATH = "antivirus"
_URL = "MpCmdRun.exe -ValidateMapsConnection"
_PROGRAM = '"%ProgramFiles%\\Windows Defender\\MpCmdRun.exe"'
# The answer gets its name when it is complete. Carets keep cmd.exe from expanding the variable before it is due.
_LINE = f"{_PROGRAM} -ValidateMapsConnection >part 2>&1 & call echo exit %^errorlevel% >>part & ren part answer"
_TASK = ScheduledTask("mde.connectivity", _LINE)
# How much longer a second of ping may take on an endpoint that is busy.
_SLOW = 2
_EXIT = re.compile(r"^exit (-?[0-9]{1,10}) *$", re.MULTILINE)
# The program's number for a failure is an HRESULT, the same in every language.
_NUMBER = re.compile(r"\b0x(8[0-9A-Fa-f]{7})\b")
_SAID_LIMIT = 300
# What is added to the reasons of the probe.
MORE_REASONS = {"maps_failed": FAILED, "no_antivirus": UNKNOWN}
_ADVICE = {
    "maps_failed": "Look up the number, and see that the antivirus is on and cloud protection is not switched off.",
    "no_antivirus": "There is no MpCmdRun.exe in its place: Microsoft Defender Antivirus is not installed.",
    "not_tried": "MpCmdRun.exe did not end before the deadline: raise it, or look for a firewall that drops packets.",
}


@dataclass(frozen=True)
class Outcome:
    """How the program ended: its exit code, None where it did not, and the number that it printed, 0 for none."""

    there: bool
    exit_code: int | None
    error: int

    @property
    def reason(self) -> str:
        if not self.there:
            return "no_antivirus"
        if self.exit_code is None:
            return "not_tried"
        if self.exit_code == 0 and not self.error:
            return "ok"
        return reason_of(self.error, False, "maps_failed")


def commands(seconds: int) -> tuple[Command, ...]:
    """The commands that run the program as LocalSystem for so many seconds at most; outcome() takes their results."""
    folder = _TASK.folder
    cleaning = (_TASK.end(), *_TASK.remove())
    pending = f'if exist "{folder}\\task.xml" if not exist "{folder}\\answer"'
    wait = f"(for /l %i in (1,1,{seconds}) do @{pending} ping -n 2 127.0.0.1 >nul)"
    return (
        *cleaning,
        Command(f'md "{folder}"'),
        *_TASK.create(),
        _TASK.start(),
        Command(wait, compound=True, seconds=_SLOW * seconds),
        Command(f"(if exist {_PROGRAM} echo there)", compound=True),
        Command(f'type "{folder}\\answer"'),
        *cleaning,
    )


def outcome(completed: Sequence[Completed]) -> Outcome:
    """What came of commands(). Raises Refused where the task could not be made or started."""
    steps = completed[3:-3]
    for step in steps[:4]:
        if step.rc:
            said = printable(shown_words(step.stdout), _SAID_LIMIT)
            raise Refused(
                f"{_URL} could not be started, so nothing is known about the path antivirus. It runs as LocalSystem, "
                f"which needs an administrator. The endpoint said: {said}"
            )
    there, answer = steps[-2], steps[-1]
    ended, number = _EXIT.search(answer.stdout), _NUMBER.search(answer.stdout)
    return Outcome(
        there.stdout.strip() == "there", int(ended[1]) if ended else None, int(number[1], 16) if number else 0
    )


def row(found: Outcome, effective: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a report; effective is that of the antivirus' own settings, which say what it goes through."""
    reason, number = found.reason, number_of(found.error) or None
    # Whose settings count when it has none, and what a script says, is not known.
    via = effective["proxy"].partition("://")[2] if effective["method"] == "static" else None
    verdict = MORE_REASONS.get(reason) or REASONS[reason][0]
    way = f"{effective['method']} {effective['proxy']}" if effective["proxy"] else effective["method"]
    advice = _ADVICE.get(reason) or f"Allow the hosts of cloud protection where the antivirus goes ({way})."
    return {
        "url": _URL,
        "host": "MAPS",
        "port": 443,
        "path": PATH,
        "via": via,
        "verdict": verdict,
        "reason": reason,
        "answered_by": None,
        "status": None,
        "error": number,
        "error_name": name_of(found.error) if number else None,
        "milliseconds": 0,
        "required": True,
        "purpose": "Cloud protection of Microsoft Defender Antivirus",
        "advice": "" if reason == "ok" else advice,
    }
