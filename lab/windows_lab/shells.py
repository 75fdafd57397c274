# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two kinds of shell behind the WinRM front: cmd.exe's, and PowerShell's runspace pool."""

from __future__ import annotations

import abc
import asyncio
import base64
import binascii
import functools
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from windows_lab import launcher, wsman
from windows_lab.backend import Completed
from windows_lab.host import Host

T = TypeVar("T")

_COMMAND_LINE = f"{{{wsman.SHELL}}}CommandLine"
_COMMAND = f"{{{wsman.SHELL}}}Command"
_ARGUMENTS = f"{{{wsman.SHELL}}}Arguments"
_STREAM = f"{{{wsman.SHELL}}}Stream"
_DESIRED = f"{{{wsman.SHELL}}}DesiredStream"
_SIGNAL = f"{{{wsman.SHELL}}}Signal"
_CREATION = "{http://schemas.microsoft.com/powershell}creationXml"
# Room for the envelope around the base64 of a Receive's output.
_ENVELOPE = 4096


def new_id() -> str:
    """An identifier as Windows writes them."""
    return str(uuid.uuid4()).upper()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wsman.bad_xml() from None


class Shell(abc.ABC):
    """One open shell; the front hands it every request but Create and Delete."""

    def __init__(self, host: Host, executor: Executor) -> None:
        self.host = host
        self._executor = executor
        self._actions: dict[str, Callable[[wsman.Request], Awaitable[str]]] = {
            wsman.COMMAND: self.command,
            wsman.SEND: self.send,
            wsman.RECEIVE: self.receive,
            wsman.SIGNAL: self.signal,
        }

    async def handle(self, request: wsman.Request) -> str:
        """Body of the response; raises wsman.Fault."""
        action = self._actions.get(request.action)
        if action is None:
            raise wsman.unknown_action(request.action)
        return await action(request)

    async def blocking(self, function: Callable[..., T], *arguments: object) -> T:
        """Call what blocks without holding up the other endpoints."""
        call = functools.partial(function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    @abc.abstractmethod
    async def command(self, request: wsman.Request) -> str: ...

    @abc.abstractmethod
    async def send(self, request: wsman.Request) -> str: ...

    @abc.abstractmethod
    async def receive(self, request: wsman.Request) -> str: ...

    @abc.abstractmethod
    async def signal(self, request: wsman.Request) -> str: ...

    async def close(self) -> None:  # noqa: B027 - a shell need not have anything to give back
        """The shell is deleted."""


@dataclass
class _Command:
    """A command line and how far it has come: `sent` counts the bytes of its output already handed over."""

    line: str
    stdin: list[bytes] = field(default_factory=list)
    task: asyncio.Task[Completed] | None = None
    sent: int = 0


class CmdShell(Shell):
    """WinRS: command lines for cmd.exe."""

    def __init__(self, host: Host, executor: Executor) -> None:
        super().__init__(host, executor)
        self._commands: dict[str, _Command] = {}

    async def command(self, request: wsman.Request) -> str:
        for before, ended in self._commands.items():
            if ended.task and ended.task.done():
                raise wsman.not_acknowledged(before)
        arguments = [element.text or "" for element in request.body.iter(_ARGUMENTS)]
        command_id = request.attribute(_COMMAND_LINE, "CommandId") or new_id()
        self._commands[command_id] = _Command(" ".join([request.text(_COMMAND), *arguments]))
        return wsman.command_started(command_id)

    async def send(self, request: wsman.Request) -> str:
        command = self._find(request.attribute(_STREAM, "CommandId"))
        command.stdin.append(_base64(request.text(_STREAM)))
        if request.attribute(_STREAM, "End").lower() in ("true", "1"):
            self._start(command)
        return "<rsp:SendResponse/>"

    async def receive(self, request: wsman.Request) -> str:
        command_id = request.attribute(_DESIRED, "CommandId")
        command = self._find(command_id)
        task = self._start(command)
        await asyncio.wait({task}, timeout=request.timeout)
        if not task.done():
            raise wsman.operation_timeout()
        done = task.result()
        return self._output(command, command_id, done, request.max_envelope)

    async def signal(self, request: wsman.Request) -> str:
        command_id = request.attribute(_SIGNAL, "CommandId")
        self._find(command_id)
        self._end(self._commands.pop(command_id))
        return "<rsp:SignalResponse/>"

    async def close(self) -> None:
        for command in self._commands.values():
            self._end(command)

    def _end(self, command: _Command) -> None:
        # A line that runs goes on unless the endpoint ends it: taking a thread away from under it is not possible.
        if command.task is not None and not command.task.done():
            self.host.backend.interrupt()

    def _find(self, command_id: str) -> _Command:
        command = self._commands.get(command_id)
        if command is None:
            raise wsman.unknown_command(command_id)
        return command

    def _start(self, command: _Command) -> asyncio.Task[Completed]:
        if command.task is None:
            stdin = b"".join(command.stdin)
            run = self.blocking(self.host.command, command.line, stdin)
            command.task = asyncio.get_running_loop().create_task(run)
        return command.task

    @staticmethod
    def _output(command: _Command, command_id: str, done: Completed, max_envelope: int) -> str:
        room = max(max_envelope - _ENVELOPE, _ENVELOPE) * 3 // 4
        begin, end = command.sent, command.sent + room
        split = len(done.stdout)
        streams = [
            wsman.stream(name, base64.b64encode(part).decode(), command_id)
            for name, part in (
                ("stdout", done.stdout[begin:end]),
                ("stderr", done.stderr[max(0, begin - split) : max(0, end - split)]),
            )
            if part
        ]
        command.sent = min(end, split + len(done.stderr))
        complete = command.sent == split + len(done.stderr)
        ends = [wsman.stream(name, "", command_id, end=True) for name in ("stdout", "stderr") if complete]
        state = wsman.command_state(command_id, done.rc & 0xFFFFFFFF if complete else None)
        return wsman.received(*streams, *ends, state)


class PowerShellShell(Shell):
    """PowerShell Remoting: a runspace pool, whose fragments travel in the shell's streams."""

    def __init__(self, host: Host, executor: Executor) -> None:
        super().__init__(host, executor)
        # psrpcore is needed by this kind of shell only; a lab without it still serves the others.
        from windows_lab import psrp

        def run(script: str, stdin: bytes) -> Completed:
            try:
                return host.script(script, stdin)
            except launcher.Refused as error:
                raise psrp.ScriptRefused(str(error)) from None

        self._pool = psrp.RunspacePool(run)

    def open(self, request: wsman.Request) -> None:
        """Take the fragments that come with Create."""
        self._pool.feed(_base64(request.text(_CREATION)))

    async def command(self, request: wsman.Request) -> str:
        command_id = request.attribute(_COMMAND_LINE, "CommandId") or new_id()
        self._pool.create_pipeline(command_id, _base64(request.text(_ARGUMENTS)))
        return wsman.command_started(command_id)

    async def send(self, request: wsman.Request) -> str:
        self._pool.feed(_base64(request.text(_STREAM)))
        return "<rsp:SendResponse/>"

    async def receive(self, request: wsman.Request) -> str:
        command_id = request.attribute(_DESIRED, "CommandId")
        answer = await self.blocking(self._pool.receive, command_id or None, request.timeout)
        if answer is None:
            raise wsman.operation_timeout()
        parts = [
            wsman.stream("stdout", base64.b64encode(fragment).decode(), command_id)
            for fragment in answer.fragments
        ]
        if command_id:
            parts.append(wsman.command_state(command_id, 0 if answer.done else None))
        return wsman.received(*parts)

    async def signal(self, request: wsman.Request) -> str:
        if self._pool.stop(request.attribute(_SIGNAL, "CommandId")):
            self.host.backend.interrupt()
        return "<rsp:SignalResponse/>"

    async def close(self) -> None:
        if self._pool.close():
            self.host.backend.interrupt()


def create(request: wsman.Request, host: Host, executor: Executor) -> Shell:
    """Open the shell that a Create asks for; raises wsman.Fault."""
    if request.resource == wsman.CMD_SHELL:
        return CmdShell(host, executor)
    if not request.resource.startswith(wsman.POWERSHELL_SHELL):
        raise wsman.unknown_resource(request.resource)
    if not host.backend.profile.powershell:
        raise wsman.Fault(5, "w:AccessDenied", "Access is denied.")
    shell = PowerShellShell(host, executor)
    shell.open(request)
    return shell
