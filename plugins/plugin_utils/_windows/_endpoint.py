# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch of native commands to a Windows endpoint and back, over the task's own connection."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .._credentials import shown_words

# cmd.exe takes 8,191 characters; the rest is room for "cmd.exe /d /s /c" and its quotes.
_CMD_LIMIT = 8000
# Over winrm the script is base64 of UTF-16 on that line (8 characters for 3), after PowerShell's own options.
_ENCODED_LIMIT = 3000

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


class CommandTooLong(EndpointError):
    """One command alone is over what the endpoint's command line takes."""


@dataclass(frozen=True)
class Command:
    """One command line for cmd.exe; every part of it that is data has been through quote().

    A compound command stands in parentheses, or redirects by itself. shown is what a result may show of a
    command that holds something secret. stdin is what the command reads: lines of ASCII with \r\n ends.
    """

    text: str
    compound: bool = False
    shown: str = ""
    stdin: str = ""

    def __str__(self) -> str:
        return self.shown or self.text


@dataclass(frozen=True)
class Completed:
    """Exit code of one command, and what it wrote to both streams, with \n line ends."""

    rc: int
    stdout: str


class Connection(Protocol):
    """What is used of an Ansible connection plugin."""

    transport: str

    def exec_command(self, cmd: str, in_data: Any = None) -> tuple[int, bytes, bytes]: ...


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
        script = "& cmd.exe /d /s /c '{}'; exit $LASTEXITCODE".format(line.replace("'", "''"))
        if stdin:
            script = f"$input | {script}"
        if not self.encoded:
            return script
        text = base64.b64encode(script.encode("utf-16-le")).decode()
        return f"powershell -NoProfile -NonInteractive -EncodedCommand {text}"


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
    """A line for cmd.exe, how many commands it holds, and what one of them reads."""

    line: str
    size: int = 0
    stdin: str = ""

    def with_command(self, command: Command, token: str) -> _Batch:
        # The caret keeps the first pass of cmd.exe from expanding the variable; call expands it when it is due.
        redirect = "" if command.compound else " 2>&1"
        part = f"&{command.text}{redirect}&call echo {token} %^errorlevel%"
        return _Batch(self.line + part, self.size + 1, self.stdin or command.stdin)


class Endpoint:
    """A Windows machine that runs batches of commands, each batch in as few round trips as the limit allows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._form = _form_of(connection)

    def run(self, commands: Sequence[Command]) -> list[Completed]:
        """Run the commands in order and return one Completed for each.

        Raises CommandTooLong before anything is sent, IncompleteBatch when an answer is missing, and
        whatever the connection raises when it fails.
        """
        token = secrets.token_hex(4)
        batches = list(self._batches(commands, token))
        completed: list[Completed] = []
        for batch in batches:
            completed += self._round_trip(batch, token)
        return completed

    def check(self, commands: Sequence[Command]) -> None:
        """Raise CommandTooLong where run would; nothing is sent."""
        for _batch in self._batches(commands, "0" * 8):
            pass

    def _batches(self, commands: Sequence[Command], token: str) -> Iterator[_Batch]:
        batch = _Batch(f"echo {token}")
        for command in commands:
            longer = batch.with_command(command, token)
            if batch.size and (self._over(longer) or (batch.stdin and command.stdin)):
                yield batch
                longer = _Batch(f"echo {token}").with_command(command, token)
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
        line = self._form.wrap(batch.line, batch.stdin)
        stdin = batch.stdin if self._form.text else batch.stdin.encode()
        try:
            rc, stdout, stderr = self._connection.exec_command(line, in_data=stdin or None)
        except AnsibleError:
            raise
        except Exception as error:  # noqa: BLE001 - pywinrm, pypsrp and requests have no common base
            raise AnsibleConnectionFailure(f"The connection to the endpoint failed: {error}") from None
        text = stdout.decode("utf-8", errors="replace").replace("\r\n", "\n")
        parts = re.split(rf"{token} ?(-?[0-9]{{1,10}})? *(?:\n|\Z)", text)
        # parts: noise before the batch, nothing, then output and exit code of each command in turn, then a rest.
        outputs, codes = parts[2:-1:2], parts[3::2]
        if len(parts) < 3 or len(codes) != batch.size or None in codes:
            self._incomplete(len(codes), batch.size, rc, stderr)
        return [Completed(int(code), output) for output, code in zip(outputs, codes, strict=True)]

    def _incomplete(self, answered: int, size: int, rc: int, stderr: bytes) -> None:
        said = shown_words(" ".join(stderr.decode("utf-8", errors="replace").split()))[:300]
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
