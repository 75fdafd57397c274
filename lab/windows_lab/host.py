# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint as its fronts see it: what it is sent is unwrapped, limited, counted and run."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

from windows_lab import launcher
from windows_lab.backend import Backend, Completed
from windows_lab.payload import module_call


@dataclass
class Account:
    """What one endpoint was sent since the account was last reset.

    Bytes are those of HTTP, head and body, in the direction that the endpoint sees. `commands` are the lines
    that reached its cmd.exe; `refused` says why the others did not.
    """

    requests: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    commands: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass
class Drop:
    """Close the connection at that request of the account: unanswered, or `after` carrying it out.

    An endpoint is `dead` when it does so with all that follow too.
    """

    request: int
    after: bool = False
    dead: bool = False

    def at(self, request: int) -> bool:
        """Whether the connection is closed at this one."""
        return request == self.request or (self.dead and request > self.request)


class Host:
    """One endpoint behind any number of fronts. `command` and `script` block and are safe from any thread."""

    __slots__ = ("_lock", "account", "backend", "drop")

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.account = Account()
        profile = backend.profile
        self.drop = Drop(profile.drop_request, profile.drop_after) if profile.drop_request else None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self.backend.name

    def reset(self) -> None:
        """Begin a new account."""
        self.account = Account()

    def command(self, line: str, stdin: bytes = b"") -> Completed:
        """Run a command line as a Windows service does that hands it to `cmd.exe /c`."""
        try:
            if (answered := self._ansible(launcher.powershell_text(self.backend, line), stdin)) is not None:
                return answered
            inner, powershell = launcher.line_of_command(self.backend, line)
            launcher.refuse_stubs(self.backend, inner)
        except launcher.Refused as error:
            self.account.refused.append(str(error))
            return error.answer
        if not powershell:
            return self._run(inner, stdin)
        script = launcher.script_of(line)
        done = self._real(script, inner, stdin)
        return done or launcher.through_powershell(self._run(inner, launcher.fed(script, stdin)))

    def script(self, script: str, stdin: bytes = b"") -> Completed:
        """Run PowerShell text that is already inside a PowerShell; raises `launcher.Refused`."""
        if (answered := self._ansible(script, stdin)) is not None:
            return answered
        try:
            line = launcher.line_of_script(self.backend, script)
            launcher.refuse_stubs(self.backend, line)
        except launcher.Refused as error:
            self.account.refused.append(str(error))
            raise
        return self._real(script, line, stdin) or self._run(line, launcher.fed(script, stdin))

    def shell_powershell(self, text: str, stdin: bytes = b"") -> Completed:
        """Run what an SSH server hands to PowerShell as its shell: a script, or one more PowerShell."""
        if launcher.starts_powershell(text):
            return self.command(text, stdin)
        try:
            return self.script(text, stdin)
        except launcher.Refused as error:
            return error.answer

    def _ansible(self, script: str | None, stdin: bytes) -> Completed | None:
        """Answer what Ansible runs in PowerShell, a module or a step of win_reboot; None for anything else."""
        if script is None or not self.backend.profile.powershell:
            return None
        call = module_call(stdin)
        with self._lock:
            if call is None:
                return self.backend.reboot_step(script)
            result = self.backend.module(call)
        return Completed(int(bool(result.get("failed"))), json.dumps(result).encode() + b"\r\n")

    def _real(self, script: str, line: str, stdin: bytes) -> Completed | None:
        """Run the script, in which the line stands, in a real PowerShell where there is one."""
        with self._lock:
            done = self.backend.powershell(script, stdin)
        if done is not None:
            self.account.commands.append(line)
        return done

    def _run(self, line: str, stdin: bytes) -> Completed:
        self.account.commands.append(line)
        with self._lock:
            return self.backend.run(line, stdin)
