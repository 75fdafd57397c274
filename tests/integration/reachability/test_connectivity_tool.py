# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's verifiers run as LocalSystem and become rows, and nothing of the run is left on the endpoint."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from windows_lab.network.view import Network
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.files import Files
from windows_lab.simulated.verifiers import URLS

from tests.integration.play import Outcome
from tests.integration.site import Site, task

pytestmark = pytest.mark.simulated

PSEXEC = r"C:\Program Files\Sysinternals\PsExec.exe"
HOME = r"C:\Program Files\The verifier"
SECRET = "S3cr3t-Pass"
# EU listens, US resolves to an address where nobody listens, the rest is not resolved.
WEU, NEU, CUS, EUS = (f"winatp-gw-{name}.microsoft.com" for name in ("weu", "neu", "cus", "eus"))


@pytest.fixture
def network() -> Iterator[Network]:
    with socket.create_server(("127.0.0.2", 0)) as server:
        hosts = {WEU: "127.0.0.2", NEU: "127.0.0.2", CUS: "127.0.0.3"}
        yield Network(hosts=hosts, ports={443: server.getsockname()[1]})


def files_of(site: Site) -> Files:
    assert isinstance(site.endpoint, SimulatedEndpoint)
    return site.endpoint.files


def put(site: Site, path: str, data: bytes) -> None:
    files_of(site).make_directory(path.rpartition("\\")[0])
    files_of(site).write(path, data)


def equip(site: Site, tool: str, words: str = "", report: bytes | None = None, home: str = HOME) -> None:
    """Put the two programs onto the endpoint, the verifier with words that choose how it behaves."""
    put(site, PSEXEC, b"LAB PROGRAM psexec")
    name = "SenseSnapshot.exe" if tool == "sense_snapshot" else r"Tools\MDEClientAnalyzer.exe"
    first = f"LAB PROGRAM {tool} {words}".encode()
    put(site, rf"{home}\{name}", first if report is None else first + b"\n" + report)


def everything(files: Files, directory: str = "C:\\") -> dict[str, bytes | None]:
    """All files and directories of the endpoint, with what is in them."""
    found: dict[str, bytes | None] = {}
    for name in files.names(directory):
        path = f"{directory.rstrip(chr(92))}\\{name}"
        found[path] = files.read(path)
        if files.is_directory(path):
            found |= everything(files, path)
    return found


def options(tool: str, **others: Any) -> dict[str, Any]:
    return {"tool": tool, "directory": HOME, "psexec": PSEXEC, "accept_eula": True, **others}


def expected(url: str) -> tuple[bool, bool]:
    host = urlsplit(url).hostname
    return host in (WEU, NEU, CUS), host in (WEU, NEU)


@pytest.mark.parametrize(
    ("shape", "connection"), [("elements", "winrs"), ("attributes", "winrm"), ("flat", "psrp")]
)
def test_sense_snapshot_becomes_rows(
    simulated: Callable[..., Site], network: Network, shape: str, connection: str
) -> None:
    site = simulated()
    site.endpoint.network = network  # type: ignore[attr-defined]
    equip(site, "sense_snapshot", shape)
    before = everything(files_of(site))
    # What an earlier run left is not taken for the answer, and does not stay.
    put(site, rf"{HOME}\Snapshot.zip", b"old")
    put(site, r"C:\Windows\mde.connectivity.stopped", b"old")
    result = site.module("connectivity_tool", options("sense_snapshot"), connection=connection)
    assert (result["changed"], result["ran"], result["exit_code"], result["proxy"]) == (False, True, 0, None)
    assert [(row["url"], row["resolved"], row["listening"]) for row in result["rows"]] == [
        (url, *expected(url)) for url in URLS
    ]
    assert [row["verdict"] for row in result["rows"]] == [
        "ok" if expected(url)[1] else "failed" for url in URLS
    ]
    assert result["summary"] == {
        "rows": 7,
        "ok": 2,
        "failed": 5,
        "unknown": 0,
        "ignored": 0,
        "reachable": False,
    }
    assert everything(files_of(site)) == before


