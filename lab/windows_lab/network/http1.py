# Copyright: (c) 2026, The mde.connectivity authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of HTTP/1.1 as the servers of the lab need."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

_LONGEST_HEAD = 65536
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class BadRequest(OSError):
    """What a client sent is no HTTP, which ends its connection like a lost one."""


@dataclass(frozen=True)
class Head:
    """The first line of a request, and its headers by their names in small letters.

    `last` says that the client wants the connection closed after the answer.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    last: bool = False


def heads(connection: socket.socket) -> Iterator[Head]:
    """Yield the requests of a connection until the client closes it or wants it closed; bodies are thrown away.

    Raises BadRequest.
    """
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65536)):
                return
            data += more
            if len(data) > _LONGEST_HEAD:
                raise BadRequest(f"no request ends within {_LONGEST_HEAD} bytes")
        text, _end, data = data.partition(b"\r\n\r\n")
        head = _parsed(text.decode("latin-1"))
        yield head
        if head.last:
            return
        length = head.headers.get("content-length", "0")
        if not length.isdecimal():
            raise BadRequest(f"no length of a body: {length!r}")
        body = int(length)
        while len(data) < body and (more := connection.recv(65536)):
            data += more
        data = data[body:]


def _parsed(text: str) -> Head:
    first, *lines = text.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(f"no first line of a request: {first!r}")
    pairs = (line.partition(":")[::2] for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    last = words[2] == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
    return Head(words[0], words[1], headers, last)


def response(
    status: int, body: str = "", content_type: str = "text/plain", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return a whole response with a length, so that the connection can stay open."""
    content = body.encode()
    lines = [
        f"HTTP/1.1 {status} {_PHRASES.get(status, '')}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
