# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe of a simulated endpoint: runs what its grammar made of a command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.lab.simulated import netsh, reg, sc
from tests.lab.simulated.argv import split_argv
from tests.lab.simulated.cmd_syntax import (
    Block,
    For,
    Joined,
    Node,
    Redirection,
    Simple,
    Unexpected,
    expand,
    parse,
)
from tests.lab.simulated.machine import Machine, Process, Streams

LINE_LIMIT = 8191
NOT_FOUND = 9009
# ERROR_NOT_SUPPORTED, for what the simulation does not model.
NOT_MODELLED = 50

_PROGRAMS: Mapping[str, Callable[[Process], int]] = {"reg": reg.main, "netsh": netsh.main, "sc": sc.main}
# What Windows has and the simulation lacks: said aloud, so that a gap is never taken for an answer.
_INTERNAL_GAPS = frozenset(
    (
        "assoc",
        "copy",
        "date",
        "del",
        "dir",
        "endlocal",
        "erase",
        "ftype",
        "goto",
        "if",
        "md",
        "mkdir",
        "mklink",
    )
    + (
        "move",
        "path",
        "pause",
        "popd",
        "prompt",
        "pushd",
        "rd",
        "ren",
        "rename",
        "rmdir",
        "setlocal",
        "shift",
    )
    + ("start", "time", "type", "verify", "vol")
)
_EXTERNAL_GAPS = frozenset(
    ("bitsadmin", "certutil", "cscript", "curl", "find", "findstr", "gpupdate", "icacls", "ipconfig", "more")
    + ("net", "ping", "powershell", "pwsh", "schtasks", "shutdown", "systeminfo", "taskkill", "tasklist")
    + ("timeout", "wevtutil", "where", "whoami", "wmic", "wscript")
)
_SHELLS = ("powershell", "pwsh")


