# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as the file that reg.exe imports: Windows' format, to the byte."""

from __future__ import annotations

import re

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry import (
    Address,
    RegistryValue,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._registry_file import (
    put_back,
    render,
)
from hypothesis import given
from hypothesis import strategies as st

POLICY = Address(r"HKLM\SOFTWARE\Policies\Lab", "Server")
NARROW = Address(r"HKLM\Software\Lab", "Server", 32)
HIVE = Address(r"HKU\S-1-5-18\Software\Lab", "Auto")


def test_a_file_has_head_keys_values_and_deletions() -> None:
    values = {
        POLICY: RegistryValue("REG_SZ", 'a"b\\c'),
        NARROW: RegistryValue("REG_DWORD", "0x1"),
        HIVE: None,
        Address("HKCU\\Software\\Lab", "Empty"): RegistryValue("REG_BINARY", ""),
    }
    assert render(values).split("\r\n") == [
        "Windows Registry Editor Version 5.00",
        "",
        r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Lab]",
        r'"Server"="a\"b\\c"',
        "",
        r"[HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Lab]",
        '"Server"=hex(4):01,00,00,00',
        "",
        r"[HKEY_USERS\S-1-5-18\Software\Lab]",
        '"Auto"=-',
        "",
        r"[HKEY_CURRENT_USER\Software\Lab]",
        '"Empty"=hex(3):',
        "",
    ]


@pytest.mark.parametrize(
    ("kind", "shown", "number"),
    [
        ("REG_NONE", "0102", "0"),
        ("REG_SZ", "a\nb", "1"),
        ("REG_EXPAND_SZ", "%P%", "2"),
        ("REG_MULTI_SZ", "a\\0b", "7"),
        ("REG_QWORD", "0x102", "b"),
    ],
)
def test_every_type_has_its_number(kind: str, shown: str, number: str) -> None:
    value = RegistryValue(kind, shown)
    assert f'"Server"=hex({number}):' + ",".join(f"{byte:02x}" for byte in value.data) in render({POLICY: value})


@given(st.binary(max_size=400))
def test_bytes_of_any_length_come_out_again(data: bytes) -> None:
    text = render({POLICY: RegistryValue("REG_BINARY", data.hex())})
    lines = text.split("\r\n")
    assert max(map(len, lines)) <= 80
    joined = re.sub(r"\\\r\n *", "", text)
    (found,) = re.findall(r'"Server"=hex\(3\):(.*)\r\n', joined)
    assert bytes.fromhex(found.replace(",", "")) == data
    assert all(line.endswith(",\\") for line in lines[3:-2])


def test_a_command_puts_back_what_it_can_hold_and_a_file_the_rest() -> None:
    server = Address(POLICY.key, "TelemetryProxyServer")
    assert put_back(server, RegistryValue("REG_SZ", "p.test:80")).command.stdin == ""
    assert str(put_back(POLICY, None).command).startswith("reg delete ")
    odd = RegistryValue("REG_NONE", "3000")
    write = put_back(POLICY, odd)
    assert write.command.stdin.endswith(f"\r\n{render({POLICY: odd})}")
    assert (write.address, write.value) == (POLICY, odd)
    assert "reg import" in write.command.text


def test_a_value_with_credentials_is_not_shown() -> None:
    write = put_back(POLICY, RegistryValue("REG_SZ", "user:s3cr3t@proxy.test:80"))
    assert str(write.command) == "reg import ***"
    assert "s3cr3t" not in write.command.text
    assert "s3cr3t" in write.command.stdin
