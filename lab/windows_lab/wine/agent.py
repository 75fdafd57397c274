# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python side of agent.c, the resident process inside a Wine prefix."""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from windows_lab.backend import Completed
from windows_lab.wine import powershell

_REQUEST = struct.Struct("<6I")
_ANSWER = struct.Struct("<4I")
_TIMED_OUT, _NOT_STARTED = 1, 2
# How much longer than the time limit of a command the agent itself may take before it counts as hung.
_GRACE_SECONDS = 30.0

_ROOTS = {"HKCR": 0x80000000, "HKCU": 0x80000001, "HKLM": 0x80000002, "HKU": 0x80000003}
FILE_NOT_FOUND = 2
# By number, as winnt.h has them.
TYPES = (
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTOR",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
)


class AgentGone(Exception):
    """The agent's process ended, or hung and was ended."""


class RegistryError(Exception):
    """The registry refused a request of ours."""


@dataclass(frozen=True)
class Programs:
    """How Wine's two programs are started on this machine."""

    wine: tuple[str, ...]
    server: str


@dataclass(frozen=True)
class _Answer:
    result: int
    number: int
    first: bytes
    second: bytes


def environment(prefix: Path, overrides: str = "") -> dict[str, str]:
    """What Wine gets to see: no proxy variable, which its WinHTTP would read, no real home, one time, and no font.

    Each process looks for the fonts and the time zone of the machine, which takes a third of its start.
    """
    return {
        "PATH": os.defpath,
        "HOME": str(prefix),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "FONTCONFIG_SYSROOT": str(prefix),
        "WINEPREFIX": str(prefix),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": f"mscoree,mshtml,winemenubuilder.exe=;{overrides}",
        **powershell.environment(),
    }


def _wide(*texts: str) -> bytes:
    return "".join(text + "\0" for text in texts).encode("utf-16-le")


class Agent:
    """One prefix with its agent running; safe to use from several threads, one request at a time."""

    def __init__(self, programs: Programs, prefix: Path, overrides: str = "") -> None:
        self._programs = programs
        self._environment = environment(prefix, overrides)
        self._lock = threading.Lock()
        # Wine's services inherit the agent's streams, so nobody may ever wait for the end of these pipes.
        self._process = subprocess.Popen(
            [*programs.wine, r"C:\lab\agent.exe"],
            cwd=prefix,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, line: str, stdin: bytes = b"", seconds: float = 60.0) -> Completed:
        """Run a line in cmd.exe; one that takes longer is ended and gives exit code 1460 (ERROR_TIMEOUT)."""
        limit = int(seconds * 1000)
        answer = self._ask("R", (limit, 0, 0), line.encode("utf-16-le"), stdin, seconds)
        if answer.number == _NOT_STARTED:
            raise AgentGone(f"cmd.exe was not started (Win32 error {answer.result})")
        stderr = answer.second
        if answer.number == _TIMED_OUT:
            stderr += f"The lab ended this command after {seconds:g} seconds.\r\n".encode()
        return Completed(answer.result, answer.first, stderr)

    def value(self, key: str, name: str, view: int) -> tuple[str, bytes] | None:
        """Type name and raw bytes of a value, by RegQueryValueExW."""
        root, path = self._split(key)
        answer = self._ask("G", (root, view, 0), _wide(path, name))
        if answer.result == FILE_NOT_FOUND:
            return None
        self._check(answer.result, key)
        return (TYPES[answer.number] if answer.number < len(TYPES) else hex(answer.number)), answer.first

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int) -> None:
        """Write a value by RegSetValueExW, with its key."""
        root, path = self._split(key)
        self._check(self._ask("S", (root, view, TYPES.index(type_)), _wide(path, name), data).result, key)

    def delete_value(self, key: str, name: str, view: int) -> None:
        """Delete a value by RegDeleteValueW; absent is no error."""
        root, path = self._split(key)
        result = self._ask("D", (root, view, 0), _wide(path, name)).result
        if result != FILE_NOT_FOUND:
            self._check(result, key)

    def delete_key(self, key: str, view: int) -> None:
        """Delete a key with all below it; absent is no error."""
        root, path = self._split(key)
        result = self._ask("T", (root, view, 0), _wide(path)).result
        if result != FILE_NOT_FOUND:
            self._check(result, key)

    def key_exists(self, key: str, view: int) -> bool:
        """Whether RegOpenKeyExW opens the key."""
        root, path = self._split(key)
        result = self._ask("K", (root, view, 0), _wide(path)).result
        if result != FILE_NOT_FOUND:
            self._check(result, key)
        return result != FILE_NOT_FOUND

    def make_key(self, key: str) -> None:
        """Make a key by RegCreateKeyExW; one that is there stays as it is."""
        root, path = self._split(key)
        self._check(self._ask("C", (root, 64, 0), _wide(path)).result, key)

    def link_key(self, key: str, target: str) -> None:
        """Make the key another name of `target`, a path below \\Registry, until the prefix ends."""
        root, path = self._split(key)
        self._check(self._ask("L", (root, 64, 0), _wide(path, target)).result, key)

    def close(self) -> None:
        """End the agent and every Wine process of this prefix, and wait until the registry is on disk."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        for option in ("-k", "-w"):
            subprocess.run([self._programs.server, option], env=self._environment, check=False, timeout=60)

    @staticmethod
    def _split(key: str) -> tuple[int, str]:
        root, _backslash, path = key.partition("\\")
        return _ROOTS[root.upper()], path

    @staticmethod
    def _check(result: int, key: str) -> None:
        if result:
            raise RegistryError(f"{key}: Win32 error {result}")

    def _ask(
        self,
        verb: str,
        numbers: tuple[int, int, int],
        first: bytes,
        second: bytes = b"",
        seconds: float = 0.0,
    ) -> _Answer:
        head = _REQUEST.pack(ord(verb), *numbers, len(first), len(second))
        with self._lock:
            watchdog = threading.Timer(seconds + _GRACE_SECONDS, self._process.kill)
            watchdog.start()
            try:
                return self._exchange(head + first + second)
            finally:
                watchdog.cancel()

    def _exchange(self, request: bytes) -> _Answer:
        assert self._process.stdin
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise AgentGone("the agent of this Wine endpoint is not running") from error
        result, number, size1, size2 = _ANSWER.unpack(self._read(_ANSWER.size))
        return _Answer(result, number, self._read(size1), self._read(size2))

    def _read(self, size: int) -> bytes:
        assert self._process.stdout
        data = self._process.stdout.read(size)
        if len(data) != size:
            raise AgentGone(f"the agent of this Wine endpoint ended with {self._process.poll()}")
        return data
