# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows endpoint in plain Python: registry, cmd, reg, netsh and sc, in Windows' own grammar."""

from __future__ import annotations

import threading

from tests.lab.backend import Backend, Completed
from tests.lab.profiles import Profile
from tests.lab.simulated.cmd import Cmd
from tests.lab.simulated.machine import Machine, Streams
from tests.lab.simulated.registry import Registry, Value
from tests.lab.simulated.seed import USER_SID, fresh_root

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
        self._machine.enforce_policy()

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """Run `line` as `cmd.exe /c line` does, after the policy has written what it owns."""
        encoding = self.profile.codepage
        streams = Streams(stdin.decode(encoding, "replace"))
        with self._lock:
            self._machine.enforce_policy()
            rc = Cmd(self._machine, {**_ENVIRONMENT, "COMPUTERNAME": self.name.upper()}).run(line, streams)
        return Completed(rc, _encoded(streams.out, encoding), _encoded(streams.err, encoding))

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