class _Exit(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


@dataclass
class Cmd:
    """One cmd.exe process; `environment` has upper-case names."""

    machine: Machine
    environment: dict[str, str]
    error_level: int = 0
    variables: dict[str, str] = field(default_factory=dict)

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
            return self.environment["USERPROFILE"]
        return self.environment.get(name.upper())

    def execute(self, node: Node, streams: Streams) -> int:
        """Run one piece of a line; gives the return code that && and || look at."""
        if isinstance(node, Simple):
            return self.simple(node, streams)
        if isinstance(node, Joined):
            return self.joined(node, streams)
        if isinstance(node, Block):
            return self.execute(node.body, self.redirect(node.redirections, streams))
        return self.loop(node, streams)

    def joined(self, node: Joined, streams: Streams) -> int:
        if node.operator == "|":
            piped = Streams(streams.stdin, [], streams.err)
            self.execute(node.left, piped)
            return self.execute(node.right, Streams("".join(piped.out), streams.out, streams.err))
        code = self.execute(node.left, streams)
        if (node.operator == "&&" and code) or (node.operator == "||" and not code):
            return code
        return self.execute(node.right, streams)

    def redirect(self, redirections: tuple[Redirection, ...], streams: Streams) -> Streams:
        handles = {1: streams.out, 2: streams.err}
        stdin = streams.stdin
        for item in redirections:
            if not item.write:
                stdin = ""
            elif item.target.startswith("&"):
                handles[item.handle] = handles.get(int(item.target[1:]), [])
            elif item.target.lower() == "nul":
                handles[item.handle] = []
            else:
                # The product leaves no files behind, so the lab has nowhere to put one.
                streams.err.append(f"lab: redirection to the file {item.target} is not modelled\r\n")
                raise _Exit(NOT_MODELLED)
        return Streams(stdin, handles[1], handles[2])

    def loop(self, node: For, streams: Streams) -> int:
        if node.kind not in ("", "/f"):
            return self.gap(f"for {node.kind}", streams)
        outer = dict(self.variables)
        code = 0
        source = self.substitute(node.source)
        for bound in self.rounds(node, source, streams):
            self.variables.update(bound)
            if not node.silent:
                streams.out.append(
                    f"\r\n{self.environment['USERPROFILE']}>{self.substitute(node.body_text)}\r\n"
                )
            code = self.execute(node.body, streams)
        self.variables = outer
        return code

    def rounds(self, node: For, source: str, streams: Streams) -> list[dict[str, str]]:
        if node.kind == "":
            return [{node.variable: word} for word in re.findall(r'"[^"]*"|[^\s,;=]+', source)]
        if source.startswith('"'):
            lines = [source.strip('"')]
        elif source.startswith("'"):
            child = Cmd(self.machine, dict(self.environment))
            output = Streams("", [], streams.err)
            child.run(source.strip("'"), output)
            lines = "".join(output.out).splitlines()
        else:
            streams.err.append(f"The system cannot find the file {source}.\r\n")
            return []
        options = _loop_options(node.options)
        rounds = (_tokens(line, node.variable, options) for line in lines[int(options.get("skip", "0")) :])
        return [bound for bound in rounds if bound]

    def substitute(self, text: str) -> str:
        """The text with the variables of the surrounding loops in it."""
        for name, value in self.variables.items():
            text = text.replace(f"%~{name}", value.strip('"')).replace(f"%{name}", value)
        return text

    def simple(self, node: Simple, streams: Streams) -> int:
        text = self.substitute(node.text)
        named = (
            Redirection(item.handle, self.substitute(item.target), item.write) for item in node.redirections
        )
        return self.command(text, self.redirect(tuple(named), streams))

    def command(self, text: str, streams: Streams) -> int:
        text = text.lstrip(" \t,;=")
        if not text:
            return 0
        internal = re.match(r"[A-Za-z]+", text)
        word = internal.group().lower() if internal else ""
        rest = text[len(word) :]
        if word and not re.match(r"[\w:\\-]|\.\w", rest):
            builtin = _INTERNAL.get(word)
            if builtin is not None:
                return builtin(self, rest, streams)
            if word in _INTERNAL_GAPS:
                return self.gap(word, streams)
        self.error_level = self.external(text, streams)
        if self.machine.profile.policy_at_once:
            self.machine.enforce_policy()
        return self.error_level

    def external(self, text: str, streams: Streams) -> int:
        argv = split_argv(text)
        directory, _slash, file = argv[0].rpartition("\\")
        program = file.lower().removesuffix(".exe").removesuffix(".com")
        wow64 = directory.lower() == r"c:\windows\syswow64"
        known = directory.lower() in ("", r"c:\windows\system32", r"c:\windows\sysnative") or wow64
        if program == "cmd" and known:
            return self.child(text, streams)
        if program in _PROGRAMS and known:
            return _PROGRAMS[program](Process(self.machine, argv, streams, wow64)) & 0xFFFFFFFF
        if program in _SHELLS and not self.machine.profile.powershell:
            streams.err.append(self.machine.texts.blocked + "\r\n")
            return 1
        if program in _EXTERNAL_GAPS:
            return self.gap(program, streams)
        first, *others = self.machine.texts.unknown_program
        streams.err.extend(f"{line}\r\n" for line in (first.format(argv[0]), *others))
        return NOT_FOUND

    def child(self, text: str, streams: Streams) -> int:
        found = re.match(r'(?:"[^"]*"|\S+)((?:\s*/[dsqauDSQAU])*)\s*/[cC]\s?(.*)', text, re.DOTALL)
        if found is None:
            return self.gap("cmd without /c", streams)
        line = found.group(2)
        if "/s" in found.group(1).lower() and line.startswith('"'):
            line = "".join(line[1:].rsplit('"', 1))
        return Cmd(self.machine, dict(self.environment)).run(line, streams)

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
        if re.search(r"[&|<>]", re.sub(r'"[^"]*"?', "", text)):
            self.error_level = 1
            return 1
        return self.command(text, streams)

    def leave(self, rest: str, _streams: Streams) -> int:
        code = rest.lower().replace("/b", "").strip()
        raise _Exit(int(code) & 0xFFFFFFFF if re.fullmatch(r"-?\d+", code) else self.error_level)

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
    "ver": Cmd.version,
    "rem": Cmd.nothing,
    "title": Cmd.nothing,
    "cls": Cmd.nothing,
    "cd": Cmd.nothing,
    "chdir": Cmd.nothing,
    "color": Cmd.nothing,
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


def _loop_options(text: str) -> dict[str, str]:
    found = re.findall(r"(delims)=(.*)$|(\w+)=(\S+)", text)
    return {(first or second).lower(): (value if first else other) for first, value, second, other in found}


def _tokens(line: str, variable: str, options: Mapping[str, str]) -> dict[str, str]:
    """The variables that one line of FOR /F sets; none for a line that FOR passes over."""
    delimiters = options.get("delims", " \t")
    line = line.lstrip(delimiters) if delimiters else line
    if not line or line.startswith(options.get("eol", ";")):
        return {}
    bound: dict[str, str] = {}
    for number in re.findall(r"\d+-\d+|\d+|\*", options.get("tokens", "1")):
        for token in _one_token(line, number, delimiters, options.get("tokens", "1")):
            bound[chr(ord(variable) + len(bound))] = token
    return bound


def _one_token(line: str, number: str, delimiters: str, wanted: str) -> list[str]:
    words = re.findall(f"[^{re.escape(delimiters)}]+", line) if delimiters else [line]
    if number == "*":
        last = max((int(digits) for digits in re.findall(r"\d+", wanted)), default=0)
        parts = re.split(f"[{re.escape(delimiters)}]+", line, maxsplit=last) if delimiters else [line]
        return [parts[last] if last < len(parts) else ""]
    first, _dash, last_number = number.partition("-")
    span = range(int(first), int(last_number or first) + 1)
    return [words[index - 1] if index <= len(words) else "" for index in span]
