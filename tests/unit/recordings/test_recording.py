# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording comes back from its files byte for byte, and answers what was asked of it and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from windows_lab.profiles import PROFILES
from windows_lab.recording import (
    Exchange,
    Look,
    Machine,
    NotRecorded,
    RecordedEndpoint,
    Recording,
    RecordingEndpoint,
    RecordingError,
    Scrubber,
)
from windows_lab.recording.files import escaped, unescaped
from windows_lab.simulated.endpoint import SimulatedEndpoint

KEY = r"HKCU\Software\Lab"


@given(st.binary())
@example(b"\r\n")
@example(b"\\x41 \\xzz \\x5cx41 \\\\x00")
@example("C:\\xaz\\x0d Büro 日本\u200b\n\r\n\x85".encode())
@example(b"\xff\xfe\r\r\n\n")
def test_bytes_come_out_as_they_went_in(data: bytes) -> None:
    lines = escaped(data)
    assert unescaped(lines) == data
    assert all(line.isprintable() for line in lines)


@settings(max_examples=50)
@given(st.binary(), st.binary(), st.text(st.characters(codec="utf-8")), st.integers(-(2**31), 2**31 - 1))
def test_a_recording_comes_back_from_its_files(stdout: bytes, stderr: bytes, line: str, rc: int) -> None:
    entries = [
        Exchange(line, rc, stdout, stderr, 3, powershell=True),
        Exchange(line, 0, dropped="why"),
        Look(KEY, line, 32, "REG_BINARY", stdout),
        Look(KEY, None, 64, there=True),
        Look(KEY, "", 64),
    ]
    recording = Recording(Machine("windows", build="22631"), {"one/a b[c]": entries, "two/x": entries[:1]})
    with tempfile.TemporaryDirectory() as folder:
        recording.write(Path(folder))
        assert Recording.read(Path(folder)) == recording


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("machine.yml", "evidence: windows\nowner: me\n"),
        ("machine.yml", "[]"),
        ("part.yml", "a:\n- rc: 0\n"),
        ("part.yml", "a:\n- line: x\n  rc: 0\n  stdout: [1]\n"),
        ("part.yml", "a: 1\n"),
        ("part.yml", "a: [\n"),
    ],
)
def test_what_is_no_recording_is_refused_by_its_folder(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "machine.yml").write_text("evidence: windows\n", encoding="utf-8")
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError, match=str(tmp_path)):
        Recording.read(tmp_path)


@pytest.fixture
def played() -> list[Exchange | Look]:
    """A part in which a value is read, written and read again."""
    recording = Recording(Machine("simulated"))
    endpoint = RecordingEndpoint(SimulatedEndpoint("w1", PROFILES["clean"]), recording, Scrubber({}))
    endpoint.run("before anything is kept")
    endpoint.part = "one/part"
    query = f"echo c0ffee11&reg query {KEY} /v a 2>&1&call echo c0ffee11 %^errorlevel%"
    endpoint.run(query)
    assert endpoint.value(KEY, "a") is None
    endpoint.run(f"reg add {KEY} /v a /d 1 /f")
    endpoint.run(query)
    assert endpoint.value(KEY, "a") is not None
    assert endpoint.key_exists(KEY)
    assert list(recording.parts) == ["one/part"]
    return recording.parts["one/part"]


def test_the_same_line_is_answered_in_the_order_of_the_recording(played: list[Exchange | Look]) -> None:
    endpoint = RecordedEndpoint("r", PROFILES["clean"], played)
    # Another token than the recorded one, which the answer then has too.
    query = f"echo 12345678&reg query {KEY} /v a 2>&1&call echo 12345678 %^errorlevel%"
    first, second = endpoint.run(query), endpoint.run(query)
    assert b"12345678 1" in first.stdout
    assert b"    a    REG_SZ    1\r\n" in second.stdout
    assert second.stdout.endswith(b"12345678 0\r\n")
    assert endpoint.value(KEY, "a") is None
    assert endpoint.value(KEY, "a") == ("REG_SZ", "1\0".encode("utf-16-le"))
    assert endpoint.key_exists(KEY)


def test_what_is_not_in_it_is_an_error_that_says_so(played: list[Exchange | Look]) -> None:
    endpoint = RecordedEndpoint("r", PROFILES["clean"], [*played, Exchange("whoami", 0, dropped="a name in hex")])
    with pytest.raises(NotRecorded, match="no \\(further\\) answer to this line: hostname"):
        endpoint.run("hostname")
    with pytest.raises(NotRecorded, match="a name in hex"):
        endpoint.run("whoami")
    with pytest.raises(NotRecorded, match="no \\(further\\) answer"):
        endpoint.run(f"reg add {KEY} /v a /d 1 /f", b"with input")
    with pytest.raises(NotRecorded, match="Nobody looked for"):
        endpoint.value(KEY, "b")
    endpoint.key_exists(KEY)
    with pytest.raises(NotRecorded, match="Nobody looked for"):
        endpoint.key_exists(KEY)
