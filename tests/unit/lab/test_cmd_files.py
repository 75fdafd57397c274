# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cmd.exe works on files as Windows does: its commands, IF EXIST, FOR /L, redirection and find."""

from __future__ import annotations

import dataclasses

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.files import Files, MissingDirectory

MISSING = "The system cannot find the file specified."
NO_PATH = "The system cannot find the path specified."
DENIED = "Access is denied."


def endpoint(profile: str = "clean") -> SimulatedEndpoint:
    """An endpoint with a file and a directory that is not empty."""
    made = SimulatedEndpoint("w1", PROFILES[profile])
    made.files.write(r"C:\Tools\text", b"one\r\ntwo\r\n")
    made.files.make_directory(r"C:\Tools\full\sub")
    return made


def test_files_know_names_in_any_case_and_with_any_slash() -> None:
    files = Files()
    files.write("c:/tools\\Name.TXT", b"1")
    files.append(r"C:\TOOLS\name.txt", b"2")
    assert files.read(r"c:\Tools\NAME.txt") == b"12"
    assert files.names("C:\\Tools\\") == ["Name.TXT"]
    assert files.exists(r"C:\windows\system32\.")
    assert not files.is_directory(r"C:\Tools\Name.TXT")


def test_files_keep_to_directories_that_are_there() -> None:
    files = Files()
    with pytest.raises(MissingDirectory):
        files.write(r"C:\none\file", b"")
    with pytest.raises(MissingDirectory):
        files.append(r"C:\none\file", b"")
    with pytest.raises(MissingDirectory):
        files.write(r"C:\Windows", b"")
    files.write(r"C:\Tools\file", b"")
    with pytest.raises(MissingDirectory):
        files.make_directory(r"C:\Tools\file\below")
    with pytest.raises(MissingDirectory):
        files.make_directory(r"D:\other")


def test_a_renamed_directory_takes_along_what_is_in_it() -> None:
    files = Files()
    files.make_directory(r"C:\Tools\a\b")
    files.write(r"C:\Tools\a\b\file", b"1")
    files.rename(r"C:\Tools\a", "New")
    assert files.read(r"C:\Tools\new\b\file") == b"1"
    assert not files.exists(r"C:\Tools\a\b")
    files.remove_directory(r"C:\Tools\New")
    assert files.names(r"C:\Tools") == []
    assert not files.exists(r"C:\Tools\New\b\file")
    assert files.remove(r"C:\Tools\New") is False


def test_endpoints_do_not_share_files() -> None:
    one, two = endpoint(), SimulatedEndpoint("w2", PROFILES["clean"])
    one.run(r"md C:\Tools\mine")
    assert one.files.is_directory(r"C:\Tools\mine")
    assert not two.files.exists(r"C:\Tools\mine")


@pytest.mark.parametrize(
    ("line", "rc", "error"),
    [
        (r"md C:\Tools\text", 1, r"A subdirectory or file C:\Tools\text already exists."),
        (r"md C:\Tools\text\below", 1, NO_PATH),
        (r"rd C:\Tools\none", 2, MISSING),
        (r"rd C:\none\none", 3, NO_PATH),
        (r"rd C:\Tools\full", 145, "The directory is not empty."),
        (r"rd C:\Tools\text", 267, "The directory name is invalid."),
        (r"type C:\Tools\none", 1, MISSING),
        (r"type C:\none\none", 1, NO_PATH),
        (r"type C:\Tools\full", 1, DENIED),
        (r"del C:\Tools\none", 0, r"Could Not Find C:\Tools\none"),
        (r"ren C:\Tools\none new", 1, MISSING),
        (r"ren C:\Tools\text full", 1, "A duplicate file name exists, or the file cannot be found."),
        (r"cd C:\none", 1, NO_PATH),
        (r"echo x>C:\Tools\full", 1, DENIED),
        (r"ver<C:\Tools\none", 1, MISSING),
        (r"rd /s C:\Tools\full", 50, "lab: rd /s without /q is not modelled"),
        (r"del C:\Tools\*", 50, r"lab: a pattern such as C:\Tools\* is not modelled"),
        (r"if errorlevel 1 echo x", 50, "lab: if errorlevel is not modelled"),
    ],
)
def test_what_does_not_work_is_said(line: str, rc: int, error: str) -> None:
    done = endpoint().run(line)
    assert (done.rc, done.stdout) == (rc, b"")
    assert done.stderr.decode() == f"{error}\r\n"


