# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks and the two script engines of the simulated endpoint: they run the probe, and nothing else."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from windows_lab.profiles import PROFILES
from windows_lab.simulated import programs
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.machine import Machine, Process, Streams
from windows_lab.simulated.registry import Registry
from windows_lab.simulated.seed import USER_SID, fresh_root

ROOT = Path(__file__).parents[3]
REQUEST = {
    "format": 1,
    "token": "abcd",
    "timeout": 1000,
    "deadline": 2000,
    "parallel": 1,
    "ways": [{"way": "direct", "proxy": ""}],
    "urls": ["https://service.lab.test/"],
    "direct": [],
}
CSCRIPT = r"cscript //nologo C:\Tools\probe.js C:\Tools\input"
POWERSHELL = (
    "powershell -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned "
    r"-File C:\Tools\probe.ps1 C:\Tools\input"
)
CREATE = 'schtasks /create /tn lab /ru SYSTEM /sc once /st 00:00 /f /tr "{}"'


def shipped(name: str) -> bytes:
    text = (ROOT / "plugins/plugin_utils/_probe" / name).read_text(encoding="ascii")
    return text.replace("\n", "\r\n").encode()


def endpoint(profile: str = "clean") -> SimulatedEndpoint:
    """An endpoint with both programs and a request in C:\\Tools."""
    made = SimulatedEndpoint("w1", PROFILES[profile])
    for name in ("probe.js", "probe.ps1"):
        made.files.write(rf"C:\Tools\{name}", shipped(name))
    made.files.write(r"C:\Tools\input", f"request:{json.dumps(REQUEST)}\r\n".encode() + b"further lines\r\n")
    return made


@pytest.mark.parametrize(("line", "engine"), [(CSCRIPT, "wsh"), (POWERSHELL, "powershell")])
def test_the_engines_run_the_probe(line: str, engine: str) -> None:
    done = endpoint().run(line)
    answer = json.loads(done.stdout)
    assert (done.rc, done.stderr) == (0, b"")
    assert (answer["engine"], answer["token"]) == (engine, "abcd")
    # This endpoint resolves no name: error 12007.
    assert [row["error"] & 0xFFFF for row in answer["rows"]] == [12007]


@pytest.mark.parametrize("line", [CSCRIPT, POWERSHELL])
@pytest.mark.parametrize("change", [b"\r\n\r\n", b" "])
def test_the_engines_run_no_other_script(line: str, change: bytes) -> None:
    made = endpoint()
    for name in ("probe.js", "probe.ps1"):
        made.files.append(rf"C:\Tools\{name}", change)
    done = made.run(line)
    assert (done.rc, done.stdout) == (50, b"")
    assert b"the lab runs no other script" in done.stderr


def test_line_ends_that_got_lost_on_the_way_are_noticed() -> None:
    made = endpoint()
    made.files.write(r"C:\Tools\probe.js", shipped("probe.js").replace(b"\r\n", b"\n"))
    assert made.run(CSCRIPT).rc == 50


@pytest.mark.parametrize(
    ("profile", "line", "rc", "error"),
    [
        ("noscripts", CSCRIPT, 1, "Windows Script Host access is disabled on this machine."),
        ("hardened", POWERSHELL, 1, "This program is blocked by group policy."),
        ("clean", r"cscript //nologo C:\Tools\none.js", 1, "Input Error: Can not find script file"),
        ("clean", r"cscript //nologo C:\Tools\probe.js", 50, "whose first lines are a request"),
        (
            "clean",
            r"cscript //nologo C:\Tools\probe.js C:\Tools\probe.ps1",
            50,
            "whose first lines are a request",
        ),
        ("clean", "cscript //e:vbscript x", 50, "lab: cscript //e:vbscript x is not modelled"),
        ("clean", "powershell -Command exit", 50, "lab: powershell with anything but -File is not modelled"),
        ("clean", r"powershell -File C:\Tools\probe.ps1 x", 1, "running scripts is disabled on this system"),
        ("clean", r"powershell -File C:\Tools\none.ps1", 0xFFFD0000, "the -File parameter does not exist"),
    ],
)
def test_what_the_engines_refuse(profile: str, line: str, rc: int, error: str) -> None:
    done = endpoint(profile).run(line)
    assert (done.rc, done.stdout) == (rc, b"")
    assert error in done.stderr.decode()


def test_constrained_powershell_says_so_and_the_script_host_works_on() -> None:
    made = endpoint("constrained")
    answer = json.loads(made.run(POWERSHELL).stdout)
    assert (answer["error"], answer["rows"]) == ("constrained language", [])
    assert json.loads(made.run(CSCRIPT).stdout)["error"] == ""


def test_the_script_host_introduces_itself() -> None:
    assert (
        endpoint()
        .run(CSCRIPT.replace(" //nologo", ""))
        .stdout.startswith(b"Microsoft (R) Windows Script Host")
    )


