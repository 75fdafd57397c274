# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page about real Windows is what the recordings say, and a recording of one answers its questions."""

from __future__ import annotations

import re
import struct

import pytest
from windows_lab.recording import Exchange, Look, Machine, Recording

from tests.integration.modules.contract import MACHINE
from tests.recordings import stored
from tests.windows.page import PAGE, differences, page, sentences
from tests.windows.questions import QUESTIONS

BY_NAME = {question.name: question for question in QUESTIONS}
BLOB = struct.pack("<III", 0x28, 0, 3) + b"\1\0\0\0a\0\0\0\0"
SWITCH = "product/test_the_switch_restores_what_nobody_confirms"
ASKED = BY_NAME["netsh-exit-codes"].lines
NETSH = tuple(Exchange(line, rc, b"x") for line, rc in zip(ASKED, (1, 1, 1, 0), strict=True))
ADVPROXY = "questions/advproxy-place"
SETTINGS = b"\r\n    ProxyEnable    REG_DWORD    0x0\r\n"
STORED = SETTINGS + b"    WinHttpAdvProxy    REG_BINARY    00\r\n"


def answers(*outputs: bytes, rc: int = 0) -> tuple[Exchange, ...]:
    return tuple(Exchange("line", rc, output) for output in outputs)


def looked(*data: bytes) -> tuple[Look, ...]:
    return tuple(
        Look(MACHINE, "WinHttpSettings", view, "REG_BINARY", one) for view, one in zip((64, 32), data, strict=False)
    )


