# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe in Wine's script host, through Wine's WinHTTP and a real squid, to the stand-in of the service.

With MDE_POWERSHELL it is the one for PowerShell, and that PowerShell runs it.

Where WinHTTP of Wine differs from that of Windows: a proxy's refusal of a tunnel is no response but error 12157, so
proxy_denied and proxy_auth_required are seen for http only; no certificate error can be ignored, so an inspecting
proxy is tls_failed; SetProxy has no effect, so there are no named proxies and no direct path here.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils import _probe
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._carrier import ENGINES
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._reachability import Reachability
from ansible_collections.mde.connectivity.plugins.plugin_utils._probe._targets import Targets
from ansible_collections.mde.connectivity.plugins.plugin_utils._resources._resource import Refused
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import probes, select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice, Service
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._render import Row, Settings, squid
from ansible_collections.mde.connectivity.plugins.plugin_utils._windows._endpoint import Endpoint
from windows_lab.lab import Lab
from windows_lab.network import faults
from windows_lab.network.authority import Authority
from windows_lab.network.faults import BlockPage, InspectingProxy, Silent
from windows_lab.network.http1 import heads, response
from windows_lab.network.listener import Listener, own_address
from windows_lab.wine import WineEndpoint, powershell
from windows_lab.wine.endpoint import NotTrusted

from tests.integration.reachability.probe_site import GREETING, Web
from tests.integration.reachability.reach_site import PATIENCE, need_stage
from tests.integration.site import Site, reset
from tests.integration.wine.wine_asker import DEFAULTS, ENGINE, EUROPE, OF_ONE_URL, Asker, Wire
from tests.network import service
from tests.network.stage import CLIENTS, Stage

pytestmark = pytest.mark.wine

SHIPPED = Path(_probe.__file__).parent
SCHEMA = json.loads((SHIPPED / "schema.json").read_text(encoding="utf-8"))
SECURE_CHANNEL = (12157, "ERROR_WINHTTP_SECURE_CHANNEL_ERROR")


