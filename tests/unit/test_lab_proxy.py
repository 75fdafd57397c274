# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's proxy forwards to loopback, refuses everything else, and keeps count."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator

import pytest
from windows_lab.network.http1 import heads, response
from windows_lab.network.listener import Listener
from windows_lab.network.loopback import OutsideLoopback, loopback
from windows_lab.proxy import Access, Origin, Proxy


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(("127.0.0.1", "127.0.0.2")) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy({"Tenant.lab.test": "127.0.0.1"}) as server:
        yield server


def get(proxy: Proxy, url: str, tunnel: tuple[str, int] | None = None) -> int:
    client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    try:
        if tunnel:
            client.set_tunnel(*tunnel)
        client.request("GET", url)
        response = client.getresponse()
        response.read()
        return response.status
    finally:
        client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "tenant.lab.test"])
def test_get_is_forwarded(proxy: Proxy, origin: Origin, host: str) -> None:
    url = f"http://{host}:{origin.port}/path?query=1"
    assert get(proxy, url) == 200
    assert proxy.log == [Access("GET", url, 200)]
    assert origin.log == [Access("GET", "/path?query=1", 200)]


def test_connect_is_a_tunnel(proxy: Proxy, origin: Origin) -> None:
    assert get(proxy, "/inside", ("tenant.lab.test", origin.port)) == 200
    assert proxy.log == [Access("CONNECT", f"tenant.lab.test:{origin.port}", 200)]
    assert origin.log == [Access("GET", "/inside", 200)]


@pytest.mark.parametrize("host", ["198.51.100.7", "elsewhere.test", "[2001:db8::1]"])
def test_the_rest_of_the_world_is_refused(proxy: Proxy, host: str) -> None:
    assert get(proxy, f"http://{host}/") == 403
    with pytest.raises(OSError, match="403"):
        get(proxy, "/", (host.strip("[]"), 443))
    assert [access.status for access in proxy.log] == [403, 403]


def test_a_dead_target_is_a_bad_gateway(proxy: Proxy) -> None:
    with Origin() as gone:
        pass
    assert get(proxy, f"http://127.0.0.1:{gone.port}/") == 502


def test_only_absolute_urls(proxy: Proxy) -> None:
    assert get(proxy, "/relative") == 400


def test_servers_listen_on_loopback_only() -> None:
    with pytest.raises(OutsideLoopback):
        Origin(("0.0.0.0",))
    with pytest.raises(OutsideLoopback):
        loopback("example.test")


def talk(port: int, *requests: bytes) -> list[bytes]:
    """What a server sends to each of the requests on one connection; empty where it has closed it."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        answers = []
        for request in requests:
            answer = b""
            with contextlib.suppress(ConnectionError):
                client.sendall(request)
                answer = client.recv(65536)
            answers.append(answer)
        return answers


def ask(url: str, method: str = "GET", *headers: str) -> bytes:
    return "\r\n".join([f"{method} {url} HTTP/1.1", "Host: lab.test", *headers, "", ""]).encode()


def test_a_connection_is_kept_for_the_next_request(proxy: Proxy, origin: Origin) -> None:
    url = f"http://localhost:{origin.port}/"
    answers = talk(proxy.port, ask(url), ask(url))
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 2
    assert proxy.log == [Access("GET", url, 200)] * 2


@pytest.mark.parametrize("header", ["Connection: close", "Content-Length: many"])
def test_a_connection_ends_where_the_client_wants_it_or_is_not_understood(origin: Origin, header: str) -> None:
    first, second = talk(origin.port, ask("/", "GET", header), ask("/"))
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second == b""
    assert len(origin.log) == 1


def test_a_head_is_answered_without_a_body(proxy: Proxy, origin: Origin) -> None:
    for port in (proxy.port, origin.port):
        head, _second = talk(port, ask("/", "HEAD"), ask("/", "HEAD"))
        assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("url", "status"), [("http://[x/", 502), ("http://localhost:99999/", 502), ("ftp://localhost/", 400)]
)
def test_an_address_that_is_none_is_an_answer(proxy: Proxy, url: str, status: int) -> None:
    assert talk(proxy.port, ask(url))[0].startswith(f"HTTP/1.1 {status} ".encode())
    assert proxy.log == [Access("GET", url, status)]


def test_a_status_that_nobody_knows_is_passed_on(proxy: Proxy) -> None:
    class Odd(Listener):
        def serve(self, connection: socket.socket) -> None:
            for _head in heads(connection):
                connection.sendall(response(499))

    with Odd() as odd:
        url = f"http://127.0.0.1:{odd.port}/"
        assert get(proxy, url) == 499
    assert proxy.log == [Access("GET", url, 499)]


def test_it_ends_with_a_tunnel_that_is_open() -> None:
    with Origin() as origin, Proxy() as proxy, socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(ask(f"127.0.0.1:{origin.port}", "CONNECT"))
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        proxy.__exit__(None, None, None)
        assert client.recv(65536) == b""
