# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real squid with the collection's allow-list, in front of the stand-in of the service."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import probes, select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice, Service
from windows_lab.network import squid
from windows_lab.network.faults import Silent
from windows_lab.network.listener import own_address
from windows_lab.network.squid import LogRow, Squid, SquidFailed

from tests import needs
from tests.integration.play import run_playbook
from tests.network.stage import Stage, allowlist

pytestmark = pytest.mark.simulated

EVERYTHING = "acl anyone src all\nhttp_access allow anyone\n"
EUROPE = "https://winatp-gw-weu.microsoft.com/commands/test"
BRITAIN = "https://winatp-gw-uks.microsoft.com/commands/test"
REVOCATION = "http://crl.microsoft.com/pki/crl/products"
CREDENTIALS = "Basic " + base64.b64encode(b"user:secret").decode()


@pytest.fixture
def need_squid() -> None:
    needs.squid()


def european() -> tuple[Service, ...]:
    services = select(Choice("standard", regions=("eu",)))
    return tuple(service for service in services if service.probes)


@pytest.fixture
def need_stage() -> None:
    needs.stage()


@pytest.fixture
def europe(need_stage: None) -> Iterator[Stage]:
    """A squid that allows what an endpoint in Europe needs."""
    with Stage(european()) as running:
        yield running


