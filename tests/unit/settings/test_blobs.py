# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two binary formats against dumps of real values, and against arbitrary bytes."""
from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._errors import (
    InvalidSetting,
    UnreadableValue,
)
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._winhttp import WinHttpSettings
from ansible_collections.mde.connectivity.plugins.plugin_utils._settings._wininet import WinInetSettings
from hypothesis import given
from hypothesis import strategies as st

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("blobs.json").read_text(encoding="utf-8"))
READABLE = [vector for vector in VECTORS if vector["decoded"] is not None]
UNREADABLE = [vector for vector in VECTORS if vector["decoded"] is None]
BY_ID = {vector["id"]: bytes.fromhex(vector["hex"]) for vector in VECTORS}
DWORDS = st.integers(0, 2**32 - 1)
Format = type[WinHttpSettings] | type[WinInetSettings]


def format_of(vector: dict[str, Any]) -> Format:
    return WinHttpSettings if vector["kind"] == "WinHttpSettings" else WinInetSettings


@pytest.mark.parametrize("vector", READABLE, ids=lambda vector: vector["id"])
def test_vector_is_decoded_and_encoded_back(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    settings = format_of(vector).decode(data)
    assert {name: getattr(settings, name) for name in vector["decoded"]} == vector["decoded"]
    assert settings.encode() == data


@pytest.mark.parametrize("vector", UNREADABLE, ids=lambda vector: vector["id"])
def test_vector_is_unreadable(vector: dict[str, Any]) -> None:
    with pytest.raises(UnreadableValue, match=r"at offset \d+\.$"):
        format_of(vector).decode(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("vector", READABLE, ids=lambda vector: vector["id"])
def test_every_cut_of_a_vector_is_read_exactly_or_refused(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    for length in range(len(data)):
        try:
            settings = format_of(vector).decode(data[:length])
        except UnreadableValue:
            continue
        assert settings.encode() == data[:length]


def near_misses(magic: list[int], numbers: int, strings: int) -> st.SearchStrategy[bytes]:
    """Bytes that begin like a value, so that a search gets past the first check."""
    dword = st.one_of(st.integers(0, 9), DWORDS).map(lambda value: value.to_bytes(4, "little"))
    counted = st.binary(max_size=9).map(lambda raw: len(raw).to_bytes(4, "little") + raw)
    head = st.sampled_from(magic).map(lambda value: value.to_bytes(4, "little"))
    parts = [head, *[dword] * numbers, *[st.one_of(counted, dword)] * strings, st.binary(max_size=40)]
    return st.tuples(*parts).map(b"".join)


def read_exactly_or_refuse(format_: Format, data: bytes) -> None:
    try:
        settings = format_.decode(data)
    except UnreadableValue:
        return
    assert settings.encode() == data


@given(st.one_of(st.binary(max_size=80), near_misses([0x18, 0x28], 2, 2)))
def test_winhttp_reads_any_bytes_exactly_or_refuses(data: bytes) -> None:
    read_exactly_or_refuse(WinHttpSettings, data)


@given(st.one_of(st.binary(max_size=80), near_misses([0x3C, 0x46], 2, 3)))
def test_wininet_reads_any_bytes_exactly_or_refuses(data: bytes) -> None:
    read_exactly_or_refuse(WinInetSettings, data)


ASCII_TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=127))
UTF8_TEXT = st.text(st.characters(codec="utf-8"))


@given(st.builds(WinHttpSettings, st.sampled_from([0x18, 0x28]), DWORDS, DWORDS, ASCII_TEXT, ASCII_TEXT,
                 st.binary()))
def test_winhttp_round_trip(settings: WinHttpSettings) -> None:
    assert WinHttpSettings.decode(settings.encode()) == settings


@given(st.builds(WinInetSettings, st.sampled_from([0x3C, 0x46]), DWORDS, DWORDS, UTF8_TEXT, UTF8_TEXT,
                 UTF8_TEXT, st.binary()))
def test_wininet_round_trip(settings: WinInetSettings) -> None:
    assert WinInetSettings.decode(settings.encode()) == settings


@pytest.mark.parametrize(("hex_", "reason"), [
    ("28000000000000000100000000000000000000", "bypass list needs 4 bytes, and 3 are left at offset 16"),
    ("", "header needs 4 bytes, and 0 are left at offset 0"),
    ("4600000000000000010000000000000000000000", "header is 0x46"),
    ("18000000000000000300000005000000613a3100000000", "length of the bypass list needs 4 bytes"),
    ("180000000000000003000000ffffffff613a3100000000",
     "proxy list needs 4294967295 bytes, and 7 are left at offset 16"),
    ("18000000000000000300000003000000613ac300000000", "proxy list is not ASCII at offset 18"),
    ("1800000000000000030000000100000061020000006200", "a string holds a NUL at offset 22"),
], ids=["19-bytes", "empty", "wininet-header", "length-one-too-far", "length-huge", "not-ascii", "nul"])
def test_unreadable_winhttp_says_what_and_where(hex_: str, reason: str) -> None:
    with pytest.raises(UnreadableValue) as caught:
        WinHttpSettings.decode(bytes.fromhex(hex_))
    assert reason in str(caught.value)


@pytest.mark.parametrize(("hex_", "reason"), [
    ("1800000000000000010000000000000000000000" + "00" * 36, "version is 0x18"),
    ("460000000000000001000000", "length of the proxy list needs 4 bytes, and 0 are left at offset 12"),
    ("4600000000000000030000000300000070ff3100000000" + "00" * 36, "proxy list is not UTF-8 at offset 17"),
    ("4600000000000000010000000000000000000000", "length of the PAC URL needs 4 bytes, and 0 are left at"),
    ("46000000000000000500000000000000000000000a00000068", "URL needs 10 bytes, and 1 are left at offset 24"),
], ids=["winhttp-header", "no-strings", "not-utf-8", "ends-after-bypass", "length-lies"])
def test_unreadable_wininet_says_what_and_where(hex_: str, reason: str) -> None:
    with pytest.raises(UnreadableValue) as caught:
        WinInetSettings.decode(bytes.fromhex(hex_))
    assert reason in str(caught.value)


def test_networkingdsc_value_without_pac_length_is_read() -> None:
    data = bytes.fromhex("46000000080000000900000000000000" + "00000000") + bytes(32)
    settings = WinInetSettings.decode(data)
    assert (settings.auto_config_url, settings.auto_detect, len(settings.tail)) == ("", True, 28)
    assert settings.encode() == data


def test_pac_url_keeps_case_and_tail() -> None:
    url = b"http://Wpad.Example.com/A/b.PAC"
    data = bytes.fromhex("46000000d2eb0000050000000000000000000000") + len(url).to_bytes(4, "little") + url
    data += b"\x01" + bytes(31)
    settings = WinInetSettings.decode(data)
    assert settings.auto_config_url == url.decode()
    assert (settings.pac, settings.manual, settings.auto_detect) == (True, False, False)
    assert settings.with_flags(8, 4).encode()[12:] == data[12:]


@pytest.mark.parametrize(("vector", "direct"), [
    ("winhttp-direct-default", True),
    ("winhttp-flags3-empty", True),
    ("winhttp-named-win7x64", False),
    ("winhttp-named-wine", False),
])
def test_direct_needs_both_flag_and_proxy(vector: str, direct: bool) -> None:
    assert WinHttpSettings.decode(BY_ID[vector]).direct is direct


def test_direct_when_proxy_is_kept_but_switched_off() -> None:
    assert WinHttpSettings(0x18, 0, 1, "proxy:8080", "").direct


def test_with_flags_changes_flags_and_counter_only() -> None:
    before = WinInetSettings.decode(BY_ID["wininet-manual-and-wpad"])
    after = before.with_flags(0, 0x8)
    assert (after.manual, after.auto_detect, after.counter) == (True, False, 82)
    assert dataclasses.replace(after, flags=before.flags, counter=before.counter) == before


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 15))
def test_with_flags_arithmetic(flags: int, set_: int, clear: int) -> None:
    after = dataclasses.replace(WinInetSettings.empty(0), flags=flags).with_flags(set_, clear)
    for bit in (2, 4, 8):
        assert bool(after.flags & bit) is bool(set_ & bit or flags & bit and not clear & bit)
    assert after.flags & 1


def test_counter_wraps() -> None:
    settings = dataclasses.replace(WinInetSettings.empty(1), counter=2**32 - 1).with_flags(8, 0)
    assert settings.counter == 0
    assert WinInetSettings.decode(settings.encode()) == settings


def test_empty_is_the_value_that_wine_writes() -> None:
    assert WinInetSettings.empty(1).encode() == bytes.fromhex("460000000000000001000000") + bytes(44)
    assert WinInetSettings.empty(8).flags == 9


@pytest.mark.parametrize("settings", [
    WinHttpSettings(0x28, 0, 3, "pröxy:1", ""),
    WinHttpSettings(0x28, 0, 3, "proxy:1", "jürgen"),
    WinInetSettings(0x46, 0, 3, "\ud800", "", ""),
], ids=["proxy", "bypass", "surrogate"])
def test_text_that_the_format_cannot_hold(settings: WinHttpSettings | WinInetSettings) -> None:
    with pytest.raises(InvalidSetting, match="not (ASCII|UTF-8)"):
        settings.encode()