def test_a_task_runs_as_system_beside_the_line_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, str]] = []
    go = threading.Event()

    def tool(process: Process) -> int:
        seen.append((process.system, process.machine.registry.user_sid))
        assert go.wait(60)
        return process.child("echo %USERNAME%>C:\\Windows\\done", process.streams, system=False)

    def release(_process: Process) -> int:
        go.set()
        return 0

    monkeypatch.setitem(programs.TOOLS, "waiting", tool)
    monkeypatch.setitem(programs.TOOLS, "release", release)
    made = endpoint()
    for name in ("waiting", "release"):
        made.files.write(rf"C:\Tools\{name}.exe", programs.TOOL + name.encode())
    wait = r"for /l %i in (1,1,60) do @if not exist C:\Windows\done ping -n 2 127.0.0.1 >nul"
    done = made.run(
        CREATE.format(r"C:\Tools\waiting.exe")
        + rf"&schtasks /run /tn LAB&schtasks /query /tn lab&C:\Tools\release&({wait})&type C:\Windows\done"
    )
    assert seen == [(True, "S-1-5-18")]
    assert done.stdout.decode().splitlines()[-1] == "W1$"
    assert b"Running" in done.stdout


def test_a_task_carries_the_probe() -> None:
    made = endpoint()
    line = r"cmd.exe /d /c cd /d C:\Tools & cscript //nologo probe.js input >part & ren part answer"
    wait = r"(for /l %i in (1,1,60) do @if not exist C:\Tools\answer ping -n 2 127.0.0.1 >nul)"
    done = made.run(
        f"{CREATE.format(line)} >nul 2>&1&schtasks /run /tn lab >nul&{wait}&type C:\\Tools\\answer"
    )
    assert json.loads(done.stdout)["token"] == "abcd"
    assert made.files.names(r"C:\Tools") == ["answer", "input", "probe.js", "probe.ps1"]
    assert made.run("schtasks /delete /tn lab /f").rc == 0
    assert made.run("schtasks /query /tn lab").rc == 1


@pytest.mark.parametrize(
    ("profile", "line", "error"),
    [
        ("denied", CREATE.format("x"), "Access is denied."),
        ("german", "schtasks /run /tn lab", "FEHLER: Das System kann die angegebene Datei nicht finden."),
        ("clean", "schtasks /delete /tn lab /f", "The system cannot find the file specified."),
        ("clean", CREATE.format("x" * 262), "cannot be more than 261 character(s)."),
        ("clean", "schtasks /create /tn lab /tr x /sc once", "Mandatory option 'st' is missing."),
        ("clean", "schtasks /create /tn lab /tr x /sc never", "Invalid Schedule Type specified."),
        ("clean", "schtasks /create /tn lab /tr x /sc once /st 25:00", "Invalid Starttime value."),
        ("clean", "schtasks /run /tn lab /now", "Invalid argument/option - '/now'."),
        ("clean", "schtasks /run /tn", "Value expected for '/tn'."),
    ],
)
def test_schtasks_refuses(profile: str, line: str, error: str) -> None:
    done = endpoint(profile).run(line)
    assert (done.rc, done.stdout) == (1, b"")
    assert error in done.stderr.decode()


def test_a_task_is_replaced_and_deleted_only_when_that_was_confirmed() -> None:
    made = endpoint()
    made.run(CREATE.format("x" * 261))
    asking = CREATE.format("x").replace(" /f", "")
    assert b"SUCCESS" not in made.run(asking, b"n\r\n").stdout
    assert b"SUCCESS" in made.run(asking, b"y\r\n").stdout
    assert b"SUCCESS" not in made.run("schtasks /delete /tn lab", b"").stdout
    assert made.run("schtasks /query").stdout.splitlines()[-1].split() == [b"lab", b"N/A", b"Ready"]


def test_a_program_can_run_a_line_as_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def elevate(process: Process) -> int:
        return process.child(" ".join(process.argv[1:]), process.streams, system=True)

    monkeypatch.setitem(programs.TOOLS, "elevate", elevate)
    made = endpoint("denied")
    made.files.write(r"C:\Tools\elevate.exe", programs.TOOL + b"elevate 2.0")
    assert made.run(r"md C:\Windows\lab").rc == 1
    done = made.run(r"cd /d C:\Tools & elevate md C:\Windows\lab ^& cd ^& reg add HKCU\Software\Lab /v x /f")
    assert (done.rc, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[0] == rb"C:\Windows\System32"
    assert made.files.is_directory(r"C:\Windows\lab")
    assert made.value(r"HKU\S-1-5-18\Software\Lab", "x") is not None
    assert made.value(r"HKCU\Software\Lab", "x") is None


def test_a_program_outside_cmd_starts_nothing() -> None:
    registry = Registry(fresh_root(PROFILES["clean"]), USER_SID)
    process = Process(Machine("w1", PROFILES["clean"], registry, []), ["x"], Streams())
    with pytest.raises(RuntimeError, match="not started by cmd.exe"):
        process.child("ver", Streams(), system=False)
