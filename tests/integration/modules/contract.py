# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract: what the lab's endpoints are given, what they are told to do, and what must come of it.

Sentences that Windows and Wine word differently are not part of it: there the exit code counts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
CONNECTIONS = rf"{SETTINGS}\Connections"
MACHINE = rf"HKLM\{CONNECTIONS}"
MINE = rf"HKCU\{CONNECTIONS}"
LAB = r"HKCU\Software\Lab"
WIDE = r"HKLM\SOFTWARE\Lab"
WOW = r"HKLM\SOFTWARE\Wow6432Node\Lab"
POLICIES = r"HKLM\SOFTWARE\Policies\Lab"
NETSH32 = r"%SystemRoot%\SysWOW64\netsh.exe"

# What these cases write Wine's reg.exe does not show: a type, and letters that its code page lacks.
UNSHOWN_BY_WINE = ("add-quad", "add-non-ascii")

Raw = tuple[str, bytes]
# Key, value name and view.
Place = tuple[str, str, int]


def sz(text: str) -> bytes:
    """The bytes of a REG_SZ."""
    return f"{text}\0".encode("utf-16-le")


def text(line: str) -> Raw:
    """A REG_SZ value."""
    return "REG_SZ", sz(line)


def wininet(flags: int, proxy: str = "", bypass: str = "", script: str = "") -> Raw:
    """A DefaultConnectionSettings value."""
    strings = b"".join(struct.pack("<I", len(part)) + part.encode() for part in (proxy, bypass, script))
    return "REG_BINARY", struct.pack("<III", 0x46, 3, flags) + strings + bytes(32)


def winhttp(proxy: str = "", bypass: str = "") -> Raw:
    """A WinHttpSettings value, with the flags that Windows writes."""
    strings = b"".join(struct.pack("<I", len(part)) + part.encode() for part in (proxy, bypass))
    return "REG_BINARY", struct.pack("<III", 0x18, 0, 3 if proxy else 1) + strings


@dataclass(frozen=True)
class Step:
    """One command of a batch: its exit code, the values that reg.exe shows, or all that it prints."""

    command: str
    rc: int = 0
    # (value name in small letters, type, data) in the order of the output; None: not looked at.
    shown: tuple[tuple[str, str, str], ...] | None = None
    printed: str | None = None


@dataclass(frozen=True)
class Case:
    """A batch for an endpoint of a profile that has `given` in its registry, and what is in it afterwards."""

    name: str
    steps: tuple[Step, ...]
    given: dict[Place, Raw | None] = field(default_factory=dict)
    after: dict[Place, Raw | None] = field(default_factory=dict)
    profile: str = "clean"


def _shows(proxy: str, bypass: str = "(none)") -> str:
    lines = (f"    Proxy Server(s) :  {proxy}", f"    Bypass List     :  {bypass}")
    return "\n".join(("", "Current WinHTTP proxy settings:", "", *lines, "", ""))


DIRECT = "\nCurrent WinHTTP proxy settings:\n\n    Direct access (no proxy server).\n\n"
REFUSED = "\nError writing proxy settings. (87) The parameter is incorrect.\n\n"

_ADDED = (
    ("text", "REG_SZ", "plain", "plain", sz("plain")),
    ("blanks", "REG_SZ", '"two  words "', "two  words ", sz("two  words ")),
    ("marks", "REG_SZ", '"a&b|c<d>e(f)^g;h,i=j\'k"', "a&b|c<d>e(f)^g;h,i=j'k", sz("a&b|c<d>e(f)^g;h,i=j'k")),
    ("backslash", "REG_SZ", '"C:\\some dir\\\\"', "C:\\some dir\\", sz("C:\\some dir\\")),
    ("empty", "REG_SZ", '""', "", sz("")),
    ("local", "REG_SZ", '"<local>;*.lab.test"', "<local>;*.lab.test", sz("<local>;*.lab.test")),
    ("expand", "REG_EXPAND_SZ", "C:\\dir", "C:\\dir", sz("C:\\dir")),
    ("list", "REG_MULTI_SZ", "a\\0b", "a\\0b", sz("a\0b\0")),
    ("number", "REG_DWORD", "10", "0xa", bytes([10, 0, 0, 0])),
    ("hex", "REG_DWORD", "0x12", "0x12", bytes([0x12, 0, 0, 0])),
    ("large", "REG_DWORD", "4294967295", "0xffffffff", b"\xff" * 4),
    ("binary", "REG_BINARY", "00ffAB", "00FFAB", b"\x00\xff\xab"),
    ("nothing", "REG_BINARY", '""', "", b""),
    # reg.exe takes the data of this type as text, and shows it in hex.
    ("none", "REG_NONE", "01", "300031000000", sz("01")),
)

