# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the endpoints of the farm reach: the proxy that they are given, which is every server behind it as well."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from windows_lab.network.authority import Authority
from windows_lab.network.http1 import ESTABLISHED, heads, response
from windows_lab.network.listener import Listener
from windows_lab.network.view import Network

from tests.bench import work

_NOTHING_HERE = response(404)


class _Cloud(Listener):
    """A proxy at the other end of whose tunnels there is no further connection, but the server that was asked for.

    So of the CPU that an endpoint costs here as much as can be is that of the endpoint. `urls` is what was asked
    for, in order.
    """

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        self._answers = {
            url: response(status, body, content_type)
            for url, (status, content_type, body) in work.ANSWERS.items()
        }
        hosts = {urlsplit(url).hostname or "" for url in work.ANSWERS}
        self._contexts = {host: authority.server_context([host]) for host in hosts}
        self.urls: list[str] = []

    def serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        for head in heads(connection):
            host = head.target.rpartition(":")[0]
            if head.method == "CONNECT" and host in self._contexts:
                self._open(connection, host)
                return
            connection.sendall(self._response(head.target))

    def _open(self, connection: socket.socket, host: str) -> None:
        connection.sendall(ESTABLISHED)
        secured = self.secure(connection, self._contexts[host])
        for head in heads(secured):
            secured.sendall(self._response(f"https://{host}{head.target}"))

    def _response(self, url: str) -> bytes:
        self.urls.append(url)
        return self._answers.get(url, _NOTHING_HERE)


class Surroundings:
    """A context manager; `network` is how every endpoint sees it. All of it is on loopback, in this process."""

    def __init__(self) -> None:
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        enter = self._exits.enter_context
        authority = Authority(Path(enter(tempfile.TemporaryDirectory())))
        self._cloud = enter(_Cloud(authority))
        self.authority = authority
        name, _colon, port = work.PROXY.partition(":")
        self.network = Network({name: "127.0.0.1"}, authority.pem, {int(port): self._cloud.port})
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    def forget(self) -> None:
        """Begin a new account."""
        self._cloud.urls.clear()

    def asked(self) -> dict[str, Any]:
        """How often each URL was asked for."""
        return dict(Counter(self._cloud.urls))
