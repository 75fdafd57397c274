# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forward proxy that keeps a log, and an origin server behind it, both on loopback and nowhere else."""

from __future__ import annotations

import http.client
import ipaddress
import selectors
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import cast
from urllib.parse import urlsplit

_SECONDS = 10.0
_HOP_BY_HOP = {"connection", "proxy-connection", "proxy-authorization", "keep-alive", "transfer-encoding"}


class OutsideLoopback(Exception):
    """A target or an address of the lab is not on loopback."""


class NotAllowed(Exception):
    """The proxy's allow-list does not have a host and a port."""


_REFUSALS = (OutsideLoopback, NotAllowed)


def loopback(host: str, hosts: Mapping[str, str] | None = None) -> str:
    """The loopback address that `host` stands for; raises OutsideLoopback, and never asks a resolver."""
    address = {"localhost": "127.0.0.1", **(hosts or {})}.get(host.lower(), host)
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass
    raise OutsideLoopback(f"{host} is not on loopback and not among the lab's names")


@dataclass(frozen=True)
class Access:
    """One request as a server saw it; `target` is what stood in its first line."""

    method: str
    target: str
    status: int


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Of socketserver's 5 many endpoints at once overrun the queue, and who was dropped tries again seconds later.
    request_queue_size = 512
    # A connection that a client keeps open must not keep the lab from ending.
    block_on_close = False

    def __init__(self, address: str, port: int, handler: type[_Handler]) -> None:
        loopback(address)
        super().__init__((address, port), handler)
        self.log: list[Access] = []
        self.hosts: Mapping[str, str] = {}
        self.ports: Mapping[int, int] = {}
        self.allowed: Callable[[str, int], bool] | None = None

    def target(self, host: str, port: int) -> tuple[str, int]:
        """Where a host and a port are; raises OutsideLoopback and NotAllowed."""
        if self.allowed and not self.allowed(host.lower(), port):
            raise NotAllowed(f"{host}:{port} is not on the allow-list of the lab's proxy")
        return loopback(host, self.hosts), self.ports.get(port, port)


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS
    # What is sent in two pieces would wait 40 ms for an acknowledgement of the first.
    disable_nagle_algorithm = True

    @property
    def _server(self) -> _Server:
        return cast("_Server", self.server)

    def log_message(self, *_arguments: object) -> None:
        """Nothing on standard error: the log is in memory."""

    def _record(self, status: int) -> None:
        self._server.log.append(Access(self.command, self.path, status))

    def _answer(self, status: int, text: str, content_type: str = "text/plain") -> None:
        self._record(status)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _OriginHandler(_Handler):
    def do_GET(self) -> None:
        self._answer(200, "origin of the lab\n")


class _ProxyHandler(_Handler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.scheme != "http" or not url.hostname:
            self._answer(400, "The proxy of the lab wants an absolute http URL.\n")
            return
        try:
            status, body, content_type = self._fetch(
                url.hostname, url.port or 80, url._replace(scheme="", netloc="").geturl()
            )
        except (*_REFUSALS, OSError, http.client.HTTPException) as error:
            self._refuse(error)
            return
        self._answer(status, body.decode("utf-8", "replace"), content_type)

    def _refuse(self, error: Exception) -> None:
        self._answer(403 if isinstance(error, _REFUSALS) else 502, f"{error}\n")

    def _fetch(self, host: str, port: int, path: str) -> tuple[int, bytes, str]:
        address, real_port = self._server.target(host, port)
        connection = http.client.HTTPConnection(address, real_port, timeout=_SECONDS)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        try:
            connection.request("GET", path or "/", headers=headers)
            response = connection.getresponse()
            return response.status, response.read(), response.getheader("Content-Type", "text/plain")
        finally:
            connection.close()

    def do_CONNECT(self) -> None:
        host, _colon, port = self.path.rpartition(":")
        try:
            target = self._server.target(host.strip("[]"), int(port))
            upstream = socket.create_connection(target, timeout=_SECONDS)
        except (*_REFUSALS, OSError, ValueError) as error:
            self._refuse(error)
            return
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        with upstream:
            self._record(200)
            self.send_response(200, "Connection established")
            self.end_headers()
            _relay(self.connection, upstream)
        self.close_connection = True


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until one side ends or falls silent."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while ready := selector.select(_SECONDS):
            if not all(_pass_on(key) for key, _events in ready):
                return


def _pass_on(key: selectors.SelectorKey) -> bool:
    try:
        data = cast("socket.socket", key.fileobj).recv(65536)
        key.data.sendall(data)
    except OSError:
        return False
    return bool(data)


class _Listening:
    """Servers with one log, from the beginning of a `with` to its end."""

    def __init__(self, servers: Iterable[_Server]) -> None:
        self._servers = list(servers)
        for server in self._servers[1:]:
            server.log = self._servers[0].log
        self.port: int = self._servers[0].server_port
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,)) for server in self._servers
        ]

    @property
    def log(self) -> list[Access]:
        """Every request so far, in order; `clear()` it between tests."""
        return self._servers[0].log

    def start(self) -> None:
        """Begin to answer."""
        for thread in self._threads:
            thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class Origin(_Listening):
    """A web server that answers 200 to every GET, on one port of several loopback addresses."""

    def __init__(self, addresses: Iterable[str] = ("127.0.0.1",)) -> None:
        first, *others = addresses
        server = _Server(first, 0, _OriginHandler)
        super().__init__(
            [
                server,
                *(_Server(address, server.server_port, _OriginHandler) for address in others),
            ]
        )

    def __enter__(self) -> Origin:
        self.start()
        return self


class Proxy(_Listening):
    """A forward proxy for GET and CONNECT on 127.0.0.1; `hosts` are the names it knows besides localhost.

    `ports` says where a server really listens that is asked for at another port, and `allowed` whether a
    host, in small letters, and a port are on the proxy's allow-list (None: all of them are).
    """

    def __init__(
        self,
        hosts: Mapping[str, str] | None = None,
        *,
        ports: Mapping[int, int] | None = None,
        allowed: Callable[[str, int], bool] | None = None,
    ) -> None:
        server = _Server("127.0.0.1", 0, _ProxyHandler)
        server.hosts = {name.lower(): address for name, address in (hosts or {}).items()}
        server.ports = dict(ports or {})
        server.allowed = allowed
        super().__init__([server])
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Proxy:
        self.start()
        return self
