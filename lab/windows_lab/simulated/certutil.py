# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certutil.exe of a simulated endpoint: a file as base64 between two lines of dashes."""

from __future__ import annotations

import base64

from windows_lab.simulated.files import MissingDirectory
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import AccessDenied, Process

_FILE_NOT_FOUND = 0x80070002
_FILE_EXISTS = 0x80070050
_ACCESS_DENIED = 0x80070005
_COLUMNS = 64


def main(process: Process) -> int:
    """Run `certutil [-f] -encode INPUT OUTPUT`; gives its exit code."""
    words = [f"-{word[1:]}" if word.startswith("/") else word for word in process.argv[1:]]
    switches, names = [word for word in words if word.startswith("-")], words[len(words) - 2 :]
    if switches not in (["-encode"], ["-f", "-encode"]) or len(words) != len(switches) + 2:
        raise NotModelled(f"certutil {' '.join(process.argv[1:])}")
    source, target = (process.path(name) for name in names)
    data = process.machine.files.read(source)
    if data is None:
        return _fail(process, _FILE_NOT_FOUND)
    if process.machine.files.exists(target) and "-f" not in switches:
        return _fail(process, _FILE_EXISTS)
    text = base64.b64encode(data).decode()
    lines = [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
    lines = ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
    try:
        process.machine.check_file_write(target)
        process.machine.files.write(target, "\r\n".join(lines).encode())
    except MissingDirectory:
        return _fail(process, _FILE_NOT_FOUND)
    except AccessDenied:
        return _fail(process, _ACCESS_DENIED)
    process.print(f"Input Length = {len(data)}", f"Output Length = {len(text)}")
    process.print("CertUtil: -encode command completed successfully.")
    return 0


def _fail(process: Process, code: int) -> int:
    process.print(f"CertUtil: -encode command FAILED: 0x{code:x}")
    return code
