# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system of a simulated endpoint: one drive, names in any case, nothing in it that no test needs."""

from __future__ import annotations

import ntpath
import threading
from dataclasses import dataclass

_FIRST = (
    "C:\\",
    r"C:\Program Files",
    r"C:\Program Files\Windows Defender",
    r"C:\ProgramData",
    r"C:\Tools",
    r"C:\Users",
    r"C:\Users\lab",
    r"C:\Users\lab\AppData",
    r"C:\Users\lab\AppData\Local",
    r"C:\Users\lab\AppData\Local\Temp",
    r"C:\Windows",
    r"C:\Windows\System32",
    r"C:\Windows\Temp",
)


class MissingDirectory(Exception):
    """The directory that a file was to be put into is not there."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file, or a directory when `data` is None; `name` is as it was written first."""

    name: str
    data: bytes | None = None


def _key(path: str) -> str:
    return ntpath.normpath(path).lower()


_SEED = {_key(path): _Entry(ntpath.basename(path)) for path in _FIRST}


class Files:
    """Files and directories by their absolute paths, `C:\\...`, with slashes of either kind.

    A scheduled task works on them from a thread of its own.
    """

    __slots__ = ("_entries", "_lock")

    def __init__(self) -> None:
        self._entries = dict(_SEED)
        self._lock = threading.RLock()

    def read(self, path: str) -> bytes | None:
        """What is in the file; None when there is none of that name."""
        entry = self._entries.get(_key(path))
        return None if entry is None else entry.data

    def write(self, path: str, data: bytes) -> None:
        """Write the whole file; raises MissingDirectory."""
        key = _key(path)
        with self._lock:
            if not self.is_directory(ntpath.dirname(key)) or self.is_directory(key):
                raise MissingDirectory(path)
            old = self._entries.get(key)
            self._entries[key] = _Entry(old.name if old else ntpath.basename(ntpath.normpath(path)), data)

    def append(self, path: str, data: bytes) -> None:
        """Write to the end of the file, which is made if need be; raises MissingDirectory."""
        with self._lock:
            self.write(path, (self.read(path) or b"") + data)

    def remove(self, path: str) -> bool:
        """Delete the file; False when there is none of that name."""
        with self._lock:
            if self.read(path) is None:
                return False
            del self._entries[_key(path)]
            return True

    def exists(self, path: str) -> bool:
        """Whether a file or a directory has this name."""
        return _key(path) in self._entries

    def is_directory(self, path: str) -> bool:
        """Whether a directory has this name."""
        entry = self._entries.get(_key(path))
        return entry is not None and entry.data is None

    def make_directory(self, path: str) -> None:
        """Make the directory and those above it; raises MissingDirectory when a file stands in the way."""
        path = ntpath.normpath(path)
        above = ntpath.dirname(path)
        with self._lock:
            if self.is_directory(path):
                return
            if self.exists(path) or above == path:
                raise MissingDirectory(path)
            self.make_directory(above)
            self._entries[_key(path)] = _Entry(ntpath.basename(path))

    def remove_directory(self, path: str) -> None:
        """Delete the directory with all below it; absent is no error."""
        key = _key(path)
        with self._lock:
            below = [name for name in self._entries if name == key or name.startswith(key + "\\")]
            for name in below:
                del self._entries[name]

    def rename(self, old: str, new_name: str) -> None:
        """Give a file or a directory another name in the directory that it is in."""
        key = _key(old)
        target = ntpath.join(ntpath.dirname(key), new_name.lower())
        with self._lock:
            moved = {name: entry for name, entry in self._entries.items() if name.startswith(key + "\\")}
            for name, entry in moved.items():
                del self._entries[name]
                self._entries[target + name[len(key) :]] = entry
            self._entries[target] = _Entry(new_name, self._entries.pop(key).data)

    def names(self, path: str) -> list[str]:
        """The names of what is directly in a directory, in the order of the alphabet."""
        key = _key(path)
        with self._lock:
            found = [e.name for name, e in self._entries.items() if ntpath.dirname(name) == key != name]
        return sorted(found, key=str.lower)
