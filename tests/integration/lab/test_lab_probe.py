# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the probe meets every answer and every failure on a real socket, and calls it as Windows does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from windows_lab.network.http1 import Head, heads, response
from windows_lab.network.loopback import OutsideLoopback
from windows_lab.network.view import Network
from windows_lab.simulated.winhttp_errors import WinHttpError

from tests.integration.reachability.probe_site import (
    GREETING,
    NAME,
    Asker,
    Script,
    Scripted,
    Web,
    failure,
    hang_up,
    patience,
    reset,
    say,
    say_and_wait,
    silence,
)

pytestmark = pytest.mark.simulated
HEADERS = {"via", "server", "x-squid-error", "proxy-authenticate", "content-type", "location"}


@pytest.fixture
def asker() -> Asker:
    return Asker()


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def test_an_answer(asker: Asker, web: Web) -> None:
    row = asker.row(f"http://{NAME}:{web.port}/path?query=1")
    assert row.pop("milliseconds") >= 0
    assert row.pop("headers") == {**dict.fromkeys(HEADERS, ""), "server": "lab", "content-type": "text/plain"}
    assert row == {
        "url": 0,
        "way": 0,
        "outcome": "answered",
        "proxy": "",
        "status": 200,
        "error": 0,
        "unknown_authority": False,
    }
    headers = {"connection": "Keep-Alive", "user-agent": "mde.connectivity", "host": f"{NAME}:{web.port}"}
    assert web.log == [Head("GET", "/path?query=1", headers)]


@pytest.mark.parametrize("status", [204, 301, 400, 401, 403, 404, 405, 407, 500])
def test_every_status_is_an_answer(asker: Asker, status: int) -> None:
    with Web(response(status, headers={"Location": "http://elsewhere.test/"})) as web:
        row = asker.row(f"http://{NAME}:{web.port}/")
    assert (row["outcome"], row["status"]) == ("answered", status)
    assert row["headers"]["location"] == "http://elsewhere.test/"
    assert [head.target for head in web.log] == ["/"]


def test_headers_are_cut_and_the_first_of_a_name_counts(asker: Asker) -> None:
    with Web(
        b"HTTP/1.1 200 OK\r\nVIA: 1.1 one\r\nVia: 1.1 two\r\nServer: caf\xe9\r\nX-Other: x\r\n"
        b"Location: " + b"l" * 300 + b"\r\nContent-Length: 0\r\n\r\n"
    ) as web:
        headers = asker.row(f"http://{NAME}:{web.port}/")["headers"]
    assert headers.keys() == HEADERS
    assert (headers["via"], headers["server"], headers["location"]) == ("1.1 one", "caf?", "l" * 200)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_bodies(asker: Asker, data: bytes) -> None:
    with Scripted(say(data)) as server:
        assert asker.row(f"http://{NAME}:{server.port}/")["status"] == 200


def test_a_name_that_is_not_resolved(asker: Asker, web: Web) -> None:
    assert failure(asker.row(f"http://elsewhere.lab.test:{web.port}/")) == 12007
    assert failure(asker.row(f"http://{NAME}:{web.port}/", "proxy.lab.test:3128")) == 12007
    assert web.log == []


def test_a_name_that_leads_out_of_the_lab_is_the_labs_fault() -> None:
    with pytest.raises(OutsideLoopback, match=NAME):
        Asker(Network({NAME: "198.51.100.7"})).ask(f"http://{NAME}/")


def test_refused(asker: Asker, web: Web) -> None:
    with Web() as gone:
        pass
    refused, answered = asker.rows(f"http://{NAME}:{gone.port}/", f"http://{NAME}:{web.port}/")
    assert failure(refused) == 12029
    assert answered["status"] == 200