def get(on: Stage, url: str, headers: dict[str, str] | None = None) -> int:
    """The status of an address behind the proxy, that of the proxy where it opens no tunnel."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return ask(on.squid, url, headers)
    context = on.authority.client_context()
    client = http.client.HTTPSConnection("127.0.0.1", on.squid.port, timeout=30, context=context)
    client.set_tunnel(host, 443, headers)
    with closing(client):
        try:
            client.request("GET", parts.path)
        except OSError as error:
            return int(str(error).removeprefix("Tunnel connection failed: ")[:3])
        return client.getresponse().status


def ask(proxy: Squid, url: str, headers: dict[str, str] | None = None) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)) as client:
        client.request("GET", url, headers=headers or {})
        response = client.getresponse()
        response.read()
        return response.status


def test_every_allowed_probe_comes_through(europe: Stage) -> None:
    wanted = {probe.url: probe.statuses[0] for probe in probes(european())}
    with ThreadPoolExecutor(8) as pool:
        got = dict(zip(wanted, pool.map(lambda url: get(europe, url), wanted), strict=True))
    assert got == wanted
    seen = {f"{request.scheme}://{request.host}{request.path}" for request in europe.service.log}
    assert seen >= set(wanted)
    rows = {row.target: row for row in europe.squid.log(len(wanted))}
    assert rows["winatp-gw-weu.microsoft.com:443"] == LogRow(
        "CONNECT", "winatp-gw-weu.microsoft.com:443", 200, "TCP_TUNNEL", europe.service.address, None, None
    )


def test_each_request_has_a_connection_of_its_own_to_the_server(europe: Stage) -> None:
    """One that squid keeps may be ended by the server as the next request goes out, and squid answers that with 502."""
    europe.service.log.clear()
    assert [get(europe, REVOCATION) for _time in range(3)] == [200, 200, 200]
    assert len({request.peer for request in europe.service.log}) == 3


def test_the_rest_is_denied_by_the_rules(europe: Stage) -> None:
    assert get(europe, BRITAIN) == 403
    assert get(europe, "http://www.example.test/") == 403
    assert get(europe, "http://winatp-gw-weu.microsoft.com/commands/test") == 403
    denied = europe.squid.log(3)
    assert {(row.status, row.result, row.server) for row in denied} == {(403, "TCP_DENIED", None)}


def test_the_view_of_an_endpoint(europe: Stage) -> None:
    direct, behind = europe.network(), europe.network(resolves=False, wpad=europe.proxy)
    assert set(direct.hosts.values()) == {europe.service.address}
    assert direct.hosts.keys() >= {urlsplit(EUROPE).hostname, urlsplit(BRITAIN).hostname}
    assert direct.authorities == europe.authority.pem
    assert (dict(behind.hosts), behind.wpad) == ({}, f"127.0.0.1:{europe.squid.port}")
    with socket.create_connection((direct.hosts["crl.microsoft.com"], 80), timeout=10):
        pass


def test_another_allow_list_counts_at_once(need_stage: None) -> None:
    with Stage(allowlist(european())) as running:
        assert [get(running, url) for url in (EUROPE, BRITAIN)] == [200, 403]
        running.squid.reconfigure(allowlist(select(Choice("standard", regions=("uk",)))))
        assert [get(running, url) for url in (EUROPE, BRITAIN)] == [403, 200]
        denied = [row.target for row in running.squid.log(4) if row.result == "TCP_DENIED"]
        assert denied == [f"{urlsplit(url).hostname}:443" for url in (BRITAIN, EUROPE)]


def test_further_names_and_rules(need_stage: None) -> None:
    rules = {EUROPE: (404, "text/plain", ""), "http://extra.lab.test/": (200, "text/plain", "")}
    with (
        Silent() as silent,
        Stage(EVERYTHING, rules=rules, hosts={"silent.lab.test": silent.address}) as running,
    ):
        assert [get(running, url) for url in (EUROPE, "http://extra.lab.test/")] == [404, 200]
        assert running.network().hosts["silent.lab.test"] == silent.address


def test_the_text_that_the_role_writes(need_squid: None, tmp_path: Path) -> None:
    variables = {
        "service_allowlist_directory": str(tmp_path / "lists"),
        "service_allowlist_formats": ["squid"],
        "service_allowlist_squid_clients": ["127.0.0.0/8"],
    }
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("{}", encoding="utf-8")
    done = run_playbook(
        "mde.connectivity.allowlist", inventory, tmp_path, ["--extra-vars", json.dumps(variables)]
    )
    assert done.rc == 0, done.output
    address = own_address()
    text = (tmp_path / "lists" / "squid.conf").read_text(encoding="utf-8")
    with Squid(text, {"www.example.test": address, "crl.microsoft.com": address}) as running:
        assert ask(running, "http://www.example.test/") == 403
        # Nobody listens at port 80 there, which squid knows only because it was allowed to ask.
        assert ask(running, REVOCATION) == 503
        assert [row.result for row in running.log(2)] == ["TCP_DENIED", "TCP_MISS"]


def test_what_a_client_sent_is_in_the_log(need_squid: None) -> None:
    with Squid("http_access deny all\n") as running:
        ask(running, REVOCATION)
        ask(running, REVOCATION, {"Authorization": "Bearer x y", "Proxy-Authorization": CREDENTIALS})
        ask(running, REVOCATION, {"Proxy-Authorization": CREDENTIALS})
        sent = [(row.authorization, row.proxy_authorization) for row in running.log(3)]
    assert sent == [(None, None), ("Bearer x y", CREDENTIALS), (None, CREDENTIALS)]


def test_a_squid_that_wants_to_know_who_comes(need_stage: None) -> None:
    with Stage(authenticate=True) as running:
        for url in (EUROPE, REVOCATION):
            assert get(running, url) == 407
            assert get(running, url, {"Proxy-Authorization": CREDENTIALS}) == 200
        assert not [seen for seen in running.service.log if "proxy-authorization" in seen.headers]
        assert sorted(row.status for row in running.squid.log(4)) == [200, 200, 407, 407]


def test_a_name_that_the_lab_does_not_have_does_not_exist(need_stage: None) -> None:
    # 503 in the manual; squid 5 has a bug (5294) that makes it 502, and 500 for a tunnel.
    with Stage(EVERYTHING) as running:
        assert get(running, "http://nowhere.windowsupdate.com/") in (502, 503)
        assert get(running, "https://nowhere.events.data.microsoft.com/") in (500, 503)
        assert running.squid.dns
        assert {"nowhere.windowsupdate.com", "nowhere.events.data.microsoft.com"} <= set(running.squid.dns.log)
        assert running.service.log == []


def test_squid_stays_on_loopback_whatever_the_rules_allow(need_squid: None) -> None:
    with (
        Squid(EVERYTHING) as running,
        closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)) as client,
    ):
        # An address for documentation (RFC 5737), and the kernel refuses to go there from a loopback address.
        client.request("GET", "http://198.51.100.7/")
        response = client.getresponse()
        assert (response.status, b"(22) Invalid argument" in response.read()) == (503, True)


def test_a_squid_that_cannot_start_says_why(need_squid: None) -> None:
    with (
        pytest.raises(SquidFailed, match="http_access allow nobody_we_know"),
        Squid("http_access allow nobody_we_know\n"),
    ):
        pass


def test_a_squid_ends_with_its_lab(need_squid: None) -> None:
    with Squid(EVERYTHING) as running:
        assert ask(running, "http://127.0.0.1:1/") == 503
        process = int((running.directory / "squid.pid").read_text())
        os.kill(process, 0)
        assert list(squid.MEMORY.glob(f"{running.name}-*"))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), timeout=10)
    assert not running.directory.exists()
    assert not list(squid.MEMORY.glob(f"{running.name}-*"))


def test_a_missing_squid_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(squid, "PROGRAM", Path("nowhere/squid"))
    assert squid.missing() == "A real squid is Debian's package squid; there is no nowhere/squid."
    with pytest.raises(SquidFailed, match="there is no nowhere/squid"):
        Stage()
