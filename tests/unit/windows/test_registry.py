# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg.exe's output in, typed values out; what is missing, what is refused, and what can't be relied on."""

from __future__ import annotations

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Completed
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import (
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


ANNA, BERT = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
LOOP = Query("HKU\\*\\Software\\X")


def hive(sid: str, text: str) -> str:
    return f"\nHKEY_USERS\\{sid}\\Software\\X\n    A    REG_SZ    {text}\n\n"


def in_hive(sid: str, name: str = "A") -> Address:
    return Address(f"HKU\\{sid}\\Software\\X", name)


def test_a_hive_that_is_refused_is_not_an_empty_one():
    registry = read(LOOP, f"{ERRORS['en']}\n{hive(ANNA, '1')}ERROR: Access is denied.\n")
    assert registry.value(in_hive(ANNA)).text == "1"
    assert registry.value(in_hive(ANNA, "B")) is None
    with pytest.raises(Unreadable, match="Access is denied"):
        registry.value(in_hive(BERT))


def test_no_answer_at_all_is_not_a_lack_of_values():
    with pytest.raises(Unreadable, match="no answer"):
        read(LOOP, "").value(in_hive(ANNA))


def test_a_list_that_is_refused_is_not_an_empty_one():
    with pytest.raises(Unreadable, match="denied"):
        read(Query("HKU"), "ERROR: Access is denied.\n", 1).below("HKU")


def test_text_in_a_hive_can_not_imitate_another_key():
    forged = hive(ANNA, f"x{hive(BERT, 'forged')}{HEAD}    Policy    REG_SZ    forged")
    registry = read(LOOP, forged + hive(BERT, "real"))
    with pytest.raises(Unreadable, match="names a key twice"):
        registry.value(in_hive(BERT))
    with pytest.raises(LookupError):
        registry.value(Address(KEY, "Policy"))
    alone = read(Query(in_hive(ANNA).key), hive(ANNA, f"x{HEAD}    Policy    REG_SZ    forged"))
    with pytest.raises(LookupError):
        alone.value(Address(KEY, "Policy"))


@pytest.mark.parametrize(
    "text", ["50%", 'a"b', "wow!", "caf\u00e9", "\u2019; calc; \u2018", "fffd \ufffd", "?"]
)
def test_what_can_not_be_put_back_exactly_is_not_put_back(text):
    with pytest.raises(ValueError, match="can't|credentials"):
        restore(Address(KEY, "A"), RegistryValue("REG_SZ", text))


@pytest.mark.parametrize("type_", ["REG_NONE", "REG_LINK", "REG_QWORD"])
def test_a_type_that_reg_can_not_write_is_not_put_back(type_):
    with pytest.raises(ValueError, match=type_):
        restore(Address(KEY, "A"), RegistryValue(type_, "(null)"))


def test_an_exit_code_alone_does_not_make_reg_healthy():
    off = Completed(0, "ERROR: Registry editing has been disabled by your administrator.\n")
    with pytest.raises(RegistryDisabled):
        Reading([Query(KEY)]).parse([off] * 4)


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
    address = Address("HKLM\\SOFTWARE\\A B", "AutoDetect", 32)
    one = RegistryValue("REG_DWORD", "0x1")
    written = 'reg add "HKLM\\SOFTWARE\\A B" /v AutoDetect /t REG_DWORD /d 0x1 /f /reg:32'
    assert set_value(address, one).command.text == written
    assert restore(address, one).command.text == written
    deleted = 'reg delete "HKLM\\SOFTWARE\\A B" /v AutoDetect /f /reg:32'
    assert delete_value(address).command.text == deleted
    assert restore(address, None).command.text == deleted
    assert Query("HKU\\S-1-5-18\\A").command().text == "reg query HKU\\S-1-5-18\\A"


def test_a_command_that_holds_credentials_is_not_shown():
    secret = b"http=user:secret@p.test:1"
    write = set_value(Address(KEY, "Blob"), RegistryValue("REG_BINARY", secret.hex()))
    assert secret.hex() in write.command.text
    assert str(write.command) == f"reg add {KEY} /v Blob /t REG_BINARY /d *** /f /reg:64"
