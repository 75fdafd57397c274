# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One PowerShell runspace pool, as its protocol shows it, in front of an endpoint that has no PowerShell.

The WS-Man front hands over the fragments that arrive and asks for those to send. What is done with a
script is the caller's business: `run` gets its text and the pipeline's input, gives back what a native
command would, and raises `ScriptRefused` for a script that the endpoint does not run.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psrpcore
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    HostMethodIdentifier,
    NETException,
    PSInvocationState,
)

from windows_lab.backend import Completed

ScriptRunner = Callable[[str, bytes], Completed]

# Three fragments, base64 and an envelope around them stay below the smallest MaxEnvelopeSize (153,600 bytes).
FRAGMENT_SIZE = 32768
FRAGMENTS_PER_ANSWER = 3


class ScriptRefused(Exception):
    """The endpoint does not run this script; the message says why and what it does run."""


@dataclass(frozen=True)
class Answer:
    """What one Receive gives back: fragments of one target, and whether its pipeline has ended."""

    fragments: tuple[bytes, ...]
    done: bool


class _Pipeline:
    """A pipeline that the client has created, with the input that has come in so far."""

    def __init__(self, pool: psrpcore.ServerRunspacePool, command_id: str) -> None:
        self.server = psrpcore.ServerPipeline(pool, uuid.UUID(command_id))
        self.script = ""
        self.input: list[str] = []
        self.stopped = False
        self.ended = False


class RunspacePool:
    """Server side of one runspace pool; safe to call from several threads."""

    def __init__(self, run: ScriptRunner) -> None:
        self._run = run
        self._pool = psrpcore.ServerRunspacePool()
        self._pipelines: dict[uuid.UUID, _Pipeline] = {}
        self._outgoing: dict[uuid.UUID | None, list[bytes]] = defaultdict(list)
        self._changed = threading.Condition()
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Take fragments of the pool or of any of its pipelines; a complete script starts to run."""
        with self._changed:
            self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
            while (event := self._pool.next_event()) is not None:
                self._handle(event)
            self._collect()

    def create_pipeline(self, command_id: str, data: bytes) -> None:
        """Begin the pipeline `command_id` with the first fragments of its script."""
        with self._changed:
            pipeline = _Pipeline(self._pool, command_id)
            self._pipelines[pipeline.server.pipeline_id] = pipeline
        self.feed(data)

    def receive(self, command_id: str | None, timeout: float) -> Answer | None:
        """What to send for a pipeline (None: for the pool); None when `timeout` seconds bring nothing."""
        target = uuid.UUID(command_id) if command_id else None
        deadline = time.monotonic() + timeout
        with self._changed:
            while not self._outgoing[target]:
                remaining = deadline - time.monotonic()
                if self._closed or remaining <= 0 or not self._changed.wait(remaining):
                    return None
            waiting = self._outgoing[target]
            fragments = tuple(waiting[:FRAGMENTS_PER_ANSWER])
            del waiting[:FRAGMENTS_PER_ANSWER]
            pipeline = self._pipelines.get(target) if target else None
            return Answer(fragments, pipeline is not None and pipeline.ended and not waiting)

    def stop(self, command_id: str) -> bool:
        """End a pipeline, running or finished: the client has no more use for it. Whether it was running."""
        with self._changed:
            pipeline = self._pipelines.pop(uuid.UUID(command_id), None)
            if pipeline is None:
                return False
            pipeline.stopped = True
            running = bool(pipeline.server.state == PSInvocationState.Running)
            if running:
                pipeline.server.stop()
                self._collect()
            pipeline.server.close()
            self._changed.notify_all()
            return running

    def close(self) -> bool:
        """End every pipeline and the pool. Whether any was running."""
        running = [self.stop(str(identifier)) for identifier in list(self._pipelines)]
        with self._changed:
            self._closed = True
            self._pool.close()
            self._changed.notify_all()
        return any(running)

    def _handle(self, event: psrpcore.PSRPEvent[Any, Any]) -> None:
        pipeline = self._pipelines.get(event.pipeline_id) if event.pipeline_id else None
        if pipeline is None:
            return
        if isinstance(event, psrpcore.CreatePipelineEvent):
            commands = event.pipeline.commands
            pipeline.script = "\n".join(str(command.command_text) for command in commands)
            pipeline.server.start()
            if event.pipeline.no_input:
                self._start(pipeline)
        elif isinstance(event, psrpcore.PipelineInputEvent):
            pipeline.input.append(str(event.data))
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            self._start(pipeline)

    def _start(self, pipeline: _Pipeline) -> None:
        threading.Thread(target=self._work, args=(pipeline,), name="lab-psrp-pipeline", daemon=True).start()

    def _work(self, pipeline: _Pipeline) -> None:
        stdin = "".join(f"{line}\r\n" for line in pipeline.input).encode()
        refusal = None
        try:
            done = self._run(pipeline.script, stdin)
        except ScriptRefused as error:
            refusal, done = str(error), Completed(1)
        except Exception as error:  # noqa: BLE001 - a broken endpoint must fail its script, not hang its client
            refusal, done = f"The lab's endpoint failed: {error!r}", Completed(1)
        with self._changed:
            if pipeline.stopped:
                return
            if refusal is None:
                _write_native_output(pipeline.server, done)
            else:
                _write_refusal(pipeline.server, refusal)
            pipeline.server.host_call(HostMethodIdentifier.SetShouldExit, [_signed(done.rc)])
            pipeline.server.complete()
            pipeline.ended = True
            self._collect()

    def _collect(self) -> None:
        while (payload := self._pool.data_to_send(FRAGMENT_SIZE)) is not None:
            self._outgoing[payload.pipeline_id].append(payload.data)
        self._changed.notify_all()


def _signed(code: int) -> int:
    """PowerShell's exit codes are Int32, so 0xC0000005 arrives as a negative number."""
    return (code & 0xFFFFFFFF) - (0x100000000 if code & 0x80000000 else 0)


def _lines(data: bytes) -> list[str]:
    """Output of a native command as PowerShell passes it on: one string per line, without its end."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp437")
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def _write_native_output(pipeline: psrpcore.ServerPipeline, done: Completed) -> None:
    for line in _lines(done.stdout):
        pipeline.write_output(line)
    # Windows PowerShell names the first line of a command's stderr differently from all that follow.
    identifier = "NativeCommandError"
    for line in _lines(done.stderr):
        category = ErrorCategoryInfo(Category=ErrorCategory.NotSpecified, TargetName=line)
        pipeline.write_error(NETException(Message=line), category, line, identifier)
        identifier = "NativeCommandErrorMessage"


def _write_refusal(pipeline: psrpcore.ServerPipeline, message: str) -> None:
    category = ErrorCategoryInfo(Category=ErrorCategory.SecurityError, Reason="PSSecurityException")
    pipeline.write_error(NETException(Message=message), category, None, "LabScriptRefused")
