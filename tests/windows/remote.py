# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real machine as an endpoint of the lab: what the lab is asked goes there over one of Ansible's connections."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import (
    Command,
    Endpoint,
    _form_of,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import (
    Address,
    RegistryValue,
    delete_value,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry_file import put_back
from windows_lab.backend import Backend, Completed
from windows_lab.profiles import Profile

# A command of Wine takes its time, and a line has an end to it.
_AT_ONCE = 20
Place = tuple[str, str, int]
Raw = tuple[str, bytes]
_ROW = re.compile(r"^ {4}(.*?) {4}(REG_\w+)(?: {4}(.*))?$", re.MULTILINE)


class NotWritten(Exception):
    """The machine did not take a value that a test gives it."""


class NotAnswered(Exception):
    """The machine answered fewer commands than it was sent."""


class RemoteEndpoint(Backend):
    """Runs lines on the machine behind a connection plugin; values are read and set by its reg.exe.

    What a PowerShell on the way gets is handed on as it is, so that the machine is sent what the product sends.
    """

    def __init__(self, name: str, profile: Profile, connection: Any) -> None:
        super().__init__(name, profile)
        self._connection = connection
        # What the product's Endpoint wants of a connection.
        self.transport = str(connection.transport)
        self._shell = getattr(connection, "_shell", None)
        self._form = _form_of(connection)
        self._lock = threading.Lock()

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """Run a line in the machine's cmd.exe."""
        return self._send(self._form.wrap(line, stdin.decode()), stdin)

    def powershell(self, script: str, stdin: bytes) -> Completed | None:
        """Run a script in the machine's PowerShell, where the connection leads to one."""
        if not self._form.powershell:
            return None
        # Ansible's psrp puts this behind every script, and would do so once more.
        return self._send(script.removesuffix("\nexit $LASTEXITCODE"), stdin)

    def _send(self, line: str, stdin: bytes) -> Completed:
        given = stdin.decode() if self._form.text else stdin
        with self._lock:
            return Completed(*self._connection.exec_command(line, in_data=given or None))

    def batch(self, commands: Sequence[str]) -> list[Completed]:
        """Run commands in as few lines as the connection takes: exit code and standard output of each.

        The output has \\n line ends. Raises NotAnswered.
        """
        token = secrets.token_hex(4)
        answers: list[Completed] = []
        for parts in self._lines([f"&{command}&call echo {token} %^errorlevel%" for command in commands]):
            done = self.run(f"echo {token}{''.join(parts)}")
            # psrp gives lines of its own, and none behind the last one.
            said = re.split(rf"{token} ?(-?\d*) *(?:\n|\Z)".encode(), done.stdout.replace(b"\r\n", b"\n"))
            found = [Completed(int(rc), out, b"") for out, rc in zip(said[2::2], said[3::2], strict=False)]
            if len(found) != len(parts):
                raise NotAnswered(f"{len(found)} of {len(parts)} commands (exit code {done.rc}): {done.stderr!r}")
            answers += found
        return answers

    def _lines(self, parts: Sequence[str]) -> Iterator[list[str]]:
        line: list[str] = []
        for part in parts:
            longer = self._form.wrap("".join(("echo 01234567", *line, part)))
            if line and (len(longer) > self._form.limit or len(line) == _AT_ONCE):
                yield line
                line = []
            line.append(part)
        if line:
            yield line

    def values(self, places: Sequence[Place]) -> dict[Place, Raw | None]:
        """Values as reg.exe shows them; None where there is none."""
        asked = self.batch([f'reg query "{key}" /v "{name}" /reg:{view}' for key, name, view in places])
        return {place: self._shown(done) for place, done in zip(places, asked, strict=True)}

    def _shown(self, done: Completed) -> Raw | None:
        rows = _ROW.findall(done.stdout.decode(self.profile.codepage, "replace"))
        if done.rc or not rows:
            return None
        return rows[0][1], _raw(*rows[0][1:])

    def put(self, values: Mapping[Place, Raw | None]) -> None:
        """Set values by commands, or by a file where no command can hold one; delete those that are None.

        Raises NotWritten; what is absent already is no error.
        """
        commands = {
            place: delete_value(Address(*place)).command
            if value is None
            else put_back(Address(*place), RegistryValue.of(*value)).command
            for place, value in values.items()
        }
        answers = Endpoint(self).run(list(commands.values()))
        for (place, command), done in zip(commands.items(), answers, strict=True):
            if done.rc and values[place] is not None:
                raise NotWritten(f"{command}: exit code {done.rc}: {done.stdout}")

    def value(self, key: str, name: str, view: int = 64) -> Raw | None:
        """A value as reg.exe shows it; None where there is none."""
        return self.values([(key, name, view)])[key, name, view]

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Set a value; raises NotWritten."""
        self.put({(key, name, view): (type_, data)})

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Delete a value."""
        self.put({(key, name, view): None})

    def delete_keys(self, *places: tuple[str, int]) -> None:
        """Delete keys with all below them; absent is no error."""
        Endpoint(self).run([Command(f'reg delete "{key}" /f /reg:{view}') for key, view in places])

    def key_exists(self, key: str, view: int = 64) -> bool:
        """Whether reg.exe finds the key."""
        return self.run(f'reg query "{key}" /reg:{view} >nul').rc == 0

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def reset(self) -> None:
        """Begin a new connection."""
        self._connection.reset()

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]:
        """Run a line in the form of the connection."""
        with self._lock:
            answer: tuple[int, bytes, bytes] = self._connection.exec_command(cmd, in_data=in_data)
        return answer


def _raw(type_: str, shown: str) -> bytes:
    """The bytes of a value from its text in reg.exe's output."""
    if type_ in ("REG_SZ", "REG_EXPAND_SZ"):
        return f"{shown}\0".encode("utf-16-le")
    if type_ == "REG_MULTI_SZ":
        return "".join(f"{part}\0" for part in [*shown.split("\\0"), ""]).encode("utf-16-le")
    if type_ in ("REG_DWORD", "REG_QWORD"):
        return int(shown, 16).to_bytes(4 if type_ == "REG_DWORD" else 8, "little")
    return bytes.fromhex(shown)
