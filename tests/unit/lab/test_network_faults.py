# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers with a fault: each shows its own, and no other, to a client that is in order."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from windows_lab.network.authority import Authority
from windows_lab.network.dns import NoNames
from windows_lab.network.faults import (
    BlockPage,
    ClosingProxy,
    Faulty,
    Garbled,
    InspectingProxy,
    RefusingProxy,
    Resetting,
    Seen,
    Silent,
    TlsServer,
)
from windows_lab.network.loopback import OutsideLoopback

from tests import needs

HOST = "service.lab.test"
URL = f"http://{HOST}/"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def client(server: Faulty, timeout: float = 10) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.address, server.port, timeout=timeout)


def get(server: Faulty, target: str = URL, *, tunnel: bool = False) -> http.client.HTTPResponse:
    """Ask for an address; with `tunnel` through a tunnel to the host."""
    with closing(client(server)) as asking:
        if tunnel:
            asking.set_tunnel(HOST, 443)
        asking.request("GET", target)
        return asking.getresponse()


def tunnelled(server: Faulty, context: ssl.SSLContext) -> http.client.HTTPResponse:
    asking = http.client.HTTPSConnection(server.address, server.port, timeout=10, context=context)
    asking.set_tunnel(HOST, 443)
    with closing(asking):
        asking.request("GET", "/")
        return asking.getresponse()


def test_silent() -> None:
    with Silent() as server:
        with closing(client(server, 0.2)) as asking:
            asking.request("GET", URL)
            with pytest.raises(TimeoutError):
                asking.getresponse()
        assert server.log == [Seen()]


def test_resetting() -> None:
    with Resetting() as server:
        with pytest.raises(ConnectionResetError):
            get(server)
        assert server.log == [Seen()]


def test_garbled(authority: Authority) -> None:
    with Garbled() as server:
        with pytest.raises(http.client.BadStatusLine):
            get(server)
        plain = socket.create_connection((server.address, server.port), timeout=10)
        with closing(plain), pytest.raises(ssl.SSLError):
            authority.client_context().wrap_socket(plain, server_hostname=HOST)
        assert len(server.log) == 2


def test_a_proxy_that_closes_instead_of_an_answer() -> None:
    with ClosingProxy(established=False) as server:
        with pytest.raises(http.client.RemoteDisconnected):
            get(server)
        with pytest.raises((http.client.RemoteDisconnected, OSError)):
            get(server, "/", tunnel=True)
        assert server.log == [Seen("GET", URL), Seen("CONNECT", f"{HOST}:443")]


def test_a_proxy_that_closes_an_open_tunnel(authority: Authority) -> None:
    with (
        ClosingProxy(established=True) as server,
        socket.create_connection((server.address, server.port)) as raw,
    ):
        raw.settimeout(10)
        raw.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode())
        with raw.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 200 ")
        assert server.log == [Seen("CONNECT", f"{HOST}:443")]


@pytest.mark.parametrize("status", [403, 407, 502, 504])
def test_a_proxy_that_refuses(status: int) -> None:
    with RefusingProxy(status) as server:
        answer = get(server)
        assert answer.status == status
        assert ("Proxy-Authenticate" in answer.headers) == (status == 407)
        with pytest.raises(OSError, match=f"Tunnel connection failed: {status}"):
            get(server, "/", tunnel=True)
        assert server.log == [Seen("GET", URL), Seen("CONNECT", f"{HOST}:443")]


def test_an_inspecting_proxy(authority: Authority, tmp_path: Path) -> None:
    inspectors = Authority(tmp_path / "inspector")
    with InspectingProxy(inspectors) as server:
        with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
            tunnelled(server, authority.client_context())
        answer = tunnelled(server, inspectors.client_context())
        assert answer.status == 200
        connects = [seen for seen in server.log if seen.method == "CONNECT"]
        assert connects == [Seen("CONNECT", f"{HOST}:443")] * 2
        assert server.log[-1] == Seen("GET", "/")


@pytest.mark.parametrize("redirect", [False, True])
def test_a_block_page(redirect: bool) -> None:
    with BlockPage(redirect=redirect) as server:
        with closing(client(server)) as asking:
            asking.request("GET", URL)
            answer = asking.getresponse()
            page = answer.read()
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.status == (302 if redirect else 200)
        assert answer.headers["Location"] == ("http://login.lab.test/" if redirect else None)
        assert (b"<form" in page) != redirect
        with pytest.raises(OSError, match="403"):
            get(server, "/", tunnel=True)


@pytest.mark.parametrize(
    ("name", "expired", "complaint"),
    [(HOST, True, "expired"), ("other.lab.test", False, "Hostname mismatch"), (HOST, False, "")],
)
def test_a_bad_certificate(authority: Authority, name: str, expired: bool, complaint: str) -> None:
    def ask(server: TlsServer) -> int:
        asking = http.client.HTTPConnection(HOST, timeout=10)
        plain = socket.create_connection((server.address, server.port), timeout=10)
        asking.sock = authority.client_context().wrap_socket(plain, server_hostname=HOST)
        with closing(asking):
            asking.request("GET", "/")
            return asking.getresponse().status

    with TlsServer(authority.server_context([name], expired=expired)) as server:
        if complaint:
            with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
                ask(server)
        else:
            assert ask(server) == 200


def test_servers_end_with_open_connections_and_listen_on_loopback_only() -> None:
    with RefusingProxy(502) as server:
        open_still = client(server)
        open_still.request("GET", URL)
        open_still.getresponse().read()
        kept = open_still.sock
    with closing(open_still):
        assert kept
        assert kept.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.address, server.port), timeout=10)
    with pytest.raises(OutsideLoopback):
        Silent("0.0.0.0")


@pytest.fixture
def resolver() -> Iterator[NoNames]:
    needs.port_53()
    with NoNames() as server:
        yield server


def test_no_name_exists(resolver: NoNames) -> None:
    question = b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0" + b"\x03www\x04test\x00" + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(10)
        asking.sendto(question, (resolver.address, 53))
        answer = asking.recv(512)
    number, flags, questions, answers = struct.unpack("!HHHH", answer[:8])
    assert (number, flags & 0xF, bool(flags & 0x8000), questions, answers) == (0x1234, 3, True, 1, 0)
    assert answer[12:] == question[12:]
    assert resolver.log == ["www.test"]