@pytest.mark.parametrize(
    ("profile", "error"), [("german", "Datei nicht finden"), ("clean", "cannot find the file")]
)
def test_errors_are_in_the_language_of_the_endpoint(profile: str, error: str) -> None:
    assert error in endpoint(profile).run(r"type C:\Tools\none").stderr.decode()


@pytest.mark.parametrize("line", [r"rd C:\Tools\none", r"echo x>C:\none\x", r"ver<C:\Tools\none"])
def test_the_error_level_is_not_that_of_rd_or_of_a_redirection(line: str) -> None:
    failed = endpoint().run(f"cmd /c exit 7&{line} 2>nul&call echo %^errorlevel%")
    assert failed.stdout == b"7\r\n"
    asked = endpoint().run(f"({line} 2>nul||echo failed)&call echo %^errorlevel%")
    assert asked.stdout.split()[0] == b"failed"
    assert asked.stdout.split()[1] != b"0"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (r"md C:\Tools\new", b"0"),
        (r"type nul", b"0"),
        (r"cd C:\Tools", b"0"),
        (r"del C:\Tools\none", b"0"),
        (r"type C:\Tools\none", b"1"),
        (r"rd /s /q C:\Tools\full", b"7"),
        ("call rem", b"0"),
    ],
)
def test_which_commands_set_the_error_level(line: str, level: bytes) -> None:
    done = endpoint().run(f"cmd /c exit 7&{line} 2>nul&call echo %^errorlevel%")
    assert done.stdout.split() == [level]


def test_a_user_without_elevation_writes_where_windows_lets_him() -> None:
    made = endpoint("denied")
    for line, rc in (
        (r"md C:\Windows\lab", 1),
        (r'echo x>"C:\Program Files\lab"', 1),
        (r"rd /s /q C:\Windows\System32", 5),
        (r"ren C:\Windows\System32 x", 1),
    ):
        done = made.run(line)
        assert (done.rc, done.stderr.decode()) == (rc, f"{DENIED}\r\n")
    assert made.files.names(r"C:\Windows") == ["System32", "Temp"]
    assert made.run(r"md %TEMP%\lab C:\Windows\Temp\lab C:\ProgramData\lab").rc == 0
    assert endpoint().run(r"md C:\Windows\lab").rc == 0


def test_standard_input_is_read_once() -> None:
    done = endpoint().run('ver >nul&find /v "" &find /v ""||echo nothing left', b"a\r\nb\r\n")
    assert done.stdout == b"a\r\nb\r\nnothing left\r\n"


@pytest.mark.parametrize(
    ("line", "rc", "expected"),
    [
        (r'find "two" C:\Tools\text', 0, "\r\n---------- C:\\TOOLS\\TEXT\r\ntwo\r\n"),
        (r'find /v "two" <C:\Tools\text', 0, "one\r\n"),
        (r'find "" <C:\Tools\text', 1, ""),
        (r'find "TWO" <C:\Tools\text', 1, ""),
        (r'type C:\Tools\text|find "one"', 0, "one\r\n"),
        (r"find /c x", 50, ""),
        ("find", 2, ""),
        (r"find x C:\Tools\none", 1, ""),
    ],
)
def test_find(line: str, rc: int, expected: str) -> None:
    done = endpoint().run(line)
    assert (done.rc, done.stdout.decode()) == (rc, expected)


def test_ping_makes_a_line_wait_and_goes_nowhere_else() -> None:
    assert endpoint().run("ping -n 2 127.0.0.1 >nul").rc == 0
    assert (
        endpoint().run("ping -n 2 proxy.lab.test").stderr
        == b"lab: ping -n 2 proxy.lab.test is not modelled\r\n"
    )


def test_redirected_output_is_in_the_code_page() -> None:
    oem = dataclasses.replace(PROFILES["clean"], codepage="cp437")
    made = SimulatedEndpoint("w1", oem)
    assert (
        made.run(r'find /v "" >C:\Tools\x&type C:\Tools\x', "Zürich\r\n".encode("cp437")).stdout
        == b"Z\x81rich\r\n"
    )
    assert made.files.read(r"C:\Tools\x") == b"Z\x81rich\r\n"
