# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch of native commands to a Windows endpoint and back, over the task's own connection."""

from __future__ import annotations

import base64
import contextlib
import re
import secrets
import subprocess
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .._credentials import shown_words
from ._alarm import Alarm, Rang
from ._sign_in import trouble_of
from ._text import printable, safe

# cmd.exe takes 8,191 characters; the rest is room for "cmd.exe /d /s /c" and its quotes.
_CMD_LIMIT = 8000
# Over winrm the script is base64 of UTF-16 on that line (8 characters for 3), after PowerShell's own options.
_ENCODED_LIMIT = 3000
# Seconds that one call may take beyond what its commands take by what they are; a batch of them takes seconds.
DEADLINE = 600.0
# Seconds for a connection to close after that.
_GRACE = 5.0
# The largest answer that any batch is known to give is a log of 8 million characters with the rest beside it.
ANSWER_LIMIT = 32 * 1024 * 1024
_SAID_LIMIT = 300
_FAILED = "The connection to the endpoint failed: "
# How winrm says that what a command reads could not be sent; all that the endpoint had answered comes after it.
_NOT_SENT = "winrm send_input failed"

# cmd.exe looks for a program in the current directory first, and remote shells begin in one that a user can write to.
# Here stands what the commands call by its name alone, and nobody but Windows puts anything there.
_HEAD = r"cd /d %SystemRoot%\System32"
# PowerShell does not look there, and is no program of that directory.
POWERSHELL = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe"

_SAFE = re.compile(r"[A-Za-z0-9_./:=,\\@+-]+")
# PowerShell, where it stands between, takes typographic quotes for quotes: ASCII has none.
_REFUSED = re.compile(r'["%!]|[^\x20-\x7e]')
_NO_ARGUMENT = "a command line argument can't hold a double quote, %, !, or what is not printable ASCII"


class EndpointError(Exception):
    """The endpoint could not be asked, or its answer can't be relied on."""


class NotWindows(EndpointError):
    """The task's connection does not lead to a Windows shell."""


class IncompleteBatch(EndpointError):
    """The endpoint answered fewer commands than it was sent."""


class DeadlineExceeded(EndpointError):
    """The endpoint did not answer in time, and what it was asked to do may have been done or not."""


class AnswerTooLong(EndpointError):
    """The endpoint answered more than any batch can bring."""


class CommandTooLong(EndpointError):
    """One command alone is over what the endpoint's command line takes."""


@dataclass(frozen=True)
class Command:
    """One command line for cmd.exe; every part of it that is data has been through quote().

    A program of System32 stands there by its name, any other by its path: it runs in that directory.

    A compound command stands in parentheses, or redirects by itself. shown is what a result may show of a
    command that holds something secret. stdin is what the command reads: lines of ASCII with \r\n ends. seconds is
    how long it may run by what it is, as one does that waits.
    """

    text: str
    compound: bool = False
    shown: str = ""
    stdin: str = ""
    seconds: int = 0

    def __str__(self) -> str:
        return self.shown or self.text


@dataclass(frozen=True)
class Completed:
    """Exit code of one command, and what it wrote to both streams: safe text with \n line ends."""

    rc: int
    stdout: str


class Connection(Protocol):
    """What is used of an Ansible connection plugin."""

    transport: str

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]: ...

    def close(self) -> None: ...

    def reset(self) -> None: ...


def quote(argument: str) -> str:
    """Return the argument as one word of a cmd.exe command line.

    Between double quotes cmd.exe takes & | < > ( ) ^ as they are. It has no way to write a double quote, a
    percent sign or (with delayed expansion) an exclamation mark that holds in every state, so these raise
    ValueError, as control characters and all that is not ASCII do. Backslashes at the end are doubled, since the C
    runtime would otherwise read the last one and the closing quote as a literal quote.
    """
    return argument if _SAFE.fullmatch(argument) else quoted(argument)


def quoted(argument: str) -> str:
    """As quote(), with the double quotes in any case: netsh documents its arguments in them."""
    if _REFUSED.search(argument):
        raise ValueError(_NO_ARGUMENT)
    tail = len(argument) - len(argument.rstrip("\\"))
    return f'"{argument}{chr(92) * tail}"'


