# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is understood as harmless is shown as it is, and nothing else is."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._credentials import (
    harmless,
    shown_blob,
    shown_bypass,
    shown_name,
    shown_number,
    shown_proxies,
    shown_server,
    shown_url,
    shown_words,
    withheld,
    without_words,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.site import named, sz, wininet
from tests.unit.growth import assert_linear

SECRET = "hunter2Zebra"
PROXIES = [
    "", "proxy.test:8080", "proxy", "PROXY01:80", "http=a.test:1;https=b.test:2", "http://p.test:8080/", "10.1.2.3:80",
    "[2001:db8::1]:8080", "socks=s.test:1080 http=p.test", "xn--bcher-kva.test.:80",
]  # fmt: skip
BYPASSES = ["<local>;*.a.test", "10.*;192.168.0.0/16", "https://x.test:443", "a.test:*", "[::1]", "host <-loopback>"]
URLS = [
    "http://wpad.test/x.pac", "https://pac.test:8443/Dir/proxy.pac", "file://C:/Windows/p.pac", "file:///c:/p.pac",
    "file://server/share/p.pac", "https://*.blob.test/",
]  # fmt: skip
# Ways in which a user name and password come: whole, encoded, full-width, cut before the sign, in a query.
SECRETS = [
    f"user:{SECRET}@p.test:1", f"http=user:{SECRET}@p.test:1;https=q.test:2", f"http://u:p@{SECRET}",
    f"user%3A{SECRET}%40p.test:1", f"user:{SECRET}\uff20p.test:1", f"user:{SECRET}", f"http=user:{SECRET}",
    f"http://wpad.test/x.pac?key={SECRET}", f"http://user:{SECRET}@wpad.test/x.pac", f"http://wpad.test/#{SECRET}",
    f"p.test:1;{SECRET}!", f"corp\\user:{SECRET}", f"password={SECRET}",
    "".join(f"%{ord(letter):x}" for letter in SECRET), "".join(chr(ord(letter) + 0xFEE0) for letter in SECRET),
    f"\u200b{SECRET}", f"{SECRET}\n{SECRET}", f"p.test:1 {SECRET * 2}", f"<{SECRET}>", f"u:pa ss;{SECRET}@p.test:1",
]  # fmt: skip
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-7")
TAIL = struct.pack("<II", 4, 22) + b"http://wpad.test/x.dat" + (133_000_000_000_000_000).to_bytes(8, "little")
DETECTED = TAIL + struct.pack("<I4B", 1, 192, 168, 1, 2) + bytes(12)


def detected(tail: bytes) -> bytes:
    """A WinINet value that ends as Windows ends it once it has looked for a script."""
    return wininet(9)[:-32] + tail


@pytest.mark.parametrize("text", PROXIES)
def test_servers_are_shown(text: str) -> None:
    assert shown_proxies(text) == text
    assert harmless("TelemetryProxyServer", "REG_SZ", sz(text)) == (text != "proxy")
    assert shown_blob(named(text)) == named(text).hex()
    assert shown_blob(wininet(3, text)) == wininet(3, text).hex()


@pytest.mark.parametrize("text", BYPASSES)
def test_bypass_lists_are_shown(text: str) -> None:
    assert shown_bypass(text) == text.replace(" ", ";").split(";")
    assert shown_blob(named("p.test:1", text)) == named("p.test:1", text).hex()


@pytest.mark.parametrize("text", URLS)
def test_urls_are_shown(text: str) -> None:
    assert shown_url(text) == text
    assert shown_blob(wininet(5, script=text)) == wininet(5, script=text).hex()


@pytest.mark.parametrize("text", SECRETS)
def test_what_is_not_understood_is_withheld_with_its_length(text: str) -> None:
    assert shown_proxies(text) == shown_url(text) == withheld(len(text))
    assert shown_bypass(text) == [withheld(len(text))]
    for type_ in ("REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ"):
        for place in ("TelemetryProxyServer", "AutoConfigURL", "WinHttpSettings", "ProxyEnable"):
            assert not harmless(place, type_, sz(text))
    for data in (wininet(3, text), wininet(3, "p:1", text), wininet(5, script=text), detected(text.encode())):
        assert shown_blob(data) == withheld(len(data), "bytes")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("type_", ["REG_BINARY", "REG_NONE", "REG_LINK", "REG_QWORD", "REG_MULTI_SZ"])
