# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a question costs, in calls and in time, and that every connection brings the same answer."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from windows_lab import inventory
from windows_lab.lab import Lab
from windows_lab.network.authority import Authority
from windows_lab.network.faults import RefusingProxy, Resetting, Silent, TlsServer
from windows_lab.network.http1 import heads
from windows_lab.network.listener import Listener
from windows_lab.network.view import Network
from windows_lab.profiles import PROFILES, Profile
from windows_lab.proxy import Proxy

from tests.integration.play import Outcome, run_tasks
from tests.integration.reachability.probe_site import GREETING, NAME
from tests.integration.reachability.reach_site import ask_only, leftovers, place, without_times
from tests.integration.site import Site
from tests.network.service import Service

pytestmark = pytest.mark.simulated

URLS = 60
DELAY = 1.0
SLOWEST = 4.0


class Slow(Listener):
    """Answers each request after a while, and remembers when the first came and the last was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[float] = []
        self.answered: list[float] = []
        self._end = threading.Event()

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            self.begun.append(time.monotonic())
            self._end.wait(SLOWEST if head.target.endswith("/slowest") else DELAY)
            connection.sendall(GREETING)
            self.answered.append(time.monotonic())

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return max(self.answered) - min(self.begun)


def test_trap_35_60_urls_on_2_paths_are_one_call_and_take_as_long_as_the_slowest(
    simulated: Callable[..., Site],
) -> None:
    site = simulated()
    with Slow() as server, Proxy({NAME: "127.0.0.1"}) as proxy:
        place(site.endpoint, Network({NAME: "127.0.0.1"}), winhttp=proxy.server)
        urls = [f"http://{NAME}:{server.port}/{number}" for number in range(1, URLS)]
        # The slowest is asked first, and the last is as long on its way as any other.
        urls.insert(0, f"http://{NAME}:{server.port}/slowest")
        result = site.run(ask_only(urls, paths=["winhttp", "direct"], parallel=64)).one()
        assert len(proxy.log) == URLS
    rows = [(row["url"], row["path"], row["reason"]) for row in result["rows"]]
    assert rows == [(url, path, "ok") for url in urls for path in ("winhttp", "direct")]
    assert len(server.answered) == 2 * URLS
    # One after the other would be more than two minutes.
    assert SLOWEST <= server.seconds < 20
    account = site.lab.account(site.name)
    assert len(account.commands) == 1
    assert account.requests <= 6
    assert account.bytes_in < 40_000
    assert account.refused == []
    assert leftovers(site) == []


CONNECTIONS_OF_THE_LAB = inventory.CONNECTIONS
# One more endpoint, which speaks German.
GERMAN = "german-1"


@contextlib.contextmanager
def addresses(work: Path) -> Iterator[tuple[Network, list[str], list[str]]]:
    """A network, URLs in it and proxies, of which most have something wrong with them."""
    trusted, other = Authority(work / "trusted"), Authority(work / "other")
    with contextlib.ExitStack() as running:
        service = running.enter_context(Service(trusted, {f"https://{NAME}/": (200, "text/html", "<html>")}))
        up = running.enter_context
        with Silent() as gone:
            closed = gone.port
        ports = [up(Resetting()).port, closed, up(TlsServer(other.server_context([NAME]))).port]
        urls = [f"https://{NAME}/", f"http://{NAME}/missing?a=b", "https://nowhere.lab.test/"]
        urls += [f"https://{NAME}:{port}/" for port in ports]
        proxies = [up(RefusingProxy(status)).proxy for status in (403, 407)]
        hosts = {NAME: service.address}
        yield Network(hosts, trusted.pem, ports=service.ports), urls, proxies


def inventory_of_all_connections(lab: Lab, path: Path) -> Mapping[str, str]:
    """Write an inventory in which each host is reached in another way; gives the way of each."""
    names = [name for name in lab.endpoints if name != GERMAN]
    ways: dict[str, inventory.Connection] = dict(zip(names, CONNECTIONS_OF_THE_LAB, strict=True))
    ways[GERMAN] = "winrs"
    hosts: dict[str, Any] = {}
    for name, connection in ways.items():
        group = inventory.document(lab, connection, "basic")["windows"]
        hosts[name] = {**group["vars"], **group["hosts"][name]}
    path.write_text(yaml.safe_dump({"windows": {"hosts": hosts}}), encoding="utf-8")
    return ways


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Outcome]]]:
    """What came back over each connection, and of the German endpoint."""
    work = tmp_path_factory.mktemp("connections")
    profiles: dict[str | Profile, int] = {
        PROFILES["clean"]: len(CONNECTIONS_OF_THE_LAB),
        PROFILES["german"]: 1,
    }
    with Lab(profiles=profiles) as lab, addresses(work) as (network, urls, proxies):
        for endpoint in lab.endpoints.values():
            place(endpoint, network, winhttp=proxies[0], static=proxies[1])
        ways = inventory_of_all_connections(lab, work / "inventory.yml")
        one = ask_only(urls, paths=["effective", "winhttp", "direct", proxies[0]])
        tasks = [one, {**one, "check_mode": True}]
        run = run_tasks(tasks, work / "inventory.yml", work, ignore_errors=True)
        found: dict[str, list[Outcome]] = {}
        for outcome in run.outcomes:
            found.setdefault("german" if outcome.host == GERMAN else ways[outcome.host], []).append(outcome)
        yield found
        for name, endpoint in lab.endpoints.items():
            site = Site(lab, work)
            site.name, site.endpoint = name, endpoint
            assert leftovers(site) == []
            assert endpoint.writes == []


def results(outcomes: Mapping[str, list[Outcome]], name: str) -> list[dict[str, Any]]:
    assert [outcome.status for outcome in outcomes[name]] == ["ok", "ok"], outcomes[name]
    return [without_times(outcome.result) for outcome in outcomes[name]]


def test_the_answers_are_of_many_kinds(answers: dict[str, list[Outcome]]) -> None:
    result = results(answers, "winrs")[0]
    assert result["summary"]["reasons"].keys() == {
        "blocked_page",
        "name_not_resolved",
        "ok",
        "proxy_auth_required",
        "proxy_denied",
        "refused",
        "reset",
        "tls_intercepted",
    }
    assert len(result["findings"]) == 3


@pytest.mark.parametrize("name", [*CONNECTIONS_OF_THE_LAB, "german"])
def test_every_connection_and_language_brings_the_same(answers: dict[str, list[Outcome]], name: str) -> None:
    assert results(answers, name)[0] == results(answers, "winrs")[0]


@pytest.mark.parametrize("name", [*CONNECTIONS_OF_THE_LAB, "german"])
def test_check_mode_asks_as_well_and_brings_the_same(answers: dict[str, list[Outcome]], name: str) -> None:
    real, checked = results(answers, name)
    assert checked == real
    assert real["changed"] is False
