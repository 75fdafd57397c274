# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a recording: plain files that a person can read, and bytes that come out of them as they went in.

`machine.yml` says which Windows it was. Every other file is a group of parts, such as `contract.yml`; a part is a list
of what was sent and answered, in order. Output is a list of lines, which CR LF joins; what is no printable UTF-8 stands
there as \\xHH, and a backslash that would read so as \\x5cxHH.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

MACHINE = "machine.yml"
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


class RecordingError(Exception):
    """A folder is no recording; the message names the file and says why."""


@dataclass(frozen=True)
class Machine:
    """What may be known of the machine: nothing here tells it from others of its kind."""

    # "windows", "wine" or "simulated".
    evidence: str
    product: str = ""
    build: str = ""
    language: str = ""
    codepage: str = ""
    connection: str = ""


@dataclass(frozen=True)
class Exchange:
    """A line for cmd.exe, or a script for PowerShell, and its answer; `dropped` says why there is no output.

    `stdin` is how many bytes the line was given to read: not which.
    """

    line: str
    rc: int
    stdout: bytes = b""
    stderr: bytes = b""
    stdin: int = 0
    powershell: bool = False
    dropped: str = ""


@dataclass(frozen=True)
class Look:
    """A value as it was read behind the back of what runs: its type and bytes, None where it is absent.

    Without a name it is the key that was looked for, and `there` says whether it is.
    """

    key: str
    name: str | None
    view: int
    type: str | None = None
    data: bytes = b""
    there: bool = False
    dropped: str = ""


Entry = Exchange | Look


@dataclass
class Recording:
    """All parts by their names, GROUP/PART, in the order in which they were played."""

    machine: Machine
    parts: dict[str, list[Entry]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Recording:
        """Read a folder; raises RecordingError."""
        try:
            recording = cls(Machine(**_loaded(folder / MACHINE)))
            groups = {file.stem: _loaded(file) for file in sorted(folder.glob("*.yml")) if file.name != MACHINE}
            for group, parts in groups.items():
                recording.parts |= {f"{group}/{part}": list(map(_entry, entries)) for part, entries in parts.items()}
        except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ValueError, AttributeError) as error:
            raise RecordingError(f"{folder} is no recording: {error}") from None
        return recording

    def write(self, folder: Path) -> None:
        """Write the folder, which must not hold another recording."""
        folder.mkdir(parents=True, exist_ok=True)
        _dump(folder / MACHINE, {name: value for name, value in asdict(self.machine).items() if value})
        groups: dict[str, dict[str, Any]] = {}
        for name, entries in self.parts.items():
            group, _slash, part = name.partition("/")
            groups.setdefault(group, {})[part] = [_plain(entry) for entry in entries]
        for group, parts in groups.items():
            _dump(folder / f"{group}.yml", parts)


def escaped(data: bytes) -> list[str]:
    """Bytes as lines of text."""
    if not data:
        return []
    return [_escaped_line(line) for line in data.split(b"\r\n")]


def unescaped(lines: list[str]) -> bytes:
    """The bytes that escaped() made the lines from; raises ValueError for what is no list of texts."""
    if not all(isinstance(line, str) for line in lines):
        raise ValueError("a line of output is no text; put it in quotes")
    return b"\r\n".join(_unescaped_line(line) for line in lines)


def _escaped_line(line: bytes) -> str:
    text = _ESCAPED.sub(r"\\x5cx\1", line.decode("utf-8", "surrogateescape"))
    return "".join(
        character if character.isprintable() else _hexes(character) for character in text
    )


def _hexes(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _unescaped_line(line: str) -> bytes:
    pieces = _ESCAPED.split(line)
    # Text and two hex digits take turns.
    return b"".join(
        bytes.fromhex(piece) if number % 2 else piece.encode() for number, piece in enumerate(pieces)
    )


def _plain(entry: Entry) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for each in fields(entry):
        value = getattr(entry, each.name)
        if each.name in ("line", "key", "name"):
            plain[each.name] = None if value is None else _escaped_line(value.encode())
        elif value != each.default:
            plain[each.name] = value
    for name in {"stdout", "stderr"} & set(plain):
        plain[name] = escaped(plain[name])
    if "data" in plain:
        plain["data"] = plain["data"].hex()
    return plain


def _entry(plain: Mapping[str, Any]) -> Entry:
    values = dict(plain)
    for name in {"line", "key", "name"} & set(values):
        values[name] = None if values[name] is None else _unescaped_line(values[name]).decode()
    if "key" in values:
        return Look(**values | {"data": bytes.fromhex(values.get("data", ""))})
    return Exchange(**values | {name: unescaped(values.get(name, [])) for name in ("stdout", "stderr")})


def _loaded(file: Path) -> dict[str, Any]:
    loaded = yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(loaded, dict):
        raise ValueError(f"{file.name} holds no mapping")
    return loaded


def _dump(file: Path, content: Mapping[str, Any]) -> None:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(dict(content), Dumper=dumper, allow_unicode=True, sort_keys=False, width=10**6)
    file.write_text(text, encoding="utf-8")
