# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated cmd.exe does with files: its own commands for them, and redirection."""

from __future__ import annotations

import ntpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from windows_lab.simulated.cmd_syntax import Redirection
from windows_lab.simulated.files import MissingDirectory
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import AccessDenied, Machine, Streams

_FILE_NOT_FOUND = 2
_PATH_NOT_FOUND = 3
_ACCESS_DENIED = 5
_DIRECTORY_NOT_EMPTY = 145
_NO_DIRECTORY = 267


_SWITCHES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("rd", "rmdir"), frozenset("sq")),
    **dict.fromkeys(("del", "erase"), frozenset("fq")),
    **dict.fromkeys(("cd", "chdir"), frozenset("d")),
}


class Failed(Exception):
    """A command, or a redirection, did not work: `code` is what && and || look at."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class _FileOutput(list[str]):
    """Standard output or error that goes into a file, piece by piece."""

    def __init__(self, machine: Machine, path: str) -> None:
        self._machine = machine
        self._path = path

    def append(self, piece: str) -> None:
        try:
            self._machine.append_text(self._path, piece)
        except MissingDirectory:
            # Removed under the program that writes: Windows would not have let it go.
            raise NotModelled(f"taking the directory of {self._path} away while it is written") from None

    def extend(self, pieces: Iterable[str]) -> None:
        self.append("".join(pieces))


@dataclass(frozen=True)
class _Arguments:
    switches: frozenset[str]
    names: tuple[str, ...]

    @classmethod
    def of(cls, rest: str) -> _Arguments:
        words = [word.replace('"', "") for word in re.findall(r'(?:"[^"]*"?|[^\s,;="])+', rest)]
        switches = "".join(word.lower() for word in words if word.startswith("/"))
        names = tuple(word for word in words if not word.startswith("/"))
        return cls(frozenset(switches.split("/")[1:]), names)


@dataclass
class Disk:
    """The files of an endpoint as one cmd.exe sees them: from its current directory, with its user's rights."""

    machine: Machine
    directory: str

    def path(self, name: str) -> str:
        """The absolute path of a name on the command line."""
        if set(name) & set("*?"):
            raise NotModelled(f"a pattern such as {name}")
        return ntpath.normpath(ntpath.join(self.directory, name))

    def exists(self, name: str) -> bool:
        """Whether `if exist` is true."""
        return self.machine.files.exists(self.path(name))

    def run(self, word: str, rest: str, streams: Streams) -> int:
        """Run one of COMMANDS with the rest of its line; gives what && and || look at."""
        try:
            arguments = _Arguments.of(rest)
            if strange := arguments.switches - _SWITCHES.get(word, frozenset()):
                raise NotModelled(f"{word} /{min(strange)}")
            return COMMANDS[word](self, arguments, streams)
        except Failed as failure:
            streams.err.append(f"{failure}\r\n")
            return failure.code
        except AccessDenied:
            streams.err.append(f"{self.machine.texts.windows_errors[_ACCESS_DENIED]}\r\n")
            return _ACCESS_DENIED if word in ("rd", "rmdir") else 1

    def redirect(self, redirections: Iterable[Redirection], streams: Streams) -> Streams:
        """The streams of a command behind its redirections; raises Failed."""
        handles = {1: streams.out, 2: streams.err}
        stdin = streams.stdin
        for item in redirections:
            if not item.write:
                stdin = [] if item.target.startswith("&") else [self._text(item.target, _FILE_NOT_FOUND)]
            elif item.target.startswith("&"):
                handles[item.handle] = handles.get(int(item.target[1:]), [])
            else:
                handles[item.handle] = self._output(item)
        return Streams(stdin, handles[1], handles[2])

    def _failure(self, number: int, code: int = 1) -> Failed:
        return Failed(self.machine.texts.windows_errors[number], code)

    def _parent_or(self, path: str, number: int) -> int:
        return number if self.machine.files.is_directory(ntpath.dirname(path)) else _PATH_NOT_FOUND

    def _text(self, name: str, number: int) -> str:
        if name.lower() == "nul":
            return ""
        path = self.path(name)
        if self.machine.files.is_directory(path):
            raise self._failure(_ACCESS_DENIED)
        text = self.machine.text(path)
        if text is None:
            raise self._failure(self._parent_or(path, number))
        return text

    def _output(self, item: Redirection) -> list[str]:
        if item.target.lower() == "nul":
            return []
        path = self.path(item.target)
        if not self.machine.files.is_directory(ntpath.dirname(path)):
            raise self._failure(_PATH_NOT_FOUND)
        try:
            self.machine.check_file_write(path)
            if not item.append:
                self.machine.files.write(path, b"")
            self.machine.append_text(path, "")
        except (AccessDenied, MissingDirectory):
            # A directory of that name cannot be written to either.
            raise self._failure(_ACCESS_DENIED) from None
        return _FileOutput(self.machine, path)

    def make(self, arguments: _Arguments, _streams: Streams) -> int:
        if not arguments.names:
            raise NotModelled("md without a name")
        for name in arguments.names:
            path = self.path(name)
            if self.machine.files.exists(path):
                raise Failed(self.machine.texts.directory_exists.format(name))
            self.machine.check_file_write(path)
            try:
                self.machine.files.make_directory(path)
            except MissingDirectory:
                raise self._failure(_PATH_NOT_FOUND) from None
        return 0

    def remove(self, arguments: _Arguments, _streams: Streams) -> int:
        if "s" in arguments.switches and "q" not in arguments.switches:
            raise NotModelled("rd /s without /q")
        for name in arguments.names:
            path = self.path(name)
            if not self.machine.files.exists(path):
                number = self._parent_or(path, _FILE_NOT_FOUND)
                raise self._failure(number, number)
            if not self.machine.files.is_directory(path):
                raise self._failure(_NO_DIRECTORY, _NO_DIRECTORY)
            self.machine.check_file_write(path)
            if "s" not in arguments.switches and self.machine.files.names(path):
                raise self._failure(_DIRECTORY_NOT_EMPTY, _DIRECTORY_NOT_EMPTY)
            self.machine.files.remove_directory(path)
        return 0

    def show(self, arguments: _Arguments, streams: Streams) -> int:
        if len(arguments.names) != 1:
            raise NotModelled("type with any number of files but one")
        streams.out.append(self._text(arguments.names[0], _FILE_NOT_FOUND))
        return 0

    def delete(self, arguments: _Arguments, streams: Streams) -> int:
        for name in arguments.names:
            path = self.path(name)
            if self.machine.files.is_directory(path):
                raise NotModelled("del with a directory")
            if not self.machine.files.exists(path):
                # Said, but no failure: the file is gone.
                streams.err.append(f"{self.machine.texts.not_there.format(path)}\r\n")
                continue
            self.machine.check_file_write(path)
            self.machine.files.remove(path)
        return 0

    def rename(self, arguments: _Arguments, _streams: Streams) -> int:
        if len(arguments.names) != 2 or re.search(r"[\\/:]", arguments.names[1]):
            raise NotModelled("ren with anything but a file and its new name")
        path, name = self.path(arguments.names[0]), arguments.names[1]
        if not self.machine.files.exists(path):
            raise self._failure(_FILE_NOT_FOUND)
        if self.machine.files.exists(ntpath.join(ntpath.dirname(path), name)):
            raise Failed(self.machine.texts.duplicate)
        self.machine.check_file_write(path)
        self.machine.files.rename(path, name)
        return 0

    def change(self, arguments: _Arguments, streams: Streams) -> int:
        if not arguments.names:
            streams.out.append(f"{self.directory}\r\n")
            return 0
        # `cd` takes blanks in a name as they are, with or without quotes.
        path = self.path(" ".join(arguments.names))
        if not self.machine.files.is_directory(path):
            raise self._failure(_PATH_NOT_FOUND)
        self.directory = path
        return 0


COMMANDS: Mapping[str, Callable[[Disk, _Arguments, Streams], int]] = {
    "md": Disk.make,
    "mkdir": Disk.make,
    "rd": Disk.remove,
    "rmdir": Disk.remove,
    "type": Disk.show,
    "del": Disk.delete,
    "erase": Disk.delete,
    "ren": Disk.rename,
    "rename": Disk.rename,
    "cd": Disk.change,
    "chdir": Disk.change,
}
