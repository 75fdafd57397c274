# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that identifies a machine is in the files of a recording, however it was spelled when it was answered."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from windows_lab.backend import Backend, Completed
from windows_lab.profiles import PROFILES
from windows_lab.recording import Machine, Recording, RecordingEndpoint, Scrubber

HOST, USER, DOMAIN = "PC-FINANCE7", "anna.lindqvist", "CONTOSOBANK"
ORGANISATION = "8f3b1c9e-5d24-4c7b-9a60-1f2e3d4c5b6a"
NAMES = {HOST: "HOST", USER: "ACCOUNT", DOMAIN: "DOMAIN", ORGANISATION: "ORGANISATION"}
# None of these is told to the scrubber: it knows them by their form.
UNTOLD = {
    "sid": "S-1-5-21-3623811015-3361044348-30300820-1013",
    "azure-sid": "S-1-12-1-1943430372-1249052806-2496021943-3034400218",
    "guid": "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    "address": "10.23.45.67",
    "address-6": "fe80:0:0:0:1c2d:3e4f:5a6b:7c8d",
    "address-6-short": "fd12:3456::789a",
    "mac": "00-1A-2B-3C-4D-5E",
    "upn": "bob.smith@contosobank.example.de",
    "server": "dc01.corp.contosobank.de",
    "folder": r"C:\Users\bobsmith",
    "product": "00330-80000-00000-AA123",
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9QSMZcW41",
}
# What may be left of them: nobody is named by it.
HARMLESS = {"folder": "bobsmith"}

SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "lower": lambda name: name.lower().encode(),
    "upper": lambda name: name.upper().encode(),
    "swapped": lambda name: name.swapcase().encode(),
    "within-a-word": lambda name: f"before{name}after".encode(),
    "quoted": lambda name: f'"{name}"'.encode(),
    "path": lambda name: f"\\\\{name}\\share".encode(),
    "xml": lambda name: f"<Computer>{name}</Computer>".encode(),
    "xml-numbers": lambda name: "".join(f"&#{ord(character)};" for character in name).encode(),
    "xml-hex": lambda name: "".join(f"&#x{ord(character):x};" for character in name).encode(),
    "json": lambda name: "".join(f"\\u{ord(character):04x}" for character in name).encode(),
    "percent": lambda name: "".join(f"%{ord(character):02X}" for character in name).encode(),
    "utf-16-le": lambda name: name.encode("utf-16-le"),
    "utf-16-be": lambda name: name.encode("utf-16-be"),
    "utf-16-mark": lambda name: name.encode("utf-16"),
    "hex": lambda name: name.encode().hex().encode(),
    "hex-upper": lambda name: name.encode().hex().upper().encode(),
    "hex-of-utf-16": lambda name: name.encode("utf-16-le").hex().encode(),
    "hex-commas": lambda name: name.encode().hex(",").encode(),
    "hex-blanks": lambda name: name.encode().hex(" ").encode(),
    "hex-wide-lines": lambda name: b",\\\r\n  ".join(
        name.encode("utf-16-le").hex(",").encode()[at : at + 24] for at in range(0, 6 * len(name), 24)
    ),
    "base64": lambda name: base64.b64encode(name.encode()),
    "base64-shifted": lambda name: base64.b64encode(b"x" + name.encode() + b"yz"),
    "base64-shifted-twice": lambda name: base64.b64encode(b"xy" + name.encode()),
    "base64-of-utf-16": lambda name: base64.b64encode(name.encode("utf-16-le")),
    "base64-url": lambda name: base64.urlsafe_b64encode(name.encode() + b"\xff\xfe"),
    "base64-lines": lambda name: b"\r\n".join(
        base64.b64encode(name.encode() * 3)[at : at + 12] for at in range(0, 4 * len(name), 12)
    ),
    "over-two-lines": lambda name: f"{name[:4]}\r\n{name[4:]}".encode(),
}


