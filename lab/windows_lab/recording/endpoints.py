# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints that write down what another one answers, and that answer what was written down."""

from __future__ import annotations

import re
from typing import Any

from windows_lab.backend import Backend, Completed
from windows_lab.payload import ModuleCall
from windows_lab.profiles import Profile
from windows_lab.recording.files import Entry, Exchange, Look, Recording
from windows_lab.recording.hidden import Hidden
from windows_lab.recording.scrub import Scrubber

# A batch begins with a word that nobody can know beforehand, and each of its answers ends with it.
_TOKEN = re.compile(r"(?:^|&)echo ([0-9a-f]{8})&")
TOKEN = "{token}"


class NotRecorded(Exception):
    """The recording has no answer to what was asked."""


def _token(line: str) -> str:
    found = _TOKEN.search(line)
    return found[1] if found else TOKEN


class RecordingEndpoint(Backend):
    """Hands everything to another endpoint, and keeps what it answered, scrubbed, under the name in `part`."""

    def __init__(self, inner: Backend, recording: Recording, scrubber: Scrubber) -> None:
        super().__init__(inner.name, inner.profile)
        self.inner = inner
        self.recording = recording
        self.part = ""
        self._scrubber = scrubber

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """Run a line there."""
        done = self.inner.run(line, stdin)
        self._keep(self._exchange(line, stdin, done, powershell=False))
        return done

    def powershell(self, script: str, stdin: bytes) -> Completed | None:
        """Run a script in a PowerShell there, if one stands between."""
        done = self.inner.powershell(script, stdin)
        if done is not None:
            self._keep(self._exchange(script, stdin, done, powershell=True))
        return done

    def module(self, call: ModuleCall) -> dict[str, Any]:
        """Modules of others are not recorded."""
        return self.inner.module(call)

    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        """Read a value there."""
        found = self.inner.value(key, name, view)
        seen = Look(self._scrubber.text(key), self._scrubber.text(name), view)
        if found is not None:
            try:
                seen = Look(seen.key, seen.name, view, found[0], self._scrubber.value(*found))
            except Hidden as hidden:
                seen = Look(seen.key, seen.name, view, found[0], dropped=str(hidden))
        self._keep(seen)
        return found

    def key_exists(self, key: str, view: int = 64) -> bool:
        """Look for a key there."""
        there = self.inner.key_exists(key, view)
        self._keep(Look(self._scrubber.text(key), None, view, there=there))
        return there

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Set a value there; that is not recorded."""
        self.inner.set_value(key, name, type_, data, view)

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Delete a value there; that is not recorded."""
        self.inner.delete_value(key, name, view)

    def close(self) -> None:
        """Close the other endpoint."""
        self.inner.close()

    def _keep(self, entry: Entry) -> None:
        if self.part:
            self.recording.parts.setdefault(self.part, []).append(entry)

    def _exchange(self, line: str, stdin: bytes, done: Completed, *, powershell: bool) -> Exchange:
        token = _token(line)
        sent = self._scrubber.text(line.replace(token, TOKEN))
        # The exit code of a line is signed or not, as its way is.
        rc = (done.rc + 2**31) % 2**32 - 2**31
        output = [stream.replace(token.encode(), TOKEN.encode()) for stream in (done.stdout, done.stderr)]
        try:
            stdout, stderr = map(self._scrubber.stream, output)
        except Hidden as hidden:
            return Exchange(sent, rc, stdin=len(stdin), powershell=powershell, dropped=str(hidden))
        return Exchange(sent, rc, stdout, stderr, len(stdin), powershell)


class RecordedEndpoint(Backend):
    """Answers one part of a recording in its order; raises NotRecorded for what is not in it."""

    def __init__(self, name: str, profile: Profile, entries: list[Entry]) -> None:
        super().__init__(name, profile)
        self._exchanges = [entry for entry in entries if isinstance(entry, Exchange)]
        self._looks = [entry for entry in entries if isinstance(entry, Look)]

    def run(self, line: str, stdin: bytes = b"") -> Completed:
        """The answer to the line, each time the next one that was recorded."""
        token = _token(line)
        wanted = line.replace(token, TOKEN)
        found = next((one for one in self._exchanges if (one.line, one.stdin) == (wanted, len(stdin))), None)
        if found is None:
            raise NotRecorded(f"The recording has no (further) answer to this line: {wanted}")
        self._exchanges.remove(found)
        if found.dropped:
            raise NotRecorded(f"The answer to this line is not in the recording ({found.dropped}): {wanted}")
        stdout, stderr = (stream.replace(TOKEN.encode(), token.encode()) for stream in (found.stdout, found.stderr))
        return Completed(found.rc, stdout, stderr)

    def value(self, key: str, name: str, view: int = 64) -> tuple[str, bytes] | None:
        """The value as it was read at this point."""
        found = self._look(key, name, view)
        return None if found.type is None else (found.type, found.data)

    def key_exists(self, key: str, view: int = 64) -> bool:
        """Whether the key was there at this point."""
        return self._look(key, None, view).there

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Nothing: what it brought about is in the answers."""

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Nothing: what it brought about is in the answers."""

    def _look(self, key: str, name: str | None, view: int) -> Look:
        found = next((one for one in self._looks if (one.key, one.name, one.view) == (key, name, view)), None)
        if found is None:
            raise NotRecorded(f"Nobody looked for {key} {name or ''} ({view} bit) at this point of the recording")
        self._looks.remove(found)
        if found.dropped:
            raise NotRecorded(f"{key} {name or ''} is not in the recording ({found.dropped})")
        return found