@dataclass(frozen=True)
class _Form:
    """How a connection takes a line for cmd.exe.

    As it is, or inside a PowerShell script; and that script as it is, or encoded because the shell at the other
    end would take its quotes for its own. Standard input goes as bytes, or (text) as lines of a pipeline.
    """

    limit: int
    powershell: bool = False
    encoded: bool = False
    text: bool = False

    def wrap(self, line: str, stdin: str = "") -> str:
        if not self.powershell:
            return line
        quoted_line = line.replace("'", "''")
        script = f"& \"$env:SystemRoot\\System32\\cmd.exe\" /d /s /c '{quoted_line}'; exit $LASTEXITCODE"
        if stdin:
            script = f"$input | {script}"
        if not self.encoded:
            return script
        text = base64.b64encode(script.encode("utf-16-le")).decode()
        program = POWERSHELL.replace("%SystemRoot%", "$env:SystemRoot")
        return f"& {program} -NoProfile -NonInteractive -EncodedCommand {text}"


_FORMS = {
    "mde.connectivity.winrs": _Form(_CMD_LIMIT),
    "winrm": _Form(_ENCODED_LIMIT, powershell=True),
    "psrp": _Form(_CMD_LIMIT, powershell=True, text=True),
}
_SSH_FORMS = {
    "cmd": _Form(_CMD_LIMIT),
    "powershell": _Form(_CMD_LIMIT, powershell=True, encoded=True),
}


def _form_of(connection: Connection) -> _Form:
    """Choose by the connection, and by the shell family only for ssh.

    From ansible-core 2.21 on the winrm connection calls its shell family cmd, yet its exec_command still
    takes PowerShell text.
    """
    transport = connection.transport
    if transport in _FORMS:
        return _FORMS[transport]
    family = getattr(getattr(connection, "_shell", None), "SHELL_FAMILY", "none")
    if transport == "ssh" and family in _SSH_FORMS:
        return _SSH_FORMS[family]
    raise NotWindows(
        f"This host is not reached as Windows: its connection is {transport} with the shell family {family}. "
        "Use the connection mde.connectivity.winrs, winrm or psrp, or ssh with ansible_shell_type set to "
        "cmd or powershell."
    )


@dataclass(frozen=True)
class _Batch:
    """A line for cmd.exe, how many commands it holds, what one of them reads, and how long they may run."""

    line: str
    size: int = 0
    stdin: str = ""
    seconds: int = 0

    def with_command(self, command: Command, token: str) -> _Batch:
        # The caret keeps the first pass of cmd.exe from expanding the variable; call expands it when it is due.
        redirect = "" if command.compound else " 2>&1"
        part = f"&{command.text}{redirect}&call echo {token} %^errorlevel%"
        stdin, seconds = self.stdin or command.stdin, self.seconds + command.seconds
        return _Batch(self.line + part, self.size + 1, stdin, seconds)


