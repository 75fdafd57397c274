# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrives at an endpoint, a command line or PowerShell text, made into a line for its cmd.exe."""

from __future__ import annotations

import base64
import binascii
import codecs
import re

from windows_lab.backend import Backend, Completed

LIMIT = 8191
NOT_FOUND = 9009

_POWERSHELL = re.compile(r'(?:& )?(?:"?(?:[^"\s]*\\)?powershell(?:\.exe)?"?)(?=\s|$)(?P<rest>.*)', re.I | re.S)
_ENCODED = re.compile(r"\s-enc(?:odedcommand)?\s+\"?(?P<script>[A-Za-z0-9+/=]+)\"?\s*", re.I)
_LAUNCHER = re.compile(
    r"(?P<fed>\$input \| )?& (?:cmd\.exe|\"\$env:SystemRoot\\System32\\cmd\.exe\") /d /s /c "
    r"'(?P<line>(?:[^'\r\n]|'')*)'; "
    r"exit \$LASTEXITCODE(?:\s*exit \$LASTEXITCODE)?\s*"
)
_QUOTED = re.compile(r'"[^"]*"')
_PROGRAM = re.compile(
    r"(?:^|[&|(@]|\bdo\b)\s*@?(?:call\s+)?(?:[^\s&|()<>]*\\)?(?P<name>[^\s&|()<>\\]+)", re.IGNORECASE
)
_TOO_LONG = {
    "en": "The command line is too long.\r\n",
    "de": "Die Befehlszeile ist zu lang.\r\n",
}
_BLOCKED = {
    "en": (
        "This program is blocked by group policy. "
        "For more information, contact your system administrator.\r\n"
    ),
    "de": (
        "Dieses Programm wurde durch eine Gruppenrichtlinie blockiert. "
        "Wenden Sie sich an den Systemadministrator, um weitere Informationen zu erhalten.\r\n"
    ),
}
# PowerShell writes its progress as CLIXML when its standard error is a pipe, even if nothing went wrong.
_PROGRESS = (
    b'#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    b'<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T>'
    b'<T>System.Object</T></TN><MS><I64 N="SourceId">1</I64><PR N="Record">'
    b"<AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T>"
    b"<SR>-1</SR><SD> </SD></PR></MS></Obj></Objs>"
)


class Refused(Exception):
    """The endpoint does not run what it was sent; `answer` is what the sender gets to see instead."""

    def __init__(self, message: str, rc: int = 1) -> None:
        super().__init__(message.strip())
        self.answer = Completed(rc, b"", message.encode("cp437", "replace"))


def _limited(backend: Backend, line: str, prefix: str) -> str:
    if len(prefix) + len(line) > LIMIT:
        raise Refused(_TOO_LONG[backend.profile.locale])
    return line


def refuse_stubs(backend: Backend, line: str) -> None:
    """Raise Refused when `line` starts a program that only pretends to work on this endpoint."""
    programs = {name.lower().removesuffix(".exe") for name in _PROGRAM.findall(_QUOTED.sub('""', line))}
    if stubs := sorted(programs & backend.stubs):
        raise Refused(
            f"{', '.join(stubs)} would do nothing on {backend.name} and say that it did.\r\n", NOT_FOUND
        )


def line_of_script(backend: Backend, script: str) -> str:
    """The line in `script`, which is the launcher and nothing else; raises Refused for all else."""
    if not backend.profile.powershell:
        raise Refused(_BLOCKED[backend.profile.locale])
    match = _LAUNCHER.fullmatch(script.strip())
    if match is None:
        begin = " ".join(script.split())[:80]
        raise Refused(
            "There is no PowerShell on the lab's endpoints. They know one script, "
            '"& cmd.exe /d /s /c \'...\'; exit $LASTEXITCODE", perhaps with "$input | " before it, '
            f"and this is not it: {begin}\r\n"
        )
    return _limited(backend, match["line"].replace("''", "'"), "cmd.exe /d /s /c ")


def _decoded(line: str, rest: str) -> str:
    match = _ENCODED.search(rest)
    if match is None:
        raise Refused(
            f"The lab's endpoints start PowerShell with -EncodedCommand only, not with: {line[:80]}\r\n"
        )
    try:
        return base64.b64decode(match["script"], validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("The text behind -EncodedCommand is not base64 of UTF-16LE.\r\n") from None


def powershell_text(backend: Backend, line: str) -> str | None:
    """What a line that starts PowerShell gives it to run, None for any other line; raises Refused."""
    match = _POWERSHELL.fullmatch(line.strip())
    if match is None or not backend.profile.powershell:
        return None
    return _decoded(_limited(backend, line, "cmd.exe /c "), match["rest"])


def script_of(line: str) -> str:
    """The PowerShell text of a line that starts PowerShell with it; any other line is its own."""
    match = _POWERSHELL.fullmatch(line.strip())
    return line if match is None else _decoded(line, match["rest"])


def fed(script: str, stdin: bytes) -> bytes:
    """What cmd.exe gets of the standard input of a PowerShell that runs `script`.

    A pipeline hands over lines of ASCII, behind the byte order mark that Windows PowerShell 5.1 writes first where the
    code page is UTF-8. Without one the lab withholds what some connections would pass on.
    """
    match = _LAUNCHER.fullmatch(script.strip())
    if match is None or not match["fed"] or not stdin:
        return b""
    lines = re.sub("\r\n?", "\n", stdin.decode("utf-8", "replace")).removesuffix("\n").split("\n")
    return codecs.BOM_UTF8 + "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")


def line_of_command(backend: Backend, line: str) -> tuple[str, bool]:
    """The line for cmd.exe in the command line `line`, and whether PowerShell stands between the two."""
    _limited(backend, line, "cmd.exe /c ")
    match = _POWERSHELL.fullmatch(line.strip())
    if match is None:
        return line, False
    if not backend.profile.powershell:
        raise Refused(_BLOCKED[backend.profile.locale])
    return line_of_script(backend, _decoded(line, match["rest"])), True


def starts_powershell(line: str) -> bool:
    """Whether the command line `line` starts powershell.exe."""
    return _POWERSHELL.fullmatch(line.strip()) is not None


def through_powershell(done: Completed) -> Completed:
    """`done` as a PowerShell process passes it on: with its own noise in front of the standard error."""
    return Completed(done.rc, done.stdout, _PROGRESS + done.stderr)