def test_other_regions_are_shown_and_do_not_count(simulated: Callable[..., Site], network: Network) -> None:
    site = simulated()
    site.endpoint.network = Network(  # type: ignore[attr-defined]
        hosts={**network.hosts, "eu.vortex-win.data.microsoft.com": "127.0.0.2"}, ports=network.ports
    )
    equip(site, "sense_snapshot")
    equip(site, "client_analyzer", "tight")
    for tool in ("sense_snapshot", "client_analyzer"):
        result = site.module("connectivity_tool", options(tool, regions=["eu"]))
        rows = {urlsplit(row["url"]).hostname: row for row in result["rows"]}
        assert [rows[host]["region"] for host in (WEU, CUS, "events.data.microsoft.com")] == [
            "eu",
            "us",
            None,
        ]
        assert [name for name, row in rows.items() if row["ignored"]] == [
            CUS,
            EUS,
            "us.vortex-win.data.microsoft.com",
        ]
        # The world-wide host is not resolved here, and counts.
        counts = {"rows": 7, "ok": 3, "failed": 1, "unknown": 0, "ignored": 3, "reachable": False}
        assert result["summary"] == counts


@pytest.mark.parametrize(("spacing", "connection"), [("wide", "winrs"), ("tight", "winrm")])
def test_the_analyzer_becomes_rows(
    simulated: Callable[..., Site], network: Network, spacing: str, connection: str
) -> None:
    site = simulated()
    site.endpoint.network = network  # type: ignore[attr-defined]
    equip(site, "client_analyzer", spacing)
    before = everything(files_of(site))
    result = site.module("connectivity_tool", options("client_analyzer"), connection=connection)
    assert result["proxy"] == {"method": "Direct", "address": ""}
    codes = {(True, True): 200, (True, False): 12029, (False, False): 12007}
    for row, url in zip(result["rows"], URLS, strict=True):
        first, wpad, *_others = row["methods"]
        assert (row["url"], first["method"], first["code"]) == (url, "Default proxy", codes[expected(url)])
        assert wpad == {
            "method": "Proxy auto discovery (WPAD)",
            "proxy": "",
            "result": "absent",
            "code": None,
        }
        assert row["verdict"] == ("ok" if expected(url)[1] else "failed")
    assert everything(files_of(site)) == before


def test_what_an_analyzer_prints_of_a_proxy_shows_no_credentials(simulated: Callable[..., Site]) -> None:
    site = simulated()
    text = (
        f"Proxy config: Method=NamedWinHttp, address=user:{SECRET}@p.test:8080\r\n"
        f"Testing URL : https://a.test/\r\n4 - Named proxy ( user:{SECRET}@p.test:8080 ): Succeeded (200)\r\n"
    )
    equip(site, "client_analyzer", report=text.encode())
    run = site.run(task("connectivity_tool", options("client_analyzer")))
    result = run.one()
    assert result["proxy"]["address"] == result["rows"][0]["methods"][0]["proxy"] == "(withheld: 28 characters)"
    assert result["summary"]["reachable"]
    assert SECRET not in run.output
    assert SECRET not in str(result)


def test_check_mode_and_a_missing_yes_send_nothing(simulated: Callable[..., Site]) -> None:
    site = simulated()
    equip(site, "sense_snapshot")
    refused = {**options("sense_snapshot"), "accept_eula": False}
    run = site.run(
        task("connectivity_tool", options("sense_snapshot"), check_mode=True),
        task("connectivity_tool", refused),
        task("connectivity_tool", {**options("sense_snapshot"), "directory": r"C:\%TEMP%"}),
        task("connectivity_tool", {**options("sense_snapshot"), "regions": ["mars"]}),
        task("connectivity_tool", {**options("sense_snapshot"), "tool": "MpCmdRun"}),
        ignore_errors=True,
    )
    check, *bad = run.outcomes
    assert (check.result["ran"], check.result["rows"], check.result["summary"]["reachable"]) == (
        False,
        [],
        None,
    )
    assert check.result["command"].startswith(f'"{PSEXEC}" -accepteula -nobanner -s -i "{HOME}')
    assert [outcome.status for outcome in bad] == ["failed"] * 4
    for outcome, option in zip(bad, ("accept_eula", "directory", "regions", "tool"), strict=True):
        assert option in outcome.result["msg"]
    assert site.lab.account(site.name).requests == 0


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.xml", text)
    return buffer.getvalue()


