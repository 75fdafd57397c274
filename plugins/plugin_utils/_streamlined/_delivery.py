# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a package gets to an endpoint, runs there as LocalSystem and leaves, without a word of it on the way back.

It travels as base64, since find.exe takes no long lines; its hash is looked at before it runs. What it prints goes
nowhere. The package for local use asks before it does anything, and gets its Y from a file; any other reads none.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from .._credentials import shown_words
from .._resources._resource import Refused
from .._windows._endpoint import Command, Completed, Endpoint
from .._windows._scheduled_task import SYSTEM32, ScheduledTask
from .._windows._staging import staged
from .._windows._text import printable

NAME = "mde.connectivity.onboarding"
# The answer gets its name when it is complete. Carets keep cmd.exe from expanding the variable before it is due.
_LINE = (
    f"{SYSTEM32}\\cmd.exe /d /c package.cmd <confirm >nul 2>&1 & call echo exit %^errorlevel% >part & ren part ended"
)
_TASK = ScheduledTask(NAME, _LINE)
_COLUMNS = 64
# Microsoft's script waits for the service Sense, up to some minutes.
_SECONDS = 300
# How much longer a second of ping may take on an endpoint that is busy.
_SLOW = 2
_EXIT = re.compile(r"^exit (-?[0-9]{1,10}) *$", re.MULTILINE)
_SAID_LIMIT = 200


class Left(Refused):
    """The package could not be taken away from the endpoint again."""


def deliver(endpoint: Endpoint, script: bytes) -> None:
    """Put a script where SYSTEM and administrators alone may write, as what it is to the byte.

    Raises Refused where that did not work; nothing has run then.
    """
    folder = _TASK.folder
    text = base64.b64encode(script).decode()
    lines = "".join(f"{text[at : at + _COLUMNS]}\r\n" for at in range(0, len(text), _COLUMNS))
    steps = (
        Command(f'md "{folder}"'),
        staged(f'"{folder}\\input"', lines),
        Command(f'echo Y>"{folder}\\confirm"', compound=True),
        Command(f'certutil -f -decode "{folder}\\input" "{folder}\\package.cmd"'),
        Command(f'del "{folder}\\input"'),
        Command(f'certutil -hashfile "{folder}\\package.cmd" SHA256'),
    )
    cleaning = _cleaning()
    completed = endpoint.run([*cleaning, *steps])[len(cleaning) :]
    said = next((_said(step) for step in completed if step.rc), "")
    # Older programs put a blank between two bytes.
    shown = "".join(completed[-1].stdout.split()).lower()
    if said or hashlib.sha256(script).hexdigest() not in shown:
        clear(endpoint)
        raise Refused(
            "The package did not arrive as it is, and did not run; as LocalSystem it runs for an administrator only. "
            f"The endpoint said: {said or 'another hash'}"
        )


def run(endpoint: Endpoint) -> int | None:
    """Run what was delivered, take it away, and return its exit code, None where it did not end.

    Raises Refused where it could not be started, and Left where it could not be taken away.
    """
    folder = _TASK.folder
    pending = f'if exist "{folder}\\task.xml" if not exist "{folder}\\ended"'
    wait = f"(for /l %i in (1,1,{_SECONDS}) do @{pending} ping -n 2 127.0.0.1 >nul)"
    starting = (*_TASK.create(), _TASK.start())
    waiting = (Command(wait, compound=True, seconds=_SLOW * _SECONDS), Command(f'type "{folder}\\ended"'))
    completed = endpoint.run([*starting, *waiting, *_cleaning(), _left()])
    for step in completed[: len(starting)]:
        if step.rc:
            raise Refused(f"The package could not be started, and did not run. The endpoint said: {_said(step)}")
    ended = _EXIT.search(completed[len(starting) + 1].stdout)
    code = int(ended[1]) if ended else None
    _refuse_left(completed, f"It ended with exit code {code}." if ended else "It did not end.")
    return code


def clear(endpoint: Endpoint) -> None:
    """Take away what an earlier run may have left. Raises Left."""
    _refuse_left(endpoint.run([*_cleaning(), _left()]), "")


def _cleaning() -> tuple[Command, ...]:
    return (_TASK.end(), *_TASK.remove())


def _left() -> Command:
    return Command(f'(if exist "{_TASK.folder}" echo left)', compound=True)


def _refuse_left(completed: Sequence[Completed], ended: str) -> None:
    if "left" in completed[-1].stdout:
        raise Left(f"The package could not be taken away: remove {_TASK.folder} by hand. {ended}".rstrip())


def _said(step: Completed) -> str:
    return printable(shown_words(" ".join(step.stdout.split())), _SAID_LIMIT)
