# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell that somebody has: MDE_POWERSHELL is the path of a Windows build, or of a native one.

A Windows build (its name ends in .exe) runs inside the Wine endpoints, where it takes the place of Windows PowerShell.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

VARIABLE = "MDE_POWERSHELL"
PROGRAM = r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe -NoProfile -NonInteractive"
_FILE = "lab/script.ps1"
# cmd.exe takes 8,191 characters; what is longer comes over psrp only, which starts no program.
_ENCODED_LIMIT = 8000


def path() -> Path | None:
    """Where the PowerShell is; None without one."""
    return Path(os.environ[VARIABLE]).resolve() if os.environ.get(VARIABLE) else None


def is_windows() -> bool:
    """Whether there is a Windows build."""
    found = path()
    return found is not None and found.suffix.lower() == ".exe"


def environment() -> dict[str, str]:
    """What the endpoints get to see of it; it reports nothing to its maker and looks for no update."""
    if not is_windows():
        return {}
    kept = {name: value for name, value in os.environ.items() if name.startswith(("DOTNET_", "COMPlus_"))}
    found = "Z:" + str(path()).replace("/", "\\")
    return {**kept, VARIABLE: found, "POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off"}


def line(script: str, drive: Path) -> str:
    """The command line that runs a script, whose `$input` is the standard input, on an endpoint with this drive C:."""
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    if len(encoded) < _ENCODED_LIMIT - len(PROGRAM):
        return f"{PROGRAM} -EncodedCommand {encoded}"
    (drive / _FILE).write_text(script, encoding="utf-8-sig")
    file = "C:\\" + _FILE.replace("/", "\\")
    return f"{PROGRAM} -Command \"$input | & ([scriptblock]::Create([IO.File]::ReadAllText('{file}')))\""
