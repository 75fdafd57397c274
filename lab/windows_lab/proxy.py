# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forward proxy that keeps a log, and an origin server behind it, both on loopback and nowhere else."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from windows_lab.network.http1 import ESTABLISHED, Head, heads, response
from windows_lab.network.listener import Listener
from windows_lab.network.loopback import OutsideLoopback, loopback

_SECONDS = 10.0
_PIECE = 65536
_WANTED = "The proxy of the lab wants an absolute http URL to GET.\n"
_HOP_BY_HOP = {"connection", "proxy-connection", "proxy-authorization", "keep-alive", "transfer-encoding"}


class NotAllowed(Exception):
    """The proxy's allow-list does not have a host and a port."""


_REFUSALS = (OutsideLoopback, NotAllowed)
_FAILURES = (*_REFUSALS, OSError, ValueError, http.client.HTTPException)


@dataclass(frozen=True)
class Access:
    """One request as a server saw it; `target` is what stood in its first line."""

    method: str
    target: str
    status: int


class _Address(Listener):
    """An origin server at one of its addresses."""

    def __init__(self, log: list[Access], address: str, port: int = 0) -> None:
        super().__init__(address, port)
        self._log = log

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            status, text = (200, "origin of the lab\n") if head.method == "GET" else (405, "")
            self._log.append(Access(head.method, head.target, status))
            connection.sendall(response(status, text))


class Origin:
    """A web server that answers 200 to every GET, on one port of several loopback addresses.

    `log` has every request so far, in order; `clear()` it between tests.
    """

    def __init__(self, addresses: Iterable[str] = ("127.0.0.1",)) -> None:
        first, *others = addresses
        self.log: list[Access] = []
        listening = _Address(self.log, first)
        self.port = listening.port
        self._addresses = (listening, *(_Address(self.log, other, self.port) for other in others))
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        for address in self._addresses:
            self._exits.enter_context(address)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()


class Proxy(Listener):
    """A forward proxy for GET and CONNECT on 127.0.0.1; `hosts` are the names it knows besides localhost.

    `ports` says where a server really listens that is asked for at another port, and `allowed` whether a
    host, in small letters, and a port are on the proxy's allow-list (None: all of them are). `log` has every
    request so far, in order; `clear()` it between tests.
    """

    def __init__(
        self,
        hosts: Mapping[str, str] | None = None,
        *,
        ports: Mapping[int, int] | None = None,
        allowed: Callable[[str, int], bool] | None = None,
    ) -> None:
        super().__init__()
        self._hosts = {name.lower(): address for name, address in (hosts or {}).items()}
        self._ports = dict(ports or {})
        self._allowed = allowed
        self.log: list[Access] = []
        # Where a client finds it, as settings of Windows have it.
        self.server = f"{self.address}:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            if head.method == "CONNECT":
                self._tunnel(connection, head)
                return
            connection.sendall(self._forward(head))

    def _tunnel(self, connection: socket.socket, head: Head) -> None:
        host, _colon, port = head.target.rpartition(":")
        try:
            upstream = socket.create_connection(self._target(host.strip("[]"), int(port)), timeout=_SECONDS)
        except _FAILURES as error:
            connection.sendall(self._refused(head, error))
            return
        with upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            self._record(head, 200)
            connection.sendall(ESTABLISHED)
            _relay(connection, upstream)

    def _forward(self, head: Head) -> bytes:
        try:
            url = urlsplit(head.target)
            if head.method != "GET" or url.scheme != "http" or not url.hostname:
                self._record(head, 400)
                return response(400, "" if head.method == "HEAD" else _WANTED)
            address = self._target(url.hostname, url.port or 80)
            return self._fetch(head, address, url._replace(scheme="", netloc="").geturl() or "/")
        except _FAILURES as error:
            return self._refused(head, error)

    def _fetch(self, head: Head, address: tuple[str, int], path: str) -> bytes:
        headers = {name: value for name, value in head.headers.items() if name not in _HOP_BY_HOP}
        with contextlib.closing(http.client.HTTPConnection(*address, timeout=_SECONDS)) as upstream:
            upstream.request("GET", path, headers=headers)
            answer = upstream.getresponse()
            body = answer.read().decode("utf-8", "replace")
        self._record(head, answer.status)
        return response(answer.status, body, answer.getheader("Content-Type", "text/plain"))

    def _target(self, host: str, port: int) -> tuple[str, int]:
        if self._allowed and not self._allowed(host.lower(), port):
            raise NotAllowed(f"{host}:{port} is not on the allow-list of the lab's proxy")
        return loopback(host, self._hosts), self._ports.get(port, port)

    def _refused(self, head: Head, error: Exception) -> bytes:
        status = 403 if isinstance(error, _REFUSALS) else 502
        self._record(head, status)
        return response(status, f"{error}\n")

    def _record(self, head: Head, status: int) -> None:
        self.log.append(Access(head.method, head.target, status))


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until one side ends or falls silent; raises OSError where one goes away."""
    ways = {one.fileno(): (one, other), other.fileno(): (other, one)}
    poll = select.poll()
    for end in ways:
        poll.register(end, select.POLLIN)
    while ready := poll.poll(_SECONDS * 1000):
        for end, _events in ready:
            source, sink = ways[end]
            if not (data := source.recv(_PIECE)):
                return
            sink.sendall(data)
