# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the probe gets to an endpoint, runs there and leaves: native commands around one of its two programs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .._credentials import shown_words
from .._windows._endpoint import POWERSHELL, Command, Completed
from .._windows._scheduled_task import SYSTEM32, ScheduledTask
from .._windows._staging import staged

ENGINES = {"powershell": "probe.ps1", "wsh": "probe.js"}
_MARK = "request:"
# No limit of find.exe for a line is documented; the lines of the programs are shorter still.
_PIECE = 500
_NAME = "mde.connectivity"
_STARTS = {
    "powershell": f"{POWERSHELL} -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File {{0}} {{1}}",
    "wsh": f"{SYSTEM32}\\cscript.exe //nologo {{0}} {{1}}",
}
# Seconds that starting a scheduled task and an engine may take beyond the probe's own deadline.
_START_SECONDS = 30
# How much longer a second of ping may take on an endpoint that is busy.
_SLOW = 2


@functools.cache
def program(engine: str) -> str:
    """The text of a program as it goes to the endpoint: without indentation and comments."""
    path = Path(__file__).parent / ENGINES[engine]
    lines = (line.strip() for line in path.read_text(encoding="ascii").splitlines())
    return "".join(f"{line}\r\n" for line in lines if line and not line.startswith(("#", "//")))


@dataclass(frozen=True)
class Carrier:
    """The commands that take a request to an endpoint and bring the answer back.

    The program and the request travel as standard input of the first command that reads it, into a directory that
    is removed at the end, and before that where an earlier run left it. run_as is connection or system, seconds how
    long the probe may take.
    """

    engine: str
    run_as: str
    seconds: int

    def commands(self, request: str) -> tuple[Command, ...]:
        """The commands for a request; answer() takes their results."""
        pieces = (request[at : at + _PIECE] for at in range(0, len(request), _PIECE))
        stdin = "".join(f"{_MARK}{piece}\r\n" for piece in pieces) + program(self.engine)
        staging = (
            Command(f"md {self._file()}"),
            staged(self._file("input"), stdin),
            Command(
                f'find /v "{_MARK}" <{self._file("input")} >{self._file(ENGINES[self.engine])}', compound=True
            ),
        )
        return (*self._cleaning(), *staging, *self._running(), *self._cleaning())

    def answer(self, completed: Sequence[Completed]) -> tuple[str, str]:
        """What the probe printed, and what the endpoint said to the first of our commands that failed."""
        kept = len(self._cleaning())
        steps = completed[kept:-kept]
        said = next((shown_words(" ".join(step.stdout.split())) for step in steps if step.rc), "")
        return steps[-1].stdout, said[:300]

    @property
    def _task(self) -> ScheduledTask:
        start = _STARTS[self.engine].format(ENGINES[self.engine], "input")
        # The answer gets its name when it is complete.
        return ScheduledTask(_NAME, f"{start} >part 2>&1 & ren part answer")

    def _file(self, name: str = "") -> str:
        folder = f"%TEMP%\\{_NAME}" if self.run_as == "connection" else self._task.folder
        return f'"{folder}\\{name}"' if name else f'"{folder}"'

    def _cleaning(self) -> tuple[Command, ...]:
        if self.run_as == "connection":
            return (Command(f"rd /s /q {self._file()}"),)
        return (self._task.end(), *self._task.remove())

    def _running(self) -> tuple[Command, ...]:
        if self.run_as == "connection":
            start = _STARTS[self.engine].format(self._file(ENGINES[self.engine]), self._file("input"))
            return (Command(start, seconds=self.seconds),)
        # Without input nothing could be written there, and no answer would come.
        pending = f"if exist {self._file('input')} if not exist {self._file('answer')}"
        seconds = self.seconds + _START_SECONDS
        wait = f"for /l %i in (1,1,{seconds}) do @{pending}"
        return (
            *self._task.create(),
            self._task.start(),
            Command(f"({wait} ping -n 2 127.0.0.1 >nul)", compound=True, seconds=_SLOW * seconds),
            Command(f"type {self._file('answer')}"),
        )
