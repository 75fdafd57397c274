# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One contract for both back ends: the same command lines, exit codes, readings and bytes on each."""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Callable, Iterator

import pytest
from windows_lab.backend import Backend
from windows_lab.profiles import PROFILES
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.wine import WineEndpoint

from tests.integration.modules.contract import (
    CASES,
    CONNECTIONS,
    LAB,
    MACHINE,
    POLICIES,
    WIDE,
    WOW,
    Case,
    Raw,
    text,
    winhttp,
)
from tests.integration.wine.wine_endpoint import wine_endpoint

TOKEN = "c0ffee11"
Start = Callable[[str], Backend]


@pytest.fixture(scope="module")
def wine() -> Iterator[Callable[[str], WineEndpoint]]:
    """Wine endpoints, one per profile for all tests."""
    running: dict[str, WineEndpoint] = {}
    with contextlib.ExitStack() as stack:

        def start(profile: str) -> WineEndpoint:
            if profile not in running:
                running[profile] = stack.enter_context(wine_endpoint(profile))
            return running[profile]

        yield start


@pytest.fixture(
    params=[
        pytest.param("simulated", marks=pytest.mark.simulated),
        pytest.param("wine", marks=pytest.mark.wine),
    ]
)
def start(request: pytest.FixtureRequest) -> Start:
    """Give an endpoint of a profile, on each back end in turn, without what earlier tests left."""

    def simulated(profile: str) -> Backend:
        return SimulatedEndpoint("w1", PROFILES[profile])

    def cleaned(profile: str) -> Backend:
        endpoint: WineEndpoint = request.getfixturevalue("wine")(profile)
        endpoint.reseed()
        for key in (LAB, WIDE, WOW, POLICIES, r"HKU\S-1-5-18\Software\Lab"):
            endpoint.delete_key(key)
        return endpoint

    return cleaned if request.param == "wine" else simulated


def batch(endpoint: Backend, commands: list[str]) -> list[tuple[int, str]]:
    """Run commands as the product does: exit code and output of each."""
    line = f"echo {TOKEN}" + "".join(
        f"&{command}{'' if command.startswith('(') else ' 2>&1'}&call echo {TOKEN} %^errorlevel%"
        for command in commands
    )
    done = endpoint.run(line)
    assert done.stderr == b""
    output = done.stdout.decode("cp437").replace("\r\n", "\n")
    head, *parts = re.split(rf"^{TOKEN} *(-?\d*) *\n", output, flags=re.MULTILINE)
    assert head == ""
    assert parts[0] == ""
    return [(int(code), printed) for printed, code in zip(parts[1::2], parts[2::2], strict=False)]


def shown(output: str) -> tuple[tuple[str, ...], ...]:
    """Name, type and data of each value that reg.exe printed; for /v the name may be as it was asked."""
    rows = re.findall(r"^ {4}(.*?) {4}(REG_\w+) {4}(.*)$", output, flags=re.MULTILINE)
    return tuple((name.lower(), kind, data) for name, kind, data in rows)


def comparable(value: Raw | None) -> Raw | None:
    """A value, but a named WinHTTP proxy with the flags of Windows: Wine writes 2 where Windows writes 3."""
    if value and value[1][:12] == struct.pack("<III", 0x18, 0, 2):
        return value[0], struct.pack("<III", 0x18, 0, 3) + value[1][12:]
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_contract(start: Start, case: Case) -> None:
    endpoint = start(case.profile)
    for (key, name, view), value in case.given.items():
        if value is None:
            endpoint.delete_value(key, name, view)
        else:
            endpoint.set_value(key, name, *value, view)
    answers = batch(endpoint, [step.command for step in case.steps])
    assert [rc for rc, _output in answers] == [step.rc for step in case.steps]
    for step, (_rc, printed) in zip(case.steps, answers, strict=True):
        assert step.shown is None or shown(printed) == step.shown
        assert step.printed is None or printed == step.printed
    for (key, name, view), value in case.after.items():
        assert comparable(endpoint.value(key, name, view)) == value


