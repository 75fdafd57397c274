# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe of a simulated endpoint: runs what its grammar made of a command line."""

from __future__ import annotations

import dataclasses
import ntpath
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from windows_lab.simulated import cmd_loop, gaps
from windows_lab.simulated.argv import split_argv
from windows_lab.simulated.cmd_files import COMMANDS, Disk, Failed
from windows_lab.simulated.cmd_syntax import (
    Block,
    For,
    If,
    Joined,
    Node,
    Redirection,
    Simple,
    Unexpected,
    expand,
    parse,
)
from windows_lab.simulated.gaps import NOT_MODELLED, NotModelled
from windows_lab.simulated.machine import Machine, Process, Streams
from windows_lab.simulated.programs import PROGRAMS, TOOL, TOOLS, Program

LINE_LIMIT = 8191
NOT_FOUND = 9009

_SHELLS = ("powershell", "pwsh")
_SYSTEM32 = (
    "",
    r"c:\windows\system32",
    r"c:\windows\sysnative",
    r"c:\windows\system32\windowspowershell\v1.0",
)
# Commands whose result is the error level; all others of cmd.exe itself, rd among them, leave it as it was.
_SET_ERROR_LEVEL = frozenset(COMMANDS) - {"rd", "rmdir"} | {"ver"}
_PROFILE_OF_SYSTEM = r"C:\Windows\system32\config\systemprofile"
_ENVIRONMENT_OF_SYSTEM = {
    "APPDATA": rf"{_PROFILE_OF_SYSTEM}\AppData\Roaming",
    "LOCALAPPDATA": rf"{_PROFILE_OF_SYSTEM}\AppData\Local",
    "TEMP": r"C:\Windows\Temp",
    "TMP": r"C:\Windows\Temp",
    "USERPROFILE": _PROFILE_OF_SYSTEM,
}


