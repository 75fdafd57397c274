# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that run a verifier as LocalSystem for a limited time, and take away what they made."""

from __future__ import annotations

import ntpath
import re
from dataclasses import dataclass

from .._credentials import shown_words
from .._resources._resource import Refused
from .._windows._endpoint import Command, Completed, Endpoint, quoted

# Only an administrator can make files there, so nobody else can put a link in their place.
_RUNNING = r"%SystemRoot%\mde.connectivity.running"
_STOPPED = r"%SystemRoot%\mde.connectivity.stopped"
_PRESENT = "[present]"
_ACCESS_DENIED = 5
# How long PsExec may take to notice that its program has been ended.
_GRACE = 10
# How much longer a second of ping may take on an endpoint that is busy.
_SLOW = 2
_SAID_LIMIT = 300


@dataclass(frozen=True)
class PsExec:
    """One run of a program through PsExec; paths are absolute, files are those that the program may leave."""

    path: str
    program: str
    switches: str
    timeout: int
    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a message calls the program."""
        return ntpath.basename(self.program)

    @property
    def command(self) -> Command:
        text = f"{quoted(self.path)} -accepteula -nobanner -s {self.switches} {quoted(self.program)} <nul"
        return Command(text, seconds=_SLOW * (self.timeout + 2 * _GRACE))

    def prepare(self, endpoint: Endpoint) -> tuple[bool, list[int | None]]:
        """Take away what an earlier run left, and mark this one; whether it is marked, and sizes, are for check()."""
        mark = Command(f"(echo running>{_RUNNING})", compound=True)
        marked, looked = endpoint.run(
            [self._removal(), mark, _present(_RUNNING), sizes(self.path, self.program, *self.files)]
        )[-2:]
        return _PRESENT in marked.stdout, read_sizes(looked)

    def check(self, marked: bool, found: list[int | None]) -> None:
        """Raise Refused unless everything that a run needs is there, and nothing that it would be taken for."""
        psexec, program, *old = found
        if psexec is None:
            raise Refused(f"psexec: there is no file {self.path} on the endpoint.")
        if program is None:
            raise Refused(f"directory: there is no file {self.program} on the endpoint.")
        if not marked:
            raise Refused(
                "The connecting user may not write to the Windows directory, so PsExec can't start anything as "
                "LocalSystem: connect as an administrator."
            )
        for path, size in zip(self.files, old, strict=True):
            if size is not None:
                raise Refused(f"{path} is from an earlier run and can't be deleted, so nothing was started.")

    def run(self, endpoint: Endpoint) -> tuple[Completed, list[int | None]]:
        """What the program printed, with the sizes of its files. Raises Refused and what Endpoint.run raises."""
        ended, stopped, made = endpoint.run(
            [self._watchdog(), self.command, _present(_STOPPED), sizes(self.program, *self.files)]
        )[1:]
        if _PRESENT in stopped.stdout:
            raise Refused(
                f"{self.name} did not end within the timeout of {self.timeout} seconds and was stopped."
            )
        return ended, read_sizes(made)[1:]

    def clean(self, endpoint: Endpoint) -> None:
        """Take away everything that prepare() and run() made."""
        endpoint.run([self._removal()])

    def failure(self, ended: Completed, lacking: str) -> Refused:
        """Why there is no report, as far as PsExec tells."""
        said = " ".join(shown_words(ended.stdout).split())[-_SAID_LIMIT:]
        if ended.rc == _ACCESS_DENIED or "access is denied" in said.lower():
            return Refused(
                f"PsExec was not allowed to start {self.name} as LocalSystem (exit code {ended.rc}, access denied): "
                "connect as an administrator, and see whether the attack surface reduction rule against process "
                "creations from PsExec and WMI commands or an application control policy blocks it."
            )
        tail = f" and said: {said}" if said else "."
        return Refused(f"{self.name} {lacking}; PsExec ended with exit code {ended.rc}{tail}")

    def _watchdog(self) -> Command:
        """What ends the program after the timeout, and PsExec where that does not end it; it dies with the mark."""
        line = (
            f"(for /l %I in (1,1,{self.timeout}) do @if exist {_RUNNING} ping -n 2 127.0.0.1 >nul)"
            f"&if exist {_RUNNING} (echo stopped>{_STOPPED}&taskkill /f /t /im {self.name}"
            f"&ping -n {_GRACE} 127.0.0.1 >nul"
            f"&if exist {_RUNNING} taskkill /f /t /im {ntpath.basename(self.path)})"
        )
        return Command(f'(start "" /b cmd.exe /d /s /c "{line}" <nul >nul 2>&1)', compound=True)

    def _removal(self) -> Command:
        files = " ".join((_RUNNING, _STOPPED, *map(quoted, self.files)))
        return Command(f"(del /f /q {files} 2>nul)", compound=True)


def sizes(*paths: str) -> Command:
    """Ask for the sizes of files."""
    return Command(f"(for %F in ({' '.join(map(quoted, paths))}) do @echo [%~zF])", compound=True)


def _present(mark: str) -> Command:
    return Command(f"(if exist {mark} echo {_PRESENT})", compound=True)


def read_sizes(completed: Completed) -> list[int | None]:
    """The answer to sizes(): bytes of each file, None for one that is not there."""
    return [int(size) if size else None for size in re.findall(r"\[([0-9]{0,18})\]", completed.stdout)]