_REGISTRY = [
    *(
        Case(
            f"add-{name}",
            (
                Step(f"reg add {LAB} /v {name} /t {kind} /d {data} /f"),
                Step(f"reg query {LAB} /v {name.upper()}", shown=((name, kind, shown),)),
            ),
            after={(LAB, name, 64): (kind, raw)},
        )
        for name, kind, data, shown, raw in _ADDED
    ),
    Case(
        # Written only: Wine's reg.exe cannot show this type.
        "add-quad",
        (Step(f"reg add {LAB} /v quad /t REG_QWORD /d 258 /f"),),
        after={(LAB, "quad", 64): ("REG_QWORD", bytes([2, 1, 0, 0, 0, 0, 0, 0]))},
    ),
    Case(
        "add-non-ascii",
        (Step(f'reg add {LAB} /v name /d "Büro ß 日本" /f'),),
        after={(LAB, "name", 64): text("Büro ß 日本")},
    ),
    Case(
        "add-replaces-type",
        (Step(f"reg add {LAB} /v name /t REG_DWORD /d 1 /f"),),
        given={(LAB, "name", 64): text("old")},
        after={(LAB, "name", 64): ("REG_DWORD", bytes([1, 0, 0, 0]))},
    ),
    Case(
        "add-refuses",
        (
            Step(f"reg add {LAB} /v name /t REG_DWORD /d eleven /f", rc=1),
            Step(f"reg add {LAB} /v name /t REG_BINARY /d 0xyz /f", rc=1),
            Step(f"reg add {LAB} /v name /t REG_NOSUCH /d 1 /f", rc=1),
            Step("reg add HKXX\\Software\\Lab /v name /d 1 /f", rc=1),
        ),
        given={(LAB, "name", 64): text("kept")},
        after={(LAB, "name", 64): text("kept")},
    ),
    Case(
        "query-missing",
        (
            Step(rf'reg query "{LAB}\no such key"', rc=1, shown=()),
            Step(f'reg query {LAB} /v "no such value"', rc=1, shown=()),
            Step(f"reg query {LAB} /v there", shown=(("there", "REG_SZ", "1"),)),
        ),
        given={(LAB, "there", 64): text("1")},
    ),
    Case(
        "query-key",
        (
            Step(
                f'reg query "{LAB}"',
                shown=(("one", "REG_SZ", "1"), ("two words", "REG_DWORD", "0x2")),
            ),
        ),
        given={
            (LAB, "one", 64): text("1"),
            (LAB, "two words", 64): ("REG_DWORD", bytes([2, 0, 0, 0])),
            (rf"{LAB}\below", "three", 64): text("3"),
        },
    ),
    Case(
        "query-below",
        (
            Step(
                f"reg query {LAB} /s",
                shown=(("one", "REG_SZ", "1"), ("two", "REG_SZ", "2"), ("three", "REG_SZ", "3")),
            ),
        ),
        given={
            (LAB, "one", 64): text("1"),
            (rf"{LAB}\a", "two", 64): text("2"),
            (rf"{LAB}\a\b", "three", 64): text("3"),
        },
    ),
    Case(
        "delete-spares-neighbours",
        (
            Step(f"reg delete {LAB} /v gone /f"),
            Step(f"reg delete {LAB} /v gone /f", rc=1),
            Step(rf"reg delete {LAB}\absent /v gone /f", rc=1),
        ),
        given={(LAB, "gone", 64): text("1"), (LAB, "stays", 64): text("2")},
        after={(LAB, "gone", 64): None, (LAB, "stays", 64): text("2")},
    ),
    Case(
        "views-differ",
        (
            Step(f"reg add {WIDE} /v name /d wide /f /reg:64"),
            Step(f"reg add {WIDE} /v name /d narrow /f /reg:32"),
            Step(f"reg query {WIDE} /v name /reg:64", shown=(("name", "REG_SZ", "wide"),)),
            Step(f"reg query {WIDE} /v name /reg:32", shown=(("name", "REG_SZ", "narrow"),)),
            Step(f"reg query {WOW} /v name", shown=(("name", "REG_SZ", "narrow"),)),
        ),
        after={
            (WIDE, "name", 64): text("wide"),
            (WIDE, "name", 32): text("narrow"),
            (WOW, "name", 64): text("narrow"),
        },
    ),
    Case(
        "delete-in-one-view",
        (Step(f"reg delete {WIDE} /v name /f /reg:32"),),
        given={(WIDE, "name", 64): text("wide"), (WIDE, "name", 32): text("narrow")},
        after={(WIDE, "name", 64): text("wide"), (WIDE, "name", 32): None},
    ),
    Case(
        "policies-shared",
        (Step(f"reg add {POLICIES} /v name /d 1 /f /reg:32"),),
        after={(POLICIES, "name", 64): text("1"), (POLICIES, "name", 32): text("1")},
    ),
    Case(
        "system-has-two-names",
        (Step(r"reg add HKU\.DEFAULT\Software\Lab /v name /d 1 /f"),),
        after={
            (r"HKU\S-1-5-18\Software\Lab", "name", 64): text("1"),
            (r"HKU\S-1-5-19\Software\Lab", "name", 64): None,
        },
    ),
]

