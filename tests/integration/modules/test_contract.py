# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One contract for all back ends: the same command lines, exit codes, readings and bytes on each.

A recording is one of them, so that simulation and Wine are held to what the machine answered that it was made on.
Simulation and Wine are held to their own recordings too, which the list of differences is made from.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
from collections.abc import Callable, Iterator

import pytest
from windows_lab.backend import Backend
from windows_lab.profiles import PROFILES, Profile
from windows_lab.recording import Exchange, Machine, RecordedEndpoint, Recording, RecordingEndpoint, Scrubber
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.wine import WineEndpoint
from windows_lab.wine.prefix import version

from tests import needs
from tests.integration.modules.contract import (
    CASES,
    CONNECTIONS,
    LAB,
    MACHINE,
    POLICIES,
    UNSHOWN_BY_WINE,
    WIDE,
    WOW,
    Case,
    Raw,
    text,
    winhttp,
)
from tests.integration.wine.wine_endpoint import wine_endpoint
from tests.recordings import stored

TOKEN = "c0ffee11"
# Of an endpoint whose values are read by Wine's reg.exe.
WINE_CODEPAGE = "cp437"
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


LAB_BACKENDS = [pytest.param("simulated", marks=pytest.mark.simulated), pytest.param("wine", marks=pytest.mark.wine)]
# The machine of `make windows`, and only there.
REAL = [pytest.param("windows", marks=pytest.mark.windows)] if "MDE_WINDOWS_RECORDING" in os.environ else []


def _simulated(profile: str) -> Backend:
    return SimulatedEndpoint("w1", PROFILES[profile])


def _on_wine(request: pytest.FixtureRequest) -> Start:
    def cleaned(profile: str) -> Backend:
        endpoint: WineEndpoint = request.getfixturevalue("wine")(profile)
        endpoint.reseed()
        for key in (LAB, WIDE, WOW, POLICIES, r"HKU\S-1-5-18\Software\Lab"):
            endpoint.delete_key(key)
        return endpoint

    return cleaned


@pytest.fixture(params=LAB_BACKENDS)
def start_lab(request: pytest.FixtureRequest) -> Start:
    """Give an endpoint of a profile, on each back end of the lab, without what earlier tests left."""
    return _simulated if request.param == "simulated" else _on_wine(request)


