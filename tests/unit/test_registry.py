# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe's output in, typed values out; what is missing, what is refused, and what can't be relied on."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._registry import (
    Address,
    Query,
    Reading,
    RegistryDisabled,
    RegistryValue,
    Unreadable,
    delete_value,
    restore,
    set_value,
)

KEY = "HKLM\\SOFTWARE\\Vendor"
HEAD = "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Vendor\n"
HEALTHY = Completed(0, "\nHKEY_LOCAL_MACHINE\\...\n    CurrentBuildNumber    REG_SZ    22631\n\n")
ERRORS = {
    "en": "ERROR: The system was unable to find the specified registry key or value.",
    "de": "FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
    "ja": "エラー: 指定されたレジストリ キーまたは値が見つかりませんでした",
}


def read(query, output, rc=0, missing=ERRORS["en"]):
    """A Registry of one query's answer on an endpoint that says `missing` where nothing is."""
    reading = Reading([query])
    answers = [HEALTHY, Completed(1, f"{missing}\n"), Completed(1, f"{missing}\n"), Completed(rc, output)]
    return reading.parse(answers)


@pytest.mark.parametrize(
    ("line", "type_", "text", "data"),
    [
        ("    Name    REG_DWORD    0x1f", "REG_DWORD", "0x1f", b"\x1f\0\0\0"),
        ("    Name    REG_QWORD    0x1", "REG_QWORD", "0x1", b"\x01" + bytes(7)),
        ("    Name    REG_BINARY    00FF", "REG_BINARY", "00FF", b"\0\xff"),
        ("    Name    REG_BINARY", "REG_BINARY", "", b""),
        ("    Name    REG_SZ    ", "REG_SZ", "", b"\0\0"),
        ("    Name    REG_SZ    a  b ", "REG_SZ", "a  b ", "a  b \0".encode("utf-16-le")),
        (
            "    Name    REG_EXPAND_SZ    %VAR%:80",
            "REG_EXPAND_SZ",
            "%VAR%:80",
            "%VAR%:80\0".encode("utf-16-le"),
        ),
        ("    Name    REG_MULTI_SZ    a\\0b", "REG_MULTI_SZ", "a\\0b", "a\0b\0\0".encode("utf-16-le")),
    ],
)
def test_types_and_bytes(line, type_, text, data):
    value = read(Query(KEY), f"{HEAD}{line}\n\n").value(Address(KEY, "name"))
    assert value == RegistryValue(type_, text)
    assert value.data == data


def test_a_name_with_blanks_and_a_text_of_two_lines():
    output = (
        f"{HEAD}    Two words    REG_SZ    one\n  two\n    (Standard)    REG_SZ    x\n\n{HEAD.strip()}\\Sub\n"
    )
    registry = read(Query(KEY), output)
    assert registry.value(Address(KEY, "Two words")).text == "one\n  two"
    assert registry.value(Address(KEY, "absent")) is None
    assert "sub" in registry.below(KEY)


@pytest.mark.parametrize("language", ERRORS)
def test_missing_is_told_from_refused_in_any_language(language):
    missing = ERRORS[language]
    assert read(Query(KEY), f"{missing}\n", 1, missing).value(Address(KEY, "n")) is None
    refused = read(Query(KEY), "Zugriff verweigert\n", 1, missing)
    with pytest.raises(Unreadable, match="Vendor.*Zugriff verweigert"):
        refused.value(Address(KEY, "n"))


def test_a_hive_that_is_refused_is_not_an_empty_one():
    query = Query("HKU\\*\\Software\\X")
    output = f"{ERRORS['en']}\n\nHKEY_USERS\\S-1-5-18\\Software\\X\n    A    REG_SZ    1\n\nERROR: Access is denied.\n"
    registry = read(query, output)
    assert registry.value(Address("HKU\\S-1-5-18\\Software\\X", "A")).text == "1"
    assert registry.value(Address("HKU\\S-1-5-18\\Software\\X", "B")) is None
    with pytest.raises(Unreadable, match="Access is denied"):
        registry.value(Address("HKU\\S-1-5-21-1-2-3-1001\\Software\\X", "A"))


def test_the_views_are_kept_apart():
    registry = read(
        Query(KEY, view=32), "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\Vendor\n    A    REG_SZ    1\n"
    )
    assert registry.value(Address(KEY, "A", 32)).text == "1"
    with pytest.raises(LookupError, match="not asked for"):
        registry.value(Address(KEY, "A", 64))


def test_reg_switched_off_is_said_as_what_it_is():
    off = Completed(1, "ERROR: Registry editing has been disabled by your administrator.\n")
    with pytest.raises(RegistryDisabled, match=r"DisableRegistryTools.*disabled by your administrator"):
        Reading([Query(KEY)]).parse([off] * 4)


def test_commands():
    address = Address("HKLM\\SOFTWARE\\A B", "Name", 32)
    written = 'reg add "HKLM\\SOFTWARE\\A B" /v Name /t REG_DWORD /d 1 /f /reg:32'
    assert set_value(address, "REG_DWORD", "1").text == written
    assert delete_value(address).text == 'reg delete "HKLM\\SOFTWARE\\A B" /v Name /f /reg:32'
    assert restore(address, None) == delete_value(address)
    assert Query("HKU\\S-1-5-18\\A").command().text == "reg query HKU\\S-1-5-18\\A"
    with pytest.raises(ValueError, match="can't hold"):
        restore(address, RegistryValue("REG_SZ", "50%"))
