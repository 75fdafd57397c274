# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one interface behind every front of the lab: a Windows endpoint that runs command lines."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from windows_lab.payload import ModuleCall, refused
from windows_lab.profiles import Profile


class Away(Exception):
    """The endpoint does not answer, since it restarts."""


@dataclass(frozen=True)
class Completed:
    """What a finished command line gave back: the exit code (32 bits, unsigned or signed) and its output."""

    rc: int
    stdout: bytes = b""
    stderr: bytes = b""


class Backend(abc.ABC):
    """One Windows endpoint.

    Keys are written `HKLM\\SOFTWARE\\...`, `HKU\\S-1-5-18\\...` or `HKCU\\...`; `view` is 64 or 32.
    Raw bytes of a value: REG_SZ, REG_EXPAND_SZ and REG_MULTI_SZ as UTF-16LE with their terminators,
    REG_DWORD as 4 and REG_QWORD as 8 bytes little-endian, everything else as it is.
    """

    # Programs of this kind of endpoint that do nothing and say all is well: the fronts refuse them.
    stubs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str, profile: Profile) -> None:
        self.name = name
        self.profile = profile
        # One entry per registry write that really happened through `run`; never filled by `set_value`.
        self.writes: list[str] = []

    @abc.abstractmethod
    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """Run `line` as `cmd.exe /c line` does; blocks, and is safe to call from several threads."""

    def powershell(self, _script: str, _stdin: bytes) -> Completed | None:
        """Run a script in a real PowerShell; None where there is none, and the lab does what it would."""
        return None

    def module(self, call: ModuleCall) -> dict[str, Any]:
        """The result of a PowerShell module of Ansible: here, that it does not run."""
        return refused(call, "the lab runs no PowerShell modules")

    def reboot_step(self, _script: str) -> Completed | None:
        """Answer one of the scripts that win_reboot consists of; None for what is none of them."""
        return None

    @abc.abstractmethod
    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        """Type name and raw bytes of a value, read by another path than `run`; None when it is absent."""

    @abc.abstractmethod
    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Set a value behind the back of everything that goes through `run`; makes missing keys."""

    @abc.abstractmethod
    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Delete a value behind the back of everything that goes through `run`; absent is no error."""

    @abc.abstractmethod
    def key_exists(self, key: str, view: int = 64) -> bool:
        """Whether the key is there."""

    def interrupt(self) -> None:  # noqa: B027 - what a clean endpoint runs comes to an end by itself
        """The shell of a line that still runs was closed, or the line was cancelled."""

    def close(self) -> None:  # noqa: B027 - most endpoints have nothing to give back
        """Give back processes and files; called once, after the fronts have stopped."""
