# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running program sees of a simulated endpoint: registry and rights, texts, streams, arguments."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.profiles import Profile
from tests.lab.simulated.registry import Path, Registry, Value
from tests.lab.simulated.texts import Texts, texts

# Any account may read the default profile; the hives of the others belong to them and to administrators.
_READABLE_HIVES = ("s-1-5-18",)


class AccessDenied(Exception):
    """The token of the connecting user does not allow it."""


@dataclass
class Machine:
    """The endpoint as programs see it; every write of theirs passes here, and only those are recorded."""

    name: str
    profile: Profile
    registry: Registry
    writes: list[str]

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

    def check_write(self, path: Path) -> None:
        """Raise AccessDenied where only an elevated token may write."""
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
    """Standard input, output and error of a command; the same list twice is `2>&1`."""

    stdin: str = ""
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)


@dataclass
class Process:
    """One external program while it runs."""

    machine: Machine
    argv: list[str]
    streams: Streams
    # A program from SysWOW64: HKLM\SOFTWARE is its 32-bit view.
    wow64: bool = False

    @property
    def view(self) -> int:
        """The registry view that a program gets that asks for none."""
        return 32 if self.wow64 else 64

    def print(self, *lines: str) -> None:
        """Write lines to standard output."""
        self.streams.out.extend(f"{line}\r\n" for line in lines)

    def complain(self, *lines: str) -> None:
        """Write lines to standard error."""
        self.streams.err.extend(f"{line}\r\n" for line in lines)