XML_BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;">]><Connections>&c;</Connections>'
REPORTS: dict[str, tuple[bytes, str]] = {
    "garbage": (b"no archive at all", "Snapshot.zip can't be read as a ZIP archive"),
    "empty": (b"", "Snapshot.zip can't be read as a ZIP archive"),
    "without": (zipped(Other="<a/>"), "One Snapshot.xml among at most 1000 files is expected"),
    "broken": (zipped(Snapshot="<a>"), "Snapshot.xml can't be read as XML"),
    "xml bomb": (zipped(Snapshot=XML_BOMB), "Snapshot.xml defines types or entities"),
    "zip bomb": (zipped(Snapshot=" " * 5_000_000), "Snapshot.xml unpacks to more than 4194304 bytes"),
    "too big": (bytes(8 * 1024 * 1024 + 1), "Snapshot.zip has 8388609 bytes and is not fetched"),
}
BEHAVIOURS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "foreign": ("sense_snapshot", "foreign", {}, "Its elements are Momentaufnahme, Verbindungen, Adresse."),
    "silent": ("sense_snapshot", "silent", {}, "wrote no Snapshot.zip; PsExec ended with exit code 3"),
    "hang": (
        "sense_snapshot",
        "hang",
        {"timeout": 2},
        "SenseSnapshot.exe did not end within the timeout of 2 seconds",
    ),
    "hang too": (
        "client_analyzer",
        "hang",
        {"timeout": 2},
        "MDEClientAnalyzer.exe did not end within the timeout of 2 seconds",
    ),
    "no tool": (
        "sense_snapshot",
        "",
        {"directory": r"C:\Nowhere"},
        r"directory: there is no file C:\Nowhere\SenseSnapshot.exe",
    ),
    "no analyzer": (
        "client_analyzer",
        "",
        {"directory": r"C:\Tools"},
        r"there is no file C:\Tools\Tools\MDEClientAnalyzer.exe",
    ),
    "no psexec": (
        "sense_snapshot",
        "",
        {"psexec": r"C:\Tools\PsExec.exe"},
        r"psexec: there is no file C:\Tools\PsExec.exe",
    ),
    "blocked": (
        "client_analyzer",
        "",
        {"psexec": r"C:\Blocked\PsExec.exe"},
        "PsExec was not allowed to start MDEClientAnalyzer.exe as LocalSystem (exit code 5, access denied)",
    ),
}


def assert_said(outcome: Outcome, message: str) -> None:
    said = outcome.result.get("msg", "")
    assert outcome.status == "failed"
    assert message in said
    assert "\n" not in said
    assert len(said) < 600
    assert "Traceback" not in str(outcome.result)


def test_every_failure_is_one_sentence_and_leaves_nothing(simulated: Callable[..., Site]) -> None:
    site = simulated()
    put(site, r"C:\Blocked\PsExec.exe", b"LAB PROGRAM psexec blocked")
    tasks, messages = [], []
    for name, (report, message) in REPORTS.items():
        equip(site, "sense_snapshot", report=report, home=rf"C:\{name}")
        tasks.append(task("connectivity_tool", options("sense_snapshot", directory=rf"C:\{name}")))
        messages.append(message)
    for name, (tool, words, others, message) in BEHAVIOURS.items():
        equip(site, tool, words, home=rf"C:\{name}")
        tasks.append(task("connectivity_tool", {**options(tool, directory=rf"C:\{name}"), **others}))
        messages.append(message)
    equip(site, "client_analyzer", report=b"nothing of use", home=r"C:\mute")
    tasks.append(task("connectivity_tool", options("client_analyzer", directory=r"C:\mute")))
    messages.append("printed no URL that it tested; PsExec ended with exit code 0 and said: nothing of use")
    before = everything(files_of(site))
    run = site.run(*tasks, ignore_errors=True)
    assert len(run.outcomes) == len(tasks), run.output[-2000:]
    for outcome, message in zip(run.outcomes, messages, strict=True):
        assert_said(outcome, message)
    assert everything(files_of(site)) == before
    assert site.endpoint._machine.hung == {}  # type: ignore[attr-defined]


def test_without_elevation_nothing_is_started(simulated: Callable[..., Site]) -> None:
    site = simulated("denied")
    equip(site, "client_analyzer")
    before = everything(files_of(site))
    run = site.run(task("connectivity_tool", options("client_analyzer")), ignore_errors=True)
    assert_said(run.outcomes[0], "connect as an administrator")
    assert everything(files_of(site)) == before
    assert not any("PsExec" in line and "accepteula" in line for line in site.lab.account(site.name).commands)


def test_the_lab_keeps_psexecs_rules(simulated: Callable[..., Site]) -> None:
    site = simulated()
    equip(site, "client_analyzer")
    analyzer = rf'"{HOME}\Tools\MDEClientAnalyzer.exe"'
    no_terms = site.endpoint.run(f'echo x&"{PSEXEC}" -s {analyzer}')
    assert no_terms.rc != 0
    assert b"You must accept EULA" in no_terms.stderr
    assert b"Testing URL" not in no_terms.stdout
    as_user = site.endpoint.run(f'echo x&"{PSEXEC}" -accepteula {analyzer}')
    assert b"Testing URL" not in as_user.stdout
    as_system = site.endpoint.run(f'echo x&"{PSEXEC}" -accepteula -s {analyzer}')
    assert as_system.stdout.count(b"Testing URL") == len(URLS)
