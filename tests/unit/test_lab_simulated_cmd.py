# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cmd.exe reads a line as Windows does: operators, blocks, FOR, exit codes, arguments."""

from __future__ import annotations

import re

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.argv import split_argv
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.seed import OTHER_SID, USER_SID

CONNECTIONS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"


def endpoint() -> SimulatedEndpoint:
    return SimulatedEndpoint("w1", PROFILES["clean"])


def out(line: str) -> str:
    return endpoint().run(line).stdout.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("echo 0a1b2c3d&echo x", "0a1b2c3d\nx\n"),
        ("echo x 2>&1&echo y", "x \ny\n"),
        ("echo 12>&1", "12\n"),
        ("echo a ^& b", "a & b\n"),
        ('echo "a & b ^ <c>|d"&echo e', '"a & b ^ <c>|d"\ne\n'),
        ("echo %SystemRoot%&echo %systemroot% %nope% %%", "C:\\Windows\nC:\\Windows %nope% %%\n"),
        ("echo %errorlevel% %^errorlevel%", "0 %errorlevel%\n"),
        ("call echo %^errorlevel%", "0\n"),
        ("nosuch 2>nul&call echo %^errorlevel%", "9009\n"),
        ("nosuch 2>nul&echo still here&call echo %^errorlevel%", "still here\n9009\n"),
        ("reg query HKLM\\Nope 2>nul&call echo %^errorlevel%", "1\n"),
        ("sc query nope >nul&call echo %^errorlevel%", "1060\n"),
        ("echo a&&echo b||echo c", "a\nb\n"),
        ("nosuch 2>nul&&echo b||echo c", "c\n"),
        ("(echo a&echo b)>nul&echo c", "c\n"),
        ("(nosuch) 2>nul&echo c", "c\n"),
        ("for %S in (a b) do @echo %S", "a\nb\n"),
        ("for %S in (a b) do @echo %S&echo in", "a\nin\nb\nin\n"),
        ("(for %S in (a b) do @echo %S)&echo out", "a\nb\nout\n"),
        ("for /f %S in ('echo x y') do @echo %S-%~S", "x-x\n"),
        ("for /f \"tokens=1,2* delims=,\" %a in ('echo 1,2,3,4') do @echo %c/%b/%a", "3,4/2/1\n"),
        ("for %S in (a) do echo %S", "\nC:\\Users\\lab>echo a\na\n"),
        ("(for /l %S in (2,1,1) do @echo %S)&echo none", "none\n"),
        ("for /l %S in (x) do @echo %S&exit", "0\n"),
        ("set X=1&call echo %^X%", "1\n"),
        ('cmd /d /s /c "echo "a  b"&echo c"', '"a  b"\nc\n'),
        ('"echo "a"&echo b"', '"a"\nb\n'),
        ("echo.&@echo x", "\nx\n"),
        ("", ""),
    ],
)
def test_cmd_grammar(line: str, expected: str) -> None:
    assert out(line) == expected


@pytest.mark.parametrize(
    ("line", "rc", "error"),
    [
        ("nosuch.exe /x", 1, "'nosuch.exe' is not recognized as an internal or external command,"),
        ("& echo x", 255, "& was unexpected at this time."),
        ("echo a && && echo b", 255, "&& was unexpected at this time."),
        ("for %%S in (a) do echo", 255, "%%S was unexpected at this time."),
        (f"echo {'x' * 8192}", 1, "The command line is too long."),
        ("echo x >c:\\none\\x.txt", 1, "The system cannot find the path specified."),
        ("bitsadmin /list", 50, "lab: bitsadmin is not modelled"),
        ("if defined x echo y", 50, "lab: if defined is not modelled"),
        ("exit /b 7&echo never", 7, ""),
        ("echo x&exit 3221225786", 3221225786, ""),
        ("nosuch 2>nul&echo done", 0, ""),
    ],
)
def test_cmd_exit_codes_and_errors(line: str, rc: int, error: str) -> None:
    done = endpoint().run(line)
    assert done.rc == rc
    assert done.stderr.decode().split("\r\n")[0] == error


def test_markers_around_every_hive() -> None:
    loop = f"(for /f %S in ('reg query HKU') do @reg query \"%S\\{CONNECTIONS}\" 2>&1)"
    text = out(f"echo 0a1b2c3d&{loop}&call echo 0a1b2c3d %^errorlevel%")
    heads = re.findall(r"^HKEY_USERS\\([^\\]+)\\", text, re.MULTILINE)
    assert heads == [".DEFAULT", "S-1-5-19", "S-1-5-20", USER_SID, OTHER_SID, "S-1-5-18"]
    assert text.startswith("0a1b2c3d\n\nHKEY_USERS\\.DEFAULT")
    assert text.endswith("\n\n0a1b2c3d 0\n")


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        (r'reg add "HKLM\a b" /d ""', ["reg", "add", r"HKLM\a b", "/d", ""]),
        (r'x "a\\" b', ["x", "a\\", "b"]),
        (r'x "a\" b', ["x", 'a" b']),
        (r"x a\b\\c", ["x", r"a\b\\c"]),
        (r'x p="a b";c', ["x", "p=a b;c"]),
        ('x "a""b" c', ["x", 'a"b', "c"]),
        (r'"C:\a b\x.exe" "\\\"y"', [r"C:\a b\x.exe", '\\"y']),
        ("x  ", ["x"]),
    ],
)
def test_argv(line: str, argv: list[str]) -> None:
    assert split_argv(line) == argv