class Says(Backend):
    """An endpoint that answers every line with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("one", PROFILES["clean"])
        self._answer = answer

    def run(self, _line: str, _stdin: bytes = b"") -> Completed:
        return Completed(0, b"first\r\n" + self._answer + b"\r\nlast\r\n", self._answer)

    def value(self, _key: str, _name: str, _view: int = 64) -> tuple[str, bytes] | None:
        return "REG_BINARY", self._answer

    def set_value(self, key: str, name: str, type_: str, data: bytes, view: int = 64) -> None:
        """Nothing."""

    def delete_value(self, key: str, name: str, view: int = 64) -> None:
        """Nothing."""

    def key_exists(self, key: str, view: int = 64) -> bool:
        return bool(key and view)


def written(folder: Path, answer: bytes, line: str = "whoami") -> str:
    """All files of a recording of this answer, as one text."""
    recording = Recording(Machine("windows"))
    endpoint = RecordingEndpoint(Says(answer), recording, Scrubber(NAMES))
    endpoint.part = "hostile/part"
    endpoint.run(line)
    endpoint.value(line, line)
    recording.write(folder)
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()))


def forms(name: str) -> list[str]:
    """What would give a name away, looked for otherwise than the scrubber does."""
    raw = [name.encode(), name.lower().encode(), name.upper().encode()]
    raw += [text.encode("utf-16-le") for text in (name, name.lower(), name.upper())]
    found = [name]
    for data in raw:
        found += [data.hex(), data.hex(","), data.hex(" "), "".join(f"\\x{byte:02x}" for byte in data)]
        # The middle of each of the three ways in which base64 can begin.
        found += [base64.b64encode(b"\0" * skip + data).decode()[4:-4] for skip in range(3)]
    return [form for form in found if len(form) > 5]


def gives_away(text: str, name: str) -> list[str]:
    bare = re.sub(r"[\s,\\-]", "", html.unescape(text)).casefold()
    return [form for form in forms(name) if re.sub(r"[\s,\\-]", "", form).casefold() in bare]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", [HOST, USER, DOMAIN, ORGANISATION])
def test_a_name_of_the_machine_is_in_no_file(tmp_path: Path, name: str, spelling: str) -> None:
    answer = SPELLINGS[spelling](name)
    text = written(tmp_path, answer)
    assert gives_away(text, name) == []
    assert "rc" in text


# Product identifiers are written in capitals.
FORMED = [
    (kind, spelling)
    for kind in UNTOLD
    for spelling in ("plain", "lower", "upper", "quoted", "path", "xml", "percent", "utf-16-le")
    if (kind, spelling) != ("product", "lower")
]


@pytest.mark.parametrize(("kind", "spelling"), FORMED)
def test_what_nobody_told_is_known_by_its_form(tmp_path: Path, kind: str, spelling: str) -> None:
    name = UNTOLD[kind]
    text = written(tmp_path, SPELLINGS[spelling](name))
    assert gives_away(text, HARMLESS.get(kind, name)) == []


@pytest.mark.parametrize("kind", sorted(set(UNTOLD) - {"token"}))
def test_what_is_sent_is_scrubbed_too(tmp_path: Path, kind: str) -> None:
    text = written(tmp_path, b"", f"reg query HKU\\{UNTOLD[kind]} /v {USER.upper()}")
    assert gives_away(text, HARMLESS.get(kind, UNTOLD[kind])) == []
    assert gives_away(text, USER) == []


@pytest.mark.parametrize("words", ["SerialNumber  5CD1234XYZ", "Serial Number: 5CD1234XYZ", "serial=5CD1234XYZ"])
def test_a_serial_number_is_known_by_its_words(tmp_path: Path, words: str) -> None:
    assert "5CD1234XYZ" not in written(tmp_path, words.encode())


def test_addresses_in_the_bytes_of_wininet_are_not_kept(tmp_path: Path) -> None:
    blob = bytes.fromhex("460000000300000009000000") + bytes(12) + bytes.fromhex("0100000000000000")
    blob += bytes(8) + bytes.fromhex("01000000") + bytes([10, 23, 45, 67]) + bytes(8)
    text = written(tmp_path, f"    DefaultConnectionSettings    REG_BINARY    {blob.hex().upper()}".encode())
    assert "0A172D43" not in text.upper()


def test_what_identifies_nobody_stays(tmp_path: Path) -> None:
    blob = bytes.fromhex("180000000000000003000000") + b"\x0b\0\0\0p.test:8080" + b"\7\0\0\0<local>"
    kept = [
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections",
        f"    WinHttpSettings    REG_BINARY    {blob.hex().upper()}",
        "    Proxy Server(s) :  http=p.test:1;https=edr-weu3.eu.endpoint.security.microsoft.com:443",
        r"    ImagePath    REG_EXPAND_SZ    C:\Windows\System32\svchost.exe -k netsvcs",
        "Microsoft Windows [Version 10.0.22631.4317]",
        r"    Default    REG_SZ    C:\Users\Public",
        "HKEY_USERS\\S-1-5-18",
        f'    long    REG_SZ    {"x" * 1049}',
        "11/28/2026 1:26:07 PM",
    ]
    folded = written(tmp_path, "\r\n".join(kept).encode()).replace("''", "'")
    assert [line for line in kept if line not in folded] == []


def test_the_same_stays_the_same_and_others_others() -> None:
    scrubber = Scrubber(NAMES)
    first, second = UNTOLD["sid"], UNTOLD["sid"][:-1] + "4"
    assert scrubber.text(first) == scrubber.text(first.lower()) != scrubber.text(second)
    assert scrubber.text(scrubber.text(first)) == scrubber.text(first)


def test_two_letters_are_a_name_where_they_are_a_word() -> None:
    scrubber = Scrubber({"pc": "HOST"})
    assert scrubber.stream(b"PC\\share <pc> pcs upc pc-1") == b"HOST\\share <HOST> pcs upc HOST-1"


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=6, max_size=20).filter(
    lambda word: word[0] != "-" and not word.isdigit()
)


@settings(max_examples=300)
@given(WORD, st.sampled_from(sorted(SPELLINGS)), st.binary(max_size=20), st.binary(max_size=20))
def test_any_name_in_any_spelling_between_anything(name: str, spelling: str, before: bytes, after: bytes) -> None:
    scrubber = Scrubber({name: "H"})
    recording = Recording(Machine("windows"))
    endpoint = RecordingEndpoint(Says(before + b" " + SPELLINGS[spelling](name) + b" " + after), recording, scrubber)
    endpoint.part = "any/part"
    endpoint.run("line")
    ((exchange,),) = recording.parts.values()
    kept = (exchange.stdout + exchange.stderr).decode("latin-1")  # type: ignore[union-attr]
    assert gives_away(kept, name) == []