@pytest.fixture(autouse=True)
def one_request_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the service close a connection after its answer.

    WinHTTP of Wine takes an idle tunnel through a proxy for any other host behind the same proxy.
    """

    def last_response(*content: Any) -> bytes:
        return response(*content).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    for module in (service, faults):
        monkeypatch.setattr(module, "response", last_response)


@pytest.fixture
def wine_site(wine_lab: Lab, tmp_path: Path) -> Iterator[Site]:
    need_stage()
    wine_lab.reset_accounts()
    site = Site(wine_lab, tmp_path)
    reset(site.endpoint)
    yield site
    reset(site.endpoint)


@pytest.fixture
def asker(wine_site: Site) -> Asker:
    assert isinstance(wine_site.endpoint, WineEndpoint)
    return Asker(wine_site.endpoint)


def european() -> tuple[Service, ...]:
    services = select(Choice("streamlined", regions=("eu",), include_optional=False))
    return tuple(service for service in services if service.probes)


def reason(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["reason"], row["answered_by"], row["status"], row["error"]


def of_scheme(rows: Sequence[dict[str, Any]], scheme: str) -> list[dict[str, Any]]:
    found = [row for row in rows if urlsplit(row["url"]).scheme == scheme]
    assert found
    return found


def test_the_role_verifies_the_whole_list_of_a_region_through_squid(wine_site: Site, asker: Asker) -> None:
    services = european()
    asked = probes(services)
    # Each of the statuses that are documented, in turn.
    statuses = {probe.url: probe.statuses[place % len(probe.statuses)] for place, probe in enumerate(asked)}
    rules = {url: (status, "text/plain", "service of the lab\n") for url, status in statuses.items()}
    with Stage(services, rules=rules) as running:
        asker.endpoint.trust(running.authority.der)
        asker.use(running.proxy)
        options = {**EUROPE, **PATIENCE, "run_as": "connection", "engine": "wsh", "paths": ["effective", "winhttp"]}
        variables = {f"endpoint_verify_{name}": value for name, value in options.items()}
        role = {"ansible.builtin.include_role": {"name": "mde.connectivity.endpoint_verify"}, "vars": variables}
        done = wine_site.run(role)
        result = next(outcome.result for outcome in done.outcomes if "rows" in outcome.result)
        opened = running.squid.log(at_least=len(result["rows"]))
    assert done.rc == 0, done.output
    rows = result["rows"]
    assert [row for row in rows if row["reason"] != "ok"] == []
    expected = [(url, path, statuses[url]) for url in statuses for path in ("effective", "winhttp")]
    assert [(row["url"], row["path"], row["status"]) for row in rows] == expected
    assert {(row["answered_by"], row["via"]) for row in rows} == {("origin", running.proxy)}
    assert (result["engine"], result["summary"]["reachable"], result["changed"]) == ("wsh", True, False)
    assert len({row["status"] for row in rows}) > 1
    assert len(wine_site.lab.account(wine_site.name).commands) == 1
    # Squid and the service say the same, and neither was shown credentials.
    tunnels = [row.target for row in opened if row.method == "CONNECT"]
    plain = [row.target for row in opened if row.method == "GET"]
    assert sorted(tunnels) == sorted(f"{row['host']}:443" for row in of_scheme(rows, "https"))
    assert sorted(plain) == sorted(row["url"] for row in of_scheme(rows, "http"))
    assert {(row.authorization, row.proxy_authorization) for row in opened} == {(None, None)}
    seen = [(f"{request.scheme}://{request.host}{request.path}", request.status) for request in running.service.log]
    assert sorted(seen) == sorted((row["url"], row["status"]) for row in rows)
    assert {request.headers["user-agent"] for request in running.service.log} == {"mde.connectivity"}
    assert not any({"authorization", "proxy-authorization"} & request.headers.keys() for request in running.service.log)
    assert not asker.folder.exists()


def test_hosts_out_of_the_allow_list(asker: Asker) -> None:
    plain, secure = ("www.microsoft.com", 80), ("go.microsoft.com", 443)
    with Stage(service for service in european() if (service.host, service.port) not in (plain, secure)) as running:
        asker.endpoint.trust(running.authority.der)
        asker.use(running.proxy)
        rows = asker.ask()
        denied = [row.target for row in running.squid.log(at_least=len(rows)) if row.result == "TCP_DENIED"]
    of_plain = [row for row in rows if (row["host"], row["port"]) == plain]
    of_secure = [row for row in rows if (row["host"], row["port"]) == secure]
    others = [row for row in rows if row not in of_plain and row not in of_secure]
    assert len(of_plain) > 1
    assert {reason(row) for row in of_plain} == {("proxy_denied", "proxy", 403, None)}
    assert of_plain[0]["advice"] == f"Allow www.microsoft.com:80 in the proxy {running.proxy}."
    # On Windows this one is to be proxy_denied as well.
    assert [reason(row) for row in of_secure] == [("tls_failed", None, None, SECURE_CHANNEL[0])]
    assert {row["reason"] for row in others} == {"ok"}
    assert plain[0] in {row["host"] for row in others}
    assert sorted(denied) == sorted([*(row["url"] for row in of_plain), f"{secure[0]}:443"])


def test_squid_stopped(asker: Asker) -> None:
    with Stage(european()) as running:
        asker.use(running.proxy)
    rows = asker.ask()
    assert {reason(row) for row in rows} == {("refused", None, None, 12029)}
    assert {(row["via"], row["error_name"]) for row in rows} == {(running.proxy, "ERROR_WINHTTP_CANNOT_CONNECT")}


@pytest.fixture
def far(asker: Asker) -> Iterator[Stage]:
    """A squid that lets two more names through, which nobody else can resolve; one leads to a server without a word."""
    known = {f"{scheme}://known.lab.test/ping": (404, "text/plain", "") for scheme in ("http", "https")}
    rows = [Row(host, port) for host in ("known.lab.test", "silent.lab.test") for port in (80, 443)]
    address = own_address()
    text = squid(rows, Settings(clients=CLIENTS))
    with Silent(address, 80), Stage(text, rules=known, hosts={"silent.lab.test": address}) as running:
        asker.endpoint.trust(running.authority.der)
        asker.use(running.proxy)
        yield running


def test_a_name_that_only_the_proxy_resolves(asker: Asker, far: Stage) -> None:
    rows = asker.ask("http://known.lab.test/ping", "https://known.lab.test/ping")
    assert [reason(row) for row in rows] == [("ok", "origin", 404, None)] * 2
    assert {row.server for row in far.squid.log(at_least=2)} == {far.service.address}


def test_a_server_that_never_answers(asker: Asker, far: Stage) -> None:
    urls = ["http://known.lab.test/ping", "http://silent.lab.test/", "https://known.lab.test/ping"]
    rows = asker.ask(*urls, timeout=5, deadline=60)
    assert [row["reason"] for row in rows] == ["ok", "timeout", "ok"]
    # A clock and a timer of Windows differ by some milliseconds.
    assert 4900 <= rows[1]["milliseconds"] < 60000
    assert max(rows[0]["milliseconds"], rows[2]["milliseconds"]) < rows[1]["milliseconds"]


def test_the_deadline_of_all(asker: Asker, far: Stage) -> None:
    silent = "http://silent.lab.test"
    rows = asker.ask(f"{silent}/1", f"{silent}/2", "http://known.lab.test/ping", timeout=60, deadline=2, parallel=2)
    assert [row["reason"] for row in rows] == ["timeout", "timeout", "not_tried"]
    assert all(1900 <= row["milliseconds"] < 30000 for row in rows[:2])


def test_a_proxy_that_asks_who_comes(asker: Asker) -> None:
    with Stage(european(), authenticate=True) as running:
        asker.use(running.proxy)
        rows = asker.ask()
        opened = running.squid.log(at_least=len(rows))
    assert {reason(row) for row in of_scheme(rows, "http")} == {("proxy_auth_required", "proxy", 407, None)}
    # On Windows these are to be proxy_auth_required as well.
    assert {reason(row) for row in of_scheme(rows, "https")} == {("tls_failed", None, None, SECURE_CHANNEL[0])}
    assert {(row.authorization, row.proxy_authorization) for row in opened} == {(None, None)}
    assert running.service.log == []


def test_an_inspecting_proxy(asker: Asker, tmp_path: Path) -> None:
    inspector = Authority(tmp_path / "inspector", "Inspection")
    urls = ("https://one.lab.test/", "https://two.lab.test/")
    with InspectingProxy(inspector) as proxy:
        asker.use(proxy.proxy)
        rows = asker.ask(*urls)
        assert sorted(seen.target for seen in proxy.log) == ["one.lab.test:443", "two.lab.test:443"]
        # It is the unknown authority and nothing else that they failed of.
        asker.endpoint.trust(inspector.der)
        trusting = asker.ask(*urls)
    assert {(row["reason"], row["error"], row["error_name"]) for row in rows} == {("tls_failed", *SECURE_CHANNEL)}
    assert {reason(row) for row in trusting} == {("ok", "origin", 200, None)}


@pytest.mark.parametrize(("redirect", "status"), [(False, 200), (True, 302)])
def test_a_block_page(asker: Asker, redirect: bool, status: int) -> None:
    with BlockPage(redirect=redirect) as proxy:
        asker.use(proxy.proxy)
        rows = asker.ask("http://one.lab.test/", "http://two.lab.test/x")
    assert [reason(row) for row in rows] == [("blocked_page", None, status, None)] * 2


def test_what_cannot_use_a_proxy_takes_another_way_than_the_one_asked_for(asker: Asker) -> None:
    urls = [{"url": f"http://{name}.lab.test/", **OF_ONE_URL} for name in ("one", "two")]
    inquiry = Reachability({**DEFAULTS, "service_urls": False, "urls": urls, "paths": ["wpad"]})
    inquiry._targets = Targets((inquiry._targets.asked[0], replace(inquiry._targets.asked[1], direct=True)))
    with BlockPage(redirect=False) as proxy:
        asker.use(proxy.proxy)
        rows = inquiry.ask(Endpoint(Wire(asker.endpoint)))["rows"]
    assert [(row["via"], row["reason"]) for row in rows] == [(None, "path_unknown"), ("direct", "blocked_page")]


class Meeting(Listener):
    """A proxy that answers nobody before so many have come."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.log: list[str] = []
        self._barrier = threading.Barrier(number, timeout=60)

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            self.log.append(head.target)
            self._barrier.wait()
            connection.sendall(GREETING)