# The question, the part in which its answer is, what a machine said there, and how that reads.
SAID: list[tuple[str, str, tuple[Exchange | Look, ...], str]] = [
    ("blob-header", "contract/test_contract[set-proxy]", looked(BLOB), "header 0x28, second number 0, flags 3"),
    ("both-views", "contract/test_contract[set-proxy]", looked(BLOB, BLOB), "it writes both"),
    ("both-views", "contract/test_contract[set-proxy]", looked(BLOB, BLOB[:12]), "it leaves the 32-bit view as it was"),
    ("system-hive", "contract/test_contract[system-has-two-names]",
     (Look(r"HKU\S-1-5-18\Software\Lab", "name", 64),), "they are two"),
    ("netsh-exit-codes", "", NETSH,
     "`set proxy` 1, `set nonsense` 1, `set proxy fake=a.example.com:1` 1, `show proxy` 0; "
     "it writes to standard output"),
    ("show-proxy-words", "", answers("\r\nEntêtes :\r\n\r\n    Accès direct.\r\n".encode()),
     "fr: `Entêtes :`; `Accès direct.`"),
    ("netsh-dump", "", answers(b"# ---\r\n# Configuration\r\nreset proxy\r\n"),
     "`reset proxy`, and the first comment is `# Configuration` (fr)"),
    ("advproxy-place", "", answers(b"{}", SETTINGS, b"", b"", STORED, b"", b""),
     "`WinHttpAdvProxy    REG_BINARY    00`"),
    ("advproxy-place", "", answers(b"unknown", SETTINGS, b"", b"", STORED, b"", b""), ""),
    ("advproxy-dump", ADVPROXY, answers(b"{}", b"", b"", b"", b"", b"", b"set advproxy x"), "yes"),
    ("autoproxy-service", "", answers(b"  (NOT_STOPPABLE, NOT_PAUSABLE)"), "`NOT_STOPPABLE` while it runs"),
    ("refused-tunnel", "", answers(b"", b"status 405\r\n"), "a status, 405"),
    ("refused-tunnel", "", answers(b"", b"error 12152\r\n"), "error 12152"),
    ("task-without-declaration", "", answers(b"", b"", b"", rc=1), "it does not (exit code 1)"),
    ("long-lines", "", answers(b"", b"x" * 8000 + b"\r\n" + b"x" * 12000),
     "20,000 characters come out as 2 line(s), the longest of 12000"),
    ("string-as-hex", "", answers(b"", b"", b"    hexed    REG_SZ    AB\r\n"), "its UTF-16"),
    ("string-as-hex", "", answers(b"", b"", b"    hexed    REG_SZ    A\r\n"),
     "something else: 41,00,42,00,00,00 reads `A`"),
    ("delayed-trigger", SWITCH, (Exchange("schtasks /query /tn u /v", 0),), "it did, by itself"),
    ("delayed-trigger", SWITCH, (Exchange("schtasks /query /tn u /v", 0), Exchange("schtasks /run /tn u", 0)),
     "it did not, within the time that was given"),
    ("byte-order-mark", "", answers(b"\xef\xbb\xbffirst\r\n"), "yes"),
    ("maps", "", answers(b"ValidateMapsConnection failed (hr=0x80070006)", rc=2), "2, with `hr=0x80070006`"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part", "entries", "answer"), SAID)
def test_a_question_is_answered_by_what_the_machine_said(
    name: str, part: str, entries: tuple[Exchange | Look, ...], answer: str
) -> None:
    machine = Machine("windows", language="fr", connection="winrm")
    recording = Recording(machine, {part or f"questions/{name}": list(entries)})
    assert BY_NAME[name].answer(recording) == answer
    heading = f"`{name}`: {'answered' if answer else 'open'}."
    assert heading in page({"one": recording})
    # Neither Wine nor a simulation closes a question.
    assert f"`{name}`: open." in page({"one": Recording(Machine("wine", language="fr"), recording.parts)})


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_a_question_that_was_not_asked_is_open(question) -> None:
    assert question.answer(Recording(Machine("windows"))) == ""
    assert question.name in {name for name, *_rest in SAID} or question.needs


@pytest.mark.parametrize(
    ("shown", "spared"),
    [
        ("{ }", False),
        ('{"Proxy": "", "ProxyBypass": "<local>", "AutoconfigUrl": " ", "AutoDetect": false}', False),
        ('{"Proxy": "a:1"}', True),
        ('{"AutoConfigUrl": "http://a/p"}', True),
        ('{"AutoDetect": true}', True),
    ],
)
def test_advanced_settings_that_are_there_are_not_touched(shown: str, spared: bool) -> None:
    assert bool(re.search(BY_NAME["advproxy-place"].spares, shown)) == spared


def test_what_the_lab_does_not_model_is_no_answer() -> None:
    entries = list(answers(b"", b"lab: not modelled", b"", rc=50))
    recording = Recording(Machine("simulated"), {"questions/task-without-declaration": entries})
    assert BY_NAME["task-without-declaration"].answer(recording) == ""


def test_a_difference_between_two_recordings_is_listed() -> None:
    def one(rc: int, output: bytes) -> Recording:
        return Recording(Machine("wine"), {"contract/test_contract[case]": [Exchange("line", rc, output)]})

    same = {"a": one(0, b"reg: done\r\n{token} 0\r\n"), "b": one(0, b"Done.\r\n{token} 0 \r\n")}
    assert list(differences(same)) == []
    (line,) = differences(same | {"c": one(1, b"{token} 0\r\n")})
    assert line == "- `test_contract[case]`, the exit code of the whole line: `a` 0, `b` 0, `c` 1"
    (line,) = differences(same | {"c": one(0, b"{token} 5\r\n")})
    assert "the exit codes of its commands: `a` 0, `b` 0, `c` 5" in line
    (line,) = differences(same | {"c": one(0, b"    v    REG_SZ    x\r\n{token} 0\r\n")})
    assert "the values: `a` nothing, `b` nothing, `c` v REG_SZ x" in line


def test_other_bytes_and_other_words_are_listed() -> None:
    def one(output: bytes, data: bytes) -> Recording:
        said = [Exchange("line", 0, b"{token}\r\n" + output + b"\r\n{token} 0\r\n"), *looked(data)]
        return Recording(Machine("wine"), {"contract/test_contract[case]": said})

    same = {"a": one(b"Done.", b"\0"), "b": one(b"Done.", b"\0")}
    assert (list(differences(same)), list(sentences(same))) == ([], [])
    other = same | {"c": one(b"reg: a|b", b"\1")}
    (line,) = differences(other)
    assert line.endswith("(64 bit): `a` REG_BINARY 00, `b` REG_BINARY 00, `c` REG_BINARY 01")
    assert list(sentences(other))[2:] == ["| `Done.` | `Done.` | `reg: a\\|b` |"]


def test_the_page_is_what_the_recordings_say() -> None:
    text = page({name: stored.recording(name) for name in stored.names()})
    assert text == PAGE.read_text(encoding="utf-8"), "python -m tests.windows.page writes it anew"
