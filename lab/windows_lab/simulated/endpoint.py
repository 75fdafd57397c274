# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows endpoint in plain Python: registry, files, cmd.exe and its programs, in Windows' own grammar."""

from __future__ import annotations

import dataclasses
import functools
import threading
from typing import Any

from windows_lab.backend import Away, Backend, Completed
from windows_lab.network.view import Network
from windows_lab.payload import ModuleCall
from windows_lab.profiles import Profile
from windows_lab.simulated import modules, onboarding
from windows_lab.simulated.cmd import Cmd
from windows_lab.simulated.events import Event, seeded
from windows_lab.simulated.files import Files
from windows_lab.simulated.machine import Machine, Streams
from windows_lab.simulated.registry import Registry, Value
from windows_lab.simulated.seed import USER_SID, fresh_root
from windows_lab.simulated.tasks import Boot, Ended, Task

# What programs end with that Windows ends when it shuts down (DBG_TERMINATE_PROCESS).
_SHUT_DOWN = 0x40010004
_ENVIRONMENT = {
    "ALLUSERSPROFILE": r"C:\ProgramData",
    "APPDATA": r"C:\Users\lab\AppData\Roaming",
    "COMSPEC": r"C:\Windows\system32\cmd.exe",
    "LOCALAPPDATA": r"C:\Users\lab\AppData\Local",
    "OS": "Windows_NT",
    "PATH": r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem",
    "PATHEXT": ".COM;.EXE;.BAT;.CMD",
    "PROCESSOR_ARCHITECTURE": "AMD64",
    "PROGRAMDATA": r"C:\ProgramData",
    "PROGRAMFILES": r"C:\Program Files",
    "PROGRAMFILES(X86)": r"C:\Program Files (x86)",
    "SYSTEMDRIVE": "C:",
    "SYSTEMROOT": r"C:\Windows",
    "TEMP": r"C:\Users\lab\AppData\Local\Temp",
    "TMP": r"C:\Users\lab\AppData\Local\Temp",
    "USERNAME": "lab",
    "USERPROFILE": r"C:\Users\lab",
    "WINDIR": r"C:\Windows",
}


class SimulatedEndpoint(Backend):
    """One simulated endpoint; thousands share the registry that they have not written to."""

    def __init__(self, name: str, profile: Profile) -> None:
        super().__init__(name, profile)
        self._lock = threading.RLock()
        self._registry = Registry(fresh_root(profile), USER_SID)
        self._machine = Machine(name, profile, self._registry, self.writes)
        self._machine.events = seeded(profile)
        self._machine.enforce_policy()

    @property
    def files(self) -> Files:
        """The files of the endpoint, for a test to put some there or to look into them."""
        return self._machine.files

    @property
    def advproxy(self) -> dict[str, Any]:
        """The settings of netsh winhttp set advproxy, for a test to look into and to change."""
        return self._machine.advproxy

    @property
    def network(self) -> Network:
        """The network as the endpoint sees it; a test may set another."""
        return self._machine.network

    @network.setter
    def network(self, network: Network) -> None:
        self._machine.network = network

    @property
    def events(self) -> list[Event] | None:
        """The sensor's log, oldest event first, for a test to set; None where there is no such log."""
        return self._machine.events

    @events.setter
    def events(self, events: list[Event] | None) -> None:
        self._machine.events = events

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """Run `line` as `cmd.exe /c line` does, after the policy has written what it owns."""
        encoding = self.profile.codepage
        streams = Streams([stdin.decode(encoding, "replace")])
        with self._lock:
            self._be_there()
            self._machine.enforce_policy()
            try:
                rc = self._cmd().run(line, streams)
            except Ended:
                rc = _SHUT_DOWN
        return Completed(rc, _encoded(streams.out, encoding), _encoded(streams.err, encoding))

    def _be_there(self) -> None:
        """Restart where that was asked for; raises Away in what is asked meanwhile."""
        if self._machine.boot.ends:
            self.restart()
            raise Away(f"{self.name} restarts")

    def module(self, call: ModuleCall) -> dict[str, Any]:
        """The result of a module of Ansible, faked after the policy has written what it owns."""
        with self._lock:
            self._machine.enforce_policy()
            return modules.answer(call, self._cmd())

    def reboot_step(self, script: str) -> Completed | None:
        """Do what a script of win_reboot does."""
        shown = modules.reboot_step(script, self.restart, self._machine.boot.number)
        return None if shown is None else Completed(0, f"{shown}\r\n".encode())

    def _cmd(self) -> Cmd:
        return Cmd.begin(self._machine, {**_ENVIRONMENT, "COMPUTERNAME": self.name.upper()})

    @property
    def clock(self) -> int:
        """Minutes since the endpoint was made."""
        return self._machine.clock.minutes

    def pass_minutes(self, minutes: int) -> None:
        """Let time pass; each task that becomes due runs to its end at its time."""
        with self._lock:
            clock = self._machine.clock
            end = clock.minutes + minutes
            while (next_due := self._next_due()) is not None and next_due[0] <= end:
                clock.minutes, name = next_due
                self._start(self._machine.tasks[name])
            clock.minutes = end

    def _next_due(self) -> tuple[int, str] | None:
        tasks = self._machine.tasks.items()
        return min(((task.due, name) for name, task in tasks if task.due is not None), default=None)

    def _start(self, task: Task) -> None:
        task.due = None
        self._machine.enforce_policy()
        action = functools.partial(self._cmd().fork(task.system).external, task.line, Streams())
        task.begin(self.profile.on_battery, action)
        if task.thread is not None:
            task.thread.join()

    def restart(self) -> None:
        """Restart the endpoint: what runs ends at its next step, and of all triggers only those at boot count."""
        self._machine.boot.ended = True
        for hung in list(self._machine.hung.values()):
            hung.set()
        with self._lock:
            # What is from before keeps the machine that it was started on.
            boot = Boot(number=self._machine.boot.number + 1)
            self._machine = dataclasses.replace(self._machine, boot=boot, services={})
            for task in self._machine.tasks.values():
                task.boot(self._machine.clock.minutes)
            if self.profile.onboarded:
                onboarding.sensor_starts(self._machine)

    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        """Type and raw bytes of a value, straight from the registry's tree."""
        with self._lock:
            found = self._registry.value(self._registry.locate(key, view), name)
        return None if found is None else (found.type, found.data)

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Set a value behind the back of everything that runs; not counted as a write."""
        with self._lock:
            self._registry.set(self._registry.locate(key, view), Value(name, type_, data))

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Delete a value behind the back of everything that runs; not counted as a write."""
        with self._lock:
            self._registry.delete(self._registry.locate(key, view), name)

    def key_exists(self, key: str, view: int = 64) -> bool:
        """Whether the key is there."""
        with self._lock:
            return self._registry.node(self._registry.locate(key, view)) is not None


def _encoded(pieces: list[str], encoding: str) -> bytes:
    # A character that the code page lacks comes out as a question mark, as it does on a console.
    return "".join(pieces).encode(encoding, "replace")
