# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and proxies on loopback with one fault each, for the tests of what is said about that fault."""

from __future__ import annotations

import functools
import socket
import ssl
import struct
from dataclasses import dataclass

from windows_lab.network.authority import Authority
from windows_lab.network.http1 import ESTABLISHED, Head, heads, response
from windows_lab.network.listener import Listener

# Closing then sends a reset instead of an end (socket(7), SO_LINGER with a time of zero).
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
_GARBAGE = b"\x16\x03\x00 220 this is neither HTTP nor TLS \xff\xfe\r\n\r\n"
LOGIN = "http://login.lab.test/"
_FORM = '<html><body><form action="/login"><input name="user"></form></body></html>'


@dataclass(frozen=True)
class Seen:
    """One request as a faulty server saw it: the words of its first line, both empty where it read none."""

    method: str = ""
    target: str = ""


class Faulty(Listener):
    """A server with a fault; `log` has its connections and requests so far, in order."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(address, port)
        self.log: list[Seen] = []
        self.proxy = f"{self.address}:{self.port}"

    def record(self, head: Head | None = None) -> None:
        """Put one request, or a connection, into the log."""
        self.log.append(Seen(head.method, head.target) if head else Seen())


class Silent(Faulty):
    """Takes connections and never says a word."""

    def serve(self, connection: socket.socket) -> None:
        self.record()
        self.wait_for_end()


class Resetting(Faulty):
    """Resets a connection when something arrives on it."""

    def serve(self, connection: socket.socket) -> None:
        self.record()
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)


class Garbled(Faulty):
    """Answers what is no HTTP and no TLS."""

    def serve(self, connection: socket.socket) -> None:
        self.record()
        connection.recv(65536)
        connection.sendall(_GARBAGE)


class ClosingProxy(Faulty):
    """A proxy that closes the connection when it is asked for something, or, `established`, once it has agreed."""

    def __init__(self, *, established: bool, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(address, port)
        self._farewell = ESTABLISHED if established else b""

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            self.record(head)
            connection.sendall(self._farewell)
            return


class RefusingProxy(Faulty):
    """A proxy that answers every request itself, with one status, such as 502, 504, 403 or 407."""

    def __init__(self, status: int, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(address, port)
        self._status = status

    def serve(self, connection: socket.socket) -> None:
        asks = {"Proxy-Authenticate": 'Basic realm="lab"'} if self._status == 407 else {}
        for head in heads(connection):
            self.record(head)
            page = "<html><body>the proxy of the lab</body></html>"
            connection.sendall(
                response(self._status, page, "text/html", {"Via": "1.1 proxy.lab.test", **asks})
            )


class InspectingProxy(Faulty):
    """A proxy that opens TLS: it shows a certificate of its own authority for each host, and answers 200.

    A subclass says in `answer` what else each URL is answered with.
    """

    def __init__(self, authority: Authority, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(address, port)
        self._context = functools.cache(lambda host: authority.server_context([host]))

    def answer(self, url: str) -> bytes:
        """The whole response to a request for a URL, of which it sees what no other proxy does."""
        del url
        return response(200, "inspected\n")

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            self.record(head)
            if head.method == "CONNECT":
                self._inspect(connection, head.target.rpartition(":")[0])
                return
            connection.sendall(self.answer(head.target))

    def _inspect(self, connection: socket.socket, host: str) -> None:
        connection.sendall(ESTABLISHED)
        secured = self.secure(connection, self._context(host))
        for head in heads(secured):
            self.record(head)
            secured.sendall(self.answer(f"https://{host}{head.target}"))


class BlockPage(Faulty):
    """A proxy that answers everything over plain HTTP with a page to log in at, or, `redirect`, the way to it.

    It lets no tunnel through: those it answers with 403.
    """

    def __init__(self, *, redirect: bool = False, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(address, port)
        moved = response(302, "", "text/html", {"Location": LOGIN})
        self._page = moved if redirect else response(200, _FORM, "text/html")

    def serve(self, connection: socket.socket) -> None:
        for head in heads(connection):
            self.record(head)
            connection.sendall(response(403) if head.method == "CONNECT" else self._page)


class TlsServer(Faulty):
    """A server that answers 200 over TLS, if its certificate is good enough: its fault is in its context."""

    def __init__(self, context: ssl.SSLContext, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(address, port)
        self._context = context

    def serve(self, connection: socket.socket) -> None:
        self.record()
        secured = self.secure(connection, self._context)
        for head in heads(secured):
            self.record(head)
            secured.sendall(response(200, "server of the lab\n"))