@pytest.fixture(params=[*LAB_BACKENDS, *stored.recorded_backends(), *REAL])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Give a clean endpoint: of the lab, one that answers out of a recording, or the machine of `make windows`."""
    backend, _space, name = request.param.partition(" ")
    part = stored.part(request.node)
    if backend == "recorded":
        recording = stored.recording(name)
        yield lambda _profile: answering(recording, part)
    elif backend == "windows":
        machine = request.getfixturevalue("machine")
        machine.clean()
        yield lambda _profile: machine.endpoint
    else:
        live = Recording(Machine(backend))
        begin = _simulated if backend == "simulated" else _on_wine(request)
        yield lambda profile: kept(begin(profile), live, part)
        name = "simulated" if backend == "simulated" else version()
        # A case is given all that its answer comes of; other tests show what an endpoint happens to hold.
        if name in stored.names() and part.endswith("]"):
            assert exchanges(live, part) == exchanges(stored.recording(name), part), f"make {name} anew"


@pytest.mark.wine
def test_the_wine_that_answers_here_has_a_recording_to_be_held_to() -> None:
    needs.wine_endpoints()
    assert version() in stored.names(), "make one: python -m tests.windows.rehearsal wine FOLDER"


def kept(endpoint: Backend, recording: Recording, part: str) -> RecordingEndpoint:
    """The endpoint, of which is kept what it answers."""
    keeping = RecordingEndpoint(endpoint, recording, Scrubber({}))
    keeping.part = part
    return keeping


def exchanges(recording: Recording, part: str) -> list[Exchange]:
    """What was sent and answered in a part of a recording."""
    return [entry for entry in recording.parts.get(part, []) if isinstance(entry, Exchange)]


def answering(recording: Recording, part: str) -> RecordedEndpoint:
    """An endpoint that answers as the recording does; it has the language of the machine that it was made on."""
    codepage = WINE_CODEPAGE if recording.machine.evidence == "wine" else "utf-8"
    profile = Profile("recorded", locale=recording.machine.language, codepage=codepage)
    return RecordedEndpoint("recorded", profile, recording.parts.get(part, []))


def batch(endpoint: Backend, commands: list[str]) -> list[tuple[int, str]]:
    """Run commands as the product does: exit code and output of each."""
    line = f"echo {TOKEN}" + "".join(
        f"&{command}{'' if command.startswith('(') else ' 2>&1'}&call echo {TOKEN} %^errorlevel%"
        for command in commands
    )
    done = endpoint.run(line)
    assert done.stderr == b""
    output = done.stdout.decode("cp437").replace("\r\n", "\n")
    head, *parts = re.split(rf"^{TOKEN} *(-?\d*) *(?:\n|\Z)", output, flags=re.MULTILINE)
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


def give(endpoint: Backend, case: Case) -> None:
    for (key, name, view), value in case.given.items():
        if value is None:
            endpoint.delete_value(key, name, view)
        else:
            endpoint.set_value(key, name, *value, view)


def read(case: Case, answers: list[tuple[int, str]], english: bool) -> list[tuple[int, object, str | None]]:
    """What counts of the answers to a case: sentences do where they are looked at, and are in one language."""
    return [
        (rc, shown(printed) if step.shown is not None else None, printed if english and step.printed else None)
        for step, (rc, printed) in zip(case.steps, answers, strict=True)
    ]


def expected(case: Case, english: bool) -> list[tuple[int, object, str | None]]:
    return [(step.rc, step.shown, step.printed if english and step.printed else None) for step in case.steps]


@pytest.mark.parametrize("case", [case for case in CASES if case.profile == "clean"], ids=lambda case: case.name)
def test_contract(start: Start, case: Case) -> None:
    endpoint = start("clean")
    english = endpoint.profile.locale == "en"
    give(endpoint, case)
    answers = batch(endpoint, [step.command for step in case.steps])
    assert read(case, answers, english) == expected(case, english)
    if case.name in UNSHOWN_BY_WINE and endpoint.profile.codepage == WINE_CODEPAGE:
        return
    for (key, name, view), value in case.after.items():
        assert comparable(endpoint.value(key, name, view)) == value


@pytest.mark.parametrize("case", [case for case in CASES if case.profile != "clean"], ids=lambda case: case.name)
def test_contract_of_another_profile(start_lab: Start, case: Case) -> None:
    endpoint = start_lab(case.profile)
    give(endpoint, case)
    answers = batch(endpoint, [step.command for step in case.steps])
    assert read(case, answers, english=True) == expected(case, english=True)
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
    with_settings = {sid for sid in sids if endpoint.key_exists(rf"HKU\{sid}\{CONNECTIONS}")}
    assert set(keys) == with_settings
    assert last[0] == 3


def test_connecting_user_has_a_hive(start: Start) -> None:
    endpoint = start("clean")
    (_added, hives) = batch(endpoint, [f"reg add {LAB} /v name /d mine /f", "reg query HKU"])
    sids = re.findall(r"^HKEY_USERS\\(\S+)$", hives[1], flags=re.MULTILINE)
    mine = [sid for sid in sids if endpoint.value(rf"HKU\{sid}\Software\Lab", "name") == text("mine")]
    assert len(mine) == 1
    assert mine[0].startswith("S-1-5-21-")


def test_profile_list_names_the_accounts(start_lab: Start) -> None:
    key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    ((rc, printed),) = batch(start_lab("clean"), [f'reg query "{key}" /s'])
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
def test_fresh_endpoint(start_lab: Start, key: str, name: str, expected: Raw) -> None:
    endpoint = start_lab("clean")
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


FILE = r"C:\lab-export.reg"
# As regedit writes it: the marks of a text escaped, bytes in lines of 80, keys below by their names.
EXPORTED = "\r\n".join((
    "Windows Registry Editor Version 5.00",
    "",
    r"[HKEY_CURRENT_USER\Software\Lab]",
    r'@="C:\\dir\\ \"quoted\" 日本"',
    '"a number"=dword:0000002a',
    '"bytes"=hex:' + "00," * 22 + "\\",
    "  " + "00," * 25 + "\\",
    "  00,00,00",
    '"list"=hex(7):61,00,00,00,62,00,00,00,00,00',
    r'"more\\\"marks\""=""',
    '"nothing"=hex:',
    '"open"=hex(2):25,00,61,00,25,00,00,00',
    '"quad"=hex(b):02,01,00,00,00,00,00,80',
    "",
    r"[HKEY_CURRENT_USER\Software\Lab\A]",
    "",
    r"[HKEY_CURRENT_USER\Software\Lab\A\below]",
    '"' + "n" * 90 + '"=hex:01,\\',
    "  02",
    "",
    r"[HKEY_CURRENT_USER\Software\Lab\b]",
    '"none"=hex(0):01,02',
    "",
    "",
))  # fmt: skip
# Names in the order of the alphabet, since Wine keeps them in that.
HELD: dict[tuple[str, str], Raw] = {
    (LAB, ""): text('C:\\dir\\ "quoted" 日本'),
    (LAB, "a number"): ("REG_DWORD", bytes([42, 0, 0, 0])),
    (LAB, "bytes"): ("REG_BINARY", bytes(50)),
    (LAB, "list"): ("REG_MULTI_SZ", "a\0b\0\0".encode("utf-16-le")),
    (LAB, 'more\\"marks"'): text(""),
    (LAB, "nothing"): ("REG_BINARY", b""),
    (LAB, "open"): ("REG_EXPAND_SZ", text("%a%")[1]),
    (LAB, "quad"): ("REG_QWORD", bytes([2, 1, 0, 0, 0, 0, 0, 128])),
    (rf"{LAB}\b", "none"): ("REG_NONE", b"\1\2"),
    (rf"{LAB}\A\below", "n" * 90): ("REG_BINARY", b"\1\2"),
}


def exported(endpoint: Backend) -> bytes:
    """The bytes of the file that reg.exe exported, past reg.exe."""
    if isinstance(endpoint, WineEndpoint):
        return (endpoint.prefix / "drive_c" / FILE.rpartition("\\")[2]).read_bytes()
    assert isinstance(endpoint, SimulatedEndpoint)
    return endpoint.files.read(FILE) or b""


def test_an_export_has_the_same_bytes_and_can_be_imported(start_lab: Start) -> None:
    endpoint = start_lab("clean")
    for (key, name), value in HELD.items():
        endpoint.set_value(key, name, *value)
    export, delete = f"reg export {LAB} {FILE} /y", f"reg delete {LAB} /f"
    assert [rc for rc, _said in batch(endpoint, [export, delete])] == [0, 0]
    assert exported(endpoint) == b"\xff\xfe" + EXPORTED.encode("utf-16-le")
    assert batch(endpoint, [export])[0][0] == 1
    assert batch(endpoint, [f"reg import {FILE}", export, f"del {FILE}"])[0][0] == 0
    assert {place: endpoint.value(*place) for place in HELD} == HELD


def test_an_export_is_of_one_view(start_lab: Start) -> None:
    endpoint = start_lab("clean")
    endpoint.set_value(WIDE, "name", *text("wide"))
    endpoint.set_value(WIDE, "name", *text("narrow"), 32)
    for view, held in ((64, "wide"), (32, "narrow")):
        assert batch(endpoint, [f"reg export {WIDE} {FILE} /y /reg:{view}"])[0][0] == 0
        assert exported(endpoint).decode("utf-16").splitlines()[2:4] == [
            r"[HKEY_LOCAL_MACHINE\SOFTWARE\Lab]", f'"name"="{held}"'
        ]
