# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which engine asks, as whom, and that neither of them leaves anything on the endpoint."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from windows_lab.lab import Lab
from windows_lab.network.http1 import heads
from windows_lab.network.listener import Listener
from windows_lab.network.view import Network
from windows_lab.profiles import PROFILES, Profile
from windows_lab.simulated.endpoint import SimulatedEndpoint
from windows_lab.simulated.machine import Machine

from tests.integration.play import Outcome
from tests.integration.reachability.probe_site import GREETING, NAME, Web
from tests.integration.reachability.reach_site import (
    FOLDER,
    TEMP,
    WINDOWS,
    ask_only,
    leftovers,
    place,
    without_times,
)
from tests.integration.site import Site

pytestmark = pytest.mark.simulated

HERE = Network({NAME: "127.0.0.1"})
NEITHER = Profile("neither", powershell=False, script_host=False)
BLOCKED = "powershell said: This program is blocked by group policy."
NO_SCRIPTS = "wsh said: CScript Error: Windows Script Host access is disabled on this machine."


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


@pytest.fixture
def url(web: Web) -> str:
    return f"http://{NAME}:{web.port}/"


class Watching(Listener):
    """Answers, and writes down which files of the endpoint are there at that time."""

    def __init__(self, endpoint: SimulatedEndpoint) -> None:
        super().__init__()
        self.seen: set[tuple[str, ...]] = set()
        self._endpoint = endpoint

    def serve(self, connection: socket.socket) -> None:
        files = self._endpoint.files
        for _head in heads(connection):
            for parent in (TEMP, WINDOWS):
                if files.exists(f"{parent}\\{FOLDER}"):
                    self.seen.add((parent, *files.names(f"{parent}\\{FOLDER}")))
            connection.sendall(GREETING)


def briefly(url: str, **options: Any) -> dict[str, Any]:
    """A task that does not wait long for an engine that says nothing."""
    return ask_only([url], **{"deadline": 20, "paths": ["winhttp"], **options})


@contextlib.contextmanager
def endpoints(work: Path, *profiles: Profile) -> Iterator[Site]:
    with Lab(profiles=dict.fromkeys(profiles, 1)) as lab:
        for endpoint in lab.endpoints.values():
            place(endpoint, HERE)
        yield Site(lab, work)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, web: Web) -> Iterator[dict[tuple[str, str], Outcome]]:
    """What each kind of endpoint says to each task, by the names of both."""
    profiles = [PROFILES[name] for name in ("clean", "hardened", "constrained", "noscripts", "denied")]
    url = f"http://{NAME}:{web.port}/"
    with endpoints(tmp_path_factory.mktemp("engines"), *profiles, NEITHER) as site:
        tasks = [
            {**briefly(url, engine=engine, run_as=account), "name": f"{engine} {account}"}
            for engine, account in (
                ("auto", "connection"),
                ("powershell", "connection"),
                ("wsh", "connection"),
                ("auto", "system"),
            )
        ]
        run = site.run(*tasks, ignore_errors=True)
        yield {(outcome.host.removesuffix("-1"), outcome.task): outcome for outcome in run.outcomes}
        for name in site.lab.endpoints:
            site.name, site.endpoint = name, site.lab.endpoints[name]
            assert leftovers(site) == []


@pytest.mark.parametrize(
    ("profile", "engine"),
    [
        ("clean", "powershell"),
        ("noscripts", "powershell"),
        ("denied", "powershell"),
        ("hardened", "wsh"),
        ("constrained", "wsh"),
    ],
)
def test_auto_takes_powershell_and_the_script_host_where_that_does_not_work(
    outcomes: dict[tuple[str, str], Outcome], profile: str, engine: str
) -> None:
    result = outcomes[profile, "auto connection"].result
    assert (result["engine"], result["run_as"]) == (engine, "connection")
    assert result["summary"]["reachable"] is True


@pytest.mark.parametrize("profile", ["clean", "hardened", "constrained", "noscripts"])
def test_as_system_the_same_engine_is_found(outcomes: dict[tuple[str, str], Outcome], profile: str) -> None:
    mine, systems = (outcomes[profile, f"auto {account}"].result for account in ("connection", "system"))
    assert systems["run_as"] == "system"
    assert without_times(systems) == {**without_times(mine), "run_as": "system"}