_SET = 'netsh winhttp set proxy proxy-server="p.test:8080" bypass-list="<local>;*.lab.test"'
_BOTH = {(MACHINE, "WinHttpSettings", view): winhttp() for view in (64, 32)}

_NETSH = [
    Case(
        "set-proxy",
        (
            Step(_SET, printed=_shows("p.test:8080", "<local>;*.lab.test")),
            Step("netsh winhttp show proxy", printed=_shows("p.test:8080", "<local>;*.lab.test")),
        ),
        given=dict(_BOTH),
        after={
            (MACHINE, "WinHttpSettings", 64): winhttp("p.test:8080", "<local>;*.lab.test"),
            (MACHINE, "WinHttpSettings", 32): winhttp(),
        },
    ),
    Case(
        "set-proxy-32",
        (Step(f'{NETSH32} winhttp set proxy proxy-server="p.test:1"', printed=_shows("p.test:1")),),
        given=dict(_BOTH),
        after={
            (MACHINE, "WinHttpSettings", 64): winhttp(),
            (MACHINE, "WinHttpSettings", 32): winhttp("p.test:1"),
        },
    ),
    Case(
        "set-proxy-by-place",
        (Step('netsh winhttp set proxy http=a.test:1;https=b.test:2 "<local>;*.c"'),),
        after={(MACHINE, "WinHttpSettings", 64): winhttp("http=a.test:1;https=b.test:2", "<local>;*.c")},
    ),
    Case(
        "set-proxy-drops-bypass",
        (Step("netsh winhttp set proxy p.test"),),
        given={(MACHINE, "WinHttpSettings", 64): winhttp("old.test:1", "*.old.test")},
        after={(MACHINE, "WinHttpSettings", 64): winhttp("p.test")},
    ),
    Case(
        "set-proxy-long",
        (Step(f'netsh winhttp set proxy p.test "{"x" * 1049}"'),),
        after={(MACHINE, "WinHttpSettings", 64): winhttp("p.test", "x" * 1049)},
    ),
    Case(
        "set-proxy-refuses",
        (
            Step('netsh winhttp set proxy "bü.test:1"', rc=1, printed=REFUSED),
            Step('netsh winhttp set proxy "fake=a.test:1"', rc=1, printed=REFUSED),
            Step("netsh winhttp set proxy", rc=1),
            Step("netsh winhttp set nonsense", rc=1),
            Step("netsh winhttp import proxy source=firefox", rc=1),
        ),
        given={(MACHINE, "WinHttpSettings", 64): winhttp("kept.test:1")},
        after={(MACHINE, "WinHttpSettings", 64): winhttp("kept.test:1")},
    ),
    Case(
        "reset-proxy",
        (Step("netsh winhttp reset proxy", printed=DIRECT), Step("netsh winhttp show proxy", printed=DIRECT)),
        given={(MACHINE, "WinHttpSettings", view): winhttp("old.test:1") for view in (64, 32)},
        after={
            (MACHINE, "WinHttpSettings", 64): winhttp(),
            (MACHINE, "WinHttpSettings", 32): winhttp("old.test:1"),
        },
    ),
    Case(
        "show-absent",
        (Step("netsh winhttp show proxy", printed=DIRECT),),
        given={(MACHINE, "WinHttpSettings", 64): None},
    ),
    Case(
        "show-truncated",
        (Step("netsh winhttp show proxy", printed=DIRECT),),
        given={(MACHINE, "WinHttpSettings", 64): ("REG_BINARY", bytes(11))},
    ),
    Case(
        "import-manual",
        (Step("netsh winhttp import proxy source=ie", printed=_shows("u.test:3128", "<local>;*.u.test")),),
        given={(MINE, "DefaultConnectionSettings", 64): wininet(3, "u.test:3128", "<local>;*.u.test")},
        after={(MACHINE, "WinHttpSettings", 64): winhttp("u.test:3128", "<local>;*.u.test")},
    ),
    Case(
        "import-switched-off",
        (Step("netsh winhttp import proxy source=ie", printed=DIRECT),),
        given={
            (MINE, "DefaultConnectionSettings", 64): wininet(1, "u.test:3128"),
            (MACHINE, "WinHttpSettings", 64): winhttp("old.test:1"),
        },
        after={(MACHINE, "WinHttpSettings", 64): winhttp()},
    ),
    Case(
        "import-script-only",
        (Step("netsh winhttp import proxy ie", printed=DIRECT),),
        given={(MINE, "DefaultConnectionSettings", 64): wininet(13, script="http://wpad.test/p.pac")},
        after={(MACHINE, "WinHttpSettings", 64): winhttp()},
    ),
    Case(
        "import-absent",
        (Step("netsh winhttp import proxy source=ie", printed=DIRECT),),
        given={(MINE, "DefaultConnectionSettings", 64): None},
        after={(MACHINE, "WinHttpSettings", 64): winhttp()},
    ),
    Case(
        "stub-does-nothing",
        (Step(_SET), Step(f"{NETSH32} winhttp set proxy p.test:1"), Step("netsh winhttp reset proxy")),
        given={(MACHINE, "WinHttpSettings", view): winhttp("old.test:1") for view in (64, 32)},
        after={(MACHINE, "WinHttpSettings", view): winhttp("old.test:1") for view in (64, 32)},
        profile="stubnetsh",
    ),
]

_SHELL = [
    Case(
        "codes-one-by-one",
        (
            Step("cmd /c exit 7", rc=7),
            Step("reg query HKU"),
            Step("cmd /c exit -5", rc=-5),
            Step("no-such-program", rc=9009),
            Step(f"reg query {LAB} /v there", shown=(("there", "REG_SZ", "1"),)),
        ),
        given={(LAB, "there", 64): text("1")},
    ),
    Case(
        "quotes-hold-marks",
        (
            Step('echo "a & b | c > d ^ e (f)"', printed='"a & b | c > d ^ e (f)" \n'),
            Step("echo a^&b", printed="a&b \n"),
        ),
    ),
    Case(
        "unset-variable-stays",
        (Step("echo %no_such_variable%", printed="%no_such_variable% \n"),),
    ),
]

CASES = (*_REGISTRY, *_NETSH, *_SHELL)
