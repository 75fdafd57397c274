# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running program sees of a simulated endpoint: registry, files and rights, texts, streams, arguments."""

from __future__ import annotations

import dataclasses
import ntpath
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from windows_lab.network.view import Network
from windows_lab.profiles import Profile, Tenant
from windows_lab.simulated.events import Event
from windows_lab.simulated.files import Files
from windows_lab.simulated.registry import Node, Path, Registry, Value
from windows_lab.simulated.tasks import Boot, Clock, Task
from windows_lab.simulated.texts import Texts, texts

_SYSTEM_SID = "S-1-5-18"
# Any account may read the default profile; the hives of the others belong to them and to administrators.
_READABLE_HIVES = (_SYSTEM_SID.lower(),)
_PROTECTED = ("c:\\windows", "c:\\program files")
# Where any account may put its files, although what is around it is protected.
_OPEN = ("c:\\windows\\temp",)
# Real seconds for one second in which a program of the endpoint waits for nothing.
_IDLE_SECOND = 0.02


class AccessDenied(Exception):
    """The token of the connecting user does not allow it."""


class _RegistryOfSystem(Registry):
    """The same registry as LocalSystem sees it: HKCU is its own hive."""

    __slots__ = ("_shared",)

    def __init__(self, shared: Registry) -> None:
        self._shared = shared
        self.user_sid = _SYSTEM_SID

    @property
    def root(self) -> Node:
        return self._shared.root

    @root.setter
    def root(self, root: Node) -> None:
        self._shared.root = root


def _below(path: str, directories: tuple[str, ...]) -> bool:
    return any((path + "\\").startswith(directory + "\\") for directory in directories)


@dataclass
class Machine:
    """The endpoint as programs see it; every write of theirs passes here, and only those are recorded."""

    name: str
    profile: Profile
    registry: Registry
    writes: list[str]
    files: Files = field(default_factory=Files)
    network: Network = field(default_factory=Network)
    # Scheduled tasks by their names in small letters.
    tasks: dict[str, Task] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    # Every step of a program that changes something, or starts another one, looks here first.
    boot: Boot = field(default_factory=Boot)
    # Whether a service runs that was started or stopped since Windows started, by its name in small letters.
    services: dict[str, bool] = field(default_factory=dict)
    # What ends each program that hangs, by the name of its file in small letters.
    hung: dict[str, threading.Event] = field(default_factory=dict)
    # The sensor's log, oldest event first; None where there is no such log.
    events: list[Event] | None = None
    # The onboarding package that was run, in a list of at most one, until the sensor takes it.
    packages: list[Tenant] = field(default_factory=list)
    # What netsh winhttp set advproxy stored: where Windows keeps it is not documented.
    advproxy: dict[str, Any] = field(
        default_factory=lambda: {"Proxy": "", "ProxyBypass": "", "AutoconfigUrl": "", "AutoDetect": False}
    )

    def of_system(self) -> Machine:
        """The same endpoint as a program sees it that runs as LocalSystem."""
        profile = dataclasses.replace(self.profile, elevated=True)
        return dataclasses.replace(self, profile=profile, registry=_RegistryOfSystem(self.registry))

    def wait(self, seconds: int) -> None:
        """Let seconds pass: real ones, at most, while a task runs; next to none when nothing does."""
        for task in list(self.tasks.values()):
            if task.thread is not None and task.running and task.thread is not threading.current_thread():
                task.thread.join(seconds)
                return
        time.sleep(_IDLE_SECOND * seconds)

    @property
    def texts(self) -> Texts:
        """The sentences of Windows in the endpoint's language."""
        return texts(self.profile.locale)

    def check_read(self, path: Path) -> None:
        """Raise AccessDenied for a hive that only its owner and administrators may read."""
        if self.profile.elevated or path[0] != "HKU" or len(path) == 1:
            return
        if path[1].lower() not in (self.registry.user_sid.lower(), *_READABLE_HIVES):
            raise AccessDenied("\\".join(path))

    def check_file_write(self, path: str) -> None:
        """Raise AccessDenied where only an elevated token may make, change or delete a file."""
        self.boot.check()
        path = ntpath.normpath(path).lower()
        if not self.profile.elevated and _below(path, _PROTECTED) and not _below(path, _OPEN):
            raise AccessDenied(path)

    def text(self, path: str) -> str | None:
        """What is in a file, as programs read it; None when there is none of that name."""
        data = self.files.read(path)
        return None if data is None else data.decode(self.profile.codepage, "replace")

    def append_text(self, path: str, text: str) -> None:
        """Write to the end of a file as programs do; raises MissingDirectory."""
        self.boot.check()
        self.files.append(path, text.encode(self.profile.codepage, "replace"))

    def check_write(self, path: Path) -> None:
        """Raise AccessDenied where only an elevated token may write."""
        self.boot.check()
        own = len(path) > 1 and path[1].lower() == self.registry.user_sid.lower()
        if not self.profile.elevated and not own:
            raise AccessDenied("\\".join(path))

    def write(self, path: Path, value: Value) -> None:
        """Write a value as the connecting user."""
        self.check_write(path)
        self.registry.set(path, value)
        self.writes.append(f"set {_label(path)} : {value.name} {value.type} {value.data.hex()}")

    def make_key(self, path: Path) -> None:
        """Make a key as the connecting user."""
        self.check_write(path)
        if self.registry.node(path) is None:
            self.registry.make_key(path)
            self.writes.append(f"create {_label(path)}")

    def delete(self, path: Path, name: str) -> None:
        """Delete a value as the connecting user."""
        self.check_write(path)
        self.registry.delete(path, name)
        self.writes.append(f"delete {_label(path)} : {name}")

    def delete_key(self, path: Path) -> None:
        """Delete a key as the connecting user."""
        self.check_write(path)
        self.registry.delete_key(path)
        self.writes.append(f"delete key {_label(path)}")

    def enforce_policy(self) -> None:
        """Write what the policy owns; not recorded, for it is nobody's command."""
        for owned in self.profile.policy:
            path = self.registry.locate(owned.key, owned.view)
            if owned.data is None:
                self.registry.delete(path, owned.name)
            else:
                self.registry.set(path, Value(owned.name, owned.type, owned.data))