def test_bytes_of_the_wrong_type_are_withheld(encoding: str, type_: str) -> None:
    for data in (SECRET.encode(encoding), f"u:{SECRET}@p.test:1".encode(encoding), SECRET[::-1].encode(encoding)):
        for place in ("TelemetryProxyServer", "AutoConfigURL", "DefaultConnectionSettings", "ProxyEnable", "Other"):
            assert not harmless(place, type_, data)
        assert shown_blob(data) == withheld(len(data), "bytes")


@given(st.binary(min_size=1, max_size=80))
def test_any_bytes_are_shown_whole_or_not_at_all(data: bytes) -> None:
    assert shown_blob(data) in (data.hex(), withheld(len(data), "bytes"))


def test_what_a_secret_hides_is_all_of_a_list() -> None:
    assert shown_bypass(f"a.test;user:{SECRET};b.test") == [withheld(31)]
    assert shown_proxies(f"a.test:1;u:{SECRET}@p:1") == withheld(27)


def test_a_number_is_shown_where_letters_can_not_make_it() -> None:
    assert shown_number(1) == 1
    assert shown_number(int.from_bytes(b"pass", "little")) == withheld(4, "bytes")
    assert harmless("AutoDetect", "REG_DWORD", struct.pack("<I", 1))
    assert not harmless("AutoDetect", "REG_DWORD", b"pass")
    assert not harmless("TelemetryProxyServer", "REG_DWORD", struct.pack("<I", 1))


def test_what_windows_remembers_of_a_detection_is_no_secret() -> None:
    address = struct.pack("<HH4B", 2, 0, 10, 0, 0, 1).ljust(128, b"\0")
    for tail in (bytes(28), bytes(32), DETECTED, DETECTED[:-4] + struct.pack("<I", 1) + address):
        assert shown_blob(detected(tail)) == detected(tail).hex()
    for cut in range(1, len(TAIL)):
        assert not any(DETECTED[cut:]) or shown_blob(detected(DETECTED[cut:])) == withheld(
            len(detected(DETECTED[cut:])), "bytes"
        )
    hidden = address[:20] + SECRET.encode() + address[32:]
    assert "withheld" in str(shown_blob(detected(DETECTED[:-4] + struct.pack("<I", 1) + hidden)))
    assert "withheld" in str(shown_blob(named("p.test:1") + SECRET.encode()))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("ERROR: The system was unable to find the specified registry key or value.", None),
        ("FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.", None),
        ("エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。", None),
        (r"C:\Users\lab\AppData\Local\Temp\mde.connectivity\probe.ps1:12 can't be loaded (0x80070005, -5).", None),
        (f"it is user:{SECRET}@p.test:1 now", "it is *** now"),
        (f"{SECRET} u:{SECRET} {SECRET}\uff20p %68%75 aHVu2= 1.2.3", "*** *** *** *** *** ***"),
    ],
)
def test_a_message_keeps_the_words_of_a_language(said: str, shown: str | None) -> None:
    assert shown_words(said) == (shown or said)
    assert shown_words(shown_words(said)) == shown_words(said)


def test_a_word_alone_is_no_server_of_the_sensor() -> None:
    assert shown_server("p.test:1") == "p.test:1"
    assert shown_server(SECRET) == withheld(12)
    assert not harmless("TelemetryProxyServer", "REG_EXPAND_SZ", sz(SECRET))
    assert not harmless("AutoConfigURL", "REG_SZ", sz(SECRET))


def test_names_are_shown() -> None:
    for name in ("Windows 10 Pro", "Müller, Anna (extern)", "", "22631"):
        assert shown_name(name) == name
    assert shown_name(f"user:{SECRET}") == withheld(17)


def test_what_a_user_wrote_is_hidden_where_it_has_an_at_sign() -> None:
    assert without_words(f"there is u:{SECRET}@p:1, u%40{SECRET} and p.test:1") == "there is *** *** and p.test:1"


WORST = [
    "a", ":", "%40", "@", "-", ".", "a.", "a-", "/", "a/", ";", "a;", "[", "a:1;", "*.", "'", "\\a", "C:\\a", " ",
    "a ", "file://",
]  # fmt: skip
FUNCTIONS = [shown_proxies, shown_bypass, shown_url, shown_name, shown_words, without_words]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_time_grows_with_the_length_and_not_with_its_square(function: Callable[[str], object]) -> None:
    for unit in WORST:
        assert_linear(function, unit * 8_000, unit * 128_000)
