# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint that asks, and the servers that it meets, each with a log of what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any

from windows_lab.network.http1 import Head, heads, response
from windows_lab.network.listener import Listener
from windows_lab.network.view import Network
from windows_lab.profiles import PROFILES
from windows_lab.simulated.blobs import WinHttp, pack_winhttp
from windows_lab.simulated.machine import Machine
from windows_lab.simulated.probe import answer
from windows_lab.simulated.registry import Registry, Value
from windows_lab.simulated.seed import USER_SID, fresh_root, sz

CONNECTIONS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
DATA_COLLECTION = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\DataCollection"
NAME = "service.lab.test"
GREETING = response(200, "hello\n", headers={"Server": "lab"})


def hresult(number: int) -> int:
    """The error of a row as a script of Windows sees it."""
    return int(f"0x8007{number:04X}", 16)


class Web(Listener):
    """Answers every request with the same bytes, over TLS if it has a context; `log` has the requests."""

    def __init__(self, answer: bytes = GREETING, context: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self.log: list[Head] = []
        self._answer_bytes = answer
        self._context = context

    def serve(self, connection: socket.socket) -> None:
        if self._context:
            connection = self.secure(connection, self._context)
        for head in heads(connection):
            self.log.append(head)
            connection.sendall(self._answer_bytes)


class Scripted(Listener):
    """Does with each connection what it was told, and then closes it."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script

    def serve(self, connection: socket.socket) -> None:
        self._script(self, connection)


Script = Callable[[Scripted, socket.socket], None]


def silence(server: Scripted, _connection: socket.socket) -> None:
    """Never answer."""
    server.wait_for_end()


def reset(_server: Scripted, connection: socket.socket) -> None:
    """Take a request, and answer with a RST."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(_server: Scripted, connection: socket.socket) -> None:
    """Take a request, and close the connection in order."""
    connection.recv(65536)


def say(data: bytes) -> Script:
    """Take a request, say this, and close the connection in order."""

    def script(_server: Scripted, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        # Until the other side closes as well: unread data would turn the end into a reset.
        while connection.recv(65536):
            pass

    return script


def say_and_wait(data: bytes) -> Script:
    """Take a request, say this, and never say more."""

    def script(server: Scripted, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        server.wait_for_end()

    return script


class Asker:
    """A simulated endpoint, its settings, and its probe."""

    def __init__(self, network: Network | None = None, profile: str = "clean") -> None:
        registry = Registry(fresh_root(PROFILES[profile]), USER_SID)
        self.network = network or Network({NAME: "127.0.0.1"})
        self.machine = Machine("w1", PROFILES[profile], registry, [], network=self.network)

    def set_winhttp(self, proxy: str, bypass: str = "", header: int = 0x18) -> None:
        """Set the machine's WinHTTP proxy."""
        data = pack_winhttp(WinHttp(proxy, bypass), header)
        self._set(CONNECTIONS, Value("WinHttpSettings", "REG_BINARY", data))

    def set_static(self, proxy: str) -> None:
        """Set the sensor's proxy."""
        self._set(DATA_COLLECTION, Value("TelemetryProxyServer", "REG_SZ", sz(proxy)))

    def _set(self, key: str, value: Value) -> None:
        self.machine.registry.set(self.machine.registry.locate(key), value)

    def ask(self, *urls: str, ways: tuple[str, ...] = ("default",), **changes: Any) -> dict[str, Any]:
        """The whole answer; a way with a colon is a named proxy. `engine` is one of the changes."""
        engine = changes.pop("engine", "powershell")
        request = {
            "format": 1,
            "token": "c0ffee",
            "timeout": 5000,
            "deadline": 30000,
            "parallel": 16,
            "ways": [{"way": "named", "proxy": w} if ":" in w else {"way": w, "proxy": ""} for w in ways],
            "urls": list(urls),
            "direct": [],
            **changes,
        }
        spelled = json.dumps(request).replace("?", "\\u003f")
        found = json.loads(answer(self.machine, spelled, engine, False))
        assert (found["format"], found["token"], found["engine"]) == (1, "c0ffee", engine)
        return dict(found)

    def rows(self, *urls: str, ways: tuple[str, ...] = ("default",), **changes: Any) -> list[dict[str, Any]]:
        """The rows of an answer, which must be all there, in order."""
        found = self.ask(*urls, ways=ways, **changes)
        assert found["error"] == ""
        places = [(row["url"], row["way"]) for row in found["rows"]]
        assert places == [(url, way) for url in range(len(urls)) for way in range(len(ways))]
        return list(found["rows"])

    def row(self, url: str, way: str = "default", **changes: Any) -> dict[str, Any]:
        """The only row of an answer."""
        return self.rows(url, ways=(way,), **changes)[0]


def patience(number: int) -> int:
    """The time-out for a row that fails with this error: short only where it is what the row waits for."""
    return 300 if number == 12002 else 5000


def failure(row: dict[str, Any]) -> int:
    """The Windows error of a row that must have failed, with nothing of an answer in it."""
    assert row["outcome"] == "failed"
    assert row["status"] == 0
    assert not any(row["headers"].values())
    number: int = row["error"] - 0x80070000
    assert row["error"] == hresult(number)
    return number
