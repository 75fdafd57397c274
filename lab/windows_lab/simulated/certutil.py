# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""certutil.exe of a simulated endpoint: a file as base64 and back, and its hash."""

from __future__ import annotations

import base64
import hashlib
import re

from windows_lab.simulated.files import MissingDirectory
from windows_lab.simulated.gaps import NotModelled
from windows_lab.simulated.machine import AccessDenied, Process

_FILE_NOT_FOUND = 0x80070002
_FILE_EXISTS = 0x80070050
_ACCESS_DENIED = 0x80070005
_INVALID_DATA = 0x8007000D
_COLUMNS = 64
_LINES = re.compile(rb"-----[A-Z ]+-----|\s")


def main(process: Process) -> int:
    """Run `certutil [-f] -encode|-decode INPUT OUTPUT` or `certutil -hashfile FILE SHA256`; gives its exit code."""
    words = [f"-{word[1:]}" if word.startswith("/") else word for word in process.argv[1:]]
    if words[:1] == ["-hashfile"] and len(words) == 3 and words[2].lower() == "sha256":
        return _hash(process, process.path(words[1]))
    switches, names = [word for word in words if word.startswith("-")], words[len(words) - 2 :]
    verb = switches[-1] if switches else ""
    if verb not in ("-encode", "-decode") or switches[:-1] not in ([], ["-f"]) or len(words) != len(switches) + 2:
        raise NotModelled(f"certutil {' '.join(process.argv[1:])}")
    source, target = (process.path(name) for name in names)
    data = process.machine.files.read(source)
    if data is None:
        return _fail(process, verb, _FILE_NOT_FOUND)
    if process.machine.files.exists(target) and "-f" not in switches:
        return _fail(process, verb, _FILE_EXISTS)
    return _convert(process, verb, data, target)


def _convert(process: Process, verb: str, data: bytes, target: str) -> int:
    try:
        converted = _encoded(data) if verb == "-encode" else base64.b64decode(_LINES.sub(b"", data), validate=True)
        process.machine.check_file_write(target)
        process.machine.files.write(target, converted)
    except ValueError:
        return _fail(process, verb, _INVALID_DATA)
    except MissingDirectory:
        return _fail(process, verb, _FILE_NOT_FOUND)
    except AccessDenied:
        return _fail(process, verb, _ACCESS_DENIED)
    process.print(f"Input Length = {len(data)}", f"Output Length = {len(converted)}")
    process.print(f"CertUtil: {verb} command completed successfully.")
    return 0


def _encoded(data: bytes) -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[start : start + _COLUMNS] for start in range(0, len(text), _COLUMNS)]
    return "\r\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]).encode()


def _hash(process: Process, path: str) -> int:
    data = process.machine.files.read(path)
    if data is None:
        return _fail(process, "-hashfile", _FILE_NOT_FOUND)
    process.print(f"SHA256 hash of {path}:", hashlib.sha256(data).hexdigest())
    process.print("CertUtil: -hashfile command completed successfully.")
    return 0


def _fail(process: Process, verb: str, code: int) -> int:
    process.print(f"CertUtil: {verb} command FAILED: 0x{code:x}")
    return code
