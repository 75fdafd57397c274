# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of the Defender for Endpoint service: all of its names at one loopback address."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from ansible_collections.mde.connectivity.plugins.plugin_utils._services import _model
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._catalogue import offers, select
from ansible_collections.mde.connectivity.plugins.plugin_utils._services._model import Choice
from windows_lab.network.authority import Authority
from windows_lab.network.http1 import heads, response
from windows_lab.network.listener import Listener

_NOTHING_HERE = (404, "text/plain", "nothing here\n")
_GET_ONLY = (405, "text/plain", "GET only\n")

# The status, the content type and the body with which an address answers.
Answer = tuple[int, str, str]


@dataclass(frozen=True)
class Request:
    """One request as the service saw it; the names of the headers are in small letters."""

    scheme: str
    host: str
    path: str
    method: str
    headers: Mapping[str, str]
    peer: tuple[str, int]
    status: int


def every_service() -> tuple[_model.Service, ...]:
    """The service URLs of all clouds, regions and generations."""
    return tuple(service for offer in offers() for service in select(Choice(offer.generation, offer.cloud)))


def documented(services: Iterable[_model.Service]) -> dict[str, Answer]:
    """What the probes of service URLs are answered with: the first status that is documented for each."""
    return {
        probe.url: (probe.statuses[0], "text/plain", "service of the lab\n")
        for service in services
        for probe in service.probes
    }


def names(services: Iterable[_model.Service]) -> list[str]:
    """The names of service URLs that can be asked for: their hosts, and below wildcards those of the probes."""
    services = list(services)
    hosts = [service.host for service in services if not service.wildcard]
    probed = [urlsplit(url).hostname or "" for url in documented(services)]
    return sorted({*hosts, *probed})


class _Port(Listener):
    """The service at one of its ports; `context` None is HTTP without TLS."""

    def __init__(self, service: Service, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(service.address, port)
        self._service = service
        self._context = context

    def serve(self, connection: socket.socket) -> None:
        peer = connection.getpeername()
        if self._context:
            connection = self.secure(connection, self._context)
        scheme = "https" if self._context else "http"
        for head in heads(connection):
            host = head.headers.get("host", "").partition(":")[0].lower()
            path = urlsplit(head.target).path
            answer = self._service.answer(scheme, host, path) if head.method == "GET" else _GET_ONLY
            status, content_type, body = answer
            seen = Request(scheme, host, path, head.method, head.headers, peer, status)
            self._service.log.append(seen)
            connection.sendall(response(status, body, content_type))


class Service:
    """The service, from the beginning of a `with` to its end, at one port for HTTP and one for HTTPS.

    `rules` say what each URL answers; every other path of every name is a 404. `names` are further names
    that it has a certificate for. Who asks for another name is shown a certificate that is not for it.
    `log` has every request so far, in order; `clear()` it between tests.
    """

    def __init__(
        self,
        authority: Authority,
        rules: Mapping[str, Answer],
        *,
        names: Iterable[str] = (),
        address: str = "127.0.0.1",
        http_port: int = 0,
        https_port: int = 0,
    ) -> None:
        self.rules = dict(rules)
        self.address = address
        self.log: list[Request] = []
        known = {*names, *(urlsplit(url).hostname or "" for url in rules)}
        # Where each of the names is.
        self.hosts = dict.fromkeys(sorted(known), address)
        self._authority = authority
        self._contexts: dict[str, ssl.SSLContext] = {}
        default = authority.server_context([address])
        default.sni_callback = self._choose
        self._ports = (_Port(self, http_port, None), _Port(self, https_port, default))
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> Self:
        for port in self._ports:
            self._exits.enter_context(port)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._exits.close()

    @property
    def ports(self) -> dict[int, int]:
        """Where the service listens instead of port 80 and 443; empty where it listens right there."""
        listening = {80: self._ports[0].port, 443: self._ports[1].port}
        return {port: real for port, real in listening.items() if port != real}

    def answer(self, scheme: str, host: str, path: str) -> Answer:
        """What an address answers."""
        return self.rules.get(f"{scheme}://{host}{path}", _NOTHING_HERE)

    def _choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        name = (name or "").lower()
        if name not in self.hosts:
            return
        if name not in self._contexts:
            self._contexts[name] = self._authority.server_context([name])
        connection.context = self._contexts[name]