def test_dump_can_be_replayed(start: Start) -> None:
    endpoint = start("clean")
    endpoint.run('netsh winhttp set proxy p.test:1 "<local>;*.a"')
    ((rc, printed),) = batch(endpoint, ["netsh winhttp dump"])
    assert rc == 0
    (line,) = re.findall(r"^set proxy .*$", printed, flags=re.MULTILINE)
    endpoint.run("netsh winhttp reset proxy")
    assert endpoint.value(MACHINE, "WinHttpSettings") == winhttp()
    assert batch(endpoint, [f"netsh winhttp {line}"])[0][0] == 0
    assert comparable(endpoint.value(MACHINE, "WinHttpSettings")) == winhttp("p.test:1", "<local>;*.a")


def test_loop_over_hives(start: Start) -> None:
    endpoint = start("clean")
    loop = f"(for /f %S in ('reg query HKU') do @reg query \"%S\\{CONNECTIONS}\" 2>&1)"
    (hives, looped, last) = batch(endpoint, ["reg query HKU", loop, "cmd /c exit 3"])
    sids = set(re.findall(r"^HKEY_USERS\\(\S+)$", hives[1], flags=re.MULTILINE))
    assert {"S-1-5-18", "S-1-5-19", "S-1-5-20"} <= sids
    keys = re.findall(r"^HKEY_USERS\\(\S+?)\\Software\\.*\\Connections$", looped[1], flags=re.MULTILINE)
    with_settings = {
        sid for sid in sids if endpoint.value(rf"HKU\{sid}\{CONNECTIONS}", "DefaultConnectionSettings")
    }
    assert set(keys) == with_settings
    assert last[0] == 3


def test_connecting_user_has_a_hive(start: Start) -> None:
    endpoint = start("clean")
    (_added, hives) = batch(endpoint, [f"reg add {LAB} /v name /d mine /f", "reg query HKU"])
    sids = re.findall(r"^HKEY_USERS\\(\S+)$", hives[1], flags=re.MULTILINE)
    mine = [sid for sid in sids if endpoint.value(rf"HKU\{sid}\Software\Lab", "name") == text("mine")]
    assert len(mine) == 1
    assert mine[0].startswith("S-1-5-21-")


def test_profile_list_names_the_accounts(start: Start) -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    ((rc, printed),) = batch(start("clean"), [f'reg query "{key}" /s'])
    assert rc == 0
    paths = {data.rsplit("\\", 1)[1] for name, _kind, data in shown(printed) if name == "profileimagepath"}
    assert paths >= {"systemprofile", "LocalService", "NetworkService", "lab", "anna", "away"}


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        (r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber", text("22631")),
        (r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "ProductName", text("Windows 10 Pro")),
        (
            r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
            "PROCESSOR_ARCHITECTURE",
            text("AMD64"),
        ),
        (
            r"HKLM\SYSTEM\CurrentControlSet\Services\WinHttpAutoProxySvc",
            "Start",
            ("REG_DWORD", bytes([3, 0, 0, 0])),
        ),
        (
            r"HKLM\SOFTWARE\Microsoft\Windows Advanced Threat Protection\Status",
            "OnboardingState",
            ("REG_DWORD", bytes([1, 0, 0, 0])),
        ),
    ],
)
def test_fresh_endpoint(start: Start, key: str, name: str, expected: Raw) -> None:
    endpoint = start("clean")
    assert endpoint.value(key, name) == expected
    ((rc, printed),) = batch(endpoint, [f'reg query "{key}" /v {name}'])
    assert rc == 0
    assert [row[0] for row in shown(printed)] == [name.lower()]


def test_key_exists(start: Start) -> None:
    endpoint = start("clean")
    assert not endpoint.key_exists(LAB)
    endpoint.set_value(rf"{LAB}\a\b", "name", "REG_SZ", text("1")[1])
    assert endpoint.key_exists(rf"{LAB}\a")
    endpoint.delete_value(rf"{LAB}\a\b", "name")
    endpoint.delete_value(rf"{LAB}\a\b", "name")
    assert endpoint.value(rf"{LAB}\a\b", "name") is None
    assert endpoint.key_exists(rf"{LAB}\a\b")
