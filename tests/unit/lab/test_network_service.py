# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in of the service: its names, certificates, answers and log, asked by a client of its own."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import built_in
from windows_lab.network.authority import Authority
from windows_lab.network.loopback import OutsideLoopback

from tests.network.service import Service, documented, every_service, names

SERVICES = every_service()
GATEWAY = "winatp-gw-weu.microsoft.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(authority: Authority) -> Iterator[Service]:
    with Service(authority, documented(SERVICES), names=names(SERVICES)) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    running.log.clear()
    return running


def connect(service: Service, name: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((service.address, service.ports[443]), timeout=10)
    return context.wrap_socket(plain, server_hostname=name)


def ask(service: Service, url: str, context: ssl.SSLContext, method: str = "GET") -> int:
    parts = urlsplit(url)
    host = parts.hostname or ""
    client = http.client.HTTPConnection(host, timeout=10)
    if parts.scheme == "https":
        client.sock = connect(service, host, context)
    else:
        client.sock = socket.create_connection((service.address, service.ports[80]), timeout=10)
    try:
        client.request(method, parts.path, headers={"Host": host, "User-Agent": "test"})
        response = client.getresponse()
        response.read()
        return response.status
    finally:
        client.close()


def test_every_probe_of_every_list_is_answered_as_documented(service: Service, authority: Authority) -> None:
    wanted = {
        probe.url: probe.statuses[0]
        for file in built_in()
        for entry in file.services
        for probe in entry.probes
    }
    context = authority.client_context()
    with ThreadPoolExecutor(8) as pool:
        got = dict(zip(wanted, pool.map(lambda url: ask(service, url, context), wanted), strict=True))
    assert len(wanted) > 100
    assert got == wanted


def test_every_name_has_a_certificate_of_its_own(service: Service, authority: Authority) -> None:
    hosts = {entry.host for file in built_in() for entry in file.services if not entry.wildcard}
    assert hosts <= set(service.hosts)
    context = authority.client_context()
    for name in hosts:
        with connect(service, name, context) as secured:
            assert secured.getpeercert()["subjectAltName"] == (("DNS", name),)  # type: ignore[index]


@pytest.mark.parametrize(
    ("url", "method", "status"),
    [
        (f"https://{GATEWAY}/", "GET", 404),
        (f"http://{GATEWAY}/commands/test", "GET", 404),
        (f"https://{GATEWAY}/commands/test", "POST", 405),
        ("http://crl.microsoft.com/", "GET", 200),
    ],
)
def test_other_paths_and_methods(
    service: Service, authority: Authority, url: str, method: str, status: int
) -> None:
    assert ask(service, url, authority.client_context(), method) == status
    (seen,) = service.log
    parts = urlsplit(url)
    assert (seen.scheme, seen.host, seen.path) == (parts.scheme, parts.hostname, parts.path)
    assert (seen.method, seen.status, seen.peer[0]) == (method, status, "127.0.0.1")
    assert seen.headers["user-agent"] == "test"


def test_only_its_own_authority_makes_it_credible(service: Service, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        connect(service, GATEWAY, Authority(tmp_path).client_context())


def test_a_foreign_name_gets_no_certificate(service: Service, authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        connect(service, "www.example.test", authority.client_context())


def test_an_expired_certificate_and_a_wildcard(authority: Authority) -> None:
    wildcard = authority.server_context(["*.lab.test"])
    expired = authority.server_context(["a.lab.test"], expired=True)
    client = authority.client_context()
    assert handshake(client, wildcard, "a.lab.test") == (("DNS", "*.lab.test"),)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(client, expired, "a.lab.test")


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> object:
    """Run a handshake in memory; return the names in the server's certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=name)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asking, answering, asking, answering):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return (asking.getpeercert() or {})["subjectAltName"]


def test_a_thousand_requests_on_few_connections(service: Service) -> None:
    def many(_number: int) -> set[int]:
        client = http.client.HTTPConnection(service.address, service.ports[80], timeout=10)
        try:
            return {one(client) for _time in range(250)}
        finally:
            client.close()

    def one(client: http.client.HTTPConnection) -> int:
        client.request("GET", "/", headers={"Host": "crl.microsoft.com"})
        response = client.getresponse()
        response.read()
        return response.status

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(many, range(4))) == {200}
    assert len(service.log) == 1000
    assert len({seen.peer for seen in service.log}) == 4


def test_it_listens_on_loopback_only(authority: Authority) -> None:
    with pytest.raises(OutsideLoopback):
        Service(authority, {}, address="0.0.0.0")
