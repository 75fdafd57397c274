# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg import of the simulated endpoint: what it writes and says, and that it writes nothing of a bad file."""

from __future__ import annotations

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint

HEADER = "Windows Registry Editor Version 5.00\r\n\r\n"
KEY = r"HKLM\SOFTWARE\Lab"
SECTION = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab]\r\n"
IMPORT = r"reg import C:\Tools\values.reg"


def endpoint(text: str | bytes, profile: str = "clean") -> SimulatedEndpoint:
    """An endpoint with a file to import."""
    made = SimulatedEndpoint("w1", PROFILES[profile])
    made.files.write(r"C:\Tools\values.reg", text if isinstance(text, bytes) else text.encode("ascii"))
    return made


@pytest.mark.parametrize(
    ("data", "type_", "held"),
    [
        (r'"C:\\a \"b\" %c%"', "REG_SZ", 'C:\\a "b" %c%\0'.encode("utf-16-le")),
        ("dword:0000002A", "REG_DWORD", b"\x2a\0\0\0"),
        ("hex:01,ff", "REG_BINARY", b"\x01\xff"),
        ("hex:", "REG_BINARY", b""),
        ("hex(0):", "REG_NONE", b""),
        ("hex(1):61,00,00,00", "REG_SZ", b"a\0\0\0"),
        ("hex(2):25,00,00,00", "REG_EXPAND_SZ", b"%\0\0\0"),
        ("hex(3):1,2", "REG_BINARY", b"\1\2"),
        ("hex(4):01,00,00,00", "REG_DWORD", b"\1\0\0\0"),
        ("hex(7):61,00,\\\r\n  00,00,\\\r\n  00,00", "REG_MULTI_SZ", b"a\0\0\0\0\0"),
        ("hex(b):01,00,00,00,00,00,00,80", "REG_QWORD", b"\1\0\0\0\0\0\0\x80"),
    ],
)
def test_each_kind_of_data(data: str, type_: str, held: bytes) -> None:
    made = endpoint(f'{HEADER}; a comment\r\n{SECTION}"a \\"name\\""={data}\r\n')
    done = made.run(IMPORT)
    assert (done.rc, done.stdout) == (0, b"")
    # On standard error, as on Windows.
    assert done.stderr == b"The operation completed successfully.\r\n"
    assert made.value(KEY, 'a "name"') == (type_, held)


def test_each_value_is_one_write() -> None:
    text = f'{HEADER}{SECTION}"a"="1"\r\n"b"=dword:1\r\n"c"=-\r\n\r\n{SECTION}"a"=-\r\n'
    made = endpoint(text)
    made.run(IMPORT)
    assert [write.split()[0] for write in made.writes] == ["create", "set", "set", "delete"]
    assert (made.value(KEY, "a"), made.value(KEY, "b")) == (None, ("REG_DWORD", b"\1\0\0\0"))


@pytest.mark.parametrize(
    ("key", "options", "view"),
    [
        (r"SOFTWARE\Lab", "", 64),
        (r"SOFTWARE\Lab", " /reg:64", 64),
        (r"SOFTWARE\Lab", " /reg:32", 32),
        (r"SOFTWARE\Wow6432Node\Lab", " /reg:64", 32),
    ],
)
def test_views(key: str, options: str, view: int) -> None:
    made = endpoint(f'{HEADER}[HKEY_LOCAL_MACHINE\\{key}]\r\n"a"="b"\r\n')
    assert made.run(IMPORT + options).rc == 0
    assert made.value(KEY, "a", view) == ("REG_SZ", b"b\0\0\0")
    assert made.value(KEY, "a", 96 - view) is None


def test_a_file_in_utf_16() -> None:
    made = endpoint(f'\ufeff{HEADER}{SECTION}"ü"="日本"\r\n'.encode("utf-16-le"))
    assert made.run(IMPORT).rc == 0
    assert made.value(KEY, "ü") == ("REG_SZ", "日本\0".encode("utf-16-le"))


@pytest.mark.parametrize(
    "bad",
    [
        "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab]",
        "[HKLM\\SOFTWARE\\Lab]",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Lab",
        '"b"=hex:0g',
        '"b"=hex:01,',
        '"b"=hex(6):00',
        '"b"=hex:01,\\',
        '"b"=dword:123456789',
        '"b"="no end',
        '"b"="one"two"',
        '"b"=1',
        "b=-",
        '@"default"',
    ],
)
def test_nothing_of_a_bad_file_is_written(bad: str) -> None:
    made = endpoint(f'{HEADER}{SECTION}"a"="b"\r\n{bad}\r\n')
    done = made.run(IMPORT)
    assert (done.rc, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"ERROR: (lab) ")
    assert (made.value(KEY, "a"), made.writes) == (None, [])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "that does not begin with Windows Registry Editor"),
        (f"REGEDIT4\r\n{SECTION}", "that does not begin with Windows Registry Editor"),
        (f'{HEADER}"a"="b"\r\n', "belongs to no key"),
        (f"{HEADER}{SECTION}".encode() + '"a"="ü"\r\n'.encode(), "neither ASCII nor UTF-16"),
    ],
)
def test_no_registry_file(text: str | bytes, error: str) -> None:
    made = endpoint(text)
    done = made.run(IMPORT)
    assert (done.rc, made.writes) == (1, [])
    assert error in done.stderr.decode()


@pytest.mark.parametrize(
    ("profile", "line", "error"),
    [
        ("clean", r"reg import C:\Tools\none.reg", "ERROR: Error opening the file."),
        ("clean", "reg import", "ERROR: Invalid syntax."),
        ("clean", f"{IMPORT} /f", "ERROR: Invalid syntax."),
        ("denied", IMPORT, "ERROR: Access is denied."),
        ("noreg", IMPORT, "ERROR: Registry editing has been disabled"),
    ],
)
def test_refused(profile: str, line: str, error: str) -> None:
    made = endpoint(f'{HEADER}{SECTION}"a"="b"\r\n', profile)
    done = made.run(line)
    assert (done.rc, done.stdout, made.writes) == (1, b"", [])
    assert done.stderr.decode().startswith(error)


def test_the_sentence_is_in_the_language_of_the_endpoint() -> None:
    made = endpoint(f"{HEADER}{SECTION}", "german")
    assert made.run(IMPORT).stderr.decode() == "Der Vorgang wurde erfolgreich beendet.\r\n"
    assert made.key_exists(KEY)
