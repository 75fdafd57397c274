# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection of WinHTTP: dialled on loopback, secured or not, one request sent and its answer read."""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from windows_lab.network.loopback import OutsideLoopback
from windows_lab.simulated.winhttp_errors import CONNECTION_ERROR, NAME_NOT_RESOLVED, Limits, WinHttpError
from windows_lab.simulated.winhttp_proxy import LOOPBACK, Server

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 65536


@dataclass(frozen=True)
class Response:
    """What came back; header names are in lower case, and the first of several headers of a name counts."""

    status: int
    headers: Mapping[str, str]


def resolve(hosts: Mapping[str, str], host: str) -> str:
    """The loopback address of a name of `hosts`, of localhost, or of a loopback address.

    Everything else does not resolve; raises OutsideLoopback where `hosts` would lead out of the lab.
    """
    mapped = {"localhost": "127.0.0.1", **hosts}.get(host.lower())
    try:
        if ipaddress.IPv4Address(mapped or host) in LOOPBACK:
            return mapped or host
    except ValueError:
        pass
    if mapped:
        raise OutsideLoopback(f"the lab gives {host} the address {mapped}, which is not in {LOOPBACK}")
    raise WinHttpError(NAME_NOT_RESOLVED)


class _Received(io.RawIOBase):
    """What comes in: WinHTTP's receive time-out is one for each piece of data."""

    def __init__(self, peer: socket.socket, limits: Limits) -> None:
        self._peer = peer
        self._limits = limits

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        with self._limits.step(self._peer):
            return self._peer.recv_into(buffer)


class Connection:
    """A connection, from the beginning of a `with` to its end. Methods raise WinHttpError and DeadlinePassed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # Otherwise what is sent in two pieces waits 40 ms for an acknowledgement of the first.
        self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self._peer.close()

    def dial(self, server: Server) -> None:
        """Connect to an address that `resolve` gave."""
        with self._limits.step(self._peer):
            self._peer.connect((server.host, server.port))

    def secure(self, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        """Begin TLS with what answers for `host`."""
        peer = context.wrap_socket(self._peer, server_hostname=host, do_handshake_on_connect=False)
        self._peer = peer
        with self._limits.step(peer):
            peer.do_handshake()
        return peer

    def ask(self, method: str, target: str, host: str) -> http.client.HTTPResponse:
        """Send a request and read the head of its answer."""
        lines = (
            f"{method} {target} HTTP/1.1",
            "Connection: Keep-Alive",
            "User-Agent: mde.connectivity",
            f"Host: {host}",
        )
        with self._limits.step(self._peer):
            self._peer.sendall("\r\n".join((*lines, "", "")).encode("ascii"))
        # http.client wants nothing of a socket but this method.
        response = http.client.HTTPResponse(cast("socket.socket", self), method=method)
        with self._limits.step(self._peer):
            response.begin()
        return response

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes in as a file."""
        return io.BufferedReader(_Received(self._peer, self._limits))

    def finish(self, response: http.client.HTTPResponse) -> Response:
        """Read the body, as Send of WinHttpRequest does before it shows anything of an answer."""
        with self._limits.step(self._peer):
            while response.read(_PIECE):
                pass
        if response.length:
            # [INF] No documentation says how WinHTTP calls a body that is shorter than its Content-Length.
            raise WinHttpError(CONNECTION_ERROR)
        headers: dict[str, str] = {}
        for name, text in response.headers.items():
            headers.setdefault(name.lower(), text)
        return Response(response.status, headers)