class Endpoint:
    """A Windows machine that runs batches of commands, each batch in as few round trips as the limit allows.

    deadline is how many seconds one call may take beyond what its commands take by what they are.
    """

    def __init__(self, connection: Connection, deadline: float | None = None) -> None:
        self._connection = connection
        self._form = _form_of(connection)
        self._deadline = DEADLINE if deadline is None else deadline

    def run(self, commands: Sequence[Command]) -> list[Completed]:
        """Run the commands in order and return one Completed for each.

        Raises CommandTooLong before anything is sent, IncompleteBatch when an answer is missing, AnswerTooLong when
        it is too much of one, DeadlineExceeded, and AnsibleError when the connection fails.
        """
        token = secrets.token_hex(4)
        batches = list(self._batches(commands, token))
        completed: list[Completed] = []
        for batch in batches:
            completed += self._round_trip(batch, token)
        return completed

    def renew(self) -> None:
        """Begin a new connection, as to an endpoint that was restarted. Raises AnsibleError."""
        try:
            self._connection.reset()
        except AnsibleError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, there is no connection
            raise AnsibleConnectionFailure(f"{_FAILED}{type(error).__name__}") from None

    def check(self, commands: Sequence[Command]) -> None:
        """Raise CommandTooLong where run would; nothing is sent."""
        for _batch in self._batches(commands, "0" * 8):
            pass

    def _batches(self, commands: Sequence[Command], token: str) -> Iterator[_Batch]:
        first = batch = _Batch(f"{_HEAD}&echo {token}")
        for command in commands:
            longer = batch.with_command(command, token)
            if batch.size and (self._over(longer) or (batch.stdin and command.stdin)):
                yield batch
                longer = first.with_command(command, token)
            if self._over(longer):
                raise CommandTooLong(
                    f"A command of {len(command.text)} characters is over the limit of this connection "
                    f"({self._form.limit}): {str(command)[:80]}..."
                )
            batch = longer
        if batch.size:
            yield batch

    def _over(self, batch: _Batch) -> bool:
        return len(self._form.wrap(batch.line, batch.stdin)) > self._form.limit

    def _round_trip(self, batch: _Batch, token: str) -> list[Completed]:
        rc, stdout, stderr = self._exchange(batch)
        if len(stdout) > ANSWER_LIMIT:
            raise AnswerTooLong(
                f"The endpoint answered {len(stdout)} bytes, and no more than {ANSWER_LIMIT} are expected."
            )
        text = safe(stdout.decode("utf-8", errors="replace").replace("\r\n", "\n"))
        parts = re.split(rf"{token} ?(-?[0-9]{{1,10}})? *(?:\n|\Z)", text)
        # parts: noise before the batch, nothing, then output and exit code of each command in turn, then a rest.
        outputs, codes = parts[2:-1:2], parts[3::2]
        if len(parts) < 3 or len(codes) != batch.size or None in codes:
            self._incomplete(len(codes), batch.size, rc, stderr)
        return [Completed(int(code), output) for output, code in zip(outputs, codes, strict=True)]

    def _exchange(self, batch: _Batch) -> tuple[int, bytes, bytes]:
        line = self._form.wrap(batch.line, batch.stdin)
        stdin = batch.stdin if self._form.text else batch.stdin.encode()
        alarm = Alarm(self._deadline + batch.seconds, _GRACE)
        try:
            return alarm.bounded(lambda: self._connection.exec_command(line, in_data=stdin or None))
        except (Rang, Exception) as error:
            if alarm.rang:
                self._abandon(error)
                raise DeadlineExceeded(
                    f"The endpoint did not answer within {_spelled(self._deadline + batch.seconds)}. The connection "
                    "was closed, which ends what ran there as far as the connection can."
                ) from None
            if isinstance(error, EndpointError):
                raise
            if str(error).startswith(_NOT_SENT):
                raise IncompleteBatch(
                    "The endpoint could not be sent all that a command reads, and what it did until then is not known."
                ) from None
            if isinstance(error, AnsibleError) and not isinstance(error, AnsibleConnectionFailure):
                raise
            raise AnsibleConnectionFailure(self._said(error)) from None

    def _said(self, error: BaseException) -> str:
        trouble = trouble_of(str(error)) if self._connection.transport in _FORMS else None
        if trouble:
            return _FAILED + trouble.sentence(self._connection.transport)
        said = printable(str(error), _SAID_LIMIT)
        return said if isinstance(error, AnsibleError) else _FAILED + said

    def _abandon(self, error: BaseException) -> None:
        """End what a call had started here, such as an ssh, and close the shell that it waited for."""
        for frame, _line in traceback.walk_tb(error.__traceback__):
            for started in frame.f_locals.values():
                if isinstance(started, subprocess.Popen):
                    started.kill()
        with contextlib.suppress(Rang, Exception):
            Alarm(_GRACE, _GRACE).bounded(self._connection.close)

    def _incomplete(self, answered: int, size: int, rc: int, stderr: bytes) -> None:
        said = printable(shown_words(safe(stderr[:ANSWER_LIMIT].decode("utf-8", errors="replace"))), _SAID_LIMIT)
        message = f"The endpoint answered {answered} of {size} commands (exit code {rc})"
        message += f" and said: {said}" if said else "."
        if self._connection.transport == "ssh" and not self._form.powershell and not answered:
            message += " If the shell of its SSH server is PowerShell, set ansible_shell_type to powershell."
        if self._form.powershell and not answered:
            message += (
                " This connection starts cmd.exe through PowerShell; where PowerShell is blocked, use the"
                " connection mde.connectivity.winrs or ssh with cmd."
            )
        raise IncompleteBatch(message)


def _spelled(seconds: float) -> str:
    minutes = round(seconds / 60, 1)
    return f"{minutes:g} minutes" if minutes >= 1 else f"{seconds:g} seconds"