@pytest.mark.parametrize(
    ("script", "number"),
    [
        (silence, 12002),
        (reset, 12030),
        (hang_up, 12030),
        (say(b"SSH-2.0-OpenSSH_9.2\r\n"), 12152),
        (say(b"HTTP/1.1 many\r\n\r\n"), 12152),
        (say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), 12030),
        (say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 12152),
        (say_and_wait(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), 12002),
        (say_and_wait(b"HTTP/1.1 200 OK\r\nContent-"), 12002),
    ],
)
def test_a_server_with_a_fault(asker: Asker, script: Script, number: int) -> None:
    with Scripted(script) as server:
        row = asker.row(f"http://{NAME}:{server.port}/", timeout=patience(number))
    assert failure(row) == number
    assert row["unknown_authority"] is False


def test_no_connection_in_time(asker: Asker) -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _i in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        row = asker.row(f"http://{NAME}:{full.getsockname()[1]}/", timeout=300)
    assert failure(row) == 12002
    assert row["milliseconds"] >= 300


def trickle(_server: Scripted, connection: socket.socket) -> None:
    """Answer so slowly that no single wait is long, until the client has gone."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    connection.settimeout(0.02)
    while True:
        connection.sendall(b"x")
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return


def test_the_deadline_ends_what_runs_and_the_rest_is_not_tried(web: Web) -> None:
    with Scripted(trickle) as slow:
        urls = [f"http://{NAME}:{port}/" for port in (web.port, slow.port, web.port)]
        answered, late, never = Asker().rows(*urls, parallel=1, deadline=1500, timeout=400)
    assert [row["outcome"] for row in (answered, late, never)] == ["answered", "timeout", "not_tried"]
    assert (late["status"], late["error"], late["unknown_authority"]) == (0, 0, False)
    assert late["milliseconds"] > 400
    assert never["milliseconds"] == 0
    assert len(web.log) == 1


def test_the_deadline_does_not_take_the_other_rows_along(web: Web) -> None:
    with Scripted(silence) as slow:
        urls = [f"http://{NAME}:{port}/" for port in (slow.port, web.port, slow.port, web.port)]
        rows = Asker().rows(*urls, deadline=1000)
    assert [row["outcome"] for row in rows] == ["timeout", "answered", "timeout", "answered"]


def test_as_many_at_a_time_as_asked_for(asker: Asker) -> None:
    together = threading.Barrier(4, timeout=5)
    lock = threading.Lock()
    now, most = 0, 0

    def meet(_server: Scripted, connection: socket.socket) -> None:
        nonlocal now, most
        next(heads(connection))
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        with lock:
            now -= 1
        together.wait()
        connection.sendall(GREETING)

    with Scripted(meet) as server:
        rows = asker.rows(*[f"http://{NAME}:{server.port}/"] * 12, parallel=4)
    assert [row["status"] for row in rows] == [200] * 12
    assert most == 4


def test_ports_that_only_root_may_take() -> None:
    with Web() as web:
        network = Network({NAME: "127.0.0.1"}, ports={80: web.port, 8080: web.port})
        first, second = Asker(network).rows(f"http://{NAME}/", f"http://{NAME}:8080/")
    assert (first["status"], second["status"]) == (200, 200)
    assert sorted(head.headers["host"] for head in web.log) == [NAME, f"{NAME}:8080"]


def test_powershell_in_constrained_language_mode_asks_nothing(web: Web) -> None:
    asker = Asker(profile="constrained")
    found = asker.ask(f"http://{NAME}:{web.port}/")
    assert (found["error"], found["static"], found["rows"]) == ("constrained language", "", [])
    assert web.log == []
    assert asker.row(f"http://{NAME}:{web.port}/", engine="wsh")["status"] == 200


def test_the_probe_has_two_programs(asker: Asker) -> None:
    with pytest.raises(ValueError, match="no program for perl"):
        asker.ask(f"http://{NAME}/", engine="perl")


def test_an_error_says_its_number() -> None:
    assert str(WinHttpError(12007)) == "WinHTTP error 12007"
    assert WinHttpError(12007).hresult == 0x80072EE7