class _Exit(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


@dataclass
class Cmd:
    """One cmd.exe process; `environment` has upper-case names."""

    machine: Machine
    environment: dict[str, str]
    disk: Disk
    # Whether it runs as LocalSystem.
    system: bool = False
    error_level: int = 0
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(cls, machine: Machine, environment: dict[str, str]) -> Cmd:
        """A cmd.exe of the connecting user, in the directory in which remote shells begin."""
        return cls(machine, environment, Disk(machine, environment["USERPROFILE"]))

    def fork(self, system: bool = False) -> Cmd:
        """A cmd.exe that this one starts, or one of a program that it started, as LocalSystem if so wished."""
        if self.system or not system:
            disk = dataclasses.replace(self.disk)
            return Cmd(self.machine, dict(self.environment), disk, self.system)
        machine = self.machine.of_system()
        name = {"USERNAME": f"{self.environment['COMPUTERNAME']}$"}
        environment = self.environment | _ENVIRONMENT_OF_SYSTEM | name
        return Cmd(machine, environment, Disk(machine, r"C:\Windows\System32"), system=True)

    def run(self, line: str, streams: Streams) -> int:
        """Run `cmd.exe /c line`; gives the exit code of the process."""
        if len(line) > LINE_LIMIT:
            streams.err.append("The command line is too long.\r\n")
            return 1
        try:
            node = parse(expand(_without_outer_quotes(line), self.lookup))
            code = 0 if node is None else self.execute(node, streams)
        except Unexpected as error:
            streams.err.append(self.machine.texts.unexpected.format(error) + "\r\n")
            return 255
        except NotModelled as error:
            return self.gap(str(error), streams)
        except _Exit as request:
            return request.code
        # Seen by the caller of cmd.exe, a program that is not there is a plain 1.
        return 1 if code == NOT_FOUND else code

    def lookup(self, name: str) -> str | None:
        """The value of a variable, or None."""
        if name.lower() == "errorlevel":
            code = self.error_level
            return str(code - 2**32 if code >= 2**31 else code)
        if name.lower() == "cd":
            return self.disk.directory
        return self.environment.get(name.upper())

    def execute(self, node: Node, streams: Streams) -> int:
        """Run one piece of a line; gives the return code that && and || look at."""
        if isinstance(node, Simple):
            return self.simple(node, streams)
        if isinstance(node, Joined):
            return self.joined(node, streams)
        if isinstance(node, If):
            return self.condition(node, streams)
        if isinstance(node, Block):
            return self.redirected(node.redirections, streams, lambda inner: self.execute(node.body, inner))
        return self.loop(node, streams)

    def joined(self, node: Joined, streams: Streams) -> int:
        if node.operator == "|":
            piped = Streams(streams.stdin, [], streams.err)
            self.execute(node.left, piped)
            return self.execute(node.right, Streams(piped.out, streams.out, streams.err))
        code = self.execute(node.left, streams)
        if node.operator == "||" and code:
            # What failed without touching the error level, such as rd or a redirection, sets it here.
            self.error_level = code
        if (node.operator == "&&" and code) or (node.operator == "||" and not code):
            return code
        return self.execute(node.right, streams)

    def condition(self, node: If, streams: Streams) -> int:
        holds = self.disk.exists(self.substitute(node.path)) == node.wanted
        branch = node.body if holds else node.otherwise
        return 0 if branch is None else self.execute(branch, streams)

    def redirected(
        self, redirections: Iterable[Redirection], streams: Streams, run: Callable[[Streams], int]
    ) -> int:
        named = [dataclasses.replace(item, target=self.substitute(item.target)) for item in redirections]
        try:
            inner = self.disk.redirect(named, streams)
        except Failed as failure:
            # The command is not run, and the error level stays as it was.
            streams.err.append(f"{failure}\r\n")
            return failure.code
        return run(inner)

    def loop(self, node: For, streams: Streams) -> int:
        if node.kind not in ("", "/f", "/l"):
            return self.gap(f"for {node.kind}", streams)
        outer = dict(self.variables)
        code = 0
        for bound in self.rounds(node, self.substitute(node.source), streams):
            self.variables.update(bound)
            if not node.silent:
                streams.out.append(f"\r\n{self.disk.directory}>{self.substitute(node.body_text)}\r\n")
            code = self.execute(node.body, streams)
        self.variables = outer
        return code

    def rounds(self, node: For, source: str, streams: Streams) -> Iterable[cmd_loop.Bound]:
        if node.kind == "":
            return cmd_loop.of_words(node.variable, source)
        if node.kind == "/l":
            return cmd_loop.of_numbers(node.variable, source)
        if source.startswith('"'):
            lines = [source.strip('"')]
        elif source.startswith("'"):
            output = Streams([], [], streams.err)
            self.fork().run(source.strip("'"), output)
            lines = "".join(output.out).splitlines()
        else:
            text = self.machine.text(self.disk.path(source))
            if text is None:
                streams.err.append(f"The system cannot find the file {source}.\r\n")
            lines = (text or "").splitlines()
        return cmd_loop.of_lines(node.variable, node.options, lines)

    def substitute(self, text: str) -> str:
        """The text with the variables of the surrounding loops in it."""
        for name, value in self.variables.items():
            if f"%~z{name}" in text:
                data = self.machine.files.read(self.disk.path(value.strip('"')))
                text = text.replace(f"%~z{name}", "" if data is None else str(len(data)))
            text = text.replace(f"%~{name}", value.strip('"')).replace(f"%{name}", value)
        return text

    def simple(self, node: Simple, streams: Streams) -> int:
        text = self.substitute(node.text)
        return self.redirected(node.redirections, streams, lambda inner: self.command(text, inner))

    def command(self, text: str, streams: Streams) -> int:
        text = text.lstrip(" \t,;=")
        if not text:
            return 0
        internal = re.match(r"[A-Za-z]+", text)
        word = internal.group().lower() if internal else ""
        rest = text[len(word) :]
        if word and not re.match(r"[\w:\\-]|\.\w", rest):
            if re.match(r"\s*/\?", rest):
                raise NotModelled(f"{word} /?")
            if word in COMMANDS or word in _INTERNAL:
                return self.internal(word, rest, streams)
            if word in gaps.COMMANDS:
                return self.gap(word, streams)
        self.error_level = self.external(text, streams)
        if self.machine.profile.policy_at_once:
            self.machine.enforce_policy()
        return self.error_level

    def internal(self, word: str, rest: str, streams: Streams) -> int:
        builtin = _INTERNAL.get(word)
        code = builtin(self, rest, streams) if builtin else self.disk.run(word, rest, streams)
        if word in _SET_ERROR_LEVEL:
            self.error_level = code
        return code

    def external(self, text: str, streams: Streams) -> int:
        """Run a program by its command line; gives its exit code."""
        argv = split_argv(text)
        directory, _slash, file = argv[0].rpartition("\\")
        program = file.lower().removesuffix(".exe").removesuffix(".com")
        wow64 = directory.lower() == r"c:\windows\syswow64"
        known = directory.lower() in _SYSTEM32 or wow64
        if program == "cmd" and known:
            return self.child(text, streams)
        if program in _SHELLS and not self.machine.profile.powershell:
            streams.err.append(self.machine.texts.blocked + "\r\n")
            return 1
        main = self.tool(argv[0]) or (PROGRAMS.get(program) if known else None)
        if main is not None:
            return self.started(main, self.process(argv, streams, wow64))
        if program in gaps.PROGRAMS and (known or directory.lower().startswith(r"c:\program files")):
            return self.gap(program, streams)
        first, *others = self.machine.texts.unknown_program
        streams.err.extend(f"{line}\r\n" for line in (first.format(argv[0]), *others))
        return NOT_FOUND

    def started(self, main: Program, process: Process) -> int:
        if "/?" in process.argv:
            return self.gap(f"{process.argv[0]} /?", process.streams)
        try:
            return main(process) & 0xFFFFFFFF
        except NotModelled as error:
            return self.gap(str(error), process.streams)

    def process(self, argv: list[str], streams: Streams, wow64: bool) -> Process:
        def start(line: str, streams: Streams, system: bool) -> int:
            return self.fork(system).external(line, streams)

        return Process(self.machine, argv, streams, wow64, self.system, self.disk.directory, start)

    def tool(self, name: str) -> Program | None:
        """The program in a file on the disk: by its path, or by its name alone in the current directory."""
        path = ntpath.join(self.disk.directory, name)
        for suffix in ("", ".com", ".exe", ".bat", ".cmd"):
            data = self.machine.files.read(path + suffix) or b""
            if data.startswith(TOOL):
                return TOOLS[data[len(TOOL) :].split()[0].decode()]
        return None

    def child(self, text: str, streams: Streams) -> int:
        found = re.match(r'(?:"[^"]*"|\S+)((?:\s*/[dsqauDSQAU])*)\s*/[cC]\s?(.*)', text, re.DOTALL)
        if found is None:
            return self.gap("cmd without /c", streams)
        line = found.group(2)
        if "/s" in found.group(1).lower() and line.startswith('"'):
            line = "".join(line[1:].rsplit('"', 1))
        return self.fork().run(line, streams)

    def gap(self, what: str, streams: Streams) -> int:
        """Say that the simulation, not Windows, gives up here."""
        streams.err.append(f"lab: {what} is not modelled\r\n")
        self.error_level = NOT_MODELLED
        return NOT_MODELLED

    def echo(self, rest: str, streams: Streams) -> int:
        if not rest.strip():
            streams.out.append("ECHO is on.\r\n")
        elif rest.strip().lower() not in ("on", "off"):
            streams.out.append(rest[1:] + "\r\n")
        return 0

    def call(self, rest: str, streams: Streams) -> int:
        # The second reading doubles carets, so those outside quotes end up as they were.
        text = expand(_double_quoted_carets(rest), self.lookup)
        if text.lstrip().startswith(":"):
            raise NotModelled("call of a label")
        if re.search(r"[&|<>]", re.sub(r'"[^"]*"?', "", text)):
            self.error_level = 1
            return 1
        # Whatever does not set the error level, such as echo, clears it when it is called.
        self.error_level = 0
        return self.command(text, streams)

    def leave(self, rest: str, _streams: Streams) -> int:
        code = rest.lower().replace("/b", "").strip()
        raise _Exit(int(code) & 0xFFFFFFFF if re.fullmatch(r"-?\d+", code) else self.error_level)

    def begin_beside(self, rest: str, streams: Streams) -> int:
        """Run a program that this cmd.exe does not wait for."""
        found = re.fullmatch(r'\s+""\s+/b\s+(.*)', rest, re.IGNORECASE | re.DOTALL)
        if found is None:
            return self.gap("start without a title and /b", streams)
        beside = self.fork()
        threading.Thread(
            target=beside.external,
            args=(found.group(1), Streams([], streams.out, streams.err)),
            name=f"lab-beside-{self.machine.name}",
            daemon=True,
        ).start()
        return 0

    def assign(self, rest: str, streams: Streams) -> int:
        name, equals, value = rest.strip().strip('"').partition("=")
        if not equals or name.startswith("/"):
            return self.gap("set without an assignment", streams)
        self.environment.pop(name.upper(), None)
        if value:
            self.environment[name.upper()] = value
        return 0

    def version(self, _rest: str, streams: Streams) -> int:
        build = self.machine.registry.value(
            self.machine.registry.locate(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"),
            "CurrentBuildNumber",
        )
        number = build.data.decode("utf-16-le").rstrip("\0") if build else "0"
        streams.out.append(f"\r\nMicrosoft Windows [Version 10.0.{number}.1]\r\n")
        return 0

    def nothing(self, _rest: str, _streams: Streams) -> int:
        return 0


_INTERNAL: Mapping[str, Callable[[Cmd, str, Streams], int]] = {
    "echo": Cmd.echo,
    "call": Cmd.call,
    "exit": Cmd.leave,
    "set": Cmd.assign,
    "start": Cmd.begin_beside,
    "ver": Cmd.version,
    "rem": Cmd.nothing,
}


def _without_outer_quotes(line: str) -> str:
    # `cmd /?`: two quotes around the name of a program, and nothing special in them, may stay.
    line = line.lstrip(" \t")
    if not line.startswith('"'):
        return line
    if (
        line.count('"') == 2
        and not re.search(r"[&<>()@^|]", line)
        and re.match(r'"[^"]*\.(exe|com)"', line, re.I)
    ):
        return line
    return "".join(line[1:].rsplit('"', 1))


def _double_quoted_carets(text: str) -> str:
    return re.sub(r'"[^"]*"?', lambda quoted: quoted.group().replace("^", "^^"), text)