def test_sixty_urls_on_two_paths_are_one_remote_call_and_on_the_way_together(asker: Asker) -> None:
    urls = [f"http://n{number}.lab.test/" for number in range(60)]
    paths = ["effective", "winhttp"]
    wire = Wire(asker.endpoint)
    with Meeting(30) as proxy:
        asker.use(f"127.0.0.1:{proxy.port}")
        rows = asker.ask(*urls, wire=wire, paths=paths, parallel=32)
    assert [(row["url"], row["path"]) for row in rows] == [(url, path) for url in urls for path in paths]
    assert {reason(row) for row in rows} == {("ok", "origin", 200, None)}
    assert len(proxy.log) == 120
    assert len(wire.sent) == 1


class Late(Web):
    """A proxy whose answers come in two pieces: head, and a moment later body."""

    def serve(self, connection: socket.socket) -> None:
        head, mark, body = GREETING.partition(b"\r\n\r\n")
        for request in heads(connection):
            self.log.append(request)
            connection.sendall(head + mark)
            time.sleep(0.1)
            connection.sendall(body)


def test_bodies_that_come_late_lose_no_answer(asker: Asker) -> None:
    with Late() as proxy:
        asker.use(f"127.0.0.1:{proxy.port}")
        for _turn in range(3):
            rows = asker.ask(*(f"http://n{number}.lab.test/" for number in range(60)))
            assert {reason(row) for row in rows} == {("ok", "origin", 200, None)}
    assert len(proxy.log) == 3 * 60