def _label(path: Path) -> str:
    return "\\".join(path)


@dataclass
class Streams:
    """Standard input, output and error of a command, as pieces of text; the same list twice is `2>&1`."""

    stdin: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def read(self) -> str:
        """All that is left of the standard input, which is then at its end for the next command as well."""
        text = "".join(self.stdin)
        self.stdin.clear()
        return text


def _start_nothing(_line: str, _streams: Streams, _system: bool) -> int:
    raise RuntimeError("this program was not started by cmd.exe")


@dataclass
class Process:
    """One external program while it runs."""

    machine: Machine
    argv: list[str]
    streams: Streams
    # A program from SysWOW64: HKLM\SOFTWARE is its 32-bit view.
    wow64: bool = False
    # Whether it runs as LocalSystem.
    system: bool = False
    directory: str = "C:\\"
    # Runs a program by its command line, as LocalSystem or as this program's own account; no cmd.exe in between.
    start: Callable[[str, Streams, bool], int] = _start_nothing

    def __post_init__(self) -> None:
        self.machine.boot.check()

    @property
    def view(self) -> int:
        """The registry view that a program gets that asks for none."""
        return 32 if self.wow64 else 64

    def child(self, line: str, streams: Streams, system: bool) -> int:
        """Run a line of cmd.exe as a child of this program."""
        return self.start(f"cmd.exe /d /c {line}", streams, system)

    def path(self, name: str) -> str:
        """The absolute path of a file that the program was given by name."""
        return ntpath.normpath(ntpath.join(self.directory, name))

    def print(self, *lines: str) -> None:
        """Write lines to standard output."""
        self.streams.out.extend(f"{line}\r\n" for line in lines)

    def complain(self, *lines: str) -> None:
        """Write lines to standard error."""
        self.streams.err.extend(f"{line}\r\n" for line in lines)