@pytest.mark.parametrize(
    ("profile", "task", "sentences"),
    [
        ("neither", "auto connection", [BLOCKED, NO_SCRIPTS]),
        ("neither", "auto system", [BLOCKED, NO_SCRIPTS]),
        ("hardened", "powershell connection", [BLOCKED]),
        ("constrained", "powershell connection", ["powershell said: constrained language"]),
        ("noscripts", "wsh connection", [NO_SCRIPTS]),
    ],
)
def test_an_engine_that_does_not_run_is_an_error_that_quotes_it(
    outcomes: dict[tuple[str, str], Outcome], profile: str, task: str, sentences: list[str]
) -> None:
    outcome = outcomes[profile, task]
    assert outcome.status == "failed"
    assert outcome.result["msg"].startswith("The probe could not run, so nothing is known about any URL. ")
    for sentence in sentences:
        assert sentence in outcome.result["msg"]
    # Neither a row nor a summary that somebody could take for a pass.
    assert not {"rows", "summary", "engine"} & set(outcome.result)


def test_system_needs_an_administrator(outcomes: dict[tuple[str, str], Outcome]) -> None:
    outcome = outcomes["denied", "auto system"]
    assert outcome.status == "failed"
    message = outcome.result["msg"]
    assert "With run_as: system it needs an administrator. powershell said: Access is denied." in message
    assert "\n" not in message


def test_who_may_not_write_there_waits_for_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(Machine, "wait", lambda _machine, seconds: waited.append(seconds))
    with endpoints(tmp_path, PROFILES["denied"]) as site:
        run = site.run(briefly("http://service.lab.test/", run_as="system"), ignore_errors=True)
    assert "it needs an administrator" in run.one()["msg"]
    assert waited == []


@pytest.mark.parametrize(("account", "parent"), [("connection", TEMP), ("system", WINDOWS)])
def test_files_are_there_while_it_asks_and_nowhere_afterwards(
    tmp_path: Path, account: str, parent: str
) -> None:
    with endpoints(tmp_path, PROFILES["clean"]) as site:
        endpoint = site.endpoint
        assert isinstance(endpoint, SimulatedEndpoint)
        with Watching(endpoint) as server:
            one = briefly(f"http://{NAME}:{server.port}/", run_as=account)
            first, second = site.run(one, {**one, "check_mode": True}).results()
        assert first["summary"]["reachable"] is True
        assert without_times(first) == without_times(second)
        of_the_task = ["part", "task.xml"] if account == "system" else []
        assert server.seen == {(parent, *sorted(["input", "probe.ps1", *of_the_task]))}
        assert leftovers(site) == []
        assert endpoint.files.names(TEMP) == []
        assert endpoint.writes == []


@pytest.mark.parametrize(
    ("account", "last", "left"),
    [
        ("connection", "%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\powershell.exe ", [f"{TEMP}\\{FOLDER}"]),
        ("system", "(for /l ", [f"{WINDOWS}\\{FOLDER}", f"task {FOLDER}"]),
    ],
)
def test_what_a_lost_connection_leaves_is_removed_by_the_next_run(
    tmp_path: Path, url: str, account: str, last: str, left: list[str]
) -> None:
    one = briefly(url, run_as=account)
    with endpoints(tmp_path, PROFILES["clean"]) as site:
        assert site.run(one).one()["summary"]["reachable"] is True
        (line,) = site.lab.account(site.name).commands
        # What had been done when the shell ended with its connection: the line up to this command.
        begun = line.rpartition(f"&{last}")[0]
        assert begun
        site.endpoint.run(begun, b"request:{}\r\n// a program\r\n")
        assert leftovers(site) == left
        site.lab.reset_accounts()
        site.lab.drop_connection(site.name, 2)
        lost = site.run(one).outcomes[0]
        assert (lost.status, "rows" in lost.result) == ("unreachable", False)
        assert leftovers(site) == left
        site.lab.drop_connection(site.name, None)
        assert site.run(one).one()["summary"]["reachable"] is True
        assert leftovers(site) == []


def test_an_answer_that_an_earlier_run_left_is_not_believed(tmp_path: Path, url: str) -> None:
    stale = f"{WINDOWS}\\{FOLDER}"
    with endpoints(tmp_path, PROFILES["clean"], NEITHER) as site:
        for endpoint in site.lab.endpoints.values():
            assert isinstance(endpoint, SimulatedEndpoint)
            endpoint.files.make_directory(stale)
            endpoint.files.write(f"{stale}\\answer", b'{"format": 1, "error": "", "rows": []}\r\n')
            made = endpoint.run(
                f'schtasks /create /tn {FOLDER} /ru SYSTEM /sc once /st 00:00 /f /tr "cmd.exe /d /c echo stale"'
            )
            assert made.rc == 0
        run = site.run(briefly(url, run_as="system"), ignore_errors=True)
        found = {outcome.host: outcome for outcome in run.outcomes}
        assert found["clean-1"].result["summary"]["reachable"] is True
        assert found["neither-1"].status == "failed"
        assert leftovers(site) == []