HOSTILE = "a\"b'$(calc)`md%20C:\\started`</script>%TEMP%^&md%20C:\\started&|md;{0}[1]~!@*,=+(x)"
# What WinHTTP of Wine makes of it is an escape here and there, and the same characters as ever.
ARRIVES = "a%22b'$(calc)%60md%20C:%5Cstarted%60%3C/script%3E%TEMP%%5E&md%20C:%5Cstarted&%7Cmd;%7B0%7D%5B1%5D~!@*,=+(x)"


def test_a_url_is_data_and_starts_nothing(asker: Asker) -> None:
    urls = [f"http://data.lab.test/{HOSTILE}", f"http://data.lab.test/?{HOSTILE}"]
    before = asker.files()
    with Web() as proxy:
        asker.use(f"127.0.0.1:{proxy.port}")
        rows = asker.ask(*urls)
    assert [row["url"] for row in rows] == urls
    assert {row["reason"] for row in rows} == {"ok"}
    targets = sorted(re.sub(r"^http://data\.lab\.test:80", "", head.target) for head in proxy.log)
    assert targets == sorted([f"/{ARRIVES}", f"/?{ARRIVES}"])
    assert asker.files() == before


class Watching(Listener):
    """A proxy that reads what lies on the endpoint when it is asked."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self._folder = folder

    def serve(self, connection: socket.socket) -> None:
        for _head in heads(connection):
            self.files = {path.name: path.read_bytes() for path in self._folder.iterdir()}
            connection.sendall(GREETING)


def test_what_runs_is_the_shipped_program_and_both_sides_keep_to_the_schema(asker: Asker) -> None:
    # What an earlier run left is gone before this one begins.
    (asker.folder / "older").mkdir(parents=True)
    name_of_program = ENGINES[ENGINE]
    for name in (name_of_program, "input", "older/answer"):
        (asker.folder / name).write_text("left", encoding="ascii")
    wire = Wire(asker.endpoint)
    with Watching(asker.folder) as proxy:
        asker.use(f"127.0.0.1:{proxy.port}")
        rows = asker.ask("http://one.lab.test/", wire=wire, paths=["winhttp", "static", "wpad"])
    assert {"ok", "no_such_proxy", "path_unknown"} == {row["reason"] for row in rows}
    assert proxy.files.keys() == {name_of_program, "input"}
    without_comments = re.sub(rb"(?m)^ *(//.*)?\n", b"", (SHIPPED / name_of_program).read_bytes())
    assert proxy.files[name_of_program] == re.sub(rb"(?m)^ +", b"", without_comments).replace(b"\n", b"\r\n")
    # The first line is there for the mark, and goes with it.
    sent = wire.sent[0].partition(b"\r\n")[2]
    assert proxy.files["input"] == sent
    assert not asker.folder.exists()
    request = json.loads(sent.partition(b"\r\n")[0].removeprefix(b"request:"))
    answer = json.loads(next(line for line in wire.received[0].splitlines() if line.startswith(b"{")))
    for content, kind in ((request, "request"), (answer, "answer")):
        jsonschema.validate(content, {**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{kind}"}]})
    assert answer["token"] == request["token"]


@pytest.mark.skipif(powershell.is_windows(), reason="there is a PowerShell")
def test_without_powershell_the_script_host_asks(asker: Asker) -> None:
    auto, only = Wire(asker.endpoint), Wire(asker.endpoint)
    with Web() as proxy:
        asker.use(f"127.0.0.1:{proxy.port}")
        rows = asker.ask("http://one.lab.test/", wire=auto, engine="auto")
        with pytest.raises(Refused, match="nothing is known about any URL. powershell said: The lab's Wine"):
            asker.ask("http://one.lab.test/", wire=only, engine="powershell")
    assert [row["reason"] for row in rows] == ["ok"]
    # Once with each engine, where the task may go on.
    assert (len(auto.sent), len(only.sent)) == (2, 1)
    assert len(proxy.log) == 1
    assert not asker.folder.exists()


def test_an_authority_is_trusted_or_an_error(asker: Asker) -> None:
    with pytest.raises(NotTrusted, match="error"):
        asker.endpoint.trust(b"no certificate")
